"""Both kernels against a naive explorer and against each other, on random systems."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from explore_naive import Description, random_description
from hypothesis import given, settings
from hypothesis import strategies as st

from pmicheck.explore import c_kernel, python_kernel
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import Field, Goal, Horn, Projection, Rule, Transition, TransitionSystem

MOST = 400


def small_descriptions() -> st.SearchStrategy[Description]:
    return st.builds(random_description, st.randoms(use_true_random=False), st.just(1))


def same_as_naive(described: Description, found: Exploration) -> None:
    expected = described.search(MOST)
    system = described.build()

    def values(local: int) -> tuple[int, ...]:
        return tuple(f.index(local) for f in system.fields)

    def facts(knowledge: int) -> frozenset[int]:
        return frozenset(i for i in range(described.facts) if knowledge >> i & 1)

    assert [(values(local), facts(knowledge)) for local, knowledge in found.states_iter()] == expected.states
    assert (found.states, found.complete) == (len(expected.states), expected.complete)
    assert list(found.fired) == expected.fired
    assert found.transitions == sum(expected.fired)
    assert list(found.levels) == expected.levels()
    assert found.knowledge_sets == len({known for _, known in expected.states})
    assert [None if g is None else tuple(g) for g in found.goals] == expected.goals()
    for (on, _), shown, wanted in zip(described.projections, found.projections, expected.projected(), strict=True):
        kept = [(tuple(v for i, v in enumerate(values(p.local)) if i in on), facts(p.knowledge), *p[2:]) for p in shown]
        assert kept == wanted


def agree(system: TransitionSystem, most: int = MOST, **options: int) -> Exploration:
    """Explore with both kernels; they must agree on everything, states and paths included."""
    slow = python_kernel.search(system, max_states=most, edges=True)
    for threads in (1, 2):
        fast = c_kernel.search(system, max_states=most, edges=True, threads=threads, **options)
        assert fast == slow
        assert list(fast.states_iter()) == list(slow.states_iter())
        assert [fast.path(s) for s in range(fast.states)] == [slow.path(s) for s in range(slow.states)]
        bare = c_kernel.search(system, max_states=most, threads=threads, **options)
        assert replace(bare, edges=fast.edges) == slow
        assert [bare.path(s) for s in range(bare.states)] == [slow.path(s) for s in range(slow.states)]
    return fast


def replay(system: TransitionSystem, found: Exploration, state_id: int) -> None:
    path = found.path(state_id)
    assert len(path) == found.depth_of(state_id)
    state = system.start
    for index in path:
        assert system.enabled(system.transitions[index], *state)
        state = system.apply(system.transitions[index], *state)
    assert state == found.state(state_id)


@given(small_descriptions())
@settings(max_examples=200, deadline=None)
def test_small_random_systems(described: Description) -> None:
    system = described.build()
    found = agree(system)
    same_as_naive(described, found)
    for state_id in range(found.states):
        replay(system, found, state_id)


@pytest.mark.parametrize("seed", range(60))
def test_large_random_systems(seed: int) -> None:
    described = random_description(random.Random(seed), 1 + seed % 20)
    found = agree(described.build())
    same_as_naive(described, found)


@pytest.mark.parametrize("memo_limit", [1, 3])
@pytest.mark.parametrize("seed", range(20))
def test_memo_tables_that_forget(seed: int, memo_limit: int) -> None:
    agree(random_description(random.Random(seed), 20).build(), memo_limit=memo_limit)


def raw_system(rng: random.Random) -> TransitionSystem:
    """Masks drawn bit by bit: guards that ask for part of a field, for none, or for what cannot be."""
    words, facts = rng.choice([1, 2, 3]), rng.choice([1, 40, 100])
    spots = [rng.randrange(64 * words) for _ in range(7)]

    def some_bits(of: list[int], most: int) -> int:
        return sum({1 << b for b in rng.choices(of, k=rng.randint(0, most))}, 0)

    def some_facts() -> int:
        return some_bits(list(range(facts)), 2)

    def transition() -> Transition:
        mask = some_bits(spots, 4)
        value = some_bits(spots, 2) if rng.random() < 0.1 else some_bits(spots, 4) & mask
        return Transition(
            rng.randrange(2),
            mask,
            value,
            some_bits(spots, 3),
            some_bits(spots, 2),
            some_facts(),
            some_facts(),
        )

    fields = tuple(Field(f"w{i}", i * 8, 8, tuple(range(256))) for i in range(8 * words))
    whole = (Field("word", 0, 64, ()), *(fields[8:]))
    return TransitionSystem(
        "raw",
        64 * words,
        rng.choice([fields, whole, ()]),
        (Rule("a", "x", "1"), Rule("b", "x", "1")),
        tuple(transition() for _ in range(rng.randint(1, 80))),
        tuple(f"f{i}" for i in range(facts)),
        tuple(Horn(some_facts(), rng.randrange(facts)) for _ in range(10)),
        some_bits(spots, 3),
        some_facts(),
        tuple(Projection(f"p{i}", some_bits(spots, 4), some_facts()) for i in range(3)),
        tuple(Goal(f"g{i}", m := some_bits(spots, 2), some_bits(spots, 2) & m, some_facts()) for i in range(3)),
    )


@pytest.mark.parametrize("seed", range(60))
def test_guards_on_any_bits_by_rows_and_by_the_tree(seed: int) -> None:
    agree(raw_system(random.Random(seed)), 2000)
    agree(raw_system(random.Random(seed)), 2000, memo_limit=0)
