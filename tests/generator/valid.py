"""Small workspaces that are right, in every shape the language allows: Hypothesis draws them as {path: text}."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import yaml
from hypothesis import strategies as st

Draw = Any
Document = dict[str, Any]

FRAGMENTS = (
    "naïve",
    "日本語",
    "🔥🔥",
    "a: b",
    "- x",
    "# no comment",
    'it\'s "quoted"',
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "two\n\n  breaks",
    "100%",
    "{curly} [square] (round)",
    "*star* _under_ `tick`",
    "<b>bold</b> &amp; | pipe",
    "null",
    "yes",
    "1:30",
    "0777",
    "$5",
    "$${literal}",
    "no\u00a0break",
    "\u200fright to left",
    "line\u2028separator",
    "ﬁ ligature",
    "~ @ ! % ^",
    "bell\x07",
    "e\u0301 combined",
    "\ufffd",
    "trailing \\",
)
NAMES = "a on null 1e3 0777 true x.y web_1 v2.0.1 n no 42 z9 payments catalogue".split(" ")  # noqa: SIM905
LABELS = ("provider", "instance", "route", "pod", "le_", "_x", "zone")
ZONES = ("UTC", "Europe/Lisbon", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe")
DURATIONS = ("30s", "5m", "1h30m", "2d")
SEVERITIES = ("critical", "high", "medium", "warning", "info", "none", "sev1", "p.2")
CLASSES = ("business", "security")


_ODD = st.text(
    st.characters(
        exclude_categories=("Cs",), exclude_characters="{}$\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ),
    max_size=8,
)
_WORDS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS), _ODD), min_size=1, max_size=3)
TEXTS = _WORDS.map(lambda words: " ".join(words) if " ".join(words).strip() else "w " + " ".join(words))
"""Texts that somebody might write, and some that nobody should; never a template and never a param."""


@lru_cache(maxsize=256)
def _upto(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, most)


class _Drafts:
    """A workspace as it is drawn: documents with the file each goes to, and which names are taken."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.taken: set[str] = set()
        self.documents: list[Document] = []
        self.files: dict[str, str] = {}

    def one(self, *values: Any) -> Any:
        return values[self.draw(_upto(len(values) - 1))] if len(values) > 1 else values[0]

    def some(self, values: Sequence[Any], least: int = 0, most: int | None = None) -> list[Any]:
        """Different ones of these, in their order."""
        mask = self.draw(_upto(2 ** len(values) - 1))
        chosen = [value for index, value in enumerate(values) if mask >> index & 1]
        return chosen[:most] if len(chosen) >= least else list(values[:least])

    def maybe(self, value: Any) -> dict[str, Any]:
        return value if self.yes() else {}

    def yes(self) -> bool:
        return self.draw(_upto(1)) == 1

    def number(self, least: int, most: int) -> int:
        return least + self.draw(_upto(most - least))

    def name(self, kind: str) -> str:
        base = self.one(*NAMES)
        name, number = base, 1
        while f"{kind}/{name}" in self.taken:
            number += 1
            name = f"{base}.{number}"
        self.taken.add(f"{kind}/{name}")
        return name

    def text(self) -> str:
        return self.draw(TEXTS)

    def duration(self) -> str:
        return self.one(*DURATIONS)

    def add(self, kind: str, name: str, team: str | None = None, **fields: Any) -> str:
        head = {"kind": kind, "name": name, **({"team": team} if team is not None else {})}
        self.documents.append({**head, **fields})
        return name


@st.composite
def workspaces(draw: Draw) -> dict[str, str]:
    """Policies without an error: path and text of every file."""
    drafts = _Drafts(draw)
    world = _World(drafts)
    _shared(drafts, world)
    for team in world.teams:
        _team(drafts, world, team)
    _answers(drafts, world)
    for _ in range(drafts.number(0, 2)):
        _alert_set(drafts, world)
    for _ in range(drafts.number(0, 4)):
        _service(drafts, world)
    if drafts.yes():
        _foreign(drafts, world)
    if drafts.yes():
        _procedure(drafts, world)
    return {**_texts(drafts, _workspace(drafts, world)), **drafts.files}


