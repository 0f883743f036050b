"""What makes a finding the same finding in the next run: fingerprints for systems that track alerts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from pmicheck.report.ci.locations import scenario_path
from pmicheck.report.record.record import Record, Result

OWN = "pmicheckFinding/v1"
GITHUB = "primaryLocationLineHash"


def partial_fingerprints(record: Record, results: Sequence[Result]) -> list[dict[str, str]]:
    """For each of `results`, all that are reported of `record`, its `partialFingerprints` (SARIF 2.1.0, 3.27.17).

    `pmicheckFinding/v1` is ATTACK:SITUATION:NUMBER. ATTACK is property, attacker and what the attacker does;
    SITUATION is which rules fire on the way; NUMBER counts results that are equal in both, so that the same attack in
    two scenarios remains two findings. No part knows the name of the scenario or its file, the order of the
    record, or any number in a message (nonces, sequence numbers, times).

    `primaryLocationLineHash` is the only one that GitHub reads. GitHub joins it to rule and file, and takes two results
    that agree in all three for one alert. All findings of a scenario stand on the same line, so the hash of that line,
    which its upload would fill in, would merge them. Here it is ATTACK:NUMBER, counted within the file: so no alert
    depends on what is found in another scenario.
    """
    attacks = [_attack(result) for result in results]
    situations = [_digest(_acts(result))[:8] for result in results]
    own = [f"{attack}:{situation}" for attack, situation in zip(attacks, situations, strict=True)]
    local = [f"{scenario_path(record, each.scenario)}:{attack}" for each, attack in zip(results, attacks, strict=True)]
    numbers, within = _numbered(results, own), _numbered(results, local)
    return [{OWN: f"{own[at]}:{numbers[at]}", GITHUB: f"{attacks[at]}:{within[at]}"} for at in range(len(results))]


def _attack(result: Result) -> str:
    """The record's own fingerprint without the scenario, so that another name for it changes nothing."""
    return replace(result, scenario="").fingerprint


def _numbered(results: Sequence[Result], names: Sequence[str]) -> list[int]:
    """1, 2, ... among results of one name, in an order that is a matter of what they are."""
    count: dict[str, int] = {}
    numbers = [0] * len(results)
    for at, _ in sorted(enumerate(results), key=lambda pair: _order(pair[1])):
        numbers[at] = count[names[at]] = count.get(names[at], 0) + 1
    return numbers


def _order(result: Result) -> tuple[object, ...]:
    """Names come last: only among findings that are alike in all else does it matter what their scenario is called."""
    readings = sorted(result.readings.items())
    return result.verdict, _acts(result), result.without, readings, result.bounds, result.argument, result.names()


def _acts(result: Result) -> tuple[str, ...]:
    return tuple(sorted({f"{step.rule} {step.message}" for step in result.trace.steps})) if result.trace else ()


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
