"""One cell of the matrix, ready for the engines: scenario, attacker and policy as a transition system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.profiles import Attacker
from pmicheck.errors import ScenarioError
from pmicheck.grounding.found import Ground
from pmicheck.grounding.ground import ground
from pmicheck.grounding.layout import Grounded, Observed, Wanted, lay_out
from pmicheck.grounding.prologue import Start, play_prologue
from pmicheck.model.policy import Policy
from pmicheck.model.scenario import Scenario
from pmicheck.model.topology import ATTACKER_HOME, STRANGER_HOME
from pmicheck.model.world import World
from pmicheck.properties.base import Property
from pmicheck.properties.witnesses import goal


@dataclass(frozen=True)
class Prepared:
    """A ground system, the properties that it shows in order, and where runs start; `kept`: read from the cache."""

    start: Start
    grounded: Grounded
    properties: tuple[Property, ...] = ()
    kept: bool = False

    @property
    def attacker(self) -> Attacker | None:
        """Who acts in it; None: honest nodes alone."""
        adversary = self.grounded.ground.adversary
        return adversary.attacker if adversary else None


def world_of(scenario: Scenario, policy: Policy, attacker: Attacker | None) -> World:
    """The world of a scenario under a policy; PMAs that the attacker corrupts are known to it."""
    return World(
        scenario.name,
        scenario.course,
        scenario.bounds,
        policy,
        corrupted=attacker.corrupts if attacker else frozenset(),
        attacked=attacker is not None,
        own_homes=(ATTACKER_HOME, STRANGER_HOME) if attacker and attacker.own_home else (),
    )


def begin(scenario: Scenario, policy: Policy, attacker: Attacker | None) -> tuple[Start, Adversary | None]:
    """Where the runs of the scenario start, and who acts against them.

    Raises:
        ScenarioError: the prologue names a rule that does not exist there, or that does not apply when its turn comes.
    """
    try:
        start = play_prologue(world_of(scenario, policy, attacker), scenario.prologue, attacker)
    except ValueError as error:
        raise ScenarioError(scenario.file, None, f"prologue: {error}") from error
    return start, None if attacker is None else Adversary(attacker, start.world)


def prepare(scenario: Scenario, policy: Policy, attacker: Attacker | None, properties: Iterable[Property]) -> Prepared:
    """Ground the scenario under the attacker (None: honest nodes alone) for the given properties.

    The goals of the system are the properties' witnesses in order, and last the scenario's own goal.

    Raises ScenarioError for a prologue that cannot be played.
    """
    start, adversary = begin(scenario, policy, attacker)
    return laid_out(start, ground(start, adversary), tuple(properties))


def laid_out(start: Start, found: Ground, properties: tuple[Property, ...], *, witnesses: bool = True) -> Prepared:
    """The system of what was grounded, for some properties; without `witnesses` it has no goals, and is smaller."""
    world, adversary = start.world, found.adversary
    observed = [Observed(prop.name, prop.looks(world)) for prop in properties]
    wanted = [Wanted(*prop.witness(world)) for prop in properties] + [Wanted(*goal(world))]
    name = f"{world.scenario} / {adversary.attacker.name if adversary else 'no attacker'}"
    return Prepared(start, lay_out(found, observed, wanted if witnesses else [], name), properties)
