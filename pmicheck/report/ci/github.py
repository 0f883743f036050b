"""Workflow commands of GitHub Actions: lines on stdout that become annotations of files.

Escaping as its runner undoes it: `%`, carriage return and newline in messages, besides these colon and comma in
properties. GitHub shows ten errors and ten warnings of a step, so the gravest come first and a notice counts the rest.
"""

# There is no `from __future__ import annotations` here, since `annotations` is what this module makes.

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pmicheck.report.ci.locations import relative, scenario_path
from pmicheck.report.ci.standing import Judged, Standing, caveat, judge, story
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.gate.baseline import Finding as Entry
from pmicheck.report.record.record import Record
from pmicheck.report.words.characters import harmless, one_line
from pmicheck.report.words.narration import stopped
from pmicheck.verdict import Verdict

SHOWN = 10
LONGEST_MESSAGE = 2000
ERRORS = (Standing.UNTRUSTED, Standing.NEW, Standing.VIOLATED)


@dataclass(frozen=True)
class Annotation:
    """`kind` is what it is about, for the count of those that are not shown."""

    kind: str
    file: str
    line: int
    title: str
    message: str


def annotations(record: Record, comparison: Comparison) -> str:
    """The commands, one a line; "" if there is nothing to say. `comparison` is of this record."""
    graded = sorted(judge(record, comparison), key=lambda each: each.gravity)
    errors = [_finding(record, each) for each in graded if each.standing in ERRORS]
    warnings = [_finding(record, each) for each in graded if each.standing is Standing.INCONCLUSIVE]
    warnings += _interrupted(record)
    warnings += [
        _entry(comparison, each, "expired", f"counted until {each.expires}; mend it or argue it again")
        for each in comparison.expired
    ]
    warnings += [_entry(comparison, each, "stale", "is no longer found; remove it") for each in comparison.stale]
    lines = [_command("error", each) for each in errors[:SHOWN]]
    lines += [_command("warning", each) for each in warnings[:SHOWN]]
    lines += _rest([*errors[SHOWN:], *warnings[SHOWN:]])
    return "".join(f"{line}\n" for line in lines)


def _finding(record: Record, judged: Judged) -> Annotation:
    result = judged.result
    which = f", {judged.which}" if judged.which else ""
    title = f"{judged.standing}: {result.property} under {result.attacker}{which}"
    conclusion = stopped(result.trace.conclusion) if result.trace else ""
    parts = [story(judged), caveat(result), conclusion]
    if result.verdict is Verdict.VIOLATED:
        parts.append(f"The steps: pmicheck explain {result.fingerprint}")
    message = " ".join(part for part in parts if part)
    return Annotation(str(judged.standing), scenario_path(record, result.scenario), 1, title, message)


def _interrupted(record: Record) -> Iterator[Annotation]:
    if record.partial:
        message = "What is missing from the results was not decided."
        first = next(iter(record.results), None)
        file = scenario_path(record, first.scenario if first else "")
        yield Annotation("interrupted run", file, 1, "The run was interrupted", message)


def _entry(comparison: Comparison, entry: Entry, kind: str, what: str) -> Annotation:
    file = relative(comparison.file) or "baseline.toml"
    message = f"{'/'.join(entry.names())} {entry.fingerprint} {what}."
    return Annotation(f"{kind} entry", file, entry.line or 1, f"Baseline entry is {kind}", message)


def _rest(unshown: list[Annotation]) -> list[str]:
    """One notice for all that are not shown."""
    if not unshown:
        return []
    counts = Counter(each.kind for each in unshown)
    told = ", ".join(f"{kind} {count}" for kind, count in counts.items())
    return [f"::notice title=pmicheck::{_escaped(f'GitHub shows {SHOWN} annotations of a level. Not shown: {told}.')}"]


def _command(level: str, annotation: Annotation) -> str:
    properties = {"file": annotation.file, "line": str(annotation.line), "title": annotation.title}
    told = ",".join(f"{name}={_property(one_line(value))}" for name, value in properties.items())
    return f"::{level} {told}::{_escaped(one_line(annotation.message, LONGEST_MESSAGE))}"


def _escaped(text: str) -> str:
    return harmless(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
