"""Tests of who is told: their cases as alerts of the workspace, and what in them can never be asked or never come out."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from watchbill.routing.building.meant import Meant, MeantError, in_places, places
from watchbill.routing.building.receivers import CATCH_ALL
from watchbill.routing.building.routetree import trees
from watchbill.source.codes import cases as codes
from watchbill.source.diagnostic import Diagnostic, Location, did_you_mean
from watchbill.spec.kinds.tests import Case
from watchbill.spec.load import Policy
from watchbill.spec.model import Workspace, qualified
from watchbill.spec.references import is_whole, unknown
from watchbill.spec.scalars import instant
from watchbill.spec.settings import unknown_word

NOBODY = "nobody"


class Asked(msgspec.Struct, frozen=True):
    """One case in one place: an alert there, the labels of what fires beside it, and when.

    `people` and `remedies` are those that are expected, by qualified name. `at` is None where the time is all one.
    """

    document: str
    case: Case
    where: Location
    meant: Meant
    firing: tuple[dict[str, str], ...]
    at: datetime | None
    people: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.case.name or f"{described(self.case.alert)} in {self.meant.place.name}"


def described(labels: dict[str, str]) -> str:
    """`PaymentFailureRateHigh provider=a`."""
    given = [f"{name}={value}" for name, value in labels.items() if name != "alertname"]
    return " ".join([labels["alertname"], *given] if "alertname" in labels else given)


def asked(workspace: Workspace) -> tuple[list[Asked], list[Diagnostic]]:
    """Every case of every Test, in each place that is meant; of what is wrong in itself, the finding."""
    found: list[Asked] = []
    told: list[Diagnostic] = []
    whole = is_whole(workspace.documents) and workspace.catch_all.team != ""
    for policy in workspace.documents.get("Test", {}).values():
        if policy.body is not None and not policy.body.cases:
            told.append(_incomplete("there is no case in this Test", policy.at.at("cases"), "add one, or remove it"))
        for index, case in enumerate(policy.body.cases if policy.body is not None else ()):
            where = policy.at.at("cases", index)
            wrong = list(_of_form(case, where))
            if not wrong and whole:
                wrong = list(_of_names(workspace, policy, case, where))
            if not wrong and whole:
                some, wrong = _asked(workspace, policy, case, where)
                found += some
            told += wrong
    return found, told


def _asked(workspace: Workspace, policy: Policy, case: Case, where: Location) -> tuple[list[Asked], list[Diagnostic]]:
    here = where.at("alert")
    at = instant(case.at)[0] if case.at is not None else None
    people = tuple(_person(workspace, policy, one) or one for one in case.reaches if one != NOBODY)
    remedies = tuple(workspace.resolve("Remediation", one, policy.team) for one in case.remedies or ())
    found = []
    try:
        for meant in in_places(workspace, places(workspace, case.in_), case.alert):
            firing = []
            for index, labels in enumerate(case.firing):
                here = where.at("firing", index)
                firing.append(in_places(workspace, [meant.place], labels)[0].labels)
            found.append(Asked(policy.name, case, where, meant, tuple(firing), at, people, remedies))
    except MeantError as error:
        labels = case.alert if here == where.at("alert") else case.firing[here.path[-1]]  # type: ignore[index]
        at_label = here.at(error.label) if error.label in labels else here
        return [], [Diagnostic(codes.NO_SUCH_ALERT, error.message, at_label, "in this test", error.hint)]
    return found, []


def _person(workspace: Workspace, policy: Policy, name: str) -> str | None:
    return qualified(workspace.documents, "Person", name, policy.team)


# What is wrong in itself


def _of_form(case: Case, where: Location) -> Iterator[Diagnostic]:
    nobody = NOBODY in case.reaches
    expected = (case.receivers, case.outcome, case.inhibited, case.remedies)
    if nobody and (len(case.reaches) > 1 or case.within is not None):
        yield _unreasonable("`nobody` is reached alone, and at any time", where.at("reaches"), "leave the others out")
    elif nobody and case.reason is None:
        yield _unreasonable(
            "`reaches: nobody` needs a `reason:`", where.at("reaches"), "say why nobody is to hear of it"
        )
    elif not nobody and case.reason is not None:
        yield _unreasonable("a `reason:` belongs to `reaches: nobody`", where.at("reason"), "leave it out")
    elif case.within is not None and not case.reaches:
        yield _incomplete("`within` needs people under `reaches:`", where.at("within"), "say whom it reaches by then")
    elif not case.reaches and all(one is None for one in expected):
        advice = "add reaches, receivers, outcome, inhibited or remedies"
        yield _incomplete("nothing is expected of this alert", where, advice)
    elif case.at is None and not nobody and (case.reaches or case.remedies is not None):
        what = "who is reached" if case.reaches else "what the machine may do"
        key = "reaches" if case.reaches else "remedies"
        yield _incomplete(f"{what} depends on the time", where.at(key), 'add at: "2026-12-25T03:00 Europe/Lisbon"')


def _unreasonable(message: str, where: Location, advice: str) -> Diagnostic:
    return Diagnostic(codes.UNREASONED, message, where, "here", advice)


def _incomplete(message: str, where: Location, advice: str) -> Diagnostic:
    return Diagnostic(codes.INCOMPLETE, message, where, "here", advice)


def _of_names(workspace: Workspace, policy: Policy, case: Case, where: Location) -> Iterator[Diagnostic]:
    for index, name in enumerate(case.reaches):
        if name != NOBODY and _person(workspace, policy, name) is None:
            at = where.at("reaches", index) if len(case.reaches) > 1 else where.at("reaches")
            if did_you_mean(name, (NOBODY,)):
                yield unknown_word("person", name, (NOBODY,), at)
            else:
                yield unknown("Person", name, at, workspace.documents, policy.team)
    if case.in_ not in workspace.environments and case.in_ not in workspace.places:
        names = [*workspace.environments, *(one for one in workspace.places if not one.endswith("/default"))]
        yield unknown_word("place", case.in_, names, where.at("in"))
    elif case.receivers:
        environment = case.in_.partition("/")[0]
        known = receivers(workspace, environment)
        for index, name in enumerate(case.receivers):
            if name not in known:
                yield unknown_word("receiver", name, sorted(known), where.at("receivers", index))


def receivers(workspace: Workspace, environment: str) -> set[str]:
    """The names of all receivers of an environment: ours that an alert can reach, and those of a base."""
    base = workspace.bases.get(environment)
    theirs = (base.value.get("receivers") or ()) if base is not None else ()
    ours = next((tree.receivers() for tree in trees(workspace) if tree.environment == environment), [])
    return {
        *(one.name for one in ours if base is None or one.name != CATCH_ALL),
        *(str(one.get("name")) for one in theirs),
    }
