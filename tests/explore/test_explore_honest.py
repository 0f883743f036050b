"""The honest part of a system, AG EF over it, and the state graph, held against networkx."""

from __future__ import annotations

import random

import networkx as nx
import pytest
from explore_naive import random_description
from explore_systems import counter, guarded, lay_out, philosophers

from pmicheck.errors import LimitReached
from pmicheck.explore.explorer import explore
from pmicheck.explore.graph import state_graph
from pmicheck.explore.without_attacker import honest_part, honest_transitions, progress_holds
from pmicheck.grounding.system import Goal, Rule, TransitionSystem


def workshop(trap: bool, by_attacker: bool) -> TransitionSystem:
    """A job goes 0, 1, 2 (done); with the trap it may go from 1 to 3 and stay there."""
    fields, width = lay_out([("job", 4)])
    (job,) = fields
    rules = (Rule("work", "worker", "1"), Rule("trap", "someone", "1", by_attacker=by_attacker))
    steps = [guarded(0, [(job, 0)], [(job, 1)]), guarded(0, [(job, 1)], [(job, 2)])]
    if trap:
        steps.insert(0, guarded(1, [(job, 1)], [(job, 3)]))
    return TransitionSystem("workshop", width, fields, rules, tuple(steps), (), (), 0, 0)


DONE = Goal("done", 0b11, 2)


def test_honest_part() -> None:
    system = workshop(trap=True, by_attacker=True)
    assert honest_transitions(system) == (1, 2)
    assert honest_part(system).transitions == system.transitions[1:]
    assert honest_part(system).rules == system.rules
    assert explore(system).states == 4
    assert explore(honest_part(system)).states == 3


@pytest.mark.parametrize("kernel", ["c", "python"])
def test_progress(kernel: str) -> None:
    assert progress_holds(workshop(trap=False, by_attacker=False), DONE, kernel=kernel).holds is True
    assert progress_holds(workshop(trap=True, by_attacker=True), DONE, kernel=kernel).holds is True
    caught = progress_holds(workshop(trap=True, by_attacker=False), DONE, kernel=kernel)
    assert (caught.holds, caught.stuck, caught.path) == (False, (3, 0), (1, 0))


def test_progress_where_the_goal_is_impossible() -> None:
    never = progress_holds(workshop(trap=False, by_attacker=False), Goal("never", 0b11, 3))
    assert (never.holds, never.path) == (False, ())


def test_progress_cut_by_a_limit() -> None:
    system = counter(5, 4)
    last = system.goals[0]
    assert progress_holds(system, last).holds is True
    assert progress_holds(system, last, max_states=100).holds is None


def test_deadlock_of_philosophers_is_found() -> None:
    system = philosophers(4)
    eats = Goal("first eats", system.fields[0].mask, 2 << system.fields[0].shift)
    caught = progress_holds(system, eats)
    assert caught.holds is False
    assert len(caught.path) == 4
    assert caught.stuck[0] & system.goals[0].mask == system.goals[0].value


@pytest.mark.parametrize("seed", range(40))
def test_progress_against_networkx(seed: int) -> None:
    system = random_description(random.Random(seed), 4).build()
    goal = Goal("any", system.fields[0].mask, 0)
    answer = progress_holds(system, goal, max_states=2000)
    if answer.holds is None:
        return
    honest = honest_part(system)
    found = explore(honest, max_states=2000)
    graph = state_graph(honest, found)
    good = [n for n, data in graph.nodes(data=True) if data["local"] & goal.mask == goal.value]
    reaching = set(good).union(*(nx.ancestors(graph, n) for n in good))
    stuck = [n for n in graph if n not in reaching]
    if not found.complete:  # then only states all of whose descendants are known may be called stuck
        assert answer.holds is False
        assert answer.stuck in [found.state(n) for n in stuck]
        return
    assert answer.holds is (not stuck)
    if stuck:
        assert answer.stuck == found.state(min(stuck))
        shortest = nx.shortest_path_length(graph, 0, min(stuck))
        assert len(answer.path) == shortest == min(nx.shortest_path_length(graph, 0, n) for n in stuck)
        state = system.start
        for index in answer.path:
            assert system.enabled(system.transitions[index], *state)
            state = system.apply(system.transitions[index], *state)
        assert state == answer.stuck


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


def test_graph_labels_and_limit() -> None:
    system = workshop(trap=True, by_attacker=True)
    graph = state_graph(system, explore(system))
    assert sorted((a, b, data["rule"]) for a, b, data in graph.edges(data=True)) == [
        (0, 1, "work"),
        (1, 2, "trap"),
        (1, 3, "work"),
    ]
    with pytest.raises(LimitReached, match="limit of 3"):
        state_graph(system, explore(system), limit=3)
