"""One rule run symbolically over cells: every read forks the run, every path to its end is a ground transition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pmicheck.grounding.open import Built, OpenPlace, Repeated, field_of, holds, opened, under_key, whole_of
from pmicheck.language.act import Act
from pmicheck.language.cells import Cell, require
from pmicheck.language.message import Message, Term
from pmicheck.model.fields import FIELDS, Choice
from pmicheck.model.roles.ghosts import was_sent
from pmicheck.model.world import World

Place = Cell | OpenPlace
"""What a run reads: a variable of the state, or a field of an open message."""

Predicate = tuple[Cell, Callable[..., bool], tuple[Any, ...]]
Hint = Callable[[Any], bool]


@dataclass(frozen=True)
class Instance:
    """A rule with the message it processes, if any.

    `flight` is the in-flight cell that an honest delivery consumes; `needs` what the attacker must know to send it.
    `opens` is the kind of the open message that the attacker offers, None if the message is settled. `rank` says which
    values of their domains its fields hold: of messages that do the same the one with the first values is told.
    """

    act: Act
    message: Message | None = None
    flight: Cell | None = None
    needs: tuple[Term, ...] = ()
    by_attacker: bool = False
    opens: type[Message] | None = None
    rank: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Leaf:
    """What one path through a rule read, tested and did."""

    instance: Instance
    gets: dict[Cell, Any]
    tests: dict[Predicate, bool]
    sets: dict[Cell, Any]
    sends: tuple[Message, ...]
    learns: tuple[Term, ...]
    passed: tuple[str, ...]
    loses_packets: bool


class Fork(Protocol):
    """Who decides how a run goes on where its assignment says nothing, and sees to the other ways."""

    world: World

    def value(self, run: SymbolicRun, place: Place, worth: Hint | None) -> Any:
        """A value for the place, one for which `worth` holds. Raises Refused if there is none."""

    def answer(self, run: SymbolicRun, predicate: Predicate, worth: bool | None) -> bool:
        """An answer to the test; where only one is worth to be followed, the other one is not."""

    def sees(self, link: str) -> bool:
        """Whether the attacker reads the link."""


@dataclass(slots=True)
class SymbolicRun:
    """The `Context` of a run whose reads are answered by an assignment, which grows where it says nothing.

    `read` are the fields of the open message that the rule has read. A run that goes on from a fork of this one reads
    them again before it comes to the fork, and need not look for their places. Secret ones are none of them: `peek`
    and `same` ask whether those were read by then.
    """

    instance: Instance
    gets: dict[Any, Any]
    tests: dict[Predicate, bool]
    read: dict[str, Any]
    fork: Fork
    fields: dict[str, Any] = field(init=False)
    builds: dict[str, Callable[[], Term | None]] = field(default_factory=dict)
    guide: Message | None = None
    closing: bool = False
    whole: Message | None = None
    unsent: Callable[[Any], Cell] | None = None
    act: Act | None = None
    sets: dict[Cell, Any] = field(default_factory=dict)
    sends: list[Message] = field(default_factory=list)
    lost: list[Message] = field(default_factory=list)
    learned: list[Term] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    loses_packets: bool = False

    def __post_init__(self) -> None:
        self.fields = dict(self.read)

    def get(self, cell: Place, worth: Hint | None = None) -> Any:
        if cell in self.sets:
            return self.sets[cell]
        if cell in self.gets:
            return self.gets[cell]
        value = self.fork.value(self, cell, worth)
        self.gets[cell] = value
        return value

    def test(self, cell: Cell, predicate: Callable[..., bool], *arguments: Any, worth: bool | None = None) -> bool:
        if cell in self.sets:
            return predicate(self.sets[cell], *arguments)
        if cell in self.gets:
            return predicate(self.gets[cell], *arguments)
        key = (cell, predicate, arguments)
        if key in self.tests:
            return self.tests[key]
        answer = self.tests[key] = self.fork.answer(self, key, worth)
        return answer

    def field(self, message: Message, name: str) -> Any:
        """What a field of an open message holds; it is chosen when it is read first."""
        if name in self.fields:
            return self.fields[name]
        if self.guide is not None:
            value = getattr(self.guide, name)
        else:
            choice = self._choice(message, name)
            settled = self.closing or (len(choice.values) == 1 and not choice.honest)
            value = choice.values[0] if settled else self.get(field_of(self.instance.opens, name, choice))
            if not choice.secret:
                self.read[name] = value
        self.fields[name] = value
        return value

    def _choice(self, message: Message, name: str) -> Choice:
        assert self.instance.opens is not None
        return FIELDS[self.instance.opens][name](message, self.fork.world)

    def same(
        self,
        message: Message,
        field: str,
        expected: Callable[[], Term | None],
        under: Term | None = None,
        *,
        vital: bool = False,
    ) -> bool:
        if self.instance.opens is None:
            return bool(getattr(message, field) == expected())
        if field in self.fields:
            return bool(self.fields[field] == expected())
        kind: Any = self.instance.opens
        own = self._choice(message, field).own
        if under is None and own:
            return bool(self.field(message, field) == expected())
        if under is None:
            term = expected()
            if not self.get(holds(kind, field, term), bool if vital else None):
                return False
            self.fields[field] = term
            return True
        match self.get(under_key(kind, field, under, own)):
            case Built():
                self.builds[field] = expected
                return True
            case Repeated(other):
                return self._repeats(other, field, expected)
        return False

    def _repeats(self, other: Message, field: str, expected: Callable[[], Term | None]) -> bool:
        """Whether the term of another message is what is expected here; what it covers is then as it was there."""
        self.guide = other
        right = expected()
        self.guide = None
        self.fields[field] = getattr(other, field)
        return bool(right == self.fields[field])

    def peek(self, message: Message, field: str) -> Any:
        return getattr(message, field) if self.instance.opens is None else self.fields.get(field)

    def authored(self, message: Message, trace_of: Callable[[Any], Cell]) -> bool:
        if self.instance.opens is None:
            return self.test(trace_of(message), was_sent)
        if self.whole is None:
            self.unsent = trace_of
            return False
        # Before an honest node has sent it, it is a message of the sender's own like any other.
        require(self.test(trace_of(self.whole), was_sent), "not-sent-yet")
        return True

    def open(self, kind: Any) -> Any:
        """The open message: one that an honest node sent, as a whole, or another one."""
        self.whole = self.get(whole_of(kind))
        if self.whole is not None:
            self.fields.update(self.whole._asdict())
        return opened(kind, self)

    def release(self) -> None:
        """The run is over: its rule and what it would build hold the message, which holds the run."""
        self.act = None
        self.builds.clear()

    def settle(self) -> Message:
        """The open message, closed: what nobody has read holds the first value of its domain."""
        kind: Any = self.instance.opens
        assert kind is not None
        message = opened(kind, self)
        self.closing = True
        for name, expected in self.builds.items():
            self.fields[name] = expected()
        settled: Message = kind(**{name: self.field(message, name) for name in kind._fields})
        return settled

    def set(self, cell: Cell, value: Any) -> None:
        self.sets[cell] = value

    def send(self, message: Message, *, lost: bool = False) -> None:
        self.sends.append(message)
        if lost:
            self.lost.append(message)

    def learn(self, *terms: Term) -> None:
        self.learned.extend(terms)

    def expose(self, link: str, *terms: Term) -> None:
        if self.fork.sees(link):
            self.learned.extend(terms)

    def passed(self, check: str) -> None:
        self.checks.append(check)

    def lose_packets_in_flight(self) -> None:
        self.loses_packets = True
