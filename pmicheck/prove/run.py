"""One run of a rule over facts: whatever is read is chosen among all values that it ever took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from pmicheck.grounding.open import Built, Repeated, opened
from pmicheck.language.cells import Cell, require
from pmicheck.language.message import Message, Term
from pmicheck.model.fields import FIELDS, Choice
from pmicheck.model.messages import TestInit, Update
from pmicheck.model.roles.ghosts import evidence, identity, proofs, was_used
from pmicheck.model.roles.type2_agent import init_trace
from pmicheck.model.time import CLOCK, LAST_PHASE
from pmicheck.model.world import World
from pmicheck.prove.facts import Domain, Origin, Step, Task
from pmicheck.prove.groups import Group, group_of
from pmicheck.prove.numbers import NotAbstract, Number
from pmicheck.prove.shapes import Key, alive, flat, key_of, shape_of, unknown

Predicate = Callable[..., bool]
Constraint = tuple[int, Predicate, Any, bool]
"""Which cell of a group is asked, a predicate, the shape of its arguments, and the answer."""


class Facts(Protocol):
    """Where a run finds the facts, and who runs the rule again where it chose."""

    world: World

    def sees(self, link: str) -> bool:
        """Whether the attacker reads the link."""

    def group(self, group: Group) -> Domain:
        """The values that the cells of a group took together."""

    def chosen(self, place: tuple[Any, ...], choice: Choice | None = None) -> Domain:
        """What a place of a message of the attacker's may hold."""

    def fork(self, run: Run, domain: Domain, constraints: tuple[Constraint, ...]) -> Any:
        """A value of the domain that fits; with the others the run is a task of its own. Raises Refused if none is."""

    def either(self, run: Run, fits: Callable[[bool], bool], park: Callable[[Task, bool], None]) -> bool:
        """An answer that fits; with the other one the run is a task of its own, or is parked where that does not."""

    def numbered(self, index: int, least: int | None, *, exact: bool) -> Number:
        """The number of this index, which is no other one of the same run."""


