"""RFC 6275 return routability as the mobile node runs it: register from a care-of address, move, return home."""

from __future__ import annotations

from pmicheck.language.cells import Context, require, require_within
from pmicheck.language.message import Term
from pmicheck.model.events import EVENT, Believed
from pmicheck.model.messages import (
    CARE_OF_CN,
    CN,
    HA,
    HA_CN,
    TUNNEL,
    Acknowledgement,
    Test,
    TestInit,
)
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.authorisation import care_of_token_for
from pmicheck.model.roles.registration import (
    Registration,
    awaited,
    believe_acknowledgement,
    believe_home_test,
    build_update,
    is_testing,
    may_answer,
    registration_of,
    require_usable,
    send_update,
)
from pmicheck.model.terms import cookie
from pmicheck.model.time import CLOCK, at_most, nonce_exists
from pmicheck.model.topology import AT_HOME, COA2, MN, VICTIM_HOME
from pmicheck.model.world import World

MINE = registration_of(MN)
MOVES = (COA2, AT_HOME)
"""Where the node goes after its first and its second registration."""


def _home_cookie(tests: int) -> Term:
    return cookie(MN, "home test", tests)


def _care_of_cookie(tests: int) -> Term:
    return cookie(MN, "care-of test", tests)


def start_tests(ctx: Context, world: World) -> None:
    """HoTI through the home agent and CoTI directly, in parallel (RFC 6275 5.2.5); at home HoTI alone, directly."""
    require_within(ctx.test(CLOCK, at_most, world.bounds.honest_until), "honest_until")
    held: Registration = ctx.get(MINE)
    address: str = ctx.get(ATTACHED)
    fresh = held.stage == "moved" or (held.stage == "idle" and held.tests == 0)
    again = held.stage in ("testing", "complete", "misled") and held.tries < world.bounds.retransmissions
    require(fresh or again, "nothing-to-test")
    tests = held.tests + 1
    at_home = address == AT_HOME
    link, to = (HA_CN, CN) if at_home else (TUNNEL, HA)
    ctx.send(TestInit(kind="HoTI", address=VICTIM_HOME, cookie=_home_cookie(tests), link=link, to=to))
    if not at_home:
        ctx.send(TestInit(kind="CoTI", address=address, cookie=_care_of_cookie(tests), link=CARE_OF_CN, to=CN))
    tries = held.tries + (1 if again else 0)
    ctx.set(MINE, held._replace(stage="testing", tests=tests, nonce=0, care_of_nonce=0, tries=tries))


def receive_test(ctx: Context, world: World, test: Test) -> None:
    """HoT or CoT (RFC 6275 11.6.2); when all needed tokens are there the BU goes out (11.7.2)."""
    require(ctx.test(MINE, is_testing), "no-test-in-progress")
    held: Registration = ctx.get(MINE, may_answer(world, test))
    if test.kind == "CoT":
        held = _take_care_of_test(ctx, world, held, test)
    else:
        require(test.kind == "HoT" and not held.nonce, "token-there")
        if not believe_home_test(ctx, world, MN, test, _home_cookie(held.tests)):
            held = held._replace(stage="misled")
        held = held._replace(nonce=test.nonce)
    _continue(ctx, world, held)


def _take_care_of_test(ctx: Context, world: World, held: Registration, test: Test) -> Registration:
    require(not held.care_of_nonce, "token-there")
    address: str = ctx.get(ATTACHED)
    require(test.address == address, "destination")
    if world.policy.on("cookie"):
        require(test.cookie == _care_of_cookie(held.tests), "cookie")
    if ctx.same(test, "token", lambda: care_of_token_for(world.policy, test.address, test.nonce, test.at)):
        require(ctx.test(CLOCK, nonce_exists, test.nonce), "no-such-nonce-yet")
    else:
        ctx.set(EVENT, Believed(MN, test.kind))
        held = held._replace(stage="misled")
    return held._replace(care_of_nonce=test.nonce)


def _continue(ctx: Context, world: World, held: Registration) -> None:
    address: str = ctx.get(ATTACHED)
    at_home = address == AT_HOME
    ready = held.stage == "testing" and held.nonce and (at_home or held.care_of_nonce)
    if not ready:
        ctx.set(MINE, held)
        return
    require_usable(ctx, held)
    _send_update(ctx, world, held._replace(stage="complete"), address)


def _send_update(ctx: Context, world: World, held: Registration, address: str) -> None:
    at_home = address == AT_HOME
    update = build_update(
        world,
        VICTIM_HOME if at_home else address,
        held.seq + 1,
        "T",
        nonce=held.nonce,
        care_of_nonce=0 if at_home else held.care_of_nonce,
        lifetime=not at_home,
        proxy=False,
    )
    if at_home:
        update = update._replace(link=HA_CN)
    send_update(ctx, update)
    ctx.set(MINE, held._replace(seq=held.seq + 1))


def retransmit(ctx: Context, world: World) -> None:
    """The BU again with a greater number while its tokens are usable (RFC 6275 11.8)."""
    held: Registration = ctx.get(MINE)
    require(held.stage == "complete" and held.tries < world.bounds.retransmissions, "nothing-outstanding")
    require_usable(ctx, held)
    _send_update(ctx, world, held._replace(tries=held.tries + 1), ctx.get(ATTACHED))


def receive_acknowledgement(ctx: Context, world: World, ack: Acknowledgement) -> None:
    """BA: the registration, or at home the deregistration, is done (RFC 6275 11.7.3)."""
    held = awaited(ctx, world, MINE, ack)
    address: str = ctx.get(ATTACHED)
    at_home = address == AT_HOME
    registered_at = VICTIM_HOME if at_home else address
    require(ack.care_of == registered_at, "elsewhere")
    if not believe_acknowledgement(ctx, world, MN, registered_at, held, ack):
        ctx.set(MINE, held._replace(stage="misled"))
        return
    stage = "deregistered" if at_home else "registered"
    ctx.set(MINE, held._replace(stage=stage, nonce=0, care_of_nonce=0, done=held.done + 1))


def move(ctx: Context, origin: str, target: str) -> None:
    """The node changes its point of attachment once it is registered there (or was)."""
    address: str = ctx.get(ATTACHED)
    require(address == origin, "elsewhere")
    held: Registration = ctx.get(MINE)
    require(held.stage == "registered" and held.done == MOVES.index(target) + 1, "not-registered")
    ctx.set(ATTACHED, target)
    ctx.set(MINE, held._replace(stage="moved", nonce=0, care_of_nonce=0))
