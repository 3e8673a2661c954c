"""Findings as SARIF and as Markdown: the same facts as in the text, in a form that the other end takes."""

import json
import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from watchbill.cli.show import markdown, sarif
from watchbill.source.codes.catalogue import codes
from watchbill.source.diagnostic import Diagnostic, Location, Related, Span
from watchbill.source.locate import Sources

SERVICE = """\
kind: Service
name: api
team: shop
alerts:
- name: ApiDown
  severity: critical
  expr: up ==
  summary: s
  runbook: {url: https://wiki.shop.example/api}
- name: ApiSlow
  severtiy: high
  expr: up{job="api"} == 0
  summary: s
  runbook: {url: https://wiki.shop.example/api}
- name: ApiOdd
  severity: critical
  expr: up{job="odd"} == 0
  summary: s
  runbook: nowhere
  runbook: nowhere
"""


@pytest.fixture
def broken(workspace, small):
    def make(service=SERVICE, file="policies/api.yaml"):
        return workspace({"policies/watchbill.yaml": small, file: service})

    return make


def sarif_of(run, root):
    ran = run("check", "--format", "sarif", cwd=root)
    return json.loads(ran.out)


def fingerprints(run, root):
    (one,) = sarif_of(run, root)["runs"]
    return {(result["ruleId"], result["partialFingerprints"]["watchbill/v1"]) for result in one["results"]}


# SARIF


def test_sarif_is_one_run_with_every_finding_of_the_json_form(broken, run):
    root = broken()
    told = json.loads(run("check", "--format", "json", cwd=root).out)["diagnostics"]
    ran = run("check", "--format", "sarif", cwd=root)
    assert (ran.exit, ran.err) == (1, "")
    document = json.loads(ran.out)
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    results = document["runs"][0]["results"]
    assert len(told) >= 4
    for one, result in zip(told, results, strict=True):
        assert (result["ruleId"], result["level"]) == (one["code"], one["severity"])
        assert result["message"]["text"].split("\n")[0] == one["message"]
        assert one["help"] in result["message"]["text"]
        assert all(note in result["message"]["text"] for note in one["notes"])
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"] == {"uri": one["file"], "uriBaseId": "%SRCROOT%"}
        assert place["region"] == {
            "startLine": one["line"],
            "startColumn": one["column"],
            "endLine": one["end_line"],
            "endColumn": one["end_column"],
        }
        related = [
            (other["physicalLocation"]["region"]["startLine"], other["message"]["text"])
            for other in result.get("relatedLocations", [])
        ]
        assert related == [(other["line"], other["message"]) for other in one["related"]]


def test_sarif_has_the_rules_that_were_broken_and_no_others_each_with_its_page(broken, run):
    (one,) = sarif_of(run, broken())["runs"]
    rules = one["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({result["ruleId"] for result in one["results"]})
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in one["results"])
    for rule in rules:
        code = codes()[rule["id"]]
        assert code.finds in rule["fullDescription"]["text"]
        assert code.why in rule["fullDescription"]["text"]
        assert code.name in rule["help"]["text"]
        assert code.why in rule["help"]["markdown"]
        assert rule["defaultConfiguration"] == {"level": code.severity}
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", rule["name"])


def test_sarif_has_only_what_the_schema_has(broken, run):
    """The keys of the SARIF 2.1.0 schema, for the objects that are used; validated against the schema itself when written."""
    allowed = {
        "log": {"$schema", "version", "runs"},
        "run": {"tool", "columnKind", "invocations", "results"},
        "driver": {"name", "semanticVersion", "rules"},
        "rule": {"id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"},
        "result": {"ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations", "partialFingerprints"},
    }
    log = sarif_of(run, broken())
    (one,) = log["runs"]
    assert set(log) <= allowed["log"]
    assert set(one) <= allowed["run"]
    assert set(one["tool"]["driver"]) <= allowed["driver"]
    assert all(set(rule) <= allowed["rule"] for rule in one["tool"]["driver"]["rules"])
    assert all(set(result) <= allowed["result"] for result in one["results"])
    assert one["columnKind"] == "unicodeCodePoints"
    assert all(result["level"] in ("error", "warning", "note") for result in one["results"])


