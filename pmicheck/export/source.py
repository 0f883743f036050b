"""A ground system in names instead of bits: what every language of an export writes down in its own words.

Fields become variables. So do the facts that can become known and are not known from the start; the others are
constants, by which guards and Horn rules are simplified.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from pmicheck.export.names import Names, line
from pmicheck.grounding.system import Field, Transition, TransitionSystem, bits

SHARED = 16
"""Assignments from which on a reset that several actions share is written down once."""

MOST = 1 << 15
"""Whole numbers below this are written as numbers."""


@dataclass(frozen=True, eq=False)
class Variable:
    """One variable of the exported model.

    Attributes:
        name: its identifier; means: what the system calls it.
        values: how each value is written, by its number in the field; meanings: what the system calls them.
        initial: how its first value is written.
    """

    name: str
    means: str
    values: tuple[str, ...]
    meanings: tuple[str, ...]
    initial: str

    @property
    def boolean(self) -> bool:
        return set(self.values) <= {"true", "false"}

    @property
    def numeric(self) -> bool:
        return self.values[0].isdecimal()

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest number that stands for a value."""
        numbers = list(map(int, self.values)) if self.numeric else range(len(self.values))
        return min(numbers), max(numbers)

    @property
    def named_values(self) -> Iterator[tuple[str, int, str]]:
        """(name, number, meaning) of each value that is written as a name."""
        if not (self.boolean or self.numeric):
            for number, (value, meaning) in enumerate(zip(self.values, self.meanings, strict=True)):
                yield value, number, meaning


Literal = tuple[Variable, str]
"""A variable and how one of its values is written: a test or an assignment."""

Clause = tuple[tuple[Variable, tuple[str, ...]], ...]
"""For each of some variables the values that it may have: true where all of them have one of theirs."""


@dataclass(frozen=True)
class Invariant:
    """What one property allows: a state whose bits under `mask` and `facts` are one of `allowed`.

    Attributes:
        name: of the property; remark: one sentence on what is known of it.
        allowed: pairs (local, knowledge), cut to `mask` and `facts`.
    """

    name: str
    remark: str
    mask: int
    facts: int
    allowed: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Reset:
    """Assignments that several actions share."""

    name: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True)
class Action:
    """One ground transition.

    Attributes:
        guard: what has to hold, or None if it never can.
        changes: what is assigned besides `reset`.
        closes: whether it teaches something from which more may follow.
    """

    title: str
    guard: tuple[Literal, ...] | None
    changes: tuple[Literal, ...]
    reset: Reset | None
    closes: bool


@dataclass(frozen=True)
class Derivation:
    """If all of `body` are known then so is `head`."""

    body: tuple[Variable, ...]
    head: Variable


