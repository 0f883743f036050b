"""Verdicts of one scenario under changed policies, and no more: no traces, no replays, and no search twice.

Four things spare most of the work. None of them touches a verdict:

* what grounding never asked for cannot change what it finds (`Recording`);
* two ground systems that differ in names alone show the same observations;
* what an attacker cannot break no weaker one can, what it breaks every stronger one can;
* a violation ends the search for that property, and a state holds only what the open properties look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.profiles import Attacker, weaker_or_equal
from pmicheck.errors import ScenarioError
from pmicheck.explore.result import Projected
from pmicheck.grounding.found import Ground
from pmicheck.grounding.ground import ground
from pmicheck.grounding.instance import Leaf
from pmicheck.grounding.layout import Grounded, Observed, lay_out
from pmicheck.grounding.prologue import Start, play_prologue
from pmicheck.grounding.relevance import without_implied_tests
from pmicheck.grounding.run import Prepared, prepare, world_of
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.policy import Policy, Recording
from pmicheck.model.scenario import Scenario
from pmicheck.properties.base import State, applies
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict
from pmicheck.verify.engine import Engine
from pmicheck.verify.evidence import state_of
from pmicheck.verify.progress import find_stuck

HONEST = ""
"""Stands in a table for the honest nodes alone: `progress` is decided without an attacker."""

Key = tuple[str, str]
"""(attacker, property)."""

Table = dict[Key, Verdict]

WAVES = (4_000, 100_000, 2_000_000)
"""States after which a search looks whether anything is left to be decided."""


@dataclass(frozen=True)
class Seen:
    """What a search showed of each property, in the words of the layout it used, and whether it saw everything."""

    grounded: Grounded
    projections: Mapping[str, tuple[Projected, ...]]
    complete: bool

    def covers(self, names: Iterable[str]) -> bool:
        return self.complete and self.projections.keys() >= set(names)


@dataclass
class Case:
    """The scenario under one policy and attacker, grounded; `asked` has what was consulted for that, if recorded."""

    attacker: Attacker
    start: Start
    ground: Ground
    asked: frozenset[str]
    last: Seen | None = None
    layouts: dict[tuple[str, ...], Grounded] = field(default_factory=dict)
    shapes: dict[tuple[str, ...], object] = field(default_factory=dict)

    def values(self, cell: Cell) -> tuple[Any, ...]:
        """Every value that the cell may take in some run, and maybe others."""
        initial = self.start.world.initial.get(cell.name, cell.initial)
        return tuple({initial: None} | {leaf.sets[cell]: None for leaf in self.leaves if cell in leaf.sets})

    @cached_property
    def leaves(self) -> list[Leaf]:
        return without_implied_tests(self.ground.leaves)

    @cached_property
    def learnable(self) -> frozenset[Term]:
        """Every term that the attacker may know in some run, and maybe others."""
        terms = set(self.ground.known) | {way.conclusion for way in self.ground.derivations}
        return frozenset(terms.union(*(leaf.learns for leaf in self.ground.leaves)))

    @property
    def judged(self) -> frozenset[str]:
        """What was consulted besides, to judge what was seen."""
        return consulted(self.start.world.policy)

    def shape(self, names: tuple[str, ...]) -> object:
        if names not in self.shapes:
            self.shapes[names] = shape(self.grounded(names))
        return self.shapes[names]

    def grounded(self, names: tuple[str, ...]) -> Grounded:
        """The transition system for these properties alone, without witnesses."""
        if names not in self.layouts:
            world, properties = self.start.world, [INVARIANTS[name] for name in names]
            observed = [Observed(prop.name, prop.looks(world)) for prop in properties]
            self.layouts[names] = lay_out(self.ground, observed, (), f"{self.start.world.scenario}, reviewed")
        return self.layouts[names]


@dataclass(frozen=True)
class Honest:
    """The honest nodes alone: the shape of their system, the verdict of `progress`, what was consulted."""

    shape: object
    verdict: Verdict
    asked: frozenset[str]


class Decisions:
    """Decides a scenario under a policy (`table`) and under changes of it (`changed`); shares what they have in common.

    Attributes:
        table: the verdicts under the policy itself, all `undecided` until `decide_base` has found them.
        asked: every reading and mechanism that deciding them consulted.
        cut: whether a limit left anything undecided so far.
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: Policy,
        attackers: Iterable[Attacker],
        properties: Iterable[str],
        *,
        max_states: int | None = None,
    ) -> None:
        self.scenario = scenario
        self.policy = policy
        self.attackers = {attacker.name: attacker for attacker in attackers}
        self.properties = tuple(properties)
        self.max_states = max_states
        self.cut = False
        self.table: Table = dict.fromkeys(self._keys(), Verdict.UNDECIDED)
        self._decider = Decider()
        self._cases: dict[str, Case] = {}
        self._honest: Honest | None = None

    @property
    def asked(self) -> frozenset[str]:
        alone = self._honest.asked if self._honest else frozenset()
        return alone.union(*(case.asked | case.judged for case in self._cases.values()))

    def _keys(self) -> Iterator[Key]:
        """What there is to decide: a property that means nothing to an attacker is left out."""
        if PROGRESS in self.properties:
            yield HONEST, PROGRESS
        invariants = [INVARIANTS[name] for name in self.properties if name != PROGRESS]
        for name, attacker in self.attackers.items():
            world = world_of(self.scenario, self.policy, attacker)
            yield from ((name, prop.name) for prop in invariants if applies(prop, world))

    def decide_base(self) -> None:
        """Decide the scenario under the policy itself, before anything else is asked. Raises ScenarioError."""
        if PROGRESS in self.properties:
            self.table[HONEST, PROGRESS] = self._progress(self.policy)
        for name, attacker in self.attackers.items():
            case = self._cases[name] = self._case(Recording.of(self.policy), attacker)
            wanted = tuple(prop for other, prop in self.table if other == name)
            for prop, verdict in self._search(case, wanted).items():
                self.table[name, prop] = verdict

    def changed(self, policy: Policy, *, known: Table | None = None, expected: Table | None = None) -> Table:
        """The verdicts under another policy.

        Args:
            known: verdicts that are certain beforehand.
            expected: a guess at what comes out, the present verdicts if there is none; it saves work if it is right.
        """
        differing = differences(self.policy, policy)
        table: Table = {}
        if self._honest is not None:
            same = not differing & self._honest.asked
            table[HONEST, PROGRESS] = self._honest.verdict if same else self._progress(policy)
        open_keys = {key for key in self.table if key[0] != HONEST}
        for key, verdict in (known or {}).items():
            if key in open_keys:
                self._note(table, open_keys, key, verdict)
        cases: dict[str, Case] = {}
        while open_keys:
            name, wanted = self._next(open_keys, expected or self.table)
            if name not in cases:
                cases[name] = self._changed_case(policy, differing, self._cases[name])
            for prop, verdict in self._search(cases[name], wanted).items():
                self._note(table, open_keys, (name, prop), verdict)
        return table

    def decide(self, policy: Policy, attacker: str, name: str) -> tuple[Verdict, frozenset[str]]:
        """The verdict of one property for one attacker under another policy, and all that deciding it consulted."""
        recording = Recording.of(policy)
        case = self._case(recording, self.attackers[attacker])
        verdict = self._search(case, (name,))[name]
        return verdict, consulted(recording)

    def _changed_case(self, policy: Policy, differing: frozenset[str], base: Case) -> Case:
        """The case under the changed policy; the base's own ground where nobody asked for what differs."""
        if differing & base.asked:
            return self._case(policy, base.attacker)
        start = base.start._replace(world=replace(base.start.world, policy=policy))
        return replace(base, start=start)

    # The lattice

    def _next(self, open_keys: set[Key], expected: Table) -> tuple[str, tuple[str, ...]]:
        """The attacker that settles most, with the properties to be decided for it.

        If all comes out as expected, the strongest attackers that a property withstands and the weakest that break it
        settle the others; so each open property is looked at from there.
        """
        frontier: dict[str, list[str]] = {}
        for key in sorted(open_keys):
            if not any(self._settles(other, key, expected) for other in open_keys):
                frontier.setdefault(key[0], []).append(key[1])
        best = max(frontier, key=lambda name: (len(frontier[name]), name))
        return best, tuple(prop for prop in self.properties if prop in frontier[best])

    def _settles(self, one: Key, other: Key, expected: Table) -> bool:
        """Whether deciding the first as expected decides the second as well (of two equals: the first)."""
        if one[1] != other[1] or one == other or expected[one] is not expected[other]:
            return False
        weak, strong = (one, other) if expected[one] is Verdict.VIOLATED else (other, one)
        equal = self._weaker(strong[0], weak[0])
        return self._weaker(weak[0], strong[0]) and (not equal or one < other)

    def _weaker(self, left: str, right: str) -> bool:
        """Attackers that corrupt other PMAs are not compared: who is corrupt can no longer be deceived."""
        one, other = self.attackers[left], self.attackers[right]
        return one.corrupts == other.corrupts and weaker_or_equal(one, other)

    def weakest(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the attackers that have nobody weaker among them; of equals the first one."""
        wanted = set(names)
        chosen = [attacker for name, attacker in self.attackers.items() if name in wanted]

        def below(one: Attacker, other: Attacker) -> bool:
            equal = weaker_or_equal(other, one)
            return weaker_or_equal(one, other) and (not equal or chosen.index(one) < chosen.index(other))

        return tuple(each.name for each in chosen if not any(below(other, each) for other in chosen if other != each))

    def _note(self, table: Table, open_keys: set[Key], key: Key, verdict: Verdict) -> None:
        """Enter a verdict, and what follows for other attackers."""
        table[key] = verdict
        open_keys.discard(key)
        name, prop = key
        for other in self.attackers:
            violated = verdict is Verdict.VIOLATED and self._weaker(name, other)
            holds = verdict is Verdict.HOLDS and self._weaker(other, name)
            if (other, prop) in open_keys and (violated or holds):
                table[other, prop] = verdict
                open_keys.discard((other, prop))

    # One attacker

    def _case(self, policy: Policy, attacker: Attacker) -> Case:
        try:
            start = play_prologue(world_of(self.scenario, policy, attacker), self.scenario.prologue, attacker)
        except ValueError as error:
            raise ScenarioError(self.scenario.file, None, f"prologue: {error}") from error
        found = ground(start, Adversary(attacker, start.world))
        return Case(attacker, start, found, consulted(policy))

    def _search(self, case: Case, names: tuple[str, ...]) -> dict[str, Verdict]:
        """Verdicts of these properties; the search begins anew with more states as long as some are open."""
        verdicts = {name: Verdict.HOLDS for name in names if self._holds_of_all(case, name)}
        names = tuple(name for name in names if name not in verdicts)
        if not names:
            return verdicts
        for limit in self._limits():
            seen = self._see(case, names, limit)
            case.last = seen
            verdicts |= {name: Verdict.VIOLATED for name in names if self._violated(case, seen, name)}
            names = tuple(name for name in names if name not in verdicts)
            if seen.complete or not names:
                return verdicts | dict.fromkeys(names, Verdict.HOLDS)
        self.cut = True
        return verdicts | dict.fromkeys(names, Verdict.HOLDS_TO_BOUND)

    def _holds_of_all(self, case: Case, name: str) -> bool:
        """Whether the values that grounding found for the cells of the property cannot break it in any combination."""
        prop = INVARIANTS[name]
        world = case.start.world
        cells, known = prop.cells(world), case.learnable & set(prop.terms(world))
        for values in product(*(case.values(cell) for cell in cells)):
            state = State(dict(zip(cells, values, strict=True)).__getitem__, known, world, case.attacker)
            if any(self._decider.violation(prop, seen) is not None for seen in prop.observe(state)):
                return False
        return True

    def _limits(self) -> Iterator[int | None]:
        yield from (wave for wave in WAVES if self.max_states is None or wave < self.max_states)
        yield self.max_states

    def _see(self, case: Case, names: tuple[str, ...], limit: int | None) -> Seen:
        """What there is to see of these properties: what the base has shown, if the systems are of one shape."""
        base = self._cases.get(case.attacker.name, case)
        shown = base.last if base.last is not None and base.last.covers(names) else None
        if shown and (case.ground is base.ground or case.shape(names) == base.shape(names)):
            return shown
        grounded = case.grounded(names)
        explored = Engine(max_states=limit).explore(grounded.system)
        return Seen(grounded, dict(zip(names, explored.projections, strict=True)), explored.complete)

    def _violated(self, case: Case, seen: Seen, name: str) -> bool:
        prop, prepared = INVARIANTS[name], Prepared(case.start, seen.grounded)
        return any(
            self._decider.violation(prop, observation) is not None
            for projected in seen.projections[name]
            for observation in prop.observe(state_of(seen.grounded, prepared, case.attacker, projected))
        )

    # Nobody

    def _progress(self, policy: Policy) -> Verdict:
        recording = Recording.of(policy)
        prepared = prepare(self.scenario, recording, None, ())
        form = shape(prepared.grounded)
        if self._honest is not None and self._honest.shape == form:
            return self._honest.verdict
        stuck = find_stuck(prepared, Engine(max_states=self.max_states))
        self.cut |= not stuck.explored.complete
        holds = Verdict.HOLDS if stuck.explored.complete else Verdict.HOLDS_TO_BOUND
        verdict = Verdict.VIOLATED if stuck.path is not None else holds
        if self._honest is None:
            self._honest = Honest(form, verdict, consulted(recording))
        return verdict


def consulted(policy: Policy) -> frozenset[str]:
    """The names that somebody asked the policy for, as far as it was recorded."""
    return frozenset(policy.asked) if isinstance(policy, Recording) else frozenset()


def differences(one: Policy, other: Policy) -> frozenset[str]:
    """The readings and mechanisms in which two policies differ."""
    readings = {name for name, _ in set(one.readings) ^ set(other.readings)}
    return frozenset(readings | (one.without ^ other.without))


def shape(grounded: Grounded) -> object:
    """What a search depends on, names aside: two systems of one shape show the same values of the same cells."""
    system = grounded.system
    moves = tuple((t.mask, t.value, t.clear, t.put, t.needs, t.learns) for t in system.transitions)
    horn = tuple((rule.body, rule.head) for rule in system.horn)
    shown = tuple((p.name, p.mask, p.facts) for p in system.projections)
    goals = tuple((goal.mask, goal.value, goal.facts) for goal in system.goals)
    values = tuple((f.shift, f.width, f.values) for f in system.fields)
    facts = sum(projection.facts for projection in system.projections)
    terms = tuple(term for bit, term in enumerate(grounded.fact_terms) if facts >> bit & 1)
    return system.initial, system.known, moves, horn, shown, goals, values, terms
