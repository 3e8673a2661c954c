"""Policies to the one model that everything downstream reads."""

from functools import partial
from pathlib import Path

from watchbill.source.codes import references, structure
from watchbill.source.diagnostic import Diagnostic, Location, Related
from watchbill.source.files import WORKSPACE_FILE
from watchbill.spec.basefile import read_bases
from watchbill.spec.foreign import resolve_foreign
from watchbill.spec.kinds.people import Escalation, EscalationStep, Notified
from watchbill.spec.kinds.workspace import Workspace as WorkspaceKind
from watchbill.spec.load import Policies, Policy, load, resting_collector
from watchbill.spec.memory import Memory
from watchbill.spec.model import CatchAll, Place, ResolvedService, Workspace
from watchbill.spec.placeless import placeless
from watchbill.spec.references import check_references, register
from watchbill.spec.resolution import Resolve, resolutions
from watchbill.spec.rota import LOCK, close_on_holidays
from watchbill.spec.services import resolve_service
from watchbill.spec.settings import DEFAULT_ESCALATION, catch_all, identity, places, severities, timing
from watchbill.spec.sight import seals
from watchbill.spec.windows import resolve_windows
from watchbill.spec.words import Context, Told, check_defaults, check_words, context_of
from watchbill.spec.workspace import check_settings

BUILT_IN_ESCALATION = Escalation(
    acknowledge_within="5m", steps=(EscalationStep(notify=(Notified(on_call="primary"),), wait="5m"),), repeat=2
)


def read_workspace(
    root: Path, *, cache: bool = True, memory: Memory | None = None
) -> tuple[Workspace | None, Policies, list[Diagnostic]]:
    """A folder to a model. The model is None when the Workspace document itself is broken; findings come either way.

    With a `memory` it is the caller who writes it, once it has been asked for everything.
    """
    asked = memory or Memory(root if cache else None)
    with resting_collector():
        policies, found = load(root, asked)
        workspace, problems = resolve(policies, asked)
        if memory is None:
            asked.write()
    return workspace, policies, [*found, *problems]


def resolve(policies: Policies, memory: Memory) -> tuple[Workspace | None, list[Diagnostic]]:
    documents, found = register(policies)
    documents.setdefault("Escalation", {}).setdefault(
        DEFAULT_ESCALATION,
        Policy("Escalation", DEFAULT_ESCALATION, None, BUILT_IN_ESCALATION, Location(WORKSPACE_FILE)),
    )
    found.extend(check_references(policies, documents))
    policy = next(iter(documents.get("Workspace", {}).values()), None)
    if policy is None or policy.body is None:
        return None, [*found, *placeless(documents, None)]
    settings: WorkspaceKind = policy.body
    found.extend(check_settings(policy, documents))
    found.extend(close_on_holidays(documents, settings.coverage, policies.root))
    place_settings = places(settings)
    context = context_of(settings, place_settings, documents)
    found.extend(placeless(documents, context))
    sealed = seals(policies, documents, context.set_testers, _bytes(policies.root / LOCK))
    jobs: dict[str, Resolve] = {}
    for alert_set in documents.get("AlertSet", {}).values():
        if alert_set.body is not None:
            told = Told()
            check_words(alert_set, context, told)
            found.extend(told)
    found.extend(_check_blocks(policy, documents, context))
    for service in documents.get("Service", {}).values():
        if service.team is None and service.body is not None:
            found.append(
                Diagnostic(
                    structure.MISSING_KEY, "`team` is missing", service.at, "whose service is this?", "add `team:`"
                )
            )
        if service.body is None or service.team is None:
            continue
        jobs[f"Service/{service.name}"] = partial(resolve_service, service, context)
    for foreign in documents.get("Foreign", {}).values():
        same = documents.get("Service", {}).get(foreign.name)
        if same is not None:
            found.append(_same_name(foreign, same))
        if foreign.body is not None:
            jobs[f"Foreign/{foreign.name}"] = partial(resolve_foreign, foreign, policies, context)
    services: dict[str, list[ResolvedService]] = {name: [] for name in place_settings}
    for resolved, problems in resolutions(memory, sealed.services, place_settings, jobs):
        found.extend(problems)
        for place, one in resolved.items():
            services[place].append(one)
    bases, problems = read_bases(policy, policies)
    found.extend(problems)
    windows, problems = resolve_windows(context)
    found.extend(problems)
    taker, _ = catch_all(settings, documents.get("Team", {}))
    if taker is None:
        taker = CatchAll("", "page", DEFAULT_ESCALATION)  # told by check_settings; nothing is written
    resort = settings.last_resort
    workspace = Workspace(
        name=policy.name,
        root=policies.root,
        settings=settings,
        severities=severities(settings),
        timing=timing(settings),
        targets=_targets(settings),
        environments=settings.environments,
        identity={name: identity(environment) for name, environment in settings.environments.items()},
        places={
            name: Place(
                name,
                place.environment,
                place.source,
                place.labels,
                place.prometheus_url,
                tuple(sorted(services[name], key=lambda s: (s.team, s.name))),
                place.series,
                place.held,
                place.holds,
                place.tenant,
            )
            for name, place in place_settings.items()
        },
        catch_all=taker,
        last_resort=(resort.team, resort.on_call) if resort else (taker.team, "primary"),
        windows=windows,
        bases=bases,
        documents={kind: dict(sorted(same.items())) for kind, same in documents.items()},
        seals=sealed,
    )
    return workspace, found


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        return repr(error).encode()


def _same_name(foreign: Policy, service: Policy) -> Diagnostic:
    """A Foreign is the `service` of its alerts: routes and incidents could not tell the two apart."""
    return Diagnostic(
        references.DUPLICATE_NAME,
        f"Foreign `{foreign.name}` has the name of a Service, and both are the label `service` of their alerts",
        foreign.at.at("name"),
        "and again here",
        "rename one of the two",
        related=(Related(service.at.at("name"), "first defined here"),),
    )


def _check_blocks(policy: Policy, documents: dict[str, dict[str, Policy]], context: Context) -> list[Diagnostic]:
    """The `defaults:` of the Workspace and of the teams."""
    told = Told()
    for one in (policy, *documents.get("Team", {}).values()):
        if one.body is not None and one.body.defaults is not None:
            check_defaults(one.body.defaults, one.at.at("defaults"), context, told)
    return told


def _targets(settings: WorkspaceKind) -> tuple[str, ...]:
    """The targets asked for; by default all that are configured."""
    if settings.targets is not None:
        return settings.targets
    environments = settings.environments.values()
    configured = {
        "prometheus": True,
        "alertmanager": any(environment.alertmanager for environment in environments),
        "pagerduty": settings.pagerduty is not None,
        "runbooks": settings.runbooks is not None,
        "executor": any(environment.executor for environment in environments),
    }
    return tuple(name for name, wanted in configured.items() if wanted)
