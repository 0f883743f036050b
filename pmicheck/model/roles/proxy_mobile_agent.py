"""The proxy mobile agent: tests, registers and hands over on behalf of the mobile node (draft 3.1-3.5, 6)."""

from __future__ import annotations

from pmicheck.language.cells import Context, equals, require
from pmicheck.language.message import FORGED, Term
from pmicheck.model.messages import HA, TUNNEL, Acknowledgement, HandoverToken, Test, TestInit
from pmicheck.model.roles.attachment import attached, require_honest, require_serving
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.ghosts import note_sent
from pmicheck.model.roles.registration import (
    Registration,
    awaited,
    believe_acknowledgement,
    believe_home_test,
    build_update,
    is_testing,
    issued,
    may_answer,
    registration_of,
    require_usable,
    send_update,
    signer,
)
from pmicheck.model.roles.type2_agent import confirm_peer, note_peer
from pmicheck.model.terms import cookie, handover_token
from pmicheck.model.time import CLOCK, token_usable
from pmicheck.model.topology import CARE_OF, PMA1, Flow
from pmicheck.model.world import World


def _cookie(pma: str, tests: int, flow: Flow) -> Term:
    return cookie(pma, f"home test{flow.label}", tests)


def _send_home_test_init(ctx: Context, world: World, pma: str, tests: int, flow: Flow) -> None:
    """The Care-of Address field matters where the correspondent is of type 2 (N171, A-05)."""
    care_of = CARE_OF[pma] if world.type2 else None
    ctx.send(
        TestInit(
            kind="PHoTI",
            address=flow.home,
            cookie=_cookie(pma, tests, flow),
            link=TUNNEL,
            to=HA,
            at=flow.at,
            care_of=care_of,
        )
    )


