"""A search over partitions finds what a search on one machine finds: the same numbers, states and paths."""

from __future__ import annotations

import asyncio
import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cluster_searches import same
from explore_naive import random_description
from explore_systems import counter, learner, philosophers
from test_explore_kernels import raw_system
from test_explore_reduced import copies

from pmicheck.cluster.partition import Partition
from pmicheck.cluster.search import Crew, Limits, Search
from pmicheck.explore import python_kernel
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import TransitionSystem

LOOPS = ThreadPoolExecutor(1)
"""A thread without a loop of its own: that of the tests may run one for a browser."""


class Given:
    """The result of a call that was made at once."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def result(self) -> Any:
        return self.value


class Peer:
    """A partition in this process, as the others see it."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition

    def take(self, kind: str, other: int) -> Given:
        return Given(LOOPS.submit(asyncio.run, self.partition.take(kind, other)).result())


def partitions(system: TransitionSystem, owners: int) -> Crew:
    """So many partitions in this process, called one after the other."""
    members = [Partition(system, me, owners) for me in range(owners)]
    for member in members:
        member.know([Peer(other) for other in members])
    return lambda name, *arguments: [getattr(member, name)(*arguments) for member in members]


def searched(system: TransitionSystem, owners: int, limits: Limits | None = None) -> Exploration:
    search = Search(system, partitions(system, owners), limits or Limits())
    search.run()
    return search.result(0.0)


SYSTEMS = [
    *(random_description(random.Random(seed), 1 + seed % 12).build() for seed in range(20)),
    *(raw_system(random.Random(seed)) for seed in range(20)),
    *(copies(random.Random(seed)) for seed in range(20)),
    philosophers(4),
    counter(3, 4, words=2),
    learner(6),
]


@pytest.mark.parametrize("number", range(len(SYSTEMS)))
def test_everything_is_as_on_one_machine(number: int) -> None:
    rng, system = random.Random(number), SYSTEMS[number]
    local = python_kernel.search(system, max_states=500)
    found = searched(system, rng.randint(1, 5), Limits(max_states=500, batch=rng.choice([20, 50, 1000])))
    same(found, local, rng.choices(range(local.states), k=20))


@pytest.mark.parametrize("seed", range(20))
def test_a_limit_cuts_a_reduced_system_at_the_same_edge(seed: int) -> None:
    system = copies(random.Random(seed))
    for most in (1, 3, 7):
        found = searched(system, 2, Limits(max_states=most))
        same(found, python_kernel.search(system, max_states=most), range(found.states))


@pytest.mark.parametrize("most", [1, 2, 3, 10, 57, 200, 345, 1000])
def test_a_limit_cuts_at_the_same_state_and_the_same_edge(most: int) -> None:
    system = philosophers(4)
    found = searched(system, 3, Limits(max_states=most, batch=5))
    same(found, python_kernel.search(system, max_states=most), range(found.states))


def test_numbers_are_plain_so_that_they_can_be_stored() -> None:
    found = searched(philosophers(3), 2)
    numbers = [found.states, found.transitions, found.fired, found.levels, found.path(5), found.projections]
    assert json.loads(json.dumps([*numbers, found.goals, found.knowledge_sets]))


def test_no_time_leaves_the_levels_that_are_done() -> None:
    found = searched(philosophers(4), 2, Limits(max_seconds=0))
    assert (found.levels, found.transitions, found.stopped_by) == ((1,), 0, "max_seconds")


def test_a_partition_without_memory_ends_the_search_where_it_is() -> None:
    system = philosophers(4)
    crew, calls = partitions(system, 2), list[str]()

    def poor(name: str, *arguments: Any) -> list[Any]:
        calls.append(name)
        if name == "absorb" and calls.count(name) == 4:
            raise MemoryError
        return crew(name, *arguments)

    search = Search(system, poor)
    search.run()
    found, local = search.result(0.0), python_kernel.search(system)
    assert (found.levels, found.stopped_by) == (local.levels[:4], "memory")
    assert [found.path(state) for state in range(found.states)] == [local.path(state) for state in range(found.states)]


def test_states_are_spread_evenly() -> None:
    members = [Partition(system := learner(13), me, 4) for me in range(4)]
    for member in members:
        member.know([Peer(other) for other in members])
    Search(system, lambda name, *arguments: [getattr(member, name)(*arguments) for member in members]).run()
    sizes = [len(member.visited) for member in members]
    assert sum(sizes) == 2**13
    assert max(sizes) < 1.1 * min(sizes)
