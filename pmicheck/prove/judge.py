"""What the facts say of a property: proved, if nothing that may ever be the case breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from pmicheck.language.cells import Cell
from pmicheck.properties.base import Look, Observation, Property, State
from pmicheck.prove.facts import Step
from pmicheck.prove.fixpoint import Fixpoint
from pmicheck.prove.shapes import flat
from pmicheck.symbolic.decide import Decider


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of a proof: an observation that breaks the property, and the steps that led to it."""

    observation: Observation
    causes: tuple[Step, ...]


def obstacle(facts: Fixpoint, prop: Property, decider: Decider) -> Obstacle | None:
    """The first observation of the facts that breaks the property; None if there is none: it is proved."""
    for look in prop.looks(facts.world):
        for state, causes in _states(facts, look):
            for observation in prop.observe(state):
                if decider.violation(prop, observation) is not None:
                    return Obstacle(observation, causes)
    return None


def _states(facts: Fixpoint, look: Look) -> Iterator[tuple[State, tuple[Step, ...]]]:
    """Every state that the facts allow, as far as the look goes, with the steps that brought it about. All numbers
    are one in it: no property asks whether two of them differ."""
    found = [facts.values_of(cell).items() for cell in look.cells]
    terms = [term for term in look.terms if facts.known.can_make(flat(term))]
    known = [frozenset(some) for size in range(len(terms) + 1) for some in combinations(terms, size)]
    for values in product(*found):
        read = {cell: flat(value) for cell, (value, _) in zip(look.cells, values, strict=True)}
        for some in known:
            steps = [step for _, step in values] + [facts.taught.get(flat(term)) for term in sorted(some, key=repr)]
            causes = tuple(step for step in steps if step is not None)
            yield State(_reader(read), some, facts.world, facts.adversary.attacker), causes


def _reader(read: dict[Cell, Any]) -> Any:
    """What a property reads: cells that the look leaves out are as nobody has touched them."""
    return lambda cell: read.get(cell, cell.initial)
