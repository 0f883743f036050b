"""What an exploration found: counts, witnesses, and the states themselves by number.

States are numbered from 0 in the order of their discovery by breadth-first search in which the transitions
of one state are tried in index order. Both kernels keep to that order, so they agree on all that follows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, Protocol

# Called at the end of each level with (depth, states so far, states in the next frontier, states per second).
Progress = Callable[[int, int, int, float], None]


def telling(what: str, tell: Callable[[str], None]) -> Progress:
    """A Progress that tells it in words, as a message of the moment: one that begins with a carriage return."""

    def progress(depth: int, states: int, frontier: int, rate: float) -> None:
        tell(f"\r{what}: depth {depth}, {states:,} states, {rate:,.0f}/s")

    return progress


class Reached(NamedTuple):
    """The first state, hence one of the shallowest, in which something is the case."""

    state: int
    depth: int


class Projected(NamedTuple):
    """One distinct value of a projection and the first state that has it."""

    local: int
    knowledge: int
    state: int
    depth: int


class Sight(NamedTuple):
    """What is known at the end of a level: the values that each projection showed since the last one, and the goals."""

    projections: tuple[tuple[Projected, ...], ...]
    goals: tuple[Reached | None, ...]


# Called at the end of each level: whether all that the search is for has been seen.
Enough = Callable[[Sight], bool]


class StateStore(Protocol):
    """Where a kernel keeps the states it found."""

    def __len__(self) -> int: ...

    def state(self, state_id: int) -> tuple[int, int]:
        """(local, knowledge) of a state."""

    def parent(self, state_id: int) -> tuple[int, int]:
        """(state, transition index) by which a state other than 0 was discovered."""


@dataclass(frozen=True)
class Edges:
    """The state graph: one edge for every enabled (state, transition), grouped by source.

    The edges of state `s` are numbers `offsets[s]` to `offsets[s + 1]` (exclusive) of `targets` (state ids)
    and `transitions` (indices), in index order. Only states whose successors are all stored have edges: where
    a limit cut the search, `expanded` is less than the number of states.
    """

    offsets: array[int]
    targets: array[int]
    transitions: array[int]

    @property
    def expanded(self) -> int:
        """The states 0 to `expanded - 1` have all their edges here."""
        return len(self.offsets) - 1

    def of(self, state_id: int) -> Iterator[tuple[int, int]]:
        """(transition index, target) of each edge that leaves an expanded state."""
        for edge in range(self.offsets[state_id], self.offsets[state_id + 1]):
            yield self.transitions[edge], self.targets[edge]


class Forgotten:
    """The states of an exploration that has been cut down to its counts: none can be asked for."""

    def __len__(self) -> int:
        return 0

    def state(self, state_id: int) -> tuple[int, int]:
        raise IndexError(f"state {state_id} was not kept")

    def parent(self, state_id: int) -> tuple[int, int]:
        raise IndexError(f"state {state_id} was not kept")


@dataclass(frozen=True)
class Exploration:
    """The reachable states of one system and what was seen on the way.

    Two explorations are equal if they found the same; `seconds`, `kernel`, `bytes_per_state` and the stored
    states do not take part in the comparison.

    Attributes:
        states: number of distinct states found.
        transitions: number of enabled (state, transition) pairs, self-loops included.
        complete: False if the search ended before all states were found; then `stopped_by` says why.
        stopped_by: None, or a limit: one of "max_states", "max_seconds", "state ids", "knowledge ids", "memory"; or
            "decided": what was seen is enough.
        fired: for each rule of the system how often one of its transitions was enabled.
        levels: number of states at each depth, beginning with the initial state at depth 0.
        knowledge_sets: number of distinct closed knowledge sets among the states.
        projections: for each projection of the system its distinct values in order of discovery.
        goals: for each goal of the system the first state that satisfies it, or None.
        seconds: wall-clock time of the search.
        kernel: "c" or "python".
        bytes_per_state: memory of all tables divided by the number of states, if known.
        edges: the state graph, if it was asked for.
        shortage: where memory would not have sufficed, a sentence about what the search takes; else "".
        unsaved: why the search is not in its checkpoint, or not as a whole, a sentence; else "".
        seconded: whether a second explorer found the same.
    """

    states: int
    transitions: int
    complete: bool
    stopped_by: str | None
    fired: tuple[int, ...]
    levels: tuple[int, ...]
    knowledge_sets: int
    projections: tuple[tuple[Projected, ...], ...]
    goals: tuple[Reached | None, ...]
    seconds: float = field(compare=False)
    kernel: str = field(compare=False)
    bytes_per_state: float | None = field(compare=False)
    edges: Edges | None = field(repr=False)
    store: StateStore = field(compare=False, repr=False)
    shortage: str = field(default="", compare=False)
    unsaved: str = field(default="", compare=False)
    seconded: bool = field(default=False, compare=False)

    def without_states(self) -> Exploration:
        """Its counts and goals alone, small enough to be handed to another process."""
        return replace(self, projections=(), edges=None, store=Forgotten())

    @property
    def depth(self) -> int:
        """Depth of the deepest state found."""
        return len(self.levels) - 1

    def depth_of(self, state_id: int) -> int:
        """Length of a shortest path from the initial state; raises IndexError for an unknown state."""
        self._check(state_id)
        return bisect_right(self._level_ends, state_id)

    def state(self, state_id: int) -> tuple[int, int]:
        """(local, knowledge) of a state; raises IndexError for an unknown one."""
        self._check(state_id)
        return self.store.state(state_id)

    def states_iter(self) -> Iterator[tuple[int, int]]:
        """(local, knowledge) of all states in order of their ids."""
        return map(self.store.state, range(self.states))

    def path(self, state_id: int) -> tuple[int, ...]:
        """Transition indices of a shortest path from state 0; raises IndexError for an unknown state."""
        self._check(state_id)
        steps = []
        while state_id:
            state_id, transition = self.store.parent(state_id)
            steps.append(transition)
        return tuple(reversed(steps))

    @cached_property
    def _level_ends(self) -> list[int]:
        return list(accumulate(self.levels))

    def _check(self, state_id: int) -> None:
        if not 0 <= state_id < self.states:
            raise IndexError(f"state {state_id} of {self.states}")
