"""Progress: can the honest nodes still reach the scenario's goal, as long as time and repetitions remain?"""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.explore.out_of_reach import out_of_reach
from pmicheck.explore.result import Exploration
from pmicheck.grounding.run import Prepared
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.registration import registration_of
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import AWAY, CARE_OF
from pmicheck.properties.witnesses import retrying
from pmicheck.reduce.cones import slice_of_goal
from pmicheck.reduce.reduction import CONE
from pmicheck.trace import Trace
from pmicheck.verdict import Verdict, verdict_of
from pmicheck.verify.engine import Engine
from pmicheck.verify.evidence import trace_of_stuck
from pmicheck.verify.matrix import Cell


@dataclass(frozen=True)
class Stuck:
    """`path` leads to a shallowest state from which the goal is out of reach though the bounds leave room, or None."""

    path: tuple[int, ...] | None
    explored: Exploration

    def verdict(self, *, vacuity: bool = True) -> Verdict:
        """The verdict on `progress`; without `vacuity` it may hold though the goal is never reached."""
        reached = not vacuity or self.explored.goals[-1] is not None
        return verdict_of(broken=self.path is not None, complete=self.explored.complete, witnessed=reached)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The verdict on `progress` for a scenario under a policy.

    `explored` has no states any more, and its last goal is that of the scenario; `depth` is that of the stuck state, or
    of the search; `trace` names no attacker.
    """

    verdict: Verdict
    explored: Exploration
    depth: int
    trace: Trace | None


def decide_progress(cell: Cell) -> Progress:
    """Whether honest nodes alone can get stuck in the scenario of the cell, under its policy."""
    prepared = cell.engine.prepare(cell.scenario, cell.policy, None, ())
    stuck = find_stuck(prepared, cell.engine)
    explored = stuck.explored.without_states()
    if stuck.path is None:
        return Progress(verdict=stuck.verdict(), explored=explored, depth=explored.depth, trace=None)
    trace = trace_of_stuck(prepared, stuck.path)
    return Progress(verdict=stuck.verdict(), explored=explored, depth=len(stuck.path), trace=trace)


def find_stuck(prepared: Prepared, engine: Engine) -> Stuck:
    """Explore the honest system and look for a state that cannot reach the goal (the last one of the system)."""
    system = prepared.grounded.system
    sliced = slice_of_goal(system, len(system.goals) - 1, _watched(prepared)) if CONE in engine.reduce else None
    explored = engine.explore(sliced.system if sliced else system, edges=True)
    lost = out_of_reach(explored, system.goals[-1])
    stuck = next((number for number in lost if _room_left(prepared, explored.state(number)[0])), None)
    if stuck is None:
        return Stuck(None, explored)
    path = explored.path(stuck)
    return Stuck(tuple(sliced.transitions[step] for step in path) if sliced else path, explored)


def _watched(prepared: Prepared) -> int:
    """The bits of all that says whether there is room left."""
    fields, world = prepared.grounded.fields, prepared.start.world
    cells = {EVENT, FALLBACK, ATTACHED, CLOCK, cells_of(*world.main).seq, *retrying(world)}
    cells |= {cells_of(*flow).pairs for flow in world.flows}
    cells |= {registration_of(pma, world.main) for pma in world.agents}
    return sum(fields[cell].mask for cell in cells if cell in fields)


def _room_left(prepared: Prepared, local: int) -> bool:
    """Whether time, repetitions and tokens remain, the node is not gone for good, and the state is no observation."""
    grounded, world = prepared.grounded, prepared.start.world
    if grounded.value(EVENT, local) is not None or grounded.value(FALLBACK, local) is not None:
        return False
    if grounded.value(ATTACHED, local) == AWAY or grounded.value(CLOCK, local) > world.bounds.honest_until:
        return False
    most = world.token_pairs - (2 if world.issues_early else 1)
    if any(grounded.value(cells_of(*flow).pairs, local) > most for flow in world.flows):
        return False
    if _is_overtaken(prepared, local):
        return False
    return all(grounded.value(cell, local).tries < world.bounds.retransmissions for cell in retrying(world))


def _is_overtaken(prepared: Prepared, local: int) -> bool:
    """Whether the serving agent sends numbers below the correspondent's last one: status 135 would name that
    (RFC 6275 9.5.1), which the model has the agent learn at its first update only."""
    grounded, world = prepared.grounded, prepared.start.world
    serving = next((pma for pma in world.agents if CARE_OF[pma] == grounded.value(ATTACHED, local)), None)
    if serving is None or not world.proxied or world.course.local:
        return False
    last = grounded.value(cells_of(*world.main).seq, local)
    return last is not None and 0 < grounded.value(registration_of(serving, world.main), local).seq < last