MOVED = {
    "lines and comments above it": lambda text: "# why\n\n" + text.replace("alerts:", "# all\nalerts:\n"),
    "another alert before it": lambda text: text.replace("- name: ApiDown", "- {name: New, severity: critical, expr: up, summary: s, runbook: {url: https://a.example}}\n- name: ApiDown"),
    "another document before it": lambda text: "kind: Team\nname: new\non_call: {primary: always-me}\n---\n" + text,
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("moved", MOVED.values(), ids=MOVED)
def test_a_fingerprint_survives_what_moves_a_finding(moved, broken, run):
    before = fingerprints(run, broken())
    after = fingerprints(run, broken(moved(SERVICE)))
    assert len(before) >= 4
    assert before <= after


def test_a_fingerprint_survives_a_file_that_is_renamed(broken, run):
    assert fingerprints(run, broken()) == fingerprints(run, broken(file="policies/shop/other.yml"))


def test_two_findings_have_two_fingerprints_and_another_alert_has_others(broken, run):
    before = fingerprints(run, broken())
    (one,) = sarif_of(run, broken())["runs"]
    assert len({print_ for _, print_ in before}) == len(before) == len(one["results"])
    renamed = fingerprints(run, broken(SERVICE.replace("ApiSlow", "ApiSluggish")))
    assert len(before - renamed) >= 1


def test_a_fingerprint_by_path_is_the_one_by_place(workspace):
    """A finding may carry a path of keys or only a span: whichever a check uses, its alert in code scanning stays."""
    text = "kind: Service\nname: a\nalerts:\n- name: B\n  expr: up\n- name: C\n  expr: up ==\n"
    sources = Sources(workspace({"policies/a.yaml": text}))
    code = codes()["WB103"]
    by_path = Diagnostic(code, "m", Location("policies/a.yaml", 0, ("alerts", 1, "expr")))
    by_place = Diagnostic(code, "m", Span("policies/a.yaml", 7, 9, 7, 14))
    found = [
        sarif.document([(one, sources.locate(one.where))], sources)["runs"][0]["results"][0]
        for one in (by_path, by_place)
    ]
    assert found[0] == found[1]
    assert found[0]["locations"][0]["logicalLocations"] == [
        {"name": "expr", "fullyQualifiedName": "Service a/alerts/C/expr"}
    ]


def test_a_finding_without_a_place_stands_at_the_workspaces_file(tmp_path):
    one = Diagnostic(codes()["WB902"], "promtool is missing")
    (result,) = sarif.document([(one, None)], Sources(tmp_path))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "policies/watchbill.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1},
    }


def test_a_finding_about_a_whole_file_names_the_file_with_what_a_url_may_hold(tmp_path):
    span = Span("generated/a b/ä#?.yml")
    (result,) = sarif.document([(Diagnostic(codes()["WB903"], "stale", span), span)], Sources(tmp_path))["runs"][0][
        "results"
    ]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "generated/a%20b/%C3%A4%23%3F.yml"
    assert place["region"] == {"startLine": 1}
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "generated/a b/ä#?.yml"


def test_a_clean_workspace_is_a_run_without_results(workspace, small, run):
    ran = run("check", "--format", "sarif", cwd=workspace({"policies/watchbill.yaml": small}))
    (one,) = json.loads(ran.out)["runs"]
    errors = [result for result in one["results"] if result["level"] == "error"]
    assert (ran.exit, errors, one["invocations"]) == (0, [], [{"executionSuccessful": True}])


def test_more_results_than_code_scanning_shows_are_said_and_the_worst_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(sarif, "MOST", 3)
    note, error = (Diagnostic(codes()[id_], "m", Span("a.yaml")) for id_ in ("WB902", "WB101"))
    placed = [(one, one.where) for one in (note, note, note, error, error)]
    (one,) = sarif.document(placed, Sources(tmp_path))["runs"]
    assert [result["level"] for result in one["results"]] == ["error", "error", "note"]
    (said,) = one["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"].startswith("2 more findings")


# Markdown


