"""A Kubernetes API server's part that the actions use, strict where the real one is: paths, methods, content types, fields.

What is checked is written from the published API (https://kubernetes.io/docs/reference/kubernetes-api/): apps/v1 Deployment
and ReplicaSet, autoscaling/v1 Scale, core/v1 Node, networking.k8s.io/v1 NetworkPolicy, meta/v1 DeleteOptions and Status.
Fields that no such object has are refused, as `fieldValidation=Strict` does.
"""

import copy
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "a-service-account-token"  # noqa: S105  (of a server in this process)
REVISION = "deployment.kubernetes.io/revision"
_NAME = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_ROUTES = {
    "deployment": rf"/apis/apps/v1/namespaces/({_NAME})/deployments/({_NAME})",
    "scale": rf"/apis/apps/v1/namespaces/({_NAME})/deployments/({_NAME})/scale",
    "replicasets": rf"/apis/apps/v1/namespaces/({_NAME})/replicasets",
    "node": rf"/api/v1/nodes/({_NAME})",
    "policies": rf"/apis/networking.k8s.io/v1/namespaces/({_NAME})/networkpolicies",
    "policy": rf"/apis/networking.k8s.io/v1/namespaces/({_NAME})/networkpolicies/({_NAME})",
}
_QUERY = {
    "GET": {"labelSelector", "limit"},
    "PATCH": {"fieldManager", "fieldValidation"},
    "PUT": {"fieldManager", "fieldValidation"},
    "POST": {"fieldManager", "fieldValidation"},
    "DELETE": {"propagationPolicy"},  # fieldManager is no parameter of it
}
_META = {"name": str, "namespace": str, "labels": {str: str}, "annotations": {str: str}, "resourceVersion": str}
_TEMPLATE = {"metadata": _META, "spec": {"containers": list, "restartPolicy": str}}
# A type, a dict of fields, or a dict of one type to another for maps.
_SHAPES: dict[str, Any] = {
    "deployment": {"metadata": _META, "spec": {"replicas": int, "paused": bool, "template": _TEMPLATE}},
    "node": {"metadata": _META, "spec": {"unschedulable": bool, "taints": list}},
    "scale": {"apiVersion": str, "kind": str, "metadata": _META, "spec": {"replicas": int}},
    "policy": {
        "apiVersion": str,
        "kind": str,
        "metadata": _META,
        "spec": {
            "podSelector": {"matchLabels": {str: str}, "matchExpressions": list},
            "policyTypes": list,
            "ingress": list,
            "egress": list,
        },
    },
    "delete": {"apiVersion": str, "kind": str, "preconditions": {"uid": str, "resourceVersion": str}},
}


class RefusalError(Exception):
    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = {
            "apiVersion": "v1",
            "kind": "Status",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        }


