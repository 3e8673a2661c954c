"""`fmt --fix`: mends what has one right answer. Whoever is paged is never decided here: no reference is ever changed."""

import re

import msgspec

from watchbill.layout.canonical import Parsed
from watchbill.layout.order import HEADER, inside, leaf, shape_of
from watchbill.layout.scalars import ambiguous
from watchbill.layout.tree import BLOCK, Collection, Document, Entry, Node, Scalar, Text
from watchbill.source.codes import Code, structure
from watchbill.source.codes import yaml as codes
from watchbill.source.diagnostic import Span
from watchbill.spec.kinds import KINDS
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

SHORTEST = 4  # letters of a word that one slip of the finger still leaves recognisable
_TRUTH = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}


class Mended(msgspec.Struct, frozen=True):
    """One finding that is gone, and what was done."""

    code: Code
    where: Span
    what: str


def mend(file: str, parsed: Parsed) -> list[Mended]:
    """Change the tree, and tell what was changed."""
    assert parsed.source is not None  # noqa: S101  (a file that was read)
    done = _Done(file, parsed.source)
    for diagnostic in parsed.mended:
        what = "lines end in LF now" if "CR LF" in diagnostic.message else "the byte-order mark is gone"
        where = diagnostic.where if isinstance(diagnostic.where, Span) else Span(file)
        done.mended.append(Mended(diagnostic.code, where, what))
    for document in parsed.documents:
        _kind(document, done)
        _mend(document.root, shape_of(document), done, HEADER)
    return sorted(done.mended, key=lambda mended: (mended.where.line, mended.where.column))


class _Done:
    def __init__(self, file: str, source: Text) -> None:
        self.file = file
        self.source = source
        self.mended: list[Mended] = []

    def say(self, code: Code, at: Scalar, what: str) -> None:
        line, column = self.source.line(at.start) + 1, self.source.column(at.start) + 1
        end = column + (len(at.raw) if "\n" not in at.raw else 1)
        self.mended.append(Mended(code, Span(self.file, line, column, line, end), what))


def _kind(document: Document, done: _Done) -> None:
    entry = document.root.get("kind")
    if entry is not None and isinstance(entry.value, Scalar) and document.kind not in KINDS:
        meant = the_one(entry.value.value, KINDS)
        if meant is not None:
            done.say(structure.UNKNOWN_KIND, entry.value, f"kind `{entry.value.value}` is now `{meant}`")
            _set(entry.value, meant)


def _mend(node: Node, shape: Shape | None, done: _Done, header: tuple[str, ...] = ()) -> None:
    if isinstance(node, Scalar):
        _scalar(node, shape, done)
    if not isinstance(node, Collection) or shape is None:
        return
    if node.mapping:
        _duplicates(node, done)
        _keys(node, shape, done, header)
    for entry in node.entries:
        below = inside(shape, entry.key.value if entry.key is not None else None)
        if entry.key is not None and isinstance(shape, MapShape):
            _scalar(entry.key, ScalarShape(shape.key), done)
        if isinstance(entry.value, Scalar) and isinstance(below, ListShape):
            entry.value = _listed(entry.value, below, done)
        _mend(entry.value, below, done)


def _keys(node: Collection, shape: Shape, done: _Done, header: tuple[str, ...]) -> None:
    if isinstance(shape, StructShape):
        known = [field.key for field in fields_of(shape.type)]
        given = {entry.key.value for entry in node.entries if entry.key is not None}
        allowed = {*known, *header, *shape.not_yet}
    elif isinstance(shape, PlacedShape):
        known, given, allowed = ["default", "by"], set(), {"default", "by"}
    else:
        return
    for entry in node.entries:
        key = entry.key
        if key is None or key.value in allowed:
            continue
        meant = the_one(key.value, allowed)
        if meant is not None and meant in (*known, *header) and meant not in given:
            done.say(structure.UNKNOWN_KEY, key, f"`{key.value}` is now `{meant}`")
            given.add(meant)
            _set(key, meant)


def _duplicates(node: Collection, done: _Done) -> None:
    """A key given twice with the same value. What has a comment stays, for a person to read."""
    seen: dict[str, Entry] = {}
    kept = []
    for entry in node.entries:
        key = entry.key
        first = seen.get(key.value) if key is not None else None
        if key is not None and first is not None and _same(first.value, entry.value) and not _commented(entry):
            done.say(codes.DUPLICATE_KEY, key, f"the second `{key.value}`, the same as the first, is gone")
            continue
        if key is not None:
            seen.setdefault(key.value, entry)
        kept.append(entry)
    node.entries = kept


