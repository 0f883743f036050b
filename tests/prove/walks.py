"""Random concrete walks beside the facts of a proof: whatever a step does must be among the facts.

The walks use the attacker of the oracle (`tests/attacker`), which lists the product of all fields of each message and
has a deduction of its own. A message under way is delivered once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from oracle_messages import Offer
from oracle_runs import Runs, State, Step, numbers_of

from pmicheck.attacker.adversary import Adversary
from pmicheck.grounding.prologue import Start
from pmicheck.language.cells import Cell
from pmicheck.language.message import Message, Term
from pmicheck.model.messages import CacheAnswer, describe
from pmicheck.model.time import CLOCK, current_nonce
from pmicheck.prove.fixpoint import Fixpoint
from pmicheck.prove.groups import Group, group_of
from pmicheck.prove.run import vouchers
from pmicheck.prove.shapes import covers, flat

LONGEST = 60
"""Steps after which a walk begins anew."""

TRIED = 40
"""Messages of the attacker's that are offered at most, when it is its turn."""

ANEW = 0.15
"""How often the attacker puts its messages together anew in a walk; what it could send earlier it can send later."""

PUT_ANYWAY = (CacheAnswer,)
"""What HA2 answers whoever asks, the attacker too, which can put the same answer before an agent without asking."""


def uncovered(facts: Fixpoint, step: Step, value_of: Callable[[Cell], Any]) -> list[str]:
    """What the step does that is none of the facts; `value_of` says what a cell holds after it."""
    outcome = step.outcome
    groups = dict.fromkeys(group_of(cell) for cell, _ in outcome.changed if cell is not CLOCK)
    after = [(group, tuple(map(value_of, group))) for group in groups]
    after += [((cell,), (value,)) for cell, value in outcome.events]
    lacking = [f"{group[0].name}: {values!r}" for group, values in after if not has_values(facts, group, values)]
    sent = (message for message in outcome.sent if not isinstance(message, PUT_ANYWAY))
    lacking += [f"sent: {describe(m)}" for m in sent if not any(covers(shape, m) for shape in facts.sent)]
    return lacking + [f"known: {term!r}" for term in outcome.shown if not knows(facts, term)]


def step_groups(step: Step) -> list[Cell]:
    """The cells that are kept together with one that the step changes."""
    return [each for cell, _ in step.outcome.changed for each in group_of(cell)]


def has_values(facts: Fixpoint, group: Group, values: tuple[Any, ...]) -> bool:
    return any(covers(shape, values) for shape in facts.group(group).values)


def knows(facts: Fixpoint, term: Term) -> bool:
    return facts.known.can_make(flat(term))


@dataclass
class Walker:
    """Walks through one cell of the matrix.

    Attributes:
        steps: how many were taken; attacks: how many of them with a message of the attacker's.
        seen: what was compared before.
    """

    facts: Fixpoint
    start: Start
    adversary: Adversary
    seed: int
    steps: int = 0
    attacks: int = 0
    seen: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.runs = Runs(self.start, self.adversary)
        self.messages: list[Message] = []

    def walk(self, steps: int) -> list[str]:
        """What so many steps do that is none of the facts, the first thing first."""
        while self.steps < steps:
            state, self.messages = self.runs.first(), []
            eager = self.random.random()
            for _ in range(LONGEST):
                step = self._next(state, eager)
                if step is None:
                    break
                self.steps += 1
                self.attacks += step.by_attacker
                after = self.runs.after(state, step)
                if lacking := [*self._uncovered(step, after), *self._sent_again(state, step)]:
                    return lacking
                state = after
        return []

    def _uncovered(self, step: Step, after: State) -> list[str]:
        """What the step does that is none of the facts; the same effect is compared once."""
        effect = step.outcome, tuple(self.runs.value(after, each) for each in step_groups(step))
        if effect in self.seen:
            return []
        self.seen.add(effect)
        return uncovered(self.facts, step, lambda cell: self.runs.value(after, cell))

    def _sent_again(self, state: State, step: Step) -> Iterator[str]:
        """What was sent before with the same term on the same link, though the proof takes it as new."""
        before = {(m.link, term) for m in state.sent for term, _ in vouchers(m)}
        for message in step.outcome.sent:
            for term, _ in vouchers(message):
                again = True in self.facts.chosen(("again", flat(term))).values
                if (message.link, term) in before and not again:
                    yield f"sent again: {describe(message)}"

    def _next(self, state: State, eager: float) -> Step | None:
        """A step of the attacker's, as often as it is eager, or one of honest nodes; deliveries four times of five."""
        if self.random.random() < eager and (step := self._attack(state)) is not None:
            return step
        sides: dict[str, list[Step]] = {}
        for step in self.runs.honest_steps(state):
            sides.setdefault(step.side, []).append(step)
        for side, share in (("delivery", 0.8), ("rule", 0.9), ("tick", 1.0)):
            if side in sides and self.random.random() < share:
                return self.random.choice(sides[side])
        return self.random.choice([each for some in sides.values() for each in some]) if sides else None

    def _attack(self, state: State) -> Step | None:
        """A message of the attacker's that its receiver accepts, of some that are tried."""
        if not self.messages or self.random.random() < ANEW:
            self.messages = self._derivable(state)
        for message in self.random.sample(self.messages, min(TRIED, len(self.messages))):
            outcome = self.runs.offer(state, message)
            if outcome is not None:
                return Step("", message, True, outcome)
        return None

    def _derivable(self, state: State) -> list[Message]:
        """What the attacker can put together, and what it can send again."""
        offer = Offer(self.start.world, self.adversary.attacker, tuple(sorted(numbers_of(state.sent))))
        again = offer.seen_again(state.known, sorted(state.sent, key=repr))
        nonce = current_nonce(self.runs.value(state, CLOCK))
        return list(dict.fromkeys((*again, *offer.composed(state.known, nonce))))