class Kubernetes:
    """`objects` by path. `asked` are the requests that came: method, path, body. `spoil` may change an answer or fail it."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.refused: list[str] = []
        self.spoil: Callable[[str, str], str | None] = lambda method, path: None
        self.lock = threading.Lock()
        self._version = 100
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: Any) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                spoilt = outer.spoil(self.command, self.path)
                if spoilt == "before":
                    self.close_connection = True
                    return
                try:
                    with outer.lock:
                        code, said = outer.answer(self.command, self.path, dict(self.headers.items()), body)
                except RefusalError as refusal:
                    outer.refused.append(refusal.status["message"])
                    code, said = refusal.status["code"], refusal.status
                if spoilt == "after":  # it is done, and the answer is lost
                    self.close_connection = True
                    return
                data = json.dumps(said).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        for method in _QUERY:
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # What is there

    def put(self, path: str, found: dict[str, Any]) -> dict[str, Any]:
        self._version += 1
        found.setdefault("metadata", {})["resourceVersion"] = str(self._version)
        self.objects[path] = found
        return found

    def touch(self, path: str) -> None:
        """Its status moves, as a Deployment's does all the time."""
        self.put(path, self.objects[path])

    def deployment(self, namespace: str, name: str, image: str, replicas: int, *earlier: str) -> str:
        """A Deployment of the image, after so many others; its path."""
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
        images = [*earlier, image]
        uid = f"uid-{namespace}-{name}"
        self.put(
            path,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "uid": uid,
                    "annotations": {REVISION: str(len(images))},
                },
                "spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": {"app": name}},
                    "template": _template(name, image),
                },
            },
        )
        for number, one in enumerate(images, 1):
            template = _template(name, one)
            template["metadata"]["labels"]["pod-template-hash"] = f"hash{number}"
            self.put(
                f"/apis/apps/v1/namespaces/{namespace}/replicasets/{name}-{number}",
                {
                    "metadata": {
                        "name": f"{name}-{number}",
                        "labels": {"app": name, "pod-template-hash": f"hash{number}"},
                        "annotations": {REVISION: str(number)},
                        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": uid}],
                    },
                    "spec": {"template": template},
                },
            )
        return path

    def node(self, name: str, *, unschedulable: bool = False) -> str:
        path = f"/api/v1/nodes/{name}"
        self.put(path, {"metadata": {"name": name}, "spec": {"unschedulable": True} if unschedulable else {}})
        return path

    # What is asked of it

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            raise RefusalError(401, "Unauthorized", "Unauthorized")
        if "//" in parts.path or "/../" in unquote(parts.path):
            raise RefusalError(400, "BadRequest", "that is no path of the API")
        kind, names = _route(parts.path)
        unknown = set(parse_qs(parts.query)) - _QUERY[method]
        if unknown:
            raise RefusalError(400, "BadRequest", f"unknown parameters: {sorted(unknown)}")
        sent = json.loads(body) if body else None
        self.asked.append((method, parts.path, sent))
        if method == "GET":
            return 200, self._read(kind, parts.path, parse_qs(parts.query))
        content_type = headers.get("Content-Type")
        if kind in ("deployment", "node") and method == "PATCH":
            return 200, self._patch(kind, parts.path, content_type, sent)
        if content_type != "application/json":
            raise RefusalError(415, "UnsupportedMediaType", f"{content_type} is not application/json")
        if kind == "scale" and method == "PUT":
            return 200, self._scale(parts.path, names, sent)
        if kind == "policies" and method == "POST":
            return 201, self._create(parts.path, names, sent)
        if kind == "policy" and method == "DELETE":
            return 200, self._delete(parts.path, sent)
        raise RefusalError(405, "MethodNotAllowed", f"{method} is not allowed on a {kind}")

    def _found(self, path: str) -> dict[str, Any]:
        if path not in self.objects:
            raise RefusalError(404, "NotFound", f'"{path.rsplit("/", 1)[1]}" not found')
        return self.objects[path]

    def _read(self, kind: str, path: str, query: dict[str, list[str]]) -> Any:
        if kind == "scale":
            found = self._found(path.removesuffix("/scale"))
            replicas = found["spec"]["replicas"]
            metadata = {key: found["metadata"][key] for key in ("name", "namespace", "resourceVersion")}
            return {
                "apiVersion": "autoscaling/v1",
                "kind": "Scale",
                "metadata": metadata,
                "spec": {"replicas": replicas} if replicas else {},  # omitempty
            }
        if kind == "replicasets":
            wanted = dict(pair.split("=") for pair in query.get("labelSelector", [""])[0].split(",") if pair)
            items = [
                one
                for where, one in self.objects.items()
                if where.startswith(f"{path}/")
                and all(one["metadata"]["labels"].get(key) == value for key, value in wanted.items())
            ]
            return {"apiVersion": "apps/v1", "kind": "ReplicaSetList", "items": items}
        return self._found(path)

    def _patch(self, kind: str, path: str, content_type: str | None, sent: Any) -> Any:
        found = copy.deepcopy(self._found(path))
        if content_type == "application/strategic-merge-patch+json":
            _check(sent, _SHAPES[kind], kind)
            _merge(found, sent)
        elif content_type == "application/json-patch+json":
            for operation in sent:
                _operate(found, operation)
            _check(found["spec"]["template"], _TEMPLATE, "template")
        else:
            raise RefusalError(415, "UnsupportedMediaType", f"{content_type} is no patch that this server takes")
        before = self.objects[path]
        changed = before.get("spec", {}).get("template") != found.get("spec", {}).get("template")
        if kind == "deployment" and changed:
            self._roll(path, found)
        return self.put(path, found)

    def _roll(self, path: str, found: dict[str, Any]) -> None:
        """What the controller does: the ReplicaSet of the new template gets the next revision."""
        sets = path.replace("/deployments/", "/replicasets/")
        revision = max(
            int(one["metadata"]["annotations"][REVISION]) for where, one in self.objects.items() if sets in where
        )
        found["metadata"]["annotations"][REVISION] = str(revision + 1)
        for where, one in self.objects.items():
            template = copy.deepcopy(one["spec"].get("template", {}))
            template.get("metadata", {}).get("labels", {}).pop("pod-template-hash", None)
            if where.startswith(f"{sets}-") and template == found["spec"]["template"]:
                one["metadata"]["annotations"][REVISION] = str(revision + 1)

    def _scale(self, path: str, names: tuple[str, ...], sent: Any) -> Any:
        _check(sent, _SHAPES["scale"], "Scale")
        found = self._found(path.removesuffix("/scale"))
        if (sent["apiVersion"], sent["kind"]) != ("autoscaling/v1", "Scale"):
            raise RefusalError(400, "BadRequest", "that is no Scale")
        if (sent["metadata"]["namespace"], sent["metadata"]["name"]) != names:
            raise RefusalError(400, "BadRequest", "the name of the object does not match the name on the URL")
        if sent["metadata"].get("resourceVersion") not in (None, found["metadata"]["resourceVersion"]):
            raise RefusalError(
                409, "Conflict", "the object has been modified; please apply your changes to the latest version"
            )
        if sent["spec"]["replicas"] < 0:
            raise RefusalError(422, "Invalid", "must be greater than or equal to 0")
        found["spec"]["replicas"] = sent["spec"]["replicas"]
        self.put(path.removesuffix("/scale"), found)
        return self._read("scale", path, {})

    def _create(self, path: str, names: tuple[str, ...], sent: Any) -> Any:
        _check(sent, _SHAPES["policy"], "NetworkPolicy")
        if (sent["apiVersion"], sent["kind"]) != ("networking.k8s.io/v1", "NetworkPolicy"):
            raise RefusalError(400, "BadRequest", "that is no NetworkPolicy")
        if sent["metadata"]["namespace"] != names[0] or not re.fullmatch(_NAME, sent["metadata"]["name"]):
            raise RefusalError(422, "Invalid", "metadata.name: Invalid value")
        if set(sent["spec"]["policyTypes"]) - {"Ingress", "Egress"} or "podSelector" not in sent["spec"]:
            raise RefusalError(422, "Invalid", "spec: Invalid value")
        name = f"{path}/{sent['metadata']['name']}"
        if name in self.objects:
            raise RefusalError(409, "AlreadyExists", "already exists")
        sent["metadata"]["uid"] = f"uid-{len(self.asked)}"
        return self.put(name, sent)

    def _delete(self, path: str, sent: Any) -> Any:
        _check(sent or {}, _SHAPES["delete"], "DeleteOptions")
        found = self._found(path)
        uid = ((sent or {}).get("preconditions") or {}).get("uid")
        if uid is not None and uid != found["metadata"]["uid"]:
            raise RefusalError(409, "Conflict", "the UID in the precondition does not match")
        del self.objects[path]
        return {"apiVersion": "v1", "kind": "Status", "status": "Success"}


