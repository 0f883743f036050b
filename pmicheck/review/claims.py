"""The draft's security claims S01-S28, each decided by verdicts: supported, refuted or conditional.

    decisions, tables = judge_claims(Verdicts.of_record(record, progress))

What a claim asks stands in claims.toml beside this module; `word_for` is the rule that makes a word of verdicts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from pmicheck.report.record.record import load
from pmicheck.report.record.review import Decision, Table
from pmicheck.review.cells import Cell, Settings, Verdicts
from pmicheck.review.comparison import ABSENT, BETTER, EQUAL, NEW, WORSE, compare, word_of
from pmicheck.verdict import Verdict

SUPPORTED, REFUTED, CONDITIONAL, UNDECIDED = "supported", "refuted", "conditional", "undecided"
GOOD = (Verdict.HOLDS, Verdict.PROVED)
SAID = {BETTER: "better than", WORSE: "worse than", NEW: "violated, and without a counterpart in"}

Answers = Mapping[Cell, Verdict]


@dataclass(frozen=True)
class Query:
    """Cells under the default readings, and under what else the same cells are asked.

    Attributes:
        readings: other readings.
        protects: the check that the claim credits with the protection, a mechanism; "" if it names none.
    """

    cells: tuple[Cell, ...]
    readings: tuple[Settings, ...] = ()
    protects: str = ""

    def all_cells(self) -> Iterator[Cell]:
        """The cells under the defaults, then under each of the other readings, then without the check."""
        yield from self.cells
        for settings in self.readings:
            yield from self.under(settings)
        yield from self.unprotected()

    def under(self, settings: Settings) -> Iterator[Cell]:
        """The cells under other readings."""
        return (replace(cell, settings=settings) for cell in self.cells)

    def unprotected(self) -> Iterator[Cell]:
        """The cells with the check switched off."""
        return (replace(cell, without=(self.protects,)) for cell in self.cells if self.protects)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim; `compare` names a table of `comparison` instead of queries, "" if there are queries."""

    name: str
    section: str
    text: str
    queries: tuple[Query, ...] = ()
    compare: str = ""


@cache
def claims() -> tuple[Claim, ...]:
    """All claims in order."""
    text = (resources.files("pmicheck.review") / "claims.toml").read_text(encoding="utf-8")
    return tuple(_claim(entry) for entry in tomllib.loads(text)["claim"])


def _claim(entry: Mapping[str, Any]) -> Claim:
    queries = tuple(_query(each) for each in entry.get("query", ()))
    return Claim(
        name=entry["id"],
        section=entry["section"],
        text=entry["text"],
        queries=queries,
        compare=entry.get("compare", ""),
    )


def _query(entry: Mapping[str, Any]) -> Query:
    names = product(entry["scenarios"], entry["attackers"], entry["properties"])
    readings = tuple(tuple(sorted(reading.items())) for reading in entry.get("readings", ()))
    return Query(tuple(Cell(*each) for each in names), readings, entry.get("protects", ""))


def judge_claims(verdicts: Verdicts) -> tuple[tuple[Decision, ...], tuple[Table, ...]]:
    """Every claim with its word and the verdicts that say so, and the tables of those that compare protocols."""
    decisions, tables = [], []
    verdicts.decide(cell for claim in claims() for query in claim.queries for cell in query.all_cells())
    for claim in claims():
        if claim.compare:
            table = compare(claim.compare, verdicts)
            tables.append(table)
            decisions.append(_compared(claim, table))
        else:
            decisions.append(decide_claim(claim, verdicts))
    return tuple(decisions), tuple(tables)


def entries_of(path: Path | None, progress: Callable[[str], None]) -> list[tuple[str, str]]:
    """Every claim with its word and the verdicts that say so, as `pmicheck list` prints them.

    Args:
        path: a record whose verdicts are taken as they are, None to decide everything now.
        progress: called with one sentence per run.

    Raises:
        UsageError: the file is no record.
    """
    decisions, _ = judge_claims(Verdicts.of_record(None if path is None else load(path), progress))
    progress("\r")
    return [
        (each.claim, f"{each.word}: {each.text} ({each.section}). {'; '.join(each.because)}.") for each in decisions
    ]


def word_for(defaults: Answers, others: Sequence[Answers], unprotected: Sequence[Answers] = ()) -> str:
    """The rule that makes a word of verdicts.

    Args:
        defaults: under the default readings, of the attackers that the claim promises to withstand.
        others: the same cells under each of the other readings that are listed.
        unprotected: cells with one check switched off, for each check that the claim credits with the protection.

    Returns:
        supported: all hold, under the defaults and under every reading listed, and something is violated without each
        check that is credited.
        conditional: all hold under the defaults, and something is violated under a reading listed, or all hold without
        some of the checks; or something is violated under the defaults, and each such cell holds under some reading
        listed.
        refuted: something is violated under the defaults, and no reading listed mends it; or all hold without any of
        the checks, so that none of them protects anything.
        undecided: neither a violation nor only verdicts that hold: the cells do not exist, or a limit cut them. What
        a limit cut mends nothing.
    """
    broken = [cell for cell, verdict in defaults.items() if verdict is Verdict.VIOLATED]
    if broken:
        return CONDITIONAL if all(_mended(cell, others) for cell in broken) else REFUTED
    if not defaults or any(verdict not in GOOD for verdict in defaults.values()):
        return UNDECIDED
    found = {verdict for answers in others for verdict in answers.values()}
    if Verdict.VIOLATED in found:
        return CONDITIONAL
    return _credited(unprotected) if found <= set(GOOD) else UNDECIDED


