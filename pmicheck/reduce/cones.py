"""The cone of influence of each thing that is looked at: the fields, facts and transitions on which it depends.

What properties look at falls into parts that are judged each for itself (`Projection.parts`). Two mobile nodes that
share a clock and the nonces are two such parts, and side by side they have as many states as one has times the other.
Searched one by one they have the sum. A **slice** keeps the fields V and the facts F of one cone:

* every transition that writes V or teaches F is in it; of its guards those on V and its needs, which are all in F;
* every Horn rule with a head in F is in it, with its body.

So the V and F of each run of the system are a run of the slice: the other transitions touch neither. A guard on a field
u outside V may be left out if u stands still: it holds at the start, and no transition of the slice writes another
value into the bits of u that somebody in the slice asks for. Else u belongs to V. So each run of a slice is, transition
by transition, a run of the system in which nobody else acts. Hence a slice shows exactly what the system shows of V and
F, at the same depths, and its traces are traces of the system.

An **end** is a transition after which nothing can happen: it sets bits as no transition wants them and clears all else
(observation states, layout.py). A run has at most one, as its last step, so a slice needs only the ends that are to be
seen in it; each is in one slice. What an end state shows beside its end bits counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from pmicheck.grounding.system import Projection, Transition, TransitionSystem, bits


@dataclass(frozen=True)
class Slice:
    """A system that shows some of what the whole one does.

    Attributes:
        system: the slice.
        transitions: the numbers in the whole system of its transitions.
        shows: for each of its projections the number of the whole one of which it is a part.
        goals: for each of its goals the number of that goal in the whole system.
    """

    system: TransitionSystem
    transitions: tuple[int, ...]
    shows: tuple[int, ...]
    goals: tuple[int, ...]


def slices_of(system: TransitionSystem) -> tuple[Slice, ...]:
    """Slices that together show every part of every projection, and every goal; those that hold more first."""
    return tuple(_slice(system, cone) for cone in _Cones(system).found())


def slice_of_goal(system: TransitionSystem, goal: int, watched: int) -> Slice:
    """A slice from whose states the goal is in reach if and only if it is from the states that they stand for.

    That takes more than what can be seen on the way: a guard must not be left out, since the state in question is one
    in which others have acted. The bits in `watched` are as at the start unless the slice has them.
    """
    cones = _Cones(system, every_guard=True)
    wanted = system.goals[goal]
    return _slice(system, cones.around(wanted.mask, wanted.facts, watched))


@dataclass(frozen=True)
class _Cone:
    """Fields and facts, and the numbers of the ends seen with them and of the other transitions that matter."""

    mask: int
    facts: int
    ends: frozenset[int] = frozenset()
    steps: tuple[int, ...] = ()

    @property
    def kept(self) -> tuple[int, ...]:
        return tuple(sorted((*self.steps, *self.ends)))

    def holds(self, mask: int, facts: int) -> bool:
        return not mask & ~self.mask and not facts & ~self.facts

    def serves(self, cone: _Cone) -> bool:
        """Whether a cone need not be searched beside this one, which perhaps has to be widened by it."""
        return self.holds(cone.mask, cone.facts) or self.steps == cone.steps

    def rank(self) -> tuple[int, ...]:
        """An order in which none comes before another that it lies within."""
        return -self.mask.bit_count(), -self.facts.bit_count(), self.mask, self.facts

    def with_all_of(self, other: _Cone) -> _Cone:
        return _Cone(self.mask | other.mask, self.facts | other.facts, self.ends | other.ends, self.steps)


class _Cones:
    """Finds cones; with `every_guard` a guard belongs to the cone even if it holds wherever its step matters."""

    def __init__(self, system: TransitionSystem, *, every_guard: bool = False) -> None:
        self.system = system
        self.every_guard = every_guard
        self.every = sum(field.mask for field in system.fields)
        self.known = system.start[1]
        self.ends = frozenset(self._find_ends())
        self.regular = [n for n in range(len(system.transitions)) if n not in self.ends]
        self.end_fields = self.whole(self.going_on & self._set_by_ends())

    @cached_property
    def going_on(self) -> int:
        """The bits that every transition wants as they are at the start."""
        wanted = self.every if self.system.transitions else 0
        for t in self.system.transitions:
            wanted &= t.mask & ~(t.value ^ self.system.initial)
        return wanted

    def _find_ends(self) -> Iterator[int]:
        for number, t in enumerate(self.system.transitions):
            if (t.put ^ self.system.initial) & self.going_on and not (self.every & ~t.clear or t.learns):
                yield number

    def _set_by_ends(self) -> int:
        bits_set = 0
        for number in self.ends:
            bits_set |= self.system.transitions[number].put ^ self.system.initial
        return bits_set

    def whole(self, mask: int) -> int:
        """The variables of which some bit is in the mask."""
        found, left = 0, mask & self.every
        while left:
            variable = self.variable_of[(left & -left).bit_length() - 1]
            found |= variable
            left &= ~variable
        return found

    @cached_property
    def variable_of(self) -> dict[int, int]:
        """For each bit the variable that it belongs to: fields that the same transitions write."""
        fields = self.system.fields
        writers: list[list[int]] = [[] for _ in fields]
        field_of = {bit: number for number, field in enumerate(fields) for bit in bits(field.mask)}
        written = {t.clear | t.put for t in (self.system.transitions[n] for n in self.regular)}
        for number, mask in enumerate(sorted(written)):
            for place in {field_of[bit] for bit in bits(mask & self.every)}:
                writers[place].append(number)
        together: dict[tuple[int, ...], int] = defaultdict(int)
        for field, by in zip(fields, writers, strict=True):
            together[tuple(by)] |= field.mask
        return {bit: mask for mask in together.values() for bit in bits(mask)}

    def found(self) -> list[_Cone]:
        """Cones for all that is looked at, and a place in one for each end; none lies within another."""
        looked_at = [part for p in self.system.projections for part in parts_of(p)]
        looked_at += [(goal.mask, goal.facts) for goal in self.system.goals]
        cones: list[_Cone] = []
        for mask, facts in dict.fromkeys(looked_at or [(0, 0)]):
            self._place(cones, self.whole(mask) | self.end_fields, facts, frozenset())
        for number in sorted(self.ends):
            t = self.system.transitions[number]
            unmet = self.whole((t.value ^ self.system.initial) & t.mask)
            self._place(cones, unmet | self.end_fields, t.needs, frozenset({number}))
        return self._apart(cones)

    def around(self, mask: int, facts: int, watched: int) -> _Cone:
        """The cone of these fields and facts, `watched` bits that its steps move included."""
        return self._closed(_Cone(self.whole(mask), facts), watched)

    def _place(self, cones: list[_Cone], mask: int, facts: int, ends: frozenset[int]) -> None:
        """Put something into the first cone that holds it, or into one of its own."""
        for place, cone in enumerate(cones):
            if cone.holds(mask, facts):
                cones[place] = replace(cone, ends=cone.ends | ends)
                return
        cones.append(self._closed(_Cone(mask, facts, ends)))

    def _apart(self, cones: list[_Cone]) -> list[_Cone]:
        """The cones closed for all the ends in them; one for two that the same steps move, or one within the other."""
        while True:
            cones = sorted(map(self._closed, cones), key=_Cone.rank)
            apart: list[_Cone] = []
            for cone in cones:
                place = next((n for n, other in enumerate(apart) if other.serves(cone)), None)
                if place is None:
                    apart.append(cone)
                else:
                    apart[place] = apart[place].with_all_of(cone)
            if len(apart) == len(cones):
                return cones
            cones = apart

    def _closed(self, cone: _Cone, watched: int = 0) -> _Cone:
        """The least cone around a given one: see above."""
        transitions, initial = self.system.transitions, self.system.initial
        mask, facts = cone.mask, cone.facts
        while True:
            kept = [n for n in self.regular if self._matters(transitions[n], mask, facts)]
            asking = [transitions[n] for n in (*kept, *cone.ends)]
            asked, moved, needed = watched, 0, 0
            for t in asking:
                asked |= t.mask
                moved |= t.mask if self.every_guard else (t.value ^ initial) & t.mask
                needed |= t.needs
            for t in (transitions[n] for n in kept):
                moved |= (t.put ^ initial) & (t.clear | t.put) & asked
            wider, more = mask | self.whole(moved & ~mask), self._derived(facts | needed)
            if (wider, more) == (mask, facts):
                return _Cone(mask, facts, cone.ends, tuple(kept))
            mask, facts = wider, more

    def _matters(self, t: Transition, mask: int, facts: int) -> bool:
        return bool((t.clear | t.put) & mask or t.learns & facts & ~self.known)

    def _derived(self, facts: int) -> int:
        """The facts, and all that help to derive them."""
        agenda = list(bits(facts))
        by_head = self._bodies
        while agenda:
            for body in by_head.get(agenda.pop(), ()):
                agenda += bits(body & ~facts)
                facts |= body
        return facts

    @cached_property
    def _bodies(self) -> dict[int, list[int]]:
        by_head: dict[int, list[int]] = {}
        for rule in self.system.horn:
            by_head.setdefault(rule.head, []).append(rule.body)
        return by_head


def parts_of(projection: Projection) -> tuple[tuple[int, int], ...]:
    """(mask, facts) of all that the projection shows, judged each for itself."""
    return projection.parts or ((projection.mask, projection.facts),)


def _slice(system: TransitionSystem, cone: _Cone) -> Slice:
    mask, facts = cone.mask, cone.facts
    goals = [(n, goal) for n, goal in enumerate(system.goals) if cone.holds(goal.mask, goal.facts)]
    shown = list(_shown(system, cone))
    return Slice(
        replace(
            system,
            fields=tuple(field for field in system.fields if field.mask & mask),
            transitions=tuple(_restricted(system.transitions[n], mask, facts) for n in cone.kept),
            horn=tuple(rule for rule in system.horn if facts >> rule.head & 1),
            initial=system.initial & mask,
            known=system.known & facts,
            projections=tuple(projection for _, projection in shown),
            goals=tuple(goal for _, goal in goals),
        ),
        cone.kept,
        tuple(number for number, _ in shown),
        tuple(number for number, _ in goals),
    )


def _shown(system: TransitionSystem, cone: _Cone) -> Iterator[tuple[int, Projection]]:
    """The parts that a cone shows, as projections."""
    for number, projection in enumerate(system.projections):
        for mask, facts in parts_of(projection):
            if cone.holds(mask, facts):
                yield number, Projection(projection.name, mask, facts)


def _restricted(t: Transition, mask: int, facts: int) -> Transition:
    return replace(
        t,
        mask=t.mask & mask,
        value=t.value & mask,
        clear=t.clear & mask,
        put=t.put & mask,
        needs=t.needs & facts,
        learns=t.learns & facts,
    )
