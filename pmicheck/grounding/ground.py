"""Grounding: run every rule on everything it could read, until no new value, message or attacker term appears.

A rule is run under a partial assignment of cells. Where it reads a cell that the assignment does not fix, the run is
repeated once per value that the cell is known to take; where it only tests a predicate, once for yes and once for no.
What is found later (a new value of a cell, a new message, a new term for the attacker) wakes just the runs it concerns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pmicheck.attacker import moves
from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.deduction import Potential, is_public
from pmicheck.grounding.collector import paused
from pmicheck.grounding.domain import Domain, Task, answers_on
from pmicheck.grounding.flight import ANSWERS, Sent, flight_of, is_answer_to_attacker, slot
from pmicheck.grounding.found import Ground
from pmicheck.grounding.instance import Hint, Instance, Leaf, Place, Predicate, SymbolicRun
from pmicheck.grounding.open import (
    Built,
    FieldOf,
    Holds,
    OpenPlace,
    Repeated,
    Under,
    Whole,
    at_first,
    secrets_in,
)
from pmicheck.grounding.prologue import Start
from pmicheck.language.act import Act
from pmicheck.language.cells import Cell, Context, OutOfBounds, Refused
from pmicheck.language.message import Message, Term
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.fields import FIELDS
from pmicheck.model.messages import Update, visible_terms
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.ghosts import traces_of, was_sent
from pmicheck.model.rules.protocol import handler, spontaneous
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import ATTACKER


class Grounder:
    """The fixpoint; `run()` does all the work."""

    def __init__(self, start: Start, adversary: Adversary | None) -> None:
        self.result = Ground(start.world, adversary)
        self.start = start
        self.world = start.world
        self.adversary = adversary
        self.domains: dict[Place, Domain] = {}
        self.agenda: list[Task] = []
        self.potential = Potential()
        self.sent: dict[Message, Sent] = {}
        self.by_kind: dict[type[Message], list[Message]] = {}
        self.denied: list[tuple[Leaf, Cell]] = []

    def run(self) -> Ground:
        for cell in (EVENT, FALLBACK):
            self._domain(cell)
        given = self.adversary.given() if self.adversary else frozenset()
        known = self.adversary.initial() | self.start.seen if self.adversary else set()
        self.potential = Potential(sorted(known | given, key=repr))
        for message in self.start.sent:
            self._note(message)
        for act in spontaneous(self.world):
            self._start(Instance(self._hooked(act)))
        if self.adversary:
            for act in moves.acts(self.adversary):
                self._start(Instance(act, by_attacker=True))
            for kind in FIELDS:
                if self.adversary.sends(kind):
                    offer = Act(name=f"attacker: {kind.__name__}", actor=ATTACKER)
                    self._start(Instance(offer, opens=kind))
        while self.agenda:
            self._exhaust()
            self._wake()
        self._deny_what_was_sent()
        self.result.known = frozenset(known)
        self.result.given = given
        self.result.learnable = frozenset(self.potential.terms)
        needed = {term for leaf in self.result.leaves for term in self.result.required(leaf.instance.needs)}
        self.result.derivations = self.potential.derivations(sorted(needed, key=repr))
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

        return replace(act, rule=run, given=())

    def _start(self, instance: Instance) -> None:
        if instance.opens is None:
            self.result.acts.setdefault(instance.act.name, instance.act)
        gets: dict[Place, Any] = {}
        if instance.flight is not None:
            gets[instance.flight] = True if instance.flight.initial is False else instance.message
        if instance.flight is not None and isinstance(instance.message, Update):
            was_sent_before: Predicate = (traces_of(instance.message)[0], was_sent, ())
            self._push_viable(was_sent_before[0], Task(instance, gets, {was_sent_before: True}, {}))
        else:
            self.agenda.append(Task(instance, gets, {}, {}))

    def _exhaust(self) -> None:
        while self.agenda:
            self._run(self.agenda.pop())

    def _run(self, task: Task) -> None:
        run = SymbolicRun(task.instance, task.gets, task.tests, task.read, self)
        if task.instance.flight is not None:
            run.sets[task.instance.flight] = task.instance.flight.initial
        try:
            self._act_of(run).run(run)
        except OutOfBounds as beyond:
            self.result.bounds_hit[beyond.check] = None
        except Refused:
            pass
        else:
            self._finish(run)
        finally:
            run.release()

    def _act_of(self, run: SymbolicRun) -> Act:
        """The rule of the instance; of an open message, the one of its receiver. Raises Refused if nobody takes it."""
        kind = run.instance.opens
        if kind is None:
            return run.instance.act
        act = handler(self.world, run.open(kind))
        if act is None:
            raise Refused("nobody")
        run.act = act
        return act

    def sees(self, link: str) -> bool:
        return self.adversary is not None and self.adversary.attacker.sees(link, self.world.policy)

    def value(self, run: SymbolicRun, cell: Place, worth: Hint | None) -> Any:
        """The last value that fits; with the others, known and to come, the run is a task of its own."""
        here = Task(run.instance, dict(run.gets), dict(run.tests), dict(run.read))
        domain = self._domain(cell)
        answers = answers_on(cell, here.tests)
        values = [v for v in domain.members(domain.fitting(answers)) if worth is None or worth(v)]
        domain.wait(here, answers, worth)
        if not values:
            raise Refused("nothing to go on with")
        last = values.pop()
        self.agenda += [here.going_on(cell, value) for value in values]
        return last

    def answer(self, run: SymbolicRun, predicate: Predicate, worth: bool | None) -> bool:
        """Yes if some known value says so, else no; with the other answer the run is a task of its own.

        Of a test of which one answer alone is worth to be followed it is that one, if some known value gives it.
        """
        cell = predicate[0]
        domain = self._domain(cell)
        fitting = domain.fitting(answers_on(cell, run.tests))
        yes = fitting & domain.yes(predicate)
        answer = bool(yes) and (worth is not False or yes == fitting)
        if answer is not worth:
            other = Task(run.instance, dict(run.gets), {**run.tests, predicate: not answer}, dict(run.read))
            (self.agenda if yes and yes != fitting else domain.parked).append(other)
        return answer

    def _wake(self) -> None:
        """Go on with what waits for terms that the attacker could come to know by now, and for new honest messages."""
        for place in [place for place in self.domains if not isinstance(place, Cell)]:
            for value in self._supplied(place):
                self._add_value(place, value)

    def _supplied(self, place: OpenPlace) -> Iterator[Any]:
        """What the attacker could put into a place of an open message, beyond what it holds at first."""
        known = self.potential
        match place:
            case Holds(term=term):
                if known.can_make(term):
                    yield True
            case Under(kind=kind, name=name, key=key, own=own):
                if known.can_compute(key):
                    yield Built()
                for message in [] if own else self._honest(kind):
                    term = getattr(message, name)
                    if term is not None and term[:2] == ("mac", key) and term in known.terms:
                        yield Repeated(message)
            case Whole(kind=kind):
                yield from self._repeatable(kind)
            case FieldOf(choice=choice):
                for kind, name in choice.honest:
                    for message in self._honest(kind):
                        value = getattr(message, name)
                        if not choice.secret or all(map(known.can_make, secrets_in(value))):
                            yield value

    def _repeatable(self, kind: type[Message]) -> Iterator[Message]:
        """Honest nodes' messages that the attacker could send as they were; true answers as Bounds.answers says."""
        if kind in ANSWERS and not self.world.bounds.answers:
            return
        for message in self._honest(kind):
            receivers = FIELDS[kind]["to"](message, self.world).values
            if message.to in receivers and all(map(self.potential.can_make, self._secrets(message))):
                yield message

    def _note(self, message: Message) -> None:
        """An honest node may send the message."""
        if message not in self.result.messages:
            self.result.messages[message] = None
            self.by_kind.setdefault(type(message), []).append(message)

    def _honest(self, kind: type[Message]) -> list[Message]:
        """What honest nodes may send of a kind, as far as it is known by now, in order of discovery."""
        return list(self.by_kind.get(kind, ()))

    def _secrets(self, message: Message) -> Iterator[Term]:
        """The terms in the fields of a message that its sender has to know."""
        domains = FIELDS[type(message)]
        for name, value in message._asdict().items():
            # Terms are tuples, and a domain takes longer to ask.
            if isinstance(value, tuple) and domains[name](message, self.world).secret:
                yield from secrets_in(value)

    def _push_viable(self, cell: Place, task: Task) -> None:
        """Go on only if some known value of the cell answers all tests like this; else wait for one."""
        domain = self._domain(cell)
        (self.agenda if domain.fitting(answers_on(cell, task.tests)) else domain.parked).append(task)

    def _domain(self, cell: Place) -> Domain:
        if cell not in self.domains:
            if not isinstance(cell, Cell):
                self.domains[cell] = Domain(*at_first(cell), *self._supplied(cell))
                return self.domains[cell]
            domain = self.domains[cell] = Domain(self.world.initial.get(cell.name, cell.initial))
            self.result.values[cell] = domain.values
        return self.domains[cell]

    def _finish(self, run: SymbolicRun) -> None:
        instance = run.instance
        if instance.opens is not None:
            offered = self._offered(run)
            if offered is None:
                return
            instance = offered
        learned = run.learned
        answers = []
        for message in run.sends:
            sent = self._sent(message)
            learned += sent.shown
            if self.adversary is not None:
                learned += self.adversary.keeps(message, instance.act.actor)
            if sent.act is None or message.to == ATTACKER or message in run.lost:
                continue
            if is_answer_to_attacker(instance, message):
                answers.append(message)
            else:
                self._launch(message, sent, flight_of(message), True, run.sets)
        for term in learned:
            self.potential.add(term)
        slots = range(self.world.bounds.answers) if answers else ()
        for number in slots:
            for message in answers:
                self._launch(message, self.sent[message], slot(number), message, run.sets)
            self._add_leaf(run, instance, learned)
        if not slots:
            self._add_leaf(run, instance, learned)

    def _launch(self, message: Message, sent: Sent, cell: Cell, value: object, sets: dict[Cell, Any]) -> None:
        """The message is under way; its delivery is grounded when that happens first."""
        sets[cell] = value
        if cell not in sent.deliveries:
            sent.deliveries.add(cell)
            assert sent.act is not None
            self._start(Instance(sent.act, message, cell))

    def _add_leaf(self, run: SymbolicRun, instance: Instance, learned: list[Term]) -> None:
        for cell, value in run.sets.items():
            if cell not in self.domains or value not in self.domains[cell].values:
                self._add_value(cell, value)
        leaf = Leaf(
            instance=instance,
            gets={place: value for place, value in run.gets.items() if isinstance(place, Cell)},
            tests=dict(run.tests),
            sets=dict(run.sets),
            sends=tuple(run.sends),
            learns=tuple(dict.fromkeys(learned)),
            passed=tuple(run.checks),
            loses_packets=run.loses_packets,
        )
        self.result.leaves.append(leaf)
        if run.unsent is not None:
            self.denied.append((leaf, run.unsent(instance.message)))

    def _offered(self, run: SymbolicRun) -> Instance | None:
        """The instance for the message that the run has settled; None if the attacker cannot put it where it goes."""
        kind: Any = run.instance.opens
        act = run.act
        assert kind is not None
        assert act is not None
        assert self.adversary is not None
        message = run.settle()
        if not self.adversary.puts(message):
            return None
        terms = dict.fromkeys(self._secrets(message))
        name = f"attacker: {act.name}"
        named = self.result.acts.setdefault(
            name, Act(name=name, actor=ATTACKER, section=act.section, statements=act.statements)
        )
        self.result.injections += 1
        needs = tuple(term for term in terms if not is_public(term))
        rank = tuple(
            place.choice.values.index(value) if value in place.choice.values else len(place.choice.values)
            for place, value in run.gets.items()
            if isinstance(place, FieldOf)
        )
        return Instance(named, message, needs=needs, by_attacker=True, rank=rank)

    def _deny_what_was_sent(self) -> None:
        """A message that was taken for none of an honest node's is none of those that have been sent by then."""
        for leaf, trace in self.denied:
            if trace in self.domains and any(map(was_sent, self.domains[trace].values)):
                leaf.tests[trace, was_sent, ()] = False

    def _add_value(self, cell: Place, value: Any) -> None:
        domain = self._domain(cell)
        if value in domain.values:
            return
        domain.values[value] = None
        self.agenda += [task.going_on(cell, value) for task in domain.waiting_for(value)]
        parked, domain.parked = domain.parked, []
        for task in parked:
            self._push_viable(cell, task)

    def _sent(self, message: Message) -> Sent:
        """What becomes of a message that an honest node sends; it is noted when it is sent first."""
        sent = self.sent.get(message)
        if sent is None:
            self._note(message)
            seen = self.adversary is not None and self.adversary.may_see(message)
            sent = self.sent[message] = Sent(handler(self.world, message), visible_terms(message) if seen else ())
        return sent


@paused()
def ground(start: Start, adversary: Adversary | None) -> Ground:
    """Everything that can happen from `start` on under `adversary` (None: honest nodes alone)."""
    return Grounder(start, adversary).run()
