"""Kubernetes' own OpenAPI document, as far as the actions use it: which verbs, queries, content types and fields there are.

`kubernetes_api.json` is cut from the document that Kubernetes publishes, api/openapi-spec/swagger.json of release 1.36 (as
kubernetes-client/python carries it), without its prose. Cut it anew from a newer one with

    python tests/executor/published_kubernetes.py swagger.json 'release 1.37'
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("kubernetes_api.json")
JSON, JSON_PATCH = "application/json", "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
USED = {
    "/apis/apps/v1/namespaces/{namespace}/deployments/{name}": ("get", "patch"),
    "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale": ("get", "put"),
    "/apis/apps/v1/namespaces/{namespace}/replicasets": ("get",),
    "/api/v1/nodes/{name}": ("get", "patch"),
    "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies": ("post",),
    "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}": ("get", "delete"),
}
_STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"
_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "number": (int, float)}
_BITS = {"int32": 31, "int64": 63}


class MismatchError(Exception):
    """What of a request or an answer is not as it is published."""


@cache
def published() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_text())
    return document


def operation(path: str, method: str) -> dict[str, Any] | None:
    """Of a path as a template."""
    found: dict[str, Any] | None = published()["paths"][path].get(method.lower())
    return found


def check_query(found: dict[str, Any], query: dict[str, list[str]]) -> None:
    for name, values in query.items():
        if name not in found["query"]:
            raise MismatchError(f"unknown parameter {name}")
        if len(values) != 1 or (found["query"][name] == "integer" and not values[0].isdecimal()):
            raise MismatchError(f"parameter {name} is no {found['query'][name]}")


def check_body(found: dict[str, Any], content_type: str | None, sent: Any) -> None:
    """The body of a request. A JSON patch is judged by what it makes of the object: `check_object`."""
    patch = "patch" in found
    if content_type not in (found["consumes"] if patch else [JSON]):
        raise MismatchError(f"{content_type} is not consumed here")
    if content_type == JSON_PATCH:
        for one in sent if isinstance(sent, list) else [None]:
            if not isinstance(one, dict) or {"op", "path"} - set(one) or set(one) - {"op", "path", "value", "from"}:
                raise MismatchError(f"{one!r} is no operation of RFC 6902")
            if one["op"] not in ("add", "remove", "replace", "move", "copy", "test") or one["path"][:1] not in (
                "/",
                "",
            ):
                raise MismatchError(f"{one!r} is no operation of RFC 6902")
        return
    name = found["answers"]["200"] if patch else found["body"]
    check(sent, {"$ref": name}, name.rsplit(".", 1)[1], patch=patch)


def check_object(found: dict[str, Any], code: int, said: Any) -> None:
    """The answer to a request, or what a patch makes of an object."""
    name = _STATUS if code >= 400 else found["answers"][str(code)]
    check(said, {"$ref": name}, name.rsplit(".", 1)[1], patch=False)


def check(sent: Any, schema: dict[str, Any], where: str, *, patch: bool) -> None:
    """`patch`: nothing is required, and null removes. Fields that are not published are refused, as Strict does."""
    if "$ref" in schema:
        schema = published()["definitions"][schema["$ref"]]
    if sent is None and patch:
        return
    if schema.get("format") == "int-or-string" and isinstance(sent, int):
        return
    expected = schema.get("type", "object" if "properties" in schema else None)
    if expected is not None and (
        not isinstance(sent, _TYPES[expected]) or (isinstance(sent, bool) and expected != "boolean")
    ):
        raise MismatchError(f"{where}: {str(sent)[:60]!r} is no {expected}")
    bits = _BITS.get(schema.get("format", ""))
    if bits is not None and not -(2**bits) <= sent < 2**bits:
        raise MismatchError(f"{where}: {sent} is no {schema['format']}")
    if isinstance(sent, list):
        for number, one in enumerate(sent):
            check(one, schema.get("items", {}), f"{where}[{number}]", patch=False)
    if isinstance(sent, dict) and expected == "object":
        _check_fields(sent, schema, where, patch=patch)


def _check_fields(sent: dict[str, Any], schema: dict[str, Any], where: str, *, patch: bool) -> None:
    fields, rest = schema.get("properties", {}), schema.get("additionalProperties")
    missing = set() if patch else set(schema.get("required", ())) - set(sent)
    if missing:
        raise MismatchError(f"{where}: missing {', '.join(sorted(missing))}")
    for key, value in sent.items():
        if key in fields:
            check(value, fields[key], f"{where}.{key}", patch=patch)
        elif rest is not None:
            check(value, rest, f"{where}.{key}", patch=patch)
        elif fields:  # an object of which no field is published may hold any
            raise MismatchError(f'unknown field "{where}.{key}"')


# Cutting it from the whole


def cut(whole: dict[str, Any], release: str) -> str:
    paths: dict[str, Any] = {}
    for path, verbs in USED.items():
        for verb in verbs:
            paths.setdefault(path, {})[verb] = _operation(whole, whole["paths"][path][verb], verb)
    wanted, found = {name for name in re.findall(r'"(io\.k8s\.[^"]+)"', json.dumps(paths))} | {_STATUS}, {}
    while wanted - set(found):
        for name in sorted(wanted - set(found)):
            found[name] = _bare(whole["definitions"][name])
            wanted |= set(_references(found[name]))
    source = f"https://github.com/kubernetes/kubernetes, api/openapi-spec/swagger.json, {release}; Apache-2.0; cut"
    lines = [f"  {json.dumps(name)}: {json.dumps(found[name], sort_keys=True)}" for name in sorted(found)]
    head = json.dumps({"source": source, "paths": paths}, indent=1).removesuffix("\n}")
    return f'{head},\n "definitions": {{\n' + ",\n".join(lines) + "\n }\n}\n"


def _operation(whole: dict[str, Any], found: dict[str, Any], verb: str) -> dict[str, Any]:
    parameters = [
        whole["parameters"][one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one
        for one in found.get("parameters", ())
    ]
    kept: dict[str, Any] = {"query": {one["name"]: one["type"] for one in parameters if one["in"] == "query"}}
    if verb == "patch":
        kept |= {"patch": True, "consumes": found["consumes"]}
    for one in parameters:
        if one["in"] == "body":
            kept["body"] = one["schema"]["$ref"].rsplit("/", 1)[1]
    kept["answers"] = {
        code: said["schema"]["$ref"].rsplit("/", 1)[1] for code, said in found["responses"].items() if "schema" in said
    }
    return kept


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {key: schema[key] for key in ("type", "format", "required", "enum") if key in schema}
    if "$ref" in schema:
        kept["$ref"] = schema["$ref"].rsplit("/", 1)[1]
    if "properties" in schema:
        kept["properties"] = {name: _bare(one) for name, one in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            kept[key] = _bare(schema[key])
    return kept


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for one in schema.values():
            yield from _references(one)


if __name__ == "__main__":
    FILE.write_text(cut(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]))
