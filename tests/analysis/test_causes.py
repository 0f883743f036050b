"""The root causes: what they cite exists, what the default run shows is explained, and runs say what a change mends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pmicheck.model.policy import make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import load_scenario
from pmicheck.model.statements import load_statements
from pmicheck.review.causes import FACTS, RootCause, _sign, causes_of, root_causes
from pmicheck.review.cells import Cell, Verdicts, exists
from pmicheck.review.mending import all_settings, judge
from pmicheck.trace import Trace
from pmicheck.verdict import Verdict

FINDINGS = Path(__file__).parents[2] / "reports" / "findings"
TRACES = sorted(path for path in FINDINGS.glob("*.json") if not path.name.endswith(".itf.json"))
"""Every violation of the default run, as the repository has it."""

CELL = Cell("type1-initial", "home-path", "no-redirection")
OTHER = Cell("type1-initial", "home-path", "binding-agreement")
HOLDS, VIOLATED = Verdict.HOLDS, Verdict.VIOLATED


def cause_named(name: str) -> RootCause:
    (cause,) = (each for each in root_causes() if each.name == name)
    return cause


DOWNGRADE = cause_named("downgrade-without-token")


@pytest.mark.parametrize("cause", root_causes(), ids=lambda cause: cause.name)
def test_a_cause_cites_few_sentences_and_readings_that_exist(cause: RootCause) -> None:
    assert 1 <= len(cause.statements) <= 3
    assert set(cause.statements) <= set(load_statements())
    assert set(cause.readings) <= set(READINGS)
    assert not cause.says.endswith(".")
    assert all(value in READINGS[name].values for name, value in cause.settings)
    assert all(exists(cell) for cell in cause.shown)


def test_names_are_not_used_twice() -> None:
    names = [cause.name for cause in root_causes()]
    assert len(names) == len(set(names))


def test_all_changes_can_be_in_force_together() -> None:
    names = [name for name, _ in all_settings()]
    assert len(names) == len(set(names))


def test_a_sign_asks_about_facts_only() -> None:
    with pytest.raises(ValueError, match="colour"):
        _sign({"colour": ["red"]})
    assert set(FACTS) >= {name for cause in root_causes() for sign in cause.signs for name in sign}


def test_every_violation_of_the_default_run_has_a_cause() -> None:
    assert TRACES
    traces = (msgspec.json.decode(path.read_bytes(), type=Trace) for path in TRACES)
    assert [trace.property for trace in traces if not causes_of(trace)] == []


def test_a_cause_explains_no_violation_without_its_sign() -> None:
    unsigned = [cause for cause in root_causes() if not cause.signs]
    assert {cause.name for cause in unsigned} == {"home-address-not-conveyed", "contradicts-status-codes"}
    assert not any(cause.explains(dict.fromkeys(FACTS, "")) for cause in root_causes())


def judged(verdicts: dict[Cell, Verdict], cells: tuple[Cell, ...]) -> tuple[bool, int, int]:
    """Of the downgrade: whether its change is a repair, how many cells have other causes too, how many are left."""
    goal = Cell("type1-initial", "off-path", "progress", settings=DOWNGRADE.settings)
    found = judge(DOWNGRADE, cells, Verdicts(lambda _: None, {goal: HOLDS, **verdicts}))
    return found.repaired, len(found.shared), len(found.left)


def under_own(cell: Cell) -> Cell:
    return replace(cell, settings=DOWNGRADE.settings)


def under_all(cell: Cell) -> Cell:
    families = load_scenario(cell.scenario).families
    chosen = [(name, value) for name, value in all_settings() if READINGS[name].families & families]
    return replace(cell, settings=tuple(each for each in chosen if each[1] != READINGS[each[0]].values[0]))


def test_a_change_is_a_repair_where_every_cell_holds_with_it() -> None:
    assert judged({under_own(CELL): HOLDS}, (CELL,)) == (True, 0, 0)


def test_what_other_causes_let_in_too_is_mended_together() -> None:
    verdicts = {under_own(CELL): HOLDS, under_own(OTHER): VIOLATED, under_all(OTHER): HOLDS}
    assert judged(verdicts, (CELL, OTHER)) == (True, 1, 0)


@pytest.mark.parametrize("open_verdict", [VIOLATED, Verdict.HOLDS_TO_BOUND, Verdict.UNDECIDED, Verdict.VACUOUS])
def test_a_change_that_leaves_one_cell_is_no_repair(open_verdict: Verdict) -> None:
    verdicts = {under_own(CELL): HOLDS, under_own(OTHER): VIOLATED, under_all(OTHER): open_verdict}
    assert judged(verdicts, (CELL, OTHER)) == (False, 0, 1)


def test_a_change_with_which_the_goal_is_out_of_reach_is_no_repair() -> None:
    goal = Cell("type1-initial", "off-path", "progress", settings=DOWNGRADE.settings)
    assert judged({under_own(CELL): HOLDS, goal: VIOLATED}, (CELL,)) == (False, 0, 0)


def test_a_run_says_whether_a_change_mends() -> None:
    found = judge(DOWNGRADE, (CELL,), Verdicts(lambda _: None, most_states=None))
    assert [each.alone for each in found.cells] == ["holds"]
    assert found.repaired


def test_a_cause_that_no_default_cell_shows_is_violated_under_its_reading() -> None:
    cause = cause_named("home-address-not-conveyed")
    shown = tuple(cell for cell in cause.shown if cell.scenario == "type1-initial")
    found = judge(replace(cause, shown=shown), shown, Verdicts(lambda _: None, most_states=None))
    assert [(each.settings, each.alone) for each in found.cells] == [((("hoa_conveyance", "source"),), "holds")]
    make_policy(dict(cause.settings), (), load_scenario("type1-initial").families, "type1-initial")
