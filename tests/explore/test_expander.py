"""The expander finds the edges that the Python kernel finds, in its order, and their ends."""

from __future__ import annotations

import random

import numpy as np
import pytest
from explore_naive import random_description
from explore_systems import counter, learner, philosophers
from test_explore_kernels import raw_system

from pmicheck.explore import python_kernel
from pmicheck.explore.expander import Expander
from pmicheck.explore.vectors import number_of, rows_of
from pmicheck.grounding.system import TransitionSystem

SYSTEMS = [
    *(random_description(random.Random(seed), 1 + seed % 12).build() for seed in range(30)),
    *(raw_system(random.Random(seed)) for seed in range(30)),
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
    rows = np.hstack(
        (rows_of((local for local, _ in states), expander.local), rows_of((known for _, known in states), expander.known))
    )
    found = expander.expand(rows)
    edges = [(state, via) for state in range(len(states)) for via, _ in search.edges.of(state)]
    assert list(zip(found.parent.tolist(), found.via.tolist(), strict=True)) == edges
    ends = [(number_of(row[: expander.local]), number_of(row[expander.local :])) for row in found.rows]
    assert ends == [search.state(end) for state in range(len(states)) for _, end in search.edges.of(state)]


def test_nothing_leads_anywhere_from_no_state() -> None:
    system: TransitionSystem = philosophers(3)
    found = Expander(system).expand(np.empty((0, Expander(system).words), np.uint64))
    assert [len(part) for part in found] == [0, 0, 0]
