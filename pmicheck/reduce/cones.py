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
from pmicheck.reduce.variables import wanted_by_all


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
        self.going_on = wanted_by_all(system)
        self.ends = frozenset(self._find_ends())
        self.regular = [n for n in range(len(system.transitions)) if n not in self.ends]
        self.end_fields = self.whole(self.going_on & self._set_by_ends())

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
        return sum(self._in(mask))

    def _in(self, mask: int) -> Iterator[int]:
        """The variables of which some bit is in the mask, one by one."""
        left = mask & self.every
        while left:
            variable = self.variable_of[(left & -left).bit_length() - 1]
            yield variable
            left &= ~variable

    @cached_property
    def writes(self) -> dict[int, list[int]]:
        """The transitions that write some bits, ends aside, by these bits."""
        by_bits: dict[int, list[int]] = defaultdict(list)
        for number in self.regular:
            t = self.system.transitions[number]
            by_bits[(t.clear | t.put) & self.every].append(number)
        return by_bits

    @cached_property
    def variables(self) -> dict[int, tuple[int, ...]]:
        """Fields that the same transitions write, as one mask, and the keys in `writes` of those."""
        fields = self.system.fields
        written: list[list[int]] = [[] for _ in fields]
        field_of = {bit: number for number, field in enumerate(fields) for bit in bits(field.mask)}
        for mask in self.writes:
            for number in {field_of[bit] for bit in bits(mask)}:
                written[number].append(mask)
        together: dict[tuple[int, ...], int] = defaultdict(int)
        for field, by in zip(fields, written, strict=True):
            together[tuple(by)] |= field.mask
        return {mask: by for by, mask in together.items()}

    @cached_property
    def variable_of(self) -> dict[int, int]:
        """For each bit the variable that it belongs to."""
        return {bit: mask for mask in self.variables for bit in bits(mask)}

    @cached_property
    def teachers(self) -> dict[int, list[int]]:
        """For each fact that is not known at the start the transitions that teach it."""
        by_fact: dict[int, list[int]] = defaultdict(list)
        for number in self.regular:
            for fact in bits(self.system.transitions[number].learns & ~self.known):
                by_fact[fact].append(number)
        return by_fact

    def found(self) -> list[_Cone]:
        """Cones for all that is looked at, and a place in one for each end; none lies within another."""
        looked_at = [part for p in self.system.projections for part in parts_of(p)]
        looked_at += [(goal.mask, goal.facts) for goal in self.system.goals]
        cones: list[_Cone] = []
        for mask, facts in dict.fromkeys(looked_at or [(0, 0)]):
            self._home(cones, self.whole(mask) | self.end_fields, facts, frozenset())
        seen_in: dict[int, set[int]] = defaultdict(set)
        for number in sorted(self.ends):
            t = self.system.transitions[number]
            unmet = self.whole((t.value ^ self.system.initial) & t.mask)
            seen_in[self._home(cones, unmet | self.end_fields, t.needs, frozenset({number}))].add(number)
        return self._apart([replace(cone, ends=frozenset(seen_in[place])) for place, cone in enumerate(cones)])

    def around(self, mask: int, facts: int, watched: int) -> _Cone:
        """The cone of these fields and facts, `watched` bits that its steps move included."""
        return self._closed(_Cone(self.whole(mask), facts), watched)

    def _home(self, cones: list[_Cone], mask: int, facts: int, ends: frozenset[int]) -> int:
        """Which cone holds these fields and facts; if none does, one around them and the ends comes last."""
        for place, cone in enumerate(cones):
            if cone.holds(mask, facts):
                return place
        cones.append(self._closed(_Cone(mask, facts, ends)))
        return len(cones) - 1

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
        mask = facts = 0
        steps: set[int] = set()
        asked, away, unmet, needed = watched, 0, cone.mask, cone.facts
        fresh = set(cone.ends)
        while True:
            for t in (self.system.transitions[number] for number in fresh):
                asked |= t.mask
                unmet |= t.mask if self.every_guard else (t.value ^ self.system.initial) & t.mask
                needed |= t.needs
            for t in (self.system.transitions[number] for number in fresh - cone.ends):
                away |= (t.put ^ self.system.initial) & (t.clear | t.put)
            wider, more = self.whole((unmet | away & asked) & ~mask), self.system.with_premises(facts | needed) & ~facts
            if not wider and not more:
                return _Cone(mask, facts, cone.ends, tuple(sorted(steps)))
            mask, facts = mask | wider, facts | more
            fresh = set(self._moving(wider, more)) - steps
            steps |= fresh

    def _moving(self, mask: int, facts: int) -> Iterator[int]:
        """The transitions that write some of these variables, or teach some of these facts."""
        for written in {key for variable in self._in(mask) for key in self.variables[variable]}:
            yield from self.writes[written]
        for fact in bits(facts):
            yield from self.teachers.get(fact, ())


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
