"""States from which a goal is out of reach (AG EF), and the state graph, held against networkx."""

from __future__ import annotations

import random

import networkx as nx
import pytest
from explore_graph import state_graph
from explore_naive import random_description
from explore_systems import counter, guarded, lay_out, philosophers

from pmicheck.explore.explorer import explore
from pmicheck.explore.out_of_reach import out_of_reach
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import Goal, Rule, TransitionSystem


def workshop(trap: bool) -> TransitionSystem:
    """A job goes 0, 1, 2 (done); with the trap it may go from 1 to 3 and stay there."""
    fields, width = lay_out([("job", 4)])
    (job,) = fields
    rules = (Rule("work", "worker", "1"), Rule("trap", "someone", "1"))
    steps = [guarded(0, [(job, 0)], [(job, 1)]), guarded(0, [(job, 1)], [(job, 2)])]
    if trap:
        steps.insert(0, guarded(1, [(job, 1)], [(job, 3)]))
    return TransitionSystem("workshop", width, fields, rules, tuple(steps), (), (), 0, 0)


DONE = Goal("done", 0b11, 2)


def lost(
    system: TransitionSystem, goal: Goal, *, kernel: str = "auto", max_states: int | None = None
) -> tuple[Exploration, list[int]]:
    """The exploration, and the states from which the goal is out of reach."""
    explored = explore(system, kernel=kernel, max_states=max_states, edges=True)
    return explored, list(out_of_reach(explored, goal))


@pytest.mark.parametrize("kernel", ["c", "python"])
def test_a_goal_is_out_of_reach_in_a_trap_and_nowhere_else(kernel: str) -> None:
    assert lost(workshop(trap=False), DONE, kernel=kernel)[1] == []
    explored, stuck = lost(workshop(trap=True), DONE, kernel=kernel)
    assert [(explored.state(number), explored.path(number)) for number in stuck] == [((3, 0), (1, 0))]


def test_a_goal_that_no_state_meets_is_out_of_reach_from_the_beginning() -> None:
    explored, stuck = lost(workshop(trap=False), Goal("never", 0b11, 3))
    assert stuck == list(range(explored.states))
    assert explored.path(stuck[0]) == ()


def test_a_goal_that_needs_a_fact_is_not_met_without_it() -> None:
    assert lost(workshop(trap=False), Goal("done and known", 0b11, 2, 0b1))[1] == [0, 1, 2]


def test_what_lies_beyond_a_limit_is_not_called_lost() -> None:
    system = counter(5, 4)
    last = system.goals[0]
    assert lost(system, last)[1] == []
    explored, stuck = lost(system, last, max_states=100)
    assert not explored.complete
    assert stuck == []


def test_deadlock_of_philosophers_is_found() -> None:
    system = philosophers(4)
    eats = Goal("first eats", system.fields[0].mask, 2 << system.fields[0].shift)
    explored, stuck = lost(system, eats)
    assert len(explored.path(stuck[0])) == 4
    assert explored.state(stuck[0])[0] & system.goals[0].mask == system.goals[0].value


@pytest.mark.parametrize("seed", range(40))
def test_out_of_reach_against_networkx(seed: int) -> None:
    system = random_description(random.Random(seed), 4).build()
    goal = Goal("any", system.fields[0].mask, 0)
    explored, stuck = lost(system, goal, max_states=2000)
    graph = state_graph(system, explored)
    good = [n for n, data in graph.nodes(data=True) if data["local"] & goal.mask == goal.value]
    reaching = set(good).union(*(nx.ancestors(graph, n) for n in good))
    unreaching = [n for n in graph if n not in reaching]
    if not explored.complete:  # then only states all of whose descendants are known may be called lost
        assert set(stuck) <= set(unreaching)
        return
    assert stuck == sorted(unreaching)
    for number in stuck[:1]:
        path = explored.path(number)
        assert len(path) == min(nx.shortest_path_length(graph, 0, n) for n in unreaching)
        state = system.start
        for index in path:
            assert system.enabled(system.transitions[index], *state)
            state = system.apply(system.transitions[index], *state)
        assert state == explored.state(number)


@pytest.mark.parametrize("seed", range(20))
def test_edges_are_the_graph(seed: int) -> None:
    system = random_description(random.Random(seed), 4).build()
    found = explore(system, max_states=500, edges=True)
    if not found.complete:
        return
    graph = state_graph(system, found)
    assert graph.number_of_nodes() == found.states
    assert graph.number_of_edges() == found.transitions
    recorded = {(s, to, via) for s in range(found.states) for via, to in found.edges.of(s)}
    assert recorded == set(graph.edges(keys=True))
    depths = nx.single_source_shortest_path_length(graph, 0)
    assert all(depths[n] == data["depth"] for n, data in graph.nodes(data=True))
    tree = [(a, b) for a, b, data in graph.edges(data=True) if data["tree"]]
    assert len(tree) == found.states - 1
    assert {b for _, b in tree} == set(range(1, found.states))


def test_graph_labels() -> None:
    system = workshop(trap=True)
    graph = state_graph(system, explore(system))
    assert sorted((a, b, data["rule"]) for a, b, data in graph.edges(data=True)) == [
        (0, 1, "work"),
        (1, 2, "trap"),
        (1, 3, "work"),
    ]
