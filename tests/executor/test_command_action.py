"""`command`, `systemd.restart` and the process they run in: real programs, and limits that the kernel keeps."""

import os
import sys
import time
from pathlib import Path

import pytest

from watchbill.executor.action import Done, Run, Unfit, checked
from watchbill.executor.actions import action
from watchbill.executor.connections import Command, Connections, Reference, Systemd
from watchbill.executor.process import Bounds, NotRun, run
from watchbill.executor.redaction import redactor

PYTHON = sys.executable
SMALL = Bounds(seconds=20, cpu_seconds=20, memory_mib=256, file_mib=1, output=10_000)


def python(program: str, bounds: Bounds = SMALL, **environment: str):
    return run([PYTHON, "-I", "-S", "-c", program], environment, bounds)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    """Within a moment."""
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_a_program_says_what_it_says_and_ends_as_it_ends():
    ended = python("import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)")
    assert (ended.code, ended.output, ended.stopped) == (3, b"out\nerr\n", None)


def test_words_are_words_and_no_shell_reads_them():
    words = ["$(id)", "; rm -rf /", "a b", "*", "`id`", "é"]
    ended = run([PYTHON, "-I", "-S", "-c", "import sys; print(sys.argv[1:])", *words], {}, SMALL)
    assert ended.output.decode().strip() == str(words)


def test_it_sees_nothing_of_the_executors_environment_files_or_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter22")
    with (tmp_path / "open").open("w") as kept:
        os.set_inheritable(kept.fileno(), True)
        ended = python(
            "import os; print(sorted(os.environ)); print(os.getcwd()); print(os.listdir('/proc/self/fd'))", GIVEN="x"
        )
    names, folder, files = ended.output.decode().splitlines()
    assert names == "['GIVEN', 'HOME', 'LANG', 'PATH']"
    assert folder == "/"
    assert files == "['0', '1', '2', '3']"  # 3 is the listing itself


def test_time_is_bounded_also_for_one_that_does_not_listen():
    started = time.monotonic()
    ended = python(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
        Bounds(seconds=0.3, memory_mib=256),
    )
    assert ended.stopped == "it took longer than 0.3 s"
    assert ended.code == -9
    assert time.monotonic() - started < 10


def test_processor_time_is_bounded():
    ended = python("while True: pass", Bounds(seconds=30, cpu_seconds=1, memory_mib=256))
    assert ended.code in (-9, -24)  # SIGKILL or SIGXCPU
    assert ended.stopped is None


def test_memory_is_bounded():
    ended = python("x = bytearray(400 << 20)")
    assert ended.code == 1
    assert b"MemoryError" in ended.output


def test_files_are_bounded(tmp_path):
    ended = python(f"open({str(tmp_path / 'big')!r}, 'wb').write(b'x' * (8 << 20))")
    assert ended.code != 0
    assert (tmp_path / "big").stat().st_size <= 1 << 20


def test_output_is_bounded():
    ended = python("import sys\nwhile True: sys.stdout.write('x' * 4096)")
    assert ended.stopped == "it said more than 10000 bytes"
    assert len(ended.output) == 10_000


def test_children_do_not_outlive_it(tmp_path):
    program = "import subprocess, sys; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); {rest}"
    for rest in ("sys.exit(0)", "child.wait()"):
        ended = python(program.format(rest=rest), Bounds(seconds=1, memory_mib=256))
        assert gone(int(ended.output))


def test_one_that_closes_its_output_and_goes_on_is_waited_for():
    ended = python("import os, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(7)")
    assert (ended.code, ended.output) == (7, b"")


def test_it_ends_when_the_executor_has_lost_the_work():
    ended = run([PYTHON, "-c", "import time; time.sleep(60)"], {}, SMALL, lambda: False)
    assert ended.stopped == "its lease was over"


@pytest.mark.parametrize("program", ["/no/such/program", "/etc/passwd", "/etc"])
def test_what_is_no_program_is_not_run(program):
    with pytest.raises(NotRun):
        run([program], {}, SMALL)


# The actions


def act(name: str, connections: Connections, parameters: dict[str, object], /, **inputs: str) -> Done:
    chosen = action(name)
    secrets = redactor(connections.secrets())
    return chosen.run(
        Run(parameters=checked(chosen, parameters, inputs), inputs=inputs, connections=connections, redact=secrets)
    )


