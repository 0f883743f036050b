"""The draft, statement by statement: where the checker has it, how often it was at work, what breaks by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pmicheck.report.pages.environment import page
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.sections import frame
from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Statement
from pmicheck.trace import Step, Trace

ATTACKING = "attacker: "
"""What stands before the name of a rule that the attacker fired; it is the same rule."""

KEYWORDS = {"st": "plain statement", "lc": "lower-case keyword"}
"""Keywords that a reader would not understand as they are."""

Cites = tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
"""(scenario, property, ((attacker, page of the finding), …))."""


@dataclass(frozen=True)
class Rule:
    """A rule of the model: its anchor, the statements that it cites, and how often it fired, by scenario."""

    id: str
    name: str
    statements: tuple[str, ...]
    fired: Mapping[str, int]


@dataclass(frozen=True)
class Entry:
    """One statement.

    Attributes:
        where: what has it besides its rules, or why nothing has.
        idle: the scenarios that have rules of it, none of which ever fired there.
        cited: the findings in which a decisive step is ordered by it; count: how many.
    """

    name: str
    keyword: str
    statement: Statement
    where: str
    rules: tuple[Rule, ...]
    idle: tuple[str, ...]
    cited: Cites
    count: int


def statements_page(record: Record, places: Places) -> str:
    """The HTML of `statements.html`."""
    rules = _rules(record)
    findings = _findings(record)
    entries = [
        _entry(name, one, rules, findings.get(name, ()), places) for name, one in record.review.statements.items()
    ]
    entries.sort(key=lambda entry: entry.name)
    return page(
        "statements.html",
        root="",
        entries=entries,
        rules=rules,
        counts=sorted(Counter(entry.statement.disposition for entry in entries).items()),
        choices={
            "section": list(dict.fromkeys(entry.statement.section for entry in entries)),
            "keyword": sorted({entry.keyword for entry in entries}),
            "disposition": sorted({entry.statement.disposition for entry in entries}),
        },
        **frame(record, "statements.html"),
    )


def decisive_steps(trace: Trace) -> tuple[Step, ...]:
    """The attacker's steps and those without which the others do not lead there; all where none is marked."""
    return tuple(step for step in trace.steps if step.attacker or step.essential) or trace.steps


def _entry(name: str, one: Statement, rules: Iterable[Rule], cited: Iterable[Result], places: Places) -> Entry:
    mine = tuple(rule for rule in rules if name in rule.statements)
    results = tuple(cited)
    return Entry(
        name=name,
        keyword=KEYWORDS.get(one.keyword, one.keyword),
        statement=one,
        where=_besides(one.where, mine),
        rules=mine,
        idle=tuple(sorted(scenario for scenario, count in one.fired.items() if not count)),
        cited=_grouped(results, places),
        count=len(results),
    )


def _besides(where: str, rules: Iterable[Rule]) -> str:
    """`where` without the part that lists these rules."""
    names = {rule.name for rule in rules}
    return "; ".join(part for part in where.split("; ") if set(part.split(", ")) != names)


def _grouped(results: Iterable[Result], places: Places) -> Cites:
    rows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for each in results:
        rows.setdefault((each.scenario, each.property), []).append((each.attacker, places.of(each)))
    return tuple((scenario, prop, tuple(links)) for (scenario, prop), links in rows.items())


def _findings(record: Record) -> Mapping[str, list[Result]]:
    """By statement, the violations whose decisive steps it orders."""
    found: dict[str, list[Result]] = {}
    for result in record.results:
        steps = decisive_steps(result.trace) if result.trace else ()
        for name in dict.fromkeys(name for step in steps for name in step.statements):
            found.setdefault(name, []).append(result)
    return found


def _rules(record: Record) -> tuple[Rule, ...]:
    """All rules that fired or cite a statement, by name."""
    fired: dict[str, Counter[str]] = {}
    for search in record.explorations:
        for name, count in search.coverage.items():
            fired.setdefault(name.removeprefix(ATTACKING), Counter())[search.scenario] += count
    cites: dict[str, set[str]] = {}
    for statement, rule in _citations(record):
        cites.setdefault(rule.removeprefix(ATTACKING), set()).add(statement)
    scenarios = list(dict.fromkeys(search.scenario for search in record.explorations))
    return tuple(
        Rule(
            f"rule-{number}",
            name,
            tuple(sorted(cites.get(name, ()))),
            {scenario: fired[name][scenario] for scenario in scenarios if fired.get(name, Counter())[scenario]},
        )
        for number, name in enumerate(sorted({*fired, *cites}), 1)
    )


def _citations(record: Record) -> Iterator[tuple[str, str]]:
    for statement, cited in record.statements.items():
        for rule in cited.rules:
            yield statement, rule
