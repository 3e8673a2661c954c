"""Which alert, where, and with which labels: what an alert's name or some of its labels mean in a workspace."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from watchbill.source.diagnostic import did_you_mean
from watchbill.spec.model import Place, ResolvedAlert, Workspace


class Meant(msgspec.Struct, frozen=True):
    """An alert as Alertmanager sees it. `alert` is its rule, None when labels alone were given and no rule has them."""

    place: Place
    alert: ResolvedAlert | None
    labels: dict[str, str]


class MeantError(Exception):
    """No alert is meant, or more than one: what is wrong, what to write instead, and which label it is about."""

    def __init__(self, message: str, hint: str = "", label: str = "") -> None:
        super().__init__(f"{message}: {hint}" if hint else message)
        self.message, self.hint, self.label = message, hint, label


def places(workspace: Workspace, where: str | None) -> list[Place]:
    """The places of an environment, or the one of that name; all that route alerts when none is named."""
    known = [
        one for one in workspace.places.values() if workspace.environments[one.environment].alertmanager is not None
    ]
    if where is None:
        if not known:
            raise MeantError("no environment has an `alertmanager:`, so nothing is routed")
        return known
    found = [place for place in workspace.places.values() if where in (place.name, place.environment)]
    if not found:
        names = [*workspace.environments, *workspace.places]
        raise MeantError(f"there is no place `{where}`", _hint(where, names))
    if found[0] not in known:
        raise MeantError(f"`{found[0].environment}` has no `alertmanager:`, so nothing is routed there")
    return found


def in_places(workspace: Workspace, where: Sequence[Place], labels: Mapping[str, str]) -> list[Meant]:
    """One alert in each of these places that has it: by its `alertname`, or without one by labels alone."""
    given = dict(labels)
    name = given.pop("alertname", None)
    if name is not None:
        known = named(workspace)
        has = [place for place in where if name in known[place.name]]
        fits = [place for place in has if any(_agreeing(one, given) for one in place.identities)] or has
        return [by_name(workspace, [place], name, given) for place in fits] or [by_name(workspace, where, name, given)]
    fits = [place for place in where if any(_agreeing(one, labels) for one in place.identities)]
    return [by_labels(workspace, [place], given) for place in fits] or [by_labels(workspace, where, given)]


def named(workspace: Workspace) -> dict[str, dict[str, list[ResolvedAlert]]]:
    """The alerts of each place by their names. The last workspace's are kept: a test asks for thousands."""
    if not _kept or _kept[0][0] is not workspace:
        found: dict[str, dict[str, list[ResolvedAlert]]] = {}
        for place in workspace.places.values():
            by_name: dict[str, list[ResolvedAlert]] = found.setdefault(place.name, {})
            for alert in place.alerts:
                by_name.setdefault(alert.name, []).append(alert)
        _kept[:] = [(workspace, found)]
    return _kept[0][1]


_kept: list[tuple[Workspace, dict[str, dict[str, list[ResolvedAlert]]]]] = []


# By the name of an alert


def by_name(workspace: Workspace, places: Sequence[Place], name: str, labels: Mapping[str, str]) -> Meant:
    """The one alert of this name in these places that may carry the labels."""
    known = named(workspace)
    same = [(place, alert) for place in places for alert in known[place.name].get(name, ())]
    if not same:
        elsewhere = sorted(place for place, some in known.items() if name in some)
        if elsewhere:
            raise MeantError(f"`{name}` does not run there", f"it runs in {_some(elsewhere)}", "alertname")
        raise MeantError(
            f"there is no alert `{name}`",
            _hint(name, sorted({one for place in places for one in known[place.name]})),
            "alertname",
        )
    fixed = [(place, alert, written(place, alert)) for place, alert in same]
    fits = [one for one in fixed if all(one[2].get(label, value) == value for label, value in labels.items())]
    if not fits:
        raise _contradiction(name, labels, [known for _, _, known in fixed])
    place, alert = _only(name, fits)
    own = {"alertname": name, **written(place, alert)}
    for label in labels:
        if label not in own and label not in workspace.identity[place.environment] and not alert.may_have(label):
            raise _impossible(label, alert, own)
    whole = {**own, **_held(place, labels), **labels}
    return Meant(place, alert, {label: value for label, value in whole.items() if value})


def written(place: Place, alert: ResolvedAlert) -> dict[str, str]:
    """The labels of an alert of this rule in any case: the rule's own, empty where it has none, and those of its place."""
    return {**place.labels, **alert.labels}


