"""What a search showed, and whom else it answers: cells whose ground systems are the same are searched once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pmicheck.explore.result import Exploration, Reached
from pmicheck.grounding.run import Prepared
from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.base import Property
from pmicheck.verify.evidence import Way


@dataclass(frozen=True)
class Searched:
    """All that a search showed, without the states.

    Attributes:
        attacker: under whom it was made; system: of what.
        fixed: the values of what the properties look at, as far as the system has no field for it.
        goals: by property, where its witness was found first; last the scenario's own goal.
        ways: by property, the way to its violation.
        stopped_by, shortage, unsaved: why it is not complete, and what its checkpoint lacks (see `Exploration`).
    """

    attacker: str
    system: TransitionSystem
    fixed: tuple[object, ...]
    states: int
    transitions: int
    depth: int
    complete: bool
    knowledge_sets: int
    fired: tuple[int, ...]
    goals: tuple[Reached | None, ...]
    ways: tuple[Way | None, ...]
    stopped_by: str
    shortage: str
    unsaved: str

    @classmethod
    def of(
        cls,
        attacker: str,
        prepared: Prepared,
        properties: tuple[Property, ...],
        explored: Exploration,
        ways: tuple[Way | None, ...],
    ) -> Searched:
        """What an exploration of the prepared system showed of the properties."""
        return cls(
            attacker,
            prepared.grounded.system,
            _fixed(prepared, properties),
            explored.states,
            explored.transitions,
            explored.depth,
            explored.complete,
            explored.knowledge_sets,
            explored.fired,
            explored.goals,
            ways,
            explored.stopped_by or "",
            explored.shortage,
            explored.unsaved,
        )

    def answers(self, prepared: Prepared, properties: tuple[Property, ...]) -> bool:
        """Whether a search of the prepared system, in the same world, would show the same of the same properties."""
        alike = replace(prepared.grounded.system, name=self.system.name) == self.system
        return alike and _fixed(prepared, properties) == self.fixed


def _fixed(prepared: Prepared, properties: tuple[Property, ...]) -> tuple[object, ...]:
    grounded, world = prepared.grounded, prepared.start.world
    cells = (cell for prop in properties for cell in prop.cells(world) if cell not in grounded.fields)
    return tuple(grounded.value(cell, grounded.system.initial) for cell in cells)
