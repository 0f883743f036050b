"""Breadth-first search in plain Python: the oracle for the C kernel, its stand-in where no compiler is."""

from __future__ import annotations

import math
import time
from array import array
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from pmicheck.explore.result import Edges, Enough, Exploration, Progress, Projected, Reached, Sight
from pmicheck.grounding.system import Transition, TransitionSystem
from pmicheck.verdict import DECIDED

CLOCK_EVERY = 64  # states between two looks at the clock


def search(
    system: TransitionSystem,
    *,
    max_states: int | None = None,
    max_seconds: float | None = None,
    progress: Progress | None = None,
    enough: Enough | None = None,
    edges: bool = False,
) -> Exploration:
    """Explore every reachable state; arguments and result as for `explorer.explore`."""
    search = _Search(system, max_states, edges)
    began = time.monotonic()
    search.run(began, max_seconds, progress, enough)
    return search.result(time.monotonic() - began)


class _States:
    """All states found, by number and by value, with the way they were first reached."""

    def __init__(self) -> None:
        self.number: dict[tuple[int, int], int] = {}
        self.values: list[tuple[int, int]] = []
        self.parents: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self.values)

    def add(self, state: tuple[int, int], parent: int, transition: int) -> int:
        self.number[state] = new = len(self.values)
        self.values.append(state)
        self.parents.append((parent, transition))
        return new

    def state(self, state_id: int) -> tuple[int, int]:
        return self.values[state_id]

    def parent(self, state_id: int) -> tuple[int, int]:
        return self.parents[state_id]


class Generator:
    """Finds the enabled transitions of a state without trying those whose guard on `local` fails.

    Only transitions among `indices` are looked at, all of them by default.
    """

    def __init__(self, system: TransitionSystem, indices: Iterable[int] | None = None) -> None:
        by_mask: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index in range(len(system.transitions)) if indices is None else indices:
            transition = system.transitions[index]
            by_mask[transition.mask][transition.value].append(index)
        self.by_mask = [(mask, dict(by_value)) for mask, by_value in by_mask.items()]
        self.transitions = system.transitions

    def enabled(self, local: int, knowledge: int) -> list[tuple[int, Transition]]:
        """(index, transition) in index order."""
        candidates: list[int] = []
        for mask, by_value in self.by_mask:
            candidates += by_value.get(local & mask, ())
        missing = ~knowledge
        pairs = [(index, self.transitions[index]) for index in sorted(candidates)]
        return [(index, transition) for index, transition in pairs if not transition.needs & missing]


