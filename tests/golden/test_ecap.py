"""The golden tree of the worked example is `generated/` itself."""

from pathlib import Path


def test_generated_is_exactly_what_the_policies_of_the_example_mean(run):
    ran = run("compile", "--check", cwd=Path(__file__).parents[2])
    assert ran.exit == 0, ran.out
    assert ran.err.startswith("generated/ is current: ")
    assert "stray-file" not in ran.out
