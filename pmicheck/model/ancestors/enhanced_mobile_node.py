"""RFC 4866 as the mobile node runs it: first contact, handoff with the permanent token, return home.

The correspondent is the same role as for the draft, since a type 1 one must support RFC 4866 (N002).
"""

from __future__ import annotations

from pmicheck.language.cells import Context, equals, require, require_within
from pmicheck.language.message import Term
from pmicheck.model.messages import CN, HA, HA_CN, TUNNEL, Acknowledgement, Test, TestInit
from pmicheck.model.roles.attachment import ATTACHED
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
)
from pmicheck.model.terms import cookie
from pmicheck.model.time import CLOCK, at_most, token_usable
from pmicheck.model.topology import AT_HOME, COA1, COA2, MN, VICTIM_HOME
from pmicheck.model.world import World

MINE = registration_of(MN)
ROUTE = (COA1, COA2, AT_HOME)


def _cookie(tests: int) -> Term:
    return cookie(MN, "home test", tests)


def _require_time(ctx: Context, world: World) -> None:
    require_within(ctx.test(CLOCK, at_most, world.bounds.honest_until), "honest_until")


def _require_away(ctx: Context) -> None:
    require(not ctx.test(ATTACHED, equals, AT_HOME), "at-home")


def _repeats(world: World) -> int:
    return world.bounds.retransmissions


def start_home_test(ctx: Context, world: World) -> None:
    """HoTI: at first contact, and anew where the exchange got stuck, as for want of a PT (RFC 4866 3.4, 4.1, 5.7)."""
    _require_time(ctx, world)
    held: Registration = ctx.get(MINE)
    fresh = held.stage == "idle" and held.tests == 0
    again = held.stage in ("misled", "early", "complete", "leaving") and held.tries < _repeats(world)
    require(fresh or again, "not-needed")
    tests, tries = held.tests + 1, held.tries + (0 if fresh else 1)
    _send_test_init(ctx, tests)
    ctx.set(MINE, held._replace(stage="testing", credential="T", nonce=0, care_of_nonce=0, tests=tests, tries=tries))


def _send_test_init(ctx: Context, tests: int) -> None:
    """Through the tunnel, or directly from home."""
    link, to = (HA_CN, CN) if ctx.test(ATTACHED, equals, AT_HOME) else (TUNNEL, HA)
    ctx.send(TestInit(kind="HoTI", address=VICTIM_HOME, cookie=_cookie(tests), link=link, to=to))


def receive_home_test(ctx: Context, world: World, test: Test) -> None:
    """HoT: T is there, the early BU follows with CGA parameters and signature (RFC 4866 4.1)."""
    require(test.kind == "HoT", "not-a-home-test")
    require(ctx.test(MINE, is_testing), "no-test-in-progress")
    held: Registration = ctx.get(MINE, may_answer(world, test))
    if not believe_home_test(ctx, world, MN, test, _cookie(held.tests)):
        ctx.set(MINE, held._replace(stage="misled"))
        return
    require(ctx.test(CLOCK, token_usable, test.nonce), "token-too-old")
    stage = "leaving" if ctx.test(ATTACHED, equals, AT_HOME) else "early"
    _send(ctx, world, held._replace(stage=stage, nonce=test.nonce, care_of_nonce=0))


def register_after_move(ctx: Context, world: World) -> None:
    """Early BU from the new address under the permanent token, without CGA (RFC 4866 3.4, 4.1)."""
    _require_time(ctx, world)
    _require_away(ctx)
    held: Registration = ctx.get(MINE)
    require(held.stage == "moved" and held.pt > 0, "no-permanent-token")
    _send(ctx, world, held._replace(stage="early", credential="PT", nonce=0, care_of_nonce=0))


def deregister_at_home(ctx: Context, world: World) -> None:
    """Lifetime zero under the permanent token, from the home address (RFC 4866 4.1, RFC 6275 11.5.5)."""
    _require_time(ctx, world)
    require(ctx.test(ATTACHED, equals, AT_HOME), "away")
    held: Registration = ctx.get(MINE)
    require(held.stage == "moved" and held.pt > 0, "nothing-to-deregister")
    _send(ctx, world, held._replace(stage="leaving", credential="PT", nonce=0, care_of_nonce=0))


def retransmit(ctx: Context, world: World) -> None:
    """What is outstanding again, with a new cookie or a greater number (RFC 6275 11.8)."""
    _require_time(ctx, world)
    held: Registration = ctx.get(MINE)
    outstanding = held.stage in ("testing", "early", "complete", "leaving")
    require(outstanding and held.tries < _repeats(world), "nothing-outstanding")
    held = held._replace(tries=held.tries + 1)
    if held.stage == "testing":
        _send_test_init(ctx, held.tests + 1)
        ctx.set(MINE, held._replace(tests=held.tests + 1))
        return
    require_usable(ctx, held)
    _send(ctx, world, held)


def _send(ctx: Context, world: World, held: Registration) -> None:
    """The BU of `held.stage`; T goes with CGA parameters and signature, PT without (RFC 4866 4.1)."""
    leaving = held.stage == "leaving"
    address: str = ctx.get(ATTACHED)
    update = build_update(
        world,
        VICTIM_HOME if leaving else address,
        held.seq + 1,
        held.credential,
        nonce=held.nonce,
        generation=held.pt if held.credential == "PT" else 0,
        care_of_nonce=held.care_of_nonce if held.stage == "complete" else 0,
        lifetime=not leaving,
        key=MN if held.credential == "T" else None,
        proxy=False,
    )
    send_update(ctx, update._replace(link=HA_CN) if leaving else update)
    ctx.set(MINE, held._replace(seq=held.seq + 1))


def receive_acknowledgement(ctx: Context, world: World, ack: Acknowledgement) -> None:
    """BA: to the early BU it brings C, and PT where that was signed; the complete BU follows at once (RFC 4866 4.4)."""
    held = awaited(ctx, world, MINE, ack)
    address: str = ctx.get(ATTACHED)
    registered_at = VICTIM_HOME if held.stage == "leaving" else address
    require(ack.care_of == registered_at, "elsewhere")
    if not believe_acknowledgement(ctx, world, MN, registered_at, held, ack):
        ctx.set(MINE, held._replace(stage="misled"))
        return
    pt, _ = issued(ack)
    if held.stage == "early":
        require(ack.care_of_nonce != 0, "no-care-of-token")
        if held.nonce:
            require(ctx.test(CLOCK, token_usable, held.nonce), "token-too-old")
        # A PT that came with it is not used yet: the complete BU is authenticated by CGA again (RFC 4866 4.4).
        _send(ctx, world, held._replace(stage="complete", care_of_nonce=ack.care_of_nonce, pt=pt or held.pt))
        return
    stage = "deregistered" if held.stage == "leaving" else "registered"
    done = held._replace(stage=stage, nonce=0, care_of_nonce=0, pt=pt or held.pt, done=held.done + 1)
    ctx.set(MINE, done)


def move(ctx: Context, origin: str, target: str) -> None:
    """The node changes its point of attachment once it is registered where it is."""
    require(ctx.test(ATTACHED, equals, origin), "elsewhere")
    held: Registration = ctx.get(MINE)
    require(held.stage == "registered" and held.done == ROUTE.index(target), "not-registered")
    ctx.set(ATTACHED, target)
    ctx.set(MINE, held._replace(stage="moved"))
