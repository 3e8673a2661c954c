"""What a proof finds, said as findings: each cause once, with a witness."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from watchbill.proof.proving import Proof
from watchbill.proof.reach import Break
from watchbill.proof.silence import Danger, Silence
from watchbill.source.codes import Code
from watchbill.source.codes import proof as codes
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.spec.model import OutcomeKind, Workspace

_DOES: dict[OutcomeKind, str] = {
    "page": "page",
    "ticket": "open a ticket",
    "notify": "tell the channel",
    "drop": "be dropped",
}
_HARM: dict[Danger, str] = {
    "lesser": "does not outrank it",
    "quieter": "is told more quietly at some hour or in some window",
    "tier": "is of a service that matters less",
    "place": "is of another environment",
    "unknown": "is known to no policy",
}


def findings(workspace: Workspace, proof: Proof) -> list[Diagnostic]:
    """Nothing, when the proof holds."""
    found = list(_broken(workspace, proof.breaks))
    for environment, silences in proof.silences.items():
        found.extend(_silence(workspace, environment, one) for one in silences)
    for environment in (*proof.refused, *proof.undecided):
        why = [problem.message for problem in proof.refused.get(environment, ())]
        message = f"the routing of `{environment}` cannot be walked"
        reason = why[0] if why else "its patterns are too complicated to be compared"
        found.append(Diagnostic(codes.UNPROVEN, message, _base_of(workspace, environment), "here", notes=(reason,)))
    for environment in proof.unclaimed:
        message = f"in `{environment}` an alert that no policy claims ends at a receiver without a channel"
        advice = "give the root's receiver a channel"
        found.append(Diagnostic(codes.NOBODY, message, _base_of(workspace, environment), "told nobody", advice))
    return found


def _base_of(workspace: Workspace, environment: str) -> Location:
    base = workspace.bases.get(environment)
    return base.at if base is not None else next(iter(workspace.documents["Workspace"].values())).at


def _broken(workspace: Workspace, breaks: Iterable[tuple[str, Break]]) -> Iterator[Diagnostic]:
    told: dict[tuple[Code, Location, str], list[Break]] = {}
    for _, one in breaks:
        code = codes.NOBODY if one.fault in ("nobody", "mute receiver") else codes.ASTRAY
        told.setdefault((code, one.kind.alert.at, one.promise.team), []).append(one)
    for (code, at, team), some in told.items():
        first = some[0]
        alert = first.kind.alert
        when = f"{datetime.fromtimestamp(first.at, UTC):%a %d %b %Y %H:%M} UTC"
        labels = ", ".join(f"{name}={value}" for name, value in sorted(first.labels.items()) if value)
        notes = [f"its labels: {labels}", f"ends at {' and '.join(f'`{name}`' for name in first.receivers)}"]
        if len(some) > 1:
            notes.append(f"and so for {len(some) - 1} more label sets")
        place = first.kind.place.name
        related: tuple[Related, ...] = ()
        if code is codes.NOBODY:
            escalation = first.promise.outcome.escalation
            message = f"`{alert.name}` pages team `{team}` in {place}, and nobody hears of it on {when}"
            label, advice = "its receiver has no channel", f"give team `{team}` a channel"
            if first.fault == "nobody" and escalation is not None:
                label, advice = "reaches nobody", f"let a step of `{escalation}` name somebody who is there then"
                related = (Related(workspace.get("Escalation", escalation).at.at("steps"), "nobody with a channel"),)
        else:
            verb = _DOES[first.outcome]
            whom = f" team `{team}`" if first.outcome != "drop" else ""
            message = f"`{alert.name}` is to {verb}{whom} in {place} on {when}, and the routing takes it elsewhere"
            label, advice = "goes astray", "report it: what is compiled is not what is written"
        yield Diagnostic(code, message, at.at("name"), label, advice, tuple(notes), related)


def _silence(workspace: Workspace, environment: str, one: Silence) -> Diagnostic:
    target = one.target.alert
    base = workspace.bases.get(environment)
    where = _base_of(workspace, environment)
    if base is not None:
        theirs = len(base.value.get("inhibit_rules") or ())
        total = one.rule.number - _ours(workspace, environment)
        where = base.at.at("inhibit_rules", total, "source_matchers") if 0 <= total < theirs else where
    related = [Related(target.at.at("name"), "may be silenced")]
    if one.source is None:
        message = f"an alert that no policy knows may silence `{target.name}` of service `{target.service}`"
        advice = "narrow `target_matchers` to what is not ours, or write the source as a policy"
        return Diagnostic(codes.STRANGER, message, where, "whose?", advice, related=tuple(related))
    source = one.source.alert
    message = f"`{source.name}` may silence `{target.name}`, and {_HARM[one.danger]}"
    related.insert(0, Related(source.at.at("name"), "by this"))
    notes = (
        f"`{source.name}` is {source.severity} of {source.service}, `{target.name}` is {target.severity} of {target.service}",
    )
    advice = "let the source be the worse, or add labels to `equal` that keep the two apart"
    return Diagnostic(codes.SILENCED, message, where, "silences what outranks it", advice, notes, tuple(related))


def _ours(workspace: Workspace, environment: str) -> int:
    """How many inhibit rules stand before a base's own."""
    from watchbill.routing.building.configuration import ours  # noqa: PLC0415
    from watchbill.routing.building.routetree import trees  # noqa: PLC0415

    tree = next(tree for tree in trees(workspace) if tree.environment == environment)
    return len(ours(workspace, tree).get("inhibit_rules", ()))
