"""Files made to exhaust a reader: each costs a finding, a moment and little memory."""

import subprocess
import sys
import textwrap

import pytest

from watchbill.source.yaml import MAX_BYTES, MAX_DEPTH, MAX_NODES, alias_problem, compose, decode_text

N = 100_000


def bomb(levels: int) -> str:
    lists = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, levels))
    return f"kind: Person\nname: ana\nl0: &l0 [x]\n{lists}"


def chain(length: int) -> str:
    """Steps of a procedure, each inside the next by an alias: a flat text that means a deep value."""
    steps = "".join(f"- &s{n} {{ask: more?, yes: [{f'*s{n - 1}' if n else ''}]}}\n" for n in range(length))
    return f"kind: Procedure\nname: deep\nwhen: {{}}\nsteps:\n{steps}"


TOO_DEEP = {
    "lists in flow form": "[" * N,
    "lists in flow form, closed": "[" * N + "]" * N,
    "mappings in flow form": "{a: " * N,
    "lists in block form": "- " * N,
    "keys in block form": "? " * N,
    "lists and keys in turn": "- ? " * N,
    "mappings by indentation": "".join(f"{' ' * n}a:\n" for n in range(1500)),
    "mappings by indentation, lines ended by CR": "".join(f"{' ' * n}a:\r" for n in range(1500)),
    "mappings by indentation, lines ended by U+2028": "".join(f"{' ' * n}a:\u2028" for n in range(1500)),
    "mappings by indentation, lines ended by U+0085": "".join(f"{' ' * n}a:\x85" for n in range(1500)),
    "lists in a document of a kind": "kind: Person\nname: ana\nskills: " + "[" * N,
    "aliases of aliases": chain(3000),
    "aliases that multiply": bomb(40),
    "aliases that multiply just too far": bomb(7),
}  # fmt: skip


@pytest.mark.parametrize("text", TOO_DEEP.values(), ids=TOO_DEEP)
def test_a_text_that_is_too_deep_or_multiplies_is_one_finding(text, small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    assert [one.code for one in findings(root, "policies/ana.yaml")] == ["WB005"]


@pytest.mark.parametrize("text", [chain(20), bomb(5)], ids=["aliases of aliases", "aliases that multiply"])
def test_aliases_in_measure_are_allowed(text, small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    assert "WB005" not in [one.code for one in findings(root)]


def test_the_bounds_are_those_that_the_finding_names():
    (document,), _ = compose("a.yaml", "[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert alias_problem(document) is None
    deep = "[" * (MAX_DEPTH * 5) + "]" * (MAX_DEPTH * 5)
    assert compose("a.yaml", deep)[1][0].message == f"more than {MAX_DEPTH} levels of nesting"
    assert decode_text("a.yaml", b" " * MAX_BYTES)[0] is not None
    (problem,) = decode_text("a.yaml", b" " * (MAX_BYTES + 1))[1]
    assert problem.code.id == "WB001"
    assert f"{MAX_NODES:,}" in problem.message or "4" in problem.message


def cost(root) -> tuple[str, float, float]:
    """The findings of a workspace, the seconds and the mebibytes that reading it and showing them took."""
    program = textwrap.dedent(
        """
        import resource, sys, time
        from pathlib import Path
        from watchbill.cli.show import render
        from watchbill.source.locate import Sources
        from watchbill.spec.resolve import read_workspace
        from watchbill.promql import parse
        parse("up")
        def megabytes():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        root, before, started = Path(sys.argv[1]), megabytes(), time.perf_counter()
        workspace, policies, found = read_workspace(root, cache=False)
        render("text", found, Sources(root, policies.paths))
        took, more = time.perf_counter() - started, megabytes() - before
        print(",".join(sorted({diagnostic.code.id for diagnostic in found})), took, more)
        """
    )
    done = subprocess.run([sys.executable, "-c", program, root], capture_output=True, text=True, timeout=60, check=True)
    codes, took, more = done.stdout.split()
    return codes, float(took), float(more)


def test_a_file_of_100_mb_is_refused_in_less_than_a_second_and_50_mb(small, workspace):
    root = workspace({"policies/watchbill.yaml": small})
    with (root / "policies/all.yaml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    codes, took, more = cost(root)
    assert codes == "WB001"
    assert took < 1
    assert more < 50


COSTLY = {
    "20,000 documents": ("WB102", "---\n- x\n" * 20_000),
    "20,000 unknown keys": ("WB101", "kind: Person\nname: ana\nemail: a@b.ec\n" + "".join(f"k{n}: 1\n" for n in range(20_000))),
    "20,000 equal keys": ("WB004,WB104", "kind: Person\n" * 20_000),
    "5,000 broken expressions": (
        "WB301",
        "kind: Service\nname: s\nteam: shop\nalerts:\n"
        + "".join(f"- {{name: A{n}, severity: critical, expr: up ==, summary: x}}\n" for n in range(5_000)),
    ),
    "a line of four megabytes": ("WB003", ":" * (MAX_BYTES - 1)),
    "quotes without end": ("WB003", '"' * (MAX_BYTES - 1)),
}  # fmt: skip


@pytest.mark.parametrize("codes, text", COSTLY.values(), ids=COSTLY)
def test_a_file_with_very_many_mistakes_is_read_and_shown_in_time_that_grows_no_faster_than_it(
    codes, text, small, workspace
):
    found, took, more = cost(workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text}))
    assert found == codes
    assert took < 10
    assert more < 200


SERVICE = """\
kind: Service
name: api
team: shop
alerts:
- name: ApiDown
  severity: critical
  expr: {}
  summary: it is down
"""
EXPRESSIONS = {
    "50,000 terms": " + ".join(["up"] * 50_000),
    "5,000 terms": " + ".join(["up"] * 5_000),
    "50,000 terms without spaces": "+".join("a" * 50_000),
    "50,000 signs": "-" * 50_000 + "1",
    "100,000 brackets": "(" * N,
    "100,000 brackets, closed": "(" * N + "1" + ")" * N,
    "5,000 brackets, closed": "(" * 5_000 + "1" + ")" * 5_000,
    "5,000 functions": "abs(" * 5_000 + "up" + ")" * 5_000,
    "5,000 powers": "^".join(["2"] * 5_000),
    "5,000 subqueries": "up" + "[5m:]" * 5_000,
    "a string without end": '"' + "a" * 100_000,
    "a selector of 50,000 matchers": "up{" + ",".join(f'l{n}="a"' for n in range(50_000)) + "}",
}  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_out_of_all_measure_is_a_finding_in_the_expression(expression, small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": small, "policies/api.yaml": SERVICE.format(f"'{expression}'")})
    (found,) = findings(root, "policies/api.yaml")
    assert found.code == "WB301"
    assert found.place[0] == 7
