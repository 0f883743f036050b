"""Ghost cells of authorship: what honest nodes sent, and what of it was accepted already (injective agreement)."""

from __future__ import annotations

from functools import cache

from pmicheck.model.cells import Cell, Context
from pmicheck.model.messages import Update
from pmicheck.model.terms import Term

UNSENT, SENT, USED = "unsent", "sent", "used"


@cache
def evidence(term: Term) -> Cell:
    """Whether an honest node sent this authenticator or signature, and whether the CN accepted it."""
    return Cell(f"evidence {term!r}", UNSENT, ghost=True)


def proofs(update: Update) -> tuple[Term, ...]:
    """What vouches for the update: its authenticator and, if there is one, its signature."""
    return (update.mac,) if update.sig is None else (update.mac, update.sig)


def note_sent(ctx: Context, update: Update) -> None:
    for proof in proofs(update):
        ctx.set(evidence(proof), SENT)


def note_accepted(ctx: Context, update: Update) -> tuple[str, bool]:
    """(author, again): "honest" if an honest node sent just this update, and whether part of it was accepted before."""
    states = {proof: ctx.get(evidence(proof)) for proof in proofs(update)}
    for proof, state in states.items():
        if state == SENT:
            ctx.set(evidence(proof), USED)
    author = "attacker" if states[update.mac] == UNSENT else "honest"
    return author, USED in states.values()