class Source:
    """A system in the names of one language.

    Args:
        system: what is exported.
        reserved: identifiers that cannot be had.
        fact: what the identifier of a fact begins with.

    Attributes:
        fields: a variable for each field; facts: one for each fact that may become known, by the number of the fact.
        resets: what actions share.
        derivations: the Horn rules that can yield something, each after those that it builds upon.
        circular: whether there is no such order, so that one pass over them may not close the knowledge.
        actions: one for each transition, in order.

    Raises ValueError for a transition that touches a part of a field only.
    """

    def __init__(self, system: TransitionSystem, reserved: Iterable[str], fact: str = "knows ") -> None:
        self.system = system
        self._names = Names(reserved)
        self._known = system.start[1]
        self._ever = system.close(self._known, _union(t.learns for t in system.transitions))
        self.fields = tuple(map(self._variable, system.fields))
        self.facts = {
            bit: Variable(self._names.new(f"{fact}{name}"), name, ("false", "true"), ("no", "yes"), "false")
            for bit, name in enumerate(system.facts)
            if (self._ever & ~self._known) >> bit & 1
        }
        self._shared = self._find_resets()
        self.resets = tuple(self._shared.values())
        self.derivations, self.circular = self._find_derivations()
        self._premises = {premise for derivation in self.derivations for premise in derivation.body}
        self.actions = tuple(self._action(number, each) for number, each in enumerate(system.transitions))

    @property
    def variables(self) -> tuple[Variable, ...]:
        return (*self.fields, *self.facts.values())

    @property
    def legend(self) -> Iterator[str]:
        """A line for each rule that the actions are instances of."""
        instances = Counter(transition.rule for transition in self.system.transitions)
        for number, rule in enumerate(self.system.rules):
            cited = f" ({', '.join(rule.statements)})" if rule.statements else ""
            yield f"{rule.name}: by {rule.actor}, section {rule.section}{cited}, instances: {instances[number]}"

    def clauses(self, invariant: Invariant) -> tuple[Clause, ...]:
        """The invariant as a disjunction: no clause at all is false, one without variables is true."""
        fields = [(f, v) for f, v in zip(self.system.fields, self.fields, strict=True) if invariant.mask & f.mask]
        facts = [(bit, variable) for bit, variable in self.facts.items() if invariant.facts >> bit & 1]
        points = (
            (*(f.index(local) for f, _ in fields), *(knowledge >> bit & 1 for bit, _ in facts))
            for local, knowledge in invariant.allowed
        )
        variables = [variable for _, variable in (*fields, *facts)]
        return tuple(
            tuple(
                (variable, tuple(variable.values[number] for number in sorted(numbers)))
                for variable, numbers in zip(variables, box, strict=True)
                if len(numbers) < len(variable.values)
            )
            for box in boxes(points)
        )

    def _variable(self, each: Field) -> Variable:
        name = self._names.new(each.name)
        if all(type(value) is bool for value in each.values):
            values = ["true" if value else "false" for value in each.values]
        elif all(type(value) is int and 0 <= value < MOST for value in each.values):
            values = [str(value) for value in each.values]
        else:
            words = (str(value) if re.search("[A-Za-z0-9]", str(value)) else "nothing" for value in each.values)
            values = [self._names.new(f"{name} {word}") for word in words]
        meanings = tuple(map(line, each.values))
        return Variable(name, each.name, tuple(values), meanings, values[each.index(self.system.initial)])

    def _find_resets(self) -> dict[frozenset[Literal], Reset]:
        """What several transitions set to the value number 0, if that is much."""
        used = Counter(self._zeroed(transition) for transition in self.system.transitions)
        return {
            zeroed: Reset(
                self._names.new(f"reset {len(zeroed)}"), tuple(zero for zero in self._zeros if zero in zeroed)
            )
            for zeroed, times in used.items()
            if times > 1 and len(zeroed) >= SHARED
        }

    @cached_property
    def _zeros(self) -> tuple[Literal, ...]:
        return tuple((variable, variable.values[0]) for variable in self.fields)

    def _zeroed(self, transition: Transition) -> frozenset[Literal]:
        owners = zip(self.system.fields, self._zeros, strict=True)
        return frozenset(zero for f, zero in owners if transition.clear & f.mask and not transition.put & f.mask)

    def _find_derivations(self) -> tuple[tuple[Derivation, ...], bool]:
        """The derivations, and whether they go in circles."""
        rules = dict.fromkeys(
            (horn.body & ~self._known, horn.head)
            for horn in self.system.horn
            if horn.head in self.facts and not horn.body & ~self._ever and not horn.body >> horn.head & 1
        )
        above: dict[int, list[int]] = {fact: [] for fact in self.facts}
        for body, head in rules:
            above[head] += bits(body)
        try:
            order, circular = list(TopologicalSorter(above).static_order()), False
        except CycleError:
            order, circular = list(above), True
        place = {fact: number for number, fact in enumerate(order)}
        return tuple(
            Derivation(tuple(self.facts[bit] for bit in bits(body)), self.facts[head])
            for body, head in sorted(rules, key=lambda rule: place[rule[1]])
        ), circular

    def _action(self, number: int, transition: Transition) -> Action:
        reset = self._shared.get(self._zeroed(transition))
        held = self._literals(transition.mask, transition.value)
        needed = [(self.facts[bit], "true") for bit in bits(transition.needs & self._ever & ~self._known)]
        done = {*held, *(reset.literals if reset else ())}
        learned = [self.facts[bit] for bit in bits(transition.learns & ~self._known)]
        return Action(
            f"{self.system.rules[transition.rule].name} [{number}]",
            None if transition.needs & ~self._ever else (*held, *needed),
            (
                *(each for each in self._literals(transition.clear, transition.put) if each not in done),
                *((fact, "true") for fact in learned),
            ),
            reset,
            not self._premises.isdisjoint(learned),
        )

    def _literals(self, mask: int, value: int) -> list[Literal]:
        """The fields under a mask with their values."""
        found, covered = [], 0
        for each, variable in zip(self.system.fields, self.fields, strict=True):
            if mask & each.mask:
                covered |= each.mask
                found.append((variable, variable.values[each.index(value)]))
        if mask & self._owned != covered or value & ~mask:
            raise ValueError(f"{self.system.name}: a transition touches a part of a field")
        return found

    @cached_property
    def _owned(self) -> int:
        """The bits that belong to some field."""
        return _union(each.mask for each in self.system.fields)


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def boxes(points: Iterable[Sequence[int]]) -> list[tuple[frozenset[int], ...]]:
    """Products of sets that hold the same points: of any that differ in one place only, one is made."""
    gathered = list(dict.fromkeys(tuple(frozenset({value}) for value in point) for point in points))
    before = 0
    while before != len(gathered):
        before = len(gathered)
        for place in range(len(gathered[0]) if gathered else 0):
            groups: dict[tuple[frozenset[int], ...], list[frozenset[int]]] = {}
            for box in gathered:
                groups.setdefault((*box[:place], *box[place + 1 :]), []).append(box[place])
            gathered = [
                (*rest[:place], frozenset(chain.from_iterable(united)), *rest[place:])
                for rest, united in groups.items()
            ]
    return gathered