class Eager:
    """What follows a step at once: the eager transitions of a system."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.generator = Generator(system, system.eager)

    def follow(self, state: tuple[int, int]) -> tuple[list[int], tuple[int, int]]:
        """The eager transitions that fire from a state on, and where they end."""
        fired: list[int] = []
        while True:
            successors = ((index, self.system.apply(t, *state)) for index, t in self.generator.enabled(*state))
            first = next(((index, after) for index, after in successors if after != state), None)
            if first is None:
                return fired, state
            fired.append(first[0])
            state = first[1]


def complete_start(system: TransitionSystem) -> tuple[list[int], tuple[int, int]]:
    """The eager transitions that fire at the start, and the state that the search begins with."""
    fired, state = Eager(system).follow(system.start)
    return fired, system.canonical(*state)


class _Search:
    def __init__(self, system: TransitionSystem, max_states: int | None, edges: bool) -> None:
        self.system = system
        hurried = set(system.eager)
        self.generator = Generator(system, [i for i in range(len(system.transitions)) if i not in hurried])
        self.eager = Eager(system)
        self.max_states = max_states
        self.states = _States()
        self.levels: list[int] = []
        self.fired = [0] * len(system.rules)
        self.projections: list[dict[tuple[int, int], Reached]] = [{} for _ in system.projections]
        self.told = [0] * len(system.projections)
        self.goals: list[Reached | None] = [None] * len(system.goals)
        self.edges = Edges(array("Q", [0]), array("I"), array("I")) if edges else None
        self.stopped_by: str | None = None

    def run(self, began: float, max_seconds: float | None, progress: Progress | None, enough: Enough | None) -> None:
        """Level by level until a frontier is empty, a limit is met, or `enough` has been seen."""
        deadline = math.inf if max_seconds is None else began + max_seconds
        self.discover(self.complete(self.system.start), 0, 0, depth=0)
        frontier = range(1)
        while frontier:
            depth = len(self.levels)
            self.levels.append(len(frontier))
            for state_id in frontier:
                if state_id % CLOCK_EVERY == 0 and time.monotonic() > deadline:
                    self.stopped_by = "max_seconds"
                else:
                    self.expand(state_id, depth)
                if self.stopped_by:
                    break
            frontier = range(frontier.stop, len(self.states))
            if progress is not None and not self.stopped_by:
                rate = len(self.states) / max(time.monotonic() - began, 1e-9)
                progress(depth, len(self.states), len(frontier), rate)
            if frontier and enough is not None and not self.stopped_by and enough(self.sight()):
                self.stopped_by = DECIDED
            if self.stopped_by:
                if frontier:
                    self.levels.append(len(frontier))
                return

    def expand(self, state_id: int, depth: int) -> None:
        """Fire what is enabled in a state, in index order, until one more would exceed `max_states`."""
        local, knowledge = self.states.state(state_id)
        for index, transition in self.generator.enabled(local, knowledge):
            successor = self.complete(self.system.apply(transition, local, knowledge))
            target = self.states.number.get(successor)
            if target is None:
                if len(self.states) == self.max_states:
                    self.stopped_by = "max_states"
                    return
                target = self.discover(successor, state_id, index, depth + 1)
            self.fired[transition.rule] += 1
            if self.edges is not None:
                self.edges.targets.append(target)
                self.edges.transitions.append(index)
        if self.edges is not None:
            self.edges.offsets.append(len(self.edges.targets))

    def complete(self, state: tuple[int, int]) -> tuple[int, int]:
        """The state that stands for this one once the eager transitions have fired."""
        if not self.system.reduced:
            return state
        fired, state = self.eager.follow(state)
        for index in fired:
            self.fired[self.system.transitions[index].rule] += 1
        return self.system.canonical(*state)

    def discover(self, state: tuple[int, int], parent: int, transition: int, depth: int) -> int:
        """Number a new state and note what is seen for the first time in it."""
        local, knowledge = state
        new = Reached(self.states.add(state, parent, transition), depth)
        for projection, seen in zip(self.system.projections, self.projections, strict=True):
            seen.setdefault((local & projection.mask, knowledge & projection.facts), new)
        for number, goal in enumerate(self.system.goals):
            met = local & goal.mask == goal.value and not goal.facts & ~knowledge
            if met and self.goals[number] is None:
                self.goals[number] = new
        return new.state

    def sight(self) -> Sight:
        """What is new since the last time."""
        told, self.told = self.told, [len(seen) for seen in self.projections]
        return Sight(self.projected(told), tuple(self.goals))

    def projected(self, told: list[int]) -> tuple[tuple[Projected, ...], ...]:
        """For each projection its values but the first so many."""
        return tuple(
            tuple(Projected(*value, *first) for value, first in islice(seen.items(), before, None))
            for before, seen in zip(told, self.projections, strict=True)
        )

    def result(self, seconds: float) -> Exploration:
        if self.edges is not None:  # a state that was cut short has no edges at all
            del self.edges.targets[self.edges.offsets[-1] :]
            del self.edges.transitions[self.edges.offsets[-1] :]
        return Exploration(
            states=len(self.states),
            transitions=sum(self.fired),
            complete=self.stopped_by is None,
            stopped_by=self.stopped_by,
            fired=tuple(self.fired),
            levels=tuple(self.levels),
            knowledge_sets=len({knowledge for _, knowledge in self.states.values}),
            projections=self.projected([0] * len(self.projections)),
            goals=tuple(self.goals),
            seconds=seconds,
            kernel="python",
            bytes_per_state=None,
            edges=self.edges,
            store=self.states,
        )
