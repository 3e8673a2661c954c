"""PagerDuty's OpenAPI document as JSON Schema: whether a request is valid, and which of its keys the document knows."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

NAME = "urn:pagerduty"
REQUESTS = {  # by kind of our documents: the request that makes one
    "team": ("/teams", "post"),
    "escalation_policy": ("/escalation_policies", "post"),
    "service": ("/services", "post"),
    "integration": ("/services/{id}/integrations", "post"),
    "orchestration": ("/event_orchestrations", "post"),
    "router": ("/event_orchestrations/{id}/router", "put"),
    "schedule": ("/v3/schedules", "post"),
    "event": ("/v3/schedules/{id}/rotations/{rotation_id}/events", "post"),
    "override": ("/v3/schedules/{id}/overrides", "post"),
    "custom_shift": ("/v3/schedules/{id}/custom_shifts", "post"),
}


def requests(made: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Path, kind and body of every request that the documents are."""
    for path, body in made.items():
        kind = path.split("/", 1)[0]
        if kind == "rotation":
            yield from ((path, "event", {"event": event}) for one in body["rotations"] for event in one["events"])
        else:
            yield path, kind, body


def with_ids(value: Any) -> Any:
    """What would be sent: an id of PagerDuty's form in the place of each marker, but for those in descriptions."""
    if isinstance(value, dict):
        return {key: inner if key == "description" else with_ids(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_ids(inner) for inner in value]
    return "PWATCH1" if isinstance(value, str) and value.startswith("watchbill:") else value


class OpenApi:
    def __init__(self, folder: Path) -> None:
        self._document = _as_json_schema(json.loads((folder / "pagerduty" / "rest-openapiv3.json").read_text("utf-8")))
        registry = Registry().with_resource(NAME, Resource.from_contents(self._document, DRAFT202012))
        self._validators = {
            kind: Draft202012Validator({"$ref": f"{NAME}#{_pointer(request)}"}, registry=registry)
            for kind, request in REQUESTS.items()
        }

    def errors(self, kind: str, body: Any) -> list[str]:
        return [f"{error.json_path}: {error.message}" for error in self._validators[kind].iter_errors(body)]

    def unknown(self, kind: str, body: Any) -> list[str]:
        """Keys that the document does not have at their place, or that only PagerDuty writes; ids of references are meant."""
        path, method = REQUESTS[kind]
        schema = self._document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        return list(self._unknown(schema, body, "$"))

    def _unknown(self, schema: Any, body: Any, at: str) -> Iterator[str]:
        if isinstance(body, list):
            items = [part["items"] for part in self._parts(schema) if "items" in part]
            for number, item in enumerate(body):
                yield from self._unknown({"allOf": items}, item, f"{at}[{number}]")
        elif isinstance(body, dict):
            known: dict[str, list[Any]] = {}
            for part in self._parts(schema):
                for key, inner in part.get("properties", {}).items():
                    known.setdefault(key, []).append(inner)
            for key, value in body.items():
                if key not in known or (key != "id" and all(_read_only(inner) for inner in known[key])):
                    yield f"{at}.{key}"
                else:
                    yield from self._unknown({"allOf": known[key]}, value, f"{at}.{key}")

    def _parts(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        if "$ref" in schema:
            target: Any = self._document
            for step in schema["$ref"][2:].split("/"):
                target = target[int(step)] if isinstance(target, list) else target[step.replace("~1", "/")]
            yield from self._parts(target)
            return
        yield schema
        for key in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(key, ()):
                yield from self._parts(part)


def _pointer(request: tuple[str, str]) -> str:
    path, method = request
    steps = ["paths", path, method, "requestBody", "content", "application/json", "schema"]
    return "".join(
        "/" + step.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D") for step in steps
    )


def _read_only(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("readOnly"))


def _as_json_schema(value: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type more."""
    if isinstance(value, dict):
        made = {key: _as_json_schema(part) for key, part in value.items() if key not in ("examples", "example")}
        if made.get("nullable") is True and isinstance(made.get("type"), str):
            made["type"] = [made["type"], "null"]
        return made
    return [_as_json_schema(part) for part in value] if isinstance(value, list) else value
