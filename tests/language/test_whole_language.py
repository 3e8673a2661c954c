"""One workspace that uses every key of the language: it is laid out, it compiles, and the real tools take it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.source.diagnostic import has_errors
from watchbill.spec.kinds import KINDS
from watchbill.spec.kinds.actions import Action
from watchbill.spec.kinds.foreign import RuleChange
from watchbill.spec.kinds.inherited import Defaults
from watchbill.spec.kinds.service import Change
from watchbill.spec.resolve import read_workspace
from watchbill.spec.shapes import ListShape, MapShape, PlacedShape, Shape, StructShape, fields_of

FERRY = Path(__file__).parent / "ferry"
PAGE = Path(__file__).parents[3] / "shared" / "design" / "policy-language.md"
Key = tuple[type, str]


@pytest.fixture
def ferry(tmp_path):
    return shutil.copytree(FERRY, tmp_path / "ferry")


def documents_of(root: Path) -> Iterator[Any]:
    """As plain texts: what YAML 1.1 makes of `off` is not what the language reads."""
    for path in sorted(root.glob("policies/*.yaml")):
        yield from yaml.load_all(path.read_text("utf-8"), yaml.BaseLoader)


def keys(shape: Shape, seen: set[type]) -> Iterator[Key]:
    """Every key that may stand below a shape. The actions of remediations have their own tests."""
    if isinstance(shape, StructShape):
        if shape.type not in seen and shape.type is not Action:
            seen.add(shape.type)
            for field in fields_of(shape.type):
                yield shape.type, field.key
                yield from keys(field.shape, seen)
    elif isinstance(shape, ListShape | PlacedShape):
        yield from keys(shape.item, seen)
    elif isinstance(shape, MapShape):
        yield from keys(shape.value, seen)


def used(shape: Shape, value: Any) -> Iterator[Key]:
    """The keys that a document really uses; one value for a whole struct uses the key it is short for, `null` none."""
    if value == "null":
        return
    if isinstance(shape, StructShape):
        if shape.shorthand is not None and not (isinstance(value, dict)):
            yield shape.type, shape.shorthand
            return
        for field in fields_of(shape.type):
            if field.key in value:
                yield shape.type, field.key
                yield from used(field.shape, value[field.key])
    elif isinstance(shape, ListShape):
        for item in value if isinstance(value, list) else [value]:
            yield from used(shape.item, item)
    elif isinstance(shape, MapShape):
        for item in value.values():
            yield from used(shape.value, item)
    elif isinstance(shape, PlacedShape):
        places = isinstance(value, dict) and "default" in value
        for item in [value["default"], *value.get("by", {}).values()] if places else [value]:
            yield from used(shape.item, item)


def test_every_kind_and_every_key_of_the_language_is_used():
    documents = list(documents_of(FERRY))
    assert {document["kind"] for document in documents} == KINDS.keys()
    found = {key for one in documents for key in used(StructShape(KINDS[one["kind"]]), one)}
    known = {key for kind in KINDS.values() for key in keys(StructShape(kind), set())}
    alike = (Change, RuleChange, Defaults)  # what these may say is what an alert may say
    unused = {(type_.__name__, key) for type_, key in known - found if type_ not in alike}
    assert unused == {("SlackChannelSettings", "webhook")}  # it has a bot instead


def test_it_compiles_and_says_what_pagerduty_cannot_do(ferry, run, promtool, amtool, monkeypatch):
    monkeypatch.setenv("WATCHBILL_PROMTOOL", str(promtool))
    monkeypatch.setenv("WATCHBILL_AMTOOL", str(amtool))
    done = run("compile", cwd=ferry)
    told = set(re.findall(r"^\w+\[(WB\d+)\]", done.out + done.err, re.MULTILINE))
    assert done.exit == 0, done.out
    assert {code for code in told if code.startswith("WB56")} == {"WB565", "WB567"}
    assert run("test", cwd=ferry).exit == 0
    assert run("compile", "--check", cwd=ferry).exit == 0
    for path in [*ferry.glob("generated/**/*.rules.yml"), *ferry.glob("generated/**/alertmanager.yml")]:
        tool = [amtool, "check-config"] if path.name == "alertmanager.yml" else [promtool, "check", "rules"]
        judged = subprocess.run([*tool, path], capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stdout + judged.stderr


def test_it_is_laid_out_as_it_should_be(ferry, run):
    assert run("fmt", "--check", cwd=ferry).exit == 0


def test_every_source_has_the_labels_of_its_place_on_rules_or_on_series(ferry):
    found, _, problems = read_workspace(ferry, cache=False)
    assert not has_errors(problems)
    for name, labels in {
        "production/north": "north",
        "production/south": "south",
        "rehearsal/default": "dry-dock",
    }.items():
        assert {alert.labels["port"] for alert in found.places[name].alerts} == {labels}
    archive = found.places["production/archive"]
    assert all("port" not in alert.labels and 'env="production"' in alert.expr for alert in archive.alerts)


def test_the_runbook_of_a_set_is_that_of_its_alerts_unless_something_nearer_says_another(ferry):
    def urls(root):
        found, _, _ = read_workspace(root, cache=False)
        return {one.runbook_url for one in found.places["production/north"].alerts if one.name.startswith("WaterRises")}

    services = ferry / "policies" / "services.yaml"
    changed = services.read_text("utf-8")
    assert urls(ferry) == {"https://wiki.ferry.example/keel"}
    services.write_text(changed.replace("      runbook: {url: https://wiki.ferry.example/keel}\n", ""), "utf-8")
    assert urls(ferry) == {"https://wiki.ferry.example/hull"}
    services.write_text(changed.replace("{url: https://wiki.ferry.example/keel}", "null"), "utf-8")
    assert urls(ferry) == {None}


PLACEHOLDERS = {
    "alerts: […]": "alerts: []",
    "expr: …": "expr: up",
    "slos: […]": "slos: []",
    "twilio: {…}, email: {…}, push: {…}": "twilio: {}, push: {}",
    "  …\n": "  We are late.\n",
}


def test_the_page_of_the_language_says_nothing_that_the_compiler_does_not_know(workspace, findings):
    if not PAGE.is_file():
        pytest.skip("the language's page is not here")
    text = PAGE.read_text("utf-8")
    for placeholder, meant in PLACEHOLDERS.items():
        assert placeholder in text
        text = text.replace(placeholder, meant)
    *parts, small = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    whole = "---\n".join(parts)
    found = findings(workspace({"policies/watchbill.yaml": whole}))
    unknown = [one for one in found if one.code.startswith(("WB0", "WB1"))]
    assert {one.code for one in unknown} == {"WB107"}
    assert {one.text for one in unknown} <= {"twilio", "push", "slos"}
    assert [one for one in findings(workspace({"policies/watchbill.yaml": small})) if one.level == "error"] == []
