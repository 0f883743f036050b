"""The expander finds the edges that the Python kernel finds, in its order, and their ends."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
import pytest
from explore_naive import random_description
from explore_systems import counter, learner, philosophers
from test_explore_kernels import raw_system
from test_explore_reduced import copies

from pmicheck.explore import python_kernel
from pmicheck.explore.expander import Expander
from pmicheck.explore.vectors import Words, number_of, rows_of

SYSTEMS = [
    *(random_description(random.Random(seed), 1 + seed % 12).build() for seed in range(30)),
    *(raw_system(random.Random(seed)) for seed in range(30)),
    *(copies(random.Random(seed)) for seed in range(60)),
    philosophers(4),
    counter(3, 3, words=2),
    learner(6),
]


@pytest.mark.parametrize("number", range(len(SYSTEMS)))
def test_edges_are_those_of_the_python_kernel(number: int) -> None:
    system = SYSTEMS[number]
    search = python_kernel.search(system, max_states=300, edges=True)
    assert search.edges is not None
    states = [search.state(state) for state in range(search.edges.expanded)]
    expander = Expander(system)

    def rows(local: Iterable[int], known: Iterable[int]) -> Words:
        return np.hstack((rows_of(local, expander.local), rows_of(known, expander.known)))

    found = expander.expand(rows([local for local, _ in states], [known for _, known in states]))
    edges = [(state, via) for state in range(len(states)) for via, _ in search.edges.of(state)]
    assert list(zip(found.parent.tolist(), found.via.tolist(), strict=True)) == edges
    ends = [search.state(end) for state in range(len(states)) for _, end in search.edges.of(state)]
    assert np.array_equal(found.rows, rows([local for local, _ in ends], [known for _, known in ends]))


@pytest.mark.parametrize("seed", range(60))
def test_eager_transitions_follow_the_step_that_they_follow(seed: int) -> None:
    system = copies(random.Random(seed))
    expander, eager = Expander(system), python_kernel.Eager(system)
    fired, start = expander.start()
    assert fired == python_kernel.complete_start(system)[0]
    found = expander.expand(start)
    local, knowledge = number_of(start[0, : expander.local]), number_of(start[0, expander.local :])
    for step, via in enumerate(found.via.tolist()):
        expected, _ = eager.follow(system.apply(system.transitions[via], local, knowledge))
        assert found.eager[found.followed == step].tolist() == expected


def test_nothing_leads_anywhere_from_no_state() -> None:
    system = philosophers(3)
    found = Expander(system).expand(np.empty((0, Expander(system).words), np.uint64))
    assert [len(part) for part in found] == [0, 0, 0, 0, 0]
