"""Other readings: each answer against whole runs, and pairs that do what neither answer does alone."""

from __future__ import annotations

import pytest
from decided_cells import scenario, violated_in

from pmicheck.model.policy import make_policy
from pmicheck.model.readings import READINGS
from pmicheck.report.record.changed import Trials
from pmicheck.review.alternatives import answering, answers, other_readings, suggestion
from pmicheck.verdict import Verdict
from pmicheck.verify.matrix import Request

NAME = "type1-settled"
CHOSEN = ("off-path", "home-path")


def quiet(message: str) -> None:
    assert message


@pytest.fixture(scope="module")
def readings() -> Trials:
    return other_readings(Request((NAME,), CHOSEN), pairs=False, progress=quiet)


ANSWERS = answers(make_policy({}, (), scenario(NAME).families, NAME), scenario(NAME).families)


@pytest.mark.parametrize("answer", ANSWERS, ids="=".join)
def test_an_answer_moves_what_it_moves_in_whole_runs(readings: Trials, answer: tuple[str, str]) -> None:
    trial = next(trial for trial in readings.trials if trial.changes == ("=".join(answer),))
    expected = set()
    for name in CHOSEN:
        expected |= violated_in(NAME, name, (answer,)) ^ violated_in(NAME, name)
    assert {shift.property for shift in trial.shifts if shift.attackers} == expected


def test_every_answer_but_the_one_in_force_is_tried(readings: Trials) -> None:
    there = [reading for reading in READINGS.values() if reading.families & scenario(NAME).families]
    assert len(readings.trials) == sum(len(reading.values) - 1 for reading in there)
    assert readings.pairs_tried is None


def test_an_answer_replaces_the_one_in_force() -> None:
    policy = answering(make_policy({}, (), scenario(NAME).families, NAME), [("tombstone", "full")])
    assert policy.reads("tombstone", "full")
    assert not policy.reads("tombstone", "rr")


HOLDS, VIOLATED, OPEN = Verdict.HOLDS, Verdict.VIOLATED, Verdict.HOLDS_TO_BOUND
KEY = ("off-path", "no-redirection")


@pytest.mark.parametrize(
    ("plain", "first", "second", "both"),
    [
        (HOLDS, HOLDS, HOLDS, HOLDS),
        (HOLDS, VIOLATED, HOLDS, VIOLATED),
        (HOLDS, HOLDS, VIOLATED, VIOLATED),
        (VIOLATED, HOLDS, VIOLATED, HOLDS),
        (HOLDS, OPEN, VIOLATED, OPEN),
    ],
)
def test_two_answers_suggest_that_each_does_what_it_does_alone(
    plain: Verdict, first: Verdict, second: Verdict, both: Verdict
) -> None:
    assert suggestion({KEY: plain}, {KEY: first}, {KEY: second}) == {KEY: both}


def test_pairs_are_made_of_the_readings_that_somebody_consults() -> None:
    request = Request(("rr-mobile",), ("off-path",), ("no-redirection",))
    result = other_readings(request, pairs=True, progress=quiet)
    consulted = [trial.changes[0].partition("=")[0] for trial in result.trials if trial.consulted]
    pairs = sum(one != other for n, one in enumerate(consulted) for other in consulted[n + 1 :])
    assert result.pairs_tried == pairs > 0