def _only(name: str, fits: list[tuple[Place, ResolvedAlert, dict[str, str]]]) -> tuple[Place, ResolvedAlert]:
    if len(fits) == 1:
        return fits[0][0], fits[0][1]
    where = list(dict.fromkeys(place.name for place, _, _ in fits))
    first = [known for place, _, known in fits if place.name == where[0]]
    if len(first) > 1:  # several in one place: services, or levels
        labels = ("service", "severity", *first[0])
        apart = next(label for label in labels if len({one.get(label) for one in first}) > 1)
        values = _some(f"{apart}={one.get(apart, '')}" for one in first)
        raise MeantError(f"there are {len(first)} alerts `{name}` in {where[0]}", f"add {values}")
    raise MeantError(f"`{name}` runs in several places", f"add {_some(f'--in {one}' for one in where)}")


def _held(place: Place, labels: Mapping[str, str]) -> dict[str, str]:
    """Where one source holds several values of an identity label, the alert must say which is its own."""
    if place.held is None:
        return {}
    value = labels.get(place.held)
    if value is None or value not in place.holds:
        missing = (
            f"alerts of {place.name} carry `{place.held}`" if value is None else f"`{place.held}` is not `{value}`"
        )
        raise MeantError(missing, f"add {_some(f'{place.held}={one}' for one in place.holds)}")
    return {place.held: value}


def _contradiction(name: str, labels: Mapping[str, str], known: list[dict[str, str]]) -> MeantError:
    for label, value in labels.items():
        values = sorted({one[label] for one in known if label in one})
        if values and value not in values:
            close = did_you_mean(value, values)
            more = f"did you mean `{close}`?" if close else ""
            return MeantError(f"`{name}` carries {label}={_some(values)} where it runs, never `{value}`", more, label)
    said = " ".join(f"{label}={value}" for label, value in labels.items())
    return MeantError(f"no alert `{name}` carries {said} together")


def _impossible(label: str, alert: ResolvedAlert, own: Mapping[str, str]) -> MeantError:
    can = sorted(alert.yields.can or alert.yields.must)
    close = did_you_mean(label, [*can, *own])
    if close is not None:
        hint = f"did you mean `{close}`?"
    elif can:
        hint = f"its expression yields {_some(can)}"
    else:
        hint = "its expression yields no labels"
    return MeantError(f"`{alert.name}` cannot carry `{label}`", hint, label)


# By labels alone


def by_labels(workspace: Workspace, places: Sequence[Place], labels: Mapping[str, str]) -> Meant:
    """An alert that is known by its labels only: those that identify a place tell where it fires."""
    fits = [place for place in places if any(_agreeing(one, labels) for one in place.identities)]
    environments = list(dict.fromkeys(place.environment for place in fits))
    if not environments:
        raise _nowhere(workspace, places, labels)
    if len(environments) > 1:
        raise MeantError(
            f"alerts with these labels may come from {_some(environments)}",
            f"add {_some(f'--in {one}' for one in environments)}",
        )
    if len(fits) > 1:
        raise _unidentified(workspace, fits, labels)
    (place,) = fits
    whole = {**place.labels, **_held(place, labels), **labels}
    rule = next(
        (
            alert
            for alert in place.alerts
            if alert.name == whole.get("alertname")
            and all(whole.get(label, "") == value for label, value in alert.labels.items())
        ),
        None,
    )
    return Meant(place, rule, whole)


def _agreeing(identity: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(label, value) == value for label, value in identity.items())


def _nowhere(workspace: Workspace, places: Sequence[Place], labels: Mapping[str, str]) -> MeantError:
    for label in dict.fromkeys(name for place in places for name in workspace.identity[place.environment]):
        values = sorted({one[label] for place in places for one in place.identities if label in one})
        if label in labels and labels[label] not in values:
            close = did_you_mean(labels[label], values)
            hint = f"did you mean `{close}`?" if close else f"it is {_some(values)}"
            return MeantError(f"no place has {label}={labels[label]}", hint)
    return MeantError("no place has these identity labels together")


def _unidentified(workspace: Workspace, fits: Sequence[Place], labels: Mapping[str, str]) -> MeantError:
    missing = [name for name in workspace.identity[fits[0].environment] if name not in labels]
    label = next((name for name in missing if len({place.labels.get(name) for place in fits}) > 1), None)
    said = _some(f"{label}={place.labels[label]}" for place in fits if label in place.labels) if label else ""
    by_place = _some(f"--in {place.name}" for place in fits)
    if not said:
        return MeantError("alerts with these labels may come from several places", f"add {by_place}")
    return MeantError(
        f"alerts of {fits[0].environment} carry `{label}`, which is missing", f"add {said}, or {by_place}"
    )


def _hint(word: str, known: Iterable[str]) -> str:
    names = list(known)
    close = did_you_mean(word, names)
    return f"did you mean `{close}`?" if close else f"there is {_some(names)}"


def _some(words: Iterable[str]) -> str:
    """`a, b or c`; of many the first few."""
    known = list(dict.fromkeys(words))
    if len(known) > 6:
        return f"{', '.join(known[:5])} or {len(known) - 5} others"
    return f"{', '.join(known[:-1])} or {known[-1]}" if len(known) > 1 else "".join(known) or "none"
