"""The oracle of grounding: run the roles themselves on whole states, one after the other, and forget nothing.

It shares the roles and the attacker's list of messages with the checker, and none of: symbolic runs, forks on
predicates, dropped guards, cones of influence, bits, Horn rules, observation states, kernels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pmicheck.attacker import moves
from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.deduction import ways_to_build
from pmicheck.grounding.ground import ANSWERS
from pmicheck.grounding.instance import Leaf
from pmicheck.grounding.prologue import Start
from pmicheck.language.cells import Cell
from pmicheck.language.message import Message, Term
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.interpreter import Interpreter
from pmicheck.model.messages import visible_terms
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.ghosts import was_sent
from pmicheck.model.rules.protocol import spontaneous
from pmicheck.model.time import CLOCK

STEP_CELLS = (EVENT, FALLBACK)


class NaiveState(NamedTuple):
    """Cells that differ from the start, packets under way, and what the attacker has read, each as a set."""

    values: frozenset[tuple[Cell, Any]]
    in_flight: frozenset[Message]
    known: frozenset[Term]

    def read(self, start: Start, cell: Cell) -> Any:
        for changed, value in self.values:
            if changed is cell:
                return value
        return start.world.initial.get(cell.name, cell.initial)


class NaiveRun(NamedTuple):
    """States with their depths, and events (cell, value) with the depth of the first step that shows each.

    All states, or those down to the depth at which there were too many; `deepest` is the depth of the last.
    """

    depth: Mapping[NaiveState, int]
    events: Mapping[tuple[Cell, Any], int]
    deepest: int


def opened(known: Iterable[Term]) -> frozenset[Term]:
    """The terms with the content of every ciphertext whose private key is among them, and with what a principal that
    acts for the attacker has."""
    terms = set(known)
    while True:
        keys = {"enc": "sk", "held": "corrupt"}
        inside = {t[2] for t in terms if t[0] in keys and (keys[t[0]], t[1]) in terms} - terms
        if not inside:
            return frozenset(terms)
        terms |= inside


def derivable(term: Term, known: frozenset[Term]) -> bool:
    if term in known:
        return True
    return any(all(derivable(premise, known) for premise in way.premises) for way in ways_to_build(term))


class NaiveSearch:
    """Breadth first. Which messages the attacker tries is taken from grounding (tests/attacker looks for others); here
    whole messages are given to whole states."""

    def __init__(self, start: Start, adversary: Adversary | None, leaves: Iterable[Leaf] = ()) -> None:
        self.start = start
        self.world = start.world
        self.adversary = adversary
        self.acts = [*spontaneous(start.world), *(moves.acts(adversary) if adversary else ())]
        self.injections: dict[Message, tuple[Term, ...]] = {}
        self.copied: dict[Message, Cell] = {}
        for leaf in leaves:
            if leaf.instance.by_attacker and leaf.instance.message:
                self._offer(leaf.instance.message, leaf)

    def _offer(self, message: Message, leaf: Leaf) -> None:
        """The attacker may send the message, if it is but a copy of an honest node's once that has sent it."""
        traces = [cell for (cell, asked, _), answer in leaf.tests.items() if asked is was_sent and answer]
        if traces and message not in self.injections:
            self.copied[message] = traces[0]
        elif not traces:
            self.copied.pop(message, None)
        self.injections[message] = leaf.instance.needs

    def run(self, most: int) -> NaiveRun:
        """Level by level, not beyond the one in which there are more states than `most`."""
        known = self.adversary.initial() | self.adversary.given() | self.start.seen if self.adversary else set()
        first = NaiveState(frozenset(), frozenset(), opened(known))
        depth = {first: 0}
        events: dict[tuple[Cell, Any], int] = {}
        frontier = [first]
        while frontier and len(depth) <= most:
            next_frontier = []
            for state in frontier:
                for successor, shown in self._steps(state):
                    for event in shown:
                        events.setdefault(event, depth[state] + 1)
                    if successor not in depth:
                        depth[successor] = depth[state] + 1
                        next_frontier.append(successor)
            frontier = next_frontier
        return NaiveRun(depth, events, max(depth.values()))

    def _steps(self, state: NaiveState) -> Iterator[tuple[NaiveState, list[tuple[Cell, Any]]]]:
        for act in self.acts:
            run = self._at(state)
            if run.fire(act) is None:
                yield self._after(state, run)
        for message in sorted(state.in_flight, key=repr):
            run = self._at(state, leaving=message)
            if run.offer(message) is None:
                yield self._after(state, run)
        for message, needs in self.injections.items():
            copied = self.copied.get(message)
            sent = copied is None or was_sent(state.read(self.start, copied))
            if sent and all(derivable(term, state.known) for term in needs):
                run = self._at(state)
                if run.offer(message) is None:
                    before = state.in_flight
                    run.in_flight = [each for each in run.in_flight if each in before or not isinstance(each, ANSWERS)]
                    yield self._after(state, run)

    def _sees(self, link: str) -> bool:
        return self.adversary is not None and self.adversary.attacker.sees(link, self.world.policy)

    def _at(self, state: NaiveState, leaving: Message | None = None) -> Interpreter:
        run = Interpreter(self.world, self._sees)
        run.values = dict(state.values)
        run.in_flight = [message for message in state.in_flight if message != leaving]
        return run

    def _after(self, state: NaiveState, run: Interpreter) -> tuple[NaiveState, list[tuple[Cell, Any]]]:
        learned = list(run.learned)
        if self.adversary is not None:
            learned += [t for m in run.sent if self.adversary.may_see(m) for t in visible_terms(m)]
            learned += [t for m in run.sent for t in self.adversary.keeps(m, run.history[-1].act.actor)]
            learned += self._handed_over(state, run)
        shown = [(cell, run.get(cell)) for cell in STEP_CELLS if run.get(cell) is not None]
        kept = frozenset(
            (cell, value)
            for cell, value in run.values.items()
            if cell not in STEP_CELLS and value != self.world.initial.get(cell.name, cell.initial)
        )
        return NaiveState(kept, frozenset(run.in_flight), opened(state.known | set(learned))), shown

    def _handed_over(self, state: NaiveState, run: Interpreter) -> list[Term]:
        """What the attacker gets for the asking when a phase begins or the node moves."""
        assert self.adversary is not None
        asking = Interpreter(self.world)
        asking.values = dict(run.values)
        if run.get(CLOCK) != state.read(self.start, CLOCK):
            self.adversary.on_phase(asking, run.get(CLOCK))
        for home in self.world.victims:
            if run.get(attached(home)) != state.read(self.start, attached(home)):
                self.adversary.on_move(asking, run.get(attached(home)))
        return asking.learned
