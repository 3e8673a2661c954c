"""`watchbill check --proof`: the claims, in every form, and nothing written but where it was asked."""

import json

import pytest

from proof.house import BASE, LEGACY, NO_BASE, house
from watchbill.proof.claims import _PROMISES

BROKEN = LEGACY + (
    "inhibit_rules: [{source_matchers: ['severity=\"warning\"'], target_matchers: ['severity=\"critical\"'], equal: [service]}]\n"
)


@pytest.fixture(scope="module")
def compiled(workspace, run):
    root = workspace(house())
    assert run("compile", "--no-gates", cwd=root).exit == 0
    return root


def test_every_claim_is_told_with_its_counts(compiled, run) -> None:
    ran = run("check", "--proof", cwd=compiled)
    assert ran.exit == 0
    assert "shop: proven, 2026-01-05 to 2026-12-31" in ran.out
    for promise in _PROMISES:
        assert f"✓ {promise.name}" in ran.out
    assert "2 people" in ran.out
    assert "✓ generated" in ran.out


def test_programs_get_the_findings_and_the_proof_in_one_document(compiled, run) -> None:
    told = json.loads(run("check", "--proof", "--format", "json", cwd=compiled).out)
    assert (told["version"], told["diagnostics"]) == (1, [])
    claims = {claim["name"]: claim for claim in told["proof"]["claims"]}
    assert told["proof"]["holds"]
    assert claims["reach"]["counts"]["alerts"] == 4  # three, and one that notices when the data of WebDown is gone
    assert claims["reach"]["counts"]["days"] == 361
    assert {claim["verdict"] for claim in claims.values()} <= {"proven", "not shown"}


def test_it_writes_two_files_where_it_is_asked_and_nothing_else(compiled, run, tmp_path) -> None:
    before = sorted(compiled.rglob("*"))
    assert run("check", "--proof", "--out", str(tmp_path / "proof"), cwd=compiled).exit == 0
    assert sorted(path.name for path in (tmp_path / "proof").iterdir()) == ["proof.json", "proof.md"]
    assert json.loads((tmp_path / "proof/proof.json").read_text("utf-8"))["proof"]["holds"]
    assert "## Proven: shop" in (tmp_path / "proof/proof.md").read_text("utf-8")
    assert sorted(compiled.rglob("*")) == before
    assert run("check", "--out", str(tmp_path), cwd=compiled).exit == 64


def test_a_claim_that_does_not_hold_names_what_is_against_it(workspace, run) -> None:
    root = workspace(house((NO_BASE, BASE), legacy=BROKEN))
    ran = run("check", "--proof", cwd=root)
    assert ran.exit == 1
    assert "error[WB457]" in ran.out
    assert "policies/legacy.yml:3" in ran.out
    assert "✗ silence" in ran.out
    assert "against it: WB457" in ran.out
    assert "✗ generated" in ran.out
    assert run("check", cwd=root).exit == 1


def test_of_policies_with_an_error_nothing_is_proven(workspace, run) -> None:
    root = workspace(house(("critical: {page: now}", "critical: {page: later}")))
    ran = run("check", "--proof", cwd=root)
    assert ran.exit == 1
    assert "Nothing is proven while there are errors." in ran.out
    assert json.loads(run("check", "--proof", "--format", "json", cwd=root).out)["proof"] is None
