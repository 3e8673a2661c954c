"""In which order the keys of each kind are written, and which shape of the language a part of a document has."""

from functools import cache

import msgspec

from watchbill.layout.tree import Collection, Document, Node
from watchbill.spec.kinds import KINDS
from watchbill.spec.kinds.answers import RunbookStep
from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.scalars import Name, Scalar
from watchbill.spec.shapes import (
    ChoiceShape,
    ListShape,
    MapShape,
    PlacedShape,
    ScalarShape,
    Shape,
    StructShape,
    fields_of,
)

HEADER = ("apiVersion", "kind", "name", "team")

# Keys stand in the order in which the kinds declare them. What inherits `Defaults` declares those first; it is read from
# the name over the condition to the answer.
ALERT = (
    "name",
    "alert",
    "off",
    "reason",
    "until",
    "class",
    "severity",
    "levels",
    "escalation",
    "only",
    "expr",
    "params",
    "for",
    "keep_firing_for",
    "page_per",
    "no_data",
    "labels",
    "annotations",
    "summary",
    "description",
    "impact",
    "runbook",
    "diagnose",
    "remediate",
    "tests",
)
READ: dict[type[msgspec.Struct], tuple[str, ...]] = {RunbookStep: ("title", "text", "promql")}


@cache
def order_of(type_: type[msgspec.Struct]) -> dict[str, int]:
    """Each key of a kind with its rank; what this version does not compile yet comes last."""
    declared = tuple(field.key for field in fields_of(type_))
    inherits = issubclass(type_, Defaults) and type_ is not Defaults
    keys = READ.get(type_, tuple(key for key in ALERT if key in declared) if inherits else declared)
    return {key: rank for rank, key in enumerate((*keys, *StructShape(type_).not_yet))}


def shape_of(document: Document) -> StructShape | None:
    kind = document.kind
    return StructShape(KINDS[kind]) if kind in KINDS else None


def arrange(document: Document) -> None:
    """Put the keys in order. Where an alias could come before its anchor, or a key is unknown or twice, nothing moves."""
    shape = shape_of(document)
    if not document.anchors:
        if shape is not None:
            _arrange(document.root, shape, HEADER)
        else:
            _sort(document.root, {key: rank for rank, key in enumerate(HEADER)}, strict=False)


def _arrange(node: Node, shape: Shape | None, header: tuple[str, ...] = ()) -> None:
    if not isinstance(node, Collection) or shape is None:
        return
    for entry in node.entries:
        _arrange(entry.value, inside(shape, entry.key.value if entry.key is not None else None))
    if not node.mapping:
        return
    if isinstance(shape, StructShape):
        ranks = order_of(shape.type)
        _sort(node, {key: rank for rank, key in enumerate((*header, *ranks))}, strict=True)
    elif isinstance(shape, PlacedShape):
        _sort(node, {"default": 0, "by": 1}, strict=True)


def _sort(node: Collection, ranks: dict[str, int], *, strict: bool) -> None:
    keys = [entry.key.value for entry in node.entries if entry.key is not None]
    if len(set(keys)) < len(keys) or (strict and any(key not in ranks for key in keys)):
        return
    node.entries.sort(key=lambda entry: ranks.get(entry.key.value, len(ranks)) if entry.key is not None else 0)


def inside(shape: Shape | None, key: str | None) -> Shape | None:
    """The shape of a value in a mapping, by its key, or of an item of a list (`key` is None)."""
    if isinstance(shape, ListShape):
        return shape.item if key is None else inside(shape.item, key) if shape.or_one else None
    if key is None:
        return None
    if isinstance(shape, MapShape):
        return shape.value
    if isinstance(shape, StructShape):
        return next((field.shape for field in fields_of(shape.type) if field.key == key), _header_shape(key))
    if isinstance(shape, PlacedShape):
        if key == "default":
            return shape.item
        return MapShape(_NAME, shape.item) if key == "by" else None
    return None


_NAME: Scalar = Name.__metadata__[0]  # type: ignore[attr-defined]


def _header_shape(key: str) -> Shape | None:
    if key == "kind":
        return ChoiceShape(tuple(KINDS))
    return ScalarShape(_NAME) if key in HEADER else None


def leaf(shape: Shape | None) -> Shape | None:
    """What a single value has to be where this shape is wanted: the short form of a struct, the item of a list."""
    while True:
        if isinstance(shape, PlacedShape) or (isinstance(shape, ListShape) and shape.or_one):
            shape = shape.item
        elif isinstance(shape, StructShape) and shape.shorthand is not None:
            short = shape.shorthand
            shape = next(field.shape for field in fields_of(shape.type) if field.key == short)
        else:
            return shape
