"""Ghost cells of authorship: what honest nodes sent, and what of it was accepted already (injective agreement)."""

from __future__ import annotations

from functools import cache

from pmicheck.model.cells import Cell, Context
from pmicheck.model.messages import Update
from pmicheck.model.terms import Term

UNSENT, SENT, USED = "unsent", "sent", "used"


@cache
def evidence(term: Term) -> Cell:
    """Whether an honest node sent this update, authenticator or signature, and whether the CN accepted it."""
    return Cell(f"evidence {term!r}", UNSENT, ghost=True)


def proofs(update: Update) -> tuple[Term, ...]:
    """What vouches for the update: its authenticator and, if there is one, its signature."""
    return (update.mac,) if update.sig is None else (update.mac, update.sig)


def identity(update: Update) -> Term:
    """The update as a whole, with the fields that neither authenticator nor signature covers."""
    return ("update", *update)


def note_sent(ctx: Context, update: Update) -> None:
    for proof in (identity(update), *proofs(update)):
        ctx.set(evidence(proof), SENT)


def was_sent(state: str) -> bool:
    return state != UNSENT


def was_used(state: str) -> bool:
    return state == USED


def note_accepted(ctx: Context, update: Update) -> tuple[str, bool]:
    """(author, again): "honest" if an honest node sent just this update, and whether part of it was accepted before."""
    sent = ctx.test(evidence(identity(update)), was_sent)
    again = False
    for proof in proofs(update):
        if not sent and not ctx.test(evidence(proof), was_sent):
            continue
        again = ctx.test(evidence(proof), was_used) or again
        ctx.set(evidence(proof), USED)
    return ("honest" if sent else "attacker"), again
