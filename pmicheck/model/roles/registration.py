"""What a correspondent registrant (PMA or mobile node) keeps, sends and believes, whoever it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from pmicheck.language.cells import About, Cell, Context, require
from pmicheck.language.message import FORGED, NONE, Term
from pmicheck.model.events import ACKNOWLEDGEMENT, EVENT, Believed
from pmicheck.model.messages import CARE_OF_CN, Acknowledgement, Test, Update
from pmicheck.model.policy import Policy
from pmicheck.model.roles.authorisation import (
    care_of_token_for,
    expected_authenticator,
    expected_signature,
    tokens_of,
)
from pmicheck.model.roles.correspondent_node import acknowledgement_authenticator, acknowledgement_signature
from pmicheck.model.roles.ghosts import note_sent
from pmicheck.model.terms import ZERO, encrypted, handover_token, home_token, management_key, permanent_token
from pmicheck.model.time import CLOCK, nonce_exists, token_usable
from pmicheck.model.topology import MAIN, Flow, key_owner
from pmicheck.model.world import World


class Registration(NamedTuple):
    """A Binding Update List entry (D 6, RFC 6275 11.1): how far the registration is and what it holds.

    `stage`: "idle", "testing", "early", "complete", "registered", "context" (received, not used), "moved" and
    "leaving" (a mobile node that goes elsewhere, or deregisters at home), "misled" (holds a
    forged token: what it sends from now on no CN accepts), "deregistered".
    `credential`: the home token of the exchange under way. `nonce`, `care_of_nonce`: indices of T and C, 0 if none.
    `pt`, `ht`: generation held, 0 if none. `seq`: last number sent. `tries`: repetitions
    so far. `tests`: home tests begun (names the cookie). `done`: registrations completed. `peer`: care-of address of a
    type 2 correspondent, as far as it is known ("asked", "sent": a handshake under way, 4.2).
    """

    stage: str = "idle"
    credential: str = "T"
    nonce: int = 0
    care_of_nonce: int = 0
    pt: int = 0
    ht: int = 0
    seq: int = 0
    tries: int = 0
    tests: int = 0
    done: int = 0
    peer: str = ""


def awaits(held: Registration, seq: int) -> bool:
    """Whether an update with this number is outstanding."""
    return held.stage in ("early", "complete", "leaving") and held.seq == seq


def is_testing(held: Registration) -> bool:
    return held.stage == "testing"


def awaited(ctx: Context, world: World, cell: Cell, ack: Acknowledgement) -> Registration:
    """The registration in the cell, which waits for an update with the number of the acknowledgement."""
    require(ctx.test(cell, awaits, ack.seq), "sequence-number")
    held: Registration = ctx.get(cell, _may_have_keyed(ctx, world.policy, ack))
    return held


def _may_have_keyed(ctx: Context, policy: Policy, ack: Acknowledgement) -> Callable[[Registration], bool] | None:
    """Whether kind and numbers of the tokens in the key are those of the outstanding update, addresses apart."""
    if ack.status or not all(policy.on(each) for each in ("mac-of-ack", "home-test", "careof-test")):
        return None
    match ctx.peek(ack, "mac"):
        case ("mac", ("Kbm", (kind, _, number, _), care_of), *_):
            pass
        case _:
            return None

    def may(held: Registration) -> bool:
        if kind != held.credential or number != {"T": held.nonce, "PT": held.pt, "HT": held.ht}[held.credential]:
            return False
        used = held.care_of_nonce if held.stage == "complete" else 0
        return care_of is None or bool(used == (0 if care_of == ZERO else care_of[2]))

    return may


def may_answer(world: World, test: Test) -> Callable[[Registration], bool] | None:
    """Whether the cookie is that of the last test begun; where nobody compares cookies, any may be."""
    if not world.policy.on("cookie"):
        return None
    cookie = test.cookie
    return lambda held: cookie[0] == "cookie" and bool(cookie[3] == held.tests)


def registration_of(principal: str, flow: Flow = MAIN) -> Cell:
    """Where a principal keeps its registration for a flow."""
    return _registration_of(principal, flow)


@cache
def _registration_of(principal: str, flow: Flow) -> Cell:
    about = About(
        "registration", f"registration{flow.label}", (("keeper", principal), ("home", flow.home), ("at", flow.at))
    )
    return Cell(f"{principal}.registration{flow.label}", Registration(), about=about)


def require_usable(ctx: Context, held: Registration) -> None:
    """MAX_TOKEN_LIFETIME: an honest node does not use T or C for longer than 210 s (RFC 6275 12)."""
    for nonce in (held.nonce, held.care_of_nonce):
        if nonce:
            require(ctx.test(CLOCK, token_usable, nonce), "token-too-old")


def signer(policy: Policy, principal: str, home: str = MAIN.home) -> str:
    """Whose key makes CGA parameters and signature (A-01; amendment agent_key)."""
    shared = policy.reads("key_owner", "mn") and policy.reads("agent_key", "shared")
    return key_owner(home) if shared else principal


def build_update(
    world: World,
    care_of: str,
    seq: int,
    credential: str,
    *,
    nonce: int = 0,
    generation: int = 0,
    care_of_nonce: int = 0,
    lifetime: bool = True,
    key: str | None = None,
    flow: Flow = MAIN,
    proxy: bool = True,
) -> Update:
    """A well-formed (P)BU with the right authenticator and, if `key` is given, the right signature."""
    bare = _bare_update(
        care_of, seq, credential, nonce, care_of_nonce, lifetime=lifetime, key=key, flow=flow, proxy=proxy
    )
    if key is not None:
        bare = bare._replace(sig=expected_signature(world.policy, bare))
    home_secret, care_of_secret = tokens_of(world.policy, bare, generation)
    return bare._replace(mac=expected_authenticator(world.policy, bare, home_secret, care_of_secret))


def _bare_update(
    care_of: str,
    seq: int,
    credential: str,
    nonce: int,
    care_of_nonce: int,
    *,
    lifetime: bool,
    key: str | None,
    flow: Flow,
    proxy: bool,
) -> Update:
    """The same without authenticator and signature."""
    return Update(
        proxy=proxy,
        home=flow.home,
        care_of=care_of,
        seq=seq,
        lifetime=lifetime,
        credential=credential,
        nonce=nonce,
        care_of_nonce=care_of_nonce,
        key=key,
        test=lifetime and not care_of_nonce,
        sig=None,
        mac=NONE,
        link=CARE_OF_CN,
        to=flow.at,
    )


def send_update(ctx: Context, update: Update) -> None:
    note_sent(ctx, update)
    ctx.send(update)


def believe_home_test(ctx: Context, world: World, who: str, test: Test, expected_cookie: Term) -> bool:
    """RFC 6275 11.6.2 and N042: the cookie vouches for a (P)HoT; False if the token is not the CN's."""
    if world.policy.on("cookie"):
        require(test.cookie == expected_cookie, "cookie")
        ctx.passed("the cookie matches")
    if ctx.same(test, "token", lambda: home_token(test.address, test.nonce, test.at)):
        require(ctx.test(CLOCK, nonce_exists, test.nonce), "no-such-nonce-yet")
        return True
    ctx.set(EVENT, Believed(who, test.kind))
    return False