def _template(name: str, image: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": image}]}}


def _route(path: str) -> tuple[str, tuple[str, ...]]:
    for kind, pattern in _ROUTES.items():
        match = re.fullmatch(pattern, unquote(path))
        if match:
            return kind, match.groups()
    raise RefusalError(404, "NotFound", "the server could not find the requested resource")


def _check(sent: Any, shape: Any, where: str) -> None:
    if isinstance(shape, type):
        if not isinstance(sent, shape) or (shape is int and isinstance(sent, bool)):
            raise RefusalError(400, "BadRequest", f"{where}: {sent!r} is no {shape.__name__}")
    elif not isinstance(sent, dict):
        raise RefusalError(400, "BadRequest", f"{where}: {sent!r} is no object")
    elif str in shape:
        for key, value in sent.items():
            _check(value, shape[str], f"{where}.{key}")
    else:
        for key, value in sent.items():
            if key not in shape:
                raise RefusalError(400, "BadRequest", f'strict decoding error: unknown field "{where}.{key}"')
            _check(value, shape[key], f"{where}.{key}")


def _merge(found: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            _merge(found.setdefault(key, {}), value)
        else:
            found[key] = value


def _operate(found: dict[str, Any], operation: dict[str, Any]) -> None:
    """RFC 6902, `test` and `replace`."""
    *keys, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    where: Any = found
    for key in keys:
        where = where[key]
    if operation["op"] == "test" and where.get(last) != operation["value"]:
        raise RefusalError(422, "Invalid", "the server rejected our request due to an error in our request")
    if operation["op"] == "replace":
        if last not in where:
            raise RefusalError(422, "Invalid", "there is nothing to replace")
        where[last] = operation["value"]
