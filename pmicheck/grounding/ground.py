"""Grounding: run every rule on everything it could read, until no new value, message or attacker term appears.

A rule is run under a partial assignment of cells. Where it reads a cell that the assignment does not fix, the run is
repeated once per value that the cell is known to take; where it only tests a predicate, once for yes and once for no.
What is found later (a new value of a cell, a new message, a new term for the attacker) wakes just the runs it concerns.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pmicheck.attacker import moves
from pmicheck.attacker.deduction import Derivation, Potential
from pmicheck.attacker.injection import Adversary
from pmicheck.grounding.instance import Instance, Leaf, NeedTest, NeedValue, Predicate, SymbolicRun
from pmicheck.grounding.prologue import Start
from pmicheck.model.act import Act
from pmicheck.model.cells import Cell, Context, Refused
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.messages import Message, Update, describe, visible_terms
from pmicheck.model.protocol import handler, spontaneous
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.ghosts import evidence, identity, was_sent
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


Task = tuple[Instance, dict[Cell, Any], dict[Predicate, bool]]


class Grounder:
    """The fixpoint; `run()` does all the work."""

    def __init__(self, start: Start, adversary: Adversary | None) -> None:
        self.result = Ground(start.world, adversary)
        self.start = start
        self.world = start.world
        self.adversary = adversary
        self.agenda: list[Task] = []
        self.waiting: dict[Cell, list[Task]] = defaultdict(list)
        self.parked: dict[Cell, list[Task]] = defaultdict(list)
        self.potential = Potential()
        self.offered: dict[Message, None] = {}
        self.deliverable: dict[Message, None] = {}

    def run(self) -> Ground:
        for cell in (EVENT, FALLBACK):
            self._values(cell)
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
        adversary = self.adversary
        if adversary is None:
            return act

        def run(ctx: Context) -> None:
            act.run(ctx)
            sets = ctx.sets if isinstance(ctx, SymbolicRun) else {}
            if CLOCK in sets:
                adversary.on_phase(ctx, sets[CLOCK])
            for home in self.world.victims:
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
            was_sent_before: Predicate = (evidence(identity(instance.message)), was_sent, ())
            self._push_viable(was_sent_before[0], (instance, gets, {was_sent_before: True}))
        else:
            self.agenda.append((instance, gets, {}))

    def _exhaust(self) -> None:
        while self.agenda:
            task = self.agenda.pop()
            self._run(task)

    def _run(self, task: Task) -> None:
        instance, gets, tests = task
        run = SymbolicRun(gets, tests, self._sees)
        if instance.flight is not None:
            run.sets[instance.flight] = False
        try:
            instance.act.run(run)
        except NeedValue as need:
            self._fork_on_value(task, need.cell)
        except NeedTest as need:
            self._fork_on_test(task, need.predicate)
        except Refused as refusal:
            if refusal.check.startswith("bound: "):
                self.result.bounds_hit[refusal.check.removeprefix("bound: ")] = None
        else:
            self._finish(instance, run)

    def _sees(self, link: str) -> bool:
        return self.adversary is not None and self.adversary.attacker.sees(link, self.world.policy)

    def _fork_on_value(self, task: Task, cell: Cell) -> None:
        self.waiting[cell].append(task)
        for value in list(self._values(cell)):
            self._push_value(task, cell, value)

    def _push_value(self, task: Task, cell: Cell, value: Any) -> None:
        instance, gets, tests = task
        if consistent(cell, value, tests):
            self.agenda.append((instance, {**gets, cell: value}, tests))

    def _fork_on_test(self, task: Task, predicate: Predicate) -> None:
        instance, gets, tests = task
        for answer in (False, True):
            self._push_viable(predicate[0], (instance, gets, {**tests, predicate: answer}))

    def _push_viable(self, cell: Cell, task: Task) -> None:
        """Go on only if some known value of the cell answers all tests like this; else wait for one."""
        if any(consistent(cell, value, task[2]) for value in self._values(cell)):
            self.agenda.append(task)
        else:
            self.parked[cell].append(task)

    def _values(self, cell: Cell) -> dict[Any, None]:
        if cell not in self.result.values:
            self.result.values[cell] = {self.world.initial.get(cell.name, cell.initial): None}
        return self.result.values[cell]

    def _finish(self, instance: Instance, run: SymbolicRun) -> None:
        learned = list(run.learned)
        for message in run.sends:
            seen = self._register(message, message not in run.lost)
            if seen:
                learned += visible_terms(message)
            if message.to != ATTACKER and message not in run.lost and handler(self.world, message) is not None:
                run.sets[flight_of(message)] = True
        for term in learned:
            self.potential.add(term)
        for cell, value in run.sets.items():
            self._add_value(cell, value)
        self.result.leaves.append(
            Leaf(
                instance,
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
        values = self._values(cell)
        if value in values:
            return
        values[value] = None
        for task in self.waiting[cell]:
            self._push_value(task, cell, value)
        parked, self.parked[cell] = self.parked[cell], []
        for task in parked:
            self._push_viable(cell, task)

    def _register(self, message: Message, deliverable: bool) -> bool:
        """Note a message that an honest node sends, with its honest delivery; True if the attacker reads it."""
        self.result.messages[message] = None
        if deliverable and message not in self.deliverable:
            self.deliverable[message] = None
            act = handler(self.world, message)
            if act is not None:
                self._start(Instance(act, message, flight_of(message)))
        return self.adversary is not None and self.adversary.may_see(message)

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


def consistent(cell: Cell, value: Any, tests: dict[Predicate, bool]) -> bool:
    """Whether the value answers every test on its cell as assumed."""
    return all(
        predicate(value, *arguments) == answer
        for (tested, predicate, arguments), answer in tests.items()
        if tested is cell
    )


def ground(start: Start, adversary: Adversary | None) -> Ground:
    """Everything that can happen from `start` on under `adversary` (None: honest nodes alone)."""
    return Grounder(start, adversary).run()
