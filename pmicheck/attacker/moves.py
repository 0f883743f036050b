"""What the attacker does besides sending messages: ask for a handover context."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.attacker.adversary import Adversary
from pmicheck.language.act import Act
from pmicheck.language.cells import Context, require
from pmicheck.model.roles.context_transfer import profile_key
from pmicheck.model.roles.movement import context_terms
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.topology import ATTACKER, PMA1, Flow
from pmicheck.model.world import World


def acts(adversary: Adversary) -> Iterator[Act]:
    """The attacker's own rules in this world."""
    world = adversary.world
    if world.handover and world.policy.reads("context_transfer", "unauthenticated"):
        for flow in world.flows:
            yield Act(
                name=f"attacker asks pma1 for the handover context{flow.label}",
                actor=ATTACKER,
                section="4.2.1",
                statements=("N048", "N121"),
                rule=ask,
                given=(world, flow),
                key="ask for context",
                arguments=(("agent", PMA1), *flow.named),
                does=f"asks pma1 for the handover context{flow.label}",
            )


def ask(ctx: Context, world: World, flow: Flow) -> None:
    """Reading context_transfer=unauthenticated: whoever asks is told (A-02)."""
    held: Registration = ctx.get(registration_of(PMA1, flow))
    if world.type2:
        require(held.stage == "registered", "nothing-to-transfer")
        ctx.learn(profile_key(flow))
        return
    require(held.ht > 0, "nothing-to-transfer")
    ctx.learn(*context_terms(world, flow, held))
