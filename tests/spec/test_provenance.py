"""Where values come from, held against the files: each line that is named says what it is named for."""

from pathlib import Path

import pytest

from watchbill.source.locate import Sources
from watchbill.spec.composition import written
from watchbill.spec.load import Policies
from watchbill.spec.model import Workspace
from watchbill.spec.provenance import Value, values
from watchbill.spec.resolve import read_workspace

TOP = Path(__file__).parents[2]
SHOWN_AS_WRITTEN = ("class", "for", "keep_firing_for", "runbook", "severity")


@pytest.fixture(scope="module")
def read() -> tuple[Workspace, Policies]:
    model, policies, _ = read_workspace(TOP, cache=False)
    assert model is not None
    return model, policies


def test_every_value_of_every_alert_of_the_example_stands_where_it_is_said_to(
    read: tuple[Workspace, Policies],
) -> None:
    model, policies = read
    sources = Sources(TOP, policies.paths)
    wrong, said = [], set()
    for place in model.places.values():
        for alert in place.alerts:
            for value in values(written(model, policies, alert), alert, model, place):
                said.add(value.origin.said)
                if value.origin.at is not None and not _stands_there(value, sources, model):
                    wrong.append((place.name, alert.service, alert.name, value.key, value.text, value.origin))
    assert wrong == []
    assert said >= {"alert", "set", "rule", "level", "change", "with", "set param", "param", "service", "place"}
    assert said >= {"service defaults", "team defaults", "set defaults", "rules defaults", "default", "watchbill"}


def _stands_there(value: Value, sources: Sources, model: Workspace) -> bool:
    assert value.origin.at is not None
    line = sources.lines(value.origin.at.file)[sources.locate(value.origin.at).line - 1]
    if value.key in SHOWN_AS_WRITTEN or value.key.startswith(("labels.", "params.")):
        words = [word for word, meant in model.settings.severity_words.items() if meant == value.text]
        return any(text in line for text in (value.text.rsplit("/", 1)[-1], *words))
    return line.strip() != ""


def test_an_alert_in_force_has_a_value_for_all_that_it_is(read: tuple[Workspace, Policies]) -> None:
    model, policies = read
    for place in model.places.values():
        for alert in place.alerts:
            found = {one.key: one.text for one in values(written(model, policies, alert), alert, model, place)}
            assert found["expr"] == alert.expr
            assert found["severity"] == alert.severity
            assert found["for"] == (alert.for_ or "0s")
            assert found.get("class") == alert.class_
            assert found.get("runbook") == (alert.runbook or alert.runbook_url)
            if alert.no_data_of is None:
                assert found.get("keep_firing_for", "0s") == (alert.keep_firing_for or "0s")
                assert found.get("remediate", "") == ", ".join(alert.remediate)
                own = {key.removeprefix("labels."): text for key, text in found.items() if key.startswith("labels.")}
                written_by_us = {"severity", "team", "service", "class", "page_per", "escalation", "ownership"}
                assert own == {key: text for key, text in alert.labels.items() if key not in written_by_us}
