"""The type 1 correspondent node: answers tests, keeps bindings, issues tokens.

Draft 3.2-3.5 and 7; RFC 6275 9; RFC 4866 4.
"""

from __future__ import annotations

from typing import Any

from pmicheck.language.cells import Context, Refused, require, require_within
from pmicheck.language.message import Term
from pmicheck.model.events import FALLBACK, Accepted, FellBack
from pmicheck.model.messages import (
    CARE_OF_CN,
    CN,
    HA,
    HA_CN,
    INTERNET,
    Acknowledgement,
    Test,
    TestInit,
    Update,
)
from pmicheck.model.policy import Policy
from pmicheck.model.roles.attachment import attacker_addresses, who_is_at
from pmicheck.model.roles.authorisation import (
    authorise,
    care_of_token_for,
    delegated,
    tokens_of,
)
from pmicheck.model.roles.binding_cache import (
    Entry,
    HomeCells,
    alive,
    below,
    burnt_nonce,
    burnt_pair,
    cells_of,
    issued_for,
    joined,
    newest_delegation,
    present,
    used_from,
    verified_at,
)
from pmicheck.model.roles.ghosts import harm_to, note_accepted, note_event, was_authored
from pmicheck.model.terms import (
    authenticator,
    encrypted,
    handover_token,
    home_token,
    management_key,
    permanent_token,
    signature,
)
from pmicheck.model.time import CLOCK, LAST_PHASE, current_nonce, reaches
from pmicheck.model.topology import ATTACKER, ATTACKER_HOME, CARE_OF, NOBODY
from pmicheck.model.world import World


def answer_test(ctx: Context, world: World, init: TestInit) -> None:
    """HoTI and PHoTI: T to the home address; CoTI: C to the care-of address (RFC 6275 9.4, D 3.2). No state is made."""
    if init.hao is not None:
        require(not world.policy.on("hao-rejection-in-hoti"), "hao-rejection-in-hoti")
    nonce = current_nonce(ctx.get(CLOCK))
    if init.kind == "CoTI":
        kind, token = "CoT", care_of_token_for(world.policy, init.address, nonce, init.to)
        link, to = _way_to(world, init.address)
    else:
        kind, token = init.kind.removesuffix("I"), home_token(init.hao or init.address, nonce, init.to)
        link, to = HA_CN, HA
    answer = Test(
        kind=kind,
        address=init.address,
        nonce=nonce,
        cookie=init.cookie,
        token=token,
        link=link,
        to=to,
        at=init.to,
    )
    ctx.send(answer)


def receive_update(ctx: Context, world: World, update: Update) -> None:
    """An early, complete or deregistering (P)BU: check it, change the cache, answer it (N054, N074, N075, N160)."""
    generation = authorise(ctx, world, update)
    if update.lifetime:
        _register(ctx, world, update, generation)
    else:
        _deregister(ctx, world, update, generation)


def _register(ctx: Context, world: World, update: Update, generation: int) -> None:
    policy = world.policy
    cells = cells_of(update.home, update.to)
    harm = harm_to(ctx, world, update.home, update.to, update.care_of)
    author, again = note_accepted(ctx, update)
    old = author == "attacker" and _outlived_registration(ctx, world, update, generation)
    registrant = "honest" if author == "honest" and not again else "attacker"
    complete = update.step == "complete"
    verified = complete or ctx.test(cells.entry, verified_at, update.care_of)
    capped = update.credential == "T" and update.key is None and policy.on("lifetime-bound")
    created = not _authenticated(policy, update) and not ctx.test(cells.entry, present)
    burns = registrant == "honest" and update.nonce and (complete or policy.reads("tombstone", "full"))
    nonces = (update.nonce, update.care_of_nonce) if burns else None
    ctx.set(
        cells.entry,
        Entry(care_of=update.care_of, verified=verified, capped=capped, registrant=registrant, nonces=nonces),
    )
    if update.home in world.victims:
        _note_number(ctx, world, update)
        _note_amendments(ctx, world, update, generation)
    _use_handover_token(ctx, policy, cells, update, generation)
    tokens = _issue_tokens(ctx, world, cells, update)
    _note(ctx, world, update, author, again, "created" if created else "changed", harm, by_old_token=old)
    _acknowledge(ctx, world, update, generation, tokens, author)


