"""Ghost cells of authorship: what honest nodes sent, and what of it was accepted already (injective agreement)."""

from __future__ import annotations

from functools import cache

from pmicheck.language.cells import Cell, Context
from pmicheck.language.message import Term
from pmicheck.model.events import EVENT, Accepted
from pmicheck.model.messages import Update
from pmicheck.model.roles.attachment import attacker_addresses, serving_address
from pmicheck.model.roles.binding_cache import cells_of, honest_at
from pmicheck.model.topology import CARE_OF, PMA3
from pmicheck.model.world import World

UNSENT, SENT, USED = "unsent", "sent", "used"


@cache
def evidence(term: Term) -> Cell:
    """Whether an honest node sent this update, authenticator or signature, and whether the CN accepted it."""
    return Cell(f"evidence {term!r}", UNSENT, ghost=True)


def proofs(update: Update) -> tuple[Term, ...]:
    """What vouches for the update: its authenticator and, if there is one, its signature."""
    return (update.mac,) if update.sig is None else (update.mac, update.sig)


def identity(update: Update) -> Term:
    """The update as a whole, with the fields that neither authenticator nor signature covers.

    The source address of a deregistration is none of them: it names no care-of address (protocol-facts 2.2).
    """
    care_of = update.care_of if update.lifetime else ""
    numbers = (update.seq, update.lifetime, update.credential, update.nonce, update.care_of_nonce)
    kinds = (update.proxy, update.home, care_of, *numbers, update.key, update.test)
    return ("update", *kinds, update.sig, update.mac, update.to)


def traces_of(update: Update) -> tuple[Cell, ...]:
    """The evidence of the update as a whole, and then of what vouches for it."""
    return tuple(evidence(term) for term in (identity(update), *proofs(update)))


def note_sent(ctx: Context, update: Update) -> None:
    for trace in traces_of(update):
        ctx.set(trace, SENT)


def was_sent(state: str) -> bool:
    return state != UNSENT


def was_used(state: str) -> bool:
    return state == USED


def was_authored(ctx: Context, update: Update) -> bool:
    """Whether an honest node sent just this update."""
    return ctx.authored(update, lambda message: evidence(identity(message)))


def note_accepted(ctx: Context, update: Update) -> tuple[str, bool]:
    """(author, again): "honest" if an honest node sent just this update, and whether part of it was accepted before."""
    sent = was_authored(ctx, update)
    again = False
    for proof in (evidence(term) for term in (ctx.peek(update, "mac"), ctx.peek(update, "sig")) if term is not None):
        if not sent and not ctx.test(proof, was_sent):
            continue
        again = ctx.test(proof, was_used) or again
        ctx.set(proof, USED)
    return ("honest" if sent else "attacker"), again


def harm_to(ctx: Context, world: World, home: str, at: str, care_of: str | None) -> str:
    """Whether an honest current entry goes (`care_of` is None), or goes elsewhere, by what is accepted."""
    if home in world.own_homes:
        return "none"
    current = serving_address(ctx, home) if home in world.victims else CARE_OF[PMA3]
    if care_of == current or not ctx.test(cells_of(home, at).entry, honest_at, current):
        return "none"
    return "deleted" if care_of is None else "replaced"


def note_event(ctx: Context, world: World, home: str, accepted: Accepted) -> None:
    """The event that the authorisation properties look at; what an honest node sent, vouched for and once, is none
    unless it does harm."""
    in_order = accepted.author == "honest" and not accepted.again and accepted.authenticated
    if in_order and accepted.harm == "none":
        return
    serves = bool(world.corrupted) and serving_address(ctx, home) in attacker_addresses(world)
    ctx.set(EVENT, accepted._replace(rogue_serves=serves))
