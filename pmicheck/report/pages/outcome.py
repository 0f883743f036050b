"""The outcome of a run in a paragraph, and what a reader must know before trusting it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pmicheck.report.gate.baseline import inconclusive, trustworthy
from pmicheck.report.pages.environment import counted
from pmicheck.report.record.record import Record
from pmicheck.report.words.groups import unexpected
from pmicheck.verdict import Replay, Verdict

MEANINGS = {
    Verdict.VIOLATED: ("is violated", "are violated"),
    Verdict.HOLDS: ("holds", "hold in every reachable state within the stated bounds"),
    Verdict.PROVED: ("is proved", "are proved for runs of any length"),
    Verdict.HOLDS_TO_BOUND: ("holds up to a limit only", "hold up to a limit only"),
    Verdict.VACUOUS: ("is vacuous", "are vacuous"),
    Verdict.UNDECIDED: ("is undecided", "are undecided"),
}
DOUBTFUL = "index.html#verdict=doubtful"
ODD = "index.html#verdict=unexpected"


@dataclass(frozen=True)
class Outcome:
    """`sentences` make up the paragraph; `alarms` are (sentence, where the verdicts in question are, "" if nowhere)."""

    sentences: tuple[str, ...]
    alarms: tuple[tuple[str, str], ...]


def outcome(record: Record, ways: int) -> Outcome:
    """What came out; `ways` is how many flaws the violations are made of."""
    alarms = tuple(_alarms(record))
    return Outcome(tuple(_sentences(record, ways, calm=not alarms)), alarms)


def _sentences(record: Record, ways: int, *, calm: bool) -> Iterator[str]:
    results = record.results
    if not results:
        yield "Nothing was decided."
        return
    names = [len(set(each)) for each in zip(*(result.names() for result in results), strict=True)]
    scenarios, attackers, properties = names
    yield (
        f"{counted(len(results), 'verdict')} on {_of(properties, 'property', 'properties')} of the protocol, "
        f"in {counted(scenarios, 'scenario')}, against {counted(attackers, 'attacker')}."
    )
    counts = Counter(result.verdict for result in results)
    told = [f"{counts[verdict]:,} {MEANINGS[verdict][counts[verdict] > 1]}" for verdict in Verdict if counts[verdict]]
    yield ", ".join(told) + "."
    if counts[Verdict.VIOLATED]:
        yield from _violations(record, ways)
    if calm:
        yield (
            "No verdict is vacuous, undecided or cut short by a limit, no replay diverged, and no verdict is other "
            "than its scenario file expects."
        )


def _violations(record: Record, ways: int) -> Iterator[str]:
    violated = [result for result in record.results if result.verdict is Verdict.VIOLATED]
    confirmed = sum(each.replay is not None and each.replay.outcome is Replay.CONFIRMED for each in violated)
    alone = sum(each.needs_attacker is False for each in violated)
    replayed = "Every violation was" if confirmed == len(violated) else f"{confirmed:,} of them were"
    yield f"{replayed} confirmed on real packets" + (f"; {alone:,} need no attacker." if alone else ".")
    if ways:
        yield f"Those of the draft come in by {_of(ways, 'way', 'ways')}, the worst first below."


def _alarms(record: Record) -> Iterator[tuple[str, str]]:
    if record.partial:
        yield "The run was interrupted: what is missing below was not decided.", ""
    results = record.results
    diverged = sum(each.replay is not None and each.replay.outcome is Replay.DIVERGED for each in results)
    if diverged:
        yield f"{counted(diverged, 'replay')} DIVERGED on real packets: not to be trusted.", DOUBTFUL
    bare = sum(each.verdict is Verdict.VIOLATED and each.replay is None for each in results)
    if bare:
        yield f"{_of(bare, 'violation was', 'violations were')} not replayed: not to be trusted.", DOUBTFUL
    untested = sum(each.verdict is not Verdict.VIOLATED and not trustworthy(each) for each in results)
    if untested:
        yield f"{_of(untested, 'property was', 'properties were')} never put to the test: not to be trusted.", DOUBTFUL
    limited = sum(inconclusive(each) for each in results)
    if limited:
        yield f"{_of(limited, 'verdict is', 'verdicts are')} left open by a limit.", DOUBTFUL
    odd = sum(unexpected(each) for each in results)
    if odd:
        yield f"{_of(odd, 'verdict is', 'verdicts are')} not as the scenario file expects.", ODD


def _of(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
