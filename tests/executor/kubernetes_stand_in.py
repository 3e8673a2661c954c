"""A Kubernetes API server's part that the actions use, strict where the real one is: paths, methods, content types, fields.

Every request, every answer and whatever a patch makes of an object is held to the document that Kubernetes publishes: see
published_kubernetes.py. Fields and parameters that it has not are refused, as `fieldValidation=Strict` does. What an object
may mean beyond its shape (names, versions, preconditions, what the Deployment controller does) is written here, from
https://kubernetes.io/docs/reference/kubernetes-api/ and https://kubernetes.io/docs/reference/using-api/api-concepts/.
"""

import copy
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from executor import published_kubernetes as published

TOKEN = "a-service-account-token"  # noqa: S105  (of a server in this process)
REVISION = "deployment.kubernetes.io/revision"
_NAME = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_DEPLOYMENT = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
_POLICIES = "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
_ROUTES = {
    "deployment": _DEPLOYMENT,
    "scale": f"{_DEPLOYMENT}/scale",
    "replicasets": "/apis/apps/v1/namespaces/{namespace}/replicasets",
    "node": "/api/v1/nodes/{name}",
    "policies": _POLICIES,
    "policy": f"{_POLICIES}/{{name}}",
}
_UNDONE = {"dryRun", "force"}  # published, and nothing that this server does


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

        for method in ("GET", "PUT", "POST", "PATCH", "DELETE"):
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
                    "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
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
        found = published.operation(_ROUTES[kind], method)
        if found is None:
            raise RefusalError(405, "MethodNotAllowed", f"{method} is not allowed on a {kind}")
        query, sent = parse_qs(parts.query, keep_blank_values=True), json.loads(body) if body else None
        self.asked.append((method, parts.path, sent))
        try:
            published.check_query(found, query)
            if "body" in found:
                _check_sent(found, headers.get("Content-Type"), sent)
        except published.MismatchError as error:
            raise RefusalError(400, "BadRequest", f"strict decoding error: {error}") from None
        if _UNDONE & set(query):
            raise RefusalError(400, "BadRequest", f"this server does not do {sorted(query)}")
        code, said = self._do(kind, method, parts.path, names, query, headers.get("Content-Type"), sent)
        try:
            published.check_object(found, code, said)
        except published.MismatchError as error:  # a mistake of this server
            raise RefusalError(500, "InternalError", f"strict decoding error of the answer: {error}") from None
        return code, said

    def _do(
        self,
        kind: str,
        method: str,
        path: str,
        names: tuple[str, ...],
        query: dict[str, list[str]],
        content_type: str | None,
        sent: Any,
    ) -> tuple[int, Any]:
        if method == "GET":
            return 200, self._read(kind, path, query)
        if method == "PATCH":
            return 200, self._patch(kind, path, content_type, sent)
        if kind == "scale":
            return 200, self._scale(path, names, sent)
        if kind == "policies":
            return 201, self._create(path, names, sent)
        return 200, self._delete(path, sent)

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
        if content_type == published.STRATEGIC:
            _merge(found, sent)
        elif content_type == published.JSON_PATCH:
            for operation in sent:
                _operate(found, operation)
        else:
            raise RefusalError(415, "UnsupportedMediaType", f"{content_type} is no patch that this server does")
        try:
            published.check_object(published.operation(_ROUTES[kind], "PATCH") or {}, 200, found)
        except published.MismatchError as error:
            raise RefusalError(400, "BadRequest", f"strict decoding error: {error}") from None
        before = self.objects[path]
        _check_kept(before, found)
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
        found = self._found(path.removesuffix("/scale"))
        metadata, replicas = sent.get("metadata") or {}, (sent.get("spec") or {}).get("replicas", 0)
        if (sent.get("apiVersion"), sent.get("kind")) != ("autoscaling/v1", "Scale"):
            raise RefusalError(400, "BadRequest", "that is no Scale")
        if (metadata.get("namespace"), metadata.get("name")) != names:
            raise RefusalError(400, "BadRequest", "the name of the object does not match the name on the URL")
        if metadata.get("resourceVersion") not in (None, found["metadata"]["resourceVersion"]):
            raise RefusalError(
                409, "Conflict", "the object has been modified; please apply your changes to the latest version"
            )
        if replicas < 0:
            raise RefusalError(422, "Invalid", "must be greater than or equal to 0")
        found["spec"]["replicas"] = replicas
        self.put(path.removesuffix("/scale"), found)
        return self._read("scale", path, {})

    def _create(self, path: str, names: tuple[str, ...], sent: Any) -> Any:
        metadata, spec = sent.get("metadata") or {}, sent.get("spec") or {}
        if (sent.get("apiVersion"), sent.get("kind")) != ("networking.k8s.io/v1", "NetworkPolicy"):
            raise RefusalError(400, "BadRequest", "that is no NetworkPolicy")
        if metadata.get("namespace") != names[0] or not re.fullmatch(_NAME, metadata.get("name", "")):
            raise RefusalError(422, "Invalid", "metadata.name: Invalid value")
        if set(spec.get("policyTypes", ())) - {"Ingress", "Egress"} or "podSelector" not in spec:
            raise RefusalError(422, "Invalid", "spec: Invalid value")
        name = f"{path}/{metadata['name']}"
        if name in self.objects:
            raise RefusalError(409, "AlreadyExists", "already exists")
        sent["metadata"]["uid"] = f"uid-{len(self.asked)}"
        return self.put(name, sent)

    def _delete(self, path: str, sent: Any) -> Any:
        if sent is not None and (sent.get("apiVersion"), sent.get("kind")) != ("v1", "DeleteOptions"):
            raise RefusalError(400, "BadRequest", "those are no DeleteOptions")
        found = self._found(path)
        uid = ((sent or {}).get("preconditions") or {}).get("uid")
        if uid is not None and uid != found["metadata"]["uid"]:
            raise RefusalError(409, "Conflict", "the UID in the precondition does not match")
        del self.objects[path]
        return {"apiVersion": "v1", "kind": "Status", "status": "Success"}


