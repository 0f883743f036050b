"""The z3 encoding has exactly the runs of the system, and in every state exactly the closed knowledge."""

from __future__ import annotations

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from symbolic_systems import closure, levels, successors, system, systems

from pmicheck.grounding.system import Horn, Transition, TransitionSystem
from pmicheck.symbolic.encode import EncodingError, Unrolling, alternatives, follow
from pmicheck.symbolic.formulas import membership, negation
from pmicheck.symbolic.relax import relax

CYCLE = (Horn(0b001, 1), Horn(0b010, 0), Horn(0b011, 2), Horn(0b100, 0))


def runs(of: TransitionSystem, unrolling: Unrolling) -> list[tuple[tuple[int, ...], tuple[tuple[int, int], ...]]]:
    """All models of the unrolling, told apart by everything that it says of states and steps."""
    found = []
    everything = sum(field.mask for field in of.fields)
    while unrolling.check(None) == z3.sat:
        model = unrolling.solver.model()
        found.append(unrolling.run(model, unrolling.depth))
        words = [unrolling.word(k, everything, (1 << len(of.facts)) - 1) for k in range(unrolling.depth + 1)]
        literals = [x for word in words for x in word if not isinstance(x, bool)]
        literals += [x for chosen in unrolling._chosen for x in chosen.values()]
        if not literals:
            break
        unrolling.solver.add(z3.Or([x != model.eval(x, model_completion=True) for x in literals]))
    return found


def naive_runs(of: TransitionSystem, start: tuple[int, int], depth: int) -> list[object]:
    found: list[object] = [((), (start,))]
    for _ in range(depth):
        found = [((*p, i), (*s, n)) for p, s in found for i, n in successors(of, s[-1]).items()]
    return found


@settings(max_examples=60, deadline=None)
@given(systems())
def test_models_are_the_runs(of: TransitionSystem) -> None:
    unrolling = Unrolling(of)
    unrolling.extend()
    unrolling.extend()
    found = runs(of, unrolling)
    expected = naive_runs(of, (of.initial, closure(of, of.known)), 2)
    assert sorted(found) == sorted(expected)


@settings(max_examples=60, deadline=None)
@given(systems(), st.data())
def test_a_free_step_from_a_reachable_state_is_a_step_of_the_system(of: TransitionSystem, data: st.DataObject) -> None:
    state = data.draw(st.sampled_from(sorted(s for level in levels(of) for s in level)))
    unrolling = Unrolling(of, free=True)
    unrolling.extend()
    everything, known = sum(field.mask for field in of.fields), (1 << len(of.facts)) - 1
    unrolling.require(unrolling.matches(0, [(everything, state[0], state[1], known & ~state[1])]))
    assert sorted(runs(of, unrolling)) == sorted(naive_runs(of, state, 1))


@settings(max_examples=100, deadline=None)
@given(systems())
def test_relaxation_contains_what_is_reachable(of: TransitionSystem) -> None:
    relaxation = relax(of)
    for depth, level in enumerate(levels(of)):
        layer = relaxation.layer(depth)
        for local, known in level:
            assert known & ~layer.knowledge == 0
            assert all(c.part(local) in v for c, v in zip(relaxation.cells, layer.values, strict=True))
            assert set(successors(of, (local, known))) <= set(layer.transitions)


def test_facts_do_not_carry_each_other() -> None:
    """0 and 1 imply each other: Clark's completion alone would let them appear from nothing."""
    idle = Transition(0, 0, 0, 0, 0)
    of = system((idle,), facts=3, horn=CYCLE)
    teach = system((idle, Transition(0, 0, 0, 0, 0, learns=0b100)), facts=3, horn=CYCLE)
    for free in (False, True):
        unrolling = Unrolling(teach, free=free)
        unrolling.extend()
        if free:
            unrolling.require(unrolling.matches(0, [(0, 0, 0, 0b111)]))
        assert unrolling.check(None, unrolling.fact(1, 1)) == z3.sat
        unrolling.require(negation(unrolling._chosen[0][1]))
        assert unrolling.check(None, unrolling.fact(1, 0)) == z3.unsat
    assert Unrolling(of).fact(0, 0) is False


def test_a_free_start_is_closed_and_knows_what_was_known_at_first() -> None:
    idle = Transition(0, 0, 0, 0, 0, learns=0b011)
    of = system((idle,), facts=3, horn=(Horn(0b001, 1),), known=0b100)
    unrolling = Unrolling(of, free=True)
    assert unrolling.check(None, unrolling.matches(0, [(0, 0, 0b010, 0b001)])) == z3.sat
    assert unrolling.check(None, unrolling.matches(0, [(0, 0, 0b001, 0b010)])) == z3.unsat
    assert unrolling.matches(0, [(0, 0, 0, 0b100)]) is False


def test_a_long_chain_of_deductions_is_closed_in_one_step() -> None:
    chain = tuple(Horn(1 << i, i + 1) for i in range(30)) + tuple(Horn(1 << i + 1, i) for i in range(30))
    of = system((Transition(0, 0, 0, 0, 0, learns=1 << 15),), facts=31, horn=chain)
    unrolling = Unrolling(of)
    unrolling.extend()
    assert unrolling.check(None) == z3.sat
    assert unrolling.run(unrolling.solver.model(), 1)[1][1] == (0, (1 << 31) - 1)


def test_bits_without_a_field_and_wide_fields_are_encoded() -> None:
    of = system((Transition(0, 1 << 100, 0, 0, 1 << 100), Transition(0, 1 << 100, 1 << 100, 0, 1 << 7)), ((0, 14),))
    unrolling = Unrolling(of)
    unrolling.extend()
    unrolling.extend()
    assert unrolling.check(None) == z3.sat
    assert unrolling.run(unrolling.solver.model(), 2) == (
        (0, 1),
        ((0, 0), (1 << 100, 0), (1 << 100 | 1 << 7, 0)),
    )


@given(st.integers(1, 6), st.data())
@settings(max_examples=50, deadline=None)
def test_membership(width: int, data: st.DataObject) -> None:
    numbers = data.draw(st.frozensets(st.integers(0, (1 << width) - 1)))
    context = z3.Context()
    fixed = data.draw(st.lists(st.sampled_from([None, False, True]), min_size=width, max_size=width))
    word = [z3.Bool(f"x{i}", context) if value is None else value for i, value in enumerate(fixed)]
    formula = membership(word, numbers, context)
    for number in range(1 << width):
        values = [bool(number >> i & 1) for i in range(width)]
        if all(known in (None, value) for known, value in zip(fixed, values, strict=True)):
            solver = z3.Solver(ctx=context)
            solver.add(z3.BoolVal(formula, context) if isinstance(formula, bool) else formula)
            solver.add([x == v for x, v in zip(word, values, strict=True) if not isinstance(x, bool)])
            assert (solver.check() == z3.sat) == (number in numbers)


def test_follow_refuses_what_is_no_run() -> None:
    of = system((Transition(0, 1, 1, 0, 2),))
    with pytest.raises(EncodingError, match="not enabled"):
        follow(of, of.start, [0])
    with pytest.raises(EncodingError, match="states of the model"):
        follow(of, of.start, [], [(3, 0)])


def test_alternatives_fill_in_what_is_left_out() -> None:
    short, full = alternatives([(1, 1), (1, 1, 2, 4)])
    assert short.admits((1, 0))
    assert full.admits((3, 2))
    assert not full.admits((3, 6))
    assert not full.admits((3, 0))
