"""The verdicts of one scenario as a table: a row for each property, a column for each attacker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pmicheck.report.gate.baseline import inconclusive, trustworthy
from pmicheck.report.pages.places import Places, cell_id
from pmicheck.report.record.record import Exploration, Record, Result
from pmicheck.report.words.groups import Group, groups, silent_rules, unexpected
from pmicheck.verdict import Replay, Verdict

MARKS = {Replay.CONFIRMED: "+", Replay.NOT_APPLICABLE: "="}
"""What stands behind a violation whose replay is as it should be; what is alarming is said in words."""


@dataclass(frozen=True)
class Cell:
    """One verdict.

    Attributes:
        id: its anchor; page: its finding's page, "" if it is none.
        mark: what the replay made of it, as a sign.
        remarks: what a reader must not miss, a few words each.
        doubtful: whether it is not to be trusted, or not decided; odd: whether another verdict was expected.
    """

    id: str
    verdict: Verdict
    page: str
    mark: str
    remarks: tuple[str, ...]
    doubtful: bool
    odd: bool


@dataclass(frozen=True)
class Proved:
    """What is proved under an attacker, by property, and the secrets that it never gets, in words."""

    attacker: str
    properties: tuple[str, ...]
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """One table of page one.

    Attributes:
        id: its anchor; story: what the scenario plays; graph: the page of its states, "" if it has none.
        bounds: within what the verdicts hold, mostly one sentence.
        proofs: what is proved, and why.
        rows: property and its cells, None where a property or attacker does not apply.
        searches: the exploration under each attacker, None if the record has none.
        silent: the rules that fired under no attacker with the reason; some: how many fired under some only.
        alone: the results that need no attacker.
    """

    id: str
    title: str
    scenario: str
    marks: tuple[str, ...]
    story: str
    graph: str
    bounds: tuple[str, ...]
    proofs: tuple[Proved, ...]
    attackers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    searches: tuple[Exploration | None, ...]
    silent: tuple[tuple[str, str], ...]
    some: int
    alone: tuple[str, ...]

    @property
    def reading(self) -> str:
        """The readings and bounds that set it apart, as they are chosen; "" for a table of the defaults."""
        return ", ".join(mark for mark in self.marks if not mark.startswith("without "))

    @property
    def states(self) -> int:
        return sum(search.states for search in self.searches if search)

    @property
    def cut(self) -> tuple[str, ...]:
        """The attackers under whom a limit ended the search."""
        pairs = zip(self.attackers, self.searches, strict=True)
        return tuple(attacker for attacker, search in pairs if search and search.cut)


def matrices(record: Record, places: Places) -> tuple[Matrix, ...]:
    """The tables of the record, in its order."""
    return tuple(_matrix(number, group, record, places) for number, group in enumerate(groups(record), 1))


def _matrix(number: int, group: Group, record: Record, places: Places) -> Matrix:
    attackers = _distinct(result.attacker for result in group.results)
    cells = {(result.property, result.attacker): _cell(result, places) for result in group.results}
    searches = {search.attacker: search for search in group.explorations}
    silent, some = silent_rules(group)
    return Matrix(
        id=f"table-{number}",
        title=group.title,
        scenario=group.scenario,
        marks=group.marks,
        story=record.titles.get(group.scenario, ""),
        graph=places.graph_of(group.scenario),
        bounds=_distinct(result.bounds for result in group.results if result.bounds),
        proofs=tuple(_proofs(group)),
        attackers=attackers,
        rows=tuple(
            (prop, tuple(cells.get((prop, attacker)) for attacker in attackers))
            for prop in _distinct(result.property for result in group.results)
        ),
        searches=tuple(searches.get(attacker) for attacker in attackers),
        silent=tuple(silent.items()),
        some=some,
        alone=_distinct(f"{each.property} under {each.attacker}" for each in group.results if _alone(each)),
    )


def _proofs(group: Group) -> Iterator[Proved]:
    """Why what is proved is so; properties that the same secrets keep under the same attacker are told together."""
    kept: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for result in group.results:
        if result.verdict is Verdict.PROVED:
            kept.setdefault((result.attacker, result.never_known or ()), []).append(result.property)
    for (attacker, secrets), properties in kept.items():
        yield Proved(attacker, tuple(properties), secrets)


def _cell(result: Result, places: Places) -> Cell:
    position = places.position(result)
    outcome = result.replay.outcome if result.replay else None
    return Cell(
        id=cell_id(position),
        verdict=result.verdict,
        page=places.pages.get(position, ""),
        mark=MARKS.get(outcome, "") if outcome else "",
        remarks=tuple(_remarks(result)),
        doubtful=inconclusive(result) or not trustworthy(result),
        odd=unexpected(result),
    )


def _remarks(result: Result) -> Iterator[str]:
    if result.verdict is Verdict.VIOLATED and result.replay is None:
        yield "not replayed"
    if result.replay is not None and result.replay.outcome is Replay.DIVERGED:
        yield "DIVERGED"
    if result.verdict is Verdict.VACUOUS:
        yield "never tested"
    elif not trustworthy(result) and result.verdict is not Verdict.VIOLATED:
        yield "witness not found"
    if inconclusive(result):
        yield "cut by a limit" if result.verdict is Verdict.HOLDS_TO_BOUND else "no decision"
    if unexpected(result):
        yield f"expected: {result.expected}"
    if result.settled_by:
        yield f"settled by {result.settled_by}"


def _alone(result: Result) -> bool:
    return result.verdict is Verdict.VIOLATED and result.needs_attacker is False


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
