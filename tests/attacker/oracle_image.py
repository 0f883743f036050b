"""The ground system as the oracle sees it: which bits a step of the roles changes, and which transitions may fire."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from oracle_runs import STEP_CELLS, Outcome, State

from pmicheck.grounding.layout import Grounded
from pmicheck.language.cells import Cell
from pmicheck.language.message import Message, Term


class Pair(NamedTuple):
    """A state of the roles, and the state of the ground system that stands for it."""

    state: State
    local: int
    knowledge: int


class Effect(NamedTuple):
    """A step in bits: cells cleared and put, terms shown, its events, and the (cell, value) that have no number."""

    clear: int
    put: int
    shown: frozenset[Term]
    seen: int
    unknown: tuple[tuple[Cell, Any], ...]


class Image:
    """Fields, transitions and facts of a ground system; `looked_at` are the cells that properties look at."""

    def __init__(self, grounded: Grounded, looked_at: set[Cell]) -> None:
        self.grounded = grounded
        self.system = grounded.system
        self.looked_at = looked_at
        self.fields = {cell: field for cell, field in grounded.fields.items() if cell not in STEP_CELLS}
        self.primary = sum(field.mask for field in self.fields.values())
        self.ghosts = sum(grounded.fields[cell].mask for cell in STEP_CELLS if cell in grounded.fields)
        self.numbers = {
            cell: {value: number << field.shift for number, value in enumerate(field.values)}
            for cell, field in grounded.fields.items()
        }
        self.flights = {
            leaf.instance.message: leaf.instance.flight
            for leaf in grounded.leaves
            if leaf.instance.message is not None and leaf.instance.flight is not None
        }
        self._lost = sum(self.fields[cell].mask for cell in set(self.flights.values()) if cell in self.fields)
        self._effects: dict[tuple[int, Message | None], Effect] = {}
        self._facts: dict[frozenset[Term], int] = {}

    def effect(self, outcome: Outcome, delivered: Message | None) -> Effect:
        """The outcome in bits; `delivered` is under way no more. An outcome lives as long as the runs that found it."""
        key = id(outcome), delivered
        if key not in self._effects:
            self._effects[key] = self._effect(outcome, delivered)
        return self._effects[key]

    def _effect(self, outcome: Outcome, delivered: Message | None) -> Effect:
        clear, put, unknown = self._lost if outcome.loses_packets else 0, 0, []
        flights = {self.flights[message]: True for message in outcome.under_way if message in self.flights}
        gone = {self.flights[delivered]: False} if delivered is not None and delivered in self.flights else {}
        for cell, value in {**gone, **flights, **dict(outcome.changed)}.items():
            if cell in self.fields and value in self.numbers[cell]:
                clear |= self.fields[cell].mask
                put |= self.numbers[cell][value]
            elif cell in self.fields or value not in self._values_found(cell):
                unknown.append((cell, value))
        seen = 0
        for cell, value in outcome.events:
            if cell in self.looked_at and value not in self.numbers.get(cell, {}):
                unknown.append((cell, value))
            seen |= self.numbers.get(cell, {}).get(value, 0)
        return Effect(clear, put, frozenset(outcome.shown), seen, tuple(unknown))

    def _values_found(self, cell: Cell) -> Iterable[Any]:
        """The values that grounding found for a cell that has no bits."""
        world = self.grounded.ground.world
        return (*self.grounded.ground.values.get(cell, ()), world.initial.get(cell.name, cell.initial))

    def facts(self, state: State) -> int:
        """The facts that must be known: what the attacker saw or decrypted. What it can build it need not have."""
        key = state.known.terms
        if key not in self._facts:
            self._facts[key] = sum(1 << bit for bit, term in enumerate(self.grounded.fact_terms) if term in key)
        return self._facts[key]

    def enabled(self, pair: Pair) -> list[int]:
        """The transitions that may fire."""
        local, unknown = pair.local, ~pair.knowledge
        return [n for n, mask, value, needs in self._guards if local & mask == value and not needs & unknown]

    @cached_property
    def _guards(self) -> list[tuple[int, int, int, int]]:
        return [(n, t.mask, t.value, t.needs) for n, t in enumerate(self.system.transitions)]

    def apply(self, pair: Pair, number: int) -> tuple[int, int]:
        """The successor by a transition."""
        return self.system.apply(self.system.transitions[number], pair.local, pair.knowledge)

    def cells_after(self, pair: Pair, effect: Effect) -> int:
        """The bits of the cells after a step of the roles."""
        return pair.local & self.primary & ~effect.clear | effect.put

    def leads_to(self, pair: Pair, number: int) -> int:
        """The bits of cells and events after a transition."""
        transition = self.system.transitions[number]
        return (pair.local & ~transition.clear | transition.put) & (self.primary | self.ghosts)
