"""What a property is: cells and terms it looks at, named observables made of them, and one z3 formula over those."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pmicheck.attacker.profiles import Attacker
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.world import World

Observation = Mapping[str, bool | int | str]
"""Observables by name; a property may see several per state (one per home address)."""

Condition = tuple[Cell, Callable[..., bool], tuple[Any, ...]]


class Look(NamedTuple):
    """Cells and terms whose values a property judges together, and apart from all others that it looks at."""

    cells: tuple[Cell, ...]
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True)
class State:
    """What a property is shown of a state: only the cells and terms it asked for."""

    read: Callable[[Cell], Any]
    known: frozenset[Term]
    world: World
    attacker: Attacker | None


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property of DESIGN section 4.

    Attributes:
        name, violated_when: as DESIGN names and words it.
        harm: what an attacker who violates it does, as a clause without its subject.
        severity: how grave that is, from "0.0" to "10.0" on GitHub's scale; no CVSS score.
        families: kinds of scenario in which its words mean something.
        looks: what it looks at in a world. An observable must not depend on more than one of them.
        observe: the observables of a state, possibly several sets of them; none where there is nothing to judge.
        formula: from the observables as z3 constants to (what is known of the numbers, the invariant).
        witness: a state that shows that the antecedent happens, for this world.
        conclusion: the sentence for a violating observation.
    """

    name: str
    violated_when: str
    harm: str
    severity: str
    families: frozenset[str]
    looks: Callable[[World], tuple[Look, ...]] = field(compare=False)
    observe: Callable[[State], tuple[Observation, ...]] = field(compare=False)
    formula: Callable[[Mapping[str, Any]], tuple[Any, Any]] = field(compare=False)
    witness: Callable[[World], tuple[str, tuple[Condition, ...]]] = field(compare=False)
    conclusion: Callable[[Observation], str] = field(compare=False)
    needs_leave: bool = False

    def cells(self, world: World) -> tuple[Cell, ...]:
        """All cells that it looks at."""
        return tuple(cell for look in self.looks(world) for cell in look.cells)

    def terms(self, world: World) -> tuple[Term, ...]:
        """All terms of which it asks whether the attacker knows them."""
        return tuple(term for look in self.looks(world) for term in look.terms)


def applies(prop: Property, world: World) -> bool:
    """Whether the property means something in this world."""
    return bool(prop.families & world.families) and (world.leaves or not prop.needs_leave)