def listed(**more: object) -> Connections:
    return Connections(command={"echo": Command(path="/bin/echo", memory_mib=256, **more)})


def test_only_commands_of_the_list_run_and_only_as_they_may_begin():
    assert act("command", listed(), {"argv": ["echo", "hello"]}).detail == "it said: hello"
    with pytest.raises(Unfit, match="not on the executor's list"):
        act("command", listed(), {"argv": ["/bin/echo", "hello"]})
    with pytest.raises(Unfit, match="not on the executor's list"):
        act("command", Connections(), {"argv": ["echo"]})
    begins = listed(begins=(("get", "pods"), ("version",)))
    assert act("command", begins, {"argv": ["echo", "get", "pods", "-A"]}).outcome == "succeeded"
    for words in (["get"], ["get", "nodes"], ["delete", "get", "pods"], []):
        with pytest.raises(Unfit, match="may not begin like that"):
            act("command", begins, {"argv": ["echo", *words]})


def test_an_option_comes_from_the_plan_or_not_at_all():
    assert act("command", listed(), {"argv": ["echo", "-n", "web"]}, name="web").outcome == "succeeded"
    with pytest.raises(Unfit, match="would be an option"):
        act("command", listed(), {"argv": ["echo", "-n", "--all"]}, name="--all")


def test_its_end_is_told_in_the_right_word(monkeypatch):
    programs = Connections(
        command={
            "sh": Command(path="/bin/sh", seconds=1, memory_mib=256),
            "gone": Command(path="/no/such/program"),
        }
    )
    failed = act("command", programs, {"argv": ["sh", "-c", "echo sorry; exit 4"]})
    assert (failed.outcome, failed.detail) == ("failed", "it ended with 4; it said: sorry")
    killed = act("command", programs, {"argv": ["sh", "-c", "kill -9 $$"]})
    assert killed.outcome == "failed"
    stopped = act("command", programs, {"argv": ["sh", "-c", "echo half; sleep 30"]})
    assert stopped.outcome == "unknown"
    assert "longer than 1 s; it said: half" in stopped.detail
    with pytest.raises(NotRun):
        act("command", programs, {"argv": ["gone"]})


def test_a_secret_reaches_the_program_and_nobody_else(monkeypatch):
    monkeypatch.setenv("THE_SECRET", "s3cr3t-value")
    connections = Connections(
        command={
            "sh": Command(path="/bin/sh", memory_mib=256, environment={"PASS": Reference(env="THE_SECRET"), "A": "b"})
        }
    )
    done = act("command", connections, {"argv": ["sh", "-c", "echo got ${#PASS} $A, it is $PASS"]})
    assert done.detail == "it said: got 12 b, it is [redacted]"
    monkeypatch.delenv("THE_SECRET")
    with pytest.raises(Unfit, match="THE_SECRET"):
        act("command", connections, {"argv": ["sh"]})


@pytest.fixture
def systemctl(tmp_path: Path) -> Path:
    """A program in the place of systemctl: machines of tests have no systemd. It says how it was called."""
    program = tmp_path / "systemctl"
    program.write_text(
        '#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done\ncase "$*" in *bad*) exit 5;; esac\n'
    )
    program.chmod(0o755)
    return program


def test_a_unit_is_restarted_here_or_on_another_host(systemctl):
    hosts = Connections(
        systemd={
            "here": Systemd(systemctl=str(systemctl)),
            "web-1": Systemd(systemctl=str(systemctl), host="watchbill@web-1"),
        }
    )
    here = act("systemd.restart", hosts, {"host": "here", "unit": "nginx.service"})
    assert here == Done("succeeded", "it said: <--no-ask-password><restart><--><nginx.service>")
    there = act("systemd.restart", hosts, {"host": "web-1", "unit": "app@7.service"})
    assert "<--host=watchbill@web-1><restart><--><app@7.service>" in there.detail
    assert act("systemd.restart", hosts, {"host": "here", "unit": "bad.service"}).outcome == "failed"
    with pytest.raises(Unfit, match=r"no connection systemd\.web-2"):
        act("systemd.restart", hosts, {"host": "web-2", "unit": "nginx.service"})


@pytest.mark.parametrize("unit", ["nginx", "-a.service", "a b.service", "../a.service", "a.service\n", "a;b.service"])
def test_what_is_no_unit_is_refused(unit):
    with pytest.raises(Unfit):
        checked(action("systemd.restart"), {"host": "here", "unit": unit}, {})
