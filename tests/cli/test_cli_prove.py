"""`pmicheck prove`: what it says, how it ends, and that it does not contradict what is expected in silence."""

from __future__ import annotations

import pytest

from pmicheck.cli.main import main
from pmicheck.prove import prover
from pmicheck.prove.numbers import NotAbstract
from pmicheck.verdict import ExitCode

CELL = ["prove", "ero-initial", "--attacker"]


def test_what_is_proved_ends_well_and_says_what_a_proof_assumes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CELL, "off-path"]) == ExitCode.AS_EXPECTED
    told = capsys.readouterr().out
    assert "proved" in told
    assert "open" not in told
    assert "mobile nodes, correspondents and agents are as many as the scenario has" in " ".join(told.split())


def test_what_is_expected_to_be_violated_stays_open_and_is_told_as_a_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CELL, "home-path", "--property", "no-redirection"]) == ExitCode.AS_EXPECTED
    told = " ".join(capsys.readouterr().out.split())
    assert "ero-initial/home-path/no-redirection stays open: 1. " in told
    assert "attacker: cn receives complete BU" in told
    assert "The CN sends the victim's traffic to attacker, which is the attacker's." in told


def test_what_holds_and_stays_open_is_inconclusive(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CELL, "careof-path", "--property", "binding-freshness"]) == ExitCode.INCONCLUSIVE
    assert "some properties stay open that are not expected to be violated" in capsys.readouterr().err


def test_a_proof_of_what_is_expected_to_be_violated_is_not_trusted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prover, "obstacle", lambda *asked: None)
    assert main([*CELL, "home-path", "--property", "no-redirection"]) == ExitCode.NOT_TRUSTWORTHY
    assert "proved that is expected to be violated" in capsys.readouterr().err


def test_nothing_is_proved_where_a_rule_does_what_classes_of_numbers_cannot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(facts: object) -> None:
        raise NotAbstract("a class of numbers is no index")

    monkeypatch.setattr(prover.Fixpoint, "run", run)
    assert main([*CELL, "off-path", "--property", "no-redirection"]) == ExitCode.INCONCLUSIVE
    assert "stays open: a class of numbers is no index" in " ".join(capsys.readouterr().out.split())


def test_progress_is_no_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CELL, "off-path", "--property", "progress"]) == ExitCode.USAGE
    assert "progress is no invariant, and cannot be proved" in capsys.readouterr().err