def _note_number(ctx: Context, world: World, update: Update) -> None:
    """The last number that was accepted (RFC 6275 9.5.1), and the newest nonce that an update named for a token."""
    cells = cells_of(update.home, update.to)
    ctx.set(cells.seq, update.seq)
    if not world.keeps_number or (not update.lifetime and world.policy.dereg_unauthenticated):
        return
    named = max(update.nonce, update.care_of_nonce if update.lifetime else 0)
    if named and ctx.test(cells.newest, below, named):
        ctx.set(cells.newest, named)


def _note_amendments(ctx: Context, world: World, update: Update, generation: int) -> None:
    """What the amendments ht_use and agent_key have the correspondent remember."""
    if update.credential == "HT" and world.policy.reads("ht_use", "once"):
        ctx.set(used_from(update.home, update.to, generation), update.care_of)
    if update.key is not None and delegated(world, update) and world.policy.on("cga"):
        ctx.set(newest_delegation(update.home, update.to), world.agents.index(update.key) + 1)


def _next_pair(ctx: Context, world: World, cells: HomeCells, update: Update) -> int:
    """The number of the pair that is issued; for the attacker's own addresses the last one is issued again."""
    most = world.pairs_of(update.home)
    if most == 1 and update.home not in world.victims:
        return 1
    pair: int = ctx.get(cells.pairs) + 1
    if update.home not in world.victims:
        pair = min(pair, most)
    require_within(pair <= most, "token_pairs")
    ctx.set(cells.pairs, pair)
    return pair


def _use_handover_token(ctx: Context, policy: Policy, cells: HomeCells, update: Update, generation: int) -> None:
    """Reading rotation_grace=until-used: the first use of the new HT ends the grace of the old one (A-13)."""
    if update.credential == "HT" and policy.reads("rotation_grace", "until-used") and not policy.keeps_old_ht:
        held = ctx.get(cells.ht)
        ctx.set(cells.ht, tuple(g for g in held if g >= generation))


def _issue_tokens(ctx: Context, world: World, cells: HomeCells, update: Update) -> tuple[Term, ...]:
    """PT and HT after a valid signature (N059, N093, N094; RFC 4866 4.7 for a plain BU: PT alone)."""
    policy = world.policy
    early_issue = not update.proxy or policy.reads("token_issue_at", "early")
    if update.key is None or not (update.step == "complete" or early_issue):
        return ()
    pair = _next_pair(ctx, world, cells, update)
    if update.home in world.victims and policy.reads("pt_binding", "care-of-address"):
        ctx.set(issued_for(update.home, update.to, pair), update.care_of)
    old_pt = ctx.get(cells.pt) if not policy.on("pt-replacement") else ()
    ctx.set(cells.pt, joined(old_pt, pair))
    issued = [permanent_token(update.home, pair, update.to)]
    if update.proxy:
        ctx.set(cells.ht, joined(_surviving_handover_tokens(ctx, policy, cells), pair))
        issued.append(handover_token(update.home, pair, update.to))
    if policy.on("token-encryption"):
        return tuple(encrypted(update.key, token) for token in issued)
    return tuple(issued)


def _surviving_handover_tokens(ctx: Context, policy: Policy, cells: HomeCells) -> tuple[int, ...]:
    """Which old HT stay usable beside a new one (A-06, A-13)."""
    if policy.keeps_old_ht:
        held: tuple[int, ...] = ctx.get(cells.ht)
        return held
    if policy.reads("rotation_grace", "until-used"):
        newest: tuple[int, ...] = ctx.get(cells.ht)[-1:]
        return newest
    return ()


