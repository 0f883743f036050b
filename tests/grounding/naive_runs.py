"""The oracle of grounding: run the roles themselves on whole states, one after the other, and forget nothing.

It shares the roles and the attacker's list of messages with the checker, and none of: symbolic runs, forks on
predicates, dropped guards, cones of influence, bits, Horn rules, observation states, kernels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pmicheck.attacker import moves
from pmicheck.attacker.adversary import Adversary, Injection
from pmicheck.attacker.deduction import Potential, ways_to_build
from pmicheck.grounding.prologue import Start
from pmicheck.model.cells import Cell
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.interpreter import Interpreter
from pmicheck.model.messages import Message, Update, visible_terms
from pmicheck.model.protocol import spontaneous
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.ghosts import evidence, identity, was_sent
from pmicheck.model.terms import Term
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
    """Every state with its depth, and every event (cell, value) with the depth of the first step that shows it."""

    depth: Mapping[NaiveState, int]
    events: Mapping[tuple[Cell, Any], int]


def opened(known: Iterable[Term]) -> frozenset[Term]:
    """The terms with the content of every ciphertext whose private key is among them."""
    terms = set(known)
    while True:
        inside = {t[2] for t in terms if t[0] == "enc" and ("sk", t[1]) in terms} - terms
        if not inside:
            return frozenset(terms)
        terms |= inside


def derivable(term: Term, known: frozenset[Term]) -> bool:
    if term in known:
        return True
    return any(all(derivable(premise, known) for premise in way.premises) for way in ways_to_build(term))


class NaiveSearch:
    """Breadth first; where the attacker acts, again and again until it finds no new message to send."""

    def __init__(self, start: Start, adversary: Adversary | None) -> None:
        self.start = start
        self.world = start.world
        self.adversary = adversary
        self.acts = [*spontaneous(start.world), *(moves.acts(adversary) if adversary else ())]
        self.sent: dict[Message, None] = dict.fromkeys(start.sent)
        self.ever_known: set[Term] = set()
        self.injections: dict[Message, Injection] = {}

    def run(self) -> NaiveRun:
        while True:
            found = self._explore()
            if self.adversary is None or not self._new_injections():
                return found

    def _new_injections(self) -> bool:
        assert self.adversary is not None
        before = len(self.injections)
        potential = Potential(sorted(self.ever_known, key=repr))
        for injection in self.adversary.candidates(potential, list(self.sent)):
            self.injections.setdefault(injection.message, injection)
        return len(self.injections) > before

    def _explore(self) -> NaiveRun:
        known = self.adversary.initial() | self.start.seen if self.adversary else set()
        first = NaiveState(frozenset(), frozenset(), opened(known))
        depth = {first: 0}
        events: dict[tuple[Cell, Any], int] = {}
        frontier = [first]
        while frontier:
            next_frontier = []
            for state in frontier:
                self.ever_known |= state.known
                for successor, shown in self._steps(state):
                    for event in shown:
                        events.setdefault(event, depth[state] + 1)
                    if successor not in depth:
                        depth[successor] = depth[state] + 1
                        next_frontier.append(successor)
            frontier = next_frontier
        return NaiveRun(depth, events)

    def _steps(self, state: NaiveState) -> Iterator[tuple[NaiveState, list[tuple[Cell, Any]]]]:
        for act in self.acts:
            run = self._at(state)
            if run.fire(act) is None:
                yield self._after(state, run)
        for message in sorted(state.in_flight, key=repr):
            run = self._at(state, leaving=message)
            if run.offer(message) is None:
                yield self._after(state, run)
        for message, injection in self.injections.items():
            replayed = injection.replay and isinstance(message, Update)
            if replayed and not was_sent(state.read(self.start, evidence(identity(message)))):
                continue
            if all(derivable(term, state.known) for term in injection.needs):
                run = self._at(state)
                if run.offer(message) is None:
                    yield self._after(state, run)

    def _sees(self, link: str) -> bool:
        return self.adversary is not None and self.adversary.attacker.sees(link, self.world.policy)

    def _at(self, state: NaiveState, leaving: Message | None = None) -> Interpreter:
        run = Interpreter(self.world, self._sees)
        run.values = dict(state.values)
        run.in_flight = [message for message in state.in_flight if message != leaving]
        return run

    def _after(self, state: NaiveState, run: Interpreter) -> tuple[NaiveState, list[tuple[Cell, Any]]]:
        self.sent.update(dict.fromkeys(run.sent))
        learned = list(run.learned)
        if self.adversary is not None:
            learned += [t for m in run.sent if self.adversary.may_see(m) for t in visible_terms(m)]
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
        if run.get(CLOCK) != state.read(self.start, CLOCK):
            self.adversary.on_phase(asking, run.get(CLOCK))
        for home in self.world.victims:
            if run.get(attached(home)) != state.read(self.start, attached(home)):
                self.adversary.on_move(asking, run.get(attached(home)))
        return asking.learned
