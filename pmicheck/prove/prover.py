"""One cell of the matrix, for any number of sessions: which of its properties are proved, and what stands in the way
of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pmicheck.attacker.profiles import Attacker
from pmicheck.grounding.run import begin
from pmicheck.model.policy import Policy
from pmicheck.model.scenario import Scenario
from pmicheck.properties.base import Property
from pmicheck.prove.fixpoint import Fixpoint
from pmicheck.prove.judge import Obstacle, obstacle
from pmicheck.prove.numbers import NotAbstract
from pmicheck.prove.reason import out_of_reach
from pmicheck.symbolic.decide import Decider

ASSUMES = (
    "what is proved holds for any number of sessions, repetitions, nonces, tokens and sequence numbers, and of "
    "refreshes where the scenario has any, at any time, with perfect cryptography; mobile nodes, correspondents and "
    "agents are as many as the scenario has"
)
"""What a proof rests on, as the end of a sentence."""


@dataclass(frozen=True)
class Proofs:
    """What was found for one cell.

    Attributes:
        obstacles: by property, what stands in the way of its proof; None: it is proved.
        missing: by property, the secrets that it or some rule asks for and that the attacker never gets, in words.
        beyond: what a rule does that cannot be done with classes of numbers, "" if there is no such thing.
    """

    obstacles: dict[str, Obstacle | None]
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    beyond: str = ""

    @property
    def proved(self) -> frozenset[str]:
        """The properties that are proved."""
        return frozenset(name for name, obstacle in self.obstacles.items() if obstacle is None)


def prove(
    scenario: Scenario, policy: Policy, attacker: Attacker, properties: Sequence[Property], decider: Decider
) -> Proofs:
    """Where a rule does what cannot be done with classes of numbers, nothing is proved.

    Raises ScenarioError for a prologue that cannot be played.
    """
    start, adversary = begin(scenario, policy, attacker)
    assert adversary is not None
    try:
        facts = Fixpoint(start, adversary).run()
    except NotAbstract as error:
        return Proofs({prop.name: Obstacle({}, ()) for prop in properties}, beyond=str(error))
    return Proofs(
        {prop.name: obstacle(facts, prop, decider) for prop in properties},
        out_of_reach(facts, properties),
    )
