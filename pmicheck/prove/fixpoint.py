"""The least set of facts that holds the start of a scenario and all that any rule makes of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from pmicheck.attacker import moves
from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.deduction import Potential, is_public, ways_to_build
from pmicheck.grounding.open import Built, Repeated, secrets_in
from pmicheck.grounding.prologue import Start
from pmicheck.language.act import Act
from pmicheck.language.cells import Cell, Refused
from pmicheck.language.message import Message, Term
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.fields import FIELDS, Choice
from pmicheck.model.messages import Update, visible_terms
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.ghosts import proofs
from pmicheck.model.rules.protocol import handler, spontaneous
from pmicheck.model.time import CLOCK, LAST_PHASE
from pmicheck.model.topology import ATTACKER
from pmicheck.model.world import World
from pmicheck.prove.facts import Domain, Origin, Step, Task
from pmicheck.prove.groups import Group, group_of
from pmicheck.prove.numbers import NotAbstract, Number
from pmicheck.prove.run import Constraint, Run, fulfils
from pmicheck.prove.shapes import Key, Variable, alive, flat, key_of, part_of, shape_of, shape_of_one, unknown

MANY = 10**9
"""A bound that nothing comes to: a number beside it is less or not, as either may be."""


def unbounded(world: World) -> World:
    """The world with all bounds lifted but those on who takes part (mobile nodes, correspondents, agents), and without
    refreshes if the scenario has none: then nobody has the rule."""
    bounds = replace(
        world.bounds,
        clock=LAST_PHASE,
        honest_until=LAST_PHASE,
        retransmissions=MANY,
        refreshes=MANY if world.bounds.refreshes else 0,
        token_pairs=1,
        answers=1,
        late_packets=1,
    )
    return replace(world, bounds=bounds)


class Fixpoint:
    """Everything that may ever be the case; `run()` does the work.

    Attributes:
        world: without the bounds that are lifted.
        cells: the values that the cells of each group may take together.
        sent: the shapes of honest nodes' messages, each with the step that sent it first.
        known: what the attacker may know, with all numbers alike; taught: each term with the step that told it first.
        places: what the attacker may put into its messages.
        current: the run that asks for numbers.
    """

    def __init__(self, start: Start, attacker: Adversary) -> None:
        self.current: Run | None = None
        self.world = self._forgetful(unbounded(start.world))
        self.adversary = replace(attacker, world=self.world)
        self.cells: dict[tuple[Key, ...], Domain] = {}
        self.places: dict[tuple[Any, ...], Domain] = {}
        self.sent: dict[Message, Step | None] = {}
        self.known = Potential()
        self.taught: dict[Term, Step | None] = {}
        self._start = start
        self._agenda: list[Task] = []
        self._under_way: set[Message] = set()
        self._steps = 0
        self._wanting: list[tuple[Task, tuple[Term, ...]]] = []
        self._numbers: dict[tuple[int, int | None, bool], Number] = {}
        self._senders: dict[Term, set[tuple[str, str, str]]] = {}

    def run(self) -> Fixpoint:
        """Find all facts. Returns itself. Raises NotAbstract where a rule does what classes of numbers cannot."""
        if self.world.policy.reads("rotation_grace", "until-used"):
            raise NotAbstract("the number of a handover token that is used is compared with those of all others")
        self._begin()
        for act in spontaneous(self.world):
            self._agenda.append(Task(Origin(act=self._hooked(act)), ()))
        for act in moves.acts(self.adversary):
            self._agenda.append(Task(Origin(act=act), ()))
        for kind in FIELDS:
            if self.adversary.sends(kind):
                self._agenda.append(Task(Origin(kind=kind), ()))
        self._wanting += [(Task(Origin(message=message), ()), tuple(self._secrets(message))) for message in self.sent]
        while self._agenda:
            while self._agenda:
                self._run(self._agenda.pop())
            self._wake()
        return self

    def _forgetful(self, world: World) -> World:
        """The world whose prologue left numbers that nobody knows: rules compare numbers that they write out with them
        (`_outlived_registration`), and one of these stands for any number. The clock is no such number."""
        left = {name: unknown(value, self) for name, value in world.initial.items() if name != CLOCK.name}
        return replace(world, initial={**world.initial, **left})

    def _begin(self) -> None:
        """The facts of the start: what the prologue left, and what the attacker has by then."""
        changed: dict[str, tuple[Cell, Any]] = {}
        for done in self._start.history:
            changed.update({cell.name: (cell, value) for cell, value in done.changed.items()})
            for message in done.sent:
                self.sent.setdefault(shape_of_one(message))
                self._note_sender(message, done.act.actor)
        for group in dict.fromkeys(group_of(cell) for cell, _ in changed.values()):
            domain = self.group(group)
            if not key_of(group[0]).many:
                domain.values.clear()
            values = (changed[cell.name][1] if cell.name in changed else cell.initial for cell in group)
            domain.values.setdefault(shape_of_one(tuple(values)))
        for cell in (EVENT, FALLBACK):
            self.cells[(key_of(cell),)] = Domain({(None,): None})
        known = self.adversary.initial() | self._start.seen | self.adversary.given()
        for term in sorted(known, key=repr):
            self._teach(term, None)

    def _hooked(self, act: Act) -> Act:
        """The rule, and what the adversary gets when it moves the clock or the mobile node."""

        def run(ctx: Run) -> None:
            act.run(ctx)
            if CLOCK in ctx.sets:
                self.adversary.on_phase(ctx, ctx.sets[CLOCK])
            for home in self.world.victims:
                if attached(home) in ctx.sets:
                    self.adversary.on_move(ctx, ctx.sets[attached(home)])

        return replace(act, rule=run, given=())

    # What runs ask for.

    def ask(self) -> bool:
        assert self.current is not None
        return self.current.ask()

    def number(self, least: int | None, *, exact: bool = False) -> Number:
        return Number(self, least, exact=exact) if self.current is None else self.current.number(least, exact=exact)

    def numbered(self, index: int, least: int | None, *, exact: bool) -> Number:
        key = index, least, exact
        if key not in self._numbers:
            self._numbers[key] = Number(self, least, exact=exact)
        return self._numbers[key]

    def sees(self, link: str) -> bool:
        return self.adversary.attacker.sees(link, self.world.policy)

    def group(self, group: Group) -> Domain:
        key = tuple(map(key_of, group))
        if key not in self.cells:
            self.cells[key] = Domain({shape_of_one(tuple(cell.initial for cell in group)): None})
        return self.cells[key]

    def values_of(self, cell: Cell) -> dict[Any, Step | None]:
        """The values that a cell may take, each with the step that found it first."""
        group = group_of(cell)
        found: dict[Any, Step | None] = {}
        for values, step in self.group(group).values.items():
            found.setdefault(part_of(values[group.index(cell)]), step)
        return found

    def chosen(self, place: tuple[Any, ...], choice: Choice | None = None) -> Domain:
        if place not in self.places:
            self.places[place] = self._place(place, choice)
        return self.places[place]

    def _place(self, place: tuple[Any, ...], choice: Choice | None) -> Domain:
        match place:
            case ("field", _, "seq", _):
                # Sixteen bits that anybody can guess.
                return Domain({Variable(0, least=0): None})
            case ("field", _, "test", _):
                # Anybody can put the option into an update, whether or not honest nodes of the course know it.
                return Domain({True: None, False: None})
            case ("field", _, _, _):
                assert choice is not None
                values = dict.fromkeys(map(shape_of_one, choice.values))
                return Domain(values, (lambda: self._of_honest(choice)) if choice.honest else None)
            case ("holds", _):
                return Domain({False: None}, lambda: [True] if self.known.can_make(place[1]) else [])
            case ("again", _):
                return Domain({False: None}, lambda: [True] if self._may_come_again(place[1]) else [])
        return Domain({None: None}, lambda: self._authenticators(*place[1:]))

    def _of_honest(self, choice: Choice) -> Iterator[Any]:
        """What messages of honest nodes hold in the same field, if the attacker can make it."""
        for kind, name in choice.honest:
            for message in [message for message in self.sent if isinstance(message, kind)]:
                value = part_of(getattr(message, name))
                if not choice.secret or all(map(self.known.can_make, secrets_in(flat(value)))):
                    yield value

    def _authenticators(self, kind: Any, name: str, key: Term) -> Iterator[Built | Repeated]:
        """Where the attacker can take an authenticator under this key from."""
        if self.known.can_compute(key):
            yield Built()
        for message in [message for message in self.sent if isinstance(message, kind)]:
            term = flat(getattr(message, name))
            if term is not None and term[:2] == ("mac", key) and term in self.known.terms:
                yield Repeated(message)

    def _may_come_again(self, proof: Term) -> bool:
        """Whether more than one update may hold the term: one of the attacker's, or one of a second registration."""
        covered = (term for term in terms_in(proof) if term[0] == "sig")
        mine = self.known.can_make(proof) and all(map(self.known.can_make, covered))
        return mine or len(self._senders.get(proof, ())) > 1

    def fork(self, run: Run, domain: Domain, constraints: tuple[Constraint, ...]) -> Any:
        def fits(value: Any) -> bool:
            return fulfils(value, constraints)

        if domain.supply is not None:
            for value in domain.supply():
                self._add(domain, value, None)
        task = Task(run.origin, tuple(run.path))
        domain.waiting.append((task, fits))
        values = [value for value in domain.values if fits(value)]
        if not values:
            raise Refused("nothing to go on with")
        self._agenda += [Task(run.origin, (*task.path, value)) for value in values[:-1]]
        return values[-1]

    def either(self, run: Run, fits: Callable[[bool], bool], park: Callable[[Task, bool], None]) -> bool:
        answers = []
        for answer in (False, True):
            task = Task(run.origin, (*run.path, answer))
            if fits(answer):
                answers.append(answer)
            else:
                park(task, answer)
        if not answers:
            raise Refused("nothing to go on with")
        self._agenda += [Task(run.origin, (*run.path, answer)) for answer in answers[:-1]]
        return answers[-1]

    # Runs.

    def _run(self, task: Task) -> None:
        run = self.current = Run(task.origin, list(task.path), self)
        try:
            act = self._act_of(run)
            act.run(run)
            self._conclude(run, act)
        except Refused:
            pass

    def _act_of(self, run: Run) -> Act:
        """The rule; of a message, the one of its receiver. Raises Refused if nobody takes it."""
        origin = run.origin
        if origin.act is not None:
            return origin.act
        run.message = run.open(origin.kind) if origin.message is None else alive(origin.message, self)
        act = handler(self.world, run.message)
        if act is None:
            raise Refused("nobody")
        return act

    def _conclude(self, run: Run, act: Act) -> None:
        """Add what the run did to the facts. Raises Refused if the attacker cannot make its message."""
        needs: tuple[Term, ...] = ()
        if run.origin.kind is not None:
            run.message = run.settle()
            if not self.adversary.puts(run.message):
                return
            needs = tuple(self._secrets(run.message))
            if not all(map(self.known.can_make, needs)):
                self._wanting.append((Task(run.origin, tuple(run.path)), needs))
                return
        results = run.results()
        step = self._step(run, act, needs)
        for group, values in results:
            self._add(self.group(group), values, step)
        for message in run.sends:
            self._send(message, act, step)
        for term in run.learned:
            if term[0] == "mac":
                raise NotAbstract("the attacker is told an authenticator that no message brings")
            self._teach(term, step)

    def _secrets(self, message: Message) -> Iterator[Term]:
        """The terms in a message that its sender has to know."""
        for name in FIELDS.get(type(message), ()):
            if FIELDS[type(message)][name](message, self.world).secret:
                yield from secrets_in(flat(getattr(message, name)))

    def _step(self, run: Run, act: Act, needs: Iterable[Term]) -> Step:
        origin = run.origin
        reads = [*run.reads, *self._sources(needs)]
        if origin.message is not None:
            reads.append(self.sent[origin.message])
        message = shape_of(run.message) if origin.kind is not None else origin.message
        by_attacker = origin.kind is not None or act.actor == ATTACKER
        self._steps += 1
        return Step(self._steps, act, message, by_attacker, tuple(step for step in reads if step is not None))

    def _sources(self, needs: Iterable[Term]) -> Iterator[Step | None]:
        """Where the attacker has the terms from of which it makes what it needs."""
        for term in needs:
            if term in self.taught:
                yield self.taught[term]
            elif not is_public(term):
                yield from self._sources(premise for way in ways_to_build(term)[:1] for premise in way.premises)

    def _add(self, domain: Domain, value: Any, step: Step | None) -> None:
        if value not in domain.values:
            self._agenda += domain.add(value, step)

    def _send(self, message: Message, act: Act, step: Step) -> None:
        shape = shape_of(message)
        self._note_sender(message, act.actor)
        self.sent.setdefault(shape, step)
        if shape not in self._under_way:
            # A message of the prologue may have the shape, too, and wait until the attacker can send it again.
            self._under_way.add(shape)
            self._agenda.append(Task(Origin(message=shape), ()))
        if self.adversary.may_see(message):
            for term in visible_terms(message):
                self._teach(term, step)
        for term in self.adversary.keeps(message, act.actor):
            self._teach(term, step)

    def _note_sender(self, message: Message, actor: str) -> None:
        """Note whose numbers an update has: those of one registrant's registration."""
        if isinstance(message, Update):
            for proof in proofs(message):
                self._senders.setdefault(flat(proof), set()).add((actor, message.home, message.to))

    def _teach(self, term: Term, step: Step | None) -> None:
        """The attacker comes to know a term and what it opens."""
        if self.known.add(flat(term)):
            for known in list(self.known.terms)[len(self.taught) :]:
                self.taught[known] = step

    def _wake(self) -> None:
        """Go on with what waits for terms that the attacker may know by now, and for new honest messages."""
        for domain in list(self.places.values()):
            for value in domain.supply() if domain.supply is not None else ():
                self._add(domain, value, None)
        wanting, self._wanting = self._wanting, []
        for task, needs in wanting:
            if all(map(self.known.can_make, needs)):
                self._agenda.append(task)
            else:
                self._wanting.append((task, needs))


def terms_in(value: Any) -> Iterator[Term]:
    """Every term that is part of a term, in whatever it covers, the term itself included."""
    if isinstance(value, tuple):
        if value and isinstance(value[0], str):
            yield value
        for part in value:
            yield from terms_in(part)
