"""Verdict tables and summaries as text: pure functions on a record, the same lines with and without colour.

Nothing here depends on the clock, the machine or the kernel, except the one-line `summary` and `grounding`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pmicheck.report.gate.baseline import Comparison, Finding, inconclusive, trustworthy
from pmicheck.report.record.record import Record, Result
from pmicheck.report.text.layout import Block, Part, Title, plain, tables, wrap
from pmicheck.report.words.groups import Group, groups, silent_rules, unexpected
from pmicheck.report.words.narration import stopped
from pmicheck.trace import Trace
from pmicheck.verdict import DECIDED, Replay, Verdict

LEGEND = (
    "Marks: + confirmed on real packets, ! diverged there, ? not replayed, = nothing to replay, "
    "* not what the scenario file expects; - does not apply or was not asked."
)
SETTLED = "~ marks a verdict that another attacker's implies; it took no run of its own."


def verdicts(record: Record, *, width: int = 80) -> str:
    """All tables of `record`, each with its bounds and with what was not checked, then marks and readings."""
    return plain(verdict_parts(record, width=width))


def verdict_parts(record: Record, *, width: int = 80) -> list[Part]:
    """The same, in parts that a terminal can colour."""
    parts: list[Part] = []
    for group in groups(record):
        parts.append(Title(_paragraph(wrap(group.title, width))))
        for block in _blocks(group.results, width):
            parts += [block, "\n"]
        parts.append(_paragraph([*_notes(group, width), ""]))
    if not parts:
        parts.append("Nothing was decided.\n\n")
    legend = f"{LEGEND} {SETTLED}" if any(result.settled_by for result in record.results) else LEGEND
    lines = wrap(legend, width) + _readings(record, width)
    lines += wrap("Beyond the bounds named under each table nothing was checked.", width)
    if record.partial:
        lines += wrap("PARTIAL: the run was interrupted; what is missing above was not decided.", width)
    return [*parts, _paragraph(lines)]


def _paragraph(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def findings(record: Record, *, width: int = 80) -> str:
    """Every violation of `record` in one line or two: fingerprint, names, length, conclusion."""
    lines: list[str] = []
    for result in record.results:
        if result.verdict is Verdict.VIOLATED:
            lines += _finding(result, width)
    return "\n".join(lines) + "\n" if lines else ""


def summary(record: Record, comparison: Comparison | None = None) -> str:
    """One line: how many of each verdict, replays, states, seconds; with a baseline, how many violations are new."""
    counts = Counter(result.verdict for result in record.results)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]] or ["nothing decided"]
    if comparison is not None and comparison.baseline_given and counts[Verdict.VIOLATED]:
        at = list(Verdict).index(Verdict.VIOLATED)
        parts[at] += f" ({len(comparison.new)} new, {len(comparison.known)} known)"
    replays = Counter(result.replay.outcome for result in record.results if result.replay is not None)
    parts += [f"{replays[outcome]} {outcome}" for outcome in (Replay.CONFIRMED, Replay.DIVERGED) if replays[outcome]]
    states = sum(each.states for each in record.explorations)
    tail = f"{states:,} states, {record.seconds:.1f} s" + (", interrupted" if record.partial else "")
    reductions = sorted({name for each in record.explorations for name in each.reductions})
    tail += f" (reduced by {' and '.join(reductions)})" if reductions else ""
    return f"{', '.join(parts)}; {tail}\n"


def grounding(record: Record) -> str:
    """One line: what grounding took of the work, and how much of it an earlier run had done; empty if nothing ran."""
    whole = sum(stage.seconds for stage in record.stages.values())
    ground = sum(record.stages[name].seconds for name in ("grounding", "cache") if name in record.stages)
    if not record.explorations or not whole:
        return ""
    kept = sum("cache" in each.stages for each in record.explorations)
    systems = f"{kept} of {len(record.explorations)} systems from the cache"
    return f"grounding {ground:.1f} s of {whole:.1f} s ({ground / whole:.0%}), {systems}\n"


def second_opinion(record: Record) -> str:
    """One line: how many searches a second explorer confirmed, and why it was not asked about the others."""
    seconded, searches = sum(each.seconded for each in record.explorations), len(record.explorations)
    others = "" if seconded == searches else "; not asked about the others: cut by a limit, or too many states"
    return f"a second explorer found the same in {seconded} of {searches} searches{others}\n"


def differences(comparison: Comparison, *, width: int = 80) -> str:
    """What a run and its baseline do not agree on, or all violations without one, and what to do; "" if nothing."""
    lines: list[str] = []
    if comparison.new:
        lines.append("New violations:" if comparison.baseline_given else "Violations:")
        for result in comparison.new:
            lines += _finding(result, width)
        lines += wrap("`pmicheck explain FINGERPRINT` tells one of them in full.", width)
    for finding, result in comparison.void:
        lines += _told(comparison, finding, f"waives nothing, as no entry can: {_doubt(result)}", width)
    for finding in comparison.stale:
        lines += _told(comparison, finding, "stale: this finding was looked for and is gone; remove the entry", width)
    for finding in comparison.expired:
        when = f"expired on {finding.expires}: this finding is still there; mend it, or argue it again"
        lines += _told(comparison, finding, when, width)
    if comparison.unjudged:
        count = len(comparison.unjudged)
        entries = "1 baseline entry was" if count == 1 else f"{count} baseline entries were"
        lines += wrap(f"{entries} not looked at, since this run did not ask for what they name.", width)
    return "\n".join(lines) + "\n" if lines else ""


def _told(comparison: Comparison, finding: Finding, sentence: str, width: int) -> list[str]:
    names = "/".join(finding.names())
    return wrap(f"{comparison.place(finding)}: {sentence} ({names} {finding.fingerprint}).", width, rest="  ")


def _doubt(result: Result) -> str:
    """Why nothing can be said of the violation that a result is about."""
    if result.verdict is Verdict.VIOLATED:
        return "the trace diverged on real packets" if result.replay else "the trace was not replayed"
    if inconclusive(result) or result.verdict is Verdict.VACUOUS:
        return f"the verdict is {result.verdict}"
    return "the witness was not found"


def _blocks(results: Sequence[Result], width: int) -> Iterator[Block]:
    """Rows are properties, columns attackers."""
    properties = list(dict.fromkeys(result.property for result in results))
    attackers = list(dict.fromkeys(result.attacker for result in results))
    return tables(properties, attackers, {(each.property, each.attacker): _cell(each) for each in results}, width)


def _cell(result: Result) -> str:
    mark = ""
    if result.verdict is Verdict.VIOLATED:
        outcome = result.replay.outcome if result.replay else None
        mark = {Replay.CONFIRMED: "+", Replay.DIVERGED: "!", Replay.NOT_APPLICABLE: "=", None: "?"}[outcome]
    return f"{result.verdict}{mark}" + ("*" if unexpected(result) else "") + ("~" if result.settled_by else "")


def _notes(group: Group, width: int) -> list[str]:
    """What stands under a table: bounds, what was not checked, which rules never fired."""
    lines: list[str] = []
    for bound in dict.fromkeys(result.bounds for result in group.results if result.bounds):
        lines += _note("Bounds", stopped(bound), width)
    lines += _listed("Cut by a limit", group, (Verdict.HOLDS_TO_BOUND, Verdict.UNDECIDED), width)
    lines += _listed("Vacuous", group, (Verdict.VACUOUS,), width)
    bad = [each for each in group.results if not trustworthy(each) and each.verdict is not Verdict.VACUOUS]
    if bad:
        lines += _note("Not to be trusted", _pairs(bad), width)
    lines += _settled(group, width)
    alone = [each for each in group.results if each.verdict is Verdict.VIOLATED and each.needs_attacker is False]
    if alone:
        lines += _note("No attacker needed", _pairs(alone), width)
    odd = [each for each in group.results if unexpected(each)]
    if odd:
        told = (f"{_pair(each)} ({each.verdict}, expected {each.expected})" for each in odd)
        lines += _note("Not as expected", ", ".join(told) + ".", width)
    decided = [each.attacker for each in group.explorations if each.stopped_by == DECIDED]
    if decided:
        lines += _note("Searched until all was violated", ", ".join(decided) + ".", width)
    unfinished = [each.attacker for each in group.explorations if each.cut]
    if unfinished:
        lines += _note("Not explored to the end", ", ".join(unfinished) + ".", width)
    return lines + _coverage(group, width)


def _settled(group: Group, width: int) -> list[str]:
    """Which verdicts took no run, and whose verdicts imply them."""
    lines: list[str] = []
    for attacker in dict.fromkeys(each.settled_by for each in group.results if each.settled_by):
        implied = [each for each in group.results if each.settled_by == attacker]
        lines += _note(f"Settled by {attacker}", _pairs(implied), width)
    return lines


def _listed(label: str, group: Group, kinds: tuple[Verdict, ...], width: int) -> list[str]:
    hits = [each for each in group.results if each.verdict in kinds]
    return _note(label, _pairs(hits), width) if hits else []


def _coverage(group: Group, width: int) -> list[str]:
    """The rules that fired under no attacker, each with the reason, and how many fired under some only."""
    never, some = silent_rules(group)
    lines: list[str] = []
    for rule, reason in never.items():
        lines += _note(f"Rule never fired: {rule}", stopped(reason or "NOT ARGUED"), width)
    if some:
        lines += _note("Rules that fire under some attackers only", f"{some}.", width)
    return lines


def _pair(result: Result) -> str:
    return f"{result.property} under {result.attacker}"


def _pairs(results: Sequence[Result]) -> str:
    """The properties of `results`, each with its attackers."""
    under: dict[str, list[str]] = {}
    for result in results:
        under.setdefault(result.property, []).append(result.attacker)
    return "; ".join(f"{name} under {', '.join(attackers)}" for name, attackers in under.items()) + "."


def _finding(result: Result, width: int) -> list[str]:
    steps = f", {len(result.trace.steps)} steps{_no_return(result.trace)}" if result.trace else ""
    outcome = f", {result.replay.outcome}" if result.replay else ", not replayed"
    conclusion = f": {stopped(result.trace.conclusion)}" if result.trace and result.trace.conclusion else ""
    text = f"{result.fingerprint}  {'/'.join(result.names())}{steps}{outcome}{conclusion}"
    return wrap(text, width, first="  ", rest="    ")


def _no_return(trace: Trace) -> str:
    """The step after which no honest node can prevent the violation, if one is known."""
    if trace.no_return is None or trace.waits:
        return ""
    return f" (no return after {trace.no_return})" if trace.no_return else " (no return from the beginning)"


def _readings(record: Record, width: int) -> list[str]:
    """The readings in force; those that differ between tables stand in the titles."""
    values: dict[str, set[str]] = {}
    for result in record.results:
        for name, value in result.readings.items():
            values.setdefault(name, set()).add(value)
    pairs = ", ".join(f"{name}={'|'.join(sorted(values[name]))}" for name in sorted(values))
    return _note("Readings", pairs + ".", width) if pairs else []


def _note(label: str, text: str, width: int) -> list[str]:
    return wrap(f"{label}: {text}", width, rest="  ")