class _Cells(HTMLParser):
    """The text of each cell of each row of a page's first table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "br":
            self.rows[-1][-1] += "\n"

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def table(text):
    cells = _Cells()
    cells.feed(MarkdownIt("commonmark").enable("table").render(text))
    return cells.rows


def test_markdown_is_a_table_of_every_finding_worst_first(broken, run):
    root = broken()
    told = json.loads(run("check", "--format", "json", cwd=root).out)
    ran = run("check", "--format", "markdown", cwd=root)
    assert (ran.exit, ran.err) == (1, "")
    number = told["summary"]["error"]
    assert ran.out.startswith(f"### Watchbill found {number} error")
    rows = table(ran.out)[1:]
    assert [len(row) for row in rows] == [3] * len(told["diagnostics"])
    marks = [row[0] for row in rows]
    assert marks == sorted(marks, key=list(markdown.MARKS.values()).index)
    shown = {(row[1], row[2].split("\n")[0]) for row in rows}
    wanted = {
        (
            f"{one['file']}:{one['line']}:{one['column']}",
            f"{one['code']} {one['message'].replace('`', '')} ({one['name']})",
        )
        for one in told["diagnostics"]
    }
    assert shown == wanted


ODD = (
    "a | b",
    "`a|b` and `c`",
    "<script>alert(1)</script>",
    "*bold* _em_ ~gone~ [x](y) ![z]",
    "one ` backtick",
    "a\nb",
    "\\",
    "`\\`",
    "`a\\|b`",
    "# head",
    "|---|",
    "&amp; &#124;",
    "``",
    "` `",
    "<!-- -->",
    "`<b>`",
    "<details>",
    "- item",
    "1. item",
)


@pytest.mark.parametrize("text", ODD)
def test_whatever_a_message_holds_it_is_words_in_one_cell(text, tmp_path):
    one = Diagnostic(codes()["WB103"], text, Span("a|b`c.yaml", 3, 4, 3, 5), help=text, notes=(text,))
    rows = table(markdown.render([(one, one.where), (one, one.where)], Sources(tmp_path), color=False))[1:]
    assert [len(row) for row in rows] == [3, 3]
    words = re.sub(r"\s+", "", text if text.count("`") % 2 else text.replace("`", ""))
    assert re.sub(r"\s+", "", rows[0][2]) == f"WB103{words}(bad-value)help:{words}note:{words}"
    assert rows[0][1] == "a|b`c.yaml:3:4"


def test_a_summary_stays_under_900_kib_and_is_cut_in_the_middle(tmp_path):
    error, warning = (
        Diagnostic(codes()[id_], "é" * 300 + id_, Span("a.yaml", 1, 1, 1, 2)) for id_ in ("WB101", "WB007")
    )
    placed = [(one, one.where) for one in [warning] * 4000 + [error] * 10]
    text = markdown.render(placed, Sources(tmp_path), color=False)
    assert 800 * 1024 < len(text.encode()) <= 900 * 1024
    assert text.startswith("### Watchbill found 10 errors and 4,000 warnings\n")
    assert [row[0] for row in table(text)[1:12]] == ["❌"] * 10 + ["⚠️"]
    assert re.search(r"\n\*\*[0-9,]+ more findings stand in the log of this step\*\*", text)
    assert text.endswith("</details>")
    assert "| WB007 | ambiguous-scalar | 4,000 |" in text
    left_out = int(re.search(r"\*\*([0-9,]+) more", text)[1].replace(",", ""))
    assert text.count("\n| ⚠️") + text.count("\n| ❌") + left_out == 4010


def test_one_endless_message_does_not_take_the_whole_summary(tmp_path):
    one = Diagnostic(codes()["WB103"], "`" + "x" * 2_000_000 + "`", Span("a.yaml"))
    text = markdown.render([(one, one.where)], Sources(tmp_path), color=False)
    assert len(text) < 5000
    assert len(table(text)) == 2


def test_without_findings_the_summary_says_so(tmp_path):
    assert (
        markdown.render([], Sources(tmp_path), color=False) == "### ✅ Watchbill: nothing to say against these policies"
    )


FORMS = ["sarif", "markdown", "json"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", [["check"], ["compile"], ["compile", "--check"], ["test"]], ids=" ".join)
def test_every_verb_that_reports_prints_one_document_and_nothing_else(verb, form, broken, run):
    ran = run(*verb, "--format", form, cwd=broken())
    assert (ran.exit, ran.err) == (1, "")
    assert ran.out.startswith("### " if form == "markdown" else "{\n")
    if form != "markdown":
        json.loads(ran.out)


def test_related_places_are_told_in_sarif(tmp_path):
    first = Span("a.yaml", 2, 1, 2, 5)
    one = Diagnostic(
        codes()["WB004"],
        "`a` is given twice",
        Span("a.yaml", 4, 1, 4, 2),
        related=(Related(first, "first given here"),),
    )
    (result,) = sarif.document([(one, one.where)], Sources(tmp_path))["runs"][0]["results"]
    (related,) = result["relatedLocations"]
    assert (related["id"], related["message"]) == (1, {"text": "first given here"})
    assert related["physicalLocation"]["region"]["startLine"] == 2