def _deregister(ctx: Context, world: World, update: Update, generation: int) -> None:
    """Lifetime zero: the entry goes, and PT with it (N072, N160); without an entry nothing changes."""
    cells = cells_of(update.home, update.to)
    old: Entry | None = ctx.get(cells.entry)
    if old is None:
        if update.proxy:
            raise Refused("no-entry")
        author = "honest" if was_authored(ctx, update) else "attacker"
        _acknowledge(ctx, world, update, generation, (), author)
        return
    harm = harm_to(ctx, world, update.home, update.to, None)
    author, again = note_accepted(ctx, update)
    if not world.policy.dereg_unauthenticated:
        _use_handover_token(ctx, world.policy, cells, update, generation)
    if update.home in world.victims and world.keeps_number:
        _note_number(ctx, world, update)
    recent = update.credential == "T" and world.policy.on("nonce-freshness") and _authenticated(world.policy, update)
    forget_entry(ctx, world, update.home, old, update.to, recent=recent)
    if world.policy.on("pt-revocation"):
        ctx.set(cells.pt, ())
    if world.policy.reads("sequence_scope", "home-address"):
        ctx.set(cells.seq, update.seq)
    if world.policy.reads("ht_survives_dereg", "no"):
        ctx.set(cells.ht, ())
    _note(ctx, world, update, author, again, "deleted", harm)
    if not update.proxy:
        _acknowledge(ctx, world, update, generation, (), author)


def forget_entry(ctx: Context, world: World, home: str, old: Entry, at: str, *, recent: bool = False) -> None:
    """What dies with an entry, and what must be remembered (RFC 6275 5.2.8, 9.5.3; readings deleted_number, tombstone).

    `recent` says that whoever ends it passed a home test within the life of a nonce: a fair fallback to its own home.
    """
    policy = world.policy
    cells = cells_of(home, at)
    ctx.set(cells.entry, None)
    kept = world.keeps_number and (home in world.own_homes or ctx.test(cells.newest, alive))
    if policy.reads("sequence_scope", "entry") and not kept:
        ctx.set(cells.seq, None)
    remembered = policy.on("tombstone") and not policy.reads("tombstone", "none")
    if old.nonces is not None and remembered:
        if old.nonces[1]:
            ctx.set(burnt_pair(home, old.care_of, *old.nonces, at), True)
        if policy.reads("tombstone", "full"):
            ctx.set(burnt_nonce(home, old.nonces[0], at), True)
    if not recent or home != ATTACKER_HOME:
        _note_fallback(ctx, world, home, old)


def _note_fallback(ctx: Context, world: World, home: str, old: Entry) -> None:
    """Ghost: traffic of this flow now goes to the home address; can the registrant be reached there?

    Only a flow that the attacker received can be its flood. It may have given up its own home address at
    any moment since its last home test, so that counts as lost.
    """
    if not old.used:
        return
    if home == ATTACKER_HOME:
        ctx.set(FALLBACK, FellBack(home, "lost", old.capped))
    elif old.registrant == "attacker" and old.care_of in attacker_addresses(world):
        ctx.set(FALLBACK, FellBack(home, "never", old.capped))


def _authenticated(policy: Policy, update: Update) -> bool:
    """Ghost: whether anything secret vouched for the update."""
    secret = policy.on("mac") and policy.on("home-test")
    signed = update.key is not None and policy.on("signature") and policy.on("cga")
    spared = not update.lifetime and policy.dereg_unauthenticated
    return (secret or signed) and not spared


def _note(
    ctx: Context,
    world: World,
    update: Update,
    author: str,
    again: bool,
    effect: str,
    harm: str,
    *,
    by_old_token: bool = False,
) -> None:
    """Ghost: the event of an update for a victim."""
    if update.home in world.victims:
        event = Accepted(
            step=update.step,
            author=author,
            again=again,
            effect=effect,
            harm=harm,
            authenticated=_authenticated(world.policy, update),
            by_old_token=by_old_token,
        )
        note_event(ctx, world, update.home, event)


def _outlived_registration(ctx: Context, world: World, update: Update, generation: int) -> bool:
    """Ghost: whether a handover token of the prologue makes an entry anew a day after it was issued (N015).

    When later tokens were issued is in no cell; an honest agent uses none after a day (`Bounds.honest_until`).
    """
    cells = cells_of(update.home, update.to)
    issued: Any = world.initial.get(cells.ht.name, cells.ht.initial)
    if update.credential != "HT" or generation not in issued:
        return False
    return ctx.test(CLOCK, reaches, LAST_PHASE) and not ctx.test(cells.entry, present)


