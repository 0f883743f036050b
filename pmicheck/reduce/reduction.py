"""The one door to reductions: a smaller system, and the way back to runs of the one that was asked about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property

from pmicheck.errors import UsageError
from pmicheck.explore.python_kernel import Eager
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import Goal, Projection, Symmetry, TransitionSystem
from pmicheck.reduce.cones import slices_of
from pmicheck.reduce.images import goal_before, projection_before
from pmicheck.reduce.joined import join
from pmicheck.reduce.partial_order import eager_transitions
from pmicheck.reduce.symmetry import rule_images, symmetries_of, transition_images
from pmicheck.reduce.together import Together
from pmicheck.reduce.unfolded import Images, Unfolded, merged
from pmicheck.reduce.unread import Bare, without_unread_fields
from pmicheck.reduce.variables import variables_of

CONE, PARTIAL_ORDER, SYMMETRY = "cone-of-influence", "partial-order", "symmetry"
REDUCTIONS = (CONE, PARTIAL_ORDER, SYMMETRY)


@dataclass(frozen=True)
class Reduced:
    """A reduced system and how to read what is found in it.

    Attributes:
        original: the system that was asked about.
        alive: the numbers of its transitions that may ever fire, as far as can be told without a search.
        bare: the same with these transitions alone, and without fields that none of them looks at.
        system: what is explored; its projections and goals are those of `bare` in each image of a state in turn.
    """

    original: TransitionSystem
    alive: tuple[int, ...]
    bare: Bare
    system: TransitionSystem

    def unfold(self, explored: Exploration) -> Exploration:
        """What was found in `system`, as findings in `original`; the counts are those of the reduced system."""
        found = {f.name: getattr(explored, f.name) for f in fields(Exploration)}
        return Unfolded(
            **(found | merged(self.original, self.images, self.bare.goals, explored) | {"fired": self.fired(explored)}),
            original=self.original,
            path_to=self.path,
            inner=explored,
        )

    @property
    def images(self) -> Images:
        return (None, *self.system.symmetries)

    def path(self, explored: Exploration, state_id: int, image: int) -> tuple[int, ...]:
        """Transitions of `original` that lead to the image of a state that was found in `system`."""
        system, here, wanted = self.system, self.bare.system.start, explored.state(0)
        taken = self._hurried(here)
        done, here = list(taken[0]), taken[1]
        turn = self._turn(here, wanted)
        passed = explored.path(state_id)
        states = self._states(explored, state_id)
        for step, wanted in zip(passed, states, strict=True):
            back = self._inverse[turn]
            chosen = self._transitions[back][step]
            done.append(chosen)
            more, here = self._hurried(system.apply(system.transitions[chosen], *here))
            done += more
            turn = self._turn(here, wanted)
        final = self._product[turn][image]
        return tuple(self.alive[self._transitions[final][step]] for step in done)

    def fired(self, explored: Exploration) -> tuple[int, ...]:
        """How often each rule fired, a rule counting what fired of those that symmetries map to it."""
        fired = list(explored.fired)
        for symmetry in self.system.symmetries:
            images = rule_images(self.bare.system, symmetry) or {}
            for rule, image in images.items():
                if image != rule:
                    fired[image] += explored.fired[rule]
        return tuple(fired)

    def _states(self, explored: Exploration, state_id: int) -> list[tuple[int, int]]:
        """The states after each step of the path to a state."""
        states = []
        while state_id:
            states.append(explored.state(state_id))
            state_id = explored.store.parent(state_id)[0]
        return states[::-1]

    def _hurried(self, state: tuple[int, int]) -> tuple[list[int], tuple[int, int]]:
        return self._eager.follow(state)

    def _turn(self, here: tuple[int, int], wanted: tuple[int, int]) -> int:
        """The number of the image in which `here` is `wanted`."""
        return next(n for n, image in enumerate(self.images) if (image.apply(*here) if image else here) == wanted)

    @cached_property
    def _eager(self) -> Eager:
        return Eager(self.system)

    @cached_property
    def _transitions(self) -> list[tuple[int, ...]]:
        """For each image, where each transition goes."""
        identity = tuple(range(len(self.system.transitions)))
        return [transition_images(self.bare.system, image) if image else identity for image in self.images]

    @cached_property
    def _product(self) -> list[list[int]]:
        """`_product[a][b]` is the image that is `a` and then `b`."""
        return self.bare.products(self.images)

    @cached_property
    def _inverse(self) -> list[int]:
        return [products.index(0) for products in self._product]


def check_reductions(names: Iterable[str]) -> tuple[str, ...]:
    """The reductions named, in a fixed order; "all" means all. Raises UsageError for a name that is none."""
    wanted = set(names)
    for name in sorted(wanted - {*REDUCTIONS, "all"}):
        raise UsageError(f"there is no reduction {name!r}: choose from {', '.join(REDUCTIONS)}, all")
    return REDUCTIONS if "all" in wanted else tuple(name for name in REDUCTIONS if name in wanted)


def findings(
    system: TransitionSystem, names: Iterable[str], search: Callable[[TransitionSystem], Exploration]
) -> Exploration:
    """What `search` finds in the system under the reductions named, told as findings in the system.

    Raises:
        UsageError: a name that is none.
    """
    chosen = check_reductions(names)
    if CONE in chosen:
        others = [name for name in chosen if name != CONE]
        slices = slices_of(system)
        return join(system, slices, [findings(each.system, others, search) for each in slices])
    if not chosen:
        return search(system)
    reduced = reduce(system, chosen)
    return reduced.unfold(search(reduced.system))


def reduce(system: TransitionSystem, chosen: Collection[str]) -> Reduced:
    """The one system to which symmetry, partial order or both reduce a system."""
    alive = _alive(system)
    bare = without_unread_fields(replace(system, transitions=tuple(system.transitions[n] for n in alive)))
    symmetries = symmetries_of(bare.system) if SYMMETRY in chosen else ()
    eager = eager_transitions(bare.system) if PARTIAL_ORDER in chosen else ()
    whole = _whole_orbits(bare.system, eager, symmetries)
    return Reduced(
        system, alive, bare, replace(_seen_in_all_images(bare.system, symmetries), eager=whole, symmetries=symmetries)
    )


def _alive(system: TransitionSystem) -> tuple[int, ...]:
    """The transitions of which it is not plain that they never fire."""
    variables = variables_of(system)
    if variables is None:
        return tuple(range(len(system.transitions)))
    return tuple(n for n, context in enumerate(Together(variables).context) if context is not None)


def _whole_orbits(
    system: TransitionSystem, eager: tuple[int, ...], symmetries: tuple[Symmetry, ...]
) -> tuple[int, ...]:
    """The eager transitions all of whose images are eager: so it does not matter which image of a state is settled."""
    images = [transition_images(system, symmetry) for symmetry in symmetries]
    return tuple(t for t in eager if all(image[t] in eager for image in images))


def _seen_in_all_images(system: TransitionSystem, symmetries: tuple[Symmetry, ...]) -> TransitionSystem:
    """The system with every projection and goal once for each image, those of the identity first."""
    projections: list[Projection] = list(system.projections)
    goals: list[Goal] = list(system.goals)
    for symmetry in symmetries:
        projections += [projection_before(system, symmetry, p) for p in system.projections]
        goals += [goal_before(system, symmetry, g) for g in system.goals]
    return replace(system, projections=tuple(projections), goals=tuple(goals))
