"""What a terminal shows: colour and a bar where they are wanted, words that fit; and Ctrl-C, which loses nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_runner import Run, command, in_terminal, surroundings

from pmicheck.report.record.record import load
from pmicheck.verdict import ExitCode

COLOUR = re.compile(r"\x1b\[[0-9;]+m")
BOLD_RED_VIOLATED = "\x1b[1;31mviolated"
REAL = [sys.executable, "-m", "pmicheck"]
LONG = ("verify", "type2-local", "type2-rr-wide", "--attacker", "malicious-mn", "--json", "record.json")
"""The first of the two is decided at once, the second not within a minute."""


def test_a_terminal_has_colours_and_rules(tmp_path: Path) -> None:
    shown = in_terminal(tmp_path, "verify")
    assert shown.code == ExitCode.NEW_VIOLATION
    assert BOLD_RED_VIOLATED in shown.sent
    assert "───" in shown.sent


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_a_terminal_that_wants_no_colour_gets_what_a_file_gets(
    tmp_path: Path, run: Run, environment: dict[str, str]
) -> None:
    shown = in_terminal(tmp_path, "verify", **environment)
    assert not COLOUR.search(shown.sent)
    assert run("verify", plan="violated").stdout in shown.plain


def test_a_dumb_terminal_gets_plain_lines_only(tmp_path: Path) -> None:
    assert "\x1b" not in in_terminal(tmp_path, "verify", TERM="dumb").sent


def test_a_pipe_has_colours_only_if_forced(run: Run) -> None:
    assert "\x1b" not in run("verify", plan="violated").stdout
    assert BOLD_RED_VIOLATED in run("verify", plan="violated", FORCE_COLOR="1").stdout
    assert "\x1b" not in run("verify", "--json", "-", plan="violated", FORCE_COLOR="1").stdout


def test_what_a_record_holds_steers_no_terminal(tmp_path: Path) -> None:
    for environment in ({}, {"NO_COLOR": "1"}):
        shown = in_terminal(tmp_path, "verify", plan="hostile", **environment)
        assert "\x1b[41m" not in shown.sent
        assert "\u202e" not in shown.sent
        assert "\\x1b[41m" in shown.sent
        assert shown.code == ExitCode.NEW_VIOLATION


def test_a_terminal_shows_how_far_it_is_and_takes_that_away_again(tmp_path: Path) -> None:
    shown = in_terminal(tmp_path, "verify", plan="slow")
    assert "type1-initial: depth 4" in shown.plain
    assert "1/2 0:00:0" in shown.plain
    bars = [line for line in re.split(r"[\r\n]", shown.plain) if "0:00:0" in line]
    assert max(map(len, bars)) <= 80 - len("^C")  # else its echo begins a line, and the bar is not found again
    after = shown.sent.rpartition("0:00:0")[2]
    assert "\x1b[2K" in after.partition("type1-initial")[0]
    assert "\x1b[?25h" in after  # the cursor is back


def test_where_nobody_watches_there_are_lines_for_what_is_done(run: Run) -> None:
    assert run("verify", plan="slow").stderr == (
        "type1-initial under home-path: 1200 states (1 of 2)\ntype1-initial under off-path: 1200 states (2 of 2)\n"
    )


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}], ids=["colour", "plain"])
def test_tables_keep_to_the_width(tmp_path: Path, columns: int, environment: dict[str, str]) -> None:
    shown = in_terminal(tmp_path, "verify", plan="full", columns=columns, **environment)
    table = shown.plain[shown.plain.index("type1-initial\n") : shown.plain.index("Readings:")].splitlines()
    assert max(map(len, table)) <= columns
    assert sum(line.count("violated") for line in table if "under" not in line) >= 10


def test_ctrl_c_in_a_terminal_leaves_a_valid_partial_record(tmp_path: Path) -> None:
    shown = in_terminal(tmp_path, *LONG, program=REAL, keys=(b"(1 of 2)", b"\x03"))
    assert shown.code == ExitCode.INTERRUPTED
    assert shown.plain.splitlines()[-1] == "pmicheck: interrupted; what was decided so far is in record.json."
    record = load(tmp_path / "record.json")
    assert record.partial
    assert {result.scenario for result in record.results} == {"type2-local"}


def test_ctrl_c_ends_the_workers_too_without_a_word_of_theirs(tmp_path: Path) -> None:
    shown = in_terminal(tmp_path, *LONG, "--workers", "2", program=REAL, keys=(b"(1 of 2)", b"\x03"))
    assert shown.code == ExitCode.INTERRUPTED
    assert "Traceback" not in shown.sent
    assert load(tmp_path / "record.json").partial


def test_a_signal_to_the_first_process_alone_ends_the_workers_too(tmp_path: Path) -> None:
    """So does a cancelled job in CI: they must not keep it from writing its record."""
    with subprocess.Popen(
        [*REAL, *LONG, "--workers", "2"],
        cwd=tmp_path,
        env=surroundings("holds"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith("(1 of 2)\n")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=12)
    assert process.returncode == ExitCode.INTERRUPTED
    assert said == "pmicheck: interrupted; what was decided so far is in record.json.\n"


def test_a_second_ctrl_c_does_not_lose_the_record(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("verify", "--json", "record.json"),
        cwd=tmp_path,
        env=surroundings("sleep"),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        for _ in range(4):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert load(tmp_path / "record.json").results


def test_ctrl_c_keeps_the_partial_record_in_the_report_too_and_renders_nothing(tmp_path: Path) -> None:
    shown = in_terminal(
        tmp_path, "verify", "--report", "out", "--sarif", "s.json", plan="sleep", keys=(b"started", b"\x03")
    )
    assert shown.code == ExitCode.INTERRUPTED
    assert "what was decided so far is in out/record.json" in shown.plain
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["record.json"]
    assert not (tmp_path / "s.json").exists()
