"""What of PagerDuty the policies need: for each team, the escalations by which it is paged, and whether they may wake."""

import msgspec

from watchbill.routing.building.receivers import Receiver, key_file, pagerduty_severity
from watchbill.routing.building.routetree import trees
from watchbill.spec.model import Workspace

_QUIET = ("warning", "info")  # to PagerDuty, of low urgency


class Use(msgspec.Struct, frozen=True):
    """A team and an escalation by which it is paged, hence one PagerDuty service.

    `name` is that of the file in which Alertmanager finds the service's key. With `urgent`, every incident wakes.
    """

    team: str
    escalation: str
    name: str
    urgent: bool

    @property
    def policy(self) -> str:
        """The name of the escalation policy."""
        return self.name.removeprefix("pagerduty-")


def in_use(workspace: Workspace) -> list[Use]:
    """All of them, sorted by name: exactly those whose keys Alertmanager's configurations name."""
    files: dict[str, tuple[str, str]] = {}
    urgent: dict[str, bool] = {}
    for tree in trees(workspace):
        for one in tree.receivers():
            policy = workspace.documents.get("Team", {}).get(one.team)
            paged = policy is not None and policy.body is not None and policy.body.paging == "pagerduty"
            if one.kind != "page" or one.escalation is None or not paged:
                continue
            name = key_file(workspace.environments[tree.environment], one.team, one.escalation).rsplit("/", 1)[-1]
            files[name] = one.team, one.escalation
            urgent[name] = urgent.get(name, False) or _wakes(workspace, one)
    return [Use(*files[name], name, urgent[name]) for name in sorted(files)]


def _wakes(workspace: Workspace, one: Receiver) -> bool:
    """Whether a severity that pages would be of low urgency by its name, and nobody would be woken, nor anyone after.

    PagerDuty never escalates an incident of low urgency. A severity that the workspace does not page by, and that has
    come here for want of another channel, is left to its own urgency: a ticket wakes nobody.
    """
    if one.severity is None:
        return False
    return workspace.severities[one.severity].page is not None and pagerduty_severity(workspace, one.severity) in _QUIET


def paged_by(workspace: Workspace, use: Use) -> list[tuple[str, str]]:
    """Kind and name of the services whose alerts page a team by an escalation, its own or those it may own at run time."""
    return sorted(
        {
            (service.kind, service.name)
            for place in workspace.places.values()
            if workspace.environments[place.environment].alertmanager is not None
            for service in place.services
            for alert in service.alerts
            if any(team == use.team and outcome.escalation == use.escalation for team, outcome in alert.takers)
        },
        key=lambda one: one[1],
    )
