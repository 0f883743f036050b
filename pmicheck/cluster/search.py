"""A breadth-first search over partitions: drives them level by level, and puts together what they found."""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

from pmicheck.cluster.partition import NEVER, Found
from pmicheck.explore.python_kernel import complete_start
from pmicheck.explore.result import Enough, Exploration, Progress, Projected, Reached, Sight
from pmicheck.explore.vectors import Words, number_of
from pmicheck.grounding.system import TransitionSystem
from pmicheck.verdict import DECIDED

BATCH = 1 << 14
"""States that a partition expands in a round; their successors take some 100 octets each, ten to thirty a state."""

Crew = Callable[..., list[Any]]
"""`crew("rank", 1, 2)` calls `rank(1, 2)` on all partitions at a time and returns their results by number."""


@dataclass(frozen=True)
class Limits:
    """Where a search stops; `partition.BATCH` states are expanded between two looks at the clock."""

    max_states: int | None = None
    max_seconds: float | None = None
    batch: int = BATCH


class Traffic(NamedTuple):
    """What a search cost: rounds in all, and octets of states sent from one partition to another."""

    rounds: int
    octets: int


@dataclass
class Search:
    """One search. `run` it, then ask for its `result`; `crew` has to answer as long as that is used."""

    system: TransitionSystem
    crew: Crew
    limits: Limits = Limits()
    levels: list[int] = field(default_factory=list)
    stopped_by: str | None = None
    rounds: int = 0
    sent: int = 0
    octets: int = 0

    def __post_init__(self) -> None:
        started, _ = complete_start(self.system)
        at_once = [self.system.transitions[index].rule for index in started]
        self.fired = [at_once.count(rule) for rule in range(len(self.system.rules))]
        self.seen: list[dict[bytes, tuple[int, Words]]] = [{} for _ in (*self.system.projections, "knowledge")]
        self.goals = [NEVER] * len(self.system.goals)

    @property
    def states(self) -> int:
        """How many states have a number."""
        return sum(self.levels)

    def run(self, progress: Progress | None = None, enough: Enough | None = None) -> None:
        """Level by level until a frontier is empty, a limit is met, or `enough` has been seen."""
        began = time.monotonic()
        deadline = math.inf if self.limits.max_seconds is None else began + self.limits.max_seconds
        self._number(0, 1)
        try:
            self._deepen(began, deadline, progress, enough)
        except MemoryError:
            self.stopped_by = "memory"
        if not self.levels[-1]:
            self.levels.pop()

    def _deepen(self, began: float, deadline: float, progress: Progress | None, enough: Enough | None) -> None:
        told = 0
        while self.levels[-1] and self.stopped_by is None:
            fired = self._expand(deadline)
            if fired is None:
                self.stopped_by = "max_seconds"
                return
            before = self.states
            beyond = self._number(before - self.levels[-1], self.levels[-1])
            if beyond != NEVER:
                self.stopped_by = "max_states"
                fired = _sums(self.crew("recount", len(self.levels) - 2, beyond, self.limits.batch))
            self.fired = _sums((self.fired, fired))
            if progress is not None:
                rate = self.states / max(time.monotonic() - began, 1e-9)
                progress(len(self.levels) - 2, self.states, self.levels[-1], rate)
            if self.levels[-1] and enough is not None and self.stopped_by is None and enough(self._sight(told)):
                self.stopped_by = DECIDED
            told = self.states

    def _expand(self, deadline: float) -> list[int] | None:
        """Expand the frontier; how often each rule fired, or None if there was no time for that."""
        fired, left = [0] * len(self.fired), True
        while left:
            if time.monotonic() > deadline:
                return None
            rounds = self.crew("expand", self.limits.batch)
            self.crew("absorb")
            self.rounds += 1
            self.sent += sum(each.sent for each in rounds)
            fired = _sums((fired, *(each.fired for each in rounds)))
            left = any(each.left for each in rounds)
        return fired

    def _number(self, first: int, frontier: int) -> int:
        """Number the states that the `frontier` from number `first` on led to; the birth of one too many, or NEVER."""
        self.crew("offer", first, frontier)
        counts = self.crew("rank")
        bases = list(accumulate(counts, initial=first + frontier if self.levels else 0))
        most = NEVER if self.limits.max_states is None else self.limits.max_states
        found: list[Found] = self.crew("number", bases[:-1], most)
        self.levels.append(sum(each.states for each in found))
        self.octets = sum(each.octets for each in found)
        for each in found:
            for seen, (rows, numbers) in zip(self.seen, each.seen, strict=True):
                for row, number in zip(rows, numbers.tolist(), strict=True):
                    seen[row.tobytes()] = min((number, row), seen.get(row.tobytes(), (NEVER, row)), key=lambda s: s[0])
            self.goals = [min(pair) for pair in zip(self.goals, each.goals, strict=True)]
        return min(each.beyond for each in found)

    def result(self, seconds: float) -> Exploration:
        """What was found, as a search on one machine tells it."""
        sight, knowledge = self._sight(0), self.seen[-1]
        return Exploration(
            states=self.states,
            transitions=sum(self.fired),
            complete=self.stopped_by is None,
            stopped_by=self.stopped_by,
            fired=tuple(self.fired),
            levels=tuple(self.levels),
            knowledge_sets=len(knowledge),
            projections=sight.projections,
            goals=sight.goals,
            seconds=seconds,
            kernel="cluster",
            bytes_per_state=self.octets / self.states,
            edges=None,
            store=self._store(),
        )

    def _sight(self, first: int) -> Sight:
        """The goals, and what projections showed first in the states from this number on."""
        store = self._store()
        goals = (None if n == NEVER else Reached(n, store.depth(n)) for n in self.goals)
        return Sight(tuple(self._projected(seen, store, first) for seen in self.seen[:-1]), tuple(goals))

    def _store(self) -> _Remote:
        return _Remote(self.crew, self.system, tuple(accumulate(self.levels)))

    def _projected(self, seen: dict[bytes, tuple[int, Words]], store: _Remote, first: int) -> tuple[Projected, ...]:
        local = self.system.words
        return tuple(
            Projected(number_of(row[:local]), number_of(row[local:]), number, store.depth(number))
            for number, row in sorted((s for s in seen.values() if s[0] >= first), key=lambda s: s[0])
        )


class _Remote:
    """A `StateStore` that asks the partitions."""

    def __init__(self, crew: Crew, system: TransitionSystem, ends: tuple[int, ...]) -> None:
        self.crew, self.ends = crew, ends
        self.local, self.transitions = system.words, len(system.transitions)

    def __len__(self) -> int:
        return self.ends[-1]

    def depth(self, state_id: int) -> int:
        return bisect_right(self.ends, state_id)

    def state(self, state_id: int) -> tuple[int, int]:
        row, _ = self._ask(state_id)
        return number_of(row[: self.local]), number_of(row[self.local :])

    def parent(self, state_id: int) -> tuple[int, int]:
        _, birth = self._ask(state_id)
        return divmod(birth, self.transitions)

    def _ask(self, state_id: int) -> tuple[Words, int]:
        (answer,) = (a for a in self.crew("state", state_id, self.depth(state_id)) if a is not None)
        row, birth = answer
        return row, birth


def _sums(lists: Sequence[Sequence[int]]) -> list[int]:
    return [sum(map(int, column)) for column in zip(*lists, strict=True)]
