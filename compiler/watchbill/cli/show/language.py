"""The reference of the language, made from the kinds: what each key takes, its default, what it means, an example.

Nothing here is written by hand but words for the examples: a key that is added to a kind is documented by that.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from watchbill.cli.show.markdown import sentence
from watchbill.layout.canonical import canonical
from watchbill.layout.order import order_of
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
from watchbill.targets.markdown import code

# Words for examples, by what a name refers to, and by key.
_REFERRED = {
    "Person": "ana",
    "Team": "payments",
    "Schedule": "payments-primary",
    "Calendar": "lisbon-hours",
    "Escalation": "level-1",
    "Service": "payment-gateway",
    "Runbook": "payment-failures",
    "AlertSet": "http-golden",
    "Diagnostic": "payment-logs",
    "Remediation": "restart-payment-gateway",
    "Message": "customer-notice",
    "Window": "change-freeze",
}
_BY_KEY = {
    "expr": "up == 0",
    "promql": "up == 0",
    "summary": "Payments through {{ $labels.provider }} are failing",
    "description": "{{ $value }} of all payments fail (limit ${threshold})",
    "severity": "critical",
    "class": "business",
    "type": "ratio",
    "default": "5%",
    "reason": "autoscaled",
    "customers": "payments that are declined",
    "url": "https://shop.example",
    "body": "We are looking into it.",
    "text": "Open the dashboard",
    "title": "Failures by error code",
    "uid": "payments-overview",
    "file": "/run/secrets/slack",
    "argv": "journalctl",
    "requires": ">=0.1",
    "smarthost": "smtp.shop.example:587",
    "label": "namespace",
    "source": "eu",
    "environments": "production",
    "on_call": "primary",
    "roles": "manager",
    "role": "manager",
    "ask": "Data breach suspected?",
    "do": "Call the provider",
    "ignore": "a batch job",
    "alert": "KubePodCrashLooping",
    "series": 'up{job="web"}',
    "series=": "1x10 0x10",
    "params": "threshold",
    "params=": "5%",
    "with": "threshold",
    "with=": "5%",
    "only": "production/eu",
    "in": "production/eu",
    "by": "staging",
    "by=": "20%",
    "at": "09:00",
    "when": "env",
    "when=": "production",
    "classes": "business",
    "owners=": "payments-.*",
    "allow": "gateway-.*",
    "alert:": "alertname",
    "alert=": "PaymentFailureRateHigh",
    "reaches": "ana",
    "within": "5m",
    "receivers": "payments-page-critical",
    "firing:": "alertname",
    "firing=": "PostgresDown",
}
_SHOWN = {"Service": ("tier", "alerts"), "Team": ("on_call", "hours"), "AlertSet": ("params", "alerts")}
"""What the example of a kind shows, where nothing has to be given."""
_ANY = (
    "provider",
    "web",
    "Web",
    "5m",
    "5",
    "0.5",
    "x/y",
    "https://shop.example",
    "ana@shop.example",
    "ONCALL_PHONE",
    "/run/secrets/x",
    "2026-12-24",
)


def document(only: str | None = None) -> dict[str, Any]:
    """Kinds and the parts they are made of, as data; `only` one kind and its parts, or one part."""
    kinds = {name: type_ for name, type_ in KINDS.items() if only in (None, name)}
    parts = _parts(kinds.values())
    if not kinds:
        parts = {only: _parts(KINDS.values())[only]} if only else {}
    return {
        "version": 1,
        "api_version": API_VERSION,
        "kinds": [_entry(type_, name) for name, type_ in kinds.items()],
        "parts": [_entry(type_, None) for _, type_ in sorted(parts.items())],
    }


def names() -> list[str]:
    """Everything that can be asked for."""
    return [*KINDS, *sorted(_parts(KINDS.values()))]


def _parts(types: Any) -> dict[str, type[msgspec.Struct]]:
    """The structs that these are made of, themselves left out."""
    found: dict[str, type[msgspec.Struct]] = {}
    waiting = list(types)
    while waiting:
        for field in fields_of(waiting.pop()):
            for type_ in _structs(field.shape):
                if type_.__name__ not in found and type_ not in KINDS.values():
                    found[type_.__name__] = type_
                    waiting.append(type_)
    return found


def _structs(shape: Shape) -> Iterator[type[msgspec.Struct]]:
    if isinstance(shape, StructShape):
        yield shape.type
    elif isinstance(shape, (ListShape, PlacedShape)):
        yield from _structs(shape.item)
    elif isinstance(shape, MapShape):
        yield from _structs(shape.value)


def _entry(type_: type[msgspec.Struct], kind: str | None) -> dict[str, Any]:
    shape = StructShape(type_)
    fields = {field.key: field for field in fields_of(type_)}
    keys = [
        {
            "key": field.key,
            "takes": takes(field.shape),
            "required": field.required,
            "default": _default(field),
            "means": field.doc,
            "example": f"{field.key}: {_yaml(_example(field.shape, field.key, field.default))}",
        }
        for field in (fields[key] for key in order_of(type_) if key in fields)
    ]
    return {
        "name": kind or type_.__name__,
        "means": " ".join((type_.__doc__ or "").split()),
        "has_team": kind is not None and kind not in TEAMLESS,
        "needs_name": kind is not None and kind not in NAMELESS,
        "short_form": shape.shorthand,
        "exactly_one": list(shape.exactly_one),
        "null_unsets": shape.unsets,
        "not_yet": list(shape.not_yet),
        "keys": keys,
        "example": example(kind) if kind else _lines(_smallest(type_)),
    }


def takes(shape: Shape) -> str:
    """What a key takes, in words; structs by their names."""
    if isinstance(shape, ScalarShape):
        return shape.scalar.noun
    if isinstance(shape, BoolShape):
        return "`true`" if shape.only else "`true` or `false`"
    if isinstance(shape, IntShape):
        return "a whole number"
    if isinstance(shape, ChoiceShape):
        words = ", ".join(f"`{value}`" for value in shape.values)
        later = f" (not yet: {', '.join(f'`{value}`' for value in shape.not_yet)})" if shape.not_yet else ""
        return (words if len(shape.values) == 1 else f"one of {words}") + later
    if isinstance(shape, ListShape):
        item = takes(shape.item)
        return f"{item}; or a list of such" if shape.or_one else f"a list; each: {item}"
    if isinstance(shape, MapShape):
        return f"a mapping; each key: {shape.key.noun}; each value: {takes(shape.value)}"
    if isinstance(shape, PlacedShape):
        return f"{takes(shape.item)}; may differ by place"
    if shape.shorthand is not None:
        short = next(field for field in fields_of(shape.type) if field.key == shape.shorthand)
        return f"{takes(short.shape)}; or {shape.type.__name__}"
    return shape.type.__name__


def _default(field: Field) -> str | None:
    """What holds without the key, as YAML; None where nothing does."""
    value = field.default
    if field.required or value is None or value in ((), {}, ""):
        return None
    return _yaml(_written(value))


def _written(value: Any) -> Any:
    """A value of ours as a policy would write it."""
    if isinstance(value, msgspec.Struct):
        shown = ((field.key, getattr(value, field.attribute)) for field in fields_of(type(value)))
        return {key: _written(inner) for key, inner in shown if inner not in (None, (), {}, "")}
    if isinstance(value, (tuple, list)):
        return [_written(inner) for inner in value]
    return value


def example(kind: str) -> str:
    """The smallest document of a kind, laid out as `fmt` would."""
    header = {"apiVersion": API_VERSION} if kind == "Workspace" else {}
    header |= {"kind": kind} | ({} if kind in NAMELESS else {"name": "example"})
    header |= {} if kind in TEAMLESS or kind in NAMELESS else {"team": "payments"}
    fields = {field.key: field for field in fields_of(KINDS[kind])}
    shown = {key: _example(fields[key].shape, key, fields[key].default) for key in _SHOWN.get(kind, ())}
    text = _lines({**header, **(shown or _smallest(KINDS[kind]))})
    return canonical("example", text.encode())[0] or text


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{key}: {_yaml(value)}\n" for key, value in values.items())


def _smallest(type_: type[msgspec.Struct]) -> dict[str, Any]:
    """What must be given, and where that is nothing, the first key."""
    fields = {field.key: field for field in fields_of(type_)}
    chosen = [field for field in fields.values() if field.required]
    one_of = StructShape(type_).exactly_one
    if one_of and not any(field.key in one_of for field in chosen):
        chosen.append(fields[one_of[0]])
    chosen = chosen or list(fields.values())[:1]
    order = order_of(type_)
    chosen.sort(key=lambda field: order[field.key])
    return {field.key: _example(field.shape, field.key, field.default) for field in chosen}


def _example(shape: Shape, key: str, default: Any = None) -> Any:
    if isinstance(default, (str, int)) and default != "" and not isinstance(shape, (ListShape, MapShape)):
        return default
    if isinstance(shape, ScalarShape):
        return _word(shape.scalar, key)
    if isinstance(shape, BoolShape):
        return True
    if isinstance(shape, IntShape):
        return 2
    if isinstance(shape, ChoiceShape):
        return _BY_KEY[key] if _BY_KEY.get(key) in shape.values else shape.values[0]
    if isinstance(shape, ListShape):
        item = _example(shape.item, key)
        return item if shape.or_one else [item]
    if isinstance(shape, MapShape):
        return {_word(shape.key, f"{key}:"): _example(shape.value, f"{key}=")}
    if isinstance(shape, PlacedShape):
        return _example(shape.item, key)
    if shape.shorthand is not None:
        short = next(field for field in fields_of(shape.type) if field.key == shape.shorthand)
        return _example(short.shape, short.key if short.key in _BY_KEY else key)
    return _smallest(shape.type)


def _word(scalar: Scalar, key: str) -> str:
    """A text of this kind: the one that its own description names, or one that fits."""
    named = re.search(r'such as "?([^\s",]+)', scalar.noun)
    words = [_REFERRED.get(scalar.to, scalar.to.lower())] if scalar.to else []
    words += [_BY_KEY[one] for one in (key, key.removesuffix(":")) if one in _BY_KEY]
    words += [named[1]] if named else []
    words += ["text"] if not scalar.pattern else []
    words += ["example"] if scalar.pattern == NAME else []
    for word in (*words, *_ANY):
        if (not scalar.pattern or re.fullmatch(scalar.pattern, word)) and not (scalar.problem and scalar.problem(word)):
            return word
    raise LookupError(f"no example for {scalar.noun}")


_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./:@+*-]*(?<!:)|[0-9][0-9a-z.-]*[a-z%]|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]+)?")
_RESERVED = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null)")


def _yaml(value: Any) -> str:
    """On one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_yaml(key)}: {_yaml(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (_PLAIN.fullmatch(value) and not _RESERVED.fullmatch(value)):
        return str(value)
    if "'" not in value and '"' in value:
        return f"'{value}'"
    escaped: str = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def render(only: str | None = None) -> str:
    """The reference as Markdown."""
    told = document(only)
    parts = [f"# The policy language, {told['api_version']}\n\n{_INTRODUCTION}"] if only is None else []
    parts += [_section(entry, f"kind: {entry['name']}", 2) for entry in told["kinds"]]
    if told["parts"]:
        parts += ["## Parts of documents"] if told["kinds"] else []
        parts += [_section(entry, entry["name"], 3 if told["kinds"] else 2) for entry in told["parts"]]
    return "\n\n".join(parts)


_INTRODUCTION = """\
A document has a `kind` and a `name` (a Test needs none), and most have a `team`; a file below `policies/` holds one or more, separated by \
`---`. A key that is not listed here is an error. What may differ by place is written `{default: 2m, by: {staging: 15m, \
production/eu: 5m}}`. `${param}` stands for a param in expressions and texts; `{{ $labels.x }}` passes through to \
Prometheus."""


def _section(entry: dict[str, Any], title: str, level: int) -> str:
    parts = [f"{'#' * level} {title}"]
    if entry["means"]:
        parts.append(sentence(entry["means"]))
    facts = []
    if entry["short_form"]:
        facts.append(f"One value alone stands for `{entry['short_form']}`.")
    if entry["exactly_one"]:
        facts.append(f"Exactly one of {', '.join(f'`{key}`' for key in entry['exactly_one'])} is given.")
    if entry["null_unsets"]:
        facts.append("`null` unsets what is inherited.")
    if entry["not_yet"]:
        facts.append(f"Not compiled by this version yet: {', '.join(f'`{key}`' for key in entry['not_yet'])}.")
    if facts:
        parts.append(" ".join(facts))
    rows = [
        f"| {code(key['key'])} | {_required(key)} | {_takes(key['takes'])} | {sentence(key['means'])} | {code(key['example'])} |"
        for key in entry["keys"]
    ]
    parts.append("\n".join(["| Key | Default | Takes | Means | Example |", "|---|---|---|---|---|", *rows]))
    parts.append(f"```yaml\n{entry['example'].rstrip()}\n```")
    return "\n\n".join(parts)


def _required(key: dict[str, Any]) -> str:
    if key["required"]:
        return "**required**"
    return code(key["default"]) if key["default"] is not None else ""


def _takes(text: str) -> str:
    """The names of parts as links to them; these are the only words in capitals that are names of ours."""
    parts = _parts(KINDS.values())
    words = re.split(r"(?:(?<=: )|(?<=; or )|^)([A-Z][A-Za-z]+)(?=$|;)", text)
    return "".join(
        f"[{word}](#{word.lower()})" if index % 2 and word in parts else _spaced(word)
        for index, word in enumerate(words)
    )


def _spaced(text: str) -> str:
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :] if text.strip() else ""
    return f"{before}{sentence(text.strip())}{after}"
