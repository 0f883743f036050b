"""Whether a goal stays within reach as long as no attacker acts: AG EF goal over the honest transitions."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pmicheck.explore.explorer import explore
from pmicheck.explore.result import Edges, Exploration, Progress
from pmicheck.grounding.system import Goal, TransitionSystem


@dataclass(frozen=True)
class ProgressCheck:
    """The answer of `progress_holds`.

    Attributes:
        holds: True if the goal is reachable from every state; False if `stuck` shows that it is not; None if
            a limit cut the search and no state found until then is certainly stuck.
        stuck: (local, knowledge) of a shallowest state from which the goal cannot be reached, or None.
        path: transition indices (of the system given) of a shortest path to it, or None.
        exploration: the honest part explored; its transition indices count honest transitions only.
    """

    holds: bool | None
    stuck: tuple[int, int] | None
    path: tuple[int, ...] | None
    exploration: Exploration


def honest_transitions(system: TransitionSystem) -> tuple[int, ...]:
    """Indices of the transitions whose rule is not the attacker's."""
    return tuple(i for i, t in enumerate(system.transitions) if not system.rules[t.rule].by_attacker)


def honest_part(system: TransitionSystem) -> TransitionSystem:
    """The same system without the attacker's transitions; its rules keep their numbers."""
    kept = tuple(system.transitions[index] for index in honest_transitions(system))
    return replace(system, name=f"{system.name} without attacker", transitions=kept)


def progress_holds(
    system: TransitionSystem,
    goal: Goal,
    *,
    kernel: str = "auto",
    max_states: int | None = None,
    max_seconds: float | None = None,
    progress: Progress | None = None,
) -> ProgressCheck:
    """Decide whether from every state that honest transitions reach, honest transitions can reach the goal.

    Options and errors as for `explorer.explore`. Where a limit cuts the search, a state with successors
    beyond the limit is not called stuck.
    """
    alone = replace(honest_part(system), projections=(), goals=(goal,))
    found = explore(alone, kernel=kernel, max_states=max_states, max_seconds=max_seconds, progress=progress, edges=True)
    assert found.edges is not None
    good = [state_id for state_id, state in enumerate(found.states_iter()) if _meets(goal, state)]
    unexplored = range(found.edges.expanded, found.states)
    first = can_reach(found.edges, found.states, [*good, *unexplored]).find(0)
    if first < 0:
        return ProgressCheck(True if found.complete else None, None, None, found)
    original = honest_transitions(system)
    path = tuple(original[index] for index in found.path(first))
    return ProgressCheck(False, found.state(first), path, found)


def can_reach(edges: Edges, states: int, targets: Iterable[int]) -> bytearray:
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
