"""Alertmanager configurations of every shape, and label sets that find their way into them; from a seed."""

import json
import random
from collections.abc import Iterator
from typing import Any

LABELS = ["team", "severity", "service", "env", "instance"]
ODD_LABELS = ["Ünicode", "a.b", "with space", "x:y"]
VALUES = {
    "team": ["pay", "data", "sre", "pay-core", "a|b", ""],
    "severity": ["critical", "high", "warning", "info"],
    "service": ["gateway", "ledger", "api.v2", 'quo"te', "back\\slash"],
    "env": ["production", "staging", "two\nlines"],
    "instance": ["db-1", "db-2", "web-17", "über"],
}
PATTERNS = [
    *(
        "pay|data",
        "pay.*",
        ".+",
        ".*",
        "",
        "crit(ical)?",
        "db-[0-9]+",
        "(?i)PAY",
        "[^p].*",
        "a\\|b",
        "^pay$",
        "two.lines",
    ),
    *("(?s)two.lines", "\\w+-\\d", "(pay|data)-?.*", "ü.*", "high|", "pay$|^data", "d{1,3}b?.*"),
]
OPERATORS = ["=", "!=", "=~", "!~"]


def value(draw: random.Random, label: str) -> str:
    return draw.choice([*VALUES.get(label, ["one", "two", "dré", ""]), "other"])


def label_set(draw: random.Random) -> dict[str, str]:
    """Some labels, some of them odd; none is empty, as Alertmanager drops empty ones."""
    names = [name for name in LABELS if draw.random() < 0.7] + [name for name in ODD_LABELS if draw.random() < 0.15]
    found = {name: value(draw, name) for name in names}
    return {name: text for name, text in found.items() if text} or {"alertname": "Nothing"}


def matcher(draw: random.Random, names: list[str]) -> str:
    """A matcher in one of the ways people write them, for either parser or for both."""
    name, operator = draw.choice(names), draw.choice(OPERATORS)
    text = draw.choice(PATTERNS) if "~" in operator else value(draw, name)
    shown = json.dumps(name, ensure_ascii=False) if name not in LABELS else name
    if draw.random() < 0.7 or name not in LABELS:
        return (
            f"{shown}{draw.choice(['', ' '])}{operator}{draw.choice(['', ' '])}{json.dumps(text, ensure_ascii=False)}"
        )
    if any(sign in text for sign in '",{}\n') or not text:
        return f'{name}{operator}"{name[0]}"'
    return (
        f"{name}{operator}{text}"  # without quotes: often for the classic parser only, and with a `\` of two meanings
    )


def conditions(draw: random.Random, prefix: str = "") -> dict[str, Any]:
    """Matchers in the three spellings."""
    found: dict[str, Any] = {}
    names = [*LABELS, *ODD_LABELS[:3]] if draw.random() < 0.15 else LABELS
    kind = draw.random()
    if kind < 0.6 or prefix:
        several = [matcher(draw, names) for _ in range(draw.choice([1, 1, 2, 3]))]
        if draw.random() < 0.15 and all(len(one) for one in several):
            several = ["{" + ",".join(several) + draw.choice(["", ","]) + "}"]
        found[f"{prefix}matchers"] = several
    if kind >= 0.5:
        found[f"{prefix}match"] = {name: value(draw, name) for name in draw.sample(LABELS, draw.choice([1, 2]))}
    if kind >= 0.85:
        name = draw.choice(LABELS)
        found[f"{prefix}match_re"] = {name: draw.choice(PATTERNS)}
    return found


