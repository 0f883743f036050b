"""Open messages: a receiver's rule is run on a message whose fields are chosen as the rule reads them.

An open message looks like one of `pmicheck.model.messages`. Reading a field forks the run over the domain of the field
(`pmicheck.model.fields`), as reading a cell does over the values of the cell. A field that the rule compares with a
term which it has computed (`Context.same`) forks into "is that term", which the sender then has to know, and "is not".
Fields that no rule reads are never chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Protocol

from pmicheck.language.message import Message, Term
from pmicheck.model.fields import Choice


@dataclass(frozen=True, eq=False)
class FieldOf:
    """What a field of a kind of message holds, with its domain."""

    kind: type[Message]
    name: str
    choice: Choice


@dataclass(frozen=True, eq=False)
class Holds:
    """Whether a field holds just this term: True once the attacker could supply it."""

    kind: type[Message]
    name: str
    term: Term | None


@dataclass(frozen=True, eq=False)
class Under:
    """Where an authenticator under this key comes from: None (there is none), `Built` or, but for `own`, `Repeated`."""

    kind: type[Message]
    name: str
    key: Term
    own: bool


@dataclass(frozen=True, eq=False)
class Whole:
    """Which message of an honest node an open one is, None if it is another one."""

    kind: type[Message]


class Built(NamedTuple):
    """The sender made the authenticator with the key of the place, whatever else the message holds."""


class Repeated(NamedTuple):
    """The authenticator is the one of this message, so that what it covers is as it was there."""

    message: Any


OpenPlace = FieldOf | Holds | Under | Whole
"""What a run chooses of an open message, as it chooses values of cells."""


# The same arguments give the same object, by which a place is known.


@cache
def field_of(kind: Any, name: str, choice: Choice) -> FieldOf:
    return FieldOf(kind, name, choice)


@cache
def holds(kind: Any, name: str, term: Term | None) -> Holds:
    return Holds(kind, name, term)


@cache
def under_key(kind: Any, name: str, key: Term, own: bool) -> Under:
    return Under(kind, name, key, own)


@cache
def whole_of(kind: Any) -> Whole:
    return Whole(kind)


def at_first(place: OpenPlace) -> tuple[Any, ...]:
    """What the place may hold whatever the attacker knows."""
    match place:
        case FieldOf():
            return place.choice.values
        case Holds():
            return (False,)
    return (None,)


class Unread:
    """A field of an open message, until the run has chosen what it holds: then the message has an attribute."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, message: Any, kind: Any) -> Any:
        return tuple.__getitem__(message, 0).field(message, self.name)


@cache
def open_class(kind: Any) -> Any:
    """The class of open messages of a kind: the one item of such a tuple is the run that reads it."""

    def passed_on(message: Any, **changes: Any) -> Any:
        return kind(**{name: changes[name] if name in changes else getattr(message, name) for name in kind._fields})

    fields = {name: Unread(name) for name in kind._fields}
    return type(kind.__name__, (kind,), {**fields, "_replace": passed_on, "__hash__": None})


class Reader(Protocol):
    """A run that reads an open message; `fields` are those that it has read."""

    fields: dict[str, Any]

    def field(self, message: Message, name: str) -> Any:
        """What a field of the message holds."""


def opened(kind: Any, run: Reader) -> Any:
    """An open message of this kind, whose attributes are the fields that this run has read."""
    message = tuple.__new__(open_class(kind), (run,))
    message.__dict__ = run.fields
    return message


def secrets_in(value: Any) -> Iterator[Term]:
    """The terms in a secret field: one, several or none."""
    if value is None:
        return
    if value and isinstance(value[0], str):
        yield value
    else:
        yield from value
