"""Induction proves nothing that a naive search refutes, and proves what the reachable set itself shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from symbolic_systems import hit, levels, successors, system, systems, targets

from pmicheck.grounding.system import Transition, TransitionSystem
from pmicheck.symbolic.encode import follow
from pmicheck.symbolic.induction import Candidate, Induction, prove, seen


@settings(max_examples=100, deadline=None)
@given(systems(), st.data())
def test_agrees_with_breadth_first_search(of: TransitionSystem, data: st.DataObject) -> None:
    found = levels(of)
    states = sorted(state for level in found for state in level)
    bad = data.draw(targets(of))
    depths = [depth for depth, level in enumerate(found) if any(hit(state, bad) for state in level)]
    sample = data.draw(st.lists(st.sampled_from(states), unique=True))  # often not closed: must be dropped
    candidates = [
        *(seen(field.name, field.mask, 0, states) for field in of.fields),
        seen("facts", 0, (1 << len(of.facts)) - 1, states),
        seen("sample", sum(field.mask for field in of.fields), 0, sample),
    ]
    proof = prove(of, bad, candidates, max_k=data.draw(st.integers(1, 3)))
    if proof.outcome is Induction.PROVED:
        assert not depths
        kept = [c for c in candidates if c.name in proof.invariant]
        assert all(c.admits(state) for c in kept for state in states)
    elif proof.outcome is Induction.REFUTED:
        assert depths[0] == len(proof.path)
        assert hit(follow(of, of.start, proof.path)[-1], bad)
    else:
        assert proof.outcome is Induction.NOT_INDUCTIVE
        assert follow(of, proof.states[0], proof.path)[-1] == proof.states[-1]
        assert hit(proof.states[-1], bad)
        assert not any(hit(state, bad) for state in proof.states[:-1])


@settings(max_examples=60, deadline=None)
@given(systems(), st.data())
def test_the_whole_reachable_set_proves_whatever_holds(of: TransitionSystem, data: st.DataObject) -> None:
    states = sorted(state for level in levels(of) for state in level)
    bad = [one for one in data.draw(targets(of)) if not any(hit(state, [one]) for state in states)]
    everything, known = sum(field.mask for field in of.fields), (1 << len(of.facts)) - 1
    proof = prove(of, bad, [seen("all", everything, known, states)])
    assert (proof.outcome, proof.k, proof.invariant) == (Induction.PROVED, 1, ("all",))


PAIR = system(  # two bits that move together, but only the pair says so
    (Transition(0, 3, 0, 3, 3), Transition(0, 3, 3, 3, 0), Transition(0, 5, 1, 0, 4)),
    ((0, 1), (1, 1), (2, 1)),
)


def test_a_candidate_can_make_the_difference() -> None:
    bad = [(3, 2)]
    strong = system((*PAIR.transitions, Transition(0, 3, 1, 3, 2)), ((0, 1), (1, 1), (2, 1)))
    alone = prove(strong, bad)
    assert alone.outcome is Induction.NOT_INDUCTIVE
    assert len(alone.path) == 1
    assert successors(strong, alone.states[0])[alone.path[0]] == alone.states[1]
    pair = Candidate("pair", 3, 0, frozenset({(0, 0), (3, 0)}))
    assert prove(strong, bad, [pair]).outcome is Induction.PROVED


def test_longer_induction_can_make_the_difference() -> None:
    """The two bits move together. From (0, 1) one step leads to the bad (1, 0); nothing leads to (0, 1)."""
    of = system((Transition(0, 3, 0, 3, 3), Transition(0, 3, 3, 3, 0), Transition(0, 3, 2, 3, 1)), ((0, 1), (1, 1)))
    first = prove(of, [(3, 1)], max_k=1)
    assert (first.outcome, first.states) == (Induction.NOT_INDUCTIVE, ((2, 0), (1, 0)))
    second = prove(of, [(3, 1)], max_k=3)
    assert (second.outcome, second.k) == (Induction.PROVED, 2)


def test_wrong_candidates_are_dropped_and_named() -> None:
    wrong = Candidate("wrong", 1, 0, frozenset({(0, 0)}))
    proof = prove(PAIR, [(3, 1)], [wrong, Candidate("pair", 3, 0, frozenset({(0, 0), (3, 0)}))])
    assert (proof.outcome, proof.invariant, proof.dropped) == (Induction.PROVED, ("pair",), ("wrong",))


def test_reachable_bad_is_refuted_within_k() -> None:
    proof = prove(PAIR, [(7, 7)], max_k=3)
    assert (proof.outcome, proof.k, proof.path) == (Induction.REFUTED, 3, (0, 2))


def test_time_limit_and_arguments() -> None:
    assert prove(PAIR, [(3, 2)], timeout=0).outcome is Induction.TIMEOUT
    with pytest.raises(ValueError, match="distinct names"):
        prove(PAIR, [], [seen("a", 1, 0, []), seen("a", 1, 0, [])])
    with pytest.raises(ValueError, match="max_k"):
        prove(PAIR, [], max_k=0)
