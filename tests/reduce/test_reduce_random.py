"""Reduced systems against a plain search of the same system, on a thousand random ones."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from reduce_systems import random_system, search

from pmicheck.explore.explorer import explore
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import TransitionSystem
from pmicheck.reduce.reduction import PARTIAL_ORDER, SYMMETRY, Reduced, reduce

MOST = 400
IN_ONE_PIECE = (PARTIAL_ORDER, SYMMETRY)
WAYS = (*((name,) for name in IN_ONE_PIECE), IN_ONE_PIECE)
BATCHES = 10


def says_the_same(system: TransitionSystem, reduced: Reduced, found: Exploration, kernel_states: int) -> bool:
    """Whether nothing is lost: values, goals, depths in steps that cost, coverage; True if the reduction bit."""
    free = frozenset(reduced.alive[number] for number in reduced.system.eager)
    plain = search(system, free, MOST)
    assert plain is not None
    for values, shown in zip(plain.projections, found.projections, strict=True):
        assert {(one.local, one.knowledge): one.depth for one in shown} == values
    assert tuple(goal.depth if goal else None for goal in found.goals) == plain.goals
    covered = {number for number, fired in enumerate(found.fired) if fired}
    assert covered <= plain.fired if free else covered == plain.fired
    assert found.states <= plain.states
    runs_are_runs(system, found, free)
    return kernel_states < plain.states


def runs_are_runs(system: TransitionSystem, found: Exploration, free: frozenset[int]) -> None:
    """Every path can be taken step by step in the original, ends in what it is told for, and costs its depth."""
    for projection, shown in zip(system.projections, found.projections, strict=True):
        for one in shown:
            state, path = system.start, found.path(one.state)
            for step in path:
                assert system.enabled(system.transitions[step], *state)
                state = system.apply(system.transitions[step], *state)
            assert (state[0] & projection.mask, state[1] & projection.facts) == (one.local, one.knowledge)
            assert sum(step not in free for step in path) == one.depth == found.depth_of(one.state)
            assert found.state(one.state) == state


@pytest.mark.parametrize("batch", range(BATCHES))
def test_reductions_lose_nothing_on_a_thousand_random_systems(batch: int) -> None:
    """A hundred a batch; on many of them each reduction must have had something to do."""
    bit: Counter[tuple[str, ...]] = Counter()
    seeds = iter(range(batch * 10_000, (batch + 1) * 10_000))
    done = 0
    while done < 1000 // BATCHES:
        rng = random.Random(next(seeds))
        system = random_system(rng, rng.choice([1, 2, 2, 3]))
        if search(system, frozenset(), MOST) is None:
            continue
        done += 1
        for way in WAYS:
            reduced = reduce(system, way)
            explored = explore(reduced.system, kernel="python")
            bit[way] += says_the_same(system, reduced, reduced.unfold(explored), explored.states)
    assert min(bit[way] for way in WAYS) >= 10
