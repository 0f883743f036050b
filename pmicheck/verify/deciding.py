"""The loop that decides: explore a ground system, level by level, until z3 has nothing left to ask of what it shows.

    prepared system -> explorer -> what each property is shown, shallowest first -> z3 -> verdicts

Every verb that wants verdicts goes through `search`; what more it wants (traces, the state graph) it takes from the
`Judged` that comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from pmicheck.explore.result import Exploration, Projected, Sight
from pmicheck.explore.result import Progress as Watch
from pmicheck.grounding.run import Prepared
from pmicheck.properties.base import Observation, State
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict, verdict_of
from pmicheck.verify.engine import UNLIMITED, Engine


class Stopwatch:
    """Seconds by stage: each lap adds what has passed since the last one."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._last
        self._last = now


@dataclass(frozen=True)
class Breach:
    """An observation that breaks a property, with z3's numbers."""

    observation: Observation
    numbers: dict[str, int]


Judge = Callable[[int, int], Breach | None]
"""From (local, knowledge) of a state, or of its projection, to what is wrong there."""


@dataclass(frozen=True)
class Finding:
    """The shallowest projection that breaks a property, and who said so."""

    seen: Projected
    judge: Judge


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a search of a prepared system found; `first` has the shallowest violation of each of its properties."""

    prepared: Prepared
    explored: Exploration
    first: tuple[Finding | None, ...]

    def verdicts(self, *, vacuity: bool = True) -> dict[str, Verdict]:
        """By property; without `vacuity` what holds is not asked whether it holds of nothing."""
        whole, goals = self.explored.complete, self.explored.goals
        return {
            prop.name: verdict_of(
                broken=finding is not None, complete=whole, witnessed=not vacuity or goals[number] is not None
            )
            for number, (prop, finding) in enumerate(zip(self.prepared.properties, self.first, strict=True))
        }


def search(
    prepared: Prepared,
    decider: Decider,
    *,
    engine: Engine = UNLIMITED,
    witnesses: bool = False,
    whole: bool = False,
    edges: bool = False,
    watch: Watch | None = None,
    clock: Stopwatch | None = None,
) -> Judged:
    """Every reachable state, or as many as decide all properties, and what z3 says of them.

    Args:
        witnesses: whether the search goes on until the witness of what is violated has been found, too.
        whole: whether it goes on even then; edges: the same, and the state graph is kept.
        watch: called with each depth; clock: given the laps "exploration" and "z3".

    Raises whatever `explorer.explore` does.
    """
    clock = clock or Stopwatch()
    judges = [_judge(decider, prepared, number) for number in range(len(prepared.properties))]
    first: list[Finding | None] = [None] * len(judges)

    def decided(sight: Sight) -> bool:
        clock.lap("exploration")
        for number, (judge, shown) in enumerate(zip(judges, sight.projections, strict=True)):
            if first[number] is None:
                bad = (seen for seen in shown if judge(seen.local, seen.knowledge) is not None)
                first[number] = next((Finding(seen, judge) for seen in bad), None)
        clock.lap("z3")
        enough = bool(first) and all(first) and (not witnesses or all(sight.goals[: len(first)]))
        return enough and not whole and not edges

    explored = engine.explore(prepared.grounded.system, progress=watch, enough=decided, edges=edges)
    return Judged(prepared=prepared, explored=explored, first=tuple(first))


def _judge(decider: Decider, prepared: Prepared, number: int) -> Judge:
    """The judge of one property; it is asked about the same projection time and again, and remembers."""
    prop, projection = prepared.properties[number], prepared.grounded.system.projections[number]

    @cache
    def judge_projection(local: int, knowledge: int) -> Breach | None:
        for observation in prop.observe(state_of(prepared, (local, knowledge))):
            numbers = decider.violation(prop, observation)
            if numbers is not None:
                return Breach(observation, numbers)
        return None

    return lambda local, knowledge: judge_projection(local & projection.mask, knowledge & projection.facts)


def state_of(prepared: Prepared, seen: Projected | tuple[int, int]) -> State:
    """What a property is shown of a state (local, knowledge) or of its projection."""
    grounded, (local, knowledge) = prepared.grounded, seen[:2]
    known = grounded.known_terms(local, knowledge)
    return State(lambda cell: grounded.value(cell, local), known, prepared.start.world, prepared.attacker)
