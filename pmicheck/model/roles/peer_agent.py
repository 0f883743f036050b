"""The handshake between agents: route optimisation without return routability (draft 4.2, 4.2.1).

An agent that gets a PBU takes it as the text has it: it stores the binding and answers with a PBU of its own, which the
first one takes as acknowledgement and as registration of the correspondent. What authenticates the messages is the
reading `pma_auth` (A-24, N176).
"""

from __future__ import annotations

from functools import partial

from pmicheck.language.cells import Cell, Context, equals, require
from pmicheck.language.message import Term
from pmicheck.model.events import EVENT, Accepted, Believed
from pmicheck.model.messages import (
    CARE_OF_CN,
    HA2,
    INTERNET,
    PMA_HA,
    CacheAnswer,
    CacheRequest,
    PeerAcknowledgement,
    PeerUpdate,
)
from pmicheck.model.policy import Policy
from pmicheck.model.roles.attachment import (
    attached,
    require_honest,
    require_serving,
    who_is_at,
)
from pmicheck.model.roles.binding_cache import Entry, accepts, cells_of, leads_to, present
from pmicheck.model.roles.correspondent_node import forget_entry
from pmicheck.model.roles.ghosts import SENT, USED, evidence, harm_to, note_event, was_used
from pmicheck.model.roles.proxy_mobile_agent import numbered
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.terms import association, sealed
from pmicheck.model.topology import ATTACKER, ATTACKER_HOME, CARE_OF, CN_HOME, PMA3, VICTIM_HOME, Flow
from pmicheck.model.world import World

# Authentication.


def proof_of(policy: Policy, sender: str, receiver: str, content: Term) -> Term | None:
    """What vouches for a message between two agents: nothing, or their security association."""
    return None if policy.reads("pma_auth", "none") else sealed(association(sender, receiver), content)


def update_content(update: PeerUpdate) -> Term:
    """The fields of a PBU, all of which the authenticator covers."""
    return ("PBU", update.home, update.care_of, update.seq, update.answers, update.lifetime)


def with_proof(policy: Policy, update: PeerUpdate, sender: str) -> PeerUpdate:
    return update._replace(proof=proof_of(policy, sender, update.to, update_content(update)))


def acknowledgement_for(policy: Policy, home: str, seq: int, sender: str, to: str) -> PeerAcknowledgement:
    """The third message (N115)."""
    return PeerAcknowledgement(
        home=home, seq=seq, proof=proof_of(policy, sender, to, ("PBA", home, seq)), link=CARE_OF_CN, to=to
    )


def trace_of(update: PeerUpdate) -> Cell:
    """Ghost: whether an honest agent sent this PBU, and whether it was accepted."""
    return evidence(("peer update", *update_content(update), update.proof, update.to))


def send(ctx: Context, update: PeerUpdate) -> None:
    """An honest PBU, noted as such."""
    ctx.set(trace_of(update), SENT)
    ctx.send(update)


# The agent that begins.


def ask_home_agent(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """Binding Cache Request to the home agent of the correspondent (N109, N111); the next agent does so where no
    context came."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    fresh = held.stage == "idle" and held.tests == 0
    again = held.stage in ("asked", "sent", "waiting") and held.tries < world.bounds.retransmissions
    require(fresh or again, "not-needed")
    tests, tries = held.tests + 1, held.tries + (0 if fresh else 1)
    ctx.send(CacheRequest(home=CN_HOME, number=tests, asker=pma, link=PMA_HA, to=HA2))
    ctx.set(registration_of(pma, flow), held._replace(stage="asked", tests=tests, tries=tries, peer=""))


def answer_request(ctx: Context, request: CacheRequest) -> None:
    """HA2 looks the address up and answers whoever asks (N112; no check is named, A-25)."""
    ctx.send(
        CacheAnswer(home=request.home, care_of=CARE_OF[PMA3], number=request.number, link=PMA_HA, to=request.asker)
    )


def receive_answer(ctx: Context, world: World, pma: str, flow: Flow, answer: CacheAnswer) -> None:
    """The agent of the correspondent is known: the PBU goes there (N108, N113)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage == "asked" and held.tests == answer.number, "transaction")
    if answer.care_of != CARE_OF[PMA3]:
        ctx.set(EVENT, Believed(pma, "binding cache acknowledgement"))
    if answer.care_of == CARE_OF[pma]:
        # By this answer both nodes are here, and no update is due (N104).
        ctx.set(registration_of(pma, flow), held._replace(stage="idle"))
        return
    held = held._replace(peer=answer.care_of)
    _send_update(ctx, world, pma, flow, numbered(ctx, world, pma, flow, held))


