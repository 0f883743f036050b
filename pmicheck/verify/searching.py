"""What a search showed, and whom else it answers: cells whose ground systems are the same are searched once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pmicheck.explore.result import Exploration
from pmicheck.grounding.run import Prepared
from pmicheck.grounding.system import TransitionSystem
from pmicheck.symbolic.decide import Decider
from pmicheck.verify.deciding import Judged
from pmicheck.verify.evidence import Way, way_to


@dataclass(frozen=True, kw_only=True)
class Searched:
    """All that a search showed, without the states.

    Attributes:
        attacker: under whom it was made; system: of what.
        fixed: the values of what the properties look at, as far as the system has no field for it.
        explored: the counts and goals.
        ways: by property, the way to its violation.
    """

    attacker: str
    system: TransitionSystem
    fixed: tuple[object, ...]
    explored: Exploration
    ways: tuple[Way | None, ...]

    @classmethod
    def of(cls, attacker: str, judged: Judged, decider: Decider) -> Searched:
        """What a search of a prepared system showed of its properties."""
        found = zip(judged.prepared.properties, judged.first, strict=True)
        return cls(
            attacker=attacker,
            system=judged.prepared.grounded.system,
            fixed=_fixed(judged.prepared),
            explored=judged.explored.without_states(),
            ways=tuple(way_to(prop, finding, judged, decider) if finding else None for prop, finding in found),
        )

    def answers(self, prepared: Prepared) -> bool:
        """Whether a search of the prepared system, in the same world, would show the same of the same properties."""
        alike = replace(prepared.grounded.system, name=self.system.name) == self.system
        return alike and _fixed(prepared) == self.fixed


def _fixed(prepared: Prepared) -> tuple[object, ...]:
    grounded, world = prepared.grounded, prepared.start.world
    cells = (cell for prop in prepared.properties for cell in prop.cells(world) if cell not in grounded.fields)
    return tuple(grounded.value(cell, grounded.system.initial) for cell in cells)
