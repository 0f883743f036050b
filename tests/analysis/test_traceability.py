"""Nothing of the draft gets lost: every statement went somewhere, and a modelled MUST is missed when broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

import msgspec
import pytest
from msgspec.structs import replace

from pmicheck.cli.main import main
from pmicheck.errors import UsageError
from pmicheck.model.scenario import SHIPPED
from pmicheck.model.statements import load_statements
from pmicheck.report.draft_map import draft_map
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Review
from pmicheck.review import dispositions as told
from pmicheck.review.breaches import Break as Broken
from pmicheck.review.breaches import breaches, verdicts
from pmicheck.review.traceability import Traced, censuses, trace_statements
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request

STATEMENTS = load_statements()
MUSTS = [one.name for one in STATEMENTS.values() if one.is_must]


@cache
def traced() -> Mapping[str, Traced]:
    """Every statement by name; it takes the census of all scenarios, which no collection of tests needs."""
    return {one.statement.name: one for one in trace_statements()}


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_is_missing(name: str) -> None:
    assert traced()[name].disposition in ("modelled", "concrete", "outside")


@pytest.mark.parametrize("name", [one.name for one in STATEMENTS.values() if one.outside])
def test_no_rule_cites_what_is_said_to_be_outside(name: str) -> None:
    assert traced()[name].rules == ()


def test_every_scenario_is_counted_and_every_rule_cites_statements_that_exist() -> None:
    assert [census.scenario for census in censuses()] == list(SHIPPED)
    cited = {name for census in censuses() for statements in census.rules.values() for name in statements}
    assert cited <= set(traced())


def test_the_list_of_the_command_line_names_every_statement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "statements"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["STATEMENT", "SECTION", "KEYWORD", "IS", "WHERE"]
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == list(traced())
    assert main(["list", "statements", "--json"]) == 0
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert told["N042"]["rules"] == list(traced()["N042"].rules)


def test_rules_are_found_in_the_worlds() -> None:
    assert traced()["N042"].rules == ("pma1 receives PHoT", "pma2 receives PHoT")
    assert "cn receives complete PBU" in traced()["N090"].rules
    assert not any(rule.startswith("attacker: ") for one in traced().values() for rule in one.rules)


@pytest.mark.parametrize("name", MUSTS)
def test_a_must_that_is_broken_lets_a_property_fall_or_says_why_not(name: str) -> None:
    found = breaches(name)
    assert all(breach.falls or breach.reason for breach in found)
    modelled = traced()[name].disposition == "modelled"
    assert bool(found) == (modelled and not STATEMENTS[name].structural)


@pytest.mark.parametrize(
    ("name", "prop"),
    [
        ("N037", "progress"),
        ("N042", "progress"),
        ("N090", "no-redirection"),
        ("N137", "progress"),
        ("N143", "token-secrecy"),
        ("N157", "no-redirection"),
        ("N174", "token-secrecy"),
    ],
)
def test_what_falls_without_a_must(name: str, prop: str) -> None:
    assert prop in {fallen for breach in breaches(name) for fallen in breach.falls}


def test_what_falls_is_what_a_run_finds() -> None:
    (breach,) = breaches("N174")
    for change in breach.changes:
        cell = change.attacker, change.prop
        assert verdicts(change.scenario, Broken())[cell] == change.before
        assert verdicts(change.scenario, breach.broken)[cell] == change.after


@pytest.fixture(scope="module")
def record() -> Record:
    request = Request(scenarios=("type1-initial",), attackers=("off-path", "careof-path"))
    return verify(request, command=[], progress=lambda _: None)


def reviewed(record: Record, *, breaking: bool) -> Record:
    statements = told.dispositions(record, progress=lambda _: None, breaking=breaking)
    return replace(record, review=Review(statements=statements))


def test_the_draft_map_has_one_row_for_every_statement(record: Record) -> None:
    page = draft_map(reviewed(record, breaking=False))
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| N")]
    assert [row[0].removeprefix("| ") for row in rows] == list(traced())
    assert {len(row) for row in rows} == {7}


def test_the_draft_map_counts_what_the_record_says(record: Record) -> None:
    counts = [each.coverage["pma1 receives PHoT"] for each in record.explorations]
    assert len(counts) == 2
    assert told.fired_in(record)["type1-initial", "pma1 receives PHoT"] == sum(counts) > 0


def test_the_record_counts_coverage_by_statement(record: Record) -> None:
    counts = [each.coverage["pma1 receives PHoT"] for each in record.explorations]
    assert record.statements["N042"].rules == ("pma1 receives PHoT",)
    assert record.statements["N042"].fired == sum(counts)
    assert set(record.statements) <= set(traced())
    assert msgspec.convert(msgspec.to_builtins(record), Record).statements == record.statements


def test_the_draft_map_tells_what_falls(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "breaches", lambda name: breaches(name) if name == "N042" else ())
    broken = reviewed(record, breaking=True)
    assert broken.review.statements["N042"].falls == ("progress",)
    (row,) = [line for line in draft_map(broken).splitlines() if line.startswith("| N042 ")]
    assert "| MUST |" in row
    assert "type1-initial " in row
    assert "progress (nobody acts by: pma1 receives PHoT" in row


def test_a_record_that_was_not_reviewed_makes_no_draft_map(record: Record) -> None:
    with pytest.raises(UsageError, match="pmicheck review"):
        draft_map(record)
