"""Reactive context transfer: the next agent asks the previous one for profile and Binding Update List (draft 4.2.1)."""

from __future__ import annotations

from pmicheck.language.cells import Context, equals, require
from pmicheck.language.message import Term
from pmicheck.model.events import EVENT, Believed
from pmicheck.model.messages import CONTEXT, ContextData, ContextRequest
from pmicheck.model.roles.attachment import attached, require_honest, require_serving
from pmicheck.model.roles.proxy_mobile_agent import number_told
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.terms import private_key
from pmicheck.model.topology import CARE_OF, PMA3, Flow, key_owner
from pmicheck.model.world import World


def ask_previous_agent(ctx: Context, world: World, pma: str, flow: Flow, previous: str) -> None:
    """Context Transfer Request of the agent that serves the node now (N121)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    fresh = held.stage == "idle"
    again = held.stage == "waiting" and held.tries < world.bounds.retransmissions
    require(fresh or again, "not-needed")
    ctx.send(ContextRequest(home=flow.home, asker=pma, link=CONTEXT, to=previous))
    ctx.set(registration_of(pma, flow), held._replace(stage="waiting", tries=held.tries + (1 if again else 0)))


def answer_next_agent(ctx: Context, world: World, pma: str, flow: Flow, request: ContextRequest) -> None:
    """Context Transfer Data: keys, and the correspondent's agent with the last number (N121, N143, N145).

    With a protected transfer the previous agent hears from the home agent who serves the node (A-02).
    """
    require_honest(ctx, world, pma, flow.home)
    if not world.policy.reads("context_transfer", "unauthenticated"):
        served = CARE_OF.get(request.asker)
        require(served is not None and ctx.test(attached(flow.home), equals, served), "not-the-next")
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.done > 0 and held.stage == "registered", "nothing-to-transfer")
    ctx.send(
        ContextData(
            home=flow.home,
            peer=held.peer,
            seq=number_told(world, held),
            tries=held.tries,
            key=profile_key(flow),
            link=CONTEXT,
            to=request.asker,
        )
    )


def profile_key(flow: Flow) -> Term:
    """The private key that the profile holds (N047, N143)."""
    return private_key(key_owner(flow.home))


def receive_context(ctx: Context, world: World, pma: str, flow: Flow, data: ContextData) -> None:
    """The next agent has the entry: a PBU to the correspondent's agent may follow (N120, N122, N145).

    What a rogue previous agent says, the right peer has said.
    """
    require(ctx.test(attached(flow.home), equals, CARE_OF[pma]), "not-serving")
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage == "waiting", "not-waiting")
    if data.peer != CARE_OF[PMA3] and not world.corrupted:
        ctx.set(EVENT, Believed(pma, "context transfer data"))
    tries = max(held.tries, data.tries)
    ctx.set(registration_of(pma, flow), Registration(stage="context", seq=data.seq, tries=tries, peer=data.peer))
