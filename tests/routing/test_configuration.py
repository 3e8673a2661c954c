"""The configuration as plain values, which checks and `route` read, is what the generated file says."""

from pathlib import Path

import pytest
import yaml

from watchbill.routing.building.configuration import configuration
from watchbill.spec.resolve import read_workspace

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_the_configuration_of_the_example_is_what_its_file_says(environment):
    workspace, _, _ = read_workspace(TOP, cache=False)
    written = (TOP / f"generated/{environment}/alertmanager/alertmanager.yml").read_text("utf-8")
    assert configuration(workspace, environment) == yaml.safe_load(written)
    assert configuration(workspace, "nowhere") is None
