"""The weakest attackers: which powers, and how much of the clock, a violation needs. Each answer is from a run.

    for found in weakest(record, progress=print): ...

Of the named attackers that break a property only the minimal ones are taken. Each is narrowed power by power (single
links, single corrupted principals) until nothing can be left out, and the scenario is cut after ever fewer phases of
the clock. One run decides all properties of a scenario at once, and what the record has decided is not run again; nor
are powers tried which are enough since some of them are, or too few since more of them are
(`pmicheck.attacker.lattice`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from pmicheck.attacker.lattice import implied, weaker_or_equal
from pmicheck.attacker.profiles import ATTACKERS, EVERYWHERE, Attacker, attacker_named
from pmicheck.errors import ScenarioError
from pmicheck.model.messages import INTERNET
from pmicheck.model.policy import Policy
from pmicheck.model.scenario import Scenario, load_scenario
from pmicheck.model.time import PHASES
from pmicheck.model.topology import LINKS
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Weakest
from pmicheck.review.cells import source_of
from pmicheck.verdict import Verdict, as_searched
from pmicheck.verify.engine import UNLIMITED
from pmicheck.verify.matrix import Cell
from pmicheck.verify.pipeline import Shared, verdicts_of

BYSTANDER_LINK = "bystander"
"""What `EVERYWHERE` has beyond the named links: the access links of those who take no part."""

OWN_HOME, CORRESPONDENT = "home address of its own", "correspondent"
CORRUPT = "corrupt"
LEFT = "left"
PAST = "past "
"""Before the name of a link that the attacker has left."""

SAFE = (Verdict.HOLDS, Verdict.VACUOUS)
"""What a run says of which nothing was cut: no state breaks the property."""

Powers = frozenset[tuple[str, str]]
"""(kind, name) of each power: a link that is read or was, a principal that is corrupted, a home of its own, a role."""


class Narrowed(Attacker):
    """An attacker that sees the links it names and no others, `EVERYWHERE` standing for those of bystanders alone."""

    def sees(self, link: str, policy: Policy) -> bool:
        return link in self.taps


def powers_of(attacker: Attacker, policy: Policy) -> Powers:
    """The single powers of an attacker under a policy; protected links are none."""
    links = {link for link in LINKS if attacker.sees(link, policy)}
    if EVERYWHERE in attacker.taps:
        links.add(BYSTANDER_LINK)
    powers = {("link", link) for link in links} | {(CORRUPT, name) for name in attacker.corrupts}
    powers |= {(LEFT, PAST + link) for link in attacker.left}
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
        left=frozenset(name.removeprefix(PAST) for kind, name in powers if kind == LEFT),
        corrupts=frozenset(name for kind, name in powers if kind == CORRUPT),
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
        """By property the minimal sets of powers, smallest first."""
        powers = powers_of(self.attacker, self.policy)
        needed: dict[str, list[Powers]] = {prop: [] for prop in self.properties}
        for size in range(len(powers)):
            for chosen in combinations(sorted(powers), size):
                subset = frozenset(chosen)
                self._decide(self._widened(subset, powers, needed), self._open(subset, needed))
                wanted = self._open(subset, needed)
                self._decide(subset, wanted)
                who = narrowed(self.attacker, subset)
                for prop in sorted(prop for prop in wanted if self.known[who, prop] is Verdict.VIOLATED):
                    needed[prop].append(subset)
        for sets in needed.values():
            if not sets:
                sets.append(powers)
        return needed

    def _open(self, powers: Powers, needed: Mapping[str, list[Powers]]) -> set[str]:
        """The properties of which it is not yet clear whether these powers break them."""
        who = narrowed(self.attacker, powers)
        safe = {prop for (other, prop), verdict in self.known.items() if verdict in SAFE and implied(who, other)}
        return {prop for prop, sets in needed.items() if not any(few <= powers for few in sets)} - safe

    def _widened(self, powers: Powers, most: Powers, needed: Mapping[str, list[Powers]]) -> Powers:
        """As many powers more as may still break nothing, once it is known what breaks the open properties."""
        found = [few for prop in self._open(powers, needed) for few in needed[prop]]
        for power in sorted(most - powers) if found else ():
            if power[0] != CORRUPT and not any(few <= powers | {power} for few in found):
                powers |= {power}
        return powers

    def _phases(self, needed: Mapping[str, list[Powers]]) -> dict[tuple[str, Powers], str]:
        """The earliest phase of the clock at which the scenario may end and the attack still succeeds."""
        open_ones = {(prop, powers) for prop, sets in needed.items() for powers in sets}
        phases: dict[tuple[str, Powers], str] = {}
        for clock in range(self.scenario.bounds.clock):
            cut = replace(self.scenario, bounds=replace(self.scenario.bounds, clock=clock))
            for powers in sorted({powers for _, powers in open_ones}, key=sorted):
                who = narrowed(self.attacker, powers)
                found = self._run(cut, who, {prop for prop, its in open_ones if its == powers})
                broken = (prop for prop, verdict in found.items() if verdict is Verdict.VIOLATED)
                phases |= {(prop, powers): PHASES[clock] for prop in broken}
            open_ones -= set(phases)
        return phases | dict.fromkeys(open_ones, PHASES[self.scenario.bounds.clock])

    def _decide(self, powers: Powers, properties: set[str]) -> None:
        """Make sure of the verdict on each of the properties under an attacker with these powers."""
        who = narrowed(self.attacker, powers)
        unknown = {prop for prop in properties if (who, prop) not in self.known}
        if unknown:
            found = self._run(self.scenario, who, unknown)
            self.known |= {(who, prop): found.get(prop, Verdict.UNDECIDED) for prop in unknown}

    def _run(self, scenario: Scenario, attacker: Attacker, properties: set[str]) -> dict[str, Verdict]:
        """The verdicts on the properties; none where the prologue does not fit the bounds."""
        self.runs += 1
        try:
            cell = Cell(
                scenario=scenario,
                policy=self.policy,
                attacker=attacker,
                properties=tuple(sorted(properties)),
                engine=UNLIMITED,
            )
            return verdicts_of(cell, self.shared)
        except ScenarioError:
            return {}

    def _known(self, record: Record) -> dict[tuple[Attacker, str], Verdict]:
        """What the record itself has decided of attackers with other powers."""
        known: dict[tuple[Attacker, str], Verdict] = {}
        for result in record.results:
            same = (dict(self.policy.readings), self.policy.without) == (result.readings, frozenset(result.without))
            if same and result.scenario == self.scenario.name and result.attacker in ATTACKERS:
                who = narrowed(self.attacker, powers_of(ATTACKERS[result.attacker], self.policy))
                known[who, result.property] = as_searched(result.verdict)
        return known
