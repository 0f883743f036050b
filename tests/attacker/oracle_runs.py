"""The oracle's states and steps: roles run on whole states, and the attacker told what it sees of each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from oracle_deduction import Knowledge

from pmicheck.attacker import moves
from pmicheck.attacker.adversary import Adversary
from pmicheck.grounding.prologue import Start
from pmicheck.language.act import Act
from pmicheck.language.cells import Cell
from pmicheck.language.message import Message, Term
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.interpreter import Interpreter
from pmicheck.model.messages import visible_terms
from pmicheck.model.roles.attachment import attached
from pmicheck.model.rules.protocol import handler, spontaneous
from pmicheck.model.time import CLOCK

STEP_CELLS = (EVENT, FALLBACK)


class State(NamedTuple):
    """Cells that differ from the start, messages under way, what the attacker knows, and all that was sent so far."""

    values: Mapping[Cell, Any]
    in_flight: frozenset[Message]
    known: Knowledge
    sent: frozenset[Message]

    @property
    def key(self) -> object:
        return frozenset(self.values.items()), self.in_flight, self.known.terms


class Outcome(NamedTuple):
    """What a step does: cells changed, messages now under way, all messages sent, terms shown, and its events."""

    changed: tuple[tuple[Cell, Any], ...]
    under_way: tuple[Message, ...]
    sent: tuple[Message, ...]
    shown: tuple[Term, ...]
    events: tuple[tuple[Cell, Any], ...]
    loses_packets: bool


class Step(NamedTuple):
    """A rule that fires by itself (`message` None), the delivery of a message, or the attacker's message."""

    rule: str
    message: Message | None
    by_attacker: bool
    outcome: Outcome

    @property
    def delivered(self) -> Message | None:
        """The message that is under way no more."""
        return None if self.by_attacker else self.message

    @property
    def side(self) -> str:
        """Whose step it is: the attacker's, a delivery, a tick of the clock, or another rule."""
        if self.message is not None:
            return "attacker" if self.by_attacker else "delivery"
        return "tick" if self.outcome.loses_packets else "rule"


class Reading(Interpreter):
    """An interpreter that notes which cells the step read, and with which values."""

    def __init__(self, runs: Runs, state: State) -> None:
        super().__init__(runs.start.world, runs.sees)
        self.values = dict(state.values)
        self.reads: dict[Cell, Any] = {}
        self.written: dict[Cell, Any] = {}
        self.loses_packets = False

    def get(self, cell: Cell, worth: Any = None) -> Any:
        value = super().get(cell)
        if cell not in self.written:
            self.reads[cell] = value
        return value

    def set(self, cell: Cell, value: Any) -> None:
        self.written[cell] = value
        super().set(cell, value)

    def lose_packets_in_flight(self) -> None:
        self.loses_packets = True


@dataclass
class Runs:
    """Runs rules of one world on states; a rule that reads the same again is not run again."""

    start: Start
    adversary: Adversary

    def __post_init__(self) -> None:
        self.acts = (*spontaneous(self.start.world), *moves.acts(self.adversary))
        self.read: set[Cell] = set()
        self._seen: dict[object, list[tuple[dict[Cell, Any], Outcome | None]]] = {}
        self._handlers: dict[Message, Act | None] = {}

    def sees(self, link: str) -> bool:
        return self.adversary.attacker.sees(link, self.start.world.policy)

    def first(self) -> State:
        known = Knowledge(self.adversary.initial() | self.adversary.given() | self.start.seen)
        return State({}, frozenset(), known, frozenset(self.start.sent))

    def value(self, state: State, cell: Cell) -> Any:
        if cell in state.values:
            return state.values[cell]
        return self.start.world.initial.get(cell.name, cell.initial)

    def offer(self, state: State, message: Message) -> Outcome | None:
        """What the receiver does with the message, None if it refuses it or if nobody receives it."""
        if message not in self._handlers:
            self._handlers[message] = handler(self.start.world, message)
        act = self._handlers[message]
        return None if act is None else self._run(state, message, act, message)

    def may_be_accepted(self, state: State, message: Message) -> bool:
        """Whether the receiver accepts the message, or refused it for what it read."""
        return self.offer(state, message) is not None or any(reads for reads, _ in self._seen.get(message, ()))

    def _run(self, state: State, key: object, act: Act, message: Message | None) -> Outcome | None:
        cases = self._seen.setdefault(key, [])
        for reads, outcome in cases:
            if all(self.value(state, cell) == value for cell, value in reads.items()):
                return outcome
        run = Reading(self, state)
        refusal = run.fire(act, message)
        if refusal is None:
            self._hand_over(run)
        self.read.update(run.reads)
        outcome = self._outcome(run) if refusal is None else None
        cases.append((run.reads, outcome))
        return outcome

    def _outcome(self, run: Reading) -> Outcome:
        changed = {cell: value for cell, value in run.written.items() if cell not in STEP_CELLS}
        shown = list(run.learned)
        shown += [term for message in run.sent if self.adversary.may_see(message) for term in visible_terms(message)]
        actor = run.history[-1].act.actor
        shown += [term for message in run.sent for term in self.adversary.keeps(message, actor)]
        events = tuple((cell, run.get(cell)) for cell in STEP_CELLS if run.get(cell) is not None)
        return Outcome(
            tuple(changed.items()),
            tuple(run.in_flight),
            tuple(run.sent),
            tuple(dict.fromkeys(shown)),
            events,
            run.loses_packets,
        )

    def _hand_over(self, run: Reading) -> None:
        """Teach the run what the attacker gets for the asking when a phase begins or a mobile node moves."""
        if CLOCK in run.written:
            self.adversary.on_phase(run, run.written[CLOCK])
        for home in self.start.world.victims:
            if attached(home) in run.written:
                self.adversary.on_move(run, run.written[attached(home)])

    def honest_steps(self, state: State) -> Iterator[Step]:
        """Rules that fire by themselves, the attacker's request for a context among them, and deliveries."""
        for act in self.acts:
            outcome = self._run(state, act.name, act, None)
            if outcome is not None:
                yield Step(act.name, None, False, outcome)
        for message in sorted(state.in_flight, key=repr):
            outcome = self.offer(state, message)
            if outcome is not None:
                yield Step("", message, False, outcome)

    def after(self, state: State, step: Step) -> State:
        """The state after the step."""
        outcome = step.outcome
        under_way = frozenset() if outcome.loses_packets else state.in_flight - {step.delivered}
        values = {**state.values, **dict(outcome.changed)}
        initial = self.start.world.initial
        return State(
            {cell: value for cell, value in values.items() if value != initial.get(cell.name, cell.initial)},
            under_way | frozenset(outcome.under_way),
            state.known.with_terms(outcome.shown),
            state.sent | frozenset(outcome.sent),
        )


def numbers_of(messages: Iterable[Message]) -> set[int]:
    """The sequence and transaction numbers in these messages."""
    found = (getattr(message, name, None) for message in messages for name in ("seq", "number"))
    return {number for number in found if number is not None}