def believe_acknowledgement(
    ctx: Context,
    world: World,
    who: str,
    care_of: str,
    held: Registration,
    ack: Acknowledgement,
) -> bool:
    """protocol-facts 3.6: number and authenticator vouch for a (P)BA; False if its content is not the CN's.

    A refusal with status 136 to 138 carries no authenticator (RFC 6275 9.5.4), so any host that guesses the number can
    send one. It brings no content: the receiver gives up its tokens and tests again, as after a loss.
    """
    require(awaits(held, ack.seq), "sequence-number")
    if ack.status:
        return False
    if world.policy.on("mac-of-ack"):
        kbm = outstanding_key(world, care_of, held, ack)
        right = partial(_right_authenticator, world.policy, care_of, kbm, ack)
        require(ctx.same(ack, "mac", right, under=kbm), "mac-of-ack")
        ctx.passed("the authenticator of the acknowledgement is right")
    if ack.proxy and ack.tokens and not world.policy.reads("cn_cga_on_pba", "off"):
        signed = partial(acknowledgement_signature, world.policy, care_of, ack.seq, ack.tokens, ack.at)
        require(ctx.same(ack, "sig", signed), "cn-signature")
    if not _brings_what_was_issued(ctx, world, care_of, held, ack):
        ctx.set(EVENT, Believed(who, ACKNOWLEDGEMENT))
        return False
    return True


def _right_authenticator(policy: Policy, care_of: str, kbm: Term, ack: Acknowledgement) -> Term:
    content = (ack.seq, ack.care_of_token, ack.care_of_nonce, ack.tokens)
    return acknowledgement_authenticator(policy, ack.proxy, care_of, kbm, content, ack.at)


def _brings_what_was_issued(ctx: Context, world: World, care_of: str, held: Registration, ack: Acknowledgement) -> bool:
    """Ghost: whether the tokens in it are the CN's: C of this address and nonce, PT and HT of this home address.

    FORGED stands for a token of the attacker's choice, in clear or encrypted under the receiver's public key.
    """
    if any(decrypted(token) == FORGED for token in ack.tokens):
        return False
    if held.stage != "early":
        return True
    require(ack.care_of_nonce != 0, "no-care-of-token")
    plain = care_of_token_for(world.policy, care_of, ack.care_of_nonce, ack.at)
    hidden = encrypted(signer(world.policy, ack.to, ack.home) if ack.proxy else key_owner(ack.home), plain)
    if not (ctx.same(ack, "care_of_token", lambda: plain) or ctx.same(ack, "care_of_token", lambda: hidden)):
        return False
    require(ctx.test(CLOCK, nonce_exists, ack.care_of_nonce), "no-such-nonce-yet")
    return True


def outstanding_key(world: World, care_of: str, held: Registration, ack: Acknowledgement) -> Term:
    """Kbm of the update that waits for its acknowledgement."""
    generation = held.pt if held.credential == "PT" else held.ht
    update = _bare_update(
        care_of,
        held.seq,
        held.credential,
        held.nonce,
        held.care_of_nonce if held.stage == "complete" else 0,
        lifetime=care_of != ack.home,
        key=None,
        flow=Flow(ack.home, ack.at),
        proxy=ack.proxy,
    )
    return management_key(*tokens_of(world.policy, update, generation))


def decrypted(token: Term) -> Term:
    content: Term = token[2] if token[0] == "enc" else token
    return content


def issued(ack: Acknowledgement) -> tuple[int, int]:
    """Generations of (PT, HT) that the acknowledgement brings, 0 for none."""
    found = {decrypted(token)[0]: decrypted(token)[2] for token in ack.tokens}
    return found.get(permanent_token("", 0)[0], 0), found.get(handover_token("", 0)[0], 0)
