"""Verdicts without a run: those that other cells imply, and searches that several cells share."""

from __future__ import annotations

import dataclasses
from functools import cache

import pytest
from msgspec.structs import replace

from pmicheck.report.record.record import Record, Result
from pmicheck.trace import Step
from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.pipeline import decide

MATRIX = ("type2-local", "type2-rr", "data-plane")


@cache
def record(*, settle: bool, workers: int = 1) -> Record:
    request = Request(scenarios=MATRIX, attackers=("off-path", "home-path", "dolev-yao", "rogue-cn"), settle=settle)
    return verify(dataclasses.replace(request, workers=workers), command=[], progress=lambda _: None)


def results(*, settle: bool) -> dict[tuple[str, str, str], Result]:
    return {result.names(): result for result in record(settle=settle).results}


def test_settled_verdicts_are_those_of_the_runs_that_they_spare() -> None:
    told, run = results(settle=True), results(settle=False)
    assert list(told) == list(run)
    assert {names: result.verdict for names, result in told.items()} == {n: result.verdict for n, result in run.items()}
    assert not any(result.settled_by for result in run.values())
    assert {scenario: sum(bool(r.settled_by) for n, r in told.items() if n[0] == scenario) for scenario in MATRIX} == {
        "type2-local": 2,
        "type2-rr": 7,
        "data-plane": 5,
    }


def told_anywhere(result: Result) -> list[Step]:
    """The steps of an attack without the links: whoever is on a link sends over it, others over the Internet."""
    assert result.trace is not None
    return [replace(step, link="") for step in result.trace.steps]


def test_a_settled_attack_is_replayed_under_its_own_name() -> None:
    told = results(settle=True)
    attacks = {n: r for n, r in told.items() if r.settled_by and r.verdict is Verdict.VIOLATED}
    assert {attacker for _, attacker, _ in attacks} == {"home-path", "dolev-yao", "rogue-cn"}
    for (scenario, attacker, prop), result in attacks.items():
        weaker = told[scenario, result.settled_by, prop]
        assert result.replay.outcome is Replay.CONFIRMED
        assert result.trace.attacker == attacker
        assert told_anywhere(result) == told_anywhere(weaker)


def test_a_cell_that_is_settled_as_a_whole_has_no_exploration() -> None:
    explored = [(each.scenario, each.attacker) for each in record(settle=True).explorations]
    assert ("type2-local", "home-path") not in explored
    assert len(explored) == 11


def test_equal_systems_are_searched_once_and_told_as_if_each_had_been() -> None:
    shared = {(e.scenario, e.attacker): e.same_as for e in record(settle=False).explorations if e.same_as}
    assert shared == {
        ("type2-local", "home-path"): "off-path",
        ("type2-local", "dolev-yao"): "off-path",
        **{(scenario, "rogue-cn"): "off-path" for scenario in MATRIX},
    }
    for scenario, attacker in shared:
        (cell,) = plan(Request((scenario,), (attacker,)))
        alone = decide(cell)
        mine = [result for result in record(settle=False).results if result.names()[:2] == (scenario, attacker)]
        assert [replace(r, seconds=0) for r in alone.results] == [replace(r, seconds=0) for r in mine]


@pytest.mark.parametrize("settle", [False, True])
def test_two_workers_decide_what_one_does_in_the_order_of_the_matrix(settle: bool) -> None:
    def untimed(record: Record) -> list[object]:
        explorations = (replace(each, stages={}) for each in record.explorations)
        return [*explorations, *(replace(result, seconds=0) for result in record.results)]

    assert untimed(record(settle=settle, workers=2)) == untimed(record(settle=settle))


def test_results_come_as_they_are_found_whatever_their_place() -> None:
    told: list[str] = []
    request = Request(("type2-handshake-handover", "data-plane"), ("off-path",), workers=2)
    decided = verify(request, command=[], progress=told.append)
    assert [line.partition(" / ")[0] for line in told] == ["data-plane", "type2-handshake-handover"]
    assert [line.rpartition("(")[2] for line in told] == ["1 of 2)", "2 of 2)"]
    assert [each.scenario for each in decided.explorations] == ["type2-handshake-handover", "data-plane"]
