"""SARIF 2.1.0 (OASIS, with errata 01): the findings for code scanning. A pure function of record and comparison.

- A violation is a result of kind "fail" and level "error" under the rule of its property. What is vacuous (error),
  undecided or holds only to a bound (warning) is a result under a rule of its own. What holds is no result: GitHub
  would make an alert of it.
- What the baseline waives is suppressed (kind "external"); an entry past its date, or for a violation that real packets
  do not bear out, suppresses nothing. Suppressions are a list in every result, be it empty (3.27.23).
- The place is the file of the scenario, relative to `%SRCROOT%`, line 1: a record knows no other line.
- A trace is one code flow with one thread flow a principal, the attacker among them; `executionOrder` is the number of
  the step in the whole trace.
- Entries of the baseline that are stale or expired are notifications of the invocation. Where no baseline was given
  the log does not speak of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pmicheck.report.ci.identity import partial_fingerprints
from pmicheck.report.ci.locations import relative, scenario_path, uri
from pmicheck.report.ci.rules import message, rule_id, rules
from pmicheck.report.ci.standing import Judged, Standing, caveat, judge, replayed, story
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.gate.baseline import Finding as Entry
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import Record, Result
from pmicheck.report.words.characters import legible, one_line
from pmicheck.report.words.narration import sentence, stopped
from pmicheck.trace import Changed, Step, Trace
from pmicheck.verdict import Replay, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
STALE, EXPIRED, INTERRUPTED = "stale-entry", "expired-entry", "interrupted"
NOTIFICATIONS = {
    INTERRUPTED: "The run was interrupted before all was decided.",
    STALE: "An entry of the baseline whose finding is gone.",
    EXPIRED: "An entry of the baseline that is past its date.",
}
"""What the run itself may have to say; of a baseline last, so that the others keep their numbers without one."""
IMPORTANCE = {True: "essential", None: "important", False: "unimportant"}

Json = dict[str, Any]


def sarif(record: Record, comparison: Comparison) -> str:
    """The log as JSON text; `comparison` is of this record."""
    descriptors = rules(record.catalogue, (result.property for result in record.results))
    places = {descriptor["id"]: at for at, descriptor in enumerate(descriptors)}
    reported = [each for each in judge(record, comparison) if each.standing not in (Standing.GOOD, Standing.PROVED)]
    prints = partial_fingerprints(record, [each.result for each in reported])
    results = [
        _result(record, each, comparison, places) | {"partialFingerprints": fingerprints}
        for each, fingerprints in zip(reported, prints, strict=True)
    ]
    run = {
        "tool": {"driver": _driver(record, comparison, descriptors)},
        "invocations": [_invocation(record, comparison)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the project's repository."}}},
        "columnKind": "unicodeCodePoints",
        "language": "en-GB",
        "results": results,
        "properties": {"settings": {legible(key): legible(value) for key, value in record.settings.items()}},
    }
    return to_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver(record: Record, comparison: Comparison, descriptors: list[Json]) -> Json:
    notifications = [
        {"id": name, "shortDescription": {"text": text}, "fullDescription": {"text": text}, "help": {"text": text}}
        for name, text in NOTIFICATIONS.items()
        if comparison.baseline_given or name == INTERRUPTED
    ]
    version = one_line(record.pmicheck) or "unknown"
    return {"name": "pmicheck", "version": version, "rules": descriptors, "notifications": notifications}


def _invocation(record: Record, comparison: Comparison) -> Json:
    entries = [(STALE, each, "its finding is gone; remove it") for each in comparison.stale]
    entries += [(EXPIRED, each, f"it counted until {each.expires}") for each in comparison.expired]
    told: Json = {"executionSuccessful": not record.partial}
    if record.partial:
        told["toolExecutionNotifications"] = [_notification(INTERRUPTED, NOTIFICATIONS[INTERRUPTED])]
    told["toolConfigurationNotifications"] = [
        _notification(kind, f"{'/'.join(each.names())} {each.fingerprint}: {why}.", _entry(comparison, each))
        for kind, each, why in entries
    ]
    return told


def _notification(kind: str, text: str, *places: Json) -> Json:
    number = list(NOTIFICATIONS).index(kind)
    descriptor = {"id": kind, "index": number}
    told: Json = {"descriptor": descriptor, "level": "warning", "message": {"text": message(text)}}
    return told | ({"locations": list(places)} if places else {})


def _entry(comparison: Comparison, entry: Entry) -> Json:
    """Where an entry of the baseline stands."""
    return {"physicalLocation": _physical(relative(comparison.file) or "baseline.toml", entry.line or 1)}


def _physical(path: str, line: int = 1) -> Json:
    place = {"uri": uri(path), "uriBaseId": ROOT}
    return {"artifactLocation": place, "region": {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 1}}


def _result(record: Record, judged: Judged, comparison: Comparison, places: dict[str, int]) -> Json:
    result = judged.result
    rule, waived = _rule(judged), judged.standing is Standing.KNOWN
    physical = _physical(scenario_path(record, result.scenario))
    told: Json = {
        "ruleId": rule,
        "ruleIndex": places[rule],
        "kind": "fail",
        "level": "warning" if judged.standing is Standing.INCONCLUSIVE else "error",
        "message": {"text": message(_message(judged))},
        "locations": [{"physicalLocation": physical, "logicalLocations": [_logical(result)]}],
        "suppressions": [_suppression(judged.entry, comparison)] if waived and judged.entry else [],
        "properties": _properties(judged),
    }
    if result.trace is not None and result.trace.steps:
        told["codeFlows"] = [_code_flow(result.trace, physical)]
    return told


def _rule(judged: Judged) -> str:
    if judged.result.verdict is Verdict.VIOLATED:
        return rule_id(judged.result.property)
    return "vacuous" if judged.standing is Standing.UNTRUSTED else str(judged.result.verdict)


def _message(judged: Judged) -> str:
    """The first sentence is what GitHub shows as the title."""
    result = judged.result
    conclusion = stopped(result.trace.conclusion) if result.trace else ""
    why = f"Why: {stopped(result.argument)}" if result.argument else ""
    parts = [story(judged), caveat(result), conclusion, why]
    if result.replay is not None and result.replay.outcome is Replay.CONFIRMED:
        parts.append(f"Confirmed on real packets: {stopped(result.replay.sentence)}")
    parts.append(f"Attacker: {result.attacker}. The steps: pmicheck explain {result.fingerprint}.")
    return " ".join(part for part in parts if part)


def _properties(judged: Judged) -> Json:
    result = judged.result
    told: Json = {
        "scenario": result.scenario,
        "attacker": result.attacker,
        "property": result.property,
        "verdict": str(result.verdict),
        "standing": str(judged.standing),
        "fingerprint": result.fingerprint,
        "bounds": result.bounds,
    }
    if judged.which:
        told["which"] = judged.which
    if result.verdict is Verdict.VIOLATED:
        told["replay"] = replayed(result)
    return {key: legible(value) for key, value in told.items()}


def _suppression(entry: Entry, comparison: Comparison) -> Json:
    why = legible(f"{stopped(entry.reason)} ({entry.cite})")
    return {"kind": "external", "status": "accepted", "justification": why, "location": _entry(comparison, entry)}


def _logical(result: Result) -> Json:
    """Where the bad state shows: the principal that the last step concerns; without a trace the scenario."""
    steps = result.trace.steps if result.trace else ()
    if not steps:
        return {"name": legible(result.scenario), "kind": "scenario"}
    return _principal(steps[-1].destination or steps[-1].actor, result.scenario)


def _principal(name: str, scenario: str) -> Json:
    return {"name": legible(name), "fullyQualifiedName": legible(f"{scenario}/{name}"), "kind": "principal"}


def _code_flow(trace: Trace, physical: Json) -> Json:
    acting: dict[str, list[tuple[int, Step]]] = {}
    for number, step in enumerate(trace.steps, start=1):
        acting.setdefault("attacker" if step.attacker else step.actor, []).append((number, step))
    threads = [
        {
            "id": legible(name),
            "message": {"text": message(f"The steps of {name}.")},
            "locations": [_step(number, step, _principal(name, trace.scenario), physical) for number, step in steps],
        }
        for name, steps in acting.items()
    ]
    return {"message": {"text": message(stopped(trace.conclusion) or "How it happens.")}, "threadFlows": threads}


def _step(number: int, step: Step, principal: Json, physical: Json) -> Json:
    told: Json = {
        "executionOrder": number,
        "importance": IMPORTANCE[step.essential],
        "location": {
            "physicalLocation": physical,
            "logicalLocations": [principal],
            "message": {"text": message(sentence(step))},
        },
    }
    return told | ({"state": _state(step.cells)} if step.cells else {})


def _state(cells: Sequence[Changed]) -> Json:
    """The cells changed, each with its new value."""
    return {legible(each.cell): {"text": message(", ".join(each.now))} for each in cells}
