"""Whatever ends a run keeps what was decided, and says where."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runner import command, surroundings

from pmicheck.report.record import load
from pmicheck.verdict import ExitCode

REAL = [sys.executable, "-m", "pmicheck.cli"]


def started(directory: Path, program: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        program,
        cwd=directory,
        env=surroundings("sleep"),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: [signal.signal(s, signal.SIG_DFL) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)],
    )


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGHUP, ExitCode.HUNG_UP), (signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_a_signal_leaves_a_valid_partial_record(tmp_path: Path, number: signal.Signals, code: ExitCode) -> None:
    with started(tmp_path, command("verify", "--json", "r.json")) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == code == 128 + number
    assert "what was decided so far is in r.json" in said
    assert load(tmp_path / "r.json").partial


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    nohup = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command("verify", "--json", "r.json")]
    with started(tmp_path, nohup) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == ExitCode.TERMINATED


@pytest.mark.parametrize("what", ["terminate", "kill a worker"])
def test_a_run_with_workers_keeps_what_they_decided(tmp_path: Path, what: str) -> None:
    scenarios = ("type1-initial", "type1-settled", "rr-mobile")
    powers = (word for name in ("off-path", "home-path", "dolev-yao") for word in ("--attacker", name))
    with started(tmp_path, [*REAL, "verify", *scenarios, *powers, "--workers", "2", "--json", "r.json"]) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "(1 of " in line:
                break
        if what == "terminate":
            process.terminate()
        else:
            listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
            os.kill(int(listed.stdout.split()[-1]), signal.SIGKILL)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == (ExitCode.TERMINATED if what == "terminate" else ExitCode.INCONCLUSIVE)
    assert (what == "terminate") != ("a worker process was killed" in said)
    assert load(tmp_path / "r.json").results


def test_ctrl_c_after_the_last_cell_loses_nothing(tmp_path: Path) -> None:
    with started(tmp_path, [*REAL, "verify", "type1-initial", "--attacker", "off-path", "--json", "r.json"]) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "(1 of 1)" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert load(tmp_path / "r.json").results
