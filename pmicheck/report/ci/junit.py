"""JUnit XML: the verdicts as test cases, for whatever shows test results. A pure function of record and comparison.

One suite a scenario, one case per attacker and property. A violation fails, one that the baseline knows is skipped with
the reason of its entry, what is not trustworthy or not decided is an error. An entry of the baseline that is stale or
expired fails in a suite of its own; an interrupted run is an error in another.

There are no times: the same record gives the same octets, and two runs that found the same can be compared. `time` is
optional in the schema that Jenkins publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pmicheck.report.ci.locations import relative
from pmicheck.report.ci.standing import Judged, Standing, caveat, judge, story
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.gate.baseline import Finding as Entry
from pmicheck.report.record.record import Record, Result
from pmicheck.report.words.characters import legible, one_line, paragraph
from pmicheck.report.words.narration import stopped, tell
from pmicheck.verdict import Verdict

OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}
"""What a suite counts, and the element that is counted."""

TAGS = {
    Standing.NEW: "failure",
    Standing.VIOLATED: "failure",
    Standing.EXPIRED: "failure",
    Standing.KNOWN: "skipped",
    Standing.UNTRUSTED: "error",
    Standing.INCONCLUSIVE: "error",
}


def junit(record: Record, comparison: Comparison) -> str:
    """The document as text; `comparison` is of this record."""
    root = Element("testsuites", name="pmicheck")
    scenarios: dict[str, list[Judged]] = {}
    for judged in judge(record, comparison):
        scenarios.setdefault(judged.result.scenario, []).append(judged)
    for scenario, mine in scenarios.items():
        bounds = dict.fromkeys(each.result.bounds for each in mine if each.result.bounds)
        root.append(_suite(scenario, map(_case, mine), tuple(bounds)))
    entries = list(_entries(comparison))
    if entries:
        root.append(_suite("baseline", entries))
    if record.partial:
        case = Element("testcase", classname="run", name="finished")
        _outcome(case, "error", "interrupted", "The run was interrupted: what is missing was not decided.")
        root.append(_suite("run", [case]))
    _count(root, root.iter("testcase"))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(name: str, cases: Iterable[Element], bounds: Sequence[str] = ()) -> Element:
    suite = Element("testsuite", name=one_line(name))
    if bounds:
        properties = SubElement(suite, "properties")
        for sentence in bounds:
            SubElement(properties, "property", name="bounds", value=legible(sentence))
    cases = list(cases)
    suite.extend(cases)
    _count(suite, cases)
    return suite


def _count(suite: Element, cases: Iterable[Element]) -> None:
    """Writes down how many cases there are, and how many of each outcome."""
    found = list(cases)
    suite.set("tests", str(len(found)))
    for attribute, tag in OUTCOMES.items():
        suite.set(attribute, str(sum(case.find(tag) is not None for case in found)))


def _case(judged: Judged) -> Element:
    result = judged.result
    name = f"{result.property} [{judged.which}]" if judged.which else result.property
    classname = f"{result.scenario}.{result.attacker}"
    case = Element("testcase", classname=one_line(classname), name=one_line(name))
    if judged.standing in TAGS:
        _outcome(case, TAGS[judged.standing], str(judged.standing), _message(judged))
    if result.verdict in (Verdict.VIOLATED, Verdict.PROVED):
        SubElement(case, "system-out").text = paragraph(tell(result))
    return case


def _outcome(case: Element, tag: str, kind: str, message: str) -> None:
    outcome = SubElement(case, tag, type=kind, message=legible(message))
    if tag != "skipped":
        outcome.text = paragraph(message)  # some viewers show the attribute, some the text


def _message(judged: Judged) -> str:
    """The story and why it stands as it does."""
    result, entry = judged.result, judged.entry
    parts = [story(judged), caveat(result), _conclusion(result)]
    if judged.standing is Standing.KNOWN and entry is not None:
        parts.append(f"Known: {stopped(entry.reason)}")
    if judged.standing is Standing.EXPIRED and entry is not None:
        parts.append(f"It was known until {entry.expires}: {stopped(entry.reason)}")
    if result.verdict is Verdict.VIOLATED:
        parts.append(f"Fingerprint {result.fingerprint}.")
    return " ".join(part for part in parts if part)


def _conclusion(result: Result) -> str:
    return stopped(result.trace.conclusion) if result.trace else ""


def _entries(comparison: Comparison) -> Iterator[Element]:
    """A failed case for each entry that must be dealt with."""
    for entry in comparison.stale:
        yield _entry(comparison, entry, "stale", "the finding is no longer there; remove the entry")
    for entry in comparison.expired:
        yield _entry(
            comparison, entry, "expired", f"the entry counted until {entry.expires}; mend it or argue it again"
        )


def _entry(comparison: Comparison, entry: Entry, kind: str, what: str) -> Element:
    names = "/".join(entry.names())
    case = Element("testcase", classname="baseline", name=one_line(f"{names} {entry.fingerprint}"))
    place = relative(comparison.file) or "the baseline"
    line = f":{entry.line}" if entry.line is not None else ""
    _outcome(case, "failure", kind, f"{place}{line}: {names} {entry.fingerprint}: {what}.")
    return case
