"""Which binding update the correspondent node believes: the checks of protocol-facts 3.4, 3.5 and 3.9, in order."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from pmicheck.language.cells import Context, Refused, equals, require
from pmicheck.language.message import Term
from pmicheck.model.messages import CN, Update
from pmicheck.model.policy import Policy
from pmicheck.model.roles.binding_cache import (
    accepts,
    at_most_serial,
    burnt_nonce,
    burnt_pair,
    cells_of,
    contains,
    free_or,
    issued_for,
    newest_delegation,
    nonempty,
    used_from,
)
from pmicheck.model.terms import (
    ZERO,
    authenticator,
    care_of_token,
    handover_token,
    home_token,
    management_key,
    permanent_token,
    signature,
)
from pmicheck.model.time import CLOCK, nonce_accepted, nonce_exists
from pmicheck.model.topology import CARE_OF, key_owner
from pmicheck.model.world import World


def authorise(ctx: Context, world: World, update: Update) -> int:
    """Let the update through or raise `Refused`; returns the generation of the PT or HT that authenticated it, or 0."""
    policy = world.policy
    require(not (policy.on("hao-rejection-in-pbu") and update.proxy and update.hao), "hao-rejection-in-pbu")
    if not world.enhanced and update.step == "early":
        raise Refused("nonce-freshness")  # RFC 6275 knows no update without a care-of nonce; RFC 4866 brought it
    proven = _proven(ctx, world, update)
    generation = proven.generation
    if update.step == "early" and update.key is None:
        # Index zero without a Care-of Test Init names no nonce (RFC 4866 4.2).
        require(update.test, "nonce-freshness")
    if update.lifetime:
        _method(ctx, policy, update)
        _nonces(ctx, policy, update)
    elif not policy.dereg_unauthenticated:
        _deregistration_method(ctx, world, update)
        _nonces(ctx, policy, update)
    if update.lifetime or not policy.dereg_unauthenticated:
        _authenticator(ctx, policy, update, proven)
    _sequence_number(ctx, world, update)
    _tombstone(ctx, policy, update)
    if update.lifetime:
        _token_binding(ctx, world, update, generation)
    if update.key is not None:
        _cga(ctx, world, update, proven)
    return generation


class Proven(NamedTuple):
    """What vouches for an update: a right authenticator, made with the PT or HT of this generation (0: none, or T), and
    a right signature."""

    authenticator: bool
    generation: int
    signature: bool


def _proven(ctx: Context, world: World, update: Update) -> Proven:
    """Compare authenticator and signature with what the CN computes; PT and HT it finds by trying them (A-08)."""
    policy = world.policy
    unchecked = not policy.on("mac") or (not update.lifetime and policy.dereg_unauthenticated)
    for generation in _generations(ctx, world, update, unchecked):
        home, care_of = tokens_of(policy, update, generation)
        right = partial(expected_authenticator, policy, update, home, care_of)
        if unchecked or ctx.same(update, "mac", right, under=management_key(home, care_of)):
            return Proven(not unchecked, generation, _signature_is_right(ctx, policy, update))
    return Proven(False, 0, False)


def _generations(ctx: Context, world: World, update: Update, unchecked: bool) -> tuple[int, ...]:
    """Which PT or HT the sender may have used: the one that its authenticator shows, or any that may be issued."""
    if update.credential == "T":
        return (0,)
    mac = ctx.peek(update, "mac")
    if mac is not None and mac[0] == "mac":
        token = mac[1][1]
        return (token[2] if token[0] == update.credential else 0,)
    if unchecked or not world.policy.on("home-test"):
        return (0,)
    return tuple(range(1, world.pairs_of(update.home) + 1))


def _signature_is_right(ctx: Context, policy: Policy, update: Update) -> bool:
    """Whether nothing is wrong with the signature; otherwise the update ends with `_cga` at the latest."""
    if update.key is None or not policy.on("signature"):
        return True
    return ctx.same(update, "sig", lambda: expected_signature(policy, update), vital=True)


def _method(ctx: Context, policy: Policy, update: Update) -> None:
    """Method selection (RFC 4866 4.2, N052, N059-N062, N090): 147, 148, 149, 150 and 129."""
    cells = cells_of(update.home, update.to)
    signed = update.key is not None
    if update.credential == "T" and not signed:
        if policy.on("rule-149"):
            require(not ctx.test(cells.pt, nonempty, worth=False), "rule-149")
            ctx.passed("no permanent token exists (rule 149)")
        if not update.proxy:
            require(policy.reads("plain_rr_fallback", "yes"), "plain-rr-fallback")
    if update.credential == "PT":
        require(not (signed and not update.proxy and policy.on("rule-150")), "rule-150")
        require(ctx.test(cells.pt, nonempty, worth=True), "rule-147")
    if update.credential == "HT":
        require(update.proxy, "handover-token-needs-proxy-flag")
        require(ctx.test(cells.ht, nonempty, worth=True), "rule-147")
    if update.proxy and not signed:
        _signature_missing(policy, update)


def _signature_missing(policy: Policy, update: Update) -> None:
    """N090 for complete, N052 and N062 for early PBUs; N060 frees an early PBU with PT."""
    if update.step == "complete":
        require(not policy.on("cga-in-complete"), "cga-in-complete")
    elif update.credential != "PT":
        wanted = update.credential == "HT" or policy.reads("cga_in_early", "yes")
        required = wanted and policy.on("cga-in-early")
        require(not required, "cga-in-early")


def _deregistration_method(ctx: Context, world: World, update: Update) -> None:
    """Reading dereg_auth (A-17): PT where one exists and else T, or any token; T with CGA always (RFC 4866 5.7)."""
    policy = world.policy
    if update.credential == "T" and not update.proxy and update.key is None:
        require(not world.enhanced or policy.reads("plain_rr_fallback", "yes"), "plain-rr-fallback")
    if update.credential == "HT":
        require(update.proxy and policy.reads("dereg_auth", "any"), "dereg-auth")
        require(ctx.test(cells_of(update.home, update.to).ht, nonempty, worth=True), "rule-147")
    pt = cells_of(update.home, update.to).pt
    if update.credential == "PT":
        require(ctx.test(pt, nonempty, worth=True), "rule-147")
    elif update.credential == "T" and policy.reads("dereg_auth", "pt"):
        signed = update.key is not None and not update.proxy
        require(signed or not (ctx.test(pt, nonempty) and policy.on("rule-149")), "rule-149")


def _nonces(ctx: Context, policy: Policy, update: Update) -> None:
    """RFC 6275 9.5.1: both indices fresh; the care-of index is ignored if the lifetime is zero."""
    fresh = nonce_accepted if policy.on("nonce-freshness") else nonce_exists
    for nonce in (update.nonce, update.care_of_nonce if update.lifetime else 0):
        if nonce:
            require(ctx.test(CLOCK, fresh, nonce, worth=True), "nonce-freshness")
            ctx.passed(f"nonce {nonce} is accepted")


def tokens_of(policy: Policy, update: Update, generation: int) -> tuple[Term, Term | None]:
    """The home token and the care-of token that the CN takes into the key for this update."""
    home = _home_token(update, generation) if policy.on("home-test") else ZERO
    if not update.lifetime:
        return home, None
    if not update.care_of_nonce or not policy.on("careof-test"):
        return home, ZERO
    return home, care_of_token_for(policy, update.care_of, update.care_of_nonce, update.to)


def _home_token(update: Update, generation: int) -> Term:
    if update.credential == "T":
        return home_token(update.home, update.nonce, update.to)
    issued = permanent_token if update.credential == "PT" else handover_token
    return issued(update.home, generation, update.to)


def care_of_token_for(policy: Policy, care_of: str, nonce: int, at: str = CN) -> Term:
    """C; without the domain octet it is the same value as T for the same address (protocol-facts 2.1)."""
    return care_of_token(care_of, nonce, at) if policy.on("token-domain-octet") else home_token(care_of, nonce, at)


def header_of(policy: Policy, update: Update) -> Term:
    """What stands in the Mobility Header from its first octet to the authenticator, besides the public constants."""
    return (
        *signed_part(policy, update),
        _indices(update),
        ("test", update.test),
        ("signature", update.sig),
    )


def signed_part(policy: Policy, update: Update) -> Term:
    """The Mobility Header up to and including the CGA parameters (protocol-facts 2.4)."""
    kind = "PBU" if update.proxy else "BU"
    by_option = update.proxy and policy.reads("hoa_conveyance", "option")
    conveyed = update.home if by_option else None
    alternate = update.care_of if update.proxy and not by_option else None
    return (
        kind,
        ("seq", update.seq),
        ("lifetime", update.lifetime),
        ("home", conveyed),
        ("alternate", alternate),
        ("key", update.key),
        *((_indices(update),) if policy.reads("signed_nonces", "yes") else ()),
    )


def _indices(update: Update) -> Term:
    """The Nonce Indices option."""
    return ("index", update.credential, update.nonce, update.care_of_nonce)


def expected_authenticator(policy: Policy, update: Update, home: Term, care_of: Term | None) -> Term:
    """The authenticator that the CN computes; the care-of address of a deregistration is the home address."""
    address = None
    if policy.on("coa-in-mac"):
        address = update.care_of if update.lifetime else update.home
    return authenticator(
        management_key(home, care_of),
        address,
        update.to if policy.on("cn-in-mac") else None,
        header_of(policy, update),
    )


def _authenticator(ctx: Context, policy: Policy, update: Update, proven: Proven) -> None:
    """RFC 6275 9.5.1 step 4, with PT and HT looked up under the home address (protocol-facts 2.2)."""
    generation = proven.generation
    if policy.on("mac"):
        require(proven.authenticator, "mac")
        ctx.passed("the authenticator is right")
    if update.credential != "T" and policy.on("home-test") and policy.on("mac"):
        cells = cells_of(update.home, update.to)
        held = cells.pt if update.credential == "PT" else cells.ht
        require(ctx.test(held, contains, generation, worth=True), "mac")
        ctx.passed(f"{update.credential}{generation} is valid")


def _sequence_number(ctx: Context, world: World, update: Update) -> None:
    """RFC 6275 9.5.1 step 2. For its own addresses the attacker picks a number that passes; none is modelled."""
    if world.policy.on("sequence-number") and update.home in world.victims:
        seq = cells_of(update.home, update.to).seq
        greater = ctx.test(seq, accepts, update.seq, world.bounds.sequence_modulus, worth=True)
        require(greater, "sequence-number")
        ctx.passed(f"sequence number {update.seq} is greater than the last, or there is none")


def _truth(value: bool) -> bool:
    return value


def _tombstone(ctx: Context, policy: Policy, update: Update) -> None:
    """RFC 6275 9.5.3 and reading tombstone (A-15)."""
    if not policy.on("tombstone") or policy.reads("tombstone", "none") or not update.nonce:
        return
    if update.lifetime and update.care_of_nonce:
        pair = burnt_pair(update.home, update.care_of, update.nonce, update.care_of_nonce, update.to)
        require(not ctx.test(pair, _truth, worth=False), "tombstone")
    if policy.reads("tombstone", "full"):
        require(not ctx.test(burnt_nonce(update.home, update.nonce, update.to), _truth, worth=False), "tombstone")


def _token_binding(ctx: Context, world: World, update: Update, generation: int) -> None:
    """Amendments pt_binding and ht_use: where a token may come from. The attacker's own homes have one pair only."""
    policy = world.policy
    if update.home not in world.victims:
        return
    if update.credential == "PT" and policy.reads("pt_binding", "care-of-address"):
        bound = issued_for(update.home, update.to, generation)
        require(ctx.test(bound, equals, update.care_of, worth=True), "pt-binding")
    if update.credential == "HT" and policy.reads("ht_use", "once"):
        used = used_from(update.home, update.to, generation)
        require(ctx.test(used, free_or, update.care_of, worth=True), "ht-use")


