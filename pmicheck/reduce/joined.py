"""What was found in the slices of a system, told as findings in the system.

The state of slice k with the id n has the number `n * slices + k` here. It stands for a state in which nobody else has
done anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from pmicheck.explore.result import Exploration, Projected, Reached
from pmicheck.grounding.system import TransitionSystem
from pmicheck.reduce.cones import Slice


@dataclass(frozen=True, kw_only=True)
class Joined(Exploration):
    """The findings of the searches of all slices; sizes are the sums of theirs."""

    original: TransitionSystem = field(compare=False, repr=False)
    slices: tuple[Slice, ...] = field(compare=False, repr=False)
    found: tuple[Exploration, ...] = field(compare=False, repr=False)

    def depth_of(self, state_id: int) -> int:
        """Length of a shortest path from the initial state, as far as the search of the slice counts its steps."""
        number, place = divmod(state_id, len(self.slices))
        return self.found[place].depth_of(number)

    def path(self, state_id: int) -> tuple[int, ...]:
        """Transition indices of a run of the whole system to a state."""
        number, place = divmod(state_id, len(self.slices))
        return tuple(self.slices[place].transitions[step] for step in self.found[place].path(number))

    def state(self, state_id: int) -> tuple[int, int]:
        """(local, knowledge) of a state of the whole system."""
        return self.original.after(self.path(state_id))

    def states_iter(self) -> Iterator[tuple[int, int]]:
        """(local, knowledge) of all states found, slice by slice."""
        for place, found in enumerate(self.found):
            for number in range(found.states):
                yield self.state(number * len(self.slices) + place)


def join(system: TransitionSystem, slices: Sequence[Slice], found: Sequence[Exploration]) -> Joined:
    """The findings in the slices of a system as findings in the system."""
    return Joined(
        states=sum(each.states for each in found),
        transitions=sum(each.transitions for each in found),
        complete=all(each.complete for each in found),
        stopped_by=next((each.stopped_by for each in found if each.stopped_by), None),
        fired=tuple(map(sum, zip(*(each.fired for each in found), strict=True))),
        levels=tuple(map(sum, zip_longest(*(each.levels for each in found), fillvalue=0))),
        knowledge_sets=sum(each.knowledge_sets for each in found),
        projections=tuple(_projected(system, slices, found, n) for n in range(len(system.projections))),
        goals=tuple(_reached(slices, found, n) for n in range(len(system.goals))),
        seconds=sum(each.seconds for each in found),
        kernel=found[0].kernel,
        bytes_per_state=max((each.bytes_per_state for each in found if each.bytes_per_state), default=None),
        edges=None,
        store=found[0].store,
        shortage=next((each.shortage for each in found if each.shortage), ""),
        unsaved=next((each.unsaved for each in found if each.unsaved), ""),
        original=system,
        slices=tuple(slices),
        found=tuple(found),
    )


def _projected(
    system: TransitionSystem, slices: Sequence[Slice], found: Sequence[Exploration], number: int
) -> tuple[Projected, ...]:
    """The distinct values of one projection, all but the part that a slice shows being as at the start."""
    projection, (local, knowledge) = system.projections[number], system.start
    first: dict[tuple[int, int], Projected] = {}
    for place, (piece, explored) in enumerate(zip(slices, found, strict=True)):
        for shows, part, values in zip(piece.shows, piece.system.projections, explored.projections, strict=True):
            if shows != number:
                continue
            around = local & projection.mask & ~part.mask, knowledge & projection.facts & ~part.facts
            for seen in values:
                one = Projected(
                    seen.local | around[0], seen.knowledge | around[1], seen.state * len(slices) + place, seen.depth
                )
                known = first.get(one[:2])
                if known is None or one.depth < known.depth:
                    first[one[:2]] = one
    return tuple(sorted(first.values(), key=lambda one: (one.depth, one.state)))


def _reached(slices: Sequence[Slice], found: Sequence[Exploration], number: int) -> Reached | None:
    """The shallowest state that meets a goal."""
    reached = [
        Reached(goal.state * len(slices) + place, goal.depth)
        for place, (piece, explored) in enumerate(zip(slices, found, strict=True))
        for goal in (explored.goals[piece.goals.index(number)] if number in piece.goals else None,)
        if goal is not None
    ]
    return min(reached, key=lambda one: (one.depth, one.state), default=None)
