"""One rule run symbolically over cells: every read forks the run, every path to its end is a ground transition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pmicheck.model.act import Act
from pmicheck.model.cells import Cell
from pmicheck.model.messages import Message
from pmicheck.model.terms import Term

Predicate = tuple[Cell, Callable[..., bool], tuple[Any, ...]]


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


@dataclass
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


class NeedValue(Exception):
    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        super().__init__(cell.name)


class NeedTest(Exception):
    def __init__(self, predicate: Predicate) -> None:
        self.predicate = predicate
        super().__init__(predicate[0].name)


@dataclass
class SymbolicRun:
    """The `Context` of a run whose reads are answered by an assignment, and fork where that says nothing."""

    gets: dict[Cell, Any]
    tests: dict[Predicate, bool]
    sees: Callable[[str], bool]
    sets: dict[Cell, Any] = field(default_factory=dict)
    sends: list[Message] = field(default_factory=list)
    lost: list[Message] = field(default_factory=list)
    learned: list[Term] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    loses_packets: bool = False

    def get(self, cell: Cell) -> Any:
        if cell in self.sets:
            return self.sets[cell]
        if cell in self.gets:
            return self.gets[cell]
        raise NeedValue(cell)

    def test(self, cell: Cell, predicate: Callable[..., bool], *arguments: Any) -> bool:
        if cell in self.sets:
            return predicate(self.sets[cell], *arguments)
        if cell in self.gets:
            return predicate(self.gets[cell], *arguments)
        key = (cell, predicate, arguments)
        if key not in self.tests:
            raise NeedTest(key)
        return self.tests[key]

    def set(self, cell: Cell, value: Any) -> None:
        self.sets[cell] = value

    def send(self, message: Message, *, lost: bool = False) -> None:
        self.sends.append(message)
        if lost:
            self.lost.append(message)

    def learn(self, *terms: Term) -> None:
        self.learned.extend(terms)

    def expose(self, link: str, *terms: Term) -> None:
        if self.sees(link):
            self.learned.extend(terms)

    def passed(self, check: str) -> None:
        self.checks.append(check)

    def lose_packets_in_flight(self) -> None:
        self.loses_packets = True