@dataclass(slots=True)
class Run:
    """The `Context` of a rule. `path` is what was chosen so far, and is followed again as far as it goes.

    Attributes:
        place, numbers: how many choices were made and how many numbers there are.
        gets, tests, answers: what was read: cells, what is assumed of a group's values, answers to tests.
        reads: the steps that brought about what was read.
        message: what is processed; fields: what is chosen of it if the attacker makes it, builds: what it computes.
        guide: the honest message from which fields are taken; repeated: the one whose authenticator is repeated.
        sets, changed, sends, learned: what the rule did.
    """

    origin: Origin
    path: list[Any]
    facts: Facts
    place: int = 0
    numbers: int = 0
    gets: dict[Cell, Any] = field(default_factory=dict)
    tests: dict[Group, tuple[Constraint, ...]] = field(default_factory=dict)
    answers: dict[tuple[Cell, Predicate, tuple[Any, ...]], bool] = field(default_factory=dict)
    reads: list[Step | None] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    builds: dict[str, Callable[[], Term | None]] = field(default_factory=dict)
    guide: Any = None
    repeated: Any = None
    message: Any = None
    closing: bool = False
    sets: dict[Cell, Any] = field(default_factory=dict)
    changed: set[Key] = field(default_factory=set)
    sends: list[Message] = field(default_factory=list)
    learned: list[Term] = field(default_factory=list)

    # Choices.

    def ask(self) -> bool:
        """Which way a comparison of numbers comes out."""
        return self._decide(lambda answer: True, _never)

    def _decide(self, fits: Callable[[bool], bool], park: Callable[[Task, bool], None]) -> bool:
        if self.place == len(self.path):
            self.path.append(self.facts.either(self, fits, park))
        self.place += 1
        return bool(self.path[self.place - 1])

    def number(self, least: int | None, *, exact: bool = False) -> Number:
        self.numbers += 1
        return self.facts.numbered(self.numbers, least, exact=exact)

    def _choose(self, domain: Domain, constraints: tuple[Constraint, ...] = ()) -> Any:
        if self.place == len(self.path):
            self.path.append(self.facts.fork(self, domain, constraints))
        self.place += 1
        return self.path[self.place - 1]

    # Cells.

    def get(self, cell: Cell, worth: Callable[[Any], bool] | None = None) -> Any:
        if cell is CLOCK:
            return LAST_PHASE
        key = key_of(cell)
        if key.many:
            if key in self.changed:
                raise NotAbstract(f"{key.name} is read after one of its kind was set")
        elif cell in self.sets:
            return self.sets[cell]
        elif cell in self.gets:
            return self.gets[cell]
        group = group_of(cell)
        domain = self.facts.group(group)
        shape = self._choose(domain, self.tests.get(group, ()))
        self.reads.append(domain.values.get(shape))
        values = dict(zip(group, alive(shape, self), strict=True))
        if not key.many:
            self.gets.update(values)
        return values[cell]

    def test(self, cell: Cell, predicate: Predicate, *arguments: Any, worth: bool | None = None) -> bool:
        if cell is CLOCK:
            return self._answer((cell, predicate, arguments), self.ask)
        if predicate is was_used and self._once(cell):
            return False
        if cell in self.sets or cell in self.gets or key_of(cell).many:
            return self._holds(predicate, self.get(cell), arguments)
        return self._answer((cell, predicate, arguments), lambda: self._tested(cell, predicate, arguments))

    def _holds(self, predicate: Predicate, value: Any, arguments: tuple[Any, ...]) -> bool:
        """Whether the predicate holds; either, where it does what cannot be done with classes of numbers. Integers that
        the rule wrote out are unknown to it, so that it looks nothing up by them."""
        try:
            return bool(predicate(value, *unknown(arguments, self)))
        except NotAbstract:
            return self.ask()

    def _answer(self, question: tuple[Cell, Predicate, tuple[Any, ...]], ask: Callable[[], bool]) -> bool:
        """The answer to a test, the same one each time."""
        if question not in self.answers:
            self.answers[question] = ask()
        return self.answers[question]

    def _tested(self, cell: Cell, predicate: Predicate, arguments: tuple[Any, ...]) -> bool:
        group, shape = group_of(cell), shape_of(arguments)
        before, place = self.tests.get(group, ()), group.index(cell)
        domain = self.facts.group(group)

        def constraints(answer: bool) -> tuple[Constraint, ...]:
            return (*before, (place, predicate, shape, answer))

        def fits(answer: bool) -> bool:
            return any(fulfils(value, constraints(answer)) for value in domain.values)

        def park(task: Task, answer: bool) -> None:
            wanted = constraints(answer)
            domain.parked.append((task, lambda value: fulfils(value, wanted)))

        answer = self._decide(fits, park)
        self.tests[group] = constraints(answer)
        found = next((value for value in domain.values if fulfils(value, constraints(answer))), None)
        self.reads.append(domain.values.get(found))
        return answer

    def set(self, cell: Cell, value: Any) -> None:
        self.sets[cell] = value
        self.changed.add(key_of(cell))

    def results(self) -> list[tuple[Group, Any]]:
        """The groups of which a cell was set, with the shape of what their cells hold now. The clock has none."""
        groups = dict.fromkeys(group_of(cell) for cell in self.sets if cell is not CLOCK)
        return [(group, shape_of(tuple(self._now(cell) for cell in group))) for group in groups]

    def _now(self, cell: Cell) -> Any:
        return self.sets[cell] if cell in self.sets else self.get(cell)

    # Messages.

    def _once(self, cell: Cell) -> bool:
        """Whether the cell is about what vouches for an honest message that is being delivered, and which is delivered
        once: nobody but its sender can make it (docs/proofs.md, "Once")."""
        if self.origin.message is None:
            return False
        for term, used in vouchers(self.message):
            if used is cell:
                return not self._choose(self.facts.chosen(("again", flat(term))))
        return False

    def open(self, kind: Any) -> Any:
        """A message of the attacker's, whose fields are chosen as the rule reads them."""
        self.message = opened(kind, self)
        return self.message

    def field(self, message: Message, name: str) -> Any:
        if name in self.fields:
            return self.fields[name]
        if self.guide is not None:
            value = getattr(self.guide, name)
        else:
            kind: Any = self.origin.kind
            choice = FIELDS[kind][name](message, self.facts.world)
            domain = self.facts.chosen(("field", kind, name, choice), choice)
            settled = self.closing or (len(domain.values) == 1 and domain.supply is None)
            value = alive(next(iter(domain.values)) if settled else self._choose(domain), self)
        self.fields[name] = value
        return value

    def same(
        self,
        message: Message,
        field: str,
        expected: Callable[[], Term | None],
        under: Term | None = None,
        *,
        vital: bool = False,
    ) -> bool:
        if self.origin.kind is None:
            return bool(getattr(message, field) == expected())
        if field in self.fields:
            return bool(self.fields[field] == expected())
        if under is None:
            term = expected()
            if not self._choose(self.facts.chosen(("holds", flat(term)))):
                return False
            self.fields[field] = term
            return True
        match self._choose(self.facts.chosen(("under", self.origin.kind, field, flat(under)))):
            case Built():
                self.builds[field] = expected
                return True
            case Repeated(other):
                return self._repeats(alive(other, self), field, expected)
        return False

    def _repeats(self, other: Message, field: str, expected: Callable[[], Term | None]) -> bool:
        """Whether the term of an honest message is what is expected; what it covers is then as it was there."""
        self.guide = self.repeated = other
        right = expected()
        self.guide = None
        self.fields[field] = getattr(other, field)
        return bool(right == self.fields[field])

    def peek(self, message: Message, field: str) -> Any:
        if self.origin.kind is None:
            return getattr(message, field)
        if field in self.builds:
            self.fields[field] = self.builds.pop(field)()
        return self.fields.get(field)

    def authored(self, message: Message, trace_of: Callable[[Any], Cell]) -> bool:
        """What is delivered was sent. What the attacker makes counts as its own: if it is the very message whose
        authenticator it repeats, then the delivery of that one is the same step."""
        if self.origin.kind is None:
            return True
        if isinstance(self.repeated, Update):
            mine, other = shape_of((identity(self.message), identity(self.repeated)))
            require(mine != other, "delivered")
        return False

    def settle(self) -> Message:
        """The attacker's message, closed: what nobody has read holds the first value of its domain."""
        kind: Any = self.origin.kind
        self.closing = True
        for name in tuple(self.builds):
            self.peek(self.message, name)
        settled: Message = kind(**{name: self.field(self.message, name) for name in kind._fields})
        return settled

    def send(self, message: Message, *, lost: bool = False) -> None:
        self.sends.append(message)

    def learn(self, *terms: Term) -> None:
        self.learned.extend(terms)

    def expose(self, link: str, *terms: Term) -> None:
        if self.facts.sees(link):
            self.learned.extend(terms)

    def passed(self, check: str) -> None:
        """Checks are noted nowhere."""

    def lose_packets_in_flight(self) -> None:
        """A packet may always arrive later still."""


