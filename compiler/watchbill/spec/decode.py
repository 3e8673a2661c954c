"""YAML nodes to kinds, directed by their types: every mistake is placed, and all of them are told at once."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watchbill.source.codes import structure
from watchbill.source.codes import yaml as yaml_codes
from watchbill.source.diagnostic import did_you_mean
from watchbill.spec.nodes import FAILED, Failed, Told, is_plain, is_tagged, noun, pairs
from watchbill.spec.scalars import Placed, Scalar
from watchbill.spec.shapes import (
    BoolShape,
    ChoiceShape,
    Field,
    ListShape,
    MapShape,
    PlacedShape,
    ScalarShape,
    Shape,
    StructShape,
    fields_of,
)

Decoder = Callable[[Node, Told], Any]

AMBIGUOUS = re.compile(r"(?i:y|n|yes|no|on|off)|[-+]?0[0-7]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_CREDENTIALS = re.compile(r"://[^/@\s]*:[^/@\s]*@")
_NULLS = ("", "~", "null", "Null", "NULL")


def decode(type_: type[msgspec.Struct], node: Node, told: Told, beside: frozenset[str] = frozenset()) -> Any:
    """A kind from a node, or FAILED. `beside` names keys of the document that are read elsewhere (kind, name, team)."""
    return _struct_decoder(StructShape(type_))(node, told, beside)


@cache
def decoder_of(shape: Shape) -> Decoder:
    if isinstance(shape, ScalarShape):
        return _scalar_decoder(shape.scalar)
    if isinstance(shape, StructShape):
        return _struct_decoder(shape)
    if isinstance(shape, ListShape):
        return _list_decoder(shape)
    if isinstance(shape, MapShape):
        return _map_decoder(shape)
    if isinstance(shape, PlacedShape):
        return _placed_decoder(shape)
    if isinstance(shape, ChoiceShape):
        return _choice_decoder(shape)
    return _bool_decoder(shape) if isinstance(shape, BoolShape) else _int_decoder


def _plain_text(node: Node, told: Told, expected: str) -> str | Failed:
    if not isinstance(node, ScalarNode):
        return told.say(
            structure.WRONG_TYPE, node, f"this should be {expected}, not {noun(node)}", "here", f"write {expected}"
        )
    if is_tagged(node, told):
        return FAILED
    value: str = node.value
    if value in _NULLS and is_plain(node):
        return told.say(
            structure.EMPTY,
            node,
            f"this is empty; it should be {expected}",
            "no value",
            "give a value, or leave the key out",
        )
    return value


def _scalar_decoder(scalar: Scalar) -> Decoder:
    match = re.compile(scalar.pattern).fullmatch if scalar.pattern else None
    problem = scalar.problem
    known: dict[str, bool] = {}

    def decode_scalar(node: Node, told: Told) -> Any:
        value = _plain_text(node, told, scalar.noun)
        if isinstance(value, Failed):
            return value
        if match is not None and value not in known:
            if not match(value):
                shown = f"`{value}`" if len(value) <= 60 else "this"
                return _bad_value(node, value, f"{shown} is not {scalar.noun}", scalar, told)
            if len(known) < 10_000 and problem is None:
                known[value] = True
        if problem is not None and (wrong := problem(value)):
            return _bad_value(node, value, wrong, scalar, told)
        if len(value) < 12 and not getattr(node, "style", None) and AMBIGUOUS.fullmatch(value):
            told.say(
                yaml_codes.AMBIGUOUS,
                node,
                f"`{value}` is read as text here, and as something else by YAML 1.1 tools",
                "quote it",
                f'write "{value}"',
            )
        return value

    return decode_scalar


def _bad_value(node: Node, value: str, message: str, scalar: Scalar, told: Told) -> Failed:
    if _CREDENTIALS.search(value):
        message, advice = "a password may not be written out in a URL", "leave user and password out of it"
        return told.say(structure.SECRET_IN_TEXT, node, message, "not repeated here", advice)
    return told.say(structure.BAD_VALUE, node, message, "here", f"write {scalar.noun}")


def _secret(node: Node, told: Told) -> Failed:
    """What is said of a secret never repeats it."""
    message, advice = "a secret may not be written out", "write {file: /run/secrets/…}"
    return told.say(structure.SECRET_IN_TEXT, node, message, "a reference belongs here", advice)


def _bool_decoder(shape: BoolShape) -> Decoder:
    expected = "`true`" if shape.only else "`true` or `false`"

    def decode_bool(node: Node, told: Told) -> Any:
        value = _plain_text(node, told, expected)
        if isinstance(value, Failed):
            return value
        if is_plain(node) and value in (("true",) if shape.only else ("true", "false")):
            return value == "true"
        return told.say(structure.BAD_VALUE, node, f"`{value}` is not {expected}", "here", f"write {expected}")

    return decode_bool


def _int_decoder(node: Node, told: Told) -> Any:
    value = _plain_text(node, told, "a whole number")
    if isinstance(value, Failed):
        return value
    if is_plain(node) and _INTEGER.fullmatch(value) and len(value) < 12:
        return int(value)
    return told.say(structure.BAD_VALUE, node, f"`{value[:60]}` is not a whole number", "here", "write a whole number")


def _choice_decoder(shape: ChoiceShape) -> Decoder:
    listed = ", ".join(f"`{value}`" for value in shape.values)
    expected = listed if len(shape.values) == 1 else f"one of {listed}"

    def decode_choice(node: Node, told: Told) -> Any:
        value = _plain_text(node, told, expected)
        if isinstance(value, Failed) or value in shape.values:
            return value
        if value in shape.not_yet:
            return told.say(
                structure.NOT_YET,
                node,
                f"`{value}` is not compiled by this version yet",
                "not yet",
                f"for now, {expected}",
            )
        close = did_you_mean(value, shape.values)
        return told.say(
            structure.BAD_VALUE,
            node,
            f"`{value[:60]}` is not {expected}",
            "here",
            f"did you mean `{close}`?" if close else f"write {expected}",
        )

    return decode_choice


def _list_decoder(shape: ListShape) -> Decoder:
    item = decoder_of(shape.item)

    def decode_list(node: Node, told: Told) -> Any:
        if not isinstance(node, SequenceNode):
            if shape.or_one and isinstance(node, ScalarNode):
                value = item(node, told)
                return FAILED if value is FAILED else (value,)
            return told.say(
                structure.WRONG_TYPE, node, f"this should be a list, not {noun(node)}", "here", "write it in [ ]"
            )
        is_tagged(node, told)
        values = [item(child, told) for child in node.value]
        return FAILED if FAILED in values else tuple(values)

    return decode_list


def _map_decoder(shape: MapShape) -> Decoder:
    key_decoder, value_decoder = _scalar_decoder(shape.key), decoder_of(shape.value)

    def decode_map(node: Node, told: Told) -> Any:
        if not isinstance(node, MappingNode):
            return told.say(
                structure.WRONG_TYPE,
                node,
                f"this should be a mapping, not {noun(node)}",
                "here",
                "write it as `key: value`",
            )
        found = {}
        for key, key_node, value_node in pairs(node, told):
            value = value_decoder(value_node, told)
            if key_decoder(key_node, told) is FAILED or value is FAILED:
                continue
            found[key] = value
        return found

    return decode_map


def _placed_decoder(shape: PlacedShape) -> Decoder:
    item = decoder_of(shape.item)
    by_place = _map_decoder(MapShape(_place_key(), shape.item))

    def decode_placed(node: Node, told: Told) -> Any:
        if not isinstance(node, MappingNode):
            value = item(node, told)
            return FAILED if value is FAILED else Placed(value)
        default: Any = None
        by: Any = None
        misspelt = False
        for key, key_node, value_node in pairs(node, told):
            if key == "default":
                default = item(value_node, told)
            elif key == "by":
                by = by_place(value_node, told)
            else:
                misspelt |= _unknown(key, key_node, ("default", "by"), told) == "default"
        if default is None and misspelt:
            return FAILED
        if default is None:
            return told.say(
                structure.MISSING_KEY,
                node,
                "a value that differs by place needs a `default`",
                "here",
                "add `default: …`",
            )
        return FAILED if FAILED in (default, by) else Placed(default, by or None)

    return decode_placed


@lru_cache(maxsize=1)
def _place_key() -> Scalar:
    from watchbill.spec.scalars import PlaceName  # noqa: PLC0415

    scalar: Scalar = PlaceName.__metadata__[0]  # type: ignore[attr-defined]
    return scalar


def _unknown(key: str, node: Node, known: tuple[str, ...], told: Told, inside: str = "") -> str | None:
    """Say that there is no such key; the key that was meant, where one is like it."""
    close = did_you_mean(key, known)
    hint = f"did you mean `{close}`?" if close else f"known here: {', '.join(known)}"
    told.say(structure.UNKNOWN_KEY, node, f"unknown key `{key}`{inside}", "not part of the language", hint)
    return close


def _in_a_sentence(doc: str) -> str:
    first = doc.split(" ", 1)[0]
    return (doc[:1].lower() + doc[1:] if first[1:].islower() or len(first) == 1 else doc).rstrip(".")


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value in _NULLS and is_plain(node)


def _is_reference(node: Node, field: Field) -> bool:
    """Whether this could be the place of a secret; what is not could be the secret."""
    return _is_null(node) or (
        isinstance(node, ScalarNode)
        and isinstance(field.shape, ScalarShape)
        and re.fullmatch(field.shape.scalar.pattern, node.value) is not None
    )


@cache
def _struct_decoder(shape: StructShape) -> Callable[..., Any]:
    type_ = shape.type
    table: dict[str, tuple[Field, Decoder]] = {}  # filled on first use: a struct may contain itself
    required: list[Field] = []
    shorthand, exactly_one, not_yet, secret = shape.shorthand, shape.exactly_one, shape.not_yet, shape.secret
    title, unsets = type_.__name__, shape.unsets

    def fill() -> None:
        for field in fields_of(type_):
            table[field.key] = (field, decoder_of(field.shape))
            if field.required:
                required.append(field)

    def from_scalar(node: ScalarNode, told: Told) -> Any:
        if secret:
            return _secret(node, told)
        if shorthand is None:
            expected = f"a mapping with {', '.join(f'`{key}`' for key in list(table)[:6])}"
            return told.say(
                structure.WRONG_TYPE, node, f"this should be {expected}, not one value", "here", f"write {expected}"
            )
        field, decoder = table[shorthand]
        value = decoder(node, told)
        return FAILED if value is FAILED else type_(**{field.attribute: value})

    def check_one(node: MappingNode, given: set[str], told: Told) -> bool:
        chosen = [key for key in exactly_one if key in given]
        if len(chosen) == 1:
            return True
        listed = ", ".join(f"`{key}`" for key in exactly_one)
        problem = f"both `{chosen[0]}` and `{chosen[1]}` are given" if chosen else f"one of {listed} is missing"
        told.say(structure.EXACTLY_ONE, node, problem, "here", f"give exactly one of {listed}")
        return False

    def decode_struct(node: Node, told: Told, beside: frozenset[str] = frozenset()) -> Any:
        if not table:
            fill()
        if not isinstance(node, MappingNode):
            if isinstance(node, ScalarNode):
                return from_scalar(node, told)
            return told.say(
                structure.WRONG_TYPE, node, "this should be a mapping, not a list", "here", "write it as `key: value`"
            )
        values: dict[str, Any] = {}
        given: set[str] = set()
        meant: set[str | None] = set()  # what is misspelt is not missing as well
        unset: list[str] = []
        good = True
        for key, key_node, value_node in pairs(node, told):
            entry = table.get(key)
            if entry is None:
                if key in beside:
                    continue
                if key in not_yet:
                    told.say(
                        structure.NOT_YET,
                        key_node,
                        f"`{key}` is not compiled by this version yet",
                        "not yet",
                        "leave it out for now",
                    )
                elif secret:
                    return _secret(value_node, told)
                else:
                    inside = f" in {title}" if beside else ""
                    meant.add(_unknown(key, key_node, (*table, *sorted(beside)), told, inside))
                continue
            field, decoder = entry
            given.add(key)
            if secret and not _is_reference(value_node, field):
                return _secret(value_node, told)
            if unsets and not field.required and _is_null(value_node):
                unset.append(field.attribute)
                continue
            value = decoder(value_node, told)
            if value is FAILED:
                good = good and not field.required
            else:
                values[field.attribute] = value
        for field in required:
            if field.key not in given:
                good = False
                if field.key in meant:
                    continue
                told.say(
                    structure.MISSING_KEY,
                    node,
                    f"`{field.key}` is missing",
                    "here",
                    f"add `{field.key}:` ({_in_a_sentence(field.doc)})",
                )
        if exactly_one and given.isdisjoint(exactly_one):
            good = good and meant.isdisjoint(exactly_one)
        if exactly_one and good and not check_one(node, given, told):
            good = False
        if unset:
            values["unset"] = tuple(unset)
        return type_(**values) if good else FAILED

    return decode_struct
