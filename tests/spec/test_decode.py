"""From YAML to kinds: every mistake is told, each at its place, with what to do about it."""

import pytest

from watchbill.spec.kinds import KINDS
from watchbill.spec.kinds.people import Escalation, Schedule, Team
from watchbill.spec.kinds.service import Service
from watchbill.spec.load import load
from watchbill.spec.memory import Memory
from watchbill.spec.scalars import Placed
from watchbill.spec.shapes import ListShape, MapShape, PlacedShape, StructShape, fields_of

PERSON = "kind: Person\nname: ana\nemail: ana@shop.example\n"
SERVICE = "kind: Service\nname: api\nteam: shop\nalerts:\n"
ALERT = (
    "- {name: ApiDown, severity: critical, expr: up == 0, summary: it is down, runbook: {url: https://w.example/a}, "
)
WRONG = {
    "no kind": ("WB106", "⟦n⟧ame: ana\nemail: a@b.ec\n", "no `kind`", "Service"),
    "an unknown kind": ("WB106", "kind: ⟦Servise⟧\nname: api\nteam: shop\n", "`Servise` is not a kind", "did you mean `Service`?"),
    "a kind that is a list": ("WB106", "kind: ⟦[Person]⟧\nname: ana\n", "is not a kind", "one of"),
    "a kind in lower case": ("WB106", "kind: ⟦person⟧\nname: ana\n", "`person` is not a kind", "did you mean `Person`?"),
    "no name": ("WB104", "⟦k⟧ind: Person\nemail: a@b.ec\n", "`name` is missing", "add `name:`"),
    "a name with a space": ("WB103", "kind: Person\nname: ⟦ana b⟧\nemail: a@b.ec\n", "`ana b` is not a name", "lower-case"),
    "a name that is a mapping": ("WB102", "kind: Person\nname: ⟦{a: b}⟧\nemail: a@b.ec\n", "not a mapping", "a name"),
    "an unknown key": ("WB101", PERSON + "⟦skils⟧: []\n", "unknown key `skils` in Person", "did you mean `skills`?"),
    "an unknown key far inside": ("WB101", SERVICE + ALERT + "no_data: {⟦afer⟧: 5m}}\n", "unknown key `afer`", "did you mean `after`?"),
    "an unknown key like nothing": ("WB101", PERSON + "⟦zzz⟧: 1\n", "unknown key `zzz`", "known here: "),
    "a misspelt header": ("WB101", PERSON + "⟦taem⟧: shop\n", "unknown key `taem`", "did you mean `team`?"),
    "a team on a team": ("WB101", "kind: Team\nname: b\n⟦team⟧: shop\n", "unknown key `team`", ""),
    "a list where one value belongs": ("WB102", "kind: Person\nname: ana\nemail: ⟦[a@b.ec]⟧\n", "an e-mail address, not a list", "write an e-mail"),
    "one value where a list belongs": ("WB102", SERVICE + ALERT + "page_per: ⟦job⟧}\n", "this should be a list", "in [ ]"),
    "one value where a mapping belongs": ("WB102", PERSON + "notify: ⟦sms⟧\n", "this should be a mapping", "key: value"),
    "a list where a mapping belongs": ("WB102", PERSON + "phone: ⟦[a]⟧\n", "this should be a mapping, not a list", "key: value"),
    "a value for a struct without a short form": ("WB102", SERVICE + ALERT + "impact: ⟦direct⟧}\n", "a mapping with `revenue`, `customers`", "revenue"),
    "a duration with a word": ("WB103", SERVICE + ALERT + "for: ⟦5 mins⟧}\n", "`5 mins` is not a Prometheus duration", "90s, 5m or 1h30m"),
    "a duration out of order": ("WB103", SERVICE + ALERT + "for: ⟦5s1m⟧}\n", "`5s1m` is not", "duration"),
    "a duration without a unit": ("WB103", SERVICE + ALERT + "for: ⟦5⟧}\n", "`5` is not", "duration"),
    "a duration of a thousand years": ("WB103", SERVICE + ALERT + "for: ⟦1000y⟧}\n", "more than 100 years", "duration"),
    "a duration of 5,000 digits": ("WB103", SERVICE + ALERT + f"for: ⟦{'9' * 5000}m⟧}}\n", "more than 100 years", "duration"),
    "a day that does not exist": ("WB103", PERSON + "away: [{from: ⟦2026-02-30⟧, until: 2026-03-01}]\n", "no such day", "a day such as"),
    "a time zone that does not exist": ("WB103", PERSON + "timezone: ⟦Europe/Lisboa⟧\n", "not a time zone", "such as Europe/Lisbon"),
    "a time zone that is a path": ("WB103", PERSON + "timezone: ⟦../../etc/passwd⟧\n", "is not a time zone", "such as"),
    "a word that is not in the list": ("WB103", "kind: Team\nname: b\npaging: ⟦pagerdty⟧\n", "not one of `pagerduty`, `none`", "did you mean `pagerduty`?"),
    "a yes for a true": ("WB103", "kind: Procedure\nname: p\nwhen: {severity: [critical]}\nsteps: [{do: it}]\nconfidential: ⟦yes⟧\n", "`yes` is not `true` or `false`", "write `true`"),
    "a quoted true": ("WB103", "kind: Procedure\nname: p\nwhen: {severity: [critical]}\nsteps: [{do: it}]\nconfidential: ⟦'true'⟧\n", "is not `true` or `false`", "write"),
    "text for a number": ("WB103", "kind: Service\nname: api\nteam: shop\ntier: ⟦one⟧\n", "`one` is not a whole number", "whole number"),
    "a quoted number": ("WB103", "kind: Service\nname: api\nteam: shop\ntier: ⟦'1'⟧\n", "`1` is not a whole number", "whole number"),
    "a number in base eight": ("WB103", "kind: Service\nname: api\nteam: shop\ntier: ⟦010⟧\n", "`010` is not a whole number", "whole number"),
    "a number too large": ("WB103", "kind: Service\nname: api\nteam: shop\ntier: ⟦999999999999⟧\n", "is not a whole number", "whole number"),
    "a key without a value": ("WB110", "kind: Person\nname: ana\nemail: a@b.ec\nslack: ⟦~⟧\n", "this is empty; it should be text", "leave the key out"),
    "a key that is no label name": ("WB103", SERVICE + ALERT + "annotations: {⟦a-b⟧: c}}\n", "`a-b` is not a label name", "letters, digits"),
    "none of two": ("WB105", PERSON + "phone: ⟦{}⟧\n", "one of `file`, `env` is missing", "give exactly one"),
    "two of two": ("WB105", PERSON + "phone: ⟦{file: /a, env: B}⟧\n", "both `file` and `env` are given", "exactly one"),
    "a by without a default": ("WB104", SERVICE + ALERT + "for: ⟦{by: {production: 5m}}⟧}\n", "needs a `default`", "add `default: …`"),
    "a bad default": ("WB103", SERVICE + ALERT + "for: {default: ⟦5⟧, by: {production: 5m}}}\n", "`5` is not a Prometheus duration", "duration"),
    "a bad value in one place": ("WB103", SERVICE + ALERT + "for: {default: 5m, by: {production: ⟦5⟧}}}\n", "`5` is not a Prometheus duration", "duration"),
    "a bad place": ("WB103", SERVICE + ALERT + "for: {default: 5m, by: {⟦Production⟧: 5m}}}\n", "`Production` is not an environment", "environment/source"),
    "a word beside default and by": ("WB101", SERVICE + ALERT + "for: {default: 5m, ⟦in⟧: {production: 5m}}}\n", "unknown key `in`", "default"),
    "a pattern that is not RE2": ("WB103", "kind: Remediation\nname: r\ninputs: {a: {label: b, allow: [⟦a(?=b)⟧]}}\naction: {command: {argv: [{input: a}]}}\nguardrails: {cooldown: 5m}\n", "not an RE2 pattern", "RE2"),
}  # fmt: skip


