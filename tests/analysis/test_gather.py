"""`pmicheck review`: what a record gains by further runs."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from msgspec.structs import replace

from pmicheck.errors import UsageError
from pmicheck.report.record.record import Record, dumps, record_from
from pmicheck.review import gather as module
from pmicheck.review.cells import Cell, Verdicts
from pmicheck.verdict import Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request

CELL = Cell("type1-initial", "home-path", "no-redirection")
READ = Cell("type1-initial", "home-path", "no-redirection", settings=(("plain_rr_fallback", "no"),))


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


def test_a_partial_record_is_not_reviewed() -> None:
    with pytest.raises(UsageError, match="partial"):
        module.enrich(replace(small_record(), partial=True), progress=lambda _: None)


@pytest.fixture(scope="module")
def reviewed() -> Record:
    return module.enrich(small_record(), progress=lambda _: None)


def test_a_reviewed_record_tells_weakest_attackers_repairs_statements_and_graphs(reviewed: Record) -> None:
    (weakest,) = reviewed.review.weakest
    assert (weakest.property, weakest.powers) == ("no-redirection", ("ha-cn",))
    assert ("plain_rr_fallback=no",) in reviewed.review.mends("type1-initial", "no-redirection")
    assert reviewed.review.statements["N042"].keyword == "MUST"
    assert [graph.scenario for graph in reviewed.graphs] == ["type1-initial"]
    assert dumps(record_from(json.loads(dumps(reviewed)), Path("record.json"))) == dumps(reviewed)


def test_two_workers_gather_what_one_does(reviewed: Record) -> None:
    assert module.enrich(small_record(), progress=lambda _: None, workers=2).review == reviewed.review


def test_a_scenario_of_the_users_own_is_loaded_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    shipped = resources.files("pmicheck.model.scenarios") / "type1-initial.toml"
    file.write_text(shipped.read_text(encoding="utf-8").replace('name = "type1-initial"', 'name = "mine"'))
    request = Request((str(file),), ("home-path",), ("no-redirection",))
    record = verify(request, command=[], progress=lambda _: None)
    assert record.files == {"mine": file.as_posix()}
    assert [found.scenario for found in module.weakest(record)] == ["mine"]
