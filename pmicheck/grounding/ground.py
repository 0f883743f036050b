"""Grounding: run every rule on everything it could read, until no new value, message or attacker term appears.

A rule is run under a partial assignment of cells. Where it reads a cell that the assignment does not fix, the run is
repeated once per value that the cell is known to take; where it only tests a predicate, once for yes and once for no.
What is found later (a new value of a cell, a new message, a new term for the attacker) wakes just the runs it concerns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pmicheck.attacker import moves
from pmicheck.attacker.deduction import Derivation, Potential
from pmicheck.attacker.injection import Adversary
from pmicheck.grounding.collector import paused
from pmicheck.grounding.domain import Domain, Task, answers_on
from pmicheck.grounding.instance import Hint, Instance, Leaf, Predicate, SymbolicRun
from pmicheck.grounding.prologue import Start
from pmicheck.model.act import Act
from pmicheck.model.cells import Cell, Context, Refused
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.messages import Message, Update, describe, visible_terms
from pmicheck.model.protocol import handler, spontaneous
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.ghosts import traces_of, was_sent
from pmicheck.model.terms import Term
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import ATTACKER
from pmicheck.model.world import World


@cache
def flight_of(message: Message) -> Cell:
    """Whether the message is under way on its link."""
    return Cell(f"in flight on {message.link} to {message.to}: {describe(message)} {message!r}", False)


@dataclass
class Ground:
    """What grounding found, before it is laid out in bits.

    Attributes:
        world, adversary: what was grounded; no adversary means honest nodes alone.
        values: every value that each cell may take, the initial one first.
        leaves: the ground transitions.
        messages: what honest nodes may send, in order of discovery.
        injections: how many messages the attacker may put before a receiver.
        acts: every rule of the world by name, fired or not.
        bounds_hit: bounds at which a rule refused to go on.
        known: what the attacker knows at the start.
        derivations: how it may come to know more.
    """

    world: World
    adversary: Adversary | None
    values: dict[Cell, dict[Any, None]] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    messages: dict[Message, None] = field(default_factory=dict)
    injections: int = 0
    acts: dict[str, Act] = field(default_factory=dict)
    bounds_hit: dict[str, None] = field(default_factory=dict)
    known: frozenset[Term] = frozenset()
    derivations: tuple[Derivation, ...] = ()


@dataclass
class Sent:
    """What comes of a message that an honest node sends: its delivery, if somebody takes it, and what it shows."""

    delivery: Instance | None
    shown: tuple[Term, ...]
    started: bool = False


class Grounder:
    """The fixpoint; `run()` does all the work."""

    def __init__(self, start: Start, adversary: Adversary | None) -> None:
        self.result = Ground(start.world, adversary)
        self.start = start
        self.world = start.world
        self.adversary = adversary
        self.domains: dict[Cell, Domain] = {}
        self.agenda: list[Task] = []
        self.potential = Potential()
        self.offered: dict[Message, None] = {}
        self.sent: dict[Message, Sent] = {}

    def run(self) -> Ground:
        for cell in (EVENT, FALLBACK):
            self._domain(cell)
        known = self.adversary.initial() | self.start.seen if self.adversary else set()
        for term in sorted(known, key=repr):
            self.potential.add(term)
        self.result.messages.update(dict.fromkeys(self.start.sent))
        for act in spontaneous(self.world):
            self._start(Instance(self._hooked(act)))
        if self.adversary:
            for act in moves.acts(self.adversary):
                self._start(Instance(act, by_attacker=True))
        while True:
            self._exhaust()
            if not self._offer_injections():
                break
        self.result.known = frozenset(known)
        self.result.derivations = tuple(self.potential.derivations)
        return self.result

    def _hooked(self, act: Act) -> Act:
        """The rule, and what the adversary gets when it moves the clock or the mobile node."""
        adversary, victims = self.adversary, self.world.victims
        if adversary is None:
            return act

        def run(ctx: Context) -> None:
            act.run(ctx)
            sets = ctx.sets if isinstance(ctx, SymbolicRun) else {}
            if CLOCK in sets:
                adversary.on_phase(ctx, sets[CLOCK])
            for home in victims:
                if attached(home) in sets:
                    adversary.on_move(ctx, sets[attached(home)])

        return Act(act.name, act.actor, act.section, act.statements, run)

    def _start(self, instance: Instance) -> None:
        self.result.acts.setdefault(instance.act.name, instance.act)
        gets: dict[Cell, Any] = {}
        if instance.flight is not None:
            gets[instance.flight] = True
        sent = instance.flight is not None or instance.replay
        if sent and isinstance(instance.message, Update):
            was_sent_before: Predicate = (traces_of(instance.message)[0], was_sent, ())
            self._push_viable(was_sent_before[0], (instance, gets, {was_sent_before: True}))
        else:
            self.agenda.append((instance, gets, {}))

    def _exhaust(self) -> None:
        while self.agenda:
            self._run(*self.agenda.pop())

    def _run(self, instance: Instance, gets: dict[Cell, Any], tests: dict[Predicate, bool]) -> None:
        run = SymbolicRun(instance, gets, tests, self)
        if instance.flight is not None:
            run.sets[instance.flight] = False
        try:
            instance.act.run(run)
        except Refused as refusal:
            if refusal.check.startswith("bound: "):
                self.result.bounds_hit[refusal.check.removeprefix("bound: ")] = None
        else:
            self._finish(run)

    def sees(self, link: str) -> bool:
        return self.adversary is not None and self.adversary.attacker.sees(link, self.world.policy)

    def value(self, run: SymbolicRun, cell: Cell, worth: Hint | None) -> Any:
        """The last value that fits; with the others, known and to come, the run is a task of its own."""
        instance, gets, tests = run.instance, dict(run.gets), dict(run.tests)
        domain = self._domain(cell)
        answers = answers_on(cell, tests)
        values = [v for v in domain.members(domain.fitting(answers)) if worth is None or worth(v)]
        domain.wait((instance, gets, tests), answers, worth)
        if not values:
            raise Refused("nothing to go on with")
        last = values.pop()
        self.agenda += [(instance, {**gets, cell: value}, dict(tests)) for value in values]
        return last

    def answer(self, run: SymbolicRun, predicate: Predicate) -> bool:
        """Yes if some known value says so, else no; with the other answer the run is a task of its own."""
        cell = predicate[0]
        domain = self._domain(cell)
        fitting = domain.fitting(answers_on(cell, run.tests))
        yes = fitting & domain.yes(predicate)
        other = (run.instance, dict(run.gets), {**run.tests, predicate: not yes})
        (self.agenda if yes and yes != fitting else domain.parked).append(other)
        return bool(yes)

    def _push_viable(self, cell: Cell, task: Task) -> None:
        """Go on only if some known value of the cell answers all tests like this; else wait for one."""
        domain = self._domain(cell)
        (self.agenda if domain.fitting(answers_on(cell, task[2])) else domain.parked).append(task)

    def _domain(self, cell: Cell) -> Domain:
        if cell not in self.domains:
            domain = self.domains[cell] = Domain(self.world.initial.get(cell.name, cell.initial))
            self.result.values[cell] = domain.values
        return self.domains[cell]

    def _finish(self, run: SymbolicRun) -> None:
        learned = run.learned
        for message in run.sends:
            sent = self._sent(message)
            learned += sent.shown
            delivery = sent.delivery
            if delivery is None or message in run.lost:
                continue
            if not sent.started:
                sent.started = True
                self._start(delivery)
            if message.to != ATTACKER and delivery.flight is not None:
                run.sets[delivery.flight] = True
        for term in learned:
            self.potential.add(term)
        for cell, value in run.sets.items():
            if cell not in self.domains or value not in self.domains[cell].values:
                self._add_value(cell, value)
        self.result.leaves.append(
            Leaf(
                run.instance,
                run.gets,
                run.tests,
                run.sets,
                tuple(run.sends),
                tuple(dict.fromkeys(learned)),
                tuple(run.checks),
                run.loses_packets,
            )
        )

    def _add_value(self, cell: Cell, value: Any) -> None:
        domain = self._domain(cell)
        if value in domain.values:
            return
        domain.values[value] = None
        for instance, gets, tests in domain.waiting_for(value):
            self.agenda.append((instance, {**gets, cell: value}, dict(tests)))
        parked, domain.parked = domain.parked, []
        for task in parked:
            self._push_viable(cell, task)

    def _sent(self, message: Message) -> Sent:
        """What comes of a message that an honest node sends; it is noted when it is sent first."""
        sent = self.sent.get(message)
        if sent is None:
            self.result.messages[message] = None
            act = handler(self.world, message)
            delivery = None if act is None else Instance(act, message, flight_of(message))
            seen = self.adversary is not None and self.adversary.may_see(message)
            sent = self.sent[message] = Sent(delivery, visible_terms(message) if seen else ())
        return sent

    def _offer_injections(self) -> bool:
        """Give the attacker's new messages to their receivers; False if there are none."""
        if self.adversary is None:
            return False
        found = False
        for message, needs, replay in self.adversary.candidates(self.potential, self.result.messages):
            if message in self.offered:
                continue
            act = handler(self.world, message)
            if act is None:
                continue
            self.offered[message] = None
            self.result.injections += 1
            found = True
            named = Act(f"attacker: {act.name}", ATTACKER, act.section, act.statements, act.run)
            self._start(Instance(named, message, needs=needs, by_attacker=True, replay=replay))
        return found


@paused()
def ground(start: Start, adversary: Adversary | None) -> Ground:
    """Everything that can happen from `start` on under `adversary` (None: honest nodes alone)."""
    return Grounder(start, adversary).run()