@pytest.mark.parametrize("code, text, message, advice", WRONG.values(), ids=WRONG)
def test_a_mistake_is_one_finding_at_its_place_with_what_to_do(
    code, text, message, advice, small, workspace, findings, marked
):
    text, place = marked(text)
    root = workspace({"policies/watchbill.yaml": small, "policies/a.yaml": text})
    found = findings(root, "policies/a.yaml")
    assert [one.code for one in found] == [code], found
    assert found[0].place == place
    assert message in found[0].message
    assert advice in found[0].help


def test_a_key_with_nothing_behind_it_is_empty_at_the_place_where_its_value_belongs(small, workspace, findings):
    text = SERVICE + "- name: ApiDown\n  severity: critical\n  summary: down\n  expr:\n  for: 5m\n"
    (found,) = findings(workspace({"policies/watchbill.yaml": small, "policies/a.yaml": text}), "policies/a.yaml")
    assert (found.code, found.place[:2]) == ("WB110", (8, 8))


def test_all_mistakes_of_all_files_are_told_at_once(small, workspace, findings):
    files = {
        "policies/watchbill.yaml": small,
        "policies/a.yaml": PERSON + "skils: []\ntimezone: Lisbon\naway: [{from: 2026-02-30}]\n",
        "policies/b.yaml": SERVICE + ALERT + "for: 5}\n- {nme: X}\n---\nkind: Persn\nname: x\n",
        "policies/c.yaml": "kind: [",
    }
    found = [(one.file[9], one.code, one.text) for one in findings(workspace(files))]
    assert found == [
        ("a", "WB101", "skils"),
        ("a", "WB103", "Lisbon"),
        ("a", "WB104", "{from: 2026-02-30}"),
        ("a", "WB103", "2026-02-30"),
        ("b", "WB103", "5"),
        ("b", "WB104", "{nme: X}"),
        ("b", "WB104", "{nme: X}"),
        ("b", "WB101", "nme"),
        ("b", "WB106", "Persn"),
        ("c", "WB003", ""),
    ]


