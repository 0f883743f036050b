"""The mobile node moves; what a corrupted PMA held becomes the attacker's at the moment its profile names."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.model.act import Act
from pmicheck.model.ancestors import mobile_node
from pmicheck.model.cells import Context, equals, require
from pmicheck.model.messages import CONTEXT
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.proxy_mobile_agent import transfer_context
from pmicheck.model.roles.registration import CARE_OF, Registration, registration_of, signer
from pmicheck.model.terms import care_of_token, handover_token, home_token, permanent_token, private_key
from pmicheck.model.topology import AT_HOME, AWAY, COA1, COA2, MN, PMA1, PMA2, VICTIM_HOME
from pmicheck.model.world import World


def acts(world: World) -> Iterator[Act]:
    """Attachment and context transfer."""
    if not world.proxied:
        for origin, target in ((COA1, COA2), (COA2, AT_HOME)):
            yield Act(
                f"mobile node moves to {target}",
                MN,
                "RFC 6275 11.5",
                (),
                lambda ctx, origin=origin, target=target: mobile_node.move(ctx, world, origin, target),  # type: ignore[misc]
            )
    elif world.leaves:
        attaches = world.handover and (PMA2 not in world.corrupted or world.variant == "settled")
        target = COA2 if attaches else AWAY
        yield Act(
            f"mobile node moves to {target}",
            MN,
            "3.4",
            ("N020", "N032"),
            lambda ctx: leave(ctx, world, target),
        )
    if world.variant in ("predictive", "settled"):
        yield Act(
            "pma1 transfers the context",
            PMA1,
            "3.4",
            ("N016", "N046", "N047", "N068", "N082"),
            lambda ctx: hand_over(ctx, world),
        )


def leave(ctx: Context, world: World, target: str) -> None:
    """The node leaves PMA1 once it is registered; a rogue PMA1 keeps all that it held (DESIGN section 4)."""
    require(ctx.test(ATTACHED, equals, COA1), "elsewhere")
    held: Registration = ctx.get(registration_of(PMA1))
    require(held.done > 0, "not-registered")
    ctx.set(ATTACHED, target)
    if PMA1 in world.corrupted:
        ctx.learn(*everything_held(world, PMA1, held))


def hand_over(ctx: Context, world: World) -> None:
    """Predictive transfer; a rogue PMA2 makes use of what it gets."""
    held = transfer_context(ctx, world, PMA1, PMA2)
    ctx.expose(CONTEXT, *context_terms(world, held))
    if PMA2 in world.corrupted:
        ctx.learn(*context_terms(world, held))


def context_terms(world: World, held: Registration) -> tuple[tuple[object, ...], ...]:
    """What a handover context holds: HT and the key pair (N016, N040, N047, N082; E-10)."""
    token = handover_token(VICTIM_HOME, held.ht)
    return (token, private_key(MN)) if world.policy.reads("key_owner", "mn") else (token,)


def everything_held(world: World, pma: str, held: Registration) -> tuple[tuple[object, ...], ...]:
    """All secrets of a PMA: private key, PT, HT, T and C (DESIGN section 4, rogue-previous-pma)."""
    terms: list[tuple[object, ...]] = [private_key(signer(world.policy, pma))]
    if held.pt:
        terms.append(permanent_token(VICTIM_HOME, held.pt))
    if held.ht:
        terms.append(handover_token(VICTIM_HOME, held.ht))
    if held.nonce:
        terms.append(home_token(VICTIM_HOME, held.nonce))
    if held.care_of_nonce:
        terms.append(care_of_token(CARE_OF[pma], held.care_of_nonce))
    return tuple(terms)
