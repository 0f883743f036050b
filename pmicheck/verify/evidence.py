"""The evidence for a violation: which state shows it, the trace that leads there, and what that trace needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from msgspec import UNSET
from msgspec.structs import replace

from pmicheck.attacker.profiles import Attacker
from pmicheck.explore.essential import essential, follow, minimise, point_of_no_return
from pmicheck.explore.result import Exploration, Projected, Sight
from pmicheck.grounding.layout import Grounded
from pmicheck.grounding.retell import retell
from pmicheck.grounding.run import Prepared
from pmicheck.grounding.system import TransitionSystem
from pmicheck.model.world import World
from pmicheck.properties.base import Observation, Property, State
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.symbolic.decide import Decider
from pmicheck.trace import Step, Trace


@dataclass(frozen=True)
class Breach:
    """An observation that breaks a property, with z3's numbers."""

    observation: Observation
    numbers: dict[str, int]


Judge = Callable[[int, int], Breach | None]
"""From (local, knowledge) of a state, or of its projection, to what is wrong there."""


@dataclass(frozen=True)
class Finding:
    """The shallowest projection that breaks a property, and who said so."""

    seen: Projected
    judge: Judge


class Findings:
    """What z3 says of what a search has seen, property by property; `first` holds the first breach of each, or None."""

    def __init__(
        self, decider: Decider, prepared: Prepared, attacker: Attacker, properties: Sequence[Property]
    ) -> None:
        self._judges = [_judge(decider, prepared, attacker, prop, n) for n, prop in enumerate(properties)]
        self.first: list[Finding | None] = [None] * len(properties)

    def decided(self, sight: Sight) -> bool:
        """Judge what is new; whether every property is violated, and its witness found, so that no more is needed."""
        return self.all_violated(sight) and all(sight.goals[: len(self.first)])

    def all_violated(self, sight: Sight) -> bool:
        """Judge what is new; whether there are properties, and every one is violated."""
        for number, (judge, shown) in enumerate(zip(self._judges, sight.projections, strict=True)):
            if self.first[number] is None:
                self.first[number] = _first(judge, shown)
        return bool(self.first) and all(self.first)


def find_violation(
    decider: Decider, prepared: Prepared, attacker: Attacker, prop: Property, explored: Exploration, number: int
) -> Finding | None:
    """Show z3 every distinct projection of one property (projection `number` of the system), shallowest first."""
    return _first(_judge(decider, prepared, attacker, prop, number), explored.projections[number])


def _first(judge: Judge, shown: Iterable[Projected]) -> Finding | None:
    return next((Finding(seen, judge) for seen in shown if judge(seen.local, seen.knowledge) is not None), None)


def _judge(decider: Decider, prepared: Prepared, attacker: Attacker, prop: Property, number: int) -> Judge:
    """The judge of one property; it is asked about the same projection time and again, and remembers."""
    projection = prepared.grounded.system.projections[number]

    @cache
    def judge_projection(local: int, knowledge: int) -> Breach | None:
        for observation in prop.observe(state_of(prepared.grounded, prepared, attacker, (local, knowledge))):
            numbers = decider.violation(prop, observation)
            if numbers is not None:
                return Breach(observation, numbers)
        return None

    return lambda local, knowledge: judge_projection(local & projection.mask, knowledge & projection.facts)


def state_of(
    grounded: Grounded, prepared: Prepared, attacker: Attacker | None, seen: Projected | tuple[int, int]
) -> State:
    """What a property is shown of a state (local, knowledge) or of its projection."""
    local, knowledge = seen[:2]
    known = grounded.known_terms(local, knowledge)
    return State(lambda c: grounded.value(c, local), known, prepared.start.world, attacker)


@dataclass(frozen=True)
class Way:
    """A shortest way to a violation in the numbers of a system, which can be told wherever the system is the same.

    Attributes:
        path: transitions, without those that it can do without.
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


def way_to(finding: Finding, system: TransitionSystem, explored: Exploration) -> Way:
    """The way to a violation that a search of the system found."""
    judge = finding.judge

    def harmful(local: int, knowledge: int) -> bool:
        return judge(local, knowledge) is not None

    path = minimise(system, explored.path(finding.seen.state), harmful)
    breach = judge(*follow(system, path)[1])
    assert breach is not None
    moments = (
        (after, may_wait)
        for may_wait in (False, True)
        if (after := point_of_no_return(system, path, harmful, may_wait=may_wait)) is not None
    )
    return Way(tuple(path), breach, finding.seen.depth, tuple(essential(system, path, harmful)), tuple(moments))


def trace_of(prepared: Prepared, attacker: Attacker, prop: Property, way: Way) -> Trace:
    """The trace of a way in the words of the model, and what it needs."""
    steps, reached = retell(prepared.grounded, prepared.start, way.path)
    told = list(steps)
    for number, needed in zip(reached[1:], way.essential, strict=True):
        told[number - 1] = replace(told[number - 1], essential=needed)
    moments = [(reached[after], may_wait) for after, may_wait in way.no_return]
    no_return, waits = min(moments, default=(None, False))
    return replace(
        _bare(prepared.start.world, attacker.name, prop.name, told),
        observation=way.breach.observation,
        numbers=way.breach.numbers,
        conclusion=prop.conclusion(way.breach.observation),
        no_return=no_return,
        waits=waits,
    )


def trace_of_stuck(prepared: Prepared, path: Iterable[int]) -> Trace:
    """The trace to a state from which the goal is out of reach; no attacker acts in it, and none is named."""
    return replace(
        _bare(prepared.start.world, "", PROGRESS, retell(prepared.grounded, prepared.start, path).steps),
        observation={"goal_reachable": False},
        conclusion="From here on the scenario's goal cannot be reached, although no attacker has acted.",
    )


def _bare(world: World, attacker: str, prop: str, steps: Iterable[Step]) -> Trace:
    readings, without = dict(world.policy.readings), tuple(sorted(world.policy.without))
    course = world.course.plays
    plays = course if course != world.scenario else UNSET
    return Trace(world.scenario, attacker, prop, readings, without, tuple(steps), plays=plays)
