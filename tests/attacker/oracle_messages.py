"""Every message that the attacker can put together: the product of the values of all fields, as far as it derives it.

Where a receiver recomputes a field (authenticator, signature, proof), that field takes every value that the receiver
could compute for the other fields, and each is kept if the attacker derives it. Some rules keep the product to what the
model gives a meaning to (decision 091):

* ("forged",) stands for every token that is not the right one: a token field takes the genuine token of the fields
  beside it, if the attacker derives it, and the forged one.
* A signature is there if and only if CGA parameters are.
* A signature that nobody checks is the right one or the forged one. An authenticator that nobody checks is missing, or
  names the token of the generation that the receiver is to try.
* Home agents only forward, so each message is offered to the receiver behind them, over any link that leads there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oracle_deduction import Knowledge
from oracle_domains import HANDSHAKES
from oracle_peers import Peers
from oracle_updates import Signalling

from pmicheck.language.message import Message
from pmicheck.model.messages import visible_terms


class Offer(Signalling, Peers):
    """What the attacker of one world can send."""

    def seen_again(self, known: Knowledge, seen: Iterable[Message]) -> Iterator[Message]:
        """Messages that somebody sent before, as they are."""
        yield from (m for m in seen if self.may_send(m) and all(known.derives(t) for t in visible_terms(m)))

    def composed(self, known: Knowledge, nonce: int) -> Iterator[Message]:
        """The messages that can be derived while `nonce` is the newest one."""
        variant = self.world.course.name
        nonces = tuple(range(1, nonce + 1))
        if variant in HANDSHAKES:
            yield from filter(self.may_send, self.peer_updates(known))
            yield from filter(self.may_send, self.peer_acknowledgements(known))
            yield from self.cache_messages()
            yield from self.context_messages(known)
        elif variant != "local":
            yield from self.test_inits(known)
            yield from self.tests(known, nonces)
            yield from self.updates(known, nonces)
            yield from self.acknowledgements(known, nonces)
            yield from self.handover_tokens(known)
        yield from self.data()
        yield from self.triggers()