def _send_update(ctx: Context, world: World, pma: str, flow: Flow, held: Registration) -> None:
    to = who_is_at(world, held.peer)
    link = CARE_OF_CN if to == PMA3 else INTERNET
    update = PeerUpdate(
        home=flow.home, care_of=CARE_OF[pma], seq=held.seq + 1, answers=0, lifetime=True, proof=None, link=link, to=to
    )
    send(ctx, with_proof(world.policy, update, pma))
    ctx.set(registration_of(pma, flow), held._replace(stage="sent", seq=held.seq + 1))


def retransmit(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """The PBU again with a greater number (RFC 6275 11.8)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage == "sent" and held.tries < world.bounds.retransmissions, "nothing-outstanding")
    _send_update(ctx, world, pma, flow, held._replace(tries=held.tries + 1))


def begin_from_context(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """The next agent sends a PBU for each entry it got (N118, N119, N122)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage == "context", "no-context")
    _send_update(ctx, world, pma, flow, numbered(ctx, world, pma, flow, held))


def deregister(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """After the node left, its former agent deregisters it with all correspondents (N140)."""
    require_honest(ctx, world, pma, flow.home)
    require(not ctx.test(attached(flow.home), equals, CARE_OF[pma]), "still-serving")
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.done > 0 and held.stage != "deregistered", "nothing-to-deregister")
    update = PeerUpdate(
        home=flow.home,
        care_of=CARE_OF[pma],
        seq=held.seq + 1,
        answers=0,
        lifetime=False,
        proof=None,
        link=CARE_OF_CN,
        to=PMA3,
    )
    send(ctx, with_proof(world.policy, update, pma))
    own = Registration(stage="deregistered", seq=held.seq + 1, done=held.done)
    ctx.set(registration_of(pma, flow), own)
    ctx.set(cells_of(CN_HOME, pma).entry, None)


# The agent that receives.


def receive_update(ctx: Context, world: World, at: str, update: PeerUpdate) -> None:
    """A PBU of another agent: an answer that is waited for, or a new registration (N113, N114)."""
    sender = who_is_at(world, update.care_of)
    require(ctx.same(update, "proof", lambda: proof_of(world.policy, sender, at, update_content(update))), "pma-auth")
    if not world.policy.reads("pma_auth", "none"):
        ctx.passed("the security association vouches for the sender")
    if update.answers:
        _receive_answering_update(ctx, world, at, update)
        return
    if at in world.agents:
        # A PBU is about traffic of a node that the receiver serves, and names it (decision 033).
        require(ctx.test(attached(world.main.home), equals, CARE_OF[at]), "not-attached")
    _require_number(ctx, world, at, update)
    if not update.lifetime:
        _confirm_departure(ctx, world, at, update)
        _deregister(ctx, world, at, update)
        return
    _confirm_attachment(ctx, world, update)
    third = world.policy.reads("handshake_effective", "third") and world.policy.on("third-handshake-message")
    _store(ctx, world, at, update, used=not third)
    _answer(ctx, world, at, update)


def _require_number(ctx: Context, world: World, at: str, update: PeerUpdate) -> None:
    """RFC 6275 9.5.1 step 2, as for any PBU; the attacker's own homes have no numbers."""
    if world.policy.on("sequence-number") and update.home not in world.own_homes:
        last = cells_of(update.home, at).seq
        require(ctx.test(last, accepts, update.seq, world.bounds.sequence_modulus), "sequence-number")


def _confirm_attachment(ctx: Context, world: World, update: PeerUpdate) -> None:
    """Reading pma_auth=attachment: the home agent says where the address is registered (A-24)."""
    if not world.policy.reads("pma_auth", "attachment"):
        return
    registered = {CN_HOME: CARE_OF[PMA3], ATTACKER_HOME: ATTACKER}.get(update.home, "")
    if update.home in world.victims:
        require(ctx.test(attached(update.home), equals, update.care_of), "attachment")
    else:
        require(update.care_of == registered, "attachment")
    ctx.passed("the home agent confirms the attachment")


def _confirm_departure(ctx: Context, world: World, at: str, update: PeerUpdate) -> None:
    """Reading attachment_scope=all: an agent ends the entry of its own address only, and only after the home agent says
    that the node has left it (A-24). The correspondent of this course stays where it is."""
    if not (world.policy.reads("pma_auth", "attachment") and world.policy.reads("attachment_scope", "all")):
        return
    require(ctx.test(cells_of(update.home, at).entry, leads_to, update.care_of), "attachment")
    if update.home in world.victims:
        require(not ctx.test(attached(update.home), equals, update.care_of), "attachment")
    else:
        require(update.home != CN_HOME, "attachment")
    ctx.passed("the home agent confirms that the node has left")


