"""The values that a cell or field is known to take, as far as they answer tests; and the runs that wait for more.

A set of values is a whole number here, one bit for each value in order of discovery.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from pmicheck.grounding.instance import Hint, Instance, Place, Predicate


class Task(NamedTuple):
    """A run to be made: a rule, and what is assumed of cells and fields; `read` as in `SymbolicRun`."""

    instance: Instance
    gets: dict[Place, Any]
    tests: dict[Predicate, bool]
    read: dict[str, Any]

    def going_on(self, place: Place, value: Any) -> Task:
        """The run with a value for the place where it stopped."""
        return Task(self.instance, {**self.gets, place: value}, dict(self.tests), dict(self.read))


Answers = tuple[tuple[Predicate, bool], ...]


def answers_on(cell: Place, tests: dict[Predicate, bool]) -> Answers:
    """What is assumed of this cell or field alone."""
    return tuple([(predicate, answer) for predicate, answer in tests.items() if predicate[0] is cell])


class Domain:
    """The values of one cell or field.

    Attributes:
        values: in order of discovery, the first ones first.
        parked: runs that assume answers which no known value gives.
    """

    def __init__(self, *initial: Any) -> None:
        self.values: dict[Any, None] = dict.fromkeys(initial)
        self.parked: list[Task] = []
        self._waiting: list[tuple[int, Task, Hint | None]] = []
        self._groups: dict[Answers, int] = {}
        self._yes: dict[Predicate, tuple[int, int]] = {}

    def yes(self, predicate: Predicate) -> int:
        """The values for which the predicate holds; each is asked once."""
        mask, asked = self._yes.get(predicate, (0, 0))
        if asked < len(self.values):
            _, holds, arguments = predicate
            for number, value in enumerate(islice(self.values, asked, None), asked):
                mask |= bool(holds(value, *arguments)) << number
            self._yes[predicate] = mask, len(self.values)
        return mask

    def fitting(self, answers: Answers) -> int:
        """The values that give all these answers."""
        fitting = (1 << len(self.values)) - 1
        for predicate, answer in answers:
            fitting &= self.yes(predicate) if answer else ~self.yes(predicate)
        return fitting

    def members(self, values: int) -> Iterator[Any]:
        """The values in a set, in order."""
        for value in self.values:
            if values & 1:
                yield value
            values >>= 1

    def wait(self, task: Task, answers: Answers, worth: Hint | None) -> None:
        """Keep a task that reads the cell, for values yet to come that fit and are worth it."""
        self._waiting.append((self._groups.setdefault(answers, len(self._groups)), task, worth))

    def waiting_for(self, newest: Any) -> Iterator[Task]:
        """The tasks that the value found last is for."""
        bit = 1 << len(self.values) - 1
        fits = [self.fitting(answers) & bit for answers in self._groups]
        for group, task, worth in self._waiting:
            if fits[group] and (worth is None or worth(newest)):
                yield task
