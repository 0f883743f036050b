"""Bounded search against a naive breadth-first search: same existence, same depth, real paths."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from symbolic_systems import hit, levels, system, systems, targets

from pmicheck.grounding.system import Transition, TransitionSystem
from pmicheck.symbolic.bounded import Reach, shortest
from pmicheck.symbolic.encode import follow

COUNTER = system(tuple(Transition(0, 7, n, 7, n + 1) for n in range(7)), ((0, 3),))


@settings(max_examples=120, deadline=None)
@given(systems(), st.data())
def test_agrees_with_breadth_first_search(of: TransitionSystem, data: st.DataObject) -> None:
    target = data.draw(targets(of))
    depths = [depth for depth, level in enumerate(levels(of)) if any(hit(state, target) for state in level)]
    limit = data.draw(st.integers(0, 12))
    answer = shortest(of, target, limit)
    if depths and depths[0] <= limit:
        assert (answer.outcome, answer.depth) == (Reach.FOUND, depths[0])
        visited = follow(of, of.start, answer.path)
        assert tuple(visited) == answer.states
        assert len(answer.path) == depths[0]
        assert hit(visited[-1], target)
    else:
        assert (answer.outcome, answer.depth) == (Reach.NONE, limit)
        assert not (answer.exhausted and depths)


def test_depth_limit_and_exhaustion() -> None:
    assert shortest(COUNTER, [(7, 7)], 7).path == tuple(range(7))
    assert shortest(COUNTER, [(7, 7)], 6).outcome is Reach.NONE
    jump = system((Transition(0, 3, 0, 0, 1), Transition(0, 3, 1, 3, 2)))
    answer = shortest(jump, [(3, 3)], 50)
    assert answer.outcome is Reach.NONE


def test_the_end_of_all_runs_is_noticed() -> None:
    """Both orders end in 3, where nothing fires; the fact is learned only on the way there."""
    end = system((Transition(0, 1, 0, 0, 1), Transition(0, 2, 0, 0, 2), Transition(0, 3, 2, 0, 1, learns=1)), facts=1)
    assert shortest(end, [(3, 1, 1)], 50).exhausted


def test_time_limit() -> None:
    answer = shortest(COUNTER, [(7, 7)], 7, timeout=0)
    assert (answer.outcome, answer.depth, answer.path) == (Reach.TIMEOUT, -1, ())


def test_progress_is_told_and_results_repeat() -> None:
    depths: list[int] = []
    first = shortest(COUNTER, [(7, 3)], 7, progress=depths.append)
    assert depths == [0, 1, 2]
    assert first.path == shortest(COUNTER, [(7, 3)], 7).path
