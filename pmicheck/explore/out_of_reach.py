"""Which states cannot reach a goal any more: where AG EF goal fails."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator

from pmicheck.explore.result import Edges, Exploration
from pmicheck.grounding.system import Goal


def out_of_reach(explored: Exploration, goal: Goal) -> Iterator[int]:
    """The states, by number and so shallowest first, from which no path leads to the goal.

    Args:
        explored: with edges. Where a limit cut the search, a state with successors beyond it is not called lost.
    """
    assert explored.edges is not None
    good = (number for number, state in enumerate(explored.states_iter()) if _meets(goal, state))
    unexplored = range(explored.edges.expanded, explored.states)
    reaching = _can_reach(explored.edges, explored.states, [*good, *unexplored])
    return (number for number, reaches in enumerate(reaching) if not reaches)


def _can_reach(edges: Edges, states: int, targets: Iterable[int]) -> bytearray:
    """For each of `states` states 1 if a path of the graph leads from it to one of `targets`, else 0."""
    # Edges with the same target form a linked list: last[target] is its head, before[edge] the rest.
    last = array("q", [-1]) * states
    before = array("q", [-1]) * len(edges.targets)
    source = array("I", [0]) * len(edges.targets)
    for state in range(edges.expanded):
        for edge in range(edges.offsets[state], edges.offsets[state + 1]):
            target = edges.targets[edge]
            source[edge], before[edge], last[target] = state, last[target], edge
    reaching = bytearray(states)
    agenda = deque(targets)
    while agenda:
        state = agenda.popleft()
        if reaching[state]:
            continue
        reaching[state] = 1
        edge = last[state]
        while edge >= 0:
            agenda.append(source[edge])
            edge = before[edge]
    return reaching


def _meets(goal: Goal, state: tuple[int, int]) -> bool:
    local, knowledge = state
    return local & goal.mask == goal.value and not goal.facts & ~knowledge
