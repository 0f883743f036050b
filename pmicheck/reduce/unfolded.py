"""What was found in a reduced system, told as findings in the original one.

A state of a reduced system stands for all its images. So a state has the number `image * states + id` here: the image
of the state with that id under the symmetry with that number, the identity being number 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmicheck.explore.result import Exploration, Projected, Reached
from pmicheck.grounding.system import Symmetry, TransitionSystem

Images = Sequence[Symmetry | None]
"""The symmetries, None for the identity first."""


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


def merged(original: TransitionSystem, images: Images, goals: Sequence[int], explored: Exploration) -> dict[str, Any]:
    """What an exploration of each image of a state shows of the original system; `goals` are its goals, by number."""
    numbers = range(len(original.projections))
    return {
        "projections": tuple(_projected(original, images, explored, number) for number in numbers),
        "goals": _goals(len(original.goals), goals, explored),
    }


def _projected(original: TransitionSystem, images: Images, explored: Exploration, number: int) -> tuple[Projected, ...]:
    """The distinct values of one projection in all images of all states, shallowest first."""
    projection = original.projections[number]
    found: dict[tuple[int, int], Projected] = {}
    for turn, image in enumerate(images):
        for seen in explored.projections[turn * len(original.projections) + number]:
            value = image.apply(*seen[:2]) if image else seen[:2]
            key = value[0] & projection.mask, value[1] & projection.facts
            one = Projected(*key, turn * explored.states + seen.state, seen.depth)
            if key not in found or (one.depth, one.state) < (found[key].depth, found[key].state):
                found[key] = one
    return tuple(sorted(found.values(), key=lambda one: (one.depth, one.state)))


def _goals(count: int, goals: Sequence[int], explored: Exploration) -> tuple[Reached | None, ...]:
    """The shallowest state that meets each of the original's `count` goals."""
    first: list[Reached | None] = [None] * count
    for place, reached in enumerate(explored.goals):
        turn, goal = divmod(place, len(goals))
        number, known = goals[goal], first[goals[goal]]
        if reached is not None and (known is None or reached.depth < known.depth):
            first[number] = Reached(turn * explored.states + reached.state, reached.depth)
    return tuple(first)
