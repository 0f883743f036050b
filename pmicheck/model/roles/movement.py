"""The mobile nodes move; what a corrupted PMA held becomes the attacker's at the moment its profile names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pmicheck.language.act import Act
from pmicheck.language.cells import Context, equals, require
from pmicheck.model.ancestors import enhanced_mobile_node, mobile_node
from pmicheck.model.messages import CONTEXT
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.proxy_mobile_agent import transfer_context
from pmicheck.model.roles.registration import Registration, registration_of, signer
from pmicheck.model.rules import orders
from pmicheck.model.terms import (
    association,
    care_of_token,
    corrupt,
    handover_token,
    home_token,
    permanent_token,
    private_key,
)
from pmicheck.model.topology import AT_HOME, AWAY, CARE_OF, COA1, COA2, MN, PMA1, VICTIM_HOME, Flow, key_owner
from pmicheck.model.world import World


def acts(world: World) -> Iterator[Act]:
    """Attachment and context transfer."""
    if world.course.moves:
        move = enhanced_mobile_node.move if world.enhanced else mobile_node.move
        for origin, target in ((COA1, COA2), (COA2, AT_HOME)):
            yield Act(
                name=f"mobile node moves to {target}",
                actor=MN,
                section="RFC 6275 11.5",
                rule=move,
                given=(origin, target),
                key="move",
                arguments=(("home", VICTIM_HOME), ("target", target)),
                does=f"moves to {target}",
            )
    if world.leaves:
        for home in world.victims:
            yield from _moves(world, home)
    if world.course.transfers_context:
        for pma, next_pma in pairwise(world.agents):
            for flow in world.flows:
                yield Act(
                    name=f"{pma} transfers the context{flow.label}",
                    actor=pma,
                    section="3.4",
                    statements=orders.CONTEXT,
                    rule=hand_over,
                    given=(world, pma, next_pma, flow),
                    key="transfer context",
                    arguments=(("agent", pma), *flow.named),
                    does=f"transfers the context{flow.label}",
                )


def _moves(world: World, home: str) -> Iterator[Act]:
    """A node goes from each PMA to the next; to one that only got a context it never comes."""
    route = [
        CARE_OF[pma] for pma in world.agents if pma not in world.corrupted or pma == PMA1 or world.course.handed_over
    ]
    if len(route) == 1:
        route.append(AWAY)
    for origin, target in pairwise(route):
        who = "mobile node" if home == VICTIM_HOME else f"node of {home}"
        yield Act(
            name=f"{who} moves to {target}",
            actor=key_owner(home),
            section="3.4",
            statements=("N020", "N032"),
            rule=leave,
            given=(world, home, origin, target),
            key="move",
            arguments=(("home", home), ("target", target)),
            does=f"moves to {target}",
        )


def leave(ctx: Context, world: World, home: str, origin: str, target: str) -> None:
    """The node leaves a PMA once it is registered, if the route is to be optimised; a rogue PMA keeps all that it held
    (DESIGN section 4)."""
    require(ctx.test(attached(home), equals, origin), "elsewhere")
    pma = next(agent for agent in world.agents if CARE_OF[agent] == origin)
    flows = [flow for flow in world.flows if flow.home == home]
    held: list[Registration] = [ctx.get(registration_of(pma, flow)) for flow in flows]
    require(world.course.reverse_tunnel or any(registration.done > 0 for registration in held), "not-registered")
    ctx.set(attached(home), target)
    if pma in world.corrupted:
        ctx.learn(corrupt(pma))
        for flow, registration in zip(flows, held, strict=True):
            ctx.learn(*everything_held(world, pma, flow, registration))


def hand_over(ctx: Context, world: World, pma: str, next_pma: str, flow: Flow) -> None:
    """Predictive transfer; a rogue next PMA makes use of what it gets."""
    held = transfer_context(ctx, world, pma, flow, next_pma)
    terms = context_terms(world, flow, held)
    ctx.expose(CONTEXT, *terms)
    if next_pma in world.corrupted:
        ctx.learn(*terms)


def context_terms(world: World, flow: Flow, held: Registration) -> tuple[tuple[object, ...], ...]:
    """What a handover context holds: HT and the key pair (N016, N040, N047, N082; E-10; reading context_key)."""
    token = handover_token(flow.home, held.ht, flow.at)
    owner = signer(world.policy, "", flow.home)
    carries_key = owner and world.policy.reads("context_key", "carried")
    return (token, private_key(owner)) if carries_key else (token,)


def everything_held(world: World, pma: str, flow: Flow, held: Registration) -> tuple[tuple[object, ...], ...]:
    """All secrets of a PMA: private key, associations, PT, HT, T and C (DESIGN section 4, rogue-previous-pma)."""
    terms: list[tuple[object, ...]] = [private_key(signer(world.policy, pma, flow.home))]
    if held.pt:
        terms.append(permanent_token(flow.home, held.pt, flow.at))
    if held.ht:
        terms.append(handover_token(flow.home, held.ht, flow.at))
    if held.nonce:
        terms.append(home_token(flow.home, held.nonce, flow.at))
    if held.care_of_nonce:
        terms.append(care_of_token(CARE_OF[pma], held.care_of_nonce, flow.at))
    if world.type2:
        terms += [association(pma, peer) for peer in (*world.correspondents, *world.agents) if peer != pma]
    return tuple(terms)
