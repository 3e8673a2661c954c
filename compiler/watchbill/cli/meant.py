"""What the words of a command line mean: an alert by its name, or by labels alone."""

from collections.abc import Iterable, Sequence

import click

from watchbill.routing.building.meant import Meant, MeantError, by_labels, by_name, places
from watchbill.spec.model import Workspace


def pairs(words: Iterable[str]) -> tuple[str | None, dict[str, str]]:
    """The words of a command: at most one alert's name, and `label=value`."""
    name: str | None = None
    labels: dict[str, str] = {}
    for word in words:
        if any("\ud800" <= character <= "\udfff" for character in word):  # what Python makes of other bytes
            raise click.UsageError(f"`{word.encode('utf-8', 'backslashreplace').decode()}` is not UTF-8")
        label, sign, value = word.partition("=")
        if sign and label:
            if labels.setdefault(label, value) != value:
                raise click.UsageError(f"`{label}` is given twice: `{labels[label]}` and `{value}`")
        elif sign or name is not None:
            raise click.UsageError(f"`{word}` is not label=value" + (f", and the alert is `{name}`" if name else ""))
        else:
            name = word
    return name, labels


def meant(workspace: Workspace, words: Sequence[str], where: str | None) -> Meant:
    """What a command means. `where` is a place or an environment; without it there must be only one that fits."""
    name, labels = pairs(words)
    if name is not None and labels.pop("alertname", name) != name:
        raise click.UsageError(f"the alert is `{name}`: leave `alertname=` out")
    if name is None and not labels:
        raise click.UsageError("name an alert, or give labels: watchbill route HighErrorRate service=checkout")
    try:
        here = places(workspace, where)
        return by_name(workspace, here, name, labels) if name is not None else by_labels(workspace, here, labels)
    except MeantError as error:
        raise click.UsageError(str(error)) from None
