"""The canonical layout: one way to write a policy, whatever the hand that wrote it; every comment stays with its key."""

import textwrap

import pytest

from watchbill.layout.canonical import canonical
from watchbill.layout.order import ALERT, order_of
from watchbill.spec.kinds import KINDS
from watchbill.spec.kinds.foreign import RuleChange
from watchbill.spec.kinds.service import Alert, Change
from watchbill.spec.shapes import fields_of


def laid_out(text: str) -> str:
    new, found = canonical("policies/a.yaml", text.encode())
    assert found == []
    assert new is not None
    again, _ = canonical("policies/a.yaml", new.encode())
    assert again == new
    return new


WORKSPACE = "apiVersion: watchbill/v1\nkind: Workspace\nname: shop\n"
SERVICE = "kind: Service\nname: web\nteam: shop\n"

CASES = {
    "keys come in the order of the language, the header first": (
        """
        tier: 1
        name: web
        dashboard: {uid: web}
        team: shop
        depends_on: [db]
        kind: Service
        """,
        """
        kind: Service
        name: web
        team: shop
        tier: 1
        depends_on: [db]
        dashboard: {uid: web}
        """,
    ),
    "a list of words that is too long for a line fills as few as it needs, one of sentences does not": (
        """
        kind: Calendar
        name: hours
        weekly: {monday: ["09:00-18:00"]}
        closed: [2026-01-01, 2026-04-03, 2026-05-01, 2026-06-04, 2026-06-10, 2026-10-05, 2026-12-01, 2026-12-08, 2026-12-25, 2027-01-01]     # all
        ---
        kind: Runbook
        name: web
        immediate: ["Look at the newest pods first, and at what was changed in the last two hours", "Then undo the one that fits in time"]
        """,
        """
        kind: Calendar
        name: hours
        weekly: {monday: ["09:00-18:00"]}
        # all
        closed: [
          2026-01-01, 2026-04-03, 2026-05-01, 2026-06-04, 2026-06-10, 2026-10-05, 2026-12-01, 2026-12-08, 2026-12-25,
          2027-01-01]
        ---
        kind: Runbook
        name: web
        immediate:
        - "Look at the newest pods first, and at what was changed in the last two hours"
        - "Then undo the one that fits in time"
        """,
    ),
    "keys inside brackets come in order, too": (
        """
        kind: Calendar
        name: hours
        weekly: {monday-friday: ["09:00-18:00"]}
        timezone: UTC
        ---
        kind: Team
        name: shop
        ---
        kind: Person
        name: ana
        email: ana@shop.example
        away: [{until: 2026-01-03, from: 2026-01-01}]
        """,
        """
        kind: Calendar
        name: hours
        timezone: UTC
        weekly: {monday-friday: ["09:00-18:00"]}
        ---
        kind: Team
        name: shop
        ---
        kind: Person
        name: ana
        email: ana@shop.example
        away: [{from: 2026-01-01, until: 2026-01-03}]
        """,
    ),
    "the order of keys that the author chose has a meaning and stays": (
        WORKSPACE + "severities: {high: {ticket: team}, critical: {notify: team}}\nenvironments: {b: {}, a: {}}\n",
        WORKSPACE + "environments: {b: {}, a: {}}\nseverities: {high: {ticket: team}, critical: {notify: team}}\n",
    ),
    "a value by place has its default first": (
        SERVICE + "alerts: [{name: A, for: {by: {staging: 5m}, default: 1m}, expr: up, summary: s}]\n",
        SERVICE + "alerts: [{name: A, expr: up, for: {default: 1m, by: {staging: 5m}}, summary: s}]\n",
    ),
    "an alert is read from its name over its condition to its answer": (
        """
        kind: Service
        name: web
        alerts:
        - tests: []
          runbook: web
          summary: s
          for: 2m
          params: {}
          expr: up == 0
          severity: critical
          class: sla
          name: WebDown
        """,
        """
        kind: Service
        name: web
        alerts:
        - name: WebDown
          class: sla
          severity: critical
          expr: up == 0
          params: {}
          for: 2m
          summary: s
          runbook: web
          tests: []
        """,
    ),
    "nothing moves in a mapping with a key that the language does not have": (
        SERVICE + "dashboard: {uid: a}\ntear: 1\nalerts: []\n",
        SERVICE + "dashboard: {uid: a}\ntear: 1\nalerts: []\n",
    ),
    "nothing moves in a document with anchors": (
        SERVICE + "dashboard: &d {uid: a}\ntier: 1\nparams: {p: {type: name, default: *d}}\n",
        SERVICE + "dashboard: &d {uid: a}\ntier: 1\nparams: {p: {type: name, default: *d}}\n",
    ),
    "two spaces, lists not indented under their key": (
        """
        kind: Schedule
        name: primary
        layers:
            -   name: week
                eras:
                    - people:
                        - ana
                        - bo
                      from: 2026-01-05
        """,
        """
        kind: Schedule
        name: primary
        layers:
        - name: week
          eras:
          - from: 2026-01-05
            people:
            - ana
            - bo
        """,
    ),
    "a short mapping in brackets stays on its line, without odd spaces": (
        "kind: Team\nname: shop\non_call: { primary:   a,secondary: b ,}\nroles: {\n  manager: mia\n}\n",
        "kind: Team\nname: shop\non_call: {primary: a, secondary: b}\nroles: {manager: mia}\n",
    ),
    "what is wider than 120 columns leaves its brackets, from outside in": (
        SERVICE
        + "alerts: [{name: WebDown, severity: critical, expr: up == 0, for: {default: 2m, by: {staging: 15m}}, "
        "summary: 'It is down and nobody can buy anything at all'}]\n",
        SERVICE + "alerts:\n- name: WebDown\n  severity: critical\n  expr: up == 0\n"
        '  for: {default: 2m, by: {staging: 15m}}\n  summary: "It is down and nobody can buy anything at all"\n',
    ),
    "a mapping that nobody put in brackets is not put there": (
        "kind: Team\nname: shop\nroles:\n  manager: mia\n",
        "kind: Team\nname: shop\nroles:\n  manager: mia\n",
    ),
    "JSON becomes YAML": (
        '{"kind": "Person", "name": "ana", "email": "ana@shop.example", "skills": ["a", "b"]}',
        "kind: Person\nname: ana\nemail: ana@shop.example\nskills: [a, b]\n",
    ),
    "names, durations, dates and addresses stand without quotes, sentences keep them": (
        ("kind: Person\nname: 'ana'\nemail: \"ana@shop.example\"\nslack: 'U0 4'\naway: [{from: \"2026-01-01\", until: '2026-01-02'}]\n"
        "---\nkind: Remediation\nname: r\naction: {http: {url: 'http://x.example/a', body: {state: \"on\"}}}\n"
        'guardrails: {cooldown: "15m", max_per_hour: 3}\n'),
        ('kind: Person\nname: ana\nemail: ana@shop.example\nslack: "U0 4"\naway: [{from: 2026-01-01, until: 2026-01-02}]\n'
        '---\nkind: Remediation\nname: r\naction: {http: {url: http://x.example/a, body: {state: "on"}}}\n'
        "guardrails: {cooldown: 15m, max_per_hour: 3}\n"),
    ),
    "what YAML 1.1 reads as something else is quoted": (
        "kind: Person\nname: on\nemail: ana@shop.example\nslack: 1:30\nskills: [0777, y]\n",
        'kind: Person\nname: "on"\nemail: ana@shop.example\nslack: "1:30"\nskills: ["0777", "y"]\n',
    ),
    "versions and times of day are quoted": (
        WORKSPACE + "environments: {}\nversions: {prometheus: 2.50, alertmanager: '0.28'}\n"
        "---\nkind: Calendar\nname: c\nweekly: {monday-friday: [09:00-18:00]}\n",
        WORKSPACE + 'environments: {}\nversions: {prometheus: "2.50", alertmanager: "0.28"}\n'
        '---\nkind: Calendar\nname: c\nweekly: {monday-friday: ["09:00-18:00"]}\n',
    ),
    "PromQL is in single quotes, text in double quotes, unless that needs more escapes": (
        "kind: Runbook\nname: r\nimmediate: ['do \"it\"', 'don''t', \"it's \\\"so\\\"\"]\ninvestigate: [{promql: \"up{job=\\\"a\\\"}\"}, {promql: \"up{job='a'}\"}]\n",
        "kind: Runbook\nname: r\nimmediate: ['do \"it\"', \"don't\", 'it''s \"so\"']\ninvestigate: [{promql: 'up{job=\"a\"}'}, {promql: \"up{job='a'}\"}]\n",
    ),
    "an escape that the author wrote stays": (
        'kind: Runbook\nname: r\nimmediate: ["no\\u00a0break", "caf\\u00e9", "a\\nb"]\n',
        'kind: Runbook\nname: r\nimmediate: ["no\\u00a0break", "caf\\u00e9", "a\\nb"]\n',
    ),
    "a block of text is indented anew and its lines stay": (
        SERVICE + "alerts:\n  - name: A\n    expr: |\n          sum(up)\n            / 2\n\n          > 1\n    summary: >-\n      folded\n      as it is\n",
        SERVICE + "alerts:\n- name: A\n  expr: |\n    sum(up)\n      / 2\n\n    > 1\n  summary: >-\n    folded\n    as it is\n",
    ),
    "a block that begins deeper says how deep": (
        "kind: Message\nname: m\naudience: incident\nbody: |4\n      deep\n    flat\n",
        "kind: Message\nname: m\naudience: incident\nbody: |2\n    deep\n  flat\n",
    ),
    "empty lines at the end of a block count where it says so": (
        "kind: Message\nname: m\nbody: |+\n  text\n\n\naudience: incident\n",
        "kind: Message\nname: m\naudience: incident\nbody: |+\n  text\n\n\n",
    ),
    "a text over several lines goes on one where it fits, else it is folded": (
        'kind: Runbook\nname: r\nimmediate:\n- open the\n  dashboard\n- "' + "word " * 15 + "\n   " + "word " * 15 + 'end"\n',
        "kind: Runbook\nname: r\nimmediate:\n- open the dashboard\n- >-\n  " + "word " * 22 + "word\n  " + "word " * 7 + "end\n",
    ),
    "one blank line at most, none beside --- and at the ends": (
        "\n\nkind: Team\n\n\n\nname: shop\n\n---\n\nkind: Team\nname: b\n\n\n",
        "kind: Team\n\nname: shop\n---\nkind: Team\nname: b\n",
    ),
    "alerts are a blank line apart, unless each is one line": (
        """
        kind: Service
        name: web
        alerts:

        - {name: A, expr: up}
        - {name: B, expr: up}
        - name: C
          expr: up


        - name: D
          expr: up
        - {name: E, expr: up}

        - {name: F, expr: up}
        """,
        """
        kind: Service
        name: web
        alerts:
        - {name: A, expr: up}
        - {name: B, expr: up}

        - name: C
          expr: up

        - name: D
          expr: up

        - {name: E, expr: up}
        - {name: F, expr: up}
        """,
    ),
    "values that the author lined up stay lined up": (
        WORKSPACE + "environments: {}\nseverities:\n  critical: {page: a}\n  high:     {page: b}\n  info: {drop: true}\n",
        WORKSPACE + "environments: {}\nseverities:\n  critical: {page: a}\n  high:     {page: b}\n  info:     {drop: true}\n",
    ),
    "spaces at the ends of lines, tabs between words and carriage returns go": (
        "kind: Team  \r\nname:\tshop\r\nroles: {manager: mia}\t\r\n",
        "kind: Team\nname: shop\nroles: {manager: mia}\n",
    ),
    "a byte-order mark goes": ("\ufeffkind: Team\nname: shop\n", "kind: Team\nname: shop\n"),
    "end markers, a first marker and empty documents go": (
        "---\nkind: Team\nname: a\n...\n---\n---\nkind: Team\nname: b\n---\n",
        "kind: Team\nname: a\n---\nkind: Team\nname: b\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("before, after", CASES.values(), ids=CASES)
def test_the_layout_is_canonical(before, after):
    assert laid_out(textwrap.dedent(before).removeprefix("\n") if before.startswith("\n ") else before) == (
        textwrap.dedent(after).removeprefix("\n")
    )


COMMENTS = {
    "before a key that moves": (
        SERVICE + "tier: 1\n# what it watches\nalerts: []\n# who it needs\ndepends_on: [db]\n",
        SERVICE + "tier: 1\n# who it needs\ndepends_on: [db]\n# what it watches\nalerts: []\n",
    ),
    "after a key that moves": (
        SERVICE + "alerts: []   # none yet\ntier: 1 # first\n",
        SERVICE + f"{'tier: 1':<41}# first\n{'alerts: []':<41}# none yet\n",
    ),
    "that goes on in the next line": (
        SERVICE + "tier: 1  # the first\n         # of three\nalerts: []\n",
        SERVICE + f"{'tier: 1':<41}# the first\n{'':<41}# of three\nalerts: []\n",
    ),
    "after a key whose value is below it": (
        SERVICE + "alerts: # these\n  - name: A   # this\n    expr: up\n",
        SERVICE + f"{'alerts:':<41}# these\n{'- name: A':<41}# this\n  expr: up\n",
    ),
    "after the head of a block": (
        SERVICE + "alerts:\n- name: A\n  expr: |  # a query\n    up\n",
        SERVICE + f"alerts:\n- name: A\n{'  expr: |':<41}# a query\n    up\n",
    ),
    "between a key and its value": (
        SERVICE + "tier:  # a\n  # b\n  1\n",
        SERVICE[:-1] + f"\n# b\n{'tier: 1':<41}# a\n",
    ),
    "before an item": (
        SERVICE + "alerts:\n# the first\n- name: A\n  expr: up\n\n# the second\n# of two\n- name: B\n  expr: up\n",
        SERVICE + "alerts:\n# the first\n- name: A\n  expr: up\n\n# the second\n# of two\n- name: B\n  expr: up\n",
    ),
    "after a dash": (
        SERVICE + "alerts:\n- # the first\n  name: A\n  expr: up\n",
        SERVICE + "alerts:\n# the first\n- name: A\n  expr: up\n",
    ),
    "of a key that becomes the first of its item": (
        SERVICE + "alerts:\n- expr: up\n  # its name\n  name: A\n",
        SERVICE + "alerts:\n# its name\n- name: A\n  expr: up\n",
    ),
    "in brackets": (
        "kind: Person\nname: ana\nemail: a@b.example\nskills: [\n  # from before\n  payments,  # three years\n  kafka\n  # and no more\n]\n",
        f"kind: Person\nname: ana\nemail: a@b.example\nskills:\n# from before\n{'- payments':<41}# three years\n- kafka\n  # and no more\n",
    ),
    "after brackets that are too wide": (
        SERVICE + "alerts:\n- {name: WebDown, expr: up == 0, summary: '" + "x" * 80 + "', for: 5m}  # this\n",
        SERVICE + 'alerts:\n# this\n- name: WebDown\n  expr: up == 0\n  for: 5m\n  summary: "' + "x" * 80 + '"\n',
    ),
    "at the end of a mapping, indented like it": (
        SERVICE + "alerts:\n- name: A\n  expr: up\n  # for: 5m\n- name: B\n  expr: up\n",
        SERVICE + "alerts:\n- name: A\n  expr: up\n  # for: 5m\n\n- name: B\n  expr: up\n",
    ),
    "at the end of a list, before another key": (
        "kind: Person\nname: ana\nemail: a@b.example\nskills:\n  - a\n  # - b\nworks: hours\n",
        "kind: Person\nname: ana\nemail: a@b.example\nskills:\n- a\n  # - b\nworks: hours\n",
    ),
    "before another key, and not of the list above it": (
        "kind: Person\nname: ana\nemail: a@b.example\nskills:\n- a\n# the hours\nworks: hours\n",
        "kind: Person\nname: ana\nemail: a@b.example\nskills:\n- a\n# the hours\nworks: hours\n",
    ),
    "at the end of a document": (
        "kind: Team\nname: a\n\n# the next one\n---\nkind: Team\nname: b\n# the end\n",
        "kind: Team\nname: a\n\n# the next one\n---\nkind: Team\nname: b\n# the end\n",
    ),
    "at the top of a document, which stays there though the first key moves": (
        "# yaml-language-server: $schema=../generated/policy.schema.json\n# The shop.\n\nname: a\nkind: Team\n---\n# Of all\nkind: Workspace\napiVersion: watchbill/v1\n",
        "# yaml-language-server: $schema=../generated/policy.schema.json\n# The shop.\n\nkind: Team\nname: a\n---\n# Of all\napiVersion: watchbill/v1\nkind: Workspace\n",
    ),
    "at the top of a document that speaks of its first key": (
        "# its name\nname: a\n# its kind\nkind: Team\n",
        "# its kind\nkind: Team\n# its name\nname: a\n",
    ),
    "before the first document, and after its marker": (
        "# a\n\n--- # b\nkind: Team\nname: a\n---\n# of nothing\n---\n# d\nkind: Team\nname: d\n",
        "# a\n# b\nkind: Team\nname: a\n---\n# of nothing\n# d\nkind: Team\nname: d\n",
    ),
    "in the columns of a table": (
        WORKSPACE + "environments: {}\nseverities:\n  critical: {page: level-1}  # day\n  high:     {page: level-2, hours: team, outside: ticket}   # night\n  info:     {drop: true} # never\n",
        WORKSPACE + "environments: {}\nseverities:\n"
        + f"{'  critical: {page: level-1}':<62}# day\n"
        + f"{'  high:     {page: level-2, hours: team, outside: ticket}':<62}# night\n"
        + f"{'  info:     {drop: true}':<62}# never\n",
    ),
    "after long lines, under each other": (
        "kind: Team\nname: shop\nroles:\n  manager: somebody-with-a-rather-long-name # a\n  lead: somebody-with-an-even-longer-name-still # b\n  other: me # c\n",
        ("kind: Team\nname: shop\nroles:\n"
         f"{'  manager: somebody-with-a-rather-long-name':<52}# a\n{'  lead: somebody-with-an-even-longer-name-still':<52}# b\n{'  other: me':<41}# c\n"),
    ),
    "with a hash in the text beside it": (
        "kind: Team\nname: shop\nslack: {default: '#a#b'}  # c # d\n",
        'kind: Team\nname: shop\nslack: {default: "#a#b"}                 # c # d\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize("before, after", COMMENTS.values(), ids=COMMENTS)
def test_a_comment_stays_with_what_it_speaks_of(before, after):
    assert laid_out(before) == after


LEFT = {
    "text that is not YAML": (b"kind: [Team\n", "WB003"),
    "bytes that are not UTF-8": (b"kind: Team\nname: \xff\n", "WB002"),
    "a tag": (b"kind: !!str Team\n", "WB006"),
    "a key that is a list": (b"? [a, b]\n: c\n", "WB006"),
    "a key after a question mark": (b"? kind\n: Team\n", "WB006"),
    "a directive": (b"%YAML 1.1\n---\nkind: Team\n", "WB006"),
    "a list where a document should be": (b"- kind: Team\n", "WB006"),
    "a line separator": ("kind: Team\nname: 'a\u2028b'\n".encode(), "WB006"),
    "an anchor on a whole document": (b"&a\nkind: Team\n", "WB006"),
    "an alias that contains itself": (b"a: &a [*a]\n", "WB006"),
    "a syntax error in the second document": (b"name:   a\n---\nkind: {\n", "WB003"),
}  # fmt: skip


@pytest.mark.parametrize("data, code", LEFT.values(), ids=LEFT)
def test_a_file_that_cannot_be_laid_out_has_a_finding_and_no_new_text(data, code):
    text, found = canonical("policies/a.yaml", data)
    assert text is None
    assert [one.code.id for one in found] == [code]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# nothing yet\n", b"---\n", b"---\n# x\n---\n"])
def test_a_file_without_a_document_has_no_layout_and_no_finding(data):
    assert canonical("policies/a.yaml", data) == (None, [])


def test_every_key_of_what_inherits_defaults_has_its_place_among_the_keys_of_an_alert():
    for type_ in (Alert, Change, RuleChange):
        assert sorted(order_of(type_)) == sorted(field.key for field in fields_of(type_))
        assert {field.key for field in fields_of(type_)} <= set(ALERT)


def test_every_kind_has_an_order_of_all_its_keys():
    for type_ in KINDS.values():
        assert {field.key for field in fields_of(type_)} <= set(order_of(type_))
