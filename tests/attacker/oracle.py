"""Is the attacker complete? Every message that it can derive and a receiver accepts must have a ground transition.

The oracle walks through the states of a scenario with roles run on whole states (`oracle_runs`), its own deduction
(`oracle_deduction`) and the whole product of message fields (`oracle_messages`). Beside each state it keeps the state
of the ground system that stands for it, reached by ground transitions alone (`oracle_image`). In every state each step
of the roles must have an enabled transition that leads to the image of the successor, unless the image stays as it is;
and each event that a property looks at must have its observation state. A step that has none is `Missing`. In the other
direction each transition of the attacker that may fire must be a message that it can derive, with the same effect.

    missing(load_scenario("type1-initial"), "home-path", policy, states=60, seed=1)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oracle_deduction import terms_in
from oracle_image import Effect, Image, Pair
from oracle_messages import Offer
from oracle_missing import Kind, Missing, case_name, effect_in_words, kind_of, name_and_receiver, state_in_words
from oracle_runs import STEP_CELLS, Outcome, Runs, State, Step, numbers_of

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.collector import paused
from pmicheck.grounding.ground import ANSWERS
from pmicheck.grounding.layout import Grounded
from pmicheck.grounding.prologue import Start
from pmicheck.grounding.run import begin, prepare
from pmicheck.language.cells import Cell
from pmicheck.language.message import Message, Term
from pmicheck.model.messages import HA, HA2, Acknowledgement, Test, describe, name_of
from pmicheck.model.policy import Policy
from pmicheck.model.scenario import Scenario
from pmicheck.model.terms import render
from pmicheck.model.time import CLOCK, current_nonce
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS

WALK = 25
"""Steps after which a walk begins anew: more than the longest honest registration takes."""

HONEST_WALKS = 12
"""Walks without the attacker, to learn the numbers that honest nodes use."""

SHARES = (
    {"delivery": 40, "rule": 4, "attacker": 1, "tick": 0.2},
    {"delivery": 10, "rule": 3, "attacker": 3, "tick": 1},
    {"delivery": 20, "rule": 2, "attacker": 5, "tick": 0.2},
    {"delivery": 3, "rule": 1, "attacker": 6, "tick": 1},
)
"""How often each side takes the next step, where all can; walks take these in turn."""

IDLE = 0.1
"""How often a walk takes a step that changes nothing in the image and shows no secret, where others do."""

SHOWN = 8
"""Of so many messages with the same effect the report names the one nearest to a message that the system has."""

SECRETS = frozenset({"T", "C", "PT", "HT", "sk", "cookie", "sa"})
"""Terms that nobody can build."""

NO_TRANSITION = "has no transition that does this"
NO_OBSERVATION = "has no observation of this event"
NO_VALUE = "does not know this value"

Covered = dict[tuple[str, str], list[Message]]


@dataclass
class Oracle:
    """One scenario under one attacker, and its ground system; `run` walks, `missing` and `excess` say what is wrong."""

    case: str
    start: Start
    adversary: Adversary
    grounded: Grounded
    looked_at: set[Cell]
    seed: int

    def __post_init__(self) -> None:
        self.runs = Runs(self.start, self.adversary)
        self.random = random.Random(self.seed)
        self.image = Image(self.grounded, self.looked_at)
        self.offer = Offer(self.start.world, self.adversary.attacker, self._honest_numbers())
        self.composed: dict[tuple[frozenset[Term], int], list[Message]] = {}
        self.unanswered: dict[int, Outcome] = {}
        self.found: dict[Kind, Missing] = {}
        self.unknown: list[tuple[Cell, Missing]] = []
        self.excess: dict[Kind, Missing] = {}
        self.states = 0
        self.accepted = 0

    def _honest_numbers(self) -> tuple[int, ...]:
        sent: set[Message] = set(self.start.sent)
        for _ in range(HONEST_WALKS):
            state = self.runs.first()
            for _ in range(WALK):
                steps = list(self.runs.honest_steps(state))
                if not steps:
                    break
                state = self.runs.after(state, self.random.choice(steps))
            sent |= state.sent
        return tuple(sorted(numbers_of(sent)))

    # The walk.

    @paused()
    def run(self, states: int) -> None:
        """Check so many distinct states on random walks, or fewer if the walks find no more."""
        first = Pair(self.runs.first(), *self.grounded.system.start)
        ways = {first.state.key: self.check(first)}
        pool = [first]
        for walk in range(states):
            pair = first if walk % 2 == 0 else self.random.choice(pool)
            for _ in range(WALK):
                if len(ways) >= states:
                    return
                if not ways[pair.state.key]:
                    break
                pair = self._choose(pair, ways[pair.state.key], SHARES[walk % len(SHARES)])
                if pair.state.key not in ways:
                    ways[pair.state.key] = self.check(pair)
                    pool.append(pair)

    def _choose(self, pair: Pair, ways: list[tuple[Step, Pair]], shares: Mapping[str, float]) -> Pair:
        """One of the ways on; of each side every rule and every kind of message as often."""
        moving = [
            (step, following)
            for step, following in ways
            if following[1:] != pair[1:] or new_secrets(pair.state, following.state)
        ]
        kinds: dict[str, dict[object, list[Pair]]] = {}
        for step, following in ways if not moving or self.random.random() < IDLE else moving:
            kind = step.rule if step.message is None else name_of(step.message)
            kinds.setdefault(step.side, {}).setdefault(kind, []).append(following)
        sides = list(kinds)
        (side,) = self.random.choices(sides, [shares[side] for side in sides])
        return self.random.choice(kinds[side][self.random.choice(list(kinds[side]))])

    def _attacks(self, state: State) -> Iterator[Step]:
        """The attacker's messages that a receiver accepts."""
        again = list(self.offer.seen_again(state.known, sorted(state.sent, key=repr)))
        answers = self.runs.start.world.bounds.answers
        for message in dict.fromkeys((*self._composed(state), *again)):
            if isinstance(message, Test | Acknowledgement) and message in again and not answers:
                continue
            outcome = self.runs.offer(state, message)
            if outcome is not None:
                if not answers:
                    outcome = self._without_answers(outcome)
                self.accepted += 1
                yield Step("", message, True, outcome)

    def _without_answers(self, outcome: Outcome) -> Outcome:
        """What answers the attacker is followed as the bound says (Bounds.answers)."""
        if id(outcome) not in self.unanswered:
            away = tuple(each for each in outcome.under_way if not isinstance(each, ANSWERS))
            self.unanswered[id(outcome)] = outcome._replace(under_way=away)
        return self.unanswered[id(outcome)]

    def _composed(self, state: State) -> list[Message]:
        """What it can compose, without what is refused in every state; once for each knowledge."""
        nonce = current_nonce(self.runs.value(state, CLOCK))
        key = state.known.terms, nonce
        if key not in self.composed:
            messages = dict.fromkeys(self.offer.composed(state.known, nonce))
            self.composed[key] = [message for message in messages if self.runs.may_be_accepted(state, message)]
        return self.composed[key]

    # What is checked in each state.

    def check(self, pair: Pair) -> list[tuple[Step, Pair]]:
        """Note what is missing or too much here; return the steps that the ground system has, with their successors."""
        self.states += 1
        enabled = self.image.enabled(pair)
        ways: list[tuple[Step, Pair]] = []
        groups: dict[Effect, list[Step]] = {}
        for step in (*self.runs.honest_steps(pair.state), *self._attacks(pair.state)):
            groups.setdefault(self.image.effect(step.outcome, step.delivered), []).append(step)
        lacking = []
        covered: Covered = {}
        for effect, steps in groups.items():
            following = self._matched(pair, enabled, effect, steps[0])
            lacks = self._lack(pair, enabled, effect, steps[0], following)
            if lacks:
                lacking.append((effect, steps[:SHOWN], lacks))
            for step in steps:
                if not lacks and step.by_attacker and step.message is not None:
                    covered.setdefault(name_and_receiver(step.message), []).append(step.message)
            if following is None or self._astray(effect, following):
                continue
            # Steps with the same effect in the image may leave the roles in different states.
            step = self.random.choice(steps)
            state = self.runs.after(pair.state, step)
            if state.key != pair.state.key:
                ways.append((step, following._replace(state=state)))
        for effect, steps, lacks in lacking:
            self._report(pair, effect, steps, lacks, covered)
        for number in enabled:
            self._check_transition(pair, number)
        return ways

    def _matched(self, pair: Pair, enabled: list[int], effect: Effect, step: Step) -> Pair | None:
        """The successor, by the transition that teaches the attacker least; None if there is no transition."""
        state = self.runs.after(pair.state, step)
        wanted, facts = self.image.cells_after(pair, effect), self.image.facts(state)
        if wanted == pair.local & self.image.primary and not facts & ~pair.knowledge:
            return Pair(state, pair.local, pair.knowledge)
        for source, numbers in self._ways(pair, enabled, step):
            following = (self.image.apply(source, n) for n in numbers if self.image.leads_to(source, n) == wanted)
            enough = [(local, knowledge) for local, knowledge in following if not facts & ~knowledge]
            if enough:
                return Pair(state, *min(enough, key=lambda image: image[1].bit_count()))
        return None

    def _ways(self, pair: Pair, enabled: list[int], step: Step) -> Iterator[tuple[Pair, list[int]]]:
        """Where the step may begin, and what is enabled there: here, or once a home agent has forwarded the message."""
        yield pair, enabled
        for number in enabled if step.by_attacker else ():
            message = self.grounded.leaves[number].instance.message
            if message is not None and message.to in (HA, HA2):
                forwarded = Pair(pair.state, *self.image.apply(pair, number))
                yield forwarded, self.image.enabled(forwarded)

    def _lack(self, pair: Pair, enabled: list[int], effect: Effect, step: Step, following: Pair | None) -> str:
        """What the ground system does not have of this step, "" if it has all."""
        if following is None:
            return NO_TRANSITION
        if effect.unknown:
            return NO_VALUE
        if effect.seen and not any(
            self.image.leads_to(source, number) == effect.seen
            for source, numbers in self._ways(pair, enabled, step)
            for number in numbers
        ):
            return NO_OBSERVATION
        return ""

    def _astray(self, effect: Effect, following: Pair) -> bool:
        """Whether the image would no longer stand for the state: it lacks a value that rules read, or knows more."""
        cells = [cell for cell, _ in effect.unknown if cell not in STEP_CELLS]
        if any(not cell.ghost or cell in self.runs.read for cell in cells):
            return True
        known = self.grounded.known_terms(following.local, following.knowledge)
        return any(term[0] in SECRETS and not following.state.known.derives(term) for term in known)

    def _check_transition(self, pair: Pair, number: int) -> None:
        """The attacker's transitions are messages that it can derive, and that do the same to the roles."""
        leaf = self.grounded.leaves[number]
        if not leaf.instance.by_attacker:
            return
        message = leaf.instance.message if is_plain(leaf.instance.message) else None
        lacks = [
            render(term) for term in (*leaf.instance.needs, *terms_in(message)) if not pair.state.known.derives(term)
        ]
        problem = f"the attacker cannot derive {', '.join(dict.fromkeys(lacks))}" if lacks else ""
        name = self.grounded.system.rules[self.grounded.system.transitions[number].rule].name
        if not problem and message is not None:
            outcome = self.runs.offer(pair.state, message)
            if outcome is not None and not self.runs.start.world.bounds.answers:
                outcome = self._without_answers(outcome)
            effect = None if outcome is None else self.image.effect(outcome, None)
            if effect is None:
                problem = "its receiver refuses it"
            elif self.image.leads_to(pair, number) not in (self.image.cells_after(pair, effect), effect.seen):
                problem = "its receiver does something else"
        if problem:
            kind = Kind(name, frozenset())
            state = f"clock is {self.runs.value(pair.state, CLOCK)}"
            self.excess.setdefault(kind, Missing(self.case, kind, f"transition {number}: {message}", state, problem))

    def _report(
        self,
        pair: Pair,
        effect: Effect,
        steps: list[Step],
        lacks: str,
        covered: Mapping[tuple[str, str], list[Message]],
    ) -> None:
        """Note a group of steps with the same effect by the one that is nearest to what the system has."""
        own = self.start.world.attacker_numbers
        kinds = [
            kind_of(step, () if step.message is None else covered.get(name_and_receiver(step.message), ()), own)
            for step in steps
        ]
        kind, step = min(zip(kinds, steps, strict=True), key=lambda both: (len(both[0].differences), str(both[0])))
        what = step.rule if step.message is None else describe(step.message)
        does = effect_in_words(self.runs, pair.state, step, self.image.flights)
        state = state_in_words(self.runs, pair.state, step)
        unheard = [render(term) for term in secrets_in(step.message) if term not in self.grounded.fact_terms]
        no_fact = f" (nor a fact for {', '.join(unheard)})" if unheard and step.by_attacker else ""
        entry = Missing(self.case, kind, what, state, f"the ground system {lacks}{no_fact}: {does}")
        if lacks == NO_VALUE:
            self.unknown += [(cell, entry) for cell, _ in effect.unknown]
        else:
            self.found.setdefault(kind, entry)

    def missing(self) -> list[Missing]:
        """One of each kind found missing, without the kinds that differ in more fields than another one.

        A value that the ground system does not know is missing if some rule or property reads its cell.
        """
        for cell, entry in self.unknown:
            if cell in self.runs.read or cell in self.image.looked_at:
                self.found.setdefault(entry.kind, entry)
        return [entry for kind, entry in self.found.items() if not any(map(kind.goes_beyond, self.found))]


