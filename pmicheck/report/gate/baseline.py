"""The baseline: the findings that are known and argued, so that only a new one fails the run.

A TOML file of `[[finding]]` entries. An entry waives one violation, named by scenario, attacker,
property and fingerprint, for a reason and with a citation, if need be until a date. What cannot be trusted
(vacuous, undecided, diverged) is never waived.
"""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from msgspec.structs import replace
from tomlkit.exceptions import TOMLKitError

from pmicheck.errors import UsageError
from pmicheck.report.files import read_text
from pmicheck.report.gate.baseline_lines import Entry, layout
from pmicheck.report.record.record import Record, Result
from pmicheck.report.words.narration import citation
from pmicheck.shipped import SHIPPED
from pmicheck.verdict import ExitCode, Replay, Verdict, gravest

REQUIRED = ("scenario", "attacker", "property", "fingerprint", "reason", "cite")
OPTIONAL = ("expires", "settings", "without")

HEADING = """\
# Findings that are known and argued: `pmicheck verify --baseline` exits 0 on them and 1 on any other.
# Written by `pmicheck baseline write`; reasons and dates are kept when it is written again.
"""


@dataclass(frozen=True)
class Finding:
    """One entry.

    Attributes:
        line: where it begins in its file, None if that is not known.
        expires: the last day on which it counts.
        settings: the entry is meant only for results with these readings and bounds.
        without: the entry is meant only for results with just these mechanisms switched off.
    """

    scenario: str
    attacker: str
    property: str
    fingerprint: str
    reason: str
    cite: str
    expires: datetime.date | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    line: int | None = None

    def names(self) -> tuple[str, str, str]:
        """Scenario, attacker, property."""
        return self.scenario, self.attacker, self.property

    def covers(self, result: Result, record: Record) -> bool:
        """True if the entry speaks of this scenario, attacker, property, readings, bounds and mechanisms."""
        if self.names() != result.names() or set(self.without) != set(result.without):
            return False
        bounds = {name: str(number) for name, number in record.bounds.get(result.scenario, {}).items()}
        in_force = {**bounds, **result.readings}
        return all(in_force.get(name) == value for name, value in self.settings.items())


