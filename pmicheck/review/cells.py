"""Verdicts by cell: from a record where it has them, else from a run made now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace

from pmicheck.attacker.lattice import decided
from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.run import world_of
from pmicheck.model.limits import BOUNDS
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import NAMED, SHIPPED, SHIPPED_IN, load_scenario
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.record.record import Record
from pmicheck.verdict import Verdict, as_searched
from pmicheck.verify.engine import Engine
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.pipeline import Shared, verdicts_of

CUT = 500_000
"""States after which a run under other readings stops: a violation comes early, and what was cut says nothing."""

Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One question: does the property hold there, under these readings and without these mechanisms?"""

    scenario: str
    attacker: str
    property: str
    _: KW_ONLY
    settings: Settings = ()
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        changes = [f"{name}={value}" for name, value in self.settings] + [f"without {name}" for name in self.without]
        return "/".join((self.scenario, self.attacker, self.property)) + (f" ({', '.join(changes)})" if changes else "")


@dataclass
class Verdicts:
    """All verdicts that a review has looked at.

    Args:
        progress: called with one sentence per run.
        most_states: where runs under other readings stop; None: nowhere.
    """

    progress: Callable[[str], None]
    known: dict[Cell, Verdict] = field(default_factory=dict)
    runs: int = 0
    most_states: int | None = CUT

    @classmethod
    def of_record(cls, record: Record | None, progress: Callable[[str], None]) -> Verdicts:
        """Begins with what a record has decided of shipped scenarios within their own bounds, if there is one."""
        known = {}
        widened = record is not None and not set(record.settings).isdisjoint(BOUNDS)
        for result in record.results if record and not widened else ():
            if record and source_of(record, result.scenario) != result.scenario:
                continue
            without = tuple(sorted(result.without))
            cell = Cell(*result.names(), settings=set_away(result.readings), without=without)
            known[cell] = as_searched(result.verdict)
        return cls(progress, known)

    def __post_init__(self) -> None:
        self._shared = Shared()

    def of(self, cell: Cell) -> Verdict | None:
        """The verdict; None where the scenario, the attacker or the property does not apply."""
        if cell not in self.known:
            self.decide([cell])
        return self.known.get(cell)

    def decide(self, cells: Iterable[Cell]) -> None:
        """Make sure of several cells: those of one scenario, attacker and policy in one run, if others settle them not.

        They are known in the order in which they were asked for, whatever the order of the runs.
        """
        families: dict[tuple[object, ...], list[Cell]] = {}
        asked = [cell for cell in dict.fromkeys(cells) if cell not in self.known and exists(cell)]
        for cell in asked:
            families.setdefault((cell.scenario, cell.settings, cell.without), []).append(cell)
        found: dict[Cell, Verdict] = {}
        for number, wanted in enumerate(families.values(), 1):
            self.progress(f"\rreview: {number} of {len(families)}: {wanted[0]}")
            found |= self._decided(wanted)
        self.known |= {cell: found[cell] for cell in asked}

    def _decided(self, cells: Sequence[Cell]) -> dict[Cell, Verdict]:
        """The verdicts of cells of one scenario and policy."""
        by_key = {(cell.attacker, cell.property): cell for cell in cells}
        attackers = {name: attacker_named(name) for name, _ in by_key}

        def ask(attacker: str, wanted: tuple[str, ...]) -> dict[str, Verdict]:
            return self._run(replace(cells[0], attacker=attacker), wanted)

        table = decided(attackers, by_key, ask, vacuity=True)
        return {by_key[key]: verdict for key, verdict in table.items()}

    def _run(self, cell: Cell, wanted: tuple[str, ...]) -> dict[str, Verdict]:
        """The verdicts of some properties where the cell is, in one run."""
        self.runs += 1
        engine = Engine(max_states=self.most_states) if cell.settings or cell.without else Engine()
        where = (cell.scenario,), (cell.attacker,), wanted
        (planned,) = plan(Request(*where, settings=cell.settings, without=cell.without, engine=engine))
        return verdicts_of(planned, self._shared)


def source_of(record: Record, scenario: str) -> str:
    """What loads a scenario of the record again: its name if it is shipped, its file if it is the user's own.

    "" if the record, made by an older version, does not say which file that was.
    """
    file = record.files.get(scenario, "")
    own = file and not file.startswith(f"{SHIPPED_IN}/")
    return file if own else scenario if scenario in NAMED else ""


def exists(cell: Cell) -> bool:
    """Whether there is such a cell: the scenario is shipped and offers what attacker, property and reading need."""
    if cell.scenario not in SHIPPED:
        return False
    scenario, attacker = load_scenario(cell.scenario), attacker_named(cell.attacker)
    if not attacker.needs <= scenario.offers:
        return False
    if not all(READINGS[name].families & scenario.families for name, _ in cell.settings):
        return False
    policy: Policy = make_policy(dict(cell.settings), cell.without, scenario.families, scenario.name)
    if cell.property == PROGRESS:
        return True
    return cell.property in INVARIANTS and applies(INVARIANTS[cell.property], world_of(scenario, policy, attacker))


def set_away(readings: Mapping[str, str]) -> Settings:
    """The readings that are not at their defaults."""
    return tuple(sorted((name, value) for name, value in readings.items() if value != READINGS[name].values[0]))
