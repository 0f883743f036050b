"""The states of a small system as a networkx graph, for checks by other algorithms than ours. No test lives here."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from pmicheck.explore.python_kernel import Generator
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import TransitionSystem


def state_graph(system: TransitionSystem, exploration: Exploration) -> nx.MultiDiGraph:
    """One node a state, one edge for every enabled transition that leads to a stored state.

    Args:
        system: what was explored.
        exploration: its states; `edges` need not have been recorded.

    Returns:
        Nodes are state ids with `local`, `knowledge` and `depth`. Edges have the transition index as key and
        carry `rule` (its name) and `tree` (True if this is how the target was first found).
    """
    graph = nx.MultiDiGraph(name=system.name)
    for state_id, (local, knowledge) in enumerate(exploration.states_iter()):
        depth = exploration.depth_of(state_id)
        graph.add_node(state_id, local=local, knowledge=knowledge, depth=depth)
    for source, transition, target in _edges(system, exploration):
        rule = system.rules[system.transitions[transition].rule].name
        tree = bool(target) and exploration.store.parent(target) == (source, transition)
        graph.add_edge(source, target, key=transition, rule=rule, tree=tree)
    return graph


def _edges(system: TransitionSystem, exploration: Exploration) -> Iterator[tuple[int, int, int]]:
    """(source, transition, target) for every pair of stored states."""
    number = {state: state_id for state_id, state in enumerate(exploration.states_iter())}
    generator = Generator(system)
    for state, source in number.items():
        for index, transition in generator.enabled(*state):
            target = number.get(system.apply(transition, *state))
            if target is not None:
                yield source, index, target
