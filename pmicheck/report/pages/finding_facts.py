"""What the page of a finding tells besides its steps: cost, attackers, other readings, numbers, its like elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pmicheck.report.flaws import Flaw
from pmicheck.report.narration import in_words
from pmicheck.report.pages.finding_rank import Rank
from pmicheck.report.record import Record, Result
from pmicheck.report.review import Change, Weakest

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Minimal:
    """A weakest attacker that breaks the property in the scenario: `result` is its finding, `own` if this is it."""

    weakest: Weakest
    result: Result | None
    own: bool


def names_of(argument: str) -> tuple[str, ...]:
    """The statements that a text names, each once."""
    return tuple(dict.fromkeys(re.findall(r"\bN\d{3}\b", argument)))


def costs(result: Result) -> Pairs:
    """What the replay counted, as (what, how much); empty if nothing was measured."""
    spent = result.replay.details.get("cost") if result.replay else None
    return tuple(_costs(spent)) if spent else ()


def _costs(spent: dict[str, float]) -> Iterator[tuple[str, str]]:
    yield "packets of the attacker", f"{spent['packets']:,}"
    if spent["packets"]:
        yield "octets that it sends", f"{spent['octets_sent']:,}"
    if spent["victim_octets"]:
        yield "octets of payload that arrive where they should not", f"{spent['victim_octets']:,}"
    if spent["victim_octets"] and spent["octets_sent"]:
        yield "octets that arrive for each that it sends", f"{spent['victim_octets'] / spent['octets_sent']:.1f}"
    if spent["packets"]:
        yield "from its first packet to the harm", f"{in_words(float(spent['seconds']))} s"


def minimal(rank: Rank, result: Result) -> tuple[Minimal, ...]:
    """The weakest attackers of the property in the scenario, this finding's own first."""
    names = result.scenario, result.property
    found = [each for each in rank.record.review.weakest if (each.scenario, each.property) == names]
    told = (
        Minimal(each, rank.places.find(each.scenario, each.profile, each.property), each.profile == result.attacker)
        for each in found
    )
    return tuple(sorted(told, key=lambda each: not each.own))


def turned(record: Record, result: Result) -> tuple[tuple[str, Change], ...]:
    """The other readings under which the violation is gone, as ("reading=value, …", what was found)."""
    gone = (each for each in record.review.changes if each.verdict == "holds" and each.speaks_of(*result.names()))
    return tuple((", ".join(f"{name}={value}" for name, value in each.settings), each) for each in gone)


def numbers(result: Result) -> Pairs:
    """The quantities that z3 chose, as (what, how much with its unit)."""
    return tuple(_quantity(name, value) for name, value in result.trace.numbers.items()) if result.trace else ()


def _quantity(name: str, value: object) -> tuple[str, str]:
    for prefix, unit in (("s_", "s"), ("octets_", "octets")):
        if name.startswith(prefix):
            return name.removeprefix(prefix).replace("_", " "), f"{in_words(value)} {unit}"
    return name.replace("_", " "), in_words(value)


def observed(result: Result) -> Pairs:
    """The observables of the last state."""
    seen = result.trace.observation if result.trace else {}
    return tuple((name.replace("_", " "), in_words(value)) for name, value in seen.items())


def elsewhere(flaw: Flaw, result: Result) -> tuple[tuple[str, str, tuple[Result, ...]], ...]:
    """What else the flaw lets in, as (harm, attacker, results)."""
    rows: dict[tuple[str, str], list[Result]] = {}
    for each in flaw.results:
        if each is not result:
            rows.setdefault((each.property, each.attacker), []).append(each)
    return tuple((prop, attacker, tuple(results)) for (prop, attacker), results in rows.items())