def _delegation(ctx: Context, world: World, update: Update) -> None:
    """Amendment agent_key: a delegation names agent, care-of address and serial number, and the newest one counts."""
    require(update.key in world.agents, "cga")
    assert update.key is not None
    require(update.care_of == CARE_OF[update.key], "delegation")
    serial = world.agents.index(update.key) + 1
    require(ctx.test(newest_delegation(update.home, update.to), at_most_serial, serial, worth=True), "delegation")
    ctx.passed("the node's key delegates to this agent at this address, and to none later")


def _cga(ctx: Context, world: World, update: Update, proven: Proven) -> None:
    """RFC 3972 5 and RFC 4866 4.6; with key_owner=pma nothing ties the key to the home address (A-01)."""
    policy = world.policy
    if policy.on("cga") and delegated(world, update):
        _delegation(ctx, world, update)
    elif policy.on("cga") and not (update.proxy and policy.reads("key_owner", "pma")):
        require(update.key == key_owner(update.home), "cga")
        ctx.passed("the home address is made from the key")
    if policy.on("signature"):
        require(proven.signature, "signature")
        ctx.passed("the signature is right")


def delegated(world: World, update: Update) -> bool:
    """Whether the signature has to be an agent's own, by delegation (amendment agent_key)."""
    return update.proxy and update.home in world.victims and world.policy.reads("agent_key", "delegated")


def expected_signature(policy: Policy, update: Update, correspondent: str = "") -> Term:
    """The signature over exactly the fields of protocol-facts 2.4; `correspondent` is the receiver if not named."""
    assert update.key is not None
    return signature(
        update.key,
        policy.on("type-tag"),
        update.care_of if policy.on("coa-in-signature") else None,
        (correspondent or update.to) if policy.on("cn-in-signature") else None,
        signed_part(policy, update),
    )