class _World:
    """What everything else may name."""

    def __init__(self, drafts: _Drafts) -> None:
        self.mail = drafts.yes()
        self.teams = [drafts.name("Team") for _ in range(drafts.number(1, 3))]
        self.secondary = drafts.yes()
        self.people = [drafts.name("Person") for _ in range(drafts.number(1, 4))]
        self.coverage = drafts.yes()
        self.sites = drafts.yes()
        self.classes = drafts.some(CLASSES)
        self.roles = {"ciso": drafts.one({"person": self.people[0]}, self.people[0], {"phone": {"env": "CISO"}})}
        self.environments = _environments(drafts)
        self.places = [
            *self.environments,
            *(f"{name}/{one['name']}" for name, some in self.environments.items() for one in some.get("sources", ())),
        ]
        self.calendars: list[str] = []
        self.escalations: list[str] = []
        self.severities: dict[str, Any] = {}
        self.team_hours = False
        self.runbooks: list[str] = []
        self.diagnostics: list[str] = []
        self.remediations: list[str] = []
        self.messages: list[str] = []
        self.sets: list[tuple[str, str]] = []
        self.services: list[str] = []
        self.own_severities = drafts.yes()


def _environments(drafts: _Drafts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number in range(drafts.number(1, 3)):
        name = drafts.name("Environment")
        labels = {"env": f"{name} {drafts.text()}"} | drafts.maybe({"region": drafts.text()})
        sources = [
            {"name": drafts.name(f"Source/{name}"), "labels": {"cluster": f"c{index}"}, "prometheus": _server(drafts)}
            for index in range(drafts.number(0, 2))
        ]
        where = {"sources": sources} if sources else {"prometheus": _server(drafts)}
        identity = {"identity": drafts.one(["env"], ["cluster", "env"])} if sources else {"identity": ["env"]}
        urls = [f"http://am-{number}-{index}.example:9093" for index in range(2)]
        found[name] = {
            "labels": labels,
            **where,
            **drafts.maybe(identity),
            **drafts.one({}, {"alertmanager": {"url": urls[0]}}, {"alertmanager": {"peers": urls}}),
            **drafts.maybe({"grafana": {"url": "http://grafana.example:3001/"}}),
            **drafts.maybe({"executor": {"url": "http://executor.example", "mode": drafts.one("observe", "auto")}}),
            **drafts.maybe({"at_most": drafts.one("page", "ticket", "notify")}),
        }
    return found


def _server(drafts: _Drafts) -> Document:
    return {"url": drafts.one("http://localhost:9090", "https://prom.example/path/", "http://[::1]:9090")}


def _shared(drafts: _Drafts, world: _World) -> None:
    for _ in range(drafts.number(0, 2)):
        world.calendars.append(_calendar(drafts, None))
    for _ in range(drafts.number(1, 2)):
        name = drafts.name("Escalation")
        steps = [_step(drafts, world, index) for index in range(drafts.number(1, 3))]
        drafts.add("Escalation", name, steps=steps, **drafts.maybe({"repeat": drafts.number(0, 3)}))
        world.escalations.append(name)
    if world.own_severities:
        names = drafts.some(SEVERITIES, 1, 5)
        world.severities = {name: _severity(drafts, world) for name in names}
    else:
        world.severities = dict.fromkeys(("critical", "high", "warning", "info", "none"))


def _step(drafts: _Drafts, world: _World, index: int) -> Document:
    targets: list[Document] = [{"on_call": "primary"}, {"role": "ciso"}, {"person": world.people[0]}]
    targets += [{"on_call": "secondary"}] if world.secondary else []
    targets += [{"on_call": "primary", "of": world.teams[0]}]
    targets += [{"slack": "#first"}] if index == 0 else []
    return {"notify": drafts.some(targets, 1), **drafts.maybe({"wait": drafts.duration()})}


def _severity(drafts: _Drafts, world: _World) -> Document:
    kind = drafts.one("page", "ticket", "notify", "drop")
    meaning: Document = {kind: {"page": world.escalations[0], "drop": True}.get(kind, "team")}
    if kind in ("page", "ticket") and drafts.yes():
        hours = drafts.one("team", *world.calendars)
        world.team_hours = world.team_hours or hours == "team"
        meaning |= {"hours": hours, "outside": drafts.one("ticket", "notify") if kind == "page" else "notify"}
    return meaning


def _calendar(drafts: _Drafts, team: str | None) -> str:
    weekly = drafts.one(
        {"monday-friday": ["09:00-18:00"]},
        {"friday-monday": ["00:00-24:00"]},
        {"monday": ["08:00-12:00", "13:00-17:30"], "tuesday,sunday": ["22:00-24:00"]},
    )
    return drafts.add(
        "Calendar",
        drafts.name("Calendar"),
        team,
        timezone=drafts.one(*ZONES),
        weekly=weekly,
        **drafts.maybe({"closed": ["2026-12-25", "2028-02-29"]}),
    )


def _team(drafts: _Drafts, world: _World, team: str) -> None:
    calendar = _calendar(drafts, team)
    schedules = [_schedule(drafts, world, team, calendar) for _ in range(2 if world.secondary else 1)]
    on_call = {"primary": schedules[0], **({"secondary": schedules[1]} if world.secondary else {})}
    mail = {"email": f"{team}@shop.example"} if world.mail else {}
    slack = {"slack": {"default": "#alerts", **drafts.maybe({"critical": "#fire"})}}
    tickets = {"tickets": {"webhook": {"file": "/run/secrets/tickets file"}}}
    drafts.add(
        "Team",
        team,
        on_call=on_call,
        **({"hours": calendar} if world.team_hours else drafts.maybe({"hours": calendar})),
        **mail,
        **(drafts.maybe(slack) if mail else slack),
        **(drafts.maybe(tickets) if mail else tickets),
        **drafts.maybe({"roles": {"manager": world.people[-1]}}),
        **drafts.maybe({"defaults": _defaults(drafts, world)}),
    )


def _defaults(drafts: _Drafts, world: _World) -> Document:
    return {
        **drafts.maybe({"for": drafts.duration()}),
        **drafts.maybe({"keep_firing_for": {"default": "5m", "by": {drafts.one(*world.places): "0m"}}}),
        **drafts.maybe({"annotations": {"note": drafts.text()}}),
        **drafts.maybe({"labels": {"kind_of": drafts.text()}}),
        **(drafts.maybe({"class": world.classes[0]}) if world.classes else {}),
    }


def _schedule(drafts: _Drafts, world: _World, team: str, calendar: str) -> str:
    """Somebody always has the turn. What happens on a day lies in the coverage time, or is drawn only where one is given."""
    people = drafts.some(world.people, 1)
    if not world.coverage or drafts.yes():
        who: Document = {"people": people}
    else:
        eras = [{"from": "2025-12-29", "people": people}]
        eras += [{"from": "2026-03-09", "people": list(world.people), "first": world.people[-1]}]
        only = drafts.one({"outside": calendar}, calendar, {"inside": calendar})
        rotation = drafts.one("daily", "weekly", {"every": "12h"})
        layers = [{"name": "nights", "only": only, "rotation": rotation, "eras": eras[:1]}]
        layers += [{"name": "all", "handoff": {"day": "sunday", "at": "23:59"}, "eras": eras}]
        who = {"layers": layers}
    if world.coverage:
        gap = {"from": "2026-12-25T00:00", "until": "2026-12-25T06:00", "reason": drafts.text()}
        who |= drafts.maybe({"gaps": [gap]})
    others = [person for person in world.people if person not in people]
    if world.coverage and len(people) == 1 and others:
        names = {"take": others[0], "for": people[0], "agreed": [people[0], others[0]]}
        swap = {"from": "2026-02-03T09:00", "until": "2026-02-05T09:00+01:00", **names}
        who |= drafts.maybe({"swaps": [{**swap, **drafts.maybe({"reason": drafts.text()})}]})
    return drafts.add(
        "Schedule",
        drafts.name("Schedule"),
        team,
        timezone=drafts.one(*ZONES),
        **who,
        **drafts.maybe({"shadow": people}),
    )


def _answers(drafts: _Drafts, world: _World) -> None:
    for person in world.people:
        drafts.add(
            "Person",
            person,
            drafts.one(None, world.teams[0]),
            email=f"p{len(drafts.documents)}@shop.example",
            **drafts.maybe({"timezone": drafts.one(*ZONES)}),
            **drafts.maybe({"phone": {"env": "PHONE_1"}}),
            **(drafts.maybe({"away": [{"from": "2026-08-01", "until": "2026-08-14"}]}) if world.coverage else {}),
            **drafts.maybe({"notify": {"default": [{"push": "0m"}, {"email": "10m"}]}}),
        )
    for _ in range(drafts.number(0, 2)):
        audience = drafts.one("incident", "stakeholders", "status-page", "customers")
        body = f"{drafts.text()}\n{{{{ incident.title }}}} since {{{{ incident.opened_at }}}}\n"
        every = drafts.maybe({"every": "30m"})
        world.messages.append(drafts.add("Message", drafts.name("Message"), audience=audience, body=body, **every))
    for _ in range(drafts.number(0, 2)):
        collect = [{"promql": "topk(5, up)"}, {"http": "http://loki:3100/x?q=1"}, {"command": ["tail", drafts.text()]}]
        name = drafts.name("Diagnostic")
        world.diagnostics.append(drafts.add("Diagnostic", name, collect=drafts.some(collect, 1)))
    for _ in range(drafts.number(1, 2) if world.sites else 0):
        steps = [drafts.text(), {"promql": "up == 0", "title": drafts.text()}, {"text": drafts.text()}]
        told = drafts.maybe({"communicate": drafts.some(world.messages)})
        extra = drafts.maybe({"escalate_when": [drafts.text()], "investigate": drafts.some(steps)})
        name = drafts.add("Runbook", drafts.name("Runbook"), immediate=drafts.some(steps, 1), **told, **extra)
        world.runbooks.append(name)
    for _ in range(drafts.number(0, 2)):
        world.remediations.append(_remediation(drafts))


def _remediation(drafts: _Drafts) -> str:
    inputs = {"where": {"label": "env", "connection": "kubernetes"}, "what": {"label": "service", "allow": ["[a-z]+"]}}
    where, what = {"input": "where"}, {"input": "what"}
    pods = {"cluster": where, "namespace": "shop", "deployment": what}
    action = drafts.one(
        {"kubernetes.rollout_restart": pods},
        {"kubernetes.scale": {**pods, "by": 2, "at_most": 9}},
        {"kubernetes.rollout_undo": pods},
        {"kubernetes.cordon": {"cluster": where, "node": what}},
        {"kubernetes.isolate": {"cluster": where, "namespace": "shop", "app": what}},
        {"http": {"url": "http://mesh.example/x", "body": {"a": where, "b": what}, "undo": {"a": "off"}}},
        {"command": {"argv": ["/usr/bin/restart", where, what, {"literal": drafts.text()}]}},
        {"systemd.restart": {"host": where, "unit": what}},
    )
    invertible = not {"kubernetes.rollout_restart", "command", "systemd.restart"} & set(action)
    approvals = {"when": {}, "from": [{"on_call": "primary"}], **drafts.maybe({"within": "10m", "else": "skip"})}
    return drafts.add(
        "Remediation",
        drafts.name("Remediation"),
        inputs=inputs,
        action=action,
        risk=drafts.one("low", "high"),
        guardrails={"cooldown": "15m", **drafts.maybe({"keep_healthy": {"expr": "count(up == 1)", "at_least": 2}})},
        approvals=approvals,
        **(drafts.maybe({"undo": "inverse"}) if invertible else {}),
    )


# Alerts


def _expression(drafts: _Drafts, prefix: str) -> tuple[str, tuple[str, ...], str | None]:
    """An expression, labels that its result may carry, and the type of the param `limit` that it uses, if any."""
    label = drafts.one(*LABELS)
    value = drafts.one("x", "日本", "a b", "x.y-z", 'quo\\"te', "back\\\\slash")
    matcher = f'{{job="{value}"}}'
    return drafts.one(
        (f"up{matcher} == 0", (label,), None),
        (f"sum by ({label}) (rate({prefix}_total{matcher}[5m])) > ${{limit}}", (label,), "number"),
        (
            f"sum by ({label}) (rate({prefix}_bad_total[5m]))\n  / sum by ({label}) (rate({prefix}_all_total[5m])) > ${{limit}}",
            (label,),
            "ratio",
        ),
        (
            f"# why\nhistogram_quantile(0.9, sum by (le, {label}) (rate({prefix}_bucket[${{limit}}]))) > 1",
            (label,),
            "duration",
        ),
        (f"{prefix}_free_bytes{matcher} < ${{limit}}", (label,), "bytes"),
        (f"topk(3, {prefix}) > 1 unless on ({label}) {prefix}_ok == 1", (label,), None),
        (f"absent({prefix}{matcher})", ("job",), None),
        ("vector(1)", (), None),
        (f'{prefix}{{path=~"/api/.*|", code!="200"}} offset 5m >= bool 1 == 1', (label,), None),
        (f"max_over_time(({prefix} > 1)[10m:1m]) and {prefix} > -Inf", (label,), None),
    )


_VALUES = {
    "number": ("5", "-1.5", "1e9"),
    "ratio": ("5%", "0.05"),
    "duration": ("5m", "90s"),
    "bytes": ("10GiB", "4096"),
}


def _alert(drafts: _Drafts, world: _World, name: str) -> Document:
    expr, labels, type_ = _expression(drafts, f"m_{name.lower()}")
    alert: Document = {"name": name, "expr": expr}
    if type_ is not None:
        values = _VALUES[type_]
        by = drafts.maybe({"by": dict.fromkeys(drafts.some(world.places, 1, 2), values[-1])})
        alert["params"] = {"limit": {"type": type_, "default": values[0], **by}}
    names = list(world.severities)
    if len(names) > 1 and drafts.yes():
        levels = drafts.some(names, 1, 3)
        changes = {"params": {"limit": _VALUES[type_][0]}} if type_ is not None else {"for": "3m"}
        alert["levels"] = {level: changes if drafts.yes() else {} for level in levels}
    else:
        severity = drafts.one(*names)
        placed = {"default": severity, "by": {drafts.one(*world.places): drafts.one(*names)}}
        alert["severity"] = drafts.one(severity, placed)
    templates = [f"{{{{ $labels.{label} }}}}" for label in labels] + ["{{ $value | humanize }}"]
    alert["summary"] = drafts.one(f"{drafts.text()} {templates[0]}", drafts.text(), f"{templates[-1]} {drafts.text()}")
    alert |= drafts.maybe({"description": drafts.text() + (" ${limit}" if type_ is not None else "")})
    if world.classes:
        alert |= drafts.maybe({"class": drafts.one(*world.classes)})
    alert |= drafts.maybe({"for": drafts.one("2m", {"default": "0s", "by": {drafts.one(*world.places): "1h"}})})
    alert |= drafts.maybe({"keep_firing_for": drafts.duration()})
    alert |= drafts.maybe({"page_per": list(labels)}) if labels else {}
    alert |= drafts.maybe({"impact": {"revenue": drafts.one("none", "direct"), "customers": drafts.text()}})
    alert |= drafts.maybe({"labels": {"own": drafts.text()}})
    alert |= drafts.maybe({"annotations": {"more": drafts.text()}})
    alert |= drafts.maybe({"diagnose": drafts.some(world.diagnostics)})
    alert |= drafts.maybe({"remediate": drafts.some(world.remediations)})
    alert |= drafts.maybe({"only": drafts.some(world.places, 1)})
    no_data = drafts.one({"ignore": drafts.text()}, {"after": "1h", "severity": drafts.one(*names)})
    alert |= drafts.maybe({"no_data": no_data})
    url = {"url": "https://wiki.example/a?b=c#d"}
    alert["runbook"] = drafts.one(*world.runbooks, url)
    if expr.startswith("up{"):
        job = expr.split('"', 1)[1].rsplit('"', 1)[0]
        series = {f'up{{job="{job}", instance="i"}}': "0x30"}
        test = {"name": drafts.text(), "series": series, "expect": [{"at": "20m", "firing": [{}]}]}
        alert |= drafts.maybe({"tests": [test]}) if "for" not in alert else {}
    return alert


def _service(drafts: _Drafts, world: _World) -> None:
    service = drafts.name("Service")
    team = drafts.one(*world.teams)
    identifier = "".join(part.capitalize() for part in service.replace(".", "_").split("_"))
    alerts = [_alert(drafts, world, f"A{identifier}{number}") for number in range(drafts.number(0, 3))]
    records = [
        {"name": f"r:{identifier}:{number}", "expr": "sum(up)", **drafts.maybe({"labels": {"of": drafts.text()}})}
        for number in range(drafts.number(0, 2))
    ]
    uses = [
        {"set": name, **drafts.maybe({"with": {"job": "other"}}), **drafts.maybe({"without": [alert]})}
        for name, alert in drafts.some(world.sets)
    ]
    drafts.add(
        "Service",
        service,
        team,
        **drafts.maybe({"tier": drafts.number(1, 4)}),
        **drafts.maybe({"depends_on": drafts.some(world.services)}),
        **drafts.maybe({"dashboard": {"uid": "shop-1"}}),
        **drafts.maybe({"defaults": _defaults(drafts, world)}),
        records=records,
        uses=uses,
        alerts=alerts,
    )
    world.services.append(service)


def _alert_set(drafts: _Drafts, world: _World) -> None:
    name = drafts.name("AlertSet")
    alert = f"S{len(world.sets)}"
    expr = drafts.one('up{job="${job}"} == 0', 'sum by (route) (rate(x_total{job="${job}", s="${service}"}[5m])) > 1')
    one = {
        "name": alert,
        "severity": drafts.one(*world.severities),
        "expr": expr,
        "summary": f"${{service}} of ${{team}} {drafts.text()}",
        "runbook": {"url": "https://wiki.example/set"},
    }
    drafts.add("AlertSet", name, params={"job": {"type": "name", "default": "web"}}, alerts=[one])
    world.sets.append((name, alert))


def _foreign(drafts: _Drafts, world: _World) -> None:
    severity = drafts.one(*world.severities)
    rules = [
        {
            "alert": f"F{number}",
            "expr": drafts.one("up == 0", "sum by (job) (up) < 1"),
            "labels": {"severity": severity, **drafts.maybe({"own": "x"})},
            "annotations": {"summary": drafts.text()},
            **drafts.maybe({"for": "5m"}),
        }
        for number in range(drafts.number(1, 3))
    ]
    rules += [{"record": "f:up", "expr": "sum(up)"}] if drafts.yes() else []
    name = drafts.name("Foreign")
    drafts.files["policies/rules/foreign.yaml"] = _dumped(
        drafts, [{"groups": [{"name": drafts.text(), "rules": rules}]}]
    )
    change = {"alert": "F0", **drafts.one({"for": "9m"}, {"off": True, "reason": drafts.text()})}
    drafts.add(
        "Foreign",
        f"f.{name}",
        team=drafts.one(*world.teams),
        rules="rules/foreign.yaml",
        defaults={"runbook": {"url": "https://wiki.example/f"}},
        **drafts.maybe({"change": [change]}),
    )


def _procedure(drafts: _Drafts, world: _World) -> None:
    when = drafts.one(
        {"incidents": 3, "distinct": "service", "within": "5m"}, {"severity": [next(iter(world.severities))]}
    )
    steps: list[Document] = [
        {"notify": [{"role": "ciso"}, {"on_call": "primary"}]},
        {"do": drafts.text()},
        {"ask": drafts.text(), "of": {"role": "ciso"}, "yes": [{"do": drafts.text()}]},
    ]
    steps += [{"preserve": world.diagnostics}] if world.diagnostics else []
    steps += [{"communicate": world.messages[0]}] if world.messages else []
    steps += [{"remediate": world.remediations[0]}] if world.remediations else []
    confidential = drafts.maybe({"confidential": True, "custody": "required"})
    drafts.add("Procedure", drafts.name("Procedure"), when=when, steps=drafts.some(steps, 1), **confidential)


# Texts


def _workspace(drafts: _Drafts, world: _World) -> Document:
    mail = {"smarthost": "mail.example:587", "from": "alerts@shop.example"}
    channels = {
        **({"email": {**mail, **drafts.maybe({"password": {"file": "/run/secrets/smtp"}})}} if world.mail else {}),
        **drafts.maybe({"slack": drafts.one({"webhook": {"file": "/s"}}, {"bot_token": {"file": "/t"}})}),
    }
    timing = {next(iter(world.severities)): {"first": "0s", "more": "1m", "again": "1d"}}
    return {
        "apiVersion": "watchbill/v1",
        "kind": "Workspace",
        "name": drafts.one(*NAMES),
        "environments": world.environments,
        "catch_all": {"team": world.teams[0], **drafts.maybe({"outcome": drafts.one("page", "ticket", "notify")})},
        "roles": world.roles,
        **({"severities": world.severities} if world.own_severities else {}),
        **({"runbooks": {"base_url": "https://runbooks.example/"}} if world.sites else {}),
        **({"classes": world.classes} if world.classes else {}),
        **drafts.maybe({"last_resort": {"team": world.teams[-1]}}),
        **drafts.maybe({"timing": timing}),
        **drafts.maybe({"objectives": {"mtta": "5m", "delivery_rate": "99%"}}),
        **drafts.maybe({"retention": {"incidents": "30d"}}),
        **({"coverage": {"from": "2026-02-02", "until": "2026-02-15"}} if world.coverage else {}),
        **({"channels": channels} if channels else {}),
        **drafts.maybe({"defaults": _defaults(drafts, world)}),
    }


def _texts(drafts: _Drafts, workspace: Document) -> dict[str, str]:
    """Documents dealt out to files, each written in a style of its own."""
    paths = ("policies/watchbill.yaml", "policies/all.yml", "policies/équipe/ä ö.yaml", "policies/a/b/c/deep.yaml")
    dealt: dict[str, list[Document]] = {paths[0]: [workspace]}
    for document in drafts.documents:
        folder = drafts.one(*paths) if document["kind"] != "Foreign" else "policies/foreign.yaml"
        dealt.setdefault(folder, []).append(document)
    return {path: _dumped(drafts, documents) for path, documents in dealt.items()}


def _dumped(drafts: _Drafts, documents: Sequence[Document]) -> str:
    text: str = yaml.dump_all(
        documents,
        Dumper=_NoAliases,
        sort_keys=False,
        allow_unicode=drafts.yes(),
        default_flow_style=drafts.one(False, None),
        width=drafts.one(20, 80, 10_000),
        indent=drafts.one(2, 4),
        explicit_start=drafts.yes() or None,
    )
    return text


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True
