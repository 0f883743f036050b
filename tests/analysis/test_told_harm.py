"""Of equally short violations the one with real harm is told."""

from __future__ import annotations

import pytest

from pmicheck.trace import Step, Trace
from pmicheck.verify import telling
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.pipeline import decide

CELLS = [
    ("type1-initial", "home-path", "binding-agreement"),
    ("type1-refresh", "home-path", "binding-agreement"),
    ("type1-refresh", "dolev-yao", "binding-agreement"),
]
"""Cells with as short a violation in which nobody's traffic goes anywhere else."""


def trace_of(scenario: str, attacker: str, prop: str) -> Trace:
    (cell,) = plan(Request(scenarios=(scenario,), attackers=(attacker,), properties=(prop,)))
    (result,) = decide(cell).results
    assert result.trace is not None
    assert result.replay is not None
    assert result.replay.outcome == "confirmed"
    return result.trace


def care_of(step: Step) -> str:
    return str((step.content or {})["care_of"])


@pytest.mark.parametrize(("scenario", "attacker", "prop"), CELLS)
def test_a_forged_update_is_told_that_takes_the_traffic(scenario: str, attacker: str, prop: str) -> None:
    assert care_of(trace_of(scenario, attacker, prop).steps[-1]) == "attacker"


@pytest.mark.parametrize(("scenario", "attacker", "prop"), CELLS)
def test_without_the_choice_another_one_is_told_that_is_as_short(
    scenario: str, attacker: str, prop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = trace_of(scenario, attacker, prop)
    monkeypatch.setattr(telling, "LIMIT", 0)
    first = trace_of(scenario, attacker, prop)
    assert care_of(first.steps[-1]) in ("bystander", "CoA1")
    assert len(first.steps) == len(chosen.steps)
    assert (first.conclusion, first.observation["is_update"]) == (chosen.conclusion, chosen.observation["is_update"])
