"""A message that the attacker may put before a receiver."""

from __future__ import annotations

from typing import NamedTuple

from pmicheck.model.messages import Message
from pmicheck.model.terms import Term


class Injection(NamedTuple):
    """A message that the attacker may send once it knows all of `needs`; `replay` if an honest node sent just that."""

    message: Message
    needs: tuple[Term, ...]
    replay: bool = False
