"""Which of equally short ways to a violation is told: one that does real harm, if there is one.

A search shows the first state that breaks a property, and others of the same depth may break it too: a forged update
that repeats the right care-of address breaks `binding-agreement` as well as one that takes the traffic. What a way does
is measured by its last step: whether somebody loses or gets traffic by it, and whether it changes a binding.

An event is seen in a state that holds nothing else (`grounding/layout.py`), and of the attacker's messages that cause
the same event the system keeps one. So the way ends in the system with the transition to the event, and is told with
the transition of the message that does the harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

from pmicheck.explore.result import Exploration
from pmicheck.grounding.layout import STEP_GHOSTS, ghosts_of
from pmicheck.language.cells import Cell
from pmicheck.properties.base import Observation, Property, State, applies
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.symbolic.decide import Decider
from pmicheck.verify.deciding import Finding, Judged

LIMIT = 2_000
"""How many states of the violation's depth are looked at, in the order in which the search found them."""

HIGH = 7.0
"""From this severity on GitHub calls a finding high: every such property that judges deeds is about traffic."""

Read = Callable[[Cell], Any]
"""From a cell to its value."""

StateOf = tuple[int, int]
"""(local, knowledge)."""


class Harm(IntEnum):
    """What a step does; what is greater is graver."""

    NONE = 0
    CHANGE = 1
    """An update was accepted that changed a binding."""
    TRAFFIC = 2
    """A property of high severity is broken: traffic is lost, diverted, or arrives where nobody asked for it."""


@dataclass(frozen=True)
class Told:
    """A way to a violation: transitions that end where the property is broken, and the one told as the last."""

    path: tuple[int, ...]
    last: int


def gravest(prop: Property, finding: Finding, judged: Judged, decider: Decider) -> Told:
    """Of the shortest ways to the violation the first one with the gravest harm.

    Where a reduction was in force, and for a property about what the attacker knows, it is the way that the search
    found: a reduced search has not the states of the whole system, and knowledge alone does no harm.
    """
    explored, path = judged.explored, judged.explored.path(finding.seen.state)
    best = Told(path, path[-1] if path else -1)
    if type(explored) is not Exploration or not path or prop.terms(judged.prepared.start.world):
        return best
    steps = _Steps(judged, decider)
    before, last = explored.store.parent(finding.seen.state)
    most = steps.harm(explored.state(before), last)
    for before, last in _last_steps(explored, finding.seen.depth):
        if most is Harm.TRAFFIC:
            break
        state = explored.state(before)
        harm = steps.harm(state, last)
        if harm <= most or not steps.breaks(prop, state, last):
            continue
        shown = steps.shown(finding, state, last)
        if shown is not None:
            best, most = Told((*explored.path(before), shown), last), harm
    return best


def _last_steps(explored: Exploration, depth: int) -> Iterator[tuple[int, int]]:
    """(state, transition) from which the search came to each state of a depth, the first `LIMIT` of them."""
    first = sum(explored.levels[:depth])
    for number in range(first, first + min(LIMIT, explored.levels[depth])):
        yield explored.store.parent(number)


class _Steps:
    """What single steps break: transitions of a judged system, each in a state in which it is enabled."""

    def __init__(self, judged: Judged, decider: Decider) -> None:
        self._judged = judged
        self._decider = decider
        self._grounded = judged.prepared.grounded
        world = judged.prepared.start.world
        self._deeds = [prop for prop in INVARIANTS.values() if applies(prop, world) and not prop.terms(world)]
        self._known: dict[tuple[Any, ...], Harm] = {}

    def harm(self, state: StateOf, transition: int) -> Harm:
        """What the step does, by all properties of the world that judge deeds."""
        read = self._after(state, transition)
        key = tuple(read(cell) for cell in self._cells)
        if key not in self._known:
            self._known[key] = self._harm(read)
        return self._known[key]

    def _harm(self, read: Read) -> Harm:
        if any(self._broken(prop, read) for prop in self._deeds if float(prop.severity) >= HIGH):
            return Harm.TRAFFIC
        changes = any(seen.get("entry_changed") for prop in self._deeds for seen in self._seen(prop, read))
        return Harm.CHANGE if changes else Harm.NONE

    def breaks(self, prop: Property, state: StateOf, transition: int) -> bool:
        """Whether the step breaks the property."""
        return self._broken(prop, self._after(state, transition))

    def shown(self, finding: Finding, state: StateOf, transition: int) -> int | None:
        """The transition after which the system shows the violation: the step itself, or its event; None if neither."""
        system = self._grounded.system
        events: Sequence[int] = self._events.get(self._event_of(transition), [])
        for index in (transition, *events):
            each = system.transitions[index]
            if system.enabled(each, *state) and finding.judge(*system.apply(each, *state)) is not None:
                return index
        return None

    def _after(self, state: StateOf, transition: int) -> Read:
        """Reads the value of a cell after the step, its event included."""
        sets = self._grounded.leaves[transition].sets

        def read(cell: Cell) -> Any:
            if cell in sets:
                return sets[cell]
            return cell.initial if cell in STEP_GHOSTS else self._grounded.value(cell, state[0])

        return read

    def _broken(self, prop: Property, read: Read) -> bool:
        return any(self._decider.violation(prop, seen) is not None for seen in self._seen(prop, read))

    def _seen(self, prop: Property, read: Read) -> tuple[Observation, ...]:
        prepared = self._judged.prepared
        return prop.observe(State(read, frozenset(), prepared.start.world, prepared.attacker))

    @cached_property
    def _cells(self) -> tuple[Cell, ...]:
        """All on which the harm of a step depends."""
        world = self._judged.prepared.start.world
        return tuple(dict.fromkeys(cell for prop in self._deeds for cell in prop.cells(world)))

    @cached_property
    def _events(self) -> dict[tuple[Any, ...], list[int]]:
        """By event the transitions to a state that holds nothing else."""
        found: dict[tuple[Any, ...], list[int]] = {}
        ghosts = ghosts_of(self._grounded.fields)
        for index, each in enumerate(self._grounded.system.transitions):
            if each.put & ghosts:
                found.setdefault(self._event_of(index), []).append(index)
        return found

    def _event_of(self, transition: int) -> tuple[Any, ...]:
        sets = self._grounded.leaves[transition].sets
        return tuple(sets.get(cell) for cell in STEP_GHOSTS)
