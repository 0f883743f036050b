"""Packets under way: a cell for each honest message, slots for answers that the attacker asked for, who takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from pmicheck.grounding.instance import Instance
from pmicheck.language.act import Act
from pmicheck.language.cells import About, Cell
from pmicheck.language.message import Message, Term
from pmicheck.model.messages import Acknowledgement, CacheAnswer, ContextData, Test, describe

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


@dataclass
class Sent:
    """What becomes of a message that an honest node sends.

    Attributes:
        act: the rule of its receiver, None if nobody takes it.
        shown: what the attacker reads of it.
        deliveries: those that have been started, by the cell that says that it is under way.
    """

    act: Act | None
    shown: tuple[Term, ...]
    deliveries: set[Cell] = field(default_factory=set)


def is_answer_to_attacker(instance: Instance, message: Message) -> bool:
    """Whether an honest node answers, or a home agent passes on the answer to, what the attacker sent."""
    asked = instance.by_attacker or (instance.flight is not None and instance.flight.initial is None)
    return asked and isinstance(message, ANSWERS)
