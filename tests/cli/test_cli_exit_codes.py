"""One test for each exit code, and for which of two wins."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest
from cli_runner import Run, command, surroundings

from pmicheck.report.record.record import load
from pmicheck.verdict import ExitCode


def one_sentence(text: str) -> str:
    """The last line of stderr, which is all the tool has to say about how it ended."""
    last = text.splitlines()[-1]
    assert last.startswith("pmicheck")
    assert last.endswith((".", "?"))
    return last


def test_0_when_all_is_decided_and_as_expected(run: Run) -> None:
    ended = run("verify")
    assert ended.returncode == ExitCode.AS_EXPECTED
    assert "1 holds" in ended.stdout
    assert ended.stderr == "type1-initial under home-path: 1200 states\n"


def test_0_when_the_baseline_knows_the_violation(run: Run) -> None:
    run("verify", "--json", "record.json", plan="violated")
    assert run("baseline", "write", "--record", "record.json").returncode == 0
    ended = run("verify", "--baseline", "baseline.toml", plan="violated")
    assert ended.returncode == ExitCode.AS_EXPECTED, ended.stderr
    assert "(0 new, 1 known)" in ended.stdout


def test_1_for_a_violation_which_is_new_only_to_a_baseline(run: Run, tmp_path: Path) -> None:
    ended = run("verify", plan="violated")
    assert ended.returncode == ExitCode.NEW_VIOLATION
    assert "a property is violated" in one_sentence(ended.stderr)
    assert not re.search("baseline|new|known", ended.stdout, re.IGNORECASE)
    (tmp_path / "known.toml").write_text("")
    ended = run("verify", "--baseline", "known.toml", plan="violated")
    assert "a violation that the baseline does not know" in one_sentence(ended.stderr)
    assert "1 violated (1 new, 0 known)" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "type1-inital"), "did you mean 'type1-initial'"),
        (("verify", "nonsense"), "pmicheck list scenarios"),
        (("verify", "--attacker", "of-path"), "did you mean 'off-path'"),
        (("verify", "--attacker", "off-path+home-pth"), "did you mean 'home-path'"),
        (("verify", "--property", "no-redirect"), "there is no property 'no-redirect'; did you mean"),
        (("verify", "--set", "key_ownr=mn"), "did you mean 'key_owner'"),
        (("verify", "--set", "key_owner=me"), "its values are mn, pma"),
        (("verify", "--set", "key_owner"), "should be READING=VALUE"),
        (("verify", "--set", "key_owner=mn", "--set", "key_owner=pma"), "choose one"),
        (("verify", "--without", "mec"), "did you mean 'mac'"),
        (("verify", "--max-states", "0"), "a whole number, 1 or more"),
        (("verify", "--max-seconds", "nan"), "a number of seconds greater than 0"),
        (("verify", "--workers", "two"), "a whole number, 1 or more"),
        (("verify", "--json", "nowhere/record.json"), "there is no directory"),
        (("verify", "--json", "."), "it is a directory"),
        (("verify", "--baseline", "nowhere.toml"), "there is no such file"),
        (("verify", "--no-such-option"), "unrecognized arguments"),
        (("list", "atackers"), "invalid choice"),
        (("explain", "no-redirektion"), "did you mean 'no-redirection'"),
        (("explain", "abcdef012345"), "reports/record.json: there is no such file"),
        (("replay", "nowhere.json"), "there is no such file"),
        (("baseline", "write", "--record", "nowhere.json"), "there is no such file"),
        (("nonsense",), "invalid choice"),
        ((), "name a verb"),
    ],
)
def test_2_and_one_sentence_for_wrong_usage(run: Run, arguments: tuple[str, ...], said: str) -> None:
    ended = run(*arguments)
    assert ended.returncode == ExitCode.USAGE
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert said in one_sentence(ended.stderr)


def test_2_for_a_broken_baseline(run: Run, tmp_path: Path) -> None:
    (tmp_path / "baseline.toml").write_text('[[finding]]\nscenario = "x\n')
    ended = run("verify", "--baseline", "baseline.toml")
    assert ended.returncode == ExitCode.USAGE
    assert "baseline.toml:2: not TOML" in one_sentence(ended.stderr)


def test_2_when_nothing_was_decided(run: Run) -> None:
    ended = run("verify", plan="empty")
    assert ended.returncode == ExitCode.USAGE
    assert "nothing to decide" in one_sentence(ended.stderr)


@pytest.mark.parametrize("plan", ["undecided", "holds-to-bound", "limit"])
def test_3_when_a_limit_was_met(run: Run, plan: str) -> None:
    ended = run("verify", plan=plan)
    assert ended.returncode == ExitCode.INCONCLUSIVE
    assert one_sentence(ended.stderr)


@pytest.mark.parametrize("plan", ["vacuous", "diverged", "not-replayed", "witness-missing"])
def test_4_when_the_verdict_cannot_be_trusted(run: Run, plan: str) -> None:
    ended = run("verify", plan=plan)
    assert ended.returncode == ExitCode.NOT_TRUSTWORTHY
    assert "not borne out" in one_sentence(ended.stderr)


def test_4_even_if_the_baseline_knows_the_finding(run: Run) -> None:
    run("verify", "--json", "record.json", plan="violated")
    run("baseline", "write", "--record", "record.json")
    ended = run("verify", "--baseline", "baseline.toml", plan="diverged")
    assert ended.returncode == ExitCode.NOT_TRUSTWORTHY


def test_5_for_a_stale_entry(run: Run) -> None:
    run("verify", "--json", "record.json", plan="violated")
    run("baseline", "write", "--record", "record.json")
    ended = run("verify", "--baseline", "baseline.toml")
    assert ended.returncode == ExitCode.STALE_BASELINE
    assert "baseline.toml:4: stale" in ended.stdout


def test_5_for_an_expired_entry(run: Run, tmp_path: Path) -> None:
    run("verify", "--json", "record.json", plan="violated")
    run("baseline", "write", "--record", "record.json")
    with (tmp_path / "baseline.toml").open("a") as stream:
        stream.write("expires = 2020-01-31\n")
    ended = run("verify", "--baseline", "baseline.toml", plan="violated")
    assert ended.returncode == ExitCode.STALE_BASELINE
    assert "baseline.toml:4: expired on 2020-01-31" in ended.stdout


def test_70_for_a_crash_with_a_hint(run: Run) -> None:
    ended = run("verify", plan="crash")
    assert ended.returncode == ExitCode.CRASH
    assert ended.stderr.count("\n") == 1
    assert "RuntimeError: the sky fell" in ended.stderr
    assert "PMICHECK_TRACEBACK=1" in ended.stderr
    assert "Traceback" in run("verify", plan="crash", PMICHECK_TRACEBACK="1").stderr


@pytest.mark.parametrize("plan", ["sleep", "sleep-silently"])
def test_130_leaves_a_valid_partial_record(tmp_path: Path, plan: str) -> None:
    with subprocess.Popen(
        command("verify", "--json", "record.json"),
        cwd=tmp_path,
        env=surroundings(plan),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "interrupted; what was decided so far is in record.json" in one_sentence(said)
    record = load(tmp_path / "record.json")
    assert record.partial
    assert len(record.results) == (1 if plan == "sleep" else 0)
