"""From leaves to bits: which cells matter, where they lie in a state, and the ground transitions as masks.

A cell takes as many bits as its values need, and one more for every predicate that a guard tests: so a test such as
"this sequence number is greater than the last" is one masked compare, not one per value. Cells that nothing reads on
any way to a property or goal are left out (cone of influence): they could only multiply states.

What one step did (the ghost cells `EVENT` and `FALLBACK`) would double the states if it were kept. So a transition with
an event is laid out twice: once without it, and once into an observation state that holds nothing but the event and
goes nowhere. A trace that ends in an observation state ends with that very step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from pmicheck.grounding.collector import paused
from pmicheck.grounding.flight import UNDER_WAY
from pmicheck.grounding.found import Ground
from pmicheck.grounding.instance import Leaf, Predicate
from pmicheck.grounding.relevance import relevant_cells, without_implied_tests
from pmicheck.grounding.subsumption import not_subsumed
from pmicheck.grounding.system import WORD, Field, Goal, Horn, Projection, Rule, Transition, TransitionSystem
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.terms import render
from pmicheck.properties.base import Look


class Observed(NamedTuple):
    """What a property looks at."""

    name: str
    looks: tuple[Look, ...]

    @property
    def cells(self) -> set[Cell]:
        return {cell for look in self.looks for cell in look.cells}

    @property
    def terms(self) -> set[Term]:
        return {term for look in self.looks for term in look.terms}


class Wanted(NamedTuple):
    """A witness: a state in which every predicate holds of its cell."""

    name: str
    conditions: tuple[tuple[Cell, Callable[..., bool], tuple[Any, ...]], ...]


@dataclass(kw_only=True)
class Grounded:
    """A transition system with the way back to the words of the model.

    Attributes:
        system: what the engines see.
        ground: what was grounded.
        leaves: `leaves[i]` is what `system.transitions[i]` stands for.
        fact_terms: `fact_terms[i]` is what the fact with bit i says.
    """

    system: TransitionSystem
    ground: Ground
    leaves: Sequence[Leaf]
    fact_terms: tuple[Term, ...]
    fields: dict[Cell, Field] = field(default_factory=dict)

    def value(self, cell: Cell, local: int) -> Any:
        """What the cell holds in a state."""
        if cell in self.fields:
            return self.fields[cell].read(local)
        values = self.ground.values.get(cell)
        return next(iter(values)) if values else self.ground.world.initial.get(cell.name, cell.initial)

    def known_terms(self, local: int, knowledge: int) -> frozenset[Term]:
        """What the attacker knows in a state; an observation state tells of nothing but its event."""
        if local & ghosts_of(self.fields):
            return frozenset()
        return frozenset(term for bit, term in enumerate(self.fact_terms) if knowledge >> bit & 1)


class Layout:
    """Assigns bits to cells and predicates; `build()` yields the system."""

    def __init__(self, ground: Ground, observed: Sequence[Observed], wanted: Sequence[Wanted], name: str) -> None:
        self.ground = ground
        self.observed = observed
        self.wanted = wanted
        self.name = name
        self.required: dict[tuple[Term, ...], frozenset[Term]] = {}
        self.facts = self._relevant_facts()
        self.fact_index = {term: bit for bit, term in enumerate(self.facts)}
        self.fact_bits = {term: 1 << bit for bit, term in enumerate(self.facts)}
        ground.leaves = without_implied_tests(ground.leaves)
        roots = [c for o in observed for c in o.cells] + [c for w in wanted for c, _, _ in w.conditions]
        self.cells, self.leaves = relevant_cells(ground, roots, set(self.facts))
        self.fields: dict[Cell, Field] = {}
        self.extra: list[Field] = []
        self.predicates: dict[Predicate, tuple[int, int] | bool] = {}
        self.position = 0
        self.widths: dict[Cell, int] = {}
        self.images: dict[Cell, dict[Any, tuple[int, int]]] = {}
        self._assign()

    def _relevant_facts(self) -> tuple[Term, ...]:
        """Terms that an injection or a property needs, and all they can be derived from."""
        wanted = {term for leaf in self.ground.leaves for term in self._required(leaf)}
        wanted |= {term for observation in self.observed for term in observation.terms}
        by_conclusion: dict[Term, list[Term]] = {}
        for derivation in self.ground.derivations:
            by_conclusion.setdefault(derivation.conclusion, []).extend(derivation.premises)
        agenda = list(wanted)
        while agenda:
            for premise in by_conclusion.get(agenda.pop(), ()):
                if premise not in wanted and premise not in self.ground.given:
                    wanted.add(premise)
                    agenda.append(premise)
        return tuple(sorted(wanted, key=repr))

    def _assign(self) -> None:
        tests: dict[Cell, dict[Predicate, None]] = {}
        for leaf in self.leaves:
            for predicate in leaf.tests:
                tests.setdefault(predicate[0], {})[predicate] = None
        for want in self.wanted:
            for predicate in want.conditions:
                tests.setdefault(predicate[0], {})[predicate] = None
        order = [cell for cell in self.ground.values if cell in self.cells]
        for cell in order:
            self._place(cell, list(self.ground.values[cell]), list(tests.get(cell, ())))
        for want in self.wanted:
            for condition in want.conditions:
                if condition not in self.predicates:
                    cell, holds, arguments = condition
                    value = self.ground.world.initial.get(cell.name, cell.initial)
                    self.predicates[condition] = holds(value, *arguments)

    def _allot(self, width: int) -> int:
        """The shift of a new field that does not straddle a word."""
        if self.position // WORD != (self.position + width - 1) // WORD:
            self.position = (self.position // WORD + 1) * WORD
        shift = self.position
        self.position += width
        return shift

    def _place(self, cell: Cell, values: list[Any], tests: list[Predicate]) -> None:
        if len(values) == 1:
            for predicate in tests:
                self.predicates[predicate] = predicate[1](values[0], *predicate[2])
            self.images[cell] = {values[0]: (0, 0)}
            return
        width = (len(values) - 1).bit_length()
        owner = Field(cell.name, self._allot(width), width, tuple(values))
        self.fields[cell] = owner
        clear = owner.mask
        puts = [index << owner.shift for index in range(len(values))]
        columns: dict[tuple[bool, ...], tuple[int, int] | bool] = {}
        for predicate in tests:
            column = tuple(predicate[1](value, *predicate[2]) for value in values)
            if column not in columns:
                columns[column] = self._column(owner, predicate, column, puts)
            self.predicates[predicate] = columns[column]
            bit = columns[column]
            if not isinstance(bit, bool):
                clear |= bit[0]
        self.images[cell] = {value: (clear, put) for value, put in zip(values, puts, strict=True)}

    def _column(
        self, owner: Field, predicate: Predicate, column: tuple[bool, ...], puts: list[int]
    ) -> tuple[int, int] | bool:
        """(mask, value that means yes) for a predicate with these answers, or the answer if it is always the same."""
        if len(set(column)) == 1:
            return column[0]
        if len(column) == 2:
            return owner.mask, (column.index(True) << owner.shift)
        label = f"{owner.name}: {predicate[1].__name__.strip('_')}{predicate[2]!r}"
        extra = Field(label, self._allot(1), 1, (False, True))
        self.extra.append(extra)
        for index, answer in enumerate(column):
            puts[index] |= answer << extra.shift
        return extra.mask, extra.mask

    def guard(self, leaf: Leaf) -> tuple[int, int] | None:
        """(mask, value) of a leaf, or None if no state passes it."""
        mask = value = 0
        for cell, got in leaf.gets.items():
            if cell in self.fields:
                index_mask = self.fields[cell].mask
                mask |= index_mask
                value |= self.images[cell][got][1] & index_mask
        for predicate, answer in leaf.tests.items():
            bit = self.predicates[predicate]
            if isinstance(bit, bool):
                if bit != answer:
                    return None
                continue
            wanted = bit[1] if answer else bit[0] & ~bit[1]
            if mask & bit[0] & (value ^ wanted):
                return None
            mask |= bit[0]
            value |= wanted
        return mask, value

    def effect(self, leaf: Leaf) -> tuple[int, int, int]:
        """(clear, put, learns) of a leaf, ghosts of the step aside; a tick loses what is under way."""
        clear = put = 0
        sets = leaf.sets
        if leaf.loses_packets:
            lost = {cell: cell.initial for cell in self.fields if cell.about == UNDER_WAY}
            sets = {**lost, **sets}
        for cell, value in sets.items():
            if cell in self.fields and cell not in STEP_GHOSTS and leaf.gets.get(cell, _NEVER) != value:
                cell_clear, cell_put = self.images[cell][value]
                clear |= cell_clear
                put |= cell_put
        learns = self._facts(term for term in leaf.learns if term in self.fact_bits) if leaf.learns else 0
        return clear, put, learns

    def _required(self, leaf: Leaf) -> frozenset[Term]:
        """What the attacker has to know for the step."""
        needs = leaf.instance.needs
        if needs not in self.required:
            self.required[needs] = self.ground.required(needs)
        return self.required[needs]

    def _facts(self, terms: Iterable[Term]) -> int:
        """The set of facts that these terms are."""
        facts = 0
        for term in terms:
            facts |= self.fact_bits[term]
        return facts

    def _observation(self, leaf: Leaf) -> int:
        """The bits of the events of this step, 0 if it has none that anybody looks at."""
        seen = 0
        for cell in STEP_GHOSTS:
            if cell in self.images and leaf.sets.get(cell) is not None:
                seen |= self.images[cell][leaf.sets[cell]][1]
        return seen

    def build(self) -> Grounded:
        rules: dict[str, int] = {name: number for number, name in enumerate(sorted(self.ground.acts))}
        transitions: list[Transition] = []
        kept: list[Leaf] = []
        ghosts, everything = ghosts_of(self.fields), (1 << self.position) - 1
        for leaf in self.leaves:
            guard = self.guard(leaf)
            if guard is None:
                continue
            mask, value = guard[0] | ghosts, guard[1]
            needs = self._facts(self._required(leaf))
            rule = rules[leaf.instance.act.name]
            clear, put, learns = self.effect(leaf)
            if self._does_something(leaf, learns):
                transitions.append(Transition(rule, mask, value, clear, put, needs, learns))
                kept.append(leaf)
            seen = self._observation(leaf)
            if seen:
                transitions.append(Transition(rule, mask, value, everything, seen, needs))
                kept.append(leaf)
        order = sorted(range(len(kept)), key=lambda n: (kept[n].instance.rank, n))
        transitions, kept = [transitions[n] for n in order], [kept[n] for n in order]
        remaining = not_subsumed(transitions, [leaf.instance.by_attacker for leaf in kept])
        system = self._system(rules, [transitions[number] for number in remaining])
        leaves = tuple(kept[number] for number in remaining)
        return Grounded(system=system, ground=self.ground, leaves=leaves, fact_terms=self.facts, fields=self.fields)

    def _does_something(self, leaf: Leaf, learns: int) -> bool:
        """Whether anything but an event comes of it."""
        if learns or leaf.loses_packets:
            return True
        changes = (cell for cell in leaf.sets if cell in self.fields and cell not in STEP_GHOSTS)
        return any(leaf.gets.get(cell, _NEVER) != leaf.sets[cell] for cell in changes)

    def _system(self, rules: Mapping[str, int], transitions: list[Transition]) -> TransitionSystem:
        acts = self.ground.acts
        attacking = {leaf.instance.act.name for leaf in self.ground.leaves if leaf.instance.by_attacker}
        initial = 0
        for cell in self.fields:
            start = next(iter(self.ground.values[cell]))
            initial |= self.images[cell][start][1]
        return TransitionSystem(
            name=self.name,
            width=max(1, -(-self.position // WORD)) * WORD,
            fields=(*self.fields.values(), *self.extra),
            rules=tuple(
                Rule(
                    name,
                    acts[name].actor,
                    acts[name].section,
                    acts[name].statements,
                    name in attacking or name.startswith("attacker"),
                )
                for name in rules
            ),
            transitions=tuple(transitions),
            facts=tuple(render(term) for term in self.facts),
            horn=self._horn(),
            initial=initial,
            known=self._facts(t for t in self.ground.known if t in self.fact_bits),
            projections=tuple(self._projection(observation) for observation in self.observed),
            goals=tuple(self._goal(want) for want in self.wanted),
        )

    def _horn(self) -> tuple[Horn, ...]:
        """Derivations whose conclusion matters."""
        rules = []
        for derivation in self.ground.derivations:
            if derivation.conclusion in self.fact_index:
                body = self._facts(premise for premise in derivation.premises if premise not in self.ground.given)
                rules.append(Horn(body, self.fact_index[derivation.conclusion], derivation))
        return tuple(rules)

    def _projection(self, observation: Observed) -> Projection:
        parts = tuple(part for part in map(self._part, observation.looks) if any(part))
        mask, facts = (reduce(or_, masks, 0) for masks in zip(*parts, strict=True)) if parts else (0, 0)
        return Projection(observation.name, mask, facts, parts)

    def _part(self, look: Look) -> tuple[int, int]:
        mask = sum(self.fields[cell].mask for cell in look.cells if cell in self.fields)
        facts = self._facts(look.terms)
        return mask | (ghosts_of(self.fields) if facts else 0), facts

    def _goal(self, want: Wanted) -> Goal:
        mask = value = 0
        for predicate in want.conditions:
            bit = self.predicates[predicate]
            if isinstance(bit, bool):
                if not bit:
                    return Goal(want.name, 0, 1)
                continue
            mask |= bit[0]
            value |= bit[1]
        return Goal(want.name, mask, value)


_NEVER = object()
STEP_GHOSTS = (EVENT, FALLBACK)


def ghosts_of(fields: Mapping[Cell, Field]) -> int:
    """Bits that are zero in every state that is not an observation."""
    return sum(fields[cell].mask for cell in STEP_GHOSTS if cell in fields)


@paused()
def lay_out(ground: Ground, observed: Sequence[Observed], wanted: Sequence[Wanted], name: str) -> Grounded:
    """The transition system of `ground`, with a projection per property and a goal per witness."""
    return Layout(ground, observed, wanted, name).build()
