"""What may ever be the case: values of cells and fields, messages sent, terms known. Facts stay, and so never conflict.

A run of a rule waits where it chose among facts, and goes on anew with each one that is found later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pmicheck.language.act import Act
from pmicheck.language.message import Message


@dataclass(frozen=True)
class Origin:
    """What is run: a rule that needs no message, the delivery of an honest message, or a message of the attacker's.

    Attributes:
        act: the rule, None if the receiver of a message says which it is.
        message: the shape of the message that an honest node sent, if one is delivered.
        kind: the kind of the message that the attacker makes, if it makes one.
    """

    act: Act | None = None
    message: Message | None = None
    kind: type[Message] | None = None


Fits = Callable[[Any], bool]
"""Whether a run can go on with a value."""


class Task(NamedTuple):
    """A rule to be run, and what is chosen where it has a choice, in order."""

    origin: Origin
    path: tuple[Any, ...]


@dataclass(eq=False)
class Step:
    """One run of a rule that found a fact first.

    Attributes:
        number: in order of discovery.
        act: the rule.
        message: what it processed, as a shape.
        by_attacker: the attacker made the message.
        reads: the steps that brought about what it read.
    """

    number: int
    act: Act
    message: Any
    by_attacker: bool
    reads: tuple[Step, ...]


@dataclass(eq=False)
class Domain:
    """The values that something may have, each with the step that found it first (None: it has it at the start).

    Attributes:
        supply: values that come with what the attacker learns and honest nodes send, if any do.
        waiting: runs that chose among the values, up to that choice, each with what a value has to fulfil.
        parked: runs that need a value that answers tests in a certain way, which none did.
    """

    values: dict[Any, Step | None]
    supply: Callable[[], Iterable[Any]] | None = None
    waiting: list[tuple[Task, Fits]] = field(default_factory=list)
    parked: list[tuple[Task, Fits]] = field(default_factory=list)

    def add(self, value: Any, step: Step | None) -> Iterator[Task]:
        """The tasks that the value wakes; it has not been there before."""
        self.values[value] = step
        for (origin, path), fits in self.waiting:
            if fits(value):
                yield Task(origin, (*path, value))
        still = []
        for task, fits in self.parked:
            if fits(value):
                yield task
            else:
                still.append((task, fits))
        self.parked = still