def _template(name: str, image: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": image}]}}


def _route(path: str) -> tuple[str, tuple[str, ...]]:
    for kind, template in _ROUTES.items():
        match = re.fullmatch(
            template.replace("{namespace}", f"({_NAME})").replace("{name}", f"({_NAME})"), unquote(path)
        )
        if match:
            return kind, match.groups()
    raise RefusalError(404, "NotFound", "the server could not find the requested resource")


def _check_sent(found: dict[str, Any], content_type: str | None, sent: Any) -> None:
    if sent is None and "delete" not in found["body"].lower():
        raise RefusalError(400, "BadRequest", "there is no body")
    if sent is None:
        return
    known = found.get("consumes", [published.JSON])
    if content_type not in known:
        raise RefusalError(415, "UnsupportedMediaType", f"{content_type} is none of {known}")
    published.check_body(found, content_type, sent)


def _check_kept(before: dict[str, Any], after: dict[str, Any]) -> None:
    """What no patch changes, and the version, which in a patch is a precondition."""
    for name in ("name", "namespace", "uid"):
        if before["metadata"].get(name) != after["metadata"].get(name):
            raise RefusalError(422, "Invalid", f"metadata.{name}: Invalid value: field is immutable")
    if before["metadata"]["resourceVersion"] != after["metadata"].get("resourceVersion"):
        raise RefusalError(
            409, "Conflict", "the object has been modified; please apply your changes to the latest version"
        )
    if before["spec"].get("selector") != after["spec"].get("selector"):
        raise RefusalError(422, "Invalid", "spec.selector: Invalid value: field is immutable")
    template = after["spec"].get("template", {})
    wanted = (after["spec"].get("selector") or {}).get("matchLabels", {})
    if not wanted.items() <= ((template.get("metadata") or {}).get("labels") or {}).items():
        raise RefusalError(422, "Invalid", "spec.template.metadata.labels: `selector` does not match template `labels`")


def _merge(found: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            _merge(found.setdefault(key, {}), value)
        elif isinstance(value, list):  # merged by a key of its own, each
            raise RefusalError(400, "BadRequest", f"this server does not merge lists, as {key} is")
        else:
            found[key] = value


def _operate(found: dict[str, Any], operation: dict[str, Any]) -> None:
    """RFC 6902, `test` and `replace`."""
    if operation["op"] not in ("test", "replace"):
        raise RefusalError(400, "BadRequest", f"this server does not do {operation['op']}")
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
