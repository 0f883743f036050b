"""Slices against a plain search of the whole system: a thousand random ones, and the smallest that need a condition."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from reduce_systems import random_system
from test_reduce_conditions import W, X, Y, Z, step, system

from pmicheck.explore.explorer import explore
from pmicheck.explore.out_of_reach import out_of_reach
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import Field, Goal, Horn, Projection, TransitionSystem
from pmicheck.reduce.cones import parts_of, slice_of_goal, slices_of
from pmicheck.reduce.joined import Joined
from pmicheck.reduce.reduction import CONE, REDUCTIONS, findings

BATCHES, MOST = 10, 3_000
Values = dict[tuple[int, int], int]


def searched(whole: TransitionSystem, *names: str) -> Exploration:
    return findings(whole, names, lambda smaller: explore(smaller, kernel="python"))


def in_parts(whole: TransitionSystem, found: Exploration) -> list[Values]:
    """For each part of each projection its values with the least depth, without what stands beside an event."""
    event = next((f.mask for f in whole.fields if f.name == "event"), 0)
    parts: list[Values] = []
    for projection, shown in zip(whole.projections, found.projections, strict=True):
        for mask, facts in parts_of(projection):
            values: Values = {}
            for one in shown:
                value = one.local & mask, one.knowledge & facts
                if mask == event or not value[0] & event:
                    values[value] = min(one.depth, values.get(value, one.depth))
            parts.append(values)
    return parts


def paths_lead_there(whole: TransitionSystem, found: Exploration, *, as_deep: bool) -> None:
    """Every trace is a run of the whole system, to a state that shows what it is told for."""
    for projection, shown in zip(whole.projections, found.projections, strict=True):
        for one in shown:
            state, path = whole.start, found.path(one.state)
            for number in path:
                assert whole.enabled(whole.transitions[number], *state)
                state = whole.apply(whole.transitions[number], *state)
            assert any(
                not (state[0] ^ one.local) & mask and not (state[1] ^ one.knowledge) & facts
                for mask, facts in parts_of(projection)
            )
            assert found.state(one.state) == state
            assert one.depth == found.depth_of(one.state)
            assert len(path) == one.depth or not as_deep
    for goal, reached in zip(whole.goals, found.goals, strict=True):
        if reached is not None:
            local, knowledge = found.state(reached.state)
            assert local & goal.mask == goal.value
            assert not goal.facts & ~knowledge


@pytest.mark.parametrize("batch", range(BATCHES))
def test_slices_lose_and_add_nothing_on_a_thousand_random_systems(batch: int) -> None:
    """A hundred a batch; many fall into slices, and in many those have fewer states in all."""
    done = cut = fewer = 0
    seeds = iter(range(batch * 10_000, (batch + 1) * 10_000))
    while done < 1000 // BATCHES:
        rng = random.Random(next(seeds))
        whole = random_system(rng, rng.choice([2, 2, 3]))
        plain = explore(whole, kernel="python", max_states=MOST)
        if not plain.complete:
            continue
        done += 1
        joined = searched(whole, CONE)
        assert isinstance(joined, Joined)
        assert in_parts(whole, joined) == in_parts(whole, plain)
        depths = [goal and goal.depth for goal in plain.goals]
        assert [goal and goal.depth for goal in joined.goals] == depths
        assert {n for n, fired in enumerate(joined.fired) if fired} <= {n for n, f in enumerate(plain.fired) if f}
        assert max(each.states for each in joined.found) <= plain.states
        paths_lead_there(whole, joined, as_deep=True)
        cut += len(joined.slices) > 1
        fewer += joined.states < plain.states
    assert cut >= 30
    assert fewer >= 20


@pytest.mark.parametrize("batch", range(BATCHES))
def test_all_reductions_together_show_the_same_values(batch: int) -> None:
    for number in range(30):
        rng = random.Random(batch * 100_000 + number)
        whole = random_system(rng, rng.choice([2, 2, 3]))
        plain = explore(whole, kernel="python", max_states=MOST)
        if plain.complete:
            reduced = searched(whole, *REDUCTIONS)
            assert [set(part) for part in in_parts(whole, reduced)] == [set(part) for part in in_parts(whole, plain)]
            assert [goal is None for goal in reduced.goals] == [goal is None for goal in plain.goals]
            paths_lead_there(whole, reduced, as_deep=False)


def looking_at(*fields: Field) -> Projection:
    return Projection("looks", sum(f.mask for f in fields), parts=tuple((f.mask, 0) for f in fields))


def steps_of(whole: TransitionSystem) -> list[tuple[int, ...]]:
    return sorted(each.transitions for each in slices_of(whole))


def test_what_shares_nothing_falls_into_slices() -> None:
    whole = system(step({X: 0}, {X: 1}), step({Y: 0}, {Y: 1}), projections=(looking_at(X, Y),))
    assert steps_of(whole) == [(0,), (1,)]
    assert searched(whole, CONE).states == explore(whole).states == 4
    assert [one[:2] for one in searched(whole, CONE).projections[0]] == [(0, 0), (X.mask & 5, 0), (Y.mask & 20, 0)]


def test_what_is_judged_together_is_searched_together() -> None:
    whole = system(step({X: 0}, {X: 1}), step({Y: 0}, {Y: 1}), projections=(Projection("looks", X.mask | Y.mask),))
    assert steps_of(whole) == [(0, 1)]


def test_a_clock_that_all_read_is_in_every_slice() -> None:
    tick = step({Z: 0}, {Z: 1})
    whole = system(step({X: 0, Z: 1}, {X: 1}), step({Y: 0, Z: 1}, {Y: 1}), tick, projections=(looking_at(X, Y),))
    assert steps_of(whole) == [(0, 2), (1, 2)]


def test_a_guard_on_what_stands_still_is_left_out() -> None:
    """The clock waits for both nodes; in the slice of one the other has nothing that it would wait for."""
    tick = step({Z: 0, X: 0, Y: 0}, {Z: 1})
    parts = (step({X: 0}, {X: 1}), step({X: 1}, {X: 0}), step({Y: 0}, {Y: 1}), step({Y: 1}, {Y: 0}))
    late = (step({X: 0, Z: 1}, {X: 2}), step({Y: 0, Z: 1}, {Y: 2}))
    whole = system(tick, *parts, *late, projections=(looking_at(X, Y),))
    assert steps_of(whole) == [(0, 1, 2, 5), (0, 3, 4, 6)]
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))


def test_a_guard_that_does_not_hold_at_the_start_counts() -> None:
    whole = system(step({X: 0, Y: 1}, {X: 1}), step({Y: 0}, {Y: 1}), projections=(looking_at(X),))
    assert steps_of(whole) == [(0, 1)]


def test_a_guard_on_what_the_slice_itself_moves_counts() -> None:
    """Without it the step could be taken time and again."""
    whole = system(step({X: 0, Y: 0}, {X: 1, Y: 1}), step({X: 1, Y: 0}, {X: 2}), projections=(looking_at(X),))
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))
    assert len(searched(whole, CONE).projections[0]) == 2


def test_who_teaches_what_is_needed_belongs_to_the_slice() -> None:
    needs, teaches = step({X: 0}, {X: 1}, needs=0b100), step({Y: 0}, {Y: 1}, learns=0b001)
    also, idle = step({W: 0}, {W: 1}, learns=0b010), step({Z: 0}, {Z: 1})
    rules = (Horn(0b011, 2),)
    whole = system(needs, teaches, also, idle, horn=rules, projections=(looking_at(X),))
    assert steps_of(whole) == [(0, 1, 2)]
    assert steps_of(replace(whole, known=0b010)) == [(0, 1)]


def test_a_goal_is_a_thing_that_is_looked_at() -> None:
    whole = system(step({X: 0}, {X: 1}), step({Y: 0}, {Y: 1}), goals=(Goal("both", X.mask | Y.mask, 0b0101),))
    assert steps_of(whole) == [(0, 1)]
    reached = searched(whole, CONE).goals[0]
    assert reached is not None
    assert reached.depth == 2


def test_an_end_is_seen_in_one_slice_and_stops_no_other() -> None:
    """W is the event: every step wants it to be 0, an end sets it and clears all else."""
    moves = (step({X: 0, W: 0}, {X: 1}), step({Y: 0, W: 0}, {Y: 1}))
    ends = tuple(step({field: 1, W: 0}, {X: 0, Y: 0, Z: 0, W: event}) for field, event in ((X, 1), (Y, 2)))
    whole = system(*moves, *ends, projections=(looking_at(X, Y), looking_at(W)))
    assert steps_of(whole) == [(0, 2), (1, 3)]
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))


def test_what_sets_the_event_and_leaves_the_rest_is_no_end() -> None:
    moves = (step({X: 0, W: 0}, {X: 1}), step({Y: 0, W: 0}, {Y: 1}))
    whole = system(*moves, step({X: 1, W: 0}, {W: 1}), projections=(looking_at(X, Y), looking_at(W)))
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))
    assert (0, 2) in steps_of(whole) or (0, 1, 2) in steps_of(whole)


def test_nothing_to_look_at_is_one_slice_without_a_step() -> None:
    whole = system(step({X: 0}, {X: 1}), projections=())
    found = searched(whole, CONE)
    assert (found.states, found.complete, found.depth) == (1, True, 0)


def test_a_search_of_slices_that_is_cut_says_so() -> None:
    whole = system(step({X: 0}, {X: 1}), step({Y: 0}, {Y: 1}), projections=(looking_at(X, Y),))
    found = findings(whole, (CONE,), lambda smaller: explore(smaller, max_states=1))
    assert not found.complete
    assert found.stopped_by == "max_states"


def test_what_an_end_asks_counts_too() -> None:
    """The step that makes X 1 makes Y 1, so the end never comes."""
    steps = (step({X: 0, W: 0}, {X: 1, Y: 1}), step({Y: 1, W: 0}, {Y: 2}))
    end = step({X: 1, Y: 0, W: 0}, {X: 0, Y: 0, Z: 0, W: 1})
    whole = system(*steps, end, projections=(looking_at(X), looking_at(W)))
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))
    assert [one.local for one in searched(whole, CONE).projections[1]] == [0]


def test_an_end_that_two_slices_show_is_as_deep_as_in_the_shallower_one() -> None:
    steps = (step({X: 0, W: 0}, {X: 1}), step({X: 1, W: 0}, {X: 2}), step({Y: 0, W: 0}, {Y: 1}))
    ends = tuple(step({field: at, W: 0}, {X: 0, Y: 0, Z: 0, W: 1}) for field, at in ((X, 2), (Y, 1)))
    whole = system(*steps, *ends, projections=(looking_at(X, Y), looking_at(W)))
    assert len(slices_of(whole)) == 2
    assert [one.depth for one in searched(whole, CONE).projections[1]] == [0, 2]


def test_a_step_back_to_the_start_is_no_end() -> None:
    """W is 1 wherever something can happen, also after this step, which clears all else."""
    back = step({X: 1, W: 1}, {X: 0, Y: 0, Z: 0, W: 1})
    steps = (step({X: 0, W: 1}, {X: 1}), step({Y: 0, W: 1}, {Y: 1}), step({Y: 1, W: 1}, {Y: 2}), back)
    whole = system(*steps, initial=1 << W.shift, projections=(looking_at(X, Y),))
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))
    assert steps_of(whole) == [(0, 1, 2, 3)]


def test_a_step_after_which_another_one_goes_on_is_no_end() -> None:
    """All ask for Z, not all for the same."""
    anew = step({Y: 1, Z: 0}, {X: 0, Y: 0, Z: 1, W: 0})
    whole = system(step({Y: 0, Z: 0}, {Y: 1}), anew, step({Z: 1}, {X: 3}), projections=(looking_at(X, Y),))
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))
    assert 3 in {one.local for one in searched(whole, CONE).projections[0]}


def test_cones_that_the_same_steps_move_are_one() -> None:
    steps = (step({X: 0}, {X: 1, Y: 1}), step({X: 0}, {X: 1, Z: 1}))
    whole = system(*steps, projections=(looking_at(Y, Z),))
    assert steps_of(whole) == [(0, 1)]
    assert in_parts(whole, searched(whole, CONE)) == in_parts(whole, explore(whole))


def test_beside_what_a_slice_shows_all_is_as_at_the_start() -> None:
    looks = Projection("looks", X.mask | Y.mask, 0b11, parts=((X.mask, 0b01), (Y.mask, 0b10)))
    steps = (step({X: 0}, {X: 1}), step({Y: 2}, {Y: 1}))
    whole = system(*steps, initial=2 << Y.shift, known=0b11, projections=(looks,))
    start, first, second = searched(whole, CONE).projections[0]
    assert start[:2] == (2 << Y.shift, 0b11)
    assert {first[:2], second[:2]} == {(1 | 2 << Y.shift, 0b11), (1 << Y.shift, 0b11)}


def facts_of(part: TransitionSystem) -> int:
    """The facts that may be known in a slice."""
    facts = part.start[1] | sum(1 << head for head in {rule.head for rule in part.horn})
    for t in part.transitions:
        facts |= t.learns
    return facts


def test_a_goal_is_out_of_reach_in_its_slice_exactly_where_it_is_in_the_whole_system() -> None:
    done = smaller = lost_somewhere = 0
    for seed in range(10_000):
        rng = random.Random(seed)
        drawn = random_system(rng, rng.choice([2, 2, 3]))
        event = drawn.fields[0].mask
        whole = replace(drawn, transitions=tuple(t for t in drawn.transitions if not t.put & event))
        plain = explore(whole, kernel="python", max_states=MOST, edges=True)
        if not plain.complete or not whole.transitions:
            continue
        part = slice_of_goal(whole, 0, 0)
        explored = explore(part.system, kernel="python", edges=True)
        mask, facts = sum(f.mask for f in part.system.fields), facts_of(part.system)
        number = {state: n for n, state in enumerate(explored.states_iter())}
        lost, lost_in_all = (set(out_of_reach(each, whole.goals[0])) for each in (explored, plain))
        for n, (local, knowledge) in enumerate(plain.states_iter()):
            there = number[local & mask, knowledge & facts]
            assert (n in lost_in_all) == (there in lost)
        done += 1
        smaller += explored.states < plain.states
        lost_somewhere += 0 < len(lost) < explored.states
        if done == 200:
            break
    assert smaller >= 50
    assert lost_somewhere >= 20


def test_whoever_may_stand_in_the_way_is_in_the_slice_of_a_goal() -> None:
    """What can be seen of the clock is the same without Y; from where Y is 1 it does not go on."""
    whole = system(step({Z: 0, Y: 0}, {Z: 1}), step({Y: 0}, {Y: 1}), goals=(Goal("later", Z.mask, 1 << Z.shift),))
    assert [f.name for f in slices_of(whole)[0].system.fields] == ["z"]
    assert [f.name for f in slice_of_goal(whole, 0, 0).system.fields] == ["y", "z"]


def test_what_is_watched_and_moved_is_in_the_slice() -> None:
    steps = (step({X: 0}, {X: 1, Y: 1}), step({Y: 1}, {Y: 2}), step({Z: 0}, {Z: 1}))
    whole = system(*steps, goals=(Goal("there", X.mask, 1),))
    assert [f.name for f in slice_of_goal(whole, 0, 0).system.fields] == ["x"]
    assert [f.name for f in slice_of_goal(whole, 0, Y.mask | Z.mask).system.fields] == ["x", "y"]
