"""Gathering what `findings.md` tells besides the record, and writing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmicheck.analysis import Request, verify
from pmicheck.errors import UsageError
from pmicheck.report.directory import FINDINGS
from pmicheck.report.record import Record, save
from pmicheck.report.review import Review
from pmicheck.review import gather as module
from pmicheck.review.cells import Cell, Verdicts
from pmicheck.verdict import Verdict

CELL = Cell("type1-initial", "home-path", "no-redirection")
READ = Cell("type1-initial", "home-path", "no-redirection", (("plain_rr_fallback", "no"),))


def small_record() -> Record:
    request = Request(("type1-initial",), ("home-path",), ("no-redirection",))
    return verify(request, command=[], progress=lambda _: None)


def test_a_reading_that_turns_a_verdict_is_told_once() -> None:
    verdicts = Verdicts(lambda _: None, {CELL: Verdict.VIOLATED, READ: Verdict.HOLDS})
    (change,) = module.decided_changes(verdicts, ())
    assert (change.settings, change.verdict) == (READ.settings, "holds")
    assert list(module.decided_changes(verdicts, (change,))) == []


def test_a_reading_that_turns_nothing_is_not_told() -> None:
    verdicts = Verdicts(lambda _: None, {CELL: Verdict.HOLDS, READ: Verdict.HOLDS})
    assert list(module.decided_changes(verdicts, ())) == []


def test_the_scenario_files_say_why_a_reading_mends() -> None:
    changes = [change for change in module.argued_changes(small_record()) if change.settings == READ.settings]
    assert ("home-path",) in {change.attackers for change in changes}
    assert all(change.argument for change in changes)


def test_the_document_is_written_beside_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "gather", lambda record, *, progress: Review())
    save(small_record(), tmp_path / "record.json")
    module.main([str(tmp_path), str(tmp_path / "record.json")])
    text = (tmp_path / FINDINGS).read_text(encoding="utf-8")
    assert "## 1. Whoever reads the path between home agent and correspondent takes over the node's traffic" in text


def test_two_arguments_are_needed() -> None:
    with pytest.raises(UsageError, match="usage"):
        module.main(["reports"])
