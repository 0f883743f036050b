"""Each condition of a reduction on the smallest system that shows why it is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmicheck.errors import UsageError
from pmicheck.explore.explorer import explore
from pmicheck.grounding.system import WORD, Field, Goal, Horn, Projection, Rule, Symmetry, Transition, TransitionSystem
from pmicheck.reduce.partial_order import eager_transitions
from pmicheck.reduce.reduction import findings, reduce
from pmicheck.reduce.symmetry import is_symmetry, symmetries_of

X, Y, Z, W = (Field(name, 2 * at, 2, (0, 1, 2, 3)) for at, name in enumerate("xyzw"))
Values = dict[Field, int]


def step(reads: Values, writes: Values, needs: int = 0, learns: int = 0) -> Transition:
    def bits(values: Values) -> tuple[int, int]:
        return sum(f.mask for f in values), sum(v << f.shift for f, v in values.items())

    return Transition(0, *bits(reads), *bits(writes), needs, learns)


def system(*transitions: Transition, seen: tuple[Field, ...] = (), told: int = 0, **more: object) -> TransitionSystem:
    looks = Projection("looks", sum(f.mask for f in seen), told)
    rules = (Rule("step", "somebody", "1"),)
    facts = ("a", "b", "c")
    plain = TransitionSystem("small", WORD, (X, Y, Z, W), rules, transitions, facts, (), 0, 0, (looks,))
    return replace(plain, **more)  # type: ignore[arg-type]


def values(of: TransitionSystem, *names: str) -> set[tuple[int, int]]:
    reduced = reduce(of, names)
    found = reduced.unfold(explore(reduced.system, kernel="python"))
    return {(one.local, one.knowledge) for one in found.projections[0]}


def test_an_independent_invisible_step_is_eager_and_costs_no_state() -> None:
    small = system(step({X: 0}, {X: 1}), step({Y: 0}, {Y: 1}), seen=(Y,))
    assert eager_transitions(small) == (0,)
    assert explore(reduce(small, ["partial-order"]).system, kernel="python").states == 2
    assert explore(small).states == 4


def test_a_step_that_forbids_another_is_not_eager() -> None:
    small = system(step({X: 0}, {X: 1}), step({X: 0, Y: 0}, {Y: 1}), seen=(Y,))
    assert eager_transitions(small) == ()


def test_a_step_that_another_overtakes_for_good_is_not_eager() -> None:
    """The clock loses a packet: whether it was delivered before makes a difference."""
    delivered = step({X: 0, Z: 0}, {Z: 1})
    lost = step({X: 0}, {X: 1})
    late = step({X: 1, Z: 0}, {Y: 1})
    small = system(delivered, lost, late, seen=(Y,))
    assert eager_transitions(small) == ()
    assert values(small, "partial-order") == values(small) == {(0, 0), (1 << Y.shift, 0)}


def test_a_step_that_another_undoes_is_eager() -> None:
    """A hop of a packet that the clock loses wherever it is."""
    hop = step({X: 1, Z: 0}, {X: 2})
    send = step({X: 0, Z: 0}, {X: 1})
    arrives = step({X: 2, Z: 0}, {Y: 1, X: 3})
    tick = step({Z: 0}, {Z: 1, X: 3})
    small = system(hop, send, arrives, tick, seen=(Y,))
    assert 0 in eager_transitions(small)


def test_a_step_that_is_seen_is_not_eager() -> None:
    small = system(step({X: 0}, {X: 1}), step({X: 1}, {X: 2}), seen=(X,))
    assert eager_transitions(small) == ()
    assert eager_transitions(replace(small, projections=(), goals=(Goal("one", X.mask, 1),))) == ()


def test_learning_what_helps_to_derive_a_visible_fact_is_not_eager() -> None:
    small = system(step({}, {}, learns=0b001), horn=(Horn(0b001, 2),), told=0b100)
    assert eager_transitions(small) == ()
    assert values(small, "partial-order") == {(0, 0), (0, 0b100)}


def test_learning_what_nobody_sees_is_eager_even_if_another_step_ends_the_chance() -> None:
    """Nobody is the worse off for knowing."""
    small = system(step({X: 0}, {}, learns=0b001), step({X: 0}, {X: 1}), step({X: 1}, {Y: 1}, needs=0b001), seen=(X, Y))
    assert eager_transitions(small) == (0,)
    assert values(small, "partial-order") == values(small)


def test_steps_that_go_round_in_circles_are_not_all_eager() -> None:
    small = system(step({X: 0}, {X: 1}), step({X: 1}, {X: 0}), step({Y: 0}, {Y: 1}), seen=(Y,))
    assert len(eager_transitions(small)) == 1


def test_what_never_happens_forbids_nothing() -> None:
    never = step({X: 0, Y: 3}, {Y: 1})
    small = system(step({X: 0}, {X: 1}), step({Y: 0}, {Y: 1}), never, seen=(Y,))
    assert eager_transitions(small) == (0,)


TWINS = (step({X: 0}, {X: 1}), step({X: 1}, {X: 2}), step({Y: 0}, {Y: 1}), step({Y: 1}, {Y: 2}))


@pytest.mark.parametrize("twin", [X, Y], ids=["first", "second"])
def test_twins_are_symmetric_whichever_of_them_is_seen(twin: Field) -> None:
    small = system(*TWINS, seen=(twin,))
    assert len(symmetries_of(small)) == 1
    assert explore(reduce(small, ["symmetry"]).system, kernel="python").states == 6
    assert values(small, "symmetry") == values(small) == {(number << twin.shift, 0) for number in (0, 1, 2)}


@pytest.mark.parametrize("twin", [X, Y], ids=["first", "second"])
def test_what_is_seen_of_a_twin_is_what_it_could_have_done_instead_of_the_other(twin: Field) -> None:
    """Only one of them can move, and one state stands for both cases."""
    small = system(step({X: 0, Y: 0}, {X: 1}), step({X: 0, Y: 0}, {Y: 1}), seen=(twin,))
    assert explore(reduce(small, ["symmetry"]).system, kernel="python").states == 2
    assert values(small, "symmetry") == {(0, 0), (1 << twin.shift, 0)}


def test_three_twins_have_six_orders() -> None:
    third = (step({Z: 0}, {Z: 1}), step({Z: 1}, {Z: 2}))
    small = system(*TWINS, *third, seen=(X, Y))
    assert len(symmetries_of(small)) == 5
    assert explore(reduce(small, ["symmetry"]).system, kernel="python").states == 10
    assert values(small, "symmetry") == values(small)


@pytest.mark.parametrize(
    "more", [step({X: 2}, {X: 3}), step({X: 1}, {}, learns=0b001), step({X: 0}, {X: 1}, needs=0b010)]
)
def test_a_twin_that_can_do_more_is_none(more: Transition) -> None:
    swap = Symmetry(Z.mask | W.mask, ((X.mask, 2), (Y.mask, -2)), (), (0, 1, 2))
    assert is_symmetry(system(*TWINS), swap)
    assert not is_symmetry(system(*TWINS, more), swap)
    assert symmetries_of(system(*TWINS, more)) == ()


def test_a_twin_that_starts_elsewhere_is_none() -> None:
    small = replace(system(*TWINS), initial=1)
    assert not is_symmetry(small, Symmetry(Z.mask | W.mask, ((X.mask, 2), (Y.mask, -2)), (), (0, 1, 2)))
    assert not is_symmetry(
        system(*TWINS, horn=(Horn(1, 1),)), Symmetry(Z.mask | W.mask, ((X.mask, 2), (Y.mask, -2)), (), (1, 0, 2))
    )


def test_a_field_that_a_goal_alone_asks_for_goes_and_the_goal_is_met_where_it_was() -> None:
    """Z says whether X is 1, but not in the end that W = 1 is: there all fields are 0."""
    on = step({W: 0, X: 0}, {X: 1, Z: 1})
    back = step({W: 0, X: 1}, {X: 0, Z: 0})
    end = step({W: 0, X: 1}, {W: 1, X: 0, Y: 0, Z: 0})
    for wanted, depth in ((1, 1), (2, None)):
        small = system(on, back, end, seen=(X, W), goals=(Goal("z", Z.mask, wanted << Z.shift),))
        bare = reduce(small, ["partial-order"])
        assert Z not in bare.system.fields
        found = bare.unfold(explore(bare.system, kernel="python")).goals[0]
        assert (found.depth if found else None) == depth


def test_a_goal_is_not_met_by_an_end_that_looks_like_it() -> None:
    """Z is 1 as long as X is 0, but not in the end: there both are 0. The goal wants Z = 1 and Y = 1."""
    away = step({W: 0, X: 0}, {X: 2, Y: 1, Z: 0})
    end = step({W: 0, X: 2}, {W: 1, X: 0, Z: 0})
    goal = Goal("goal", Y.mask | Z.mask, 1 << Y.shift | 1 << Z.shift)
    small = system(away, end, seen=(X, Y, W), goals=(goal,), initial=1 << Z.shift)
    reduced = reduce(small, ["partial-order"])
    assert Z not in reduced.system.fields
    assert reduced.unfold(explore(reduced.system, kernel="python")).goals == explore(small).goals == (None,)


def test_an_unknown_reduction_is_named() -> None:
    choice = "cone-of-influence, partial-order, symmetry, all"
    with pytest.raises(UsageError, match=f"there is no reduction 'magic': choose from {choice}"):
        findings(system(), ["magic"], explore)
