"""The kinds, read once into shapes: what the decoder, the JSON Schema and the documentation are all made from."""

import typing
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from watchbill.spec.scalars import Hidden, NotYet, OneOrMore, Placed, Scalar


class ScalarShape(msgspec.Struct, frozen=True):
    scalar: Scalar


class BoolShape(msgspec.Struct, frozen=True):
    only: bool | None = None


class IntShape(msgspec.Struct, frozen=True):
    pass


class ChoiceShape(msgspec.Struct, frozen=True):
    values: tuple[str, ...]
    not_yet: tuple[str, ...] = ()


class ListShape(msgspec.Struct, frozen=True):
    item: "Shape"
    or_one: bool = False


class MapShape(msgspec.Struct, frozen=True):
    key: Scalar
    value: "Shape"


class PlacedShape(msgspec.Struct, frozen=True):
    item: "Shape"


class StructShape(msgspec.Struct, frozen=True):
    """A struct by its class; its fields are looked up when needed, so a struct may contain itself."""

    type: type[msgspec.Struct]

    @property
    def shorthand(self) -> str | None:
        return getattr(self.type, "__shorthand__", None)

    @property
    def exactly_one(self) -> tuple[str, ...]:
        return getattr(self.type, "__exactly_one__", ())

    @property
    def not_yet(self) -> tuple[str, ...]:
        return getattr(self.type, "__not_yet__", ())

    @property
    def unsets(self) -> bool:
        """Whether `null` has a meaning here: to unset what is inherited."""
        return getattr(self.type, "__unsets__", False)

    @property
    def secret(self) -> bool:
        return getattr(self.type, "__secret__", False)


Shape = ScalarShape | BoolShape | IntShape | ChoiceShape | ListShape | MapShape | PlacedShape | StructShape


class Field(msgspec.Struct, frozen=True):
    """One key of a struct: `key` as written in YAML, `attribute` as named in Python."""

    key: str
    attribute: str
    shape: Shape
    required: bool
    default: Any
    doc: str


@cache
def fields_of(type_: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The keys of a kind, in the order in which they are declared (required and optional alike)."""
    hints = get_type_hints(type_, include_extras=True)
    found = []
    for info in msgspec.structs.fields(type_):
        hint = hints[info.name]
        if any(isinstance(extra, Hidden) for extra in getattr(hint, "__metadata__", ())):
            continue
        shape, doc = _shape(hint)
        if info.default_factory is not msgspec.NODEFAULT:
            default = info.default_factory()
        else:
            default = None if info.required else info.default
        found.append(Field(info.encode_name, info.name, shape, info.required, default, doc))
    return tuple(found)


def _shape(hint: Any) -> tuple[Shape, str]:
    doc, scalar = "", None
    not_yet: tuple[str, ...] = ()
    or_one = False
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        for extra in extras:
            if isinstance(extra, str):
                doc = extra
            elif isinstance(extra, Scalar):
                scalar = extra
            elif isinstance(extra, NotYet):
                not_yet = extra.values
            elif isinstance(extra, OneOrMore):
                or_one = True
    if scalar is not None:
        return ScalarShape(scalar), doc
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (UnionType, typing.Union):
        inner = next(argument for argument in arguments if argument is not NoneType)
        shape, inner_doc = _shape(inner)
        return shape, doc or inner_doc
    plain = _plain_shape(hint, origin, arguments)
    if or_one and isinstance(plain, ListShape):
        return ListShape(plain.item, or_one=True), doc
    return ChoiceShape(plain.values, not_yet) if isinstance(plain, ChoiceShape) else plain, doc


def _plain_shape(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Shape:
    if origin is tuple:
        return ListShape(_shape(arguments[0])[0])
    if origin is dict:
        key, _ = _shape(arguments[0])
        assert isinstance(key, ScalarShape)  # noqa: S101  (a mistake in a kind, not in a policy)
        return MapShape(key.scalar, _shape(arguments[1])[0])
    if origin is Placed:
        return PlacedShape(_shape(arguments[0])[0])
    if origin is Literal:
        return BoolShape(only=arguments[0]) if isinstance(arguments[0], bool) else ChoiceShape(arguments)
    if hint is bool:
        return BoolShape()
    if hint is int:
        return IntShape()
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return StructShape(hint)
    raise TypeError(f"the language has no shape for {hint!r}")
