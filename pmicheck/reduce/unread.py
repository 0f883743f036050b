"""What no transition asks for any more goes, since it only multiplies states: fields that nobody looks at, facts that
nobody needs, directly or to derive another one.

Some fields are packets of which every receipt has turned out never to happen. Others are predicates on a cell
(layout.py) that a goal alone asks for. What those say is said by another field too, so the goal asks that one; left in
place they would make the cell unlike its symmetric ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pmicheck.grounding.system import Field, Goal, Symmetry, TransitionSystem
from pmicheck.reduce.variables import wanted_by_all


@dataclass(frozen=True)
class Bare:
    """A system without fields that no transition looks at, and facts that nobody needs.

    Attributes:
        system: the system; it has the transitions of the original under the same numbers.
        goals: for each goal of `system` the number of the goal of the original for which it stands.
    """

    system: TransitionSystem
    goals: tuple[int, ...]

    def products(self, images: Sequence[Symmetry | None]) -> list[list[int]]:
        """For images a and b the number of the image that is a and then b."""
        probes = self._probes()
        looks = [self._look(image, probes) for image in images]
        return [[looks.index(self._look(b, look)) for b in images] for look in looks]

    def _probes(self) -> list[tuple[int, int]]:
        """States that tell any two symmetries apart: each value of each field alone, and each fact alone."""
        numbers = [(v << f.shift, 0) for f in self.system.fields for v in range(1 << f.width)]
        return [*numbers, *((0, 1 << bit) for bit in range(len(self.system.facts)))]

    def _look(self, image: Symmetry | None, states: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [image.apply(*state) for state in states] if image else states


def without_unread_fields(system: TransitionSystem) -> Bare:
    """The system without each field that nobody looks at, or a goal alone while another field determines it."""
    search = _Search(system)
    unasked = [field for field in system.fields if search.unasked(field)]
    owners = {u: owner for u in system.fields if u not in unasked and (owner := search.owner(u)) is not None}
    going = {*owners, *unasked}
    gone = sum(field.mask for field in going)
    useful = _useful_facts(system)
    meant = [search.meant(goal, owners) for goal in system.goals]
    bare = replace(
        system,
        fields=tuple(field for field in system.fields if field not in going),
        transitions=tuple(
            replace(t, clear=t.clear & ~gone, put=t.put & ~gone, learns=t.learns & useful) for t in system.transitions
        ),
        horn=tuple(rule for rule in system.horn if useful >> rule.head & 1),
        initial=system.initial & ~gone,
        known=system.known & useful,
        goals=tuple(goal for goals in meant for goal in goals),
    )
    return Bare(bare, tuple(number for number, goals in enumerate(meant) for _ in goals))


def _useful_facts(system: TransitionSystem) -> int:
    """The facts that somebody asks for, and all that help to derive them."""
    facts = 0
    for asked in (t.needs for t in system.transitions):
        facts |= asked
    for asked in (*(p.facts for p in system.projections), *(g.facts for g in system.goals)):
        facts |= asked
    return system.with_premises(facts)


class _Search:
    """Which field says what an unread one says.

    A state in which some bits are not as every transition wants them is an end: an observation state, say. There the
    fields need not agree with each other, so a goal that loses a field asks for these bits as well.
    """

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.read = 0
        for mask in (*(t.mask for t in system.transitions), *(p.mask for p in system.projections)):
            self.read |= mask
        self.going_on = wanted_by_all(system)
        self.as_wanted = system.initial & self.going_on
        self.ends = [t for t in system.transitions if (t.put ^ self.as_wanted) & t.clear & self.going_on]
        self.others = [t for t in system.transitions if t not in self.ends]

    def written(self, mask: int) -> list[tuple[int, int]]:
        """Everything that these bits are set to on the way: (which of them, value), the start first."""
        sets = ((t.clear & mask, t.put & mask) for t in self.others if t.clear & mask)
        return [(mask, self.system.initial & mask), *sets]

    def unasked(self, field: Field) -> bool:
        """Whether nothing at all looks at a field."""
        return not field.mask & self.read and not any(field.mask & goal.mask for goal in self.system.goals)

    def owner(self, unread: Field) -> Field | None:
        """A field that is read, is always written together with the unread one, and whose value determines it."""
        if unread.mask & self.read or not self.unmet_at_ends(unread):
            return None
        return next((field for field in self.system.fields if self.determines(field, unread)), None)

    def determines(self, field: Field, unread: Field) -> bool:
        both = field.mask | unread.mask
        writes = self.written(both)
        if not field.mask & self.read or any(mask != both for mask, _ in writes):
            return False
        return len({value for _, value in writes}) == len({value & field.mask for _, value in writes})

    def unmet_at_ends(self, unread: Field) -> bool:
        """Whether no end meets a goal that looks at the field, and no such goal looks at what makes an end."""
        goals = [goal for goal in self.system.goals if goal.mask & unread.mask]
        cleared = all(t.clear & unread.mask == unread.mask for t in self.ends)
        unmet = all((t.put ^ goal.value) & unread.mask for t in self.ends for goal in goals)
        return cleared and unmet and not any(goal.mask & self.going_on for goal in goals)

    def meant(self, goal: Goal, owners: dict[Field, Field]) -> list[Goal]:
        """Goals of which one at least is met where this one is, and that look at no field that goes."""
        meant = [goal]
        for unread, owner in owners.items():
            if not goal.mask & unread.mask:
                continue
            values = {v for _, v in self.written(owner.mask | unread.mask) if not (v ^ goal.value) & unread.mask}
            mask, rest = owner.mask | self.going_on, ~(owner.mask | unread.mask)
            meant = [
                replace(g, mask=g.mask & rest | mask, value=g.value & rest | v | self.as_wanted)
                for g in meant
                for v in sorted({v & owner.mask for v in values})
                if not (g.value ^ v) & g.mask & owner.mask
            ]
        return meant