LATER = [(kind, key) for kind, type_ in KINDS.items() for key in StructShape(type_).not_yet]


@pytest.mark.parametrize("kind, key", LATER)
def test_a_key_of_a_later_version_is_not_yet_and_not_unknown(kind, key, small, workspace, findings):
    text = f"kind: {kind}\nname: later\n{key}: {{a: [1]}}\n"
    found = findings(workspace({"policies/watchbill.yaml": small, "policies/a.yaml": text}), "policies/a.yaml")
    assert [one.text for one in found if one.code == "WB107"] == [key]
    assert [one for one in found if one.code == "WB101"] == []


def test_a_word_of_a_later_version_is_not_yet(small, workspace, findings):
    root = workspace(
        {"policies/watchbill.yaml": small.replace("primary: always-me}", "primary: always-me}\npaging: native")}
    )
    (found,) = findings(root)
    assert (found.code, found.text) == ("WB107", "native")


SECRETS = {
    "in place of a reference": 'tickets: {webhook: "https://hooks.example/SECRET"}',
    "as a phone number": "tickets: {webhook: SECRET}",
    "as a file": 'tickets: {webhook: {file: "https://hooks.example/SECRET"}}',
    "as a variable": "tickets: {webhook: {env: sk-SECRET}}",
    "under a key of their own": "tickets: {webhook: {url: https://hooks.example/SECRET}}",
    "beside another mistake": 'tickets: {webhook: "https://hooks.example/SECRET", foo: bar}',
    "over several lines": "tickets:\n  webhook: |\n    https://hooks.example/\n    SECRET",
    "quoted over several lines": 'tickets:\n  webhook: "https://hooks.example/\n    SECRET"',
    "as a list": "tickets: {webhook: {file: [SECRET]}}",
}  # fmt: skip