def route(draw: random.Random, depth: int, receivers: list[str], intervals: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = conditions(draw) if draw.random() < 0.97 else {}
    if draw.random() < 0.8:
        found["receiver"] = draw.choice(receivers)
    if draw.random() < 0.35:
        found["continue"] = True
    if draw.random() < 0.3:
        found["group_by"] = draw.choice([["..."], [], ["team"], ["team", "env"], ["alertname", "a.b"]])
    for key in ("group_wait", "group_interval", "repeat_interval"):
        if draw.random() < 0.2:
            found[key] = draw.choice(["10s", "1m30s", "2h", "1d"])
    for key in ("active_time_intervals", "mute_time_intervals"):
        if intervals and draw.random() < 0.2:
            found[key] = draw.sample(intervals, draw.choice([1, 2]))
    if depth and draw.random() < 0.6:
        found["routes"] = [route(draw, depth - 1, receivers, intervals) for _ in range(draw.choice([1, 2, 3, 5]))]
    return found


def configuration(draw: random.Random, routes: int = 12, depth: int = 3) -> dict[str, Any]:
    """A configuration that Alertmanager accepts: names are defined, patterns compile."""
    receivers = [f"r{number}" for number in range(draw.randint(2, 30))]
    root: dict[str, Any] = {"receiver": "r0", "group_by": draw.choice([["..."], ["alertname"], []])}
    root["routes"] = [route(draw, depth, receivers, []) for _ in range(draw.randint(1, routes))]
    rules = [inhibit_rule(draw) for _ in range(draw.choice([0, 0, 1, 3]))]
    return {"route": root, "inhibit_rules": rules, "receivers": [{"name": name} for name in receivers]}


def inhibit_rule(draw: random.Random) -> dict[str, Any]:
    found = {**conditions(draw, "source_"), **conditions(draw, "target_")}
    return {**found, "equal": draw.sample([*LABELS, "a.b"], draw.choice([0, 1, 2]))}


def wide(draw: random.Random, routes: int = 1_600) -> dict[str, Any]:
    """A large company's tree: so many routes on three levels, most of them found by a team's name, some by patterns."""
    receivers = [f"team-{number}" for number in range(routes // 8)]
    teams = []
    for number, name in enumerate(receivers):
        matchers = [f'team="{name}"'] if number % 10 else [f'team=~"{name}|{name}-.*"']
        severities: list[dict[str, Any]] = [
            {"matchers": [f'severity="{severity}"'], "routes": [{"matchers": ['env!="production"']}]}
            for severity in ("critical", "high", "warning")
        ]
        teams.append(
            {"matchers": matchers, "receiver": name, "routes": [*severities, {"matchers": ['service=~"db-.+"']}]}
        )
    return {"route": {"receiver": "team-0", "routes": teams}, "receivers": [{"name": name} for name in receivers]}


def wide_label_sets(draw: random.Random, number: int, routes: int = 1_600) -> Iterator[dict[str, str]]:
    for _ in range(number):
        yield {
            "alertname": f"Alert{draw.randint(0, 500)}",
            "team": f"team-{draw.randint(0, routes // 8 + 20)}{draw.choice(['', '', '-core'])}",
            "severity": draw.choice(["critical", "high", "warning", "info"]),
            "env": draw.choice(["production", "staging"]),
            "service": f"{draw.choice(['db', 'web'])}-{draw.randint(0, 300)}",
        }


INTERVAL_PARTS: dict[str, list[Any]] = {
    "times": [
        [{"start_time": "09:00", "end_time": "17:00"}],
        [{"start_time": "00:00", "end_time": "24:00"}, None],
        [{"start_time": "22:00", "end_time": "06:00"}],
        [{"start_time": "9:00", "end_time": "17:00"}],
        [{"start_time": "09:00", "end_time": "09:00"}],
        [{"start_time": "09:00"}],
        [{"start_time": "23:60", "end_time": "24:00"}],
        [{"start_time": "09:00", "end_time": "24:01"}],
        [{"start": "09:00"}],
        [],
        None,
        "09:00",
    ],
    "weekdays": [
        *(["monday:friday"], ["Saturday", "SUNDAY"], ["friday:monday"], ["mon"], ["monday:tuesday:friday"], [1], [":"]),
        *(["monday: friday"], [None], [], None, ["sunday:saturday"], [["monday"]]),
    ],
    "days_of_month": [
        *(
            ["1:5"],
            ["-3:-1"],
            ["31"],
            [0],
            ["-32"],
            ["32"],
            ["-1:1"],
            ["5:1"],
            ["1:-1"],
            ["-1:-3"],
            ["29:-1"],
            ["28:-1"],
        ),
        *([1, -1], ["1:2:3"], ["+5"], ["1.5"], ["a"], [""], [1.0], ["20:-15"]),
    ],
    "months": [
        *(["january:march"], ["1:3"], ["13"], ["march:january"], ["sep"], ["May:8"], [5], ["0"], ["-1"], ["December"]),
        *([[]], "may"),
    ],
    "years": [["2026"], [2026], ["2024:2026"], ["2026:2024"], ["two"], [""], ["-5"], ["99999999999999999999"], {}],
    "location": [
        "Europe/Lisbon",
        "Europe/Lisboa",
        "UTC",
        "",
        None,
        "Local",
        "europe/lisbon",
        "../etc",
        "Europe",
        ["UTC"],
        5,
    ],
}
BAD_MATCHERS = [
    *(
        'team="pay',
        "team",
        "=pay",
        "team=~[",
        "team=~a(b",
        "team==pay",
        'team="a"b"',
        "{team=pay",
        "team=pay}",
        "{}",
        "",
        ",",
    ),
    *(
        "team=pay,",
        "team=pay,,",
        ",team=pay",
        "team= pay ",
        "te am=pay",
        '"te am"=pay',
        "team=a b",
        "team='a'",
        "1a=b",
        "a-b=c",
    ),
    *(
        'team="\\x41"',
        'team="\\q"',
        'team="\\xff"',
        'team="a\nb"',
        "team=a,env=b",
        'team="a,b"',
        'team=a"',
        "team=",
        'team=""',
    ),
    *(
        "team=~a{1001}",
        "team=~\\C",
        "team=~a)|(b",
        "team!b",
        "team!=~b",
        "team=!b",
        "team!~b",
        "{team=a}{env=b}",
        "{{team=a}}",
    ),
    *(
        "tea:m=a",
        '"tea:m"=a',
        "team=\\",
        'team="\\',
        'team="\\"',
        "team=\\n",
        'team="\\u00e9"',
        'team="\\ud800"',
        "t\xa0=a",
    ),
    *(
        "team=a\\,b",
        'team="a\\",b=c"',
        '{team="}"}',
        "team={",
        "ü=a",
        '"ü"=a',
        "team=ü",
        "team=~(?P<n>a)",
        "team=~(?=a)",
        "team=~\\pZ",
    ),
    *(
        '"\\x74eam"=a',
        '"team=a',
        "''=a",
        '""=a',
        "team=a #",
        "team = a , env = b",
        " {team=a}",
        "{team=a} ",
        "team=a\u2003",
        "a\\b=c",
    ),
]
CHANGES: list[tuple[str, list[Any]]] = [
    ("receiver", ["", None, "nobody", 5, ["r0"], {}]),
    (
        "group_by",
        [["..."], ["...", "..."], ["...", "team"], ["team", "team"], [""], [None], "team", [], None, {}, ["a b"], [5]],
    ),
    (
        "match",
        [{"team": "pay"}, {"te-am": "pay"}, {"team": None}, {"team": 5}, {"team": ["a"]}, [], {}, None, {"1a": "b"}],
    ),
    (
        "match_re",
        [
            {"team": "pay.*"},
            {"team": None},
            {"team": "("},
            {"te.am": "a"},
            {"team": ""},
            {"team": 5},
            {"team": "a)|(b"},
        ],
    ),
    ("continue", [True, False, "true", "yes", 1, None, [], 0]),
    ("group_wait", ["0s", "0", 0, "1h30m", "30", "", None, "1m1h", "-1s", "1.5s", "300y", 5, "1d12h"]),
    ("group_interval", ["0s", "1s", "0", None, "x", [], "1ms"]),
    ("repeat_interval", ["0s", "4h", "0ms", "1y", "5 m", "1H"]),
    ("active_time_intervals", [["night"], ["nights"], [], None, "night", [None], ["night", "night"]]),
    ("mute_time_intervals", [["night"], ["day"], [5], [""], {}]),
    ("routes", [[], None, {}, [{}], "none", [{"match": {"team": "a"}}], [{"unknown": 1}], [[]], ["a"]]),
    ("labels", [{"a": "b"}, None]),
    ("mach", [{"team": "a"}]),
    ("object", [None]),
]


def doubtful(draw: random.Random) -> dict[str, Any]:
    """A configuration with something in it that Alertmanager may refuse, or may not."""
    found = configuration(draw, routes=3, depth=2)
    night: dict[str, Any] = {"name": "night", "time_intervals": [{}]}
    found["time_intervals"] = [night]
    places = [found["route"], *found["route"]["routes"]]
    spot = draw.choice(places)
    kind = draw.randrange(8)
    if kind <= 1:
        key, values = draw.choice(CHANGES)
        spot[key] = draw.choice(values)
    elif kind == 2:
        spot["matchers"] = [draw.choice(BAD_MATCHERS)]
    elif kind == 3:
        for _ in range(draw.choice([1, 1, 2])):
            key, values = draw.choice(list(INTERVAL_PARTS.items()))
            night["time_intervals"][0][key] = draw.choice(values)
    elif kind == 4:
        rule: dict[str, Any] = {}
        for key in ("source_matchers", "target_matchers"):
            rule[key] = [draw.choice(BAD_MATCHERS)]
        rule["equal"] = draw.choice([["team"], ["te am"], [""], [None], "team", ["team", "team"], None, []])
        found["inhibit_rules"] = [
            draw.choice([rule, {"name": "x"}, {"equals": []}, {"source_match": {"a.b": "c"}}, None, {}])
        ]
    elif kind == 5:
        key = draw.choice(["mute_time_intervals", "time_intervals"])
        found.setdefault(key, []).append(
            draw.choice([{"name": "night"}, {"name": "other"}, {}, {"time_intervals": []}, None])
        )
    elif kind == 6:
        more = [
            {"name": "r0"},
            {"name": ""},
            {},
            None,
            {"name": "new", "labels": {"name": "old"}},
            {"name": "n", "hooks": []},
        ]
        more += [
            {"name": "new", "labels": {"name": "new"}},
            {"name": "new", "slack_configs": []},
            {"name": 5},
            "new",
            [],
        ]
        found["receivers"].append(draw.choice(more))
    else:
        key = draw.choice(["route", "receivers", "inhibit_rules", "time_intervals", "templates", "globals", "global"])
        found[key] = draw.choice([None, [], {}, "text", [None]])
    return found


ODD_VALUES = [
    *(
        "pay",
        "a",
        "A",
        "pay,",
        "\\x41",
        "a,b",
        "\\q",
        "b",
        "c",
        "a b",
        "'a'",
        "é",
        "ü",
        "\\",
        '"',
        "\\n",
        "\n",
        "}",
        "{",
        "a\\,b",
    ),
    *('a",b=c', "data", "=pay", "~pay", "!b", "aaa", "Z", "\u2028", 'a"b', "x"),
]


def odd_label_set(draw: random.Random) -> dict[str, str]:
    """Values and names that doubtful matchers ask for, as one parser or the other reads them."""
    names = ["team", "te am", "tea:m", "ü", "a-b", "env", "severity", "a"]
    return {name: draw.choice(ODD_VALUES) for name in names if draw.random() < 0.5} or {"x": "y"}


def of_doubtful_matchers(draw: random.Random) -> dict[str, Any]:
    """A flat tree of matchers that parsers quarrel about. Some are refused."""
    routes = [
        {"matchers": [draw.choice(BAD_MATCHERS)], "receiver": f"r{number}", "continue": draw.random() < 0.5}
        for number in range(4)
    ]
    routes += [{"match_re": {"team": draw.choice(["a)|(b", "pay", "(?i)a", "a|", ".", "^a$"])}, "receiver": "r4"}]
    return {"route": {"receiver": "r5", "routes": routes}, "receivers": [{"name": f"r{number}"} for number in range(6)]}
