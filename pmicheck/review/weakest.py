"""The weakest attackers: which powers, and how much of the clock, a violation needs. Each answer is from a run.

    for found in weakest(record, progress=print): ...

Of the named attackers that break a property only the minimal ones are taken. Each is narrowed power by power (single
links, single corrupted principals) until nothing can be left out, and the scenario is cut after ever fewer phases of
the clock. One run decides all properties of a scenario at once, and what the record has decided is not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from pmicheck.analysis import Cell, Shared
from pmicheck.attacker.profiles import ATTACKERS, EVERYWHERE, Attacker, attacker_named, weaker_or_equal
from pmicheck.engine import UNLIMITED
from pmicheck.errors import ScenarioError
from pmicheck.model.messages import INTERNET
from pmicheck.model.policy import Policy
from pmicheck.model.scenario import Scenario, load_scenario
from pmicheck.model.time import PHASES
from pmicheck.model.topology import LINKS
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.report.record import Record, Result
from pmicheck.report.review import Weakest
from pmicheck.review.cells import outcomes, source_of
from pmicheck.verdict import Verdict

BYSTANDER_LINK = "bystander"
"""What `EVERYWHERE` has beyond the named links: the access links of those who take no part."""

OWN_HOME, CORRESPONDENT = "home address of its own", "correspondent"

Powers = frozenset[tuple[str, str]]
"""(kind, name) of each power: a link that is tapped, a principal that is corrupted, a home of its own, a role."""


class Narrowed(Attacker):
    """An attacker that sees the links it names and no others, `EVERYWHERE` standing for those of bystanders alone."""

    def sees(self, link: str, policy: Policy) -> bool:
        return link in self.taps


def powers_of(attacker: Attacker, policy: Policy) -> Powers:
    """The single powers of an attacker under a policy; protected links are none."""
    links = {link for link in LINKS if attacker.sees(link, policy)}
    if EVERYWHERE in attacker.taps:
        links.add(BYSTANDER_LINK)
    powers = {("link", link) for link in links} | {("corrupt", name) for name in attacker.corrupts}
    if attacker.own_home:
        powers.add(("own", OWN_HOME))
    if attacker.is_correspondent:
        powers.add(("role", CORRESPONDENT))
    return frozenset(powers)


def narrowed(attacker: Attacker, powers: Powers) -> Attacker:
    """The attacker with these of its powers only; it keeps its name, by which a replay knows it."""
    links = {name for kind, name in powers if kind == "link"}
    if BYSTANDER_LINK in links:
        links = (links - {BYSTANDER_LINK}) | {EVERYWHERE, INTERNET}
    return Narrowed(
        attacker.name,
        attacker.does,
        taps=frozenset(links),
        corrupts=frozenset(name for kind, name in powers if kind == "corrupt"),
        own_home=("own", OWN_HOME) in powers,
        is_correspondent=("role", CORRESPONDENT) in powers,
        needs=attacker.needs,
    )


def weakest(record: Record, *, progress: Callable[[str], None] = lambda _: None) -> tuple[Weakest, ...]:
    """The minimal attackers for every violated (scenario, property) of the record, in its order.

    Scenarios whose file the record does not name are left out. `progress` is called with one sentence per minimal
    attacker.
    """
    found: list[Weakest] = []
    for results in _by_run(minimal_results(record)):
        first = results[0]
        if source_of(record, first.scenario):
            search = _Search(record, first, frozenset(result.property for result in results))
            found += search.found()
            progress(f"\rweakest attacker: {first.scenario} / {first.attacker}: {search.runs} runs")
    return tuple(found)


def minimal_results(record: Record) -> list[Result]:
    """The violations whose attacker is minimal among the named ones that break the property there."""
    violated = [r for r in record.results if r.verdict is Verdict.VIOLATED and r.property != PROGRESS]
    return [result for result in violated if not any(_weaker(other, result) for other in violated)]


def _weaker(left: Result, right: Result) -> bool:
    """Whether `left` shows the same under a strictly weaker attacker."""
    same = (left.scenario, left.property, left.readings, left.without)
    if same != (right.scenario, right.property, right.readings, right.without):
        return False
    one, other = attacker_named(left.attacker), attacker_named(right.attacker)
    return weaker_or_equal(one, other) and not weaker_or_equal(other, one)


def _by_run(results: Iterable[Result]) -> Iterator[list[Result]]:
    """Results of one scenario, attacker and policy together."""
    groups: dict[tuple[object, ...], list[Result]] = {}
    for each in results:
        key = (each.scenario, each.attacker, tuple(sorted(each.readings.items())), each.without)
        groups.setdefault(key, []).append(each)
    yield from groups.values()


class _Search:
    """All that is asked about one minimal attacker of one scenario."""

    def __init__(self, record: Record, first: Result, properties: frozenset[str]) -> None:
        self.scenario = load_scenario(source_of(record, first.scenario)).bounded(dict(record.settings))[0]
        self.policy = Policy(tuple(sorted(first.readings.items())), frozenset(first.without))
        self.attacker = attacker_named(first.attacker)
        self.properties = properties
        self.known = self._known(record)
        self.shared = Shared()
        self.runs = 0

    def found(self) -> Iterator[Weakest]:
        needed = self._needed()
        phases = self._phases(needed)
        for prop in sorted(needed):
            for powers in needed[prop]:
                names = tuple(sorted(name for _, name in powers))
                phase = phases.get((prop, powers), "")
                yield Weakest(self.scenario.name, prop, self.attacker.name, names, phase)

    def _needed(self) -> Mapping[str, list[Powers]]:
        """By property the minimal sets of powers, smallest first; a superset of one is not tried."""
        powers = powers_of(self.attacker, self.policy)
        needed: dict[str, list[Powers]] = {prop: [] for prop in self.properties}
        for size in range(len(powers)):
            for chosen in combinations(sorted(powers), size):
                subset = frozenset(chosen)
                wanted = {p for p, sets in needed.items() if not any(small <= subset for small in sets)}
                for prop in sorted(self._broken(subset, wanted)):
                    needed[prop].append(subset)
        for sets in needed.values():
            if not sets:
                sets.append(powers)
        return needed

    def _phases(self, needed: Mapping[str, list[Powers]]) -> dict[tuple[str, Powers], str]:
        """The earliest phase of the clock at which the scenario may end and the attack still succeeds."""
        open_ones = {(prop, powers) for prop, sets in needed.items() for powers in sets}
        phases: dict[tuple[str, Powers], str] = {}
        for clock in range(self.scenario.bounds.clock):
            cut = replace(self.scenario, bounds=replace(self.scenario.bounds, clock=clock))
            for powers in sorted({powers for _, powers in open_ones}, key=sorted):
                broken = self._run(cut, powers, {prop for prop, its in open_ones if its == powers})
                phases |= {(prop, powers): PHASES[clock] for prop in broken}
            open_ones -= set(phases)
        return phases | dict.fromkeys(open_ones, PHASES[self.scenario.bounds.clock])

    def _broken(self, powers: Powers, properties: set[str]) -> set[str]:
        """Which of the properties an attacker with these powers breaks."""
        open_ones = {prop for prop in properties if (powers, prop) not in self.known}
        known = {prop for prop in properties - open_ones if self.known[powers, prop]}
        return known | (self._run(self.scenario, powers, open_ones) if open_ones else set())

    def _run(self, scenario: Scenario, powers: Powers, properties: set[str]) -> set[str]:
        """Those of the properties that are violated; none where the prologue does not fit the bounds."""
        attacker = narrowed(self.attacker, powers)
        self.runs += 1
        try:
            cell = Cell(scenario, self.policy, attacker, tuple(sorted(properties)), UNLIMITED)
            found = outcomes(cell, self.shared)
        except ScenarioError:
            return set()
        return {prop for prop, verdict in found.items() if verdict is Verdict.VIOLATED}

    def _known(self, record: Record) -> dict[tuple[Powers, str], bool]:
        """What the record itself has decided of attackers with other powers."""
        known: dict[tuple[Powers, str], bool] = {}
        for result in record.results:
            same = (dict(self.policy.readings), self.policy.without) == (result.readings, frozenset(result.without))
            if same and result.scenario == self.scenario.name and result.attacker in ATTACKERS:
                powers = powers_of(ATTACKERS[result.attacker], self.policy)
                known[powers, result.property] = result.verdict is Verdict.VIOLATED
        return known
