"""From a path through the ground system back to the words of the model: who did what, knew what, checked what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec.structs import replace

from pmicheck.attacker.deduction import Derivation, is_public, ways_to_build
from pmicheck.grounding.flight import UNDER_WAY
from pmicheck.grounding.instance import Leaf
from pmicheck.grounding.layout import Grounded
from pmicheck.grounding.prologue import Start
from pmicheck.grounding.told import as_json, remarks, sender, value_as_json
from pmicheck.language.act import Act
from pmicheck.language.cells import Cell
from pmicheck.language.message import Message, Term
from pmicheck.model.messages import (
    ContextData,
    PeerAcknowledgement,
    TestInit,
    describe,
    name_of,
    parts_of,
    visible_terms,
)
from pmicheck.model.terms import render
from pmicheck.model.time import CLOCK, current_nonce
from pmicheck.model.topology import ATTACKER, LINKS
from pmicheck.trace import Changed, Known, Said, Step, listed

ANSWERS = {"HoTI": "HoT", "CoTI": "CoT", "PHoTI": "PHoT"}

UNSIGNED = (TestInit, PeerAcknowledgement, ContextData)
"""Messages whose fields do not tell who sent them."""


class Source(NamedTuple):
    """Where the attacker has a term from: way, how and when of `pmicheck.trace.Known`."""

    way: str
    how: str
    when: str = ""


class Told(NamedTuple):
    """The steps of the prologue and of a path, with the attacker's own tests in between.

    `reached[k]` is how many of the steps are done when k transitions of the path are (for k = 0: the prologue), hence
    the number, counted from 1, of the step that tells the k-th transition. Tests made after it come later.
    """

    steps: tuple[Step, ...]
    reached: tuple[int, ...]


def retell(grounded: Grounded, start: Start, path: Iterable[int]) -> Told:
    """The path (transition indices) in the words of the model, from the beginning of the prologue."""
    return _Teller(grounded, start).tell([grounded.leaves[index] for index in path])


@dataclass
class _Teller:
    grounded: Grounded
    start: Start
    steps: list[Step] = field(default_factory=list)
    reached: list[int] = field(default_factory=list)
    sources: dict[Term, Source] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    senders: dict[Message, str] = field(default_factory=dict)
    needed: set[Term] = field(default_factory=set)
    planned: set[Term] = field(default_factory=set)
    phase: int = 0

    def tell(self, leaves: list[Leaf]) -> Told:
        self._derivations = self._by_conclusion()
        self.sources |= self._own()
        needs = [{term for need in leaf.instance.needs for term in self._leaves_of(need, leaves)} for leaf in leaves]
        self.needed = set[Term]().union(*needs)
        self._plan_tests(0)
        for done in self.start.history:
            self._tests(set(), done.changed)
            self._prologue(done.act, done.message, done.changed, done.sent, done.checks)
        for term in sorted(self.start.seen, key=repr):
            self._learn(term, Source("prologue", "came to it", " in the prologue"))
        self._last_tests()
        self.reached.append(len(self.steps))
        self.values |= self.start.world.initial
        for leaf, own in zip(leaves, needs, strict=True):
            self._tests(own, leaf.sets)
            self._step(leaf)
        return Told(tuple(self.steps), tuple(self.reached))

    def _own(self) -> dict[Term, Source]:
        """What the attacker has without any step of the trace; tokens from its tests are told as steps instead."""
        adversary = self.grounded.ground.adversary
        held = adversary.initial() if adversary is not None else set()
        how = {"sk": "its own", "PT": "issued for its own address", "HT": "issued for its own address"}
        return {
            term: Source("own", how.get(term[0], "held from the start")) for term in held if term[0] not in ("T", "C")
        }

    def _by_conclusion(self) -> dict[Term, list[Derivation]]:
        found: dict[Term, list[Derivation]] = {}
        for derivation in self.grounded.ground.derivations:
            found.setdefault(derivation.conclusion, []).append(derivation)
        return found

    def _ways(self, term: Term) -> list[Derivation]:
        """How the term can be come by; what nobody needed by itself can be built only."""
        return self._derivations.get(term) or list(ways_to_build(term))

    def _leaves_of(self, term: Term, leaves: list[Leaf]) -> set[Term]:
        """What the term can be derived from at the bottom, whichever way."""
        bottom: set[Term] = set()
        agenda, seen = [term], {term}
        while agenda:
            here = agenda.pop()
            bottom.add(here)
            for derivation in self._ways(here):
                fresh = [p for p in derivation.premises if p not in seen]
                seen.update(fresh)
                agenda += fresh
        return bottom

    def _prologue(
        self,
        act: Act,
        message: Message | None,
        changed: Mapping[Cell, Any],
        sent: tuple[Message, ...],
        checks: tuple[str, ...],
    ) -> None:
        action = "deliver" if message is not None else "start"
        self._append(act, message, action, changed, sent, checks, prologue=True)
        self._plan_tests(changed.get(CLOCK, self.phase))
        adversary = self.grounded.ground.adversary
        seen = [message for message in sent if adversary is not None and adversary.may_have_seen(message)]
        self._note_seen(seen, "in the prologue")

    def _note_seen(self, seen: Iterable[Message], when: str) -> None:
        for message in seen:
            for term in visible_terms(message):
                self._learn(term, Source("read", f"read from the {name_of(message)}", f" {when}"))

    def _learn(self, term: Term, source: Source) -> None:
        """Remember where the attacker has the term from, and tell it in the step told last."""
        if term not in self.sources and term not in self.planned:
            self.sources[term] = source
            if self.steps:
                step = self.steps[-1]
                self.steps[-1] = replace(step, learned=(*step.learned, Known(listed(term), render(term), *source)))

    def _step(self, leaf: Leaf) -> None:
        instance = leaf.instance
        number = len(self.steps) + 1
        if instance.by_attacker and instance.message is not None:
            self._inject(leaf)
        else:
            action = "deliver" if instance.message is not None else "start"
            changed = {c: v for c, v in leaf.sets.items() if leaf.gets.get(c, self) != v}
            attacker = instance.by_attacker
            self._append(instance.act, instance.message, action, changed, leaf.sends, leaf.passed, attacker=attacker)
        self.reached.append(number)
        adversary = self.grounded.ground.adversary
        seen = [message for message in leaf.sends if adversary is not None and adversary.may_see(message)]
        self._note_seen(seen, f"at step {number}")
        for term in leaf.learns if CLOCK not in leaf.sets else ():
            self._learn(term, Source("handed over", "handed over", f" at step {number}"))
        self._plan_tests(leaf.sets.get(CLOCK, self.phase))

    def _inject(self, leaf: Leaf) -> None:
        message = leaf.instance.message
        assert message is not None
        known: list[Known] = []
        for need in leaf.instance.needs:
            self._explain(need, known)
        changed = {c: v for c, v in leaf.sets.items() if leaf.gets.get(c, self) != v}
        self._append(leaf.instance.act, message, "inject", changed, leaf.sends, leaf.passed, attacker=True, known=known)

    def _explain(self, term: Term, known: list[Known], above: frozenset[Term] = frozenset()) -> int | None:
        """Add how the attacker came to know the term, premises first; its position, or None if this way cannot end."""
        if term in above:
            return None
        if term in self.sources:
            return _noted(known, term, self.sources[term])
        for derivation in self._ways(term):
            mine = list(known)
            hidden = [p for p in derivation.premises if not is_public(p)]
            made_from = [self._explain(p, mine, above | {term}) for p in hidden]
            if None not in made_from:
                known[:] = mine
                premises = tuple(sorted(at for at in made_from if at is not None))
                return _noted(known, term, Source("derived", f"it {derivation.how}"), premises)
        return None if above else _noted(known, term, Source("public", "public"))

    def _plan_tests(self, phase: int) -> None:
        """The clock is at a phase: what is needed of its nonce comes from a test of the attacker's own,
        unless it has it already."""
        self.phase = phase
        self.planned |= {
            term
            for term in self.needed - self.sources.keys() - self.start.seen
            if term[0] in ("T", "C") and term[2] == current_nonce(phase) and self._is_given(term)
        }

    def _tests(self, own: set[Term], sets: Mapping[Cell, Any]) -> None:
        """The attacker's own test inits, as late as they can be: right before the step that needs the token (`own`), or
        before the tick of the clock that makes another nonce current (`sets`)."""
        ends = CLOCK in sets and current_nonce(sets[CLOCK]) != current_nonce(self.phase)
        due = self.planned if ends else self.planned & own
        self.planned = self.planned - due
        for term in sorted(due, key=lambda term: (term[0] != "T", repr(term))):
            home = term[0] == "T"
            kind = ("PHoTI" if self.start.world.type2 else "HoTI") if home else "CoTI"
            where = "its own address" if term[1] in (ATTACKER,) else self._position(term)
            source = Source("tested", "from a test of its own", f" at step {len(self.steps) + 1}, read at {where}")
            self.steps.append(
                Step(
                    actor=ATTACKER,
                    action="test",
                    rule="attacker runs a test",
                    act="test",
                    arguments={"init": "HoTI" if home else "CoTI", "address": term[1], "nonce": term[2]},
                    message=kind,
                    destination=term[3],
                    section="RFC 6275 9.4",
                    term=f"{kind}({term[1]})",
                    parts=(("address", term[1]),),
                    sends=(Said(ANSWERS[kind], f"{ANSWERS[kind]}({render(term)})"),),
                    attacker=True,
                )
            )
            self._learn(term, source)

    def _last_tests(self) -> None:
        """The prologue is over, and with it the stay of an attacker on paths that it has left."""
        adversary = self.grounded.ground.adversary
        if adversary is not None:
            self._tests(self.planned - adversary.testable_for_ever(self.phase), {})

    def _position(self, term: Term) -> str:
        """Where it reads the answer to a test that does not go to an address of its own."""
        adversary = self.grounded.ground.adversary
        stays = adversary is None or term in adversary.testable_for_ever(self.phase)
        return "the path that it sits on" if stays else "the path that it then left"

    def _is_given(self, term: Term) -> bool:
        """Whether the adversary gets the token for the asking in the phase of its nonce."""
        adversary = self.grounded.ground.adversary
        if adversary is None:
            return False
        return any(term in adversary.testable(phase) for phase in range(self.phase + 1))

    def _append(
        self,
        act: Act,
        message: Message | None,
        action: str,
        changed: Mapping[Cell, Any],
        sent: tuple[Message, ...],
        checks: Iterable[str],
        *,
        attacker: bool = False,
        known: Iterable[Known] = (),
        prologue: bool = False,
    ) -> None:
        # The source and the path of a packet of the attacker's making are for who makes the packet to say.
        forged = action == "inject"
        self.steps.append(
            Step(
                actor=act.actor,
                action=action,
                rule=act.name,
                does=act.does,
                act=act.key,
                arguments=dict(act.arguments),
                message=name_of(message) if message else "",
                content=as_json(message) if message else None,
                source=self.senders.get(message) or sender(message) if message and not forged else "",
                destination=message.to if message else "",
                link=LINKS.get(message.link, message.link) if message and not forged else "",
                section=act.section,
                statements=act.statements,
                term=describe(message) if message else "",
                parts=parts_of(message) if message else (),
                sends=tuple(Said(name_of(each), describe(each), as_json(each)) for each in sent),
                cells=tuple(self._changed(cell, value) for cell, value in changed.items() if _is_told(cell)),
                known=tuple(known),
                passed=tuple(checks),
                attacker=attacker,
                prologue=prologue,
            )
        )
        self.values.update((cell.name, value) for cell, value in changed.items())
        answering = message.to if message is not None and attacker else act.actor
        self.senders.update((each, answering) for each in sent if isinstance(each, UNSIGNED))

    def _changed(self, cell: Cell, value: Any) -> Changed:
        about, before = cell.about, self.values.get(cell.name, cell.initial)
        assert about is not None
        return Changed(
            cell.name,
            about.kind,
            dict(about.of),
            about.words,
            value_as_json(before),
            value_as_json(value),
            remarks(before),
            remarks(value),
        )


def _noted(known: list[Known], term: Term, source: Source, premises: tuple[int, ...] = ()) -> int:
    """The position of the term in the list, to which it comes if it is not there in this way."""
    for at, each in enumerate(known):
        if each.term == listed(term) and each.how == source.how:
            return at
    known.append(Known(listed(term), render(term), *source, premises))
    return len(known) - 1


def _is_told(cell: Cell) -> bool:
    """Whether a trace tells what the cell holds: not of ghosts, nor of packets under way."""
    return not cell.ghost and cell.about not in (None, UNDER_WAY)