def _same(one: Node, other: Node) -> bool:
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return (one.value, bool(one.style), one.anchor) == (other.value, bool(other.style), "") and not one.anchor
    if not isinstance(one, Collection) or not isinstance(other, Collection) or one.mapping != other.mapping:
        return False
    if one.anchor or other.anchor or len(one.entries) != len(other.entries):
        return False
    return all(
        (first.key.value if first.key else None) == (second.key.value if second.key else None)
        and _same(first.value, second.value)
        for first, second in zip(one.entries, other.entries, strict=True)
    )


def _commented(entry: Entry) -> bool:
    if any(entry.head) or entry.tail:
        return True
    value = entry.value
    return isinstance(value, Collection) and (bool(value.foot) or any(map(_commented, value.entries)))


def _scalar(scalar: Scalar, shape: Shape | None, done: _Done) -> None:
    wanted = leaf(shape)
    if ambiguous(scalar, shape):
        done.say(codes.AMBIGUOUS, scalar, f"`{scalar.value}` is in quotes now")
        scalar.style = '"'
        scalar.raw = f'"{scalar.value}"'
    elif isinstance(wanted, BoolShape):
        meant = _TRUTH.get(scalar.value.lower())
        if meant is not None and (scalar.style or scalar.value != meant) and wanted.only in (None, meant == "true"):
            done.say(structure.BAD_VALUE, scalar, f"`{scalar.value}` is now `{meant}`")
            _set(scalar, meant)
    elif isinstance(wanted, IntShape):
        if scalar.style and re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", scalar.value):
            done.say(structure.BAD_VALUE, scalar, f"`{scalar.value}` is without quotes now")
            _set(scalar, scalar.value)
    elif isinstance(wanted, ChoiceShape) and scalar.value not in (*wanted.values, *wanted.not_yet):
        meant = the_one(scalar.value, (*wanted.values, *wanted.not_yet))
        if meant in wanted.values:
            done.say(structure.BAD_VALUE, scalar, f"`{scalar.value}` is now `{meant}`")
            _set(scalar, meant)


def _listed(scalar: Scalar, shape: ListShape, done: _Done) -> Node:
    """One word where a list of words belongs."""
    empty = not scalar.style and scalar.value in ("", "~", "null", "Null", "NULL")
    item = leaf(shape.item)
    fits = isinstance(item, ScalarShape) and (
        not item.scalar.pattern or re.fullmatch(item.scalar.pattern, scalar.value)
    )
    fits = fits or (isinstance(item, ChoiceShape) and scalar.value in item.values)
    if shape.or_one or empty or scalar.anchor or scalar.style in BLOCK or not fits:
        return scalar
    done.say(structure.WRONG_TYPE, scalar, f"`{scalar.value}` is now a list of one")
    return Collection(mapping=False, flow=True, entries=[Entry(scalar)], start=scalar.start, end=scalar.end)


def _set(scalar: Scalar, value: str) -> None:
    scalar.value, scalar.style, scalar.raw = value, "", value


def the_one(word: str, known: "dict[str, type[msgspec.Struct]] | set[str] | tuple[str, ...]") -> str | None:
    """The only known word that is one slip away: a letter too many, too few, wrong, or two swapped; or another case."""
    folded = word.lower().replace("-", "_")
    same = [one for one in known if one.lower().replace("-", "_") == folded]
    if len(same) == 1:
        return same[0]
    if len(word) < SHORTEST or any(character.isdigit() for character in word):
        return None
    near = [one for one in known if _one_slip(word, one)]
    return near[0] if len(near) == 1 and len(near[0]) >= SHORTEST else None


def _one_slip(one: str, other: str) -> bool:
    if len(one) == len(other):
        wrong = [index for index in range(len(one)) if one[index] != other[index]]
        if len(wrong) == 2:
            first, second = wrong
            return second == first + 1 and one[first] == other[second] and one[second] == other[first]
        return len(wrong) == 1
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:index] + long[index + 1 :] == short for index in range(len(long)))
