"""The cells of packets under way: one for each honest message, and slots for answers that the attacker asked for."""

from __future__ import annotations

from functools import cache

from pmicheck.model.cells import About, Cell
from pmicheck.model.messages import Acknowledgement, CacheAnswer, ContextData, Message, Test, describe

UNDER_WAY = About("packet under way", "")

ANSWERS = (Test, Acknowledgement, CacheAnswer, ContextData)
"""What honest nodes send back, or pass on, and forget."""


@cache
def flight_of(message: Message) -> Cell:
    """Whether the message is under way on its link."""
    name = f"in flight on {message.link} to {message.to}: {describe(message)} {message!r}"
    return Cell(name, False, about=UNDER_WAY)


@cache
def slot(number: int) -> Cell:
    """One of the answers that are under way to honest nodes because the attacker asked for them, None for none."""
    return Cell(f"in flight: answer {number} to the attacker", None, about=UNDER_WAY)