@dataclass(frozen=True)
class Baseline:
    """The entries of one file, in order."""

    file: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What a record is against a baseline.

    Attributes:
        new: violations that no entry waives.
        waived: violations that an entry names, each with that entry; all of them borne out on real packets.
        void: entries that speak of what no entry can waive, each with that result.
        stale: entries whose finding was looked for and is gone.
        expired: entries past their date whose finding is still there.
        unjudged: entries of which this run says nothing.
        file: the baseline's name, for messages; "" if none was given.
    """

    new: tuple[Result, ...] = ()
    waived: tuple[tuple[Result, Finding], ...] = ()
    void: tuple[tuple[Finding, Result], ...] = ()
    stale: tuple[Finding, ...] = ()
    expired: tuple[Finding, ...] = ()
    unjudged: tuple[Finding, ...] = ()
    file: str = ""

    @property
    def baseline_given(self) -> bool:
        """Whether there is a baseline to speak of: without one no violation is new, and none is known."""
        return self.file != ""

    @property
    def known(self) -> tuple[Result, ...]:
        """The violations that an entry names."""
        return tuple(result for result, _ in self.waived)

    def place(self, finding: Finding) -> str:
        return self.file if finding.line is None else f"{self.file}:{finding.line}"


def compare(record: Record, baseline: Baseline, today: datetime.date, *, complete: bool = False) -> Comparison:
    """Sorts violations and entries.

    An entry is judged only by a run made with the entry's own settings that decided its three names; with
    `complete` (a run over all main scenarios that was asked for everything) an entry of one of these scenarios is stale
    too if its attacker or property was not decided, since it does not apply there.

    A violation that a weaker attacker's implies is known if that one is, since it is the same attack; of an entry for
    another attack in its place such a run says nothing.
    """
    new: list[Result] = []
    waived: list[tuple[Result, Finding]] = []
    for result in record.results:
        if result.verdict is not Verdict.VIOLATED:
            continue
        attacks = [result, replace(result, attacker=result.settled_by)] if result.settled_by else [result]
        entry = next((each for each in baseline.findings if any(_names(each, a, record) for a in attacks)), None)
        if entry is not None and decided(result):
            waived.append((result, entry))
        else:
            new.append(result)
    used = {id(entry): entry for _, entry in waived}
    void: list[tuple[Finding, Result]] = []
    stale: list[Finding] = []
    unjudged: list[Finding] = []
    whole = {*SHIPPED, *(result.scenario for result in record.results)} if complete else set[str]()
    for entry in baseline.findings:
        if id(entry) in used:
            continue
        covered = [result for result in record.results if entry.covers(result, record)]
        barred = next((result for result in covered if not decided(result)), None)
        comparable = not record.partial and dict(entry.settings) == dict(record.settings)
        looked = bool(covered) or (entry.scenario in whole and not entry.without)
        comparable &= not any(each.settled_by and each.verdict is Verdict.VIOLATED for each in covered)
        if barred is not None:
            void.append((entry, barred))
        else:
            (stale if comparable and looked else unjudged).append(entry)
    expired = [entry for entry in used.values() if entry.expires is not None and entry.expires < today]
    return Comparison(
        tuple(new), tuple(waived), tuple(void), tuple(stale), tuple(expired), tuple(unjudged), baseline.file
    )


def _names(entry: Finding, result: Result, record: Record) -> bool:
    return entry.covers(result, record) and entry.fingerprint == result.fingerprint


def exit_code(record: Record, comparison: Comparison) -> ExitCode:
    """How a finished run ends, by what it found and what of that the baseline knows."""
    codes = [ExitCode.AS_EXPECTED]
    codes += [ExitCode.NOT_TRUSTWORTHY for result in record.results if not trustworthy(result)]
    codes += [ExitCode.INCONCLUSIVE for result in record.results if inconclusive(result)]
    codes += [ExitCode.NEW_VIOLATION for _ in comparison.new]
    codes += [ExitCode.STALE_BASELINE for _ in (*comparison.stale, *comparison.expired)]
    return gravest(codes)


def trustworthy(result: Result) -> bool:
    """False if the property was never put to the test, or the violation was not borne out on real packets.

    What a limit cut says nothing of its witness: nobody looked for it to the end.
    """
    if result.verdict is Verdict.VIOLATED:
        return result.replay is not None and result.replay.outcome is not Replay.DIVERGED
    if inconclusive(result):
        return True
    return result.verdict is not Verdict.VACUOUS and (result.witness is None or result.witness.found)


def inconclusive(result: Result) -> bool:
    """True if a limit stands between the result and a decision."""
    return result.verdict in (Verdict.UNDECIDED, Verdict.HOLDS_TO_BOUND)


def decided(result: Result) -> bool:
    """True if the result says whether its violation is there: what it says may be relied on, and waived."""
    return trustworthy(result) and not inconclusive(result)


def load_baseline(path: Path) -> Baseline:
    """The baseline in `path`. Raises UsageError naming file, line and what would be right."""
    text = read_text(path, "a baseline")
    try:
        stored, where = tomllib.loads(text), layout(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, at = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", at)
        place = f":{line[1]}" if line else ""
        raise UsageError(f"{path}{place}: not TOML: {problem[:1].lower()}{problem[1:]}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: not a baseline: the TOML is nested too deeply") from error
    except ValueError as error:  # an integer of thousands of digits
        raise UsageError(f"{path}: not a baseline: {error}") from error
    except TOMLKitError as error:
        raise UsageError(f"{path}: not a baseline: {error}") from error
    for name in stored:
        if name != "finding":
            place = f"{path}:{where.names[name]}"
            raise UsageError(f"{place}: there is no table {name!r} here; entries begin with [[finding]]")
    entries = stored.get("finding", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}:{where.names['finding']}: a finding begins with [[finding]] in double brackets")
    places = where.entries if len(where.entries) == len(entries) else (None,) * len(entries)
    return Baseline(str(path), tuple(_findings(path, entries, places)))


def _findings(path: Path, entries: list[dict[str, Any]], places: Sequence[Entry | None]) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], int | None] = {}
    for number, (entry, stands) in enumerate(zip(entries, places, strict=True), start=1):
        problem = _problem(entry)
        if problem is not None:
            key, sentence = problem
            place = f"{path}:{stands.keys.get(key, stands.first)}" if stands else f"{path}: finding {number}"
            raise UsageError(f"{place}: {sentence}")
        line = stands.first if stands else None
        finding = Finding(
            **{key: entry[key] for key in REQUIRED},
            expires=entry.get("expires"),
            settings=dict(entry.get("settings", {})),
            without=tuple(entry.get("without", ())),
            line=line,
        )
        identity = (
            *finding.names(),
            finding.fingerprint,
            tuple(sorted(finding.settings.items())),
            finding.without,
        )
        if identity in seen:
            raise UsageError(f"{path}:{line}: the same finding stands already at line {seen[identity]}")
        seen[identity] = line
        yield finding


def _problem(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first fault of an entry as (key it concerns, sentence), or None."""
    for key in entry:
        if key not in (*REQUIRED, *OPTIONAL):
            near = difflib.get_close_matches(key, (*REQUIRED, *OPTIONAL), 1)
            hint = f"did you mean {near[0]!r}?" if near else "keys are " + ", ".join((*REQUIRED, *OPTIONAL))
            return key, f"a finding has no key {key!r}; {hint}"
    for key in REQUIRED:
        if key not in entry:
            return key, f'this finding lacks {key!r}; add {key} = "..."'
        if not isinstance(entry[key], str) or not entry[key].strip():
            return key, f"{key!r} must be a text that is not empty"
    if not re.fullmatch(r"[0-9a-f]{12}", entry["fingerprint"]):
        return "fingerprint", "'fingerprint' must be 12 hexadecimal digits, as `pmicheck verify` prints them"
    expires = entry.get("expires")
    if expires is not None and type(expires) is not datetime.date:
        return "expires", "'expires' must be a date without quotes and time, as in expires = 2031-12-31"
    settings = entry.get("settings", {})
    if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
        return "settings", "'settings' must be a table of readings, as in settings = { key_owner = \"pma\" }"
    without = entry.get("without", [])
    if not isinstance(without, list) or not all(isinstance(name, str) for name in without):
        return "without", "'without' must be a list of mechanisms, as in without = [\"mac\"]"
    return None


