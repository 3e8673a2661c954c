"""An alert of the worst severity tells when its data are gone, whatever the severities are called."""

import pytest

from watchbill.spec.resolve import read_workspace


@pytest.mark.parametrize(
    ("severities", "severity"),
    [
        ("{critical: {page: default}, warning: {ticket: team}, info: {notify: team}}", "warning"),
        ("{sev1: {page: default}, sev2: {page: default}, sev3: {ticket: team}, sev4: {ticket: team}}", "sev3"),
        ("{sev1: {page: default}, chat: {notify: team}, nothing: {drop: true}}", "chat"),
        ("{sev1: {page: default}, sev2: {page: default}, nothing: {drop: true}}", "sev2"),
    ],
)
def test_missing_data_are_told_as_a_warning_or_the_next_best(workspace, small, severities, severity):
    text = small.replace("name: shop\n", f"name: shop\nseverities: {severities}\n", 1)
    worst = severities.strip("{").split(":")[0]
    text = text.replace("severity: critical", f"severity: {worst}")
    for said, after in (("", "10m"), (", no_data: {after: 30m}", "30m")):
        service = text.replace('/web"}}\n', f'/web"}}{said}}}\n')
        found, _, problems = read_workspace(workspace({"policies/watchbill.yaml": service}), cache=False)
        assert [one.message for one in problems] == []
        (gone,) = (one for one in found.places["production/default"].alerts if one.no_data_of)
        assert (gone.severity, gone.for_) == (severity, after)


def test_where_every_severity_is_dropped_nothing_is_told(workspace, small):
    text = small.replace("name: shop\n", "name: shop\nseverities: {critical: {drop: true}}\n", 1)
    found, _, _ = read_workspace(workspace({"policies/watchbill.yaml": text}), cache=False)
    assert [one.name for one in found.places["production/default"].alerts] == ["WebDown"]


def test_a_severity_that_a_policy_names_must_be_one(workspace, small, findings):
    text = small.replace('/web"}}\n', '/web"}, no_data: {severity: warnin}}\n')
    (one,) = findings(workspace({"policies/watchbill.yaml": text}))
    assert (one.code, one.text, one.help) == ("WB221", "warnin", "did you mean `warning`?")
