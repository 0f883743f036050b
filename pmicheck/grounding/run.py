"""One cell of the matrix, ready for the engines: scenario, attacker and policy as a transition system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.profiles import Attacker
from pmicheck.errors import ScenarioError
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
    """A grounded system and where its runs start; `kept` says that it was read from the cache."""

    start: Start
    grounded: Grounded
    kept: bool = False


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
    wanted_properties = tuple(properties)
    start, adversary = begin(scenario, policy, attacker)
    observed = [Observed(p.name, p.looks(start.world)) for p in wanted_properties]
    witnesses = [Wanted(*p.witness(start.world)) for p in wanted_properties]
    witnesses.append(Wanted(*goal(start.world)))
    name = f"{scenario.name} / {attacker.name if attacker else 'no attacker'}"
    return Prepared(start, lay_out(ground(start, adversary), observed, witnesses, name))