@pytest.mark.parametrize("written", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_a_secret_is_refused_and_nothing_repeats_it(written, form, small, workspace, run):
    team = f"kind: Team\nname: b\n{written}\n"
    root = workspace({"policies/watchbill.yaml": small, "policies/b.yaml": team})
    ran = run("check", "--format", form, cwd=root)
    assert ran.exit == 1
    assert "WB109" in ran.out
    assert "/run/secrets/" in ran.out
    assert "SECRET" not in ran.out + ran.err


@pytest.mark.parametrize("url", ["http://ana:SECRET@prom:9090", "https://:SECRET@prom/", "ftp://ana:SECRET@prom"])
def test_a_password_in_a_url_is_a_secret(url, small, workspace, run):
    root = workspace({"policies/watchbill.yaml": small.replace("http://localhost:9090", url)})
    ran = run("check", cwd=root)
    assert "WB109" in ran.out
    assert "SECRET" not in ran.out + ran.err


def bodies(root):
    policies, found = load(root, Memory())
    assert found == []
    return {(policy.kind, policy.name): policy.body for policy in policies.all}


def test_short_forms_mean_the_same_as_the_long_ones(small, workspace):
    short = """
kind: Service
name: short
team: shop
depends_on: [web]
alerts:
- {name: A, severity: critical, expr: up == 0, for: 5m, summary: s, runbook: r, tests: []}
---
kind: Schedule
name: short
layers: [{name: l, only: office, rotation: daily, eras: [{from: 2026-01-05, people: [me]}]}]
---
kind: Remediation
name: short
action: {kubernetes.rollout_restart: {cluster: eu, namespace: {literal: shop}, deployment: {input: d}}}
guardrails: {cooldown: 5m}
inputs: {d: {label: deployment, allow: [a]}}
"""
    long = (
        short.replace("short", "long")
        .replace("severity: critical", "severity: {default: critical}")
        .replace("expr: up == 0", "expr: {default: up == 0, by: {}}")
        .replace("for: 5m", "for: {default: 5m}")
        .replace("summary: s", "summary: {default: s}")
        .replace("runbook: r", "runbook: {name: r}")
        .replace("only: office", "only: {inside: office}")
        .replace("rotation: daily", "rotation: {name: daily}")
        .replace("cluster: eu", "cluster: {literal: eu}")
        .replace("[web]", "[{service: web}]")
    )
    found = bodies(workspace({"policies/watchbill.yaml": small, "policies/a.yaml": short, "policies/b.yaml": long}))
    for kind in ("Service", "Schedule", "Remediation"):
        assert found[kind, "short"] == found[kind, "long"]


def test_a_value_may_differ_by_place(small, workspace):
    text = (
        SERVICE
        + "- {name: A, severity: critical, expr: up == 0, summary: s, for: {default: 2m, by: {staging: 15m, production/eu: 5m}}}\n"
    )
    (alert,) = bodies(workspace({"policies/watchbill.yaml": small, "policies/a.yaml": text}))["Service", "api"].alerts
    assert alert.for_ == Placed("2m", {"staging": "15m", "production/eu": "5m"})
    places = [("staging", "staging/eu"), ("production", "production/eu"), ("production", "production/us")]
    assert [alert.for_.at(*place) for place in places] == ["15m", "5m", "2m"]


def test_text_is_kept_letter_by_letter_whatever_yaml_would_make_of_it(small, workspace):
    texts = ["007", "1_000", "0x1F", "1e3", "2026-01-05", "12:30:45", "true", "  padded  ", "é漢", "5", "-0.0", ".inf"]
    labels = "".join(
        f"\n  l{number}: {text if text.strip() == text else repr(text)}" for number, text in enumerate(texts)
    )
    text = f"kind: Runbook\nname: r\nimmediate: [look]\n---\n{PERSON.replace('ana', 'odd')}---\nkind: Service\nname: odd\nteam: shop\nalerts:\n- name: A\n  severity: critical\n  expr: up == 0\n  summary: s\n  annotations:{labels.replace(chr(10) + '  ', chr(10) + '    ')}\n"
    root = workspace({"policies/watchbill.yaml": small, "policies/a.yaml": text})
    policies, _ = load(root, Memory())
    (service,) = (policy.body for policy in policies.all if policy.name == "odd" and policy.kind == "Service")
    assert [service.alerts[0].annotations[f"l{number}"] for number in range(len(texts))] == texts


AMBIGUOUS = ["yes", "No", "ON", "off", "y", "N", "1:30", "0777", "+010", "-1:30:00", "1_0:30"]
CLEAR = ["true", "null-ish", "5", "0", "-7", "1.5", "yess", "0o7", "08", "1:75", "'yes'", '"0777"', "a:b"]


@pytest.mark.parametrize("word", AMBIGUOUS)
def test_a_word_that_yaml_1_1_reads_otherwise_is_text_with_a_warning(word, small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": small, "policies/a.yaml": f"{PERSON}slack: {word}\n"})
    (found,) = findings(root)
    assert (found.code, found.level, found.text) == ("WB007", "warning", word)
    assert found.help == f'write "{word}"'
    assert bodies_of_warned(root) == word


def bodies_of_warned(root):
    policies, _ = load(root, Memory())
    return next(policy.body.slack for policy in policies.all if policy.name == "ana")


@pytest.mark.parametrize("word", CLEAR)
def test_a_word_that_every_yaml_reads_alike_or_that_is_quoted_is_no_warning(word, small, workspace, findings):
    assert findings(workspace({"policies/watchbill.yaml": small, "policies/a.yaml": f"{PERSON}slack: {word}\n"})) == []


def test_a_null_unsets_only_where_something_can_be_inherited(small, workspace, findings):
    text = SERVICE + ALERT + "for: ~, keep_firing_for: null}\n"
    assert findings(workspace({"policies/watchbill.yaml": small, "policies/a.yaml": text})) == []
    text = SERVICE + ALERT.replace("severity: critical", "severity: {default: ~}") + "}\n"
    found = findings(workspace({"policies/watchbill.yaml": small, "policies/a.yaml": text}))
    assert "WB110" in [one.code for one in found]


def test_every_key_of_every_kind_is_documented():
    seen = set()

    def visit(shape, path):
        if isinstance(shape, ListShape | PlacedShape):
            visit(shape.item, path)
        elif isinstance(shape, MapShape):
            visit(shape.value, path)
        elif isinstance(shape, StructShape) and shape.type not in seen:
            seen.add(shape.type)
            for field in fields_of(shape.type):
                assert field.doc.strip(), (*path, field.key)
                assert field.doc.rstrip()[-1] in ".…?:" or field.doc.endswith(('"', "`")) or len(field.doc) > 3
                visit(field.shape, (*path, field.key))

    for kind, type_ in KINDS.items():
        visit(StructShape(type_), (kind,))
    assert {Team, Schedule, Escalation, Service} <= seen
    assert len(seen) > 50


@pytest.mark.parametrize("url", ["http://am:90x3", "http://am:99999", "http://[::1", "http://:9093", "http://a]b/"])
def test_a_url_whose_host_or_port_is_none_is_a_finding(url, workspace, findings, small):
    root = workspace({"policies/watchbill.yaml": small.replace("http://localhost:9093", f"'{url}'")})
    found = findings(root)
    assert [(one.code, one.text) for one in found if one.level == "error"] == [("WB103", f"'{url}'")]
