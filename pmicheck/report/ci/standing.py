"""How each result stands in a gate: what fails it, what it knows already, what it cannot trust.

The order of `Standing` is the order of gravity, that of the exit codes (`exit_code` in `report/gate/baseline.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pmicheck.report.gate.baseline import Comparison, Finding, inconclusive, trustworthy
from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.record import Record, Result
from pmicheck.report.words.narration import REPLAY_SENTENCES, capital, stopped
from pmicheck.verdict import Replay, Verdict


class Standing(StrEnum):
    """The gravest first. A violation is new or known where a baseline was given, and just a violation where not."""

    UNTRUSTED = "not trustworthy"
    NEW = "new violation"
    VIOLATED = "violation"
    INCONCLUSIVE = "inconclusive"
    EXPIRED = "expired"
    KNOWN = "known violation"
    GOOD = "holds"
    PROVED = "proved"


@dataclass(frozen=True)
class Judged:
    """A result and how it stands.

    Attributes:
        entry: the baseline's entry that waives it, or did until its date.
        catalogue: the record's words and ranks.
        which: what tells it from other results of the same names, "" if there are none.
    """

    result: Result
    standing: Standing
    entry: Finding | None
    catalogue: Catalogue = field(repr=False, compare=False)
    which: str = ""

    @property
    def gravity(self) -> tuple[object, ...]:
        """Sorts the gravest first: standing, then harm, then the weakest attacker."""
        names = self.result.names()
        harm, rank = self.catalogue.gravity(self.result.property), self.catalogue.rank(self.result.attacker)
        return list(Standing).index(self.standing), harm, rank, names, self.which


def judge(record: Record, comparison: Comparison) -> tuple[Judged, ...]:
    """Every result of `record`, in its order. What the baseline of `comparison`, if any, does not waive is new."""
    entries = {_question(result): entry for result, entry in comparison.waived}
    told = zip(record.results, _told_apart(record), strict=True)
    return tuple(
        Judged(result, *_standing(result, entries.get(_question(result)), comparison), record.catalogue, which)
        for result, which in told
    )


def _standing(result: Result, entry: Finding | None, comparison: Comparison) -> tuple[Standing, Finding | None]:
    """How a result stands, and the entry that knows it."""
    if not trustworthy(result):
        return Standing.UNTRUSTED, None
    if inconclusive(result):
        return Standing.INCONCLUSIVE, None
    if result.verdict is not Verdict.VIOLATED:
        return Standing.PROVED if result.verdict is Verdict.PROVED else Standing.GOOD, None
    if entry is None:
        return Standing.NEW if comparison.baseline_given else Standing.VIOLATED, None
    return Standing.EXPIRED if entry in comparison.expired else Standing.KNOWN, entry


def _question(result: Result) -> object:
    return result.names(), result.verdict, tuple(sorted(result.readings.items())), result.without, result.fingerprint


def story(judged: Judged) -> str:
    """One sentence: who does what where (violated), or what was asked."""
    result, words = judged.result, judged.catalogue
    if result.verdict is not Verdict.VIOLATED:
        return f"{result.property} in {result.scenario} under {result.attacker}: {result.verdict}."
    if result.property == "progress":
        return f"The honest nodes alone can get stuck in {result.scenario}."
    harm = words.harm(result.property) or f"breaks {result.property}"
    return f"{capital(words.who(result.attacker))} {harm} in {result.scenario}."


def caveat(result: Result) -> str:
    """Why a result is not to be trusted or decides nothing; "" if it can be trusted and does."""
    if result.verdict is Verdict.VIOLATED:
        if result.replay is None:
            return "Not replayed on real packets, so it must not be trusted."
        if result.replay.outcome is Replay.DIVERGED:
            told = f": {result.replay.sentence}" if result.replay.sentence else ""
            return stopped(REPLAY_SENTENCES[Replay.DIVERGED] + told)
        return ""
    if not trustworthy(result):
        return "What the property speaks of never happens within the bounds, so nothing was checked."
    if result.verdict is Verdict.HOLDS_TO_BOUND:
        return "A limit cut the search: no violation was found before it, but not every state was seen."
    if result.verdict is Verdict.UNDECIDED:
        return "Neither a violation nor its absence could be shown."
    return ""


def replayed(result: Result) -> str:
    """What became of a violation on real packets, in one word or two."""
    return "not replayed" if result.replay is None else str(result.replay.outcome)


def _told_apart(record: Record) -> Iterator[str]:
    """For each result the readings that vary in the record, the mechanisms off, and a number if all that is equal."""
    values: dict[str, set[str]] = {}
    for result in record.results:
        for name, value in result.readings.items():
            values.setdefault(name, set()).add(value)
    seen: Counter[object] = Counter()
    for result in record.results:
        parts = [f"{name}={value}" for name, value in sorted(result.readings.items()) if len(values[name]) > 1]
        parts += [f"without {name}" for name in result.without]
        question = (result.names(), tuple(parts))
        seen[question] += 1
        parts += [f"number {seen[question]}"] if seen[question] > 1 else []
        yield ", ".join(parts)