def _acknowledge(
    ctx: Context, world: World, update: Update, generation: int, tokens: tuple[Term, ...], author: str
) -> None:
    """The (P)BA, under the key of the update it answers; where the update names the HoA as source it goes there (A-04).

    An update with lifetime zero names no care-of address, so that a Care-of Test Init option in it has nothing to test
    (RFC 6275 5.2.6; protocol-facts 2.1: C is not used).
    """
    policy = world.policy
    tests = update.lifetime and update.test
    nonce = current_nonce(ctx.get(CLOCK)) if tests else 0
    token = _care_of_token_to_send(policy, update, nonce) if tests else None
    registered = update.care_of if update.lifetime else update.home
    kbm = management_key(*tokens_of(policy, update, generation))
    sig = (
        acknowledgement_signature(policy, registered, update.seq, tokens, update.to)
        if update.proxy and tokens
        else None
    )
    content = (update.seq, token, nonce, tokens)
    mac = acknowledgement_authenticator(policy, update.proxy, registered, kbm, content, update.to)
    link, to = _way_back(world, update)
    ctx.send(
        Acknowledgement(
            proxy=update.proxy,
            care_of=registered,
            home=update.home,
            seq=update.seq,
            status=0,
            care_of_token=token,
            care_of_nonce=nonce,
            tokens=tokens,
            mac=mac,
            link=link,
            to=to,
            sig=sig,
            at=update.to,
        ),
        # What answers an update of the attacker's is followed to honest nodes as Bounds.answers says.
        lost=author == "attacker" and not world.bounds.answers,
    )


def _way_to(world: World, care_of: str) -> tuple[str, str]:
    """(link, receiver) of what goes to a care-of address: an agent's, or one elsewhere in the Internet."""
    return CARE_OF_CN if care_of in CARE_OF.values() else INTERNET, who_is_at(world, care_of)


def _way_back(world: World, update: Update) -> tuple[str, str]:
    """(link, receiver) of an answer: the care-of address, or the home address where that is the packet's source."""
    if update.lifetime and not (update.proxy and world.policy.reads("hoa_conveyance", "source")):
        return _way_to(world, update.care_of)
    if update.home in world.victims:
        return HA_CN, HA
    return INTERNET, ATTACKER if update.home == ATTACKER_HOME else NOBODY


def acknowledgement_authenticator(
    policy: Policy,
    proxy: bool,
    care_of: str,
    kbm: Term,
    content: tuple[int, Term | None, int, tuple[Term, ...]],
    at: str = CN,
) -> Term:
    """The authenticator of a (P)BA: the formula of protocol-facts 2.2 with the BA as MH Data.

    `content` is the sequence number, C with the index of its nonce (None and 0 without), and PT and HT.
    """
    seq, token, nonce, tokens = content
    tested = ("care-of token", token, nonce)
    header = ("PBA" if proxy else "BA", ("seq", seq), tested, ("tokens", tokens))
    return authenticator(
        kbm, care_of if policy.on("coa-in-mac") else None, at if policy.on("cn-in-mac") else None, header
    )


def acknowledgement_signature(
    policy: Policy, care_of: str, seq: int, tokens: tuple[Term, ...], at: str = CN
) -> Term | None:
    """Reading cn_cga_on_pba=on: the CN signs a PBA that brings tokens with the key of its own CGA (N096, A-30)."""
    if policy.reads("cn_cga_on_pba", "off"):
        return None
    return signature(at, True, care_of, at, ("PBA", ("seq", seq), ("tokens", tokens)))


def _care_of_token_to_send(policy: Policy, update: Update, nonce: int) -> Term:
    """C in clear, or encrypted under the key of the update's CGA parameters (N078, A-10)."""
    token = care_of_token_for(policy, update.care_of, nonce, update.to)
    wanted = policy.reads("encrypted_careof_token", "always") or (
        policy.reads("encrypted_careof_token", "handover") and update.credential == "HT"
    )
    if wanted and update.key is not None and policy.on("careof-token-encryption"):
        return encrypted(update.key, token)
    return token
