"""What a path to harm needs: fewer steps, the essential ones, and the moment from which no honest node is needed.

A path is a sequence of transition indices from `TransitionSystem.start`; harm is whatever a predicate on
(local, knowledge) says it is. All functions expect a counterexample: each step enabled, the last state harmful.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations, takewhile

from pmicheck.explore.python_kernel import Generator
from pmicheck.grounding.system import TransitionSystem

LIMIT = 20_000
"""States that `point_of_no_return` looks at unless told otherwise."""

CLOCK = "clock"
"""The actor whose transitions nobody chooses."""

Path = tuple[int, ...]
State = tuple[int, int]
Harmful = Callable[[int, int], bool]


def minimise(system: TransitionSystem, path: Iterable[int], harmful: Harmful) -> Path:
    """The path without the steps that it can do without; what remains is a counterexample again.

    No run of adjacent steps and no two steps can be taken out of the result, not even together with all the steps
    that are no longer enabled then. A shortest path comes back as it is.
    """
    kept = tuple(path)
    while True:
        runs = (follow(system, rest) for rest in _shortened(kept))
        shorter = next((fired for fired, end in runs if harmful(*end)), None)
        if shorter is None:
            return kept
        kept = shorter


def _shortened(path: Path) -> Iterator[Path]:
    """The path without each run of adjacent steps, longest first, then without each other two."""
    for size in range(len(path), 0, -1):
        for at in range(len(path) - size + 1):
            yield path[:at] + path[at + size :]
    for first, second in combinations(range(len(path)), 2):
        if second > first + 1:
            yield path[:first] + path[first + 1 : second] + path[second + 1 :]


def essential(system: TransitionSystem, path: Iterable[int], harmful: Harmful) -> tuple[bool, ...]:
    """For each step whether the others do not end in a harmful state without it.

    Steps that are no longer enabled are skipped, too. In a shortest or minimised path every step is essential.
    """
    steps = tuple(path)
    return tuple(not harmful(*follow(system, steps[:at] + steps[at + 1 :])[1]) for at in range(len(steps)))


def follow(system: TransitionSystem, path: Iterable[int]) -> tuple[Path, State]:
    """The steps that can be taken when those that are not enabled are skipped, and the state they end in."""
    state = system.start
    fired = []
    for index in path:
        transition = system.transitions[index]
        if system.enabled(transition, *state):
            state = system.apply(transition, *state)
            fired.append(index)
    return tuple(fired), state


def point_of_no_return(
    system: TransitionSystem, path: Iterable[int], harmful: Harmful, limit: int = LIMIT, *, may_wait: bool = True
) -> int | None:
    """The number of steps after which the attacker and time alone can bring about harm, or None.

    That is the smallest k such that transitions of the attacker (`Rule.by_attacker`) and, unless `may_wait` is
    False, of the clock lead from the state after k steps to a harmful one; they need not be the rest of the path.

    Why this is a point of no return: the attacker chooses when it acts, so it can take its transitions before any
    honest node moves, and nothing that an honest node does from then on prevents the harm. The clock needs nobody's
    consent either, but honest nodes may act while it runs. So an answer that holds only with `may_wait` says less:
    no honest node has to act any more. Deliveries of what honest nodes sent never count, not even of their answers
    to the attacker: honest receivers take part in them.

    Args:
        limit: the most states that are looked at, for all k together. Beyond it the answer may be too great, or
            None, but what it says of the state after k steps is true.

    Returns:
        None if it is so after the last step only, which is an honest node's then: harm takes honest nodes to the end.
    """
    steps = tuple(path)
    alone = _Alone(system, harmful, limit, may_wait)
    unaided = len(steps) - sum(1 for _ in takewhile(alone.may_take, reversed(steps)))
    state = system.start
    for k in range(unaided):
        if alone.reach_harm_from(state):
            return k
        state = system.apply(system.transitions[steps[k]], *state)
    return None if 0 < unaided == len(steps) else unaided


class _Alone:
    """What the attacker can do without honest nodes, and time if it may wait."""

    def __init__(self, system: TransitionSystem, harmful: Harmful, limit: int, may_wait: bool) -> None:
        self._system = system
        self._harmful = harmful
        self._limit = limit
        self._own = [rule.by_attacker or (may_wait and rule.actor == CLOCK) for rule in system.rules]
        own = tuple(t for t in system.transitions if self._own[t.rule])
        self._generator = Generator(replace(system, transitions=own))
        self._seen: set[State] = set()

    def may_take(self, index: int) -> bool:
        return self._own[self._system.transitions[index].rule]

    def reach_harm_from(self, state: State) -> bool:
        """Whether harm is found; what an earlier call without success has seen is not looked at again."""
        agenda = [state]
        for here in agenda:
            if here in self._seen:
                continue
            if len(self._seen) >= self._limit:
                return False
            if self._harmful(*here):
                return True
            self._seen.add(here)
            agenda += (self._system.apply(t, *here) for _, t in self._generator.enabled(*here))
        return False
