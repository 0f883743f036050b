"""Which property falls when a MUST of the draft is broken, found by running the model with it broken.

A statement is broken by its switches: a mechanism is taken away, a reading is changed. Where it has none, the rules
that cite it are taken out of the model, as if nobody followed them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pmicheck.attacker.lattice import decided
from pmicheck.attacker.profiles import ATTACKERS, USUAL
from pmicheck.grounding.run import Prepared, prepare, world_of
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import load_scenario
from pmicheck.model.statements import Statement, load_statements
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.review.traceability import Census, censuses, plain_name
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict
from pmicheck.verify.deciding import search
from pmicheck.verify.engine import Engine
from pmicheck.verify.progress import find_stuck

ENGINE = Engine(max_states=150_000)
"""Where a search is cut: what falls, falls early, and what a cut search did not see is not reported as held."""

MOST_SCENARIOS = 3
"""How many scenarios, smallest first, are tried before a break counts as one without consequence."""

Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Break:
    """One way to break a statement: mechanisms off, readings changed or rules left out, on top of what is given."""

    without: tuple[str, ...] = ()
    settings: Settings = ()
    omitted: frozenset[str] = frozenset()

    def __str__(self) -> str:
        parts = [f"without {name}" for name in self.without]
        parts += [f"{name}={value}" for name, value in self.settings]
        if self.omitted:
            parts.append("nobody acts by: " + ", ".join(sorted(self.omitted)))
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A verdict that is another one when the statement is broken."""

    scenario: str
    attacker: str
    prop: str
    before: Verdict
    after: Verdict

    @property
    def falls(self) -> bool:
        return self.after is Verdict.VIOLATED


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """What came of one way to break a statement; `scenarios` were tried, `reason` says why nothing changed."""

    statement: str
    given: Settings
    broken: Break
    scenarios: tuple[str, ...]
    changes: tuple[Change, ...]
    reason: str = ""

    @property
    def falls(self) -> tuple[str, ...]:
        """The properties that hold with the statement kept and are violated with it broken."""
        return tuple(dict.fromkeys(change.prop for change in self.changes if change.falls))


def breaches(name: str) -> tuple[Consequence, ...]:
    """Every way to break the statement, run on the smallest scenarios that it touches until a property falls.

    Nothing is run, and nothing returned, for a statement that no rule and no switch of a shipped scenario touches, or
    that no run can break (`Statement.structural`).
    """
    statement = load_statements()[name]
    ways = [(broken, _scenarios(statement, broken)) for broken in _ways(statement)]
    return tuple(_breach(statement, broken, scenarios) for broken, scenarios in ways if scenarios)


def _ways(statement: Statement) -> Iterator[Break]:
    if statement.structural:
        return
    for mechanism in statement.mechanisms:
        yield Break(without=(mechanism,))
    for setting in statement.settings:
        yield Break(settings=(setting,))
    if not statement.mechanisms and not statement.settings:
        rules = frozenset[str]().union(*(census.citing(statement.name) for census in censuses()))
        if rules:
            yield Break(omitted=rules)


def _breach(statement: Statement, broken: Break, scenarios: Sequence[Census]) -> Consequence:
    given = tuple(sorted(statement.given.items()))
    tried: list[str] = []
    changes: list[Change] = []
    for census in scenarios[:MOST_SCENARIOS]:
        tried.append(census.scenario)
        here = replace(broken, omitted=broken.omitted.intersection(census.rules))
        changes += _changes(census.scenario, given, here)
        if any(change.falls for change in changes):
            break
    reasons = [MECHANISMS[mechanism].redundant for mechanism in broken.without]
    reason = "; ".join(filter(None, reasons)) or statement.redundant
    fallen = any(change.falls for change in changes)
    return Consequence(
        statement=statement.name,
        given=given,
        broken=broken,
        scenarios=tuple(tried),
        changes=tuple(changes),
        reason="" if fallen else reason,
    )


def _scenarios(statement: Statement, broken: Break) -> list[Census]:
    """Where the break makes a difference, smallest first; those whose rules cite the statement, if any do."""
    fitting = [census for census in censuses() if _fits(census, statement, broken)]
    citing = [census for census in fitting if census.citing(statement.name)]
    return sorted(citing or fitting, key=lambda census: census.size)


def _fits(census: Census, statement: Statement, broken: Break) -> bool:
    families = load_scenario(census.scenario).families
    asked = [name for name, _ in broken.settings] + list(statement.given)
    return (
        all(MECHANISMS[mechanism].families & families for mechanism in broken.without)
        and all(READINGS[name].families & families for name in asked)
        and (not broken.omitted or bool(broken.omitted.intersection(census.rules)))
    )


def _changes(name: str, given: Settings, broken: Break) -> Iterator[Change]:
    before = verdicts(name, Break(settings=given))
    after = verdicts(name, replace(broken, settings=(*given, *broken.settings)))
    for (attacker, prop), verdict in after.items():
        was = before[attacker, prop]
        if {was, verdict} == {Verdict.HOLDS, Verdict.VIOLATED}:
            yield Change(scenario=name, attacker=attacker or "nobody", prop=prop, before=was, after=verdict)


@cache
def verdicts(name: str, broken: Break) -> Mapping[tuple[str, str], Verdict]:
    """The verdicts in a scenario by (attacker, property); that of `progress` without an attacker, "".

    Whether a property holds of nothing is not asked.
    """
    scenario = load_scenario(name)
    policy = make_policy(dict(broken.settings), broken.without, scenario.families, name)
    attackers = {name: ATTACKERS[name] for name in USUAL if ATTACKERS[name].needs <= scenario.offers}
    keys = [
        (who, prop.name)
        for who, attacker in attackers.items()
        for prop in INVARIANTS.values()
        if applies(prop, world_of(scenario, policy, attacker))
    ]

    def ask(who: str, wanted: tuple[str, ...]) -> Mapping[str, Verdict]:
        prepared = prepare(scenario, policy, attackers[who], [INVARIANTS[prop] for prop in wanted])
        return search(_left_out(prepared, broken.omitted), Decider(), engine=ENGINE).verdicts(vacuity=False)

    table = decided(attackers, keys, ask)
    stuck = find_stuck(_left_out(prepare(scenario, policy, None, ()), broken.omitted), ENGINE)
    return {("", PROGRESS): stuck.verdict(vacuity=False)} | {key: table[key] for key in keys}


def _left_out(prepared: Prepared, omitted: frozenset[str]) -> Prepared:
    """The same system without the transitions of the omitted rules."""
    if not omitted:
        return prepared
    grounded = prepared.grounded
    gone = {number for number, rule in enumerate(grounded.system.rules) if plain_name(rule.name) in omitted}
    kept = [number for number, each in enumerate(grounded.system.transitions) if each.rule not in gone]
    system = replace(grounded.system, transitions=tuple(grounded.system.transitions[number] for number in kept))
    leaves = tuple(grounded.leaves[number] for number in kept)
    return replace(prepared, grounded=replace(grounded, system=system, leaves=leaves))
