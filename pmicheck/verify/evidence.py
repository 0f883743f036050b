"""The evidence for a violation: the shortest way to it, the trace that tells it, and what that trace needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import UNSET
from msgspec.structs import replace

from pmicheck.explore.essential import essential, follow, minimise, point_of_no_return
from pmicheck.grounding.retell import retell
from pmicheck.grounding.run import Prepared
from pmicheck.properties.base import Property
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.symbolic.decide import Decider
from pmicheck.trace import Step, Trace
from pmicheck.verify.deciding import Breach, Finding, Judged
from pmicheck.verify.telling import gravest


@dataclass(frozen=True, kw_only=True)
class Way:
    """A shortest way to a violation in the numbers of a system, which can be told wherever the system is the same.

    Attributes:
        path: transitions as they are told, without those that it can do without.
        breach: what is wrong at its end.
        depth: how deep the search was when it saw the violation first.
        essential: for each transition whether its message decides (see `essential`).
        no_return: (transitions done, whether someone may wait) of each moment after which nobody can prevent the harm.
    """

    path: tuple[int, ...]
    breach: Breach
    depth: int
    essential: tuple[bool, ...]
    no_return: tuple[tuple[int, bool], ...]


def way_to(prop: Property, finding: Finding, judged: Judged, decider: Decider) -> Way:
    """The way to a violation that a search found; of several equally short ones the one with the gravest harm."""
    judge, system = finding.judge, judged.prepared.grounded.system

    def harmful(local: int, knowledge: int) -> bool:
        return judge(local, knowledge) is not None

    told = gravest(prop, finding, judged, decider)
    path = minimise(system, told.path, harmful)
    breach = judge(*follow(system, path)[1])
    assert breach is not None
    moments = (
        (after, may_wait)
        for may_wait in (False, True)
        if (after := point_of_no_return(system, path, harmful, may_wait=may_wait)) is not None
    )
    return Way(
        path=(*path[:-1], told.last) if path == told.path and path else path,
        breach=breach,
        depth=finding.seen.depth,
        essential=tuple(essential(system, path, harmful)),
        no_return=tuple(moments),
    )


def trace_of(prepared: Prepared, prop: Property, way: Way) -> Trace:
    """The trace of a way in the words of the model, and what it needs."""
    steps, reached = retell(prepared.grounded, prepared.start, way.path)
    told = list(steps)
    for number, needed in zip(reached[1:], way.essential, strict=True):
        told[number - 1] = replace(told[number - 1], essential=needed)
    moments = [(reached[after], may_wait) for after, may_wait in way.no_return]
    no_return, waits = min(moments, default=(None, False))
    return replace(
        _bare(prepared, prop.name, told),
        observation=way.breach.observation,
        numbers=way.breach.numbers,
        conclusion=prop.conclusion(way.breach.observation),
        no_return=no_return,
        waits=waits,
    )


def trace_of_stuck(prepared: Prepared, path: Iterable[int]) -> Trace:
    """The trace to a state from which the goal is out of reach; no attacker acts in it, and none is named."""
    return replace(
        _bare(prepared, PROGRESS, retell(prepared.grounded, prepared.start, path).steps),
        observation={"goal_reachable": False},
        conclusion="From here on the scenario's goal cannot be reached, although no attacker has acted.",
    )


def trace_of_walk(prepared: Prepared, path: Iterable[int], name: str) -> Trace:
    """The trace of any run; its name has the place of a property, as it violates none that anybody asked about."""
    return _bare(prepared, name, retell(prepared.grounded, prepared.start, path).steps)


def _bare(prepared: Prepared, prop: str, steps: Iterable[Step]) -> Trace:
    world, attacker = prepared.start.world, prepared.attacker.name if prepared.attacker else ""
    readings, without = dict(world.policy.readings), tuple(sorted(world.policy.without))
    course = world.course.plays
    plays = course if course != world.scenario else UNSET
    return Trace(world.scenario, attacker, prop, readings, without, tuple(steps), plays=plays)
