"""The schema that editors read and the decoder that reads policies give one verdict on every document.

Both look at documents as JSON, so that each sees the same values. They differ where a schema has no words: whether a day,
a time zone or a pattern exists, and how a number was spelt.
"""

import copy
import json
import random
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from watchbill.spec import schema
from watchbill.spec.kinds import KINDS
from watchbill.spec.load import _decode_file

POLICIES = sorted((Path(__file__).parents[2] / "policies").rglob("*.yaml"))
CASES = sorted((Path(__file__).parents[1] / "golden/cases").rglob("policies/**/*.yaml"))
BEYOND_A_SCHEMA = (
    "no such day",
    "no such time",
    "not a time zone of",
    "not an RE2",
    "must come after",
    "than 100 years",
)


class Core(yaml.CSafeLoader):
    """YAML 1.2's core schema, as editors read it."""


Core.yaml_implicit_resolvers = {}
for pattern, tag, first in (
    ("true|True|TRUE|false|False|FALSE", "bool", "tTfF"),
    ("~|null|Null|NULL|", "null", "~nN\0"),
    ("[-+]?[0-9]+", "int", "-+0123456789"),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "float", "-+.0123456789"),
):
    Core.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}",
        re.compile(f"(?:{pattern})$"),
        list(first.replace("\0", "")) + [""] * ("\0" in first),
    )
Core.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))
Core.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))


def documents(paths):
    found = []
    for path in paths:
        found += [document for document in yaml.load_all(path.read_text("utf-8"), Core) if document]
    return [document for document in found if document.get("kind") in KINDS]


@pytest.fixture(scope="module")
def validator():
    made = schema.schema()
    Draft7Validator.check_schema(made)
    return Draft7Validator(made)


@pytest.fixture(scope="module")
def good(small):
    found = documents([*POLICIES, *CASES]) + [document for document in yaml.load_all(small, Core)]
    assert {document["kind"] for document in found} >= {
        "Workspace",
        "Team",
        "Service",
        "Schedule",
        "Remediation",
        "Procedure",
    }
    return found


def decoded(document):
    """What the decoder has against a document, as far as a schema could say it too."""
    text = json.dumps(document, ensure_ascii=False)
    _, found = _decode_file("policies/a.yaml", text.encode())
    told = [one for one in found if one.level == "error"]
    return [one.message for one in told if not any(words in one.message for words in BEYOND_A_SCHEMA)]


def test_every_policy_of_the_examples_is_right_for_both(validator, good):
    for document in good:
        assert decoded(document) == []
        assert list(validator.iter_errors(document)) == [], (document["kind"], document["name"])


WORDS = ["", "5m", "0", "5%", "critical", "team/name", "Europe/Lisbon", "2026-01-05", "09:00", "09:00-18:00", "#chan", "a@b.ec", "http://a", "/run/a",
         "ENV", "up == 0", "Monday", "monday", "true", "on", "2.53", "A B", "Ä", "weekly", "page", "none"]  # fmt: skip
VALUES = [*WORDS, None, True, False, 0, 5, 1.5, [], {}, [1], ["a"], [None], {"a": "b"}, {"default": "5m"}, {"default": None}, {"by": {}},
          {"default": "5m", "by": {"staging": "1m"}}, {"name": "x"}, {"file": "/a"}, {"person": "me"}, [{}], [[]]]  # fmt: skip


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*path, index))


def at(document, path):
    for step in path:
        document = document[step]
    return document


def mutated(good, seed):
    """A document after one or two changes of its keys, types or values."""
    chance = random.Random(seed)
    document = copy.deepcopy(chance.choice(good))
    for _ in range(chance.randint(1, 2)):
        path = chance.choice([path for path in places(document) if path])
        holder, step = at(document, path[:-1]), path[-1]
        other = chance.choice(good)
        borrowed = copy.deepcopy(at(other, chance.choice(list(places(other)))))
        change = chance.randrange(7)
        if change == 0:
            del holder[step]
        elif change == 1 and isinstance(holder, dict):
            holder[chance.choice([f"{step}s", step[:-1], step.upper(), "zzz", "5"])] = holder.pop(step)
        elif change == 2 and isinstance(holder, dict):
            holder[chance.choice(list(other))] = borrowed
        elif change == 3:
            holder[step] = [holder[step]]
        elif change == 4 and isinstance(holder[step], list) and holder[step]:
            holder[step] = holder[step][0]
        elif change == 5:
            holder[step] = borrowed
        else:
            holder[step] = copy.deepcopy(chance.choice(VALUES))
    return document


@given(st.integers(0, 2**40))
@settings(max_examples=400, deadline=None)
def test_a_document_with_any_change_is_right_for_both_or_wrong_for_both(validator, good, seed):
    document = mutated(good, seed)
    told, errors = decoded(document), [error.message[:200] for error in validator.iter_errors(document)]
    assert bool(told) == bool(errors), (told, errors, document)


@given(
    st.sampled_from(sorted(KINDS)),
    st.recursive(
        st.sampled_from(VALUES),
        lambda inner: st.one_of(
            st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(WORDS), inner, max_size=2)
        ),
        max_leaves=4,
    ),
    st.data(),
)
@settings(max_examples=150, deadline=None)
def test_every_key_of_every_kind_takes_the_same_values_in_both(validator, kind, value, data):
    keys = sorted(validator.schema["definitions"][KINDS[kind].__name__]["properties"])
    document = {"kind": kind, "name": "x", data.draw(st.sampled_from(keys)): value}
    assert bool(decoded(document)) == bool(list(validator.iter_errors(document))), document


@pytest.mark.parametrize("name", ["a", "5", "a.b-c_d", "A", "-a", "a-", "", "a b", "ä", "a/b"])
def test_names_are_right_for_both_or_wrong_for_both(validator, name):
    document = {"kind": "Person", "name": name, "email": "a@b.ec"}
    assert bool(decoded(document)) == bool(list(validator.iter_errors(document)))


@pytest.mark.parametrize("kind", ["Servise", "", None, 5, ["Person"]])
def test_what_is_no_kind_is_wrong_for_both(validator, kind):
    document = {"kind": kind, "name": "x"}
    assert decoded(document)
    assert list(validator.iter_errors(document))


def test_a_schema_cannot_know_the_calendar():
    person = {"kind": "Person", "name": "x", "email": "a@b.ec", "away": [{"from": "2026-02-30", "until": "2026-03-01"}]}
    assert list(Draft7Validator(schema.schema()).iter_errors(person)) == []
    _, found = _decode_file("policies/a.yaml", json.dumps(person).encode())
    assert ["no such day" in one.message for one in found] == [True]


def test_every_key_and_every_kind_has_a_description():
    def visit(value, path):
        for key, meaning in value.get("properties", {}).items():
            assert meaning.get("description") or key == "kind" or "by" in path or key in ("default", "by"), (*path, key)
            visit(meaning, (*path, key))
        for part in (*value.get("anyOf", ()), *value.get("allOf", ()), *value.get("oneOf", ())):
            visit(part, path)

    for name, definition in schema.schema()["definitions"].items():
        visit(definition, (name,))


def test_every_kind_and_nothing_else_is_offered():
    made = schema.schema()
    assert made["properties"]["kind"]["enum"] == list(KINDS)
    assert all(made["definitions"][type_.__name__] for type_ in KINDS.values())


def test_the_schema_is_the_same_text_each_time_and_is_json():
    assert json.loads(schema.text()) == json.loads(json.dumps(schema.schema()))
    assert schema.text().endswith("}\n")
