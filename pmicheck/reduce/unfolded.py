"""What was found in a reduced system, told as findings in the original one.

A state of a reduced system stands for all its images. So a state has the number `image * states + id` here: the image
of the state with that id under the symmetry with that number, the identity being number 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pmicheck.explore.result import Exploration, Projected, Reached
from pmicheck.grounding.system import TransitionSystem

if TYPE_CHECKING:
    from pmicheck.reduce.reduction import Reduced


@dataclass(frozen=True, kw_only=True)
class Unfolded(Exploration):
    """The findings of a reduced exploration in the words of the original system.

    `states`, `transitions`, `levels` and `knowledge_sets` are those of the reduced system, and a depth counts steps
    that are not eager. A path is a run of the original system; it may be longer than its state is deep.
    """

    original: TransitionSystem = field(compare=False, repr=False)
    path_to: Callable[[Exploration, int, int], tuple[int, ...]] = field(compare=False, repr=False)
    inner: Exploration = field(compare=False, repr=False)

    def depth_of(self, state_id: int) -> int:
        """Steps that are not eager on the way to a state."""
        return self.inner.depth_of(state_id % self.states)

    def path(self, state_id: int) -> tuple[int, ...]:
        """Transition indices of a run of the original system that leads to a state."""
        image, number = divmod(state_id, self.states)
        return self.path_to(self.inner, number, image)

    def state(self, state_id: int) -> tuple[int, int]:
        """(local, knowledge) of a state of the original system."""
        return self.original.after(self.path(state_id))

    def states_iter(self) -> Iterator[tuple[int, int]]:
        """(local, knowledge) of all states that were stored, one of each set of images."""
        return map(self.state, range(self.states))


def merged(reduced: Reduced, explored: Exploration) -> dict[str, Any]:
    """The fields of an Exploration that read otherwise for the original system."""
    return {
        "original": reduced.original,
        "projections": tuple(_projected(reduced, explored, n) for n in range(len(reduced.original.projections))),
        "goals": _goals(reduced, explored),
        "fired": reduced.fired(explored),
    }


def _projected(reduced: Reduced, explored: Exploration, number: int) -> tuple[Projected, ...]:
    """The distinct values of one projection in all images of all states, shallowest first."""
    projection = reduced.original.projections[number]
    found: dict[tuple[int, int], Projected] = {}
    for turn, image in enumerate(reduced.images):
        for seen in explored.projections[turn * len(reduced.original.projections) + number]:
            value = image.apply(*seen[:2]) if image else seen[:2]
            key = value[0] & projection.mask, value[1] & projection.facts
            one = Projected(*key, turn * explored.states + seen.state, seen.depth)
            if key not in found or (one.depth, one.state) < (found[key].depth, found[key].state):
                found[key] = one
    return tuple(sorted(found.values(), key=lambda one: (one.depth, one.state)))


def _goals(reduced: Reduced, explored: Exploration) -> tuple[Reached | None, ...]:
    """The shallowest state that meets each goal of the original."""
    first: list[Reached | None] = [None] * len(reduced.original.goals)
    for place, reached in enumerate(explored.goals):
        turn, goal = divmod(place, len(reduced.bare.goals))
        number, known = reduced.bare.goals[goal], first[reduced.bare.goals[goal]]
        if reached is not None and (known is None or reached.depth < known.depth):
            first[number] = Reached(turn * explored.states + reached.state, reached.depth)
    return tuple(first)