def _never(task: Task, answer: bool) -> None:
    raise AssertionError("both answers fit")


def vouchers(message: Message) -> tuple[tuple[Term, Cell], ...]:
    """What shows that an update or a home test is new, each with the cell that says whether it was accepted before."""
    if isinstance(message, Update):
        return tuple((proof, evidence(proof)) for proof in proofs(message))
    if isinstance(message, TestInit):
        return ((message.cookie, evidence(init_trace(message))),)
    return ()


class _Trial:
    """The source of numbers for one trial of a predicate: answers from a list, then no."""

    def __init__(self, answers: list[bool]) -> None:
        self.answers, self.asked = answers, 0

    def ask(self) -> bool:
        if self.asked == len(self.answers):
            self.answers.append(False)
        self.asked += 1
        return self.answers[self.asked - 1]

    def number(self, least: int | None, *, exact: bool = False) -> Number:
        return Number(self, least, exact=exact)


@cache
def outcomes(predicate: Predicate, value: Any, arguments: Any) -> frozenset[bool]:
    """Every answer that the predicate may give of the shapes, whose numbers have nothing to do with each other.

    Both, if it does what cannot be done with classes of numbers.
    """
    found: set[bool] = set()
    agenda: list[list[bool]] = [[]]
    while agenda:
        answers = agenda.pop()
        given = len(answers)
        trial = _Trial(answers)
        try:
            found.add(bool(predicate(alive(value, trial), *alive(arguments, trial))))
        except NotAbstract:
            return frozenset({False, True})
        agenda += [[*answers[:number], True] for number in range(given, len(answers))]
    return frozenset(found)


def fulfils(value: Any, constraints: tuple[Constraint, ...]) -> bool:
    """Whether the values of a group, of this shape, may answer all the tests so."""
    return all(
        answer in outcomes(predicate, value[place], arguments) for place, predicate, arguments, answer in constraints
    )
