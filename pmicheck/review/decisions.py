"""Verdicts of one scenario under changed policies, and no more: no traces, no replays, and no ground system twice.

Three things spare most of the work. None of them touches a verdict:

* what grounding never asked for cannot change what it finds (`Recording`);
* what one attacker breaks or does not break settles others (`pmicheck.attacker.lattice`);
* a state holds only what the open properties look at, and no witness is searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from pmicheck.attacker.lattice import Key, Table, decided, lowest
from pmicheck.attacker.profiles import Attacker
from pmicheck.grounding.found import Ground
from pmicheck.grounding.ground import ground
from pmicheck.grounding.prologue import Start
from pmicheck.grounding.run import begin, laid_out, prepare, world_of
from pmicheck.language.message import Term
from pmicheck.model.policy import Policy, Recording
from pmicheck.model.scenario import Scenario
from pmicheck.properties.base import Property, State, applies
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict
from pmicheck.verify.deciding import search
from pmicheck.verify.engine import Engine
from pmicheck.verify.progress import find_stuck

HONEST = ""
"""Stands in a table for the honest nodes alone: `progress` is decided without an attacker."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """The scenario under one policy and attacker, grounded; `consulted`: what was asked for that, if recorded."""

    attacker: Attacker
    start: Start
    ground: Ground
    consulted: frozenset[str]

    @property
    def asked(self) -> frozenset[str]:
        """What was consulted so far, also to judge what was seen."""
        return consulted(self.start.world.policy)

    @cached_property
    def learnable(self) -> frozenset[Term]:
        """Every term that the attacker may know in some run, and maybe others."""
        terms = set(self.ground.known) | {way.conclusion for way in self.ground.derivations}
        return frozenset(terms.union(*(leaf.learns for leaf in self.ground.leaves)))

    def unbreakable(self, prop: Property, decider: Decider) -> bool:
        """Whether the values that grounding found for the cells of the property cannot break it in any combination."""
        world = self.start.world
        cells, known = prop.cells(world), self.learnable & set(prop.terms(world))
        values = (self.ground.values.get(cell, (world.initial.get(cell.name, cell.initial),)) for cell in cells)
        for chosen in product(*values):
            state = State(dict(zip(cells, chosen, strict=True)).__getitem__, known, world, self.attacker)
            if any(decider.violation(prop, seen) is not None for seen in prop.observe(state)):
                return False
        return True


class Decisions:
    """Decides a scenario under a policy (`table`) and under changes of it (`changed`); shares what they have in common.

    Attributes:
        table: the verdicts under the policy itself, all `undecided` until `decide_base` has found them.
        asked: every reading and mechanism that deciding them consulted.
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
        self.table: Table = dict.fromkeys(self._keys(), Verdict.UNDECIDED)
        self._engine = Engine(max_states=max_states)
        self._decider = Decider()
        self._cases: dict[str, Case] = {}
        self._asked_alone = frozenset[str]()

    @property
    def asked(self) -> frozenset[str]:
        return self._asked_alone.union(*(case.asked for case in self._cases.values()))

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
            policy = Recording.of(self.policy)
            self.table[HONEST, PROGRESS] = self._progress(policy)
            self._asked_alone = consulted(policy)
        for name, attacker in self.attackers.items():
            case = self._cases[name] = self._case(Recording.of(self.policy), attacker)
            wanted = tuple(prop for other, prop in self.table if other == name)
            self.table |= {(name, prop): verdict for prop, verdict in self._search(case, wanted).items()}

    def changed(self, policy: Policy, *, known: Table | None = None, expected: Table | None = None) -> Table:
        """The verdicts under another policy.

        Args:
            known: verdicts that are certain beforehand.
            expected: a guess at what comes out, the present verdicts if there is none; it saves work if it is right.
        """
        differing = differences(self.policy, policy)
        table: Table = {}
        if (HONEST, PROGRESS) in self.table:
            same = not differing & self._asked_alone
            table[HONEST, PROGRESS] = self.table[HONEST, PROGRESS] if same else self._progress(policy)
        cases: dict[str, Case] = {}

        def ask(name: str, wanted: tuple[str, ...]) -> dict[str, Verdict]:
            base = self._cases[name]
            if not differing & base.asked:
                return {prop: self.table[name, prop] for prop in wanted}
            if name not in cases:
                cases[name] = self._changed_case(policy, differing, base)
            return self._search(cases[name], wanted)

        keys = [key for key in self.table if key[0] != HONEST]
        return table | decided(self.attackers, keys, ask, known=known, expected=expected or self.table)

    def decide(self, policy: Policy, attacker: str, name: str) -> tuple[Verdict, frozenset[str]]:
        """The verdict of one property for one attacker under another policy, and all that deciding it consulted."""
        recording = Recording.of(policy)
        case = self._case(recording, self.attackers[attacker])
        verdict = self._search(case, (name,))[name]
        return verdict, consulted(recording)

    def weakest(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the attackers that have nobody weaker among them; of equals the first one."""
        wanted = set(names)
        chosen = [attacker for name, attacker in self.attackers.items() if name in wanted]
        return tuple(chosen[place].name for place in lowest(chosen))

    def _changed_case(self, policy: Policy, differing: frozenset[str], base: Case) -> Case:
        """The case under the changed policy; the base's own ground where nobody asked for what differs."""
        if differing & base.consulted:
            return self._case(policy, base.attacker)
        return replace(base, start=base.start._replace(world=replace(base.start.world, policy=policy)))

    def _case(self, policy: Policy, attacker: Attacker) -> Case:
        start, adversary = begin(self.scenario, policy, attacker)
        found = ground(start, adversary)
        return Case(attacker=attacker, start=start, ground=found, consulted=consulted(policy))

    def _search(self, case: Case, names: tuple[str, ...]) -> dict[str, Verdict]:
        """Verdicts of these properties; what a limit left open is searched again alone, in states that hold less."""
        held = [name for name in names if case.unbreakable(INVARIANTS[name], self._decider)]
        verdicts = dict.fromkeys(held, Verdict.HOLDS)
        names = tuple(name for name in names if name not in verdicts)
        while names:
            prepared = laid_out(case.start, case.ground, tuple(INVARIANTS[name] for name in names), witnesses=False)
            verdicts |= search(prepared, self._decider, engine=self._engine).verdicts(vacuity=False)
            left = tuple(name for name in names if verdicts[name] is Verdict.HOLDS_TO_BOUND)
            names = left if len(left) < len(names) else ()
        return verdicts

    def _progress(self, policy: Policy) -> Verdict:
        return find_stuck(prepare(self.scenario, policy, None, ()), self._engine).verdict(vacuity=False)


def consulted(policy: Policy) -> frozenset[str]:
    """The names that somebody asked the policy for, as far as it was recorded."""
    return frozenset(policy.asked) if isinstance(policy, Recording) else frozenset()


def differences(one: Policy, other: Policy) -> frozenset[str]:
    """The readings and mechanisms in which two policies differ."""
    readings = {name for name, _ in set(one.readings) ^ set(other.readings)}
    return frozenset(readings | (one.without ^ other.without))
