"""Numbers of which only a class is known: zero, any number from one on, any number at all.

A rule that runs on classes of numbers is given a `Number` for each: one integer, which nobody knows. Where the class
does not settle a comparison, it may come out either way: whoever runs the rule is asked, and runs it again for the
other answer. What cannot be done with a class of numbers raises `NotAbstract`.
"""

from __future__ import annotations

from typing import Any, Protocol


class Source(Protocol):
    """Where the numbers of a run come from."""

    def ask(self) -> bool:
        """Which way a comparison comes out that may come out either way."""

    def number(self, least: int | None, *, exact: bool = False) -> Number:
        """One more number of the run."""


class NotAbstract(TypeError):
    """A rule does with a number what cannot be done with a class of numbers."""


class Number:
    """One integer that is not less than `least` (None: any integer); `exact` says that it is this very value.

    So an object equals itself, and two objects may be equal or not. The hash is that of the object: a set or a
    dictionary must not be asked for an equal number, and no rule does so but by the predicates of the clock.
    """

    __slots__ = ("exact", "least", "source")

    def __init__(self, source: Source, least: int | None, *, exact: bool = False) -> None:
        self.source, self.least, self.exact = source, least, exact

    def __repr__(self) -> str:
        return "0" if self.exact else "1"

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return self != 0

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Number | int) or _below(self, other) or _below(other, self):
            return False
        return (_at_most(self, other) and _at_most(other, self)) or self.source.ask()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Number | int) -> bool:
        if self is other or _at_most(other, self):
            return False
        return _below(self, other) or self.source.ask()

    def __le__(self, other: Number | int) -> bool:
        if self is other or _at_most(self, other):
            return True
        return not _below(other, self) and self.source.ask()

    def __gt__(self, other: Number | int) -> bool:
        return not self <= other

    def __ge__(self, other: Number | int) -> bool:
        return not self < other

    def __add__(self, more: int) -> Number:
        if isinstance(more, Number) or more < 0:
            raise NotAbstract(f"a number plus {more!r}")
        if not more:
            return self
        return self.source.number(None if self.least is None else 1)

    def __sub__(self, other: Number | int) -> Number:
        return self.source.number(None)

    __rsub__ = __mod__ = __floordiv__ = __sub__

    def __index__(self) -> int:
        raise NotAbstract("a class of numbers is no index")


def _highest(value: Number | int) -> int | None:
    """The largest value possible, None if there is none."""
    if isinstance(value, Number):
        return value.least if value.exact else None
    return value


def _lowest(value: Number | int) -> int | None:
    return value.least if isinstance(value, Number) else value


def _below(one: Number | int, other: Number | int) -> bool:
    """Whether the one is less than the other in any case."""
    high, low = _highest(one), _lowest(other)
    return high is not None and low is not None and high < low


def _at_most(one: Number | int, other: Number | int) -> bool:
    high, low = _highest(one), _lowest(other)
    return high is not None and low is not None and high <= low


def is_number(value: Any) -> bool:
    """Whether it is an integer, known or not; truth values are none."""
    return isinstance(value, Number) or (isinstance(value, int) and not isinstance(value, bool))
