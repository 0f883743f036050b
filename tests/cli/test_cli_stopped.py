"""Whatever ends a run keeps what was decided, and says where."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runner import command, surroundings

from pmicheck.cli.main import main
from pmicheck.errors import LimitReached
from pmicheck.report.record.record import load
from pmicheck.review.decisions import Decisions
from pmicheck.verdict import ExitCode

SIGNALS = [
    (signal.SIGHUP, ExitCode.HUNG_UP),
    (signal.SIGINT, ExitCode.INTERRUPTED),
    (signal.SIGTERM, ExitCode.TERMINATED),
]
SETTLED = ("type1-settled", "--attacker", "off-path")
REAL = [sys.executable, "-m", "pmicheck"]


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


@pytest.mark.parametrize(("number", "code"), SIGNALS)
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


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_leaves_the_ablations_that_were_tried(tmp_path: Path, number: signal.Signals, code: ExitCode) -> None:
    with started(tmp_path, [*REAL, "ablate", *SETTLED, "--json", "a.json"]) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "(1 of " in line:
                break
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert "interrupted; what was decided so far is in a.json" in said
    kept = json.loads((tmp_path / "a.json").read_text())
    assert kept["partial"]
    assert kept["trials"]


VERBS = (
    ["ablate", *SETTLED, "--property", "no-redirection"],
    ["readings", *SETTLED, "--property", "no-redirection"],
    ["repair", *SETTLED, "no-redirection", "--without", "mac", "--limit", "1"],
)


def failing(error: BaseException, after: int) -> Callable[..., object]:
    """The search of `Decisions`, which raises the error once it has been called so often."""
    real, calls = Decisions._search, iter(range(1000))

    def search(*arguments: object) -> object:
        if next(calls) >= after:
            raise error
        return real(*arguments)  # type: ignore[arg-type]

    return search


@pytest.mark.parametrize(
    ("error", "code", "why"),
    [
        (MemoryError(), ExitCode.INCONCLUSIVE, "memory is exhausted; what was decided so far is"),
        (LimitReached("no room"), ExitCode.INCONCLUSIVE, "no room; what was decided so far is"),
        (RuntimeError("the sky fell"), ExitCode.CRASH, "internal error"),
    ],
)
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_a_change_of_a_scenario_that_ends_early_says_what_it_found(
    verb: list[str],
    error: BaseException,
    code: ExitCode,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Decisions, "_search", failing(error, 2))
    assert main(verb) == code
    said = capsys.readouterr()
    assert why in said.err
    assert "Ended early: what is not named here was not tried." in said.out


def test_what_is_ended_before_anything_was_decided_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Decisions, "_search", failing(LimitReached("no room"), 0))
    assert main([*VERBS[0], "--json", str(tmp_path / "a.json")]) == ExitCode.INCONCLUSIVE
    kept = json.loads((tmp_path / "a.json").read_text())
    assert kept["undecided"] == ["off-path/no-redirection"]
    assert kept["trials"] == []
    assert "Left open, as it is: off-path/no-redirection." in capsys.readouterr().out
    assert main(VERBS[2]) == ExitCode.INCONCLUSIVE
    assert "is not violated" not in capsys.readouterr().out
