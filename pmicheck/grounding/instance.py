"""One rule run symbolically over cells: every read forks the run, every path to its end is a ground transition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pmicheck.model.act import Act
from pmicheck.model.cells import Cell
from pmicheck.model.messages import Message
from pmicheck.model.terms import Term

Predicate = tuple[Cell, Callable[..., bool], tuple[Any, ...]]
Hint = Callable[[Any], bool]


@dataclass(frozen=True)
class Instance:
    """A rule with the message it processes, if any.

    `flight` is the in-flight cell that an honest delivery consumes; `needs` what the attacker must know to send it;
    `replay` says that the attacker sends just what an honest node sent before.
    """

    act: Act
    message: Message | None = None
    flight: Cell | None = None
    needs: tuple[Term, ...] = ()
    by_attacker: bool = False
    replay: bool = False


@dataclass(slots=True)
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

    def value(self, run: SymbolicRun, cell: Cell, worth: Hint | None) -> Any:
        """A value for the cell, one for which `worth` holds. Raises Refused if there is none."""

    def answer(self, run: SymbolicRun, predicate: Predicate) -> bool:
        """An answer to the test."""

    def sees(self, link: str) -> bool:
        """Whether the attacker reads the link."""


@dataclass(slots=True)
class SymbolicRun:
    """The `Context` of a run whose reads are answered by an assignment, which grows where it says nothing."""

    instance: Instance
    gets: dict[Cell, Any]
    tests: dict[Predicate, bool]
    fork: Fork
    sets: dict[Cell, Any] = field(default_factory=dict)
    sends: list[Message] = field(default_factory=list)
    lost: list[Message] = field(default_factory=list)
    learned: list[Term] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    loses_packets: bool = False

    def get(self, cell: Cell, worth: Hint | None = None) -> Any:
        if cell in self.sets:
            return self.sets[cell]
        if cell in self.gets:
            return self.gets[cell]
        value = self.fork.value(self, cell, worth)
        self.gets[cell] = value
        return value

    def test(self, cell: Cell, predicate: Callable[..., bool], *arguments: Any) -> bool:
        if cell in self.sets:
            return predicate(self.sets[cell], *arguments)
        if cell in self.gets:
            return predicate(self.gets[cell], *arguments)
        key = (cell, predicate, arguments)
        if key in self.tests:
            return self.tests[key]
        answer = self.tests[key] = self.fork.answer(self, key)
        return answer

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