def _credited(unprotected: Sequence[Answers]) -> str:
    """What remains of a claim whose cells all hold when its checks are switched off one at a time."""
    idle = [answers for answers in unprotected if Verdict.VIOLATED not in answers.values()]
    if any(verdict not in GOOD for answers in idle for verdict in answers.values()):
        return UNDECIDED
    if not idle:
        return SUPPORTED
    return CONDITIONAL if len(idle) < len(unprotected) else REFUTED


def _mended(cell: Cell, others: Iterable[Answers]) -> bool:
    """Whether a cell that is violated under the defaults holds under one of the other readings."""
    return any(_plain(other) == _plain(cell) and v in GOOD for answers in others for other, v in answers.items())


def _plain(cell: Cell) -> tuple[str, str, str]:
    return cell.scenario, cell.attacker, cell.property


def decide_claim(claim: Claim, verdicts: Verdicts) -> Decision:
    """The word of a claim that has queries, and the verdicts that say so."""
    defaults: dict[Cell, Verdict] = {}
    others: list[dict[Cell, Verdict]] = []
    unprotected: dict[str, dict[Cell, Verdict]] = {}
    for query in claim.queries:
        defaults |= _answers(query.cells, verdicts)
        for settings in query.readings:
            others.append(_answers(query.under(settings), verdicts))
        if query.protects:
            unprotected.setdefault(query.protects, {}).update(_answers(query.unprotected(), verdicts))
    word = word_for(defaults, others, list(unprotected.values()))
    because = (*_because(word, defaults, others), *_without(unprotected))
    return Decision(claim.name, claim.section, claim.text, word, because)


def _answers(cells: Iterable[Cell], verdicts: Verdicts) -> dict[Cell, Verdict]:
    """What is known of the cells that exist. A vacuous verdict says nothing and is left out."""
    found = {cell: verdicts.of(cell) for cell in cells}
    return {cell: v for cell, v in found.items() if v is not None and v is not Verdict.VACUOUS}


def _because(word: str, defaults: Answers, others: Sequence[Answers]) -> Iterator[str]:
    """The verdicts that make the word: the violations; where they are mended; or how much holds."""
    broken = [cell for cell, verdict in defaults.items() if verdict is Verdict.VIOLATED]
    holding = [cell for cell, verdict in defaults.items() if verdict in GOOD]
    for cell in broken:
        yield f"violated: {cell}"
    if word == UNDECIDED:
        yield "the scenarios that it speaks of are not decided"
    elif not broken:
        yield f"holds: {', '.join(str(cell) for cell in holding)}"
    for answers in others:
        for cell, verdict in answers.items():
            turned = verdict is Verdict.VIOLATED and _plain(cell) in {_plain(each) for each in holding}
            mended = verdict in GOOD and _plain(cell) in {_plain(each) for each in broken}
            if turned or mended:
                yield f"{'violated' if turned else 'holds'}: {cell}"
            elif verdict not in (*GOOD, Verdict.VIOLATED):
                yield f"not decided: {cell}"


def _without(unprotected: Mapping[str, Answers]) -> Iterator[str]:
    """What each credited check protects: the violations without it, or that there are none."""
    for check, answers in unprotected.items():
        broken = [cell for cell, verdict in answers.items() if verdict is Verdict.VIOLATED]
        if broken:
            yield f"violated without {check}: {', '.join('/'.join(_plain(cell)) for cell in broken)}"
        elif all(verdict in GOOD for verdict in answers.values()):
            yield f"holds without {check} as well, so that it protects none of these"
        else:
            yield f"not decided without {check}"


def _compared(claim: Claim, table: Table) -> Decision:
    """S27 and S28: the word is that against RFC 6275, the first column; the other ancestors are told too."""
    because = []
    for number, ancestor in enumerate(table.columns[:-1]):
        relations = [row.relations[number] for row in table.rows]
        counts = ", ".join(f"{relations.count(name)} {name}" for name in (BETTER, EQUAL, WORSE))
        if set(relations) - {ABSENT}:
            because.append(f"against {ancestor}: {counts}")
        for name, said in (
            (BETTER, "better than"),
            (WORSE, "worse than"),
            (NEW, "violated and not to be compared with"),
        ):
            rows = [f"{row.property} under {row.attacker}" for row in table.rows if row.relations[number] == name]
            if rows:
                because.append(f"{said} {ancestor}: {'; '.join(rows)}")
    word = word_of(row.relations[0] for row in table.rows)
    return Decision(claim.name, claim.section, claim.text, word, tuple(because))