def _store(ctx: Context, world: World, at: str, update: PeerUpdate, *, used: bool) -> None:
    """The binding is made at once; nothing tests the care-of address (N114)."""
    cells = cells_of(update.home, at)
    author, again = _authorship(ctx, update)
    harm = harm_to(ctx, world, update.home, at, update.care_of)
    effect = "changed" if ctx.test(cells.entry, present) else "created"
    registrant = "honest" if author == "honest" and not again else "attacker"
    ctx.set(
        cells.entry,
        Entry(care_of=update.care_of, verified=True, capped=False, registrant=registrant, used=used),
    )
    if update.home not in world.own_homes:
        ctx.set(cells.seq, update.seq)
        _note(ctx, world, author, again, effect, harm)


def _deregister(ctx: Context, world: World, at: str, update: PeerUpdate) -> None:
    """Lifetime zero: the entry goes (N140, N160)."""
    cells = cells_of(update.home, at)
    old: Entry | None = ctx.get(cells.entry)
    require(old is not None, "no-entry")
    assert old is not None
    author, again = _authorship(ctx, update)
    harm = harm_to(ctx, world, update.home, at, None)
    forget_entry(ctx, world, update.home, old, at)
    if update.home not in world.own_homes:
        _note(ctx, world, author, again, "deleted", harm)


def _authorship(ctx: Context, update: PeerUpdate) -> tuple[str, bool]:
    """Ghost: ("honest" or "attacker", accepted before)."""
    if not ctx.authored(update, trace_of):
        return "attacker", False
    sent = trace_of(update)
    again = ctx.test(sent, was_used)
    ctx.set(sent, USED)
    return "honest", again


def _note(ctx: Context, world: World, author: str, again: bool, effect: str, harm: str) -> None:
    """Ghost: the event of a handshake."""
    vouched = not world.policy.reads("pma_auth", "none")
    event = Accepted(step="handshake", author=author, again=again, effect=effect, harm=harm, authenticated=vouched)
    note_event(ctx, world, VICTIM_HOME, event)


def _answer(ctx: Context, world: World, at: str, update: PeerUpdate) -> None:
    """A PBU of its own for the node that it serves, which doubles as acknowledgement (N114).

    What answers the attacker is not followed: it can say the same itself.
    """
    to = who_is_at(world, update.care_of)
    served = CN_HOME if at == PMA3 else world.main.home
    if to in world.agents or to == PMA3:
        answer = PeerUpdate(
            home=served,
            care_of=CARE_OF[at],
            seq=1,
            answers=update.seq,
            lifetime=True,
            proof=None,
            link=CARE_OF_CN,
            to=to,
        )
        send(ctx, with_proof(world.policy, answer, at))


def _receive_answering_update(ctx: Context, world: World, pma: str, update: PeerUpdate) -> None:
    """The PBU that was waited for: the correspondent is registered, and the third message goes out (N115, N116)."""
    flow = world.main
    require(pma in world.agents, "not-expected")
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    expected = held.stage == "sent" and held.seq == update.answers and held.peer == update.care_of
    require(expected and update.home == CN_HOME, "not-outstanding")
    _confirm_attachment(ctx, world, update)
    if not ctx.authored(update, trace_of):
        ctx.set(EVENT, Believed(pma, "answering handshake PBU"))
    entry = cells_of(CN_HOME, pma).entry
    registrant = "honest" if update.care_of == CARE_OF[PMA3] else "attacker"
    ctx.set(entry, Entry(care_of=update.care_of, verified=True, capped=False, registrant=registrant))
    to = who_is_at(world, update.care_of)
    if to == PMA3:
        ctx.send(acknowledgement_for(world.policy, flow.home, held.seq, pma, to))
    ctx.set(registration_of(pma, flow), held._replace(stage="registered", done=held.done + 1))


def receive_acknowledgement(ctx: Context, world: World, at: str, ack: PeerAcknowledgement) -> None:
    """The third message: an entry that waited for it is used from now on (N115, N116)."""
    cells = cells_of(ack.home, at)
    entry: Entry | None = ctx.get(cells.entry)
    require(entry is not None and not entry.used, "not-waiting")
    assert entry is not None
    sender = who_is_at(world, entry.care_of)
    right = partial(proof_of, world.policy, sender, at)
    require(ctx.same(ack, "proof", lambda: right(("PBA", ack.home, ack.seq))), "pma-auth")
    if ack.home not in world.own_homes:
        require(ctx.test(cells.seq, equals, ack.seq), "sequence-number")
    ctx.set(cells.entry, entry._replace(used=True))
