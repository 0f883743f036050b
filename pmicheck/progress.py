"""Progress: can the honest nodes still reach the scenario's goal, as long as time and repetitions remain?"""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.explore.explorer import explore
from pmicheck.explore.result import Exploration
from pmicheck.explore.without_attacker import can_reach
from pmicheck.grounding.run import Prepared
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import AWAY
from pmicheck.properties.witnesses import retrying


@dataclass(frozen=True)
class Stuck:
    """`path` leads to a shallowest state from which the goal is out of reach though the bounds leave room, or None."""

    path: tuple[int, ...] | None
    explored: Exploration


def find_stuck(prepared: Prepared, *, max_states: int | None = None, max_seconds: float | None = None) -> Stuck:
    """Explore the honest system and look for a state that cannot reach the goal (the last one of the system)."""
    system = prepared.grounded.system
    explored = explore(system, max_states=max_states, max_seconds=max_seconds, edges=True)
    assert explored.edges is not None
    goal = system.goals[-1]
    good = [number for number, (local, _) in enumerate(explored.states_iter()) if local & goal.mask == goal.value]
    open_ended = range(explored.edges.expanded, explored.states)
    reaching = can_reach(explored.edges, explored.states, [*good, *open_ended])
    for number, (local, _) in enumerate(explored.states_iter()):
        if not reaching[number] and _room_left(prepared, local):
            return Stuck(explored.path(number), explored)
    return Stuck(None, explored)


def _room_left(prepared: Prepared, local: int) -> bool:
    """Whether time and repetitions remain, the node has not gone for good, and the state is no mere observation."""
    grounded, world = prepared.grounded, prepared.start.world
    if grounded.value(EVENT, local) is not None or grounded.value(FALLBACK, local) is not None:
        return False
    if grounded.value(ATTACHED, local) == AWAY or grounded.value(CLOCK, local) > world.bounds.honest_until:
        return False
    return all(grounded.value(cell, local).tries < world.bounds.retransmissions for cell in retrying(world))