def start_home_test(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """PHoTI through the shared tunnel (N023, N035, N036, N049; at the next PMA N044)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    fresh_start = held.stage == "idle" and held.tests == 0
    without_token = held.stage in ("context", "misled", "early", "complete") and held.tries < _repeats(world)
    require(fresh_start or without_token, "not-needed")
    tests, tries = held.tests + 1, held.tries + (0 if fresh_start else 1)
    _send_home_test_init(ctx, world, pma, tests, flow)
    begun = held._replace(stage="testing", credential="T", tests=tests, nonce=0, care_of_nonce=0, tries=tries)
    ctx.set(registration_of(pma, flow), begun)


def _repeats(world: World) -> int:
    return world.bounds.retransmissions


def retransmit(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """The outstanding message again, with a new cookie or a greater number (RFC 6275 11.8)."""
    if world.policy.reads("dereg_repeat", "yes") and not ctx.test(attached(flow.home), equals, CARE_OF[pma]):
        _repeat_deregistration(ctx, world, pma, flow)
        return
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage in ("testing", "early", "complete") and held.tries < _repeats(world), "nothing-outstanding")
    if held.stage == "testing":
        _send_home_test_init(ctx, world, pma, held.tests + 1, flow)
        ctx.set(registration_of(pma, flow), held._replace(tests=held.tests + 1, tries=held.tries + 1))
        return
    require_usable(ctx, held)
    _send_registration(ctx, world, pma, flow, held._replace(tries=held.tries + 1))


def _send_registration(ctx: Context, world: World, pma: str, flow: Flow, held: Registration) -> None:
    """The early or complete PBU of `held.stage`, under the next number."""
    early = held.stage == "early"
    seq = held.seq + 1
    policy = world.policy
    # Who holds HT, or tests again, signs the early PBU anyway: there may be a PT, and T alone refused (RFC 4866 5.7).
    warned = held.tests > 1 or held.ht > 0
    by_t = held.credential == "T" and (policy.reads("cga_in_early", "yes") or warned)
    signed = not early or by_t or held.credential == "HT"
    generation = held.pt if held.credential == "PT" else held.ht
    update = build_update(
        world,
        CARE_OF[pma],
        seq,
        held.credential,
        nonce=held.nonce,
        generation=generation if held.credential != "T" else 0,
        care_of_nonce=0 if early else held.care_of_nonce,
        key=signer(policy, pma, flow.home) if signed else None,
        flow=flow,
    )
    send_update(ctx, update)
    ctx.set(registration_of(pma, flow), held._replace(seq=seq))


def receive_home_test(ctx: Context, world: World, pma: str, flow: Flow, test: Test) -> None:
    """PHoT, intercepted: T is there, the early PBU follows at once (N037, N042, N050, N051, N058)."""
    require_honest(ctx, world, pma, flow.home)
    require(test.kind == "PHoT", "not-a-proxy-home-test")
    require(ctx.test(registration_of(pma, flow), is_testing), "no-test-in-progress")
    held: Registration = ctx.get(registration_of(pma, flow), may_answer(world, test))
    believed = believe_home_test(ctx, world, pma, test, _cookie(pma, held.tests, flow))
    right_peer = not world.type2 or note_peer(ctx, world, pma, test)
    if believed and not right_peer:
        held = _misdirect(ctx, world, pma, flow, held._replace(nonce=test.nonce))
    if not (believed and right_peer):
        ctx.set(registration_of(pma, flow), held._replace(stage="misled"))
        return
    require(ctx.test(CLOCK, token_usable, test.nonce), "token-too-old")
    held = held._replace(stage="early", credential="T", nonce=test.nonce, care_of_nonce=0)
    _send_registration(ctx, world, pma, flow, numbered(ctx, world, pma, flow, held))


def _misdirect(ctx: Context, world: World, pma: str, flow: Flow, held: Registration) -> Registration:
    """The early PBU goes to the address of a false PHoT (N134). Whom its signature names decides what it is good for
    there: the correspondent by its home address, or that address itself (reading kcn_scope, A-22)."""
    if world.policy.reads("kcn_scope", "cn"):
        update = build_update(
            world, CARE_OF[pma], held.seq + 1, "T", nonce=held.nonce, key=_key(world, pma, flow), flow=flow
        )
        note_sent(ctx, update)
        ctx.learn(*(term for term in (update.sig, update.mac) if term is not None))
    return held._replace(seq=held.seq + 1)


def _key(world: World, pma: str, flow: Flow) -> str | None:
    """Who signs an early PBU under T, if anybody does (A-12)."""
    return signer(world.policy, pma, flow.home) if world.policy.reads("cga_in_early", "yes") else None


def receive_acknowledgement(ctx: Context, world: World, pma: str, flow: Flow, ack: Acknowledgement) -> None:
    """PBA: to the early PBU it brings C (N028, N080), to the complete one PT and HT (N082, N094, N098)."""
    require_honest(ctx, world, pma, flow.home)
    held = awaited(ctx, world, registration_of(pma, flow), ack)
    if not believe_acknowledgement(ctx, world, pma, CARE_OF[pma], held, ack):
        ctx.set(registration_of(pma, flow), held._replace(stage="misled"))
        return
    pt, ht = issued(ack)
    if held.stage == "early" and held.credential == "HT" and world.policy.reads("complete_token", "same"):
        ht = held.ht
    held = held._replace(pt=pt or held.pt, ht=ht or held.ht)
    if held.stage == "early":
        require(ack.care_of_nonce != 0, "no-care-of-token")
        if held.nonce:
            require(ctx.test(CLOCK, token_usable, held.nonce), "token-too-old")
        _send_registration(ctx, world, pma, flow, held._replace(stage="complete", care_of_nonce=ack.care_of_nonce))
        return
    if world.type2:
        confirm_peer(ctx, pma)
    done = held._replace(stage="registered", credential="T", done=held.done + 1)
    ctx.set(registration_of(pma, flow), done)


def numbered(ctx: Context, world: World, pma: str, flow: Flow, held: Registration) -> Registration:
    """A next PMA that was told no number learns the last one from a refusal, where no attacker acts."""
    if pma == PMA1 or held.seq or world.attacked:
        return held
    return held._replace(seq=_last_number(ctx, world, flow))


def _last_number(ctx: Context, world: World, flow: Flow) -> int:
    """Without a context the first PBU is refused with 135, which names the last number (RFC 6275 9.5.1).

    The exchange is taken as one step, and only where no attacker acts: beside one it adds an honest update that the
    bounds allow anyway. Only numbers that the previous PMAs can have used are followed.
    """
    last = ctx.get(cells_of(*flow).seq)
    each = NUMBERS_OF_ONE + 2 * world.bounds.refreshes
    return last if last is not None and last <= each * world.bounds.handovers else 0


NUMBERS_OF_ONE = 4
"""Numbers of one PMA's first registration: early, complete, one of them repeated, deregistering."""


def refresh(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """A later registration, authenticated with PT and begun without CGA (N011, N060, N092)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage == "registered" and held.pt > 0 and held.done <= world.bounds.refreshes, "no-refresh-due")
    _send_registration(ctx, world, pma, flow, held._replace(stage="early", credential="PT", nonce=0, care_of_nonce=0))


def register_after_handover(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """The next PMA's early PBU, authenticated with HT and CGA (N017, N061-N065, N073, N076, N077)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage == "context" and held.ht > 0, "no-handover-token")
    held = numbered(ctx, world, pma, flow, held)
    _send_registration(ctx, world, pma, flow, held._replace(stage="early", credential="HT", nonce=0, care_of_nonce=0))


def deregister(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """After the node left: lifetime zero, with the PT that every registration brings (N071, N140; A-17)."""
    require_honest(ctx, world, pma, flow.home)
    require(not ctx.test(attached(flow.home), equals, CARE_OF[pma]), "still-serving")
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.done > 0 and held.stage != "deregistered" and held.pt > 0, "nothing-to-deregister")
    _send_deregistration(ctx, world, pma, flow, held)


def _repeat_deregistration(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """Reading dereg_repeat=yes: no PBA has come, or one with status 135 (RFC 6275 11.7.3, 11.8; Figure 4)."""
    require_honest(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.stage == "deregistered" and held.tries < _repeats(world), "nothing-outstanding")
    _send_deregistration(ctx, world, pma, flow, held._replace(tries=held.tries + 1))


def _send_deregistration(ctx: Context, world: World, pma: str, flow: Flow, held: Registration) -> None:
    """The deregistering PBU under the next number; what a repetition takes is kept if there may be one."""
    seq = held.seq + 1
    send_update(
        ctx,
        build_update(world, CARE_OF[pma], seq, "PT", generation=held.pt, lifetime=False, flow=flow),
    )
    left = Registration(stage="deregistered", seq=seq, done=held.done)
    if world.policy.reads("dereg_repeat", "yes"):
        left = left._replace(pt=held.pt, tries=held.tries)
    ctx.set(registration_of(pma, flow), left)


def has_context(held: Registration) -> bool:
    return held.stage == "registered" and held.ht > 0


def is_idle(held: Registration) -> bool:
    return held.stage == "idle"


def transfer_context(ctx: Context, world: World, pma: str, flow: Flow, next_pma: str) -> Registration:
    """Predictive: HoA, CN address, HT, keys and the last number go to the next PMA (N016, N046, N047, N068, N082)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow), has_context)
    require(has_context(held), "nothing-to-transfer")
    there: Registration = ctx.get(registration_of(next_pma, flow), is_idle)
    require(is_idle(there), "transferred")
    there = Registration(stage="context", ht=held.ht, seq=number_told(world, held), tries=held.tries)
    ctx.set(registration_of(next_pma, flow), there)
    return held


def number_told(world: World, held: Registration) -> int:
    """The last number, as the next PMA gets it; 0 where the context does not carry it (reading context_sequence)."""
    return held.seq if world.policy.reads("context_sequence", "carried") else 0


def hand_token_to_home_agent(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """Reactive handover: HT leaves for the next PMA through the home agent (N070, A-27)."""
    require(not ctx.test(attached(flow.home), equals, CARE_OF[pma]), "still-serving")
    held: Registration = ctx.get(registration_of(pma, flow))
    require(held.done > 0 and held.ht > 0 and held.stage != "deregistered", "nothing-to-transfer")
    token, number = handover_token(flow.home, held.ht, flow.at), number_told(world, held)
    ctx.send(
        HandoverToken(
            home=flow.home, token=token, seq=number, tries=held.tries, sender=pma, link=TUNNEL, to=HA, at=flow.at
        )
    )


def receive_handover_token(ctx: Context, world: World, pma: str, flow: Flow, message: HandoverToken) -> None:
    """The next PMA gets HT with its home registration (N070); keys come from the node's profile (N040)."""
    require_serving(ctx, world, pma, flow.home)
    held: Registration = ctx.get(registration_of(pma, flow), is_idle)
    require(is_idle(held), "not-waiting")
    ctx.set(
        registration_of(pma, flow),
        Registration(
            # A token that no CN issued: what is sent under it is refused, as under a forged T.
            stage="misled" if message.token == FORGED else "context",
            ht=0 if message.token == FORGED else message.token[2],
            seq=message.seq,
            tries=message.tries,
        ),
    )
