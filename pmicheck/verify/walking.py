"""Random runs of the model as traces: what nobody looked for, and what the nodes must follow all the same."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator

from msgspec.structs import replace

from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.symbolic.schedule import ImpossibleTiming, schedule
from pmicheck.trace import Trace
from pmicheck.verify.evidence import trace_of_walk
from pmicheck.verify.matrix import Cell

State = tuple[int, int]
STEPS = 24
"""The steps of a walk at most; the longest shortest violations of the draft take fewer."""


def walks(cell: Cell, number: int) -> Iterator[Trace]:
    """So many random walks of a cell, the same ones in every run.

    Raises ScenarioError if the scenario cannot be played.
    """
    properties = [INVARIANTS[name] for name in cell.invariants]
    prepared = cell.engine.prepare(cell.scenario, cell.policy, cell.attacker, properties)
    system = prepared.grounded.system
    for walk in range(1, number + 1):
        rng = random.Random(f"{system.name} {walk}")
        yield _timely(trace_of_walk(prepared, random_path(system, rng), f"walk {walk}"))


def _timely(trace: Trace) -> Trace:
    """The longest beginning for which there are times; the model keeps no exact ones, so a whole walk may have none."""
    steps = trace.steps
    longest = bisect_left(range(1, len(steps) + 1), True, key=lambda count: not _has_times(trace, count))
    return replace(trace, steps=steps[:longest])


def _has_times(trace: Trace, count: int) -> bool:
    try:
        schedule(replace(trace, steps=trace.steps[:count]))
    except ImpossibleTiming:
        return False
    return True


def random_path(system: TransitionSystem, rng: random.Random) -> list[int]:
    """Transitions one after the other, each of which changes the state, till none does or there are `STEPS`.

    An event has states without a successor of its own; no step goes there.
    """
    path: list[int] = []
    state = system.start
    while len(path) < STEPS:
        possible = list(_successors(system, state))
        rng.shuffle(possible)
        chosen = next((each for each in possible if any(_successors(system, each[1]))), None)
        if chosen is None:
            break
        index, state = chosen
        path.append(index)
    return path


def _successors(system: TransitionSystem, state: State) -> Iterator[tuple[int, State]]:
    """Each transition that changes the state, with the state that it leads to."""
    for index, transition in enumerate(system.transitions):
        if system.enabled(transition, *state):
            after = system.apply(transition, *state)
            if after != state:
                yield index, after
