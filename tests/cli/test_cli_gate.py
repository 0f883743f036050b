"""The gate, through the command line: what an entry of the baseline waives and never waives, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runner import Run

from pmicheck.verdict import ExitCode

ENTRY_OF_THE_SAMPLE = """\
[[finding]]
scenario = "type1-initial"
attacker = "home-path"
property = "no-redirection"
fingerprint = "{fingerprint}"
reason = "argued"
cite = "draft 3.3, N041"
"""


@pytest.fixture
def baseline(run: Run, tmp_path: Path) -> Path:
    """A baseline that knows the violation of the plan "violated"; its entry begins on line 4."""
    run("verify", "--json", "record.json", plan="violated")
    run("baseline", "write", "--record", "record.json")
    return tmp_path / "baseline.toml"


def gate(run: Run, plan: str, *arguments: str) -> tuple[ExitCode, str]:
    """How the gate ends, and all it says (on one line, so that wrapping does not matter)."""
    ended = run("verify", "--baseline", "baseline.toml", *arguments, plan=plan)
    return ExitCode(ended.returncode), " ".join((ended.stdout + ended.stderr).split())


def test_a_known_violation_passes(run: Run, baseline: Path) -> None:
    code, said = gate(run, "violated")
    assert code is ExitCode.AS_EXPECTED
    assert "1 violated (0 new, 1 known)" in said


def test_a_new_violation_fails(run: Run, baseline: Path) -> None:
    baseline.write_text("# nothing is known\n")
    code, said = gate(run, "violated")
    assert code is ExitCode.NEW_VIOLATION
    assert "New violations:" in said
    assert "type1-initial/home-path/no-redirection, 3 steps" in said


def test_another_attack_on_the_same_property_is_new_and_the_entry_stale(run: Run, baseline: Path) -> None:
    baseline.write_text(ENTRY_OF_THE_SAMPLE.format(fingerprint="0" * 12))
    code, said = gate(run, "violated")
    assert code is ExitCode.NEW_VIOLATION
    assert "(1 new, 0 known)" in said
    assert "baseline.toml:1: stale" in said


@pytest.mark.parametrize(
    ("named", "other"),
    [("type1-initial", "mine"), ("home-path", "off-path"), ("no-redirection", "binding-freshness")],
)
def test_an_entry_waives_nothing_but_what_it_names(run: Run, baseline: Path, named: str, other: str) -> None:
    baseline.write_text(baseline.read_text().replace(f' = "{named}"', f' = "{other}"'))
    code, said = gate(run, "violated")
    assert code is ExitCode.NEW_VIOLATION
    assert "(1 new, 0 known)" in said


@pytest.mark.parametrize(
    ("named", "wrong", "said"),
    [
        ("home-path", "home-pat", "there is no attacker 'home-pat'; did you mean 'home-path'?"),
        ("home-path", "*", "there is no attacker '*'"),
        ("home-path", "home-path+of-path", "there is no attacker 'of-path'; did you mean 'off-path'?"),
        ("no-redirection", "no-redirectoin", "there is no property 'no-redirectoin'; did you mean 'no-redirection'?"),
    ],
)
def test_an_entry_that_can_never_match_is_an_error(run: Run, baseline: Path, named: str, wrong: str, said: str) -> None:
    run("verify", "--json", "record.json", plan="violated")
    baseline.write_text(baseline.read_text().replace(f' = "{named}"', f' = "{wrong}"'))
    for line in ("verify", "report record.json --markdown x", "baseline prune --record record.json"):
        ended = run(*line.split(), "--baseline", str(baseline), plan="violated")
        assert ended.returncode == ExitCode.USAGE
        assert "baseline.toml:" in ended.stderr
        assert said in ended.stderr


@pytest.mark.parametrize("key", ["scenario", "attacker", "property", "fingerprint", "reason", "cite"])
def test_an_entry_without_one_of_its_keys_is_refused_with_its_line(run: Run, baseline: Path, key: str) -> None:
    lines = baseline.read_text().splitlines(keepends=True)
    baseline.write_text("".join(line for line in lines if not line.startswith(f"{key} =")))
    code, said = gate(run, "violated")
    assert code is ExitCode.USAGE
    assert f"baseline.toml:4: this finding lacks '{key}'" in said


def test_an_entry_whose_finding_vanished_is_stale_and_its_line_is_named(run: Run, baseline: Path) -> None:
    baseline.write_text("\n\n" + baseline.read_text())
    code, said = gate(run, "holds")
    assert code is ExitCode.STALE_BASELINE
    assert "baseline.toml:6: stale: this finding was looked for and is gone" in said
    assert "the baseline has stale or expired entries" in said


def test_an_entry_counts_until_its_date_and_its_line_is_named_after_it(run: Run, baseline: Path) -> None:
    text = baseline.read_text()
    baseline.write_text(text + "expires = 2999-12-31\n")
    assert gate(run, "violated")[0] is ExitCode.AS_EXPECTED
    baseline.write_text(text + "expires = 2020-01-31\n")
    code, said = gate(run, "violated")
    assert code is ExitCode.STALE_BASELINE
    assert "baseline.toml:4: expired on 2020-01-31" in said


@pytest.mark.parametrize(
    ("plan", "code", "doubt"),
    [
        ("vacuous", ExitCode.NOT_TRUSTWORTHY, "the verdict is vacuous"),
        ("witness-missing", ExitCode.NOT_TRUSTWORTHY, "the witness was not found"),
        ("diverged", ExitCode.NOT_TRUSTWORTHY, "the trace diverged on real packets"),
        ("not-replayed", ExitCode.NOT_TRUSTWORTHY, "the trace was not replayed"),
        ("undecided", ExitCode.INCONCLUSIVE, "the verdict is undecided"),
        ("holds-to-bound", ExitCode.INCONCLUSIVE, "the verdict is holds-to-bound"),
    ],
)
def test_what_cannot_be_trusted_is_never_waived_and_its_entry_is_reported(
    run: Run, baseline: Path, plan: str, code: ExitCode, doubt: str
) -> None:
    ended, said = gate(run, plan)
    assert ended is code
    assert f"baseline.toml:4: waives nothing, as no entry can: {doubt}" in said
    assert "stale" not in said
    assert "known" not in said.replace("(1 new, 0 known)", "")


@pytest.mark.parametrize("plan", ["vacuous", "undecided", "diverged", "not-replayed", "witness-missing"])
def test_no_entry_is_written_for_what_cannot_be_trusted(run: Run, plan: str) -> None:
    run("verify", "--json", "record.json", plan=plan)
    assert "[[finding]]" not in run("baseline", "write", "--record", "record.json", "--output", "-").stdout


@pytest.mark.parametrize("plan", ["undecided", "diverged"])
def test_writing_again_keeps_the_entry_of_what_was_not_decided(run: Run, baseline: Path, plan: str) -> None:
    before = baseline.read_text()
    run("verify", "--json", "record.json", plan=plan)
    run("baseline", "write", "--record", "record.json")
    assert baseline.read_text() == before


def test_a_run_that_did_not_look_says_so_and_fails_nothing(run: Run, baseline: Path) -> None:
    baseline.write_text(baseline.read_text().replace("type1-initial", "rr-mobile"))
    code, said = gate(run, "holds", "type1-initial")
    assert code is ExitCode.AS_EXPECTED
    assert "1 baseline entry was not looked at" in said
    assert gate(run, "holds")[0] is ExitCode.STALE_BASELINE  # asked for everything: then it is gone


OTHER = """
# Why the next one stands: see the minutes.
[[finding]]  # mine
scenario = "rr-mobile"
attacker = "home-path"
property = "no-redirection"
fingerprint = "0123456789ab"
reason = '''
[[finding]]
argued elsewhere'''
cite = "RFC 6275 15.4"
# the end
"""


def test_pruning_removes_the_stale_entry_and_leaves_all_else_to_the_octet(run: Run, baseline: Path) -> None:
    head, entry = baseline.read_bytes().split(b"\n[[finding]]", 1)
    others = OTHER.encode().replace(b"\n", b"\r\n")
    baseline.write_bytes(head + b"\n[[finding]]" + entry + others)
    run("verify", "type1-initial", "--json", "record.json", plan="holds")
    ended = run("baseline", "prune", "--record", "record.json")
    assert ended.returncode == ExitCode.AS_EXPECTED
    assert ended.stdout.startswith("baseline.toml:4-10: removed type1-initial/home-path/no-redirection ")
    assert baseline.read_bytes() == head + others
    again = run("baseline", "prune", "--record", "record.json")
    assert again.stdout == "baseline.toml: no entry is stale.\n"
    assert baseline.read_bytes() == head + others


def test_pruning_takes_what_the_gate_calls_stale(run: Run, baseline: Path) -> None:
    """A run that asked for everything and found no such scenario: the entry goes, too."""
    baseline.write_text(baseline.read_text().replace("type1-initial", "rr-mobile"))
    run("verify", "--json", "record.json", plan="holds")
    assert gate(run, "holds")[0] is ExitCode.STALE_BASELINE
    run("baseline", "prune", "--record", "record.json")
    assert "[[finding]]" not in baseline.read_text()
    assert gate(run, "holds")[0] is ExitCode.AS_EXPECTED


@pytest.mark.parametrize("plan", ["violated", "undecided", "diverged", "vacuous"])
def test_pruning_keeps_what_is_still_there_or_was_not_decided(run: Run, baseline: Path, plan: str) -> None:
    before = baseline.read_bytes()
    run("verify", "--json", "record.json", plan=plan)
    assert "no entry is stale" in run("baseline", "prune", "--record", "record.json").stdout
    assert baseline.read_bytes() == before


def test_pruning_refuses_a_partial_record(run: Run, baseline: Path, tmp_path: Path) -> None:
    before = baseline.read_bytes()
    record = tmp_path / "record.json"
    record.write_text(record.read_text().replace('"partial": false', '"partial": true'))
    for verb in ("prune", "write"):
        ended = run("baseline", verb, "--record", "record.json")
        assert ended.returncode == ExitCode.USAGE
        assert "a partial record says nothing of what is missing" in ended.stderr
    assert baseline.read_bytes() == before


def test_pruning_says_what_it_cannot_cut_out(run: Run, baseline: Path) -> None:
    fields = dict(line.split(" = ", 1) for line in baseline.read_text().splitlines() if " = " in line)
    baseline.write_text(f"finding = [{{ {', '.join(f'{key} = {value}' for key, value in fields.items())} }}]\n")
    run("verify", "--json", "record.json", plan="holds")
    ended = run("baseline", "prune", "--record", "record.json")
    assert ended.returncode == ExitCode.USAGE
    assert "do it by hand" in ended.stderr
