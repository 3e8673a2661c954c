"""The JSON Schema of the language, for editors: made from the kinds, never written by hand."""

import json
import re
from functools import lru_cache
from typing import Any

import msgspec

from watchbill.spec.kinds import KINDS, TEAMLESS
from watchbill.spec.load import API_VERSION
from watchbill.spec.scalars import NAME, Scalar
from watchbill.spec.shapes import (
    BoolShape,
    ChoiceShape,
    IntShape,
    ListShape,
    MapShape,
    PlacedShape,
    ScalarShape,
    Shape,
    StructShape,
    fields_of,
)

DRAFT = "http://json-schema.org/draft-07/schema#"  # the draft that yaml-language-server knows best


@lru_cache(maxsize=1)
def text() -> str:
    """The schema as it is written to `generated/policy.schema.json`."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def schema() -> dict[str, Any]:
    """One document of any kind. `if`/`then` on `kind` keeps an editor's message about the one kind that is meant."""
    definitions: dict[str, Any] = {}
    chosen = []
    for kind, type_ in KINDS.items():
        _define(type_, definitions, _header(kind))
        chosen.append(
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/definitions/{type_.__name__}"},
            }
        )
    return {
        "$schema": DRAFT,
        "title": "Watchbill policy",
        "type": "object",
        "required": ["kind", "name"],
        "properties": {"kind": {"enum": list(KINDS), "description": "What this document is."}},
        "allOf": chosen,
        "definitions": dict(sorted(definitions.items())),
    }


def _header(kind: str) -> dict[str, Any]:
    name = _scalar(Scalar("a name", NAME))
    header: dict[str, Any] = {"kind": {"const": kind}, "name": {**name, "description": f"The name of this {kind}."}}
    if kind == "Workspace":
        header["apiVersion"] = {"const": API_VERSION, "description": "The version of the language."}
    if kind not in TEAMLESS:
        header["team"] = {**name, "description": "The team it belongs to; without it, it is shared."}
    return header


def _define(type_: type[msgspec.Struct], definitions: dict[str, Any], header: dict[str, Any] | None = None) -> None:
    if type_.__name__ in definitions:
        return
    definitions[type_.__name__] = {}  # it may contain itself
    shape = StructShape(type_)
    properties: dict[str, Any] = dict(header or {})
    required = [key for key in properties if key in ("kind", "name", "apiVersion")]
    for field in fields_of(type_):
        value = _schema(field.shape, definitions)
        if shape.unsets and not field.required:
            value = {"anyOf": [value, {"type": "null"}]}
        properties[field.key] = {**value, "description": field.doc}
        if field.required:
            required.append(field.key)
    for key in shape.not_yet:
        properties[key] = {"not": {}, "description": "Not compiled by this version yet."}
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if type_.__doc__:
        made["description"] = " ".join(type_.__doc__.split())
    if required:
        made["required"] = required
    if shape.exactly_one:
        made["oneOf"] = [{"required": [key]} for key in shape.exactly_one]
    if shape.shorthand is not None:
        short = next(field for field in fields_of(type_) if field.key == shape.shorthand)
        made = {"anyOf": [_schema(short.shape, definitions), made]}
    definitions[type_.__name__] = made


def _schema(shape: Shape, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(shape, ScalarShape):
        return _scalar(shape.scalar)
    if isinstance(shape, BoolShape):
        return {"const": shape.only} if shape.only is not None else {"type": "boolean"}
    if isinstance(shape, IntShape):
        return {"type": "integer"}
    if isinstance(shape, ChoiceShape):
        return {"enum": list(shape.values)}
    if isinstance(shape, ListShape):
        item = _schema(shape.item, definitions)
        many = {"type": "array", "items": item}
        return {"anyOf": [item, many]} if shape.or_one else many
    if isinstance(shape, MapShape):
        keys = {"pattern": f"^(?:{shape.key.pattern})$"} if shape.key.pattern else {}
        return {"type": "object", "propertyNames": keys, "additionalProperties": _schema(shape.value, definitions)}
    if isinstance(shape, PlacedShape):
        item = _schema(shape.item, definitions)
        by_place = {
            "type": "object",
            "required": ["default"],
            "additionalProperties": False,
            "properties": {
                "default": item,
                "by": {
                    "type": "object",
                    "propertyNames": {"pattern": f"^(?:{NAME}(/{NAME})?)$"},
                    "additionalProperties": item,
                },
            },
        }
        return {"anyOf": [item, by_place]}
    _define(shape.type, definitions)
    return {"allOf": [{"$ref": f"#/definitions/{shape.type.__name__}"}]}


def _scalar(scalar: Scalar) -> dict[str, Any]:
    """Plain numbers and `true` are read as text by the language, wherever such text is allowed."""
    if not scalar.pattern:
        return {"type": ["string", "number", "boolean"]}
    fits = re.compile(scalar.pattern).fullmatch
    forms: list[dict[str, Any]] = [{"type": "string", "pattern": f"^(?:{scalar.pattern})$"}]
    if fits("5") and fits("0.5"):
        forms.append({"type": "number"} if fits("-5") else {"type": "number", "minimum": 0})
    elif fits("0.5"):
        forms.append({"type": "number", "not": {"type": "integer"}, "minimum": 0})
    elif fits("5"):
        forms.append({"type": "integer"} if fits("-5") else {"type": "integer", "minimum": 0})
    elif fits("0"):
        forms.append({"const": 0})
    if fits("true"):
        forms.append({"type": "boolean"})
    return forms[0] if len(forms) == 1 else {"anyOf": forms}
