"""Verdicts by cell: from a record where it has them, else from a run made now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.run import prepare, world_of
from pmicheck.model.limits import BOUNDS
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import NAMED, SHIPPED, SHIPPED_IN, load_scenario
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.record.record import Record
from pmicheck.verdict import Verdict, verdict_of
from pmicheck.verify import analysis
from pmicheck.verify.analysis import Request, Shared, plan
from pmicheck.verify.engine import Engine
from pmicheck.verify.evidence import Findings
from pmicheck.verify.settling import Known, in_order_of_settling, settled

CUT = 500_000
"""States after which a run under other readings stops: a violation comes early, and what was cut says nothing."""

Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One question: does the property hold there, under these readings and without these mechanisms?"""

    scenario: str
    attacker: str
    property: str
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
    """

    progress: Callable[[str], None]
    known: dict[Cell, Verdict] = field(default_factory=dict)
    runs: int = 0

    @classmethod
    def of_record(cls, record: Record | None, progress: Callable[[str], None]) -> Verdicts:
        """Begins with what a record has decided of shipped scenarios within their own bounds, if there is one."""
        known = {}
        widened = record is not None and not set(record.settings).isdisjoint(BOUNDS)
        for result in record.results if record and not widened else ():
            if record and source_of(record, result.scenario) != result.scenario:
                continue
            settings = _set_away(result.readings)
            cell = Cell(*result.names(), settings, tuple(sorted(result.without)))
            known[cell] = result.verdict
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
        runs: dict[tuple[object, ...], list[Cell]] = {}
        for cell in dict.fromkeys(cells):
            if cell not in self.known and exists(cell):
                runs.setdefault((cell.scenario, cell.settings, cell.without, cell.attacker), []).append(cell)
        found: dict[Cell, Verdict] = {}
        for number, wanted in enumerate(_settling_most(runs), 1):
            self.progress(f"\rreview: run {number} of {len(runs)}: {wanted[0]}")
            found |= {cell: verdict for cell in wanted if (verdict := _settled(cell, found)) is not None}
            found |= self._run([cell for cell in wanted if cell not in found])
        self.known |= {cell: found[cell] for asked in runs.values() for cell in asked}

    def _run(self, cells: Sequence[Cell]) -> dict[Cell, Verdict]:
        """The verdicts of cells of one scenario, attacker and policy, in one run if there are any."""
        if not cells:
            return {}
        self.runs += 1
        first, wanted = cells[0], tuple(cell.property for cell in cells)
        engine = Engine(max_states=CUT) if first.settings or first.without else Engine()
        request = Request((first.scenario,), (first.attacker,), wanted, first.settings, first.without, engine)
        (planned,) = plan(request)
        verdicts = outcomes(planned, self._shared)
        return {cell: verdicts[cell.property] for cell in cells}


def _settling_most(runs: Mapping[tuple[object, ...], list[Cell]]) -> Iterator[list[Cell]]:
    """The cells of each run, those runs first, of each scenario and policy, that settle most."""
    families: dict[tuple[object, ...], list[list[Cell]]] = {}
    for (*family, _), cells in runs.items():
        families.setdefault(tuple(family), []).append(cells)
    for members in families.values():
        attackers = [attacker_named(cells[0].attacker) for cells in members]
        yield from (members[place] for place in in_order_of_settling(attackers))


def _settled(cell: Cell, found: Mapping[Cell, Verdict]) -> Verdict | None:
    """The verdict that those found under other attackers imply. What holds, and not of nothing, has its witness."""
    if cell.property == PROGRESS:
        return None
    known = [
        Known(attacker_named(other.attacker), verdict, verdict is Verdict.HOLDS)
        for other, verdict in found.items()
        if replace(other, attacker=cell.attacker) == cell
    ]
    implied = settled(attacker_named(cell.attacker), known)
    return implied.verdict if implied else None


def outcomes(cell: analysis.Cell, shared: Shared) -> dict[str, Verdict]:
    """The verdict of each property of a cell of the matrix, as `analysis.decide` gives it, without trace and replay.

    Raises:
        ScenarioError: the scenario's prologue does not fit its bounds.
    """
    invariants = tuple(INVARIANTS[name] for name in cell.properties if name != PROGRESS)
    prepared = prepare(cell.scenario, cell.policy, cell.attacker, invariants)
    findings = Findings(shared.decider, prepared, cell.attacker, invariants)
    explored = cell.engine.explore(prepared.grounded.system, enough=findings.all_violated)
    found = {
        prop.name: verdict_of(broken=first is not None, complete=explored.complete, witnessed=goal is not None)
        for prop, first, goal in zip(invariants, findings.first, explored.goals, strict=False)
    }
    if PROGRESS in cell.properties:
        found[PROGRESS] = shared.progress_of(cell).verdict
    return found


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


def _set_away(readings: Mapping[str, str]) -> Settings:
    """The readings that are not at their defaults."""
    return tuple(sorted((name, value) for name, value in readings.items() if value != READINGS[name].values[0]))
