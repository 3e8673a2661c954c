"""One mistake is one finding: nothing follows from it elsewhere, and it hides no other file's."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from watchbill.checks import at_levels, check
from watchbill.source.locate import Sources
from watchbill.spec.references import references
from watchbill.spec.resolve import read_workspace

FERRY = Path(__file__).parent / "ferry"
FILES = sorted(path.name for path in FERRY.glob("policies/*.yaml"))


@pytest.fixture
def ferry(tmp_path):
    """With two months to be covered instead of a year: it is read some five hundred times."""
    root = Path(shutil.copytree(FERRY, tmp_path / "ferry"))
    file = root / "policies" / "watchbill.yaml"
    text = file.read_text("utf-8")
    assert "until: 2026-12-31" in text
    file.write_text(text.replace("until: 2026-12-31", "until: 2026-03-08"), "utf-8")
    return root


def told(root: Path) -> Counter[tuple[str, str, str]]:
    workspace, _, found = read_workspace(root, cache=False)
    found += check(workspace) if workspace is not None else []
    return Counter((one.code.id, one.where.file, one.message) for one in at_levels(workspace, found))


def values(node: yaml.Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], yaml.Node]]:
    """Every value of a document with the keys that lead to it; of a list, each item."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        yield (*path, key.value), value
        yield from values(value, (*path, key.value))
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        yield from values(item, path)


@pytest.mark.parametrize("name", FILES)
def test_a_value_of_the_wrong_shape_is_told_where_it_stands_and_nothing_follows_from_it(ferry, name):
    file, before, tried = ferry / "policies" / name, told(ferry), set()
    text = file.read_text("utf-8")
    for document in yaml.compose_all(text):
        kind = next(value.value for key, value in document.value if key.value == "kind")
        for path, node in values(document):
            if (kind, path) in tried or path == ("kind",):
                continue
            tried.add((kind, path))
            end = node.start_mark.index + len(text[node.start_mark.index : node.end_mark.index].rstrip())
            # Further in than it was: a list may stand right below its key, and this one may not.
            file.write_text(f"{text[: node.start_mark.index]}  [[{{q: 1}}]]{text[end:]}", "utf-8")
            new = told(ferry) - before
            assert new, path
            assert {(code[:3], where) for code, where, _ in new} == {("WB1", f"policies/{name}")}, (path, new)
    assert tried


def test_a_name_that_leads_nowhere_is_told_and_nothing_follows_from_it(ferry):
    _, policies, _ = read_workspace(ferry, cache=False)
    sources, before, tried = Sources(ferry, policies.paths), told(ferry), set()
    for policy in policies.all:
        for kind, name, path in references(policy):
            key = (policy.kind, kind, *(part for part in path if isinstance(part, str)))
            span = sources.locate(policy.at.at(*path))
            file = ferry / span.file
            text = file.read_text("utf-8")
            lines = text.splitlines(keepends=True)
            if key in tried:
                continue
            tried.add(key)
            line = lines[span.line - 1]
            lines[span.line - 1] = line[: span.column - 1] + line[span.column - 1 :].replace(name, f"{name}zq", 1)
            file.write_text("".join(lines), "utf-8")
            new = told(ferry) - before
            file.write_text(text, "utf-8")
            assert {message for _, _, message in new} == {f"unknown {kind} `{name}zq`"}, key
    assert len(tried) > 30


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("environments:", "environmnts:"),
        ("severities:", "severities: 5\nzzz:"),
        ("name: ferry", "name: [ferry]"),
        ("coverage: {", "coverage: {{"),
    ],
)
def test_a_broken_workspace_hides_no_mistake_of_a_service(ferry, old, new):
    workspace = ferry / "policies" / "watchbill.yaml"
    services = ferry / "policies" / "services.yaml"
    workspace.write_text(workspace.read_text("utf-8").replace(old, new, 1), "utf-8")
    only = set(told(ferry))
    assert {where for _, where, _ in only} == {"policies/watchbill.yaml"}
    changed = (
        services.read_text("utf-8")
        .replace("oil_pressure_bar < 1", "oil_pressure_bar <")
        .replace("> ${limit}", "> ${limt}")
    )
    services.write_text(changed, "utf-8")
    found = {(code, where) for code, where, _ in set(told(ferry)) - only}
    assert found == {("WB301", "policies/services.yaml"), ("WB222", "policies/services.yaml")}


@pytest.mark.parametrize("key", ["retention: {incidents: soon}", "objectives: {mttx: 5m}", "nobody_knows: 1"])
def test_a_mistake_in_the_workspace_from_which_nothing_follows_hides_nothing_at_all(ferry, key):
    workspace = ferry / "policies" / "watchbill.yaml"
    first = key.split(":")[0]
    text = re.sub(rf"^{first}:.*\n( .*\n)*", "", workspace.read_text("utf-8"), flags=re.MULTILINE)
    workspace.write_text(f"{text}{key}\n", "utf-8")
    people = ferry / "policies" / "people.yaml"
    people.write_text(
        people.read_text("utf-8").replace("- {notify: [{on_call: secondary}", "- {notify: [{on_call: third}"), "utf-8"
    )
    assert "WB502" in {code for code, _, _ in told(ferry)}


def test_what_is_broken_in_one_alert_hides_no_mistake_of_another_beside_it(ferry):
    services = ferry / "policies" / "services.yaml"
    text = (
        services.read_text("utf-8")
        .replace("page_per: [cylinder]", "page_per: cylinder")
        .replace("oil_pressure_bar < 1", "oil_pressure_bar <")
        .replace("severity: sinking", "severity: sinkin")
    )
    services.write_text(text, "utf-8")
    assert {code for code, _, _ in told(ferry)} >= {"WB102", "WB301", "WB221"}


def test_a_misspelt_key_is_not_missing_as_well(workspace, small, findings):
    text = small.replace("expr: ", "exp: ").replace("email: me@shop.example", "emial: me@shop.example")
    found = findings(workspace({"policies/watchbill.yaml": text}))
    assert sorted((one.code, one.text) for one in found) == [("WB101", "emial"), ("WB101", "exp")]


def test_a_workspace_without_any_severity_is_told_so(ferry):
    workspace = ferry / "policies" / "watchbill.yaml"
    text = re.sub(r"^severities:\n( .*\n)*", "severities: {}\n", workspace.read_text("utf-8"), flags=re.MULTILINE)
    workspace.write_text(text, "utf-8")
    assert ("WB110", "policies/watchbill.yaml") in {(code, where) for code, where, _ in told(ferry)}
