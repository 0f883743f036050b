"""Cells: the finite variables into which the local states of all principals are cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from pmicheck.language.message import Message, Term


class About(NamedTuple):
    """What a cell is about, for who compares its values or tells them.

    Attributes:
        kind: which of the kinds of cells it is, such as "entry".
        words: what it is called beside the name of its keeper.
        of: whose it is, and what else its name says: the keeper, a home address, a nonce.
    """

    kind: str
    words: str
    of: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, eq=False)
class Cell:
    """A variable of one principal, known by identity: whoever makes it anew, from a file too, gets the same object.

    Ghost cells record history for the properties; no rule of the protocol reads them. Neither they nor packets under
    way are `about` anything that a trace tells.
    """

    name: str
    initial: Any
    ghost: bool = False
    about: About | None = None

    def __new__(cls, name: str, initial: Any, ghost: bool = False, about: About | None = None) -> Cell:
        return _the_one(name, initial, ghost, about)

    def __reduce__(self) -> tuple[type[Cell], tuple[str, Any, bool, About | None]]:
        return Cell, (self.name, self.initial, self.ghost, self.about)


@lru_cache(maxsize=None, typed=True)
def _the_one(name: str, initial: Any, ghost: bool, about: About | None) -> Cell:
    del name, initial, ghost, about
    return object.__new__(Cell)


class Refused(Exception):
    """A receiver refuses a message, or a rule does not apply; `check` names what said no."""

    def __init__(self, check: str) -> None:
        self.check = check
        super().__init__(check)


class OutOfBounds(Refused):
    """A rule would go beyond a bound of the scenario; `check` names the bound."""


class Context(Protocol):
    """What a rule may do; grounding, random walks and tests each bring their own implementation."""

    def get(self, cell: Cell, worth: Callable[[Any], bool] | None = None) -> Any:
        """The value of the cell.

        `worth` is a hint for who would have to try every value: it may be False only of values with which the rule
        refuses in any case, and nobody needs to follow it.
        """

    def test(self, cell: Cell, predicate: Callable[..., bool], *arguments: Any, worth: bool | None = None) -> bool:
        """Whether `predicate(value, *arguments)` holds: cheaper to ground than `get`, and enough for most checks.

        `worth` is a hint as for `get`: with the other answer the rule refuses in any case.
        """

    def same(
        self,
        message: Message,
        field: str,
        expected: Callable[[], Term | None],
        under: Term | None = None,
        *,
        vital: bool = False,
    ) -> bool:
        """Whether the field of a received message holds the expected term.

        Of an authenticator `under` says the key. Whoever has the key can authenticate whatever the message holds;
        whoever has not, can repeat an authenticator that was made under it.

        `vital` is a hint as for `get`: without the expected term the rule refuses in any case.
        """

    def peek(self, message: Message, field: str) -> Any:
        """What a field holds, None where that is settled by nothing that the receiver has looked at."""

    def authored(self, message: Message, trace_of: Callable[[Any], Cell]) -> bool:
        """Ghost: whether an honest node has sent this very message, by the cell that records it."""

    def set(self, cell: Cell, value: Any) -> None: ...

    def send(self, message: Message, *, lost: bool = False) -> None:
        """Put a message on its link; a `lost` one is seen there but delivered to no honest node."""

    def learn(self, *terms: Any) -> None:
        """The attacker comes to know these terms."""

    def expose(self, link: str, *terms: Any) -> None:
        """These terms cross the link: whoever reads it learns them."""

    def passed(self, check: str) -> None:
        """Note that a check let the message through."""

    def lose_packets_in_flight(self) -> None:
        """No packet outlives a tick of the clock."""


def require(condition: bool, check: str) -> None:
    """Refuse by `check` unless the condition holds."""
    if not condition:
        raise Refused(check)


def require_within(condition: bool, bound: str) -> None:
    """Refuse as beyond the named bound unless the condition holds."""
    if not condition:
        raise OutOfBounds(bound)


def equals(value: Any, wanted: Any) -> bool:
    """The predicate for `Context.test` that asks for one value."""
    return bool(value == wanted)