def new_secrets(before: State, after: State) -> bool:
    """Whether the attacker comes to know a term that nobody can build."""
    return any(term[0] in SECRETS for term in after.known.terms - before.known.terms)


def secrets_in(value: object) -> dict[Term, None]:
    """The terms in a message that nobody can build, in order."""
    if not isinstance(value, tuple):
        return {}
    if value and value[0] in SECRETS:
        return {value: None}
    return {term: None for part in value for term in secrets_in(part)}


def is_plain(value: object) -> bool:
    """Whether a message says of each field what stands there."""
    if isinstance(value, tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (str, int))


def ground_system(scenario: Scenario, attacker_name: str, policy: Policy) -> Grounded:
    """What grounding makes of a cell, for all properties that apply."""
    attacker = attacker_named(attacker_name)
    start, _ = begin(scenario, policy, attacker)
    return prepare(scenario, policy, attacker, [p for p in INVARIANTS.values() if applies(p, start.world)]).grounded


def walked(
    scenario: Scenario, attacker_name: str, policy: Policy, *, states: int, seed: int, grounded: Grounded | None = None
) -> Oracle:
    """The oracle after its walks; `grounded` takes the place of what grounding makes of the cell."""
    start, adversary = begin(scenario, policy, attacker_named(attacker_name))
    assert adversary is not None
    looked_at = {cell for p in INVARIANTS.values() if applies(p, start.world) for cell in p.cells(start.world)}
    system = grounded or ground_system(scenario, attacker_name, policy)
    oracle = Oracle(case_name(scenario, attacker_name, policy), start, adversary, system, looked_at, seed)
    oracle.run(states)
    return oracle


def missing(scenario: Scenario, attacker_name: str, policy: Policy, *, states: int, seed: int) -> list[Missing]:
    """What the ground system of a cell lacks, in `states` distinct states found on walks that `seed` chooses."""
    return walked(scenario, attacker_name, policy, states=states, seed=seed).missing()
