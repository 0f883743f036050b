"""The interface between the model and every engine: a ground transition system of integers and masks.

A state is a pair (local, knowledge). `local` is a vector of bits in which every `Field` owns a few adjacent ones
(a field never straddles a 64-bit word); `knowledge` is a set of facts, one bit each, always closed under the Horn
rules. Both are Python integers here; an engine may cut `local` into 64-bit words and intern `knowledge` as it likes.

A transition may fire in (local, knowledge) if `local & mask == value` and `needs & ~knowledge == 0`. It leads to
`(local & ~clear) | put` and to the closure of `knowledge | learns`. Nothing behind this module knows the protocol.

A system may be a reduced one (see `pmicheck.reduce`). Then a step is a transition that is not `eager`, after which the
eager ones follow at once: the first of them that is enabled and changes the state, again and again until there is none.
What comes out is replaced by the least of its images under `symmetries`, compared as pairs (local, knowledge). The
start goes the same way. Depth counts steps, so eager transitions cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

WORD = 64


@dataclass(frozen=True)
class Field:
    """One finite variable: `width` bits from bit `shift` of `local`; `values[i]` says what the number i stands for."""

    name: str
    shift: int
    width: int
    values: tuple[object, ...]

    @property
    def mask(self) -> int:
        return ((1 << self.width) - 1) << self.shift

    def index(self, local: int) -> int:
        return (local >> self.shift) & ((1 << self.width) - 1)

    def read(self, local: int) -> object:
        return self.values[self.index(local)]


@dataclass(frozen=True)
class Rule:
    """What a ground transition is an instance of: the unit of coverage.

    `actor` is the principal that acts; `section` and `statements` cite the draft (or the RFC) that orders the rule.
    """

    name: str
    actor: str
    section: str
    statements: tuple[str, ...] = ()
    by_attacker: bool = False


@dataclass(frozen=True)
class Transition:
    """A ground transition; `rule` indexes `TransitionSystem.rules`, `label` is opaque to engines (trace rendering)."""

    rule: int
    mask: int
    value: int
    clear: int
    put: int
    needs: int = 0
    learns: int = 0
    label: object = field(default=None, compare=False, hash=False)


@dataclass(frozen=True)
class Horn:
    """If all bits of `body` are known then so is bit number `head` (an index, not a mask)."""

    body: int
    head: int
    label: object = field(default=None, compare=False, hash=False)


@dataclass(frozen=True)
class Projection:
    """Part of the state that one property looks at: each distinct (local & mask, knowledge & facts) is reported.

    `parts` are (mask, facts) of what the property judges each for itself, if that is not everything together.
    """

    name: str
    mask: int
    facts: int = 0
    parts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Goal:
    """A witness to be found: some reachable state with `local & mask == value` and all of `facts` known."""

    name: str
    mask: int
    value: int
    facts: int = 0


class Renamed(NamedTuple):
    """One field in a symmetry: the number at `shift` goes to `target`, as `values[number]`."""

    mask: int
    shift: int
    target: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class Symmetry:
    """A renaming of fields, their values and facts that maps the runs of a system to runs of the same system.

    Attributes:
        fixed: bits of `local` that stay where and what they are.
        moved: (mask, places to the left) of fields that move and keep their values.
        renamed: fields whose values get other numbers.
        facts: `facts[i]` is the bit to which the fact with bit i goes.
    """

    fixed: int
    moved: tuple[tuple[int, int], ...]
    renamed: tuple[Renamed, ...]
    facts: tuple[int, ...]

    def apply(self, local: int, knowledge: int) -> tuple[int, int]:
        """The image of a state."""
        image = local & self.fixed
        for mask, left in self.moved:
            image |= (local & mask) << left if left >= 0 else (local & mask) >> -left
        for mask, shift, target, values in self.renamed:
            image |= values[(local & mask) >> shift] << target
        return image, self.of_facts(knowledge)

    def of_facts(self, facts: int) -> int:
        return sum(1 << self.facts[bit] for bit in bits(facts))


@dataclass(frozen=True)
class TransitionSystem:
    """Everything an engine needs. `width` is the number of bits of `local`, rounded up to whole 64-bit words.

    `eager` are indices of transitions, lowest first; `symmetries` a whole group without the identity.
    """

    name: str
    width: int
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    transitions: tuple[Transition, ...]
    facts: tuple[str, ...]
    horn: tuple[Horn, ...]
    initial: int
    known: int
    projections: tuple[Projection, ...] = ()
    goals: tuple[Goal, ...] = ()
    eager: tuple[int, ...] = ()
    symmetries: tuple[Symmetry, ...] = ()

    @property
    def reduced(self) -> bool:
        """Whether an engine has to do more than to fire transitions."""
        return bool(self.eager or self.symmetries)

    @property
    def words(self) -> int:
        return self.width // WORD

    @cached_property
    def field_named(self) -> dict[str, Field]:
        return {f.name: f for f in self.fields}

    @cached_property
    def horn_by_premise(self) -> tuple[tuple[Horn, ...], ...]:
        """For every fact the Horn rules whose body mentions it."""
        by: list[list[Horn]] = [[] for _ in self.facts]
        for rule in self.horn:
            for bit in bits(rule.body):
                by[bit].append(rule)
        return tuple(tuple(rules) for rules in by)

    @cached_property
    def bodies_of(self) -> dict[int, tuple[int, ...]]:
        """For every fact that can be derived the bodies of the Horn rules that derive it."""
        by: dict[int, tuple[int, ...]] = {}
        for rule in self.horn:
            by[rule.head] = (*by.get(rule.head, ()), rule.body)
        return by

    def with_premises(self, facts: int) -> int:
        """The facts, and all that help to derive them."""
        agenda = list(bits(facts))
        while agenda:
            for body in self.bodies_of.get(agenda.pop(), ()):
                agenda += bits(body & ~facts)
                facts |= body
        return facts

    def close(self, knowledge: int, learned: int) -> int:
        """The closure of the closed set `knowledge` together with the facts `learned`."""
        fresh = learned & ~knowledge
        knowledge |= fresh
        agenda = list(bits(fresh))
        while agenda:
            for rule in self.horn_by_premise[agenda.pop()]:
                head = 1 << rule.head
                if not knowledge & head and rule.body & ~knowledge == 0:
                    knowledge |= head
                    agenda.append(rule.head)
        return knowledge

    def enabled(self, transition: Transition, local: int, knowledge: int) -> bool:
        return local & transition.mask == transition.value and transition.needs & ~knowledge == 0

    def apply(self, transition: Transition, local: int, knowledge: int) -> tuple[int, int]:
        """The successor; assumes that the transition is enabled."""
        successor = (local & ~transition.clear) | transition.put
        if transition.learns & ~knowledge:
            knowledge = self.close(knowledge, transition.learns)
        return successor, knowledge

    def after(self, steps: Iterable[int]) -> tuple[int, int]:
        """The state after a run: the transitions with these numbers, one after another from the start."""
        state = self.start
        for step in steps:
            state = self.apply(self.transitions[step], *state)
        return state

    @cached_property
    def start(self) -> tuple[int, int]:
        """The initial state with its knowledge closed (Horn rules with an empty body included)."""
        axioms = 0
        for rule in self.horn:
            if rule.body == 0:
                axioms |= 1 << rule.head
        return self.initial, self.close(0, self.known | axioms)

    def canonical(self, local: int, knowledge: int) -> tuple[int, int]:
        """The state that stands for all images of this one."""
        return min([(local, knowledge), *(symmetry.apply(local, knowledge) for symmetry in self.symmetries)])

    def describe(self, local: int) -> dict[str, object]:
        return {f.name: f.read(local) for f in self.fields}


def bits(mask: int) -> Iterator[int]:
    """The indices of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
