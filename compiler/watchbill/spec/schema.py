"""The JSON Schema of the language, for editors: made from the kinds, never written by hand."""

import json
import re
from functools import lru_cache
from typing import Any

import msgspec

from watchbill.spec.kinds import KINDS, NAMELESS, TEAMLESS
from watchbill.spec.load import API_VERSION
from watchbill.spec.scalars import NAME, Scalar
from watchbill.spec.shapes import (
    BoolShape,
    ChoiceShape,
    Field,
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
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {
                "enum": list(KINDS),
                "enumDescriptions": [_about(type_) for type_ in KINDS.values()],
                "description": "What this document is.",
            }
        },
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
    named = type_ not in [KINDS[kind] for kind in NAMELESS]
    required = [key for key in properties if key in ("kind", "apiVersion") or (key == "name" and named)]
    for field in fields_of(type_):
        value = _schema(field.shape, definitions)
        if shape.unsets and not field.required:
            value = {"if": {"type": "null"}, "else": value}
        properties[field.key] = {**value, **_description(field.doc), **_default(field)}
        if field.required:
            required.append(field.key)
    for key in shape.not_yet:
        told = f"`{key}` is not compiled by this version yet"
        properties[key] = {"not": {}, "description": f"{told}.", "deprecationMessage": told, "doNotSuggest": True}
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if about := _about(type_):
        made |= _description(about)
    if required:
        made["required"] = required
    if shape.exactly_one:
        made["oneOf"] = [{"required": [key]} for key in shape.exactly_one]
    if shape.shorthand is not None:
        short = next(field for field in fields_of(type_) if field.key == shape.shorthand)
        made = _by_type("object", made, _schema(short.shape, definitions))
    definitions[type_.__name__] = made


def _by_type(type_: str, then: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What a value of one type has to be, and any other: a mistake is told of the form that was meant, as by `anyOf` it is not."""
    return {"if": {"type": type_}, "then": then, "else": other}


def _about(type_: type[msgspec.Struct]) -> str:
    return " ".join((type_.__doc__ or "").split())


def _description(text: str) -> dict[str, str]:
    """For an editor: what is in backticks is shown as code only where the text is said to be Markdown."""
    return {"description": text, "markdownDescription": text} if "`" in text else {"description": text}


def _default(field: Field) -> dict[str, Any]:
    """What an editor puts in when the key is completed."""
    value = field.default
    return {"default": value} if isinstance(value, (str, int)) and value not in ("", None) else {}


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
        return _by_type("array", many, item) if shape.or_one else many
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
                "default": {**item, "description": "The value, unless the place has its own."},
                "by": {
                    "type": "object",
                    "description": "Values by place: an environment, or `environment/source`.",
                    "propertyNames": {"pattern": f"^(?:{NAME}(/{NAME})?)$"},
                    "additionalProperties": item,
                },
            },
        }
        return _by_type("object", by_place, item)
    _define(shape.type, definitions)
    return {"allOf": [{"$ref": f"#/definitions/{shape.type.__name__}"}]}


def _scalar(scalar: Scalar) -> dict[str, Any]:
    """Plain numbers and `true` are read as text by the language, wherever such text is allowed."""
    if not scalar.pattern:
        return {"type": ["string", "number", "boolean"]}
    fits = re.compile(scalar.pattern).fullmatch
    told = f"This should be {scalar.noun}."  # yaml-language-server says it instead of showing the pattern
    forms: list[dict[str, Any]] = [
        {"type": "string", "pattern": f"^(?:{scalar.pattern})$", "patternErrorMessage": told}
    ]
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
