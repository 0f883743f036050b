"""`verify --prove`: a proof beside each search turns `holds` into `proved`, and never contradicts it in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmicheck.cli.main import main
from pmicheck.prove import prover
from pmicheck.prove.numbers import NotAbstract
from pmicheck.report.record.record import Record, load
from pmicheck.verdict import ExitCode, Verdict

CELL = ["verify", "type1-initial", "--attacker", "off-path", "--property", "token-secrecy"]


def decided(command: list[str], place: Path) -> tuple[int, Record]:
    record = place / "record.json"
    code = main([*command, "--json", str(record)])
    return code, load(record)


def test_what_holds_and_is_proved_is_told_apart_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, record = decided([*CELL, "--prove"], tmp_path)
    (result,) = record.results
    assert code == ExitCode.AS_EXPECTED
    assert result.verdict is Verdict.PROVED
    assert {"T(HoA, nonce *)", "PT*(HoA)", "HT*(HoA)"} <= set(result.never_known or ())
    assert "any number of sessions" in result.bounds
    told = capsys.readouterr().out
    assert "1 proved" in told
    assert "Not as expected" not in told


def test_without_being_asked_nobody_proves_anything(tmp_path: Path) -> None:
    code, record = decided(CELL, tmp_path)
    assert (code, record.results[0].verdict) == (ExitCode.AS_EXPECTED, Verdict.HOLDS)
    assert "never_known" not in (tmp_path / "record.json").read_text()
    assert "proof" not in record.stages


def test_the_reason_is_told_by_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decided([*CELL, "--prove"], tmp_path)
    assert main(["explain", "type1-initial/off-path/token-secrecy", "--record", str(tmp_path / "record.json")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Verdict: proved: it holds in every run, of whatever length." in told
    assert "The attacker never gets: " in told


def test_what_is_violated_and_proved_ends_with_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prover, "obstacle", lambda *asked: None)
    violated = ["verify", "ero-initial", "--attacker", "home-path", "--property", "no-redirection"]
    assert main([*violated, "--prove"]) == ExitCode.NOT_TRUSTWORTHY
    told = capsys.readouterr().err
    assert "ero-initial / home-path / no-redirection: the search found a violation of what is proved" in told


def test_what_no_proof_is_found_for_still_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(facts: object) -> None:
        raise NotAbstract("a class of numbers is no index")

    monkeypatch.setattr(prover.Fixpoint, "run", run)
    code, record = decided([*CELL, "--prove"], tmp_path)
    assert (code, record.results[0].verdict) == (ExitCode.AS_EXPECTED, Verdict.HOLDS)


def test_a_verdict_that_a_stronger_attacker_implies_has_a_proof_of_its_own(tmp_path: Path) -> None:
    others = ["--attacker", "careof-path", "--attacker", "dolev-yao"]
    record = decided([*CELL, *others, "--prove", "--settle"], tmp_path)[1]
    _, careof_path, dolev_yao = record.results
    assert (careof_path.settled_by, careof_path.verdict) == ("dolev-yao", Verdict.PROVED)
    assert careof_path.never_known != dolev_yao.never_known


def test_what_a_limit_cut_is_not_called_proved(tmp_path: Path) -> None:
    _, record = decided([*CELL, "--max-states", "20", "--prove"], tmp_path)
    assert record.results[0].verdict is Verdict.HOLDS_TO_BOUND
