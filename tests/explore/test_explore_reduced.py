"""Both kernels on reduced systems: eager transitions and symmetries, drawn at random."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from test_explore_kernels import agree

from pmicheck.grounding.system import (
    Field,
    Goal,
    Horn,
    Projection,
    Renamed,
    Rule,
    Symmetry,
    Transition,
    TransitionSystem,
)

WIDTH = 3


def copies(rng: random.Random) -> TransitionSystem:
    """Two copies of one component, which may exchange parts; some of the steps are eager and only go up."""
    words = rng.choice([1, 2])
    each, facts = rng.randint(1, 3), 2 * rng.randint(1, 3)
    far = 64 if words == 2 else 32
    fields = tuple(
        Field(f"{side}{n}", side * far + n * WIDTH, WIDTH, tuple(range(8))) for side in (0, 1) for n in range(each)
    )

    def step(side: int, n: int, level: int, needs: int, learns: int, other: int | None) -> Transition:
        own = fields[side * each + n]
        mask, value = own.mask, level << own.shift
        if other is not None:
            peer = fields[(1 - side) * each + n]
            mask, value = mask | peer.mask, value | other << peer.shift
        half = facts // 2
        swap = [(fact + half * side) % facts for fact in range(facts)]
        return Transition(
            n,
            mask,
            value,
            own.mask,
            level + 1 << own.shift,
            sum(1 << swap[f] for f in range(facts) if needs >> f & 1),
            sum(1 << swap[f] for f in range(facts) if learns >> f & 1),
        )

    drawn = [
        (
            rng.randrange(each),
            rng.randrange(7),
            1 << rng.randrange(facts) if rng.random() < 0.3 else 0,
            1 << rng.randrange(facts) if rng.random() < 0.5 else 0,
            rng.randrange(3) if rng.random() < 0.3 else None,
        )
        for _ in range(rng.randint(3, 14))
    ]
    transitions = tuple(step(side, *one) for side in (0, 1) for one in drawn)
    half = facts // 2
    exchange = Symmetry(
        0,
        ((sum(f.mask for f in fields[:each]), far), (sum(f.mask for f in fields[each:]), -far)),
        (),
        tuple((fact + half) % facts for fact in range(facts)),
    )
    number = rng.randrange(len(drawn))
    eager = tuple(sorted({number, number + len(drawn)})) if rng.random() < 0.6 else ()
    return TransitionSystem(
        "copies",
        64 * words,
        fields,
        tuple(Rule(f"r{n}", "x", "1") for n in range(each)),
        transitions,
        tuple(f"f{n}" for n in range(facts)),
        (Horn(0b1, facts - 1), Horn(1 << half, half - 1)),
        0,
        0,
        (Projection("all", fields[0].mask, 1), Projection("facts", 0, 3)),
        (Goal("high", fields[0].mask, 3 << fields[0].shift),),
        eager,
        (exchange,) if rng.random() < 0.7 else (),
    )


@pytest.mark.parametrize("seed", range(150))
def test_kernels_agree_on_reduced_systems(seed: int) -> None:
    system = copies(random.Random(seed))
    agree(system, 2000)
    agree(system, 7)


def test_values_may_be_renamed() -> None:
    counters = Field("a", 0, 2, (0, 1, 2)), Field("b", 64, 2, (0, 1, 2))
    flipped = Symmetry(0, (), (Renamed(3, 0, 64, (0, 2, 1, 3)), Renamed(3 << 64, 64, 0, (0, 2, 1, 3))), ())
    steps = tuple(Transition(0, f.mask, 0, f.mask, value << f.shift) for f in counters for value in (1, 2))
    system = TransitionSystem("renamed", 128, counters, (Rule("r", "x", "1"),), steps, (), (), 0, 0)
    assert agree(system).states == 9
    assert agree(replace(system, symmetries=(flipped,))).states == 6