def render(record: Record, reasons: Mapping[str, str], keep: Baseline | None = None) -> str:
    """The baseline that knows every violation of `record`.

    `reasons` maps fingerprints to reasons; the scenario file's argument stands in where it is silent. Of
    `keep` the reasons, citations and dates survive, and the entries of which the record says nothing. An
    entry without a reason gets an empty one: `load_baseline` refuses it until somebody has filled it in.
    """
    kept = keep or Baseline()
    judged = [result for result in record.results if decided(result)]
    findings = [entry for entry in kept.findings if not any(entry.covers(each, record) for each in judged)]
    for result in record.results:
        if result.verdict is not Verdict.VIOLATED or not decided(result):
            continue
        old = next((entry for entry in kept.findings if _names(entry, result, record)), None)
        reason = reasons.get(result.fingerprint) or (old.reason if old else "") or result.argument
        findings.append(
            Finding(
                *result.names(),
                fingerprint=result.fingerprint,
                reason=reason,
                cite=old.cite if old else _cite(result),
                expires=old.expires if old else None,
                settings=old.settings if old else record.settings,
                without=result.without,
            )
        )
    findings = list({(entry.names(), entry.fingerprint, entry.without): entry for entry in findings}.values())
    entries = ("\n[[finding]]\n" + tomlkit.dumps(_table(entry)) for entry in sorted(findings, key=_order))
    return HEADING + "".join(entries)


def _order(entry: Finding) -> tuple[object, ...]:
    return (*entry.names(), entry.fingerprint, sorted(entry.settings.items()), entry.without)


def _cite(result: Result) -> str:
    """The sentence that lets the attack in: the one behind the last step."""
    steps = result.trace.steps if result.trace else ()
    cited = [step for step in steps if step.section or step.statements]
    decisive = [step for step in cited if step.attacker] or cited
    return citation(decisive[-1]) if decisive else "no section"


def _table(entry: Finding) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key in (*REQUIRED, *OPTIONAL):
        value = getattr(entry, key)
        if key == "settings" and value:
            table[key] = tomlkit.inline_table()
            table[key].update(sorted(value.items()))
        elif value or key in REQUIRED:
            table[key] = list(value) if isinstance(value, tuple) else value
    return table
