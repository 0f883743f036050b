"""Verdict tables and summaries as text: pure functions on a record, the same lines with and without colour.

Nothing here depends on the clock, the machine or the kernel, except the one-line `summary`.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from pmicheck.report.baseline import Comparison, trustworthy
from pmicheck.report.narration import narrate, stopped, tell
from pmicheck.report.record import Exploration, Record, Result, fingerprint
from pmicheck.trace import Trace
from pmicheck.verdict import Replay, Verdict

__all__ = ["differences", "findings", "narrate", "show", "summary", "tell", "verdicts"]

CELL = 10
GAP = 2
LEGEND = (
    "Marks: + confirmed on real packets, ! diverged there, ? not replayed, = nothing to replay, "
    "* not what the scenario file expects; - does not apply or was not asked."
)
STYLES = {
    "violated": "bold red",
    "holds": "green",
    "proved": "green",
    "holds-to": "yellow",
    "bound": "yellow",
    "vacuous": "bold yellow",
    "undecided": "bold yellow",
}


@dataclass(frozen=True)
class Group:
    """The results of one table: one scenario under one set of readings and mechanisms."""

    title: str
    results: tuple[Result, ...]
    explorations: tuple[Exploration, ...]


def verdicts(record: Record, *, width: int = 80) -> str:
    """All tables of `record`, each with its bounds and with what was not checked, then marks and readings."""
    groups = _groups(record)
    lines: list[str] = []
    for group in groups:
        lines += _wrap(group.title, width)
        lines += _table(group.results, width)
        lines += _notes(group, width)
        lines.append("")
    if not groups:
        lines += ["Nothing was decided.", ""]
    lines += _wrap(LEGEND, width)
    lines += _readings(record, width)
    lines += _wrap("Beyond the bounds named under each table nothing was checked.", width)
    if record.partial:
        lines += _wrap("PARTIAL: the run was interrupted; what is missing above was not decided.", width)
    return "\n".join(lines) + "\n"


def findings(record: Record, *, width: int = 80) -> str:
    """Every violation of `record` in one line or two: fingerprint, names, length, conclusion."""
    lines: list[str] = []
    for result in record.results:
        if result.verdict is Verdict.VIOLATED:
            lines += _finding(result, width)
    return "\n".join(lines) + "\n" if lines else ""


def summary(record: Record, comparison: Comparison | None = None) -> str:
    """One line: how many of each verdict, new and known violations, replays, states, seconds."""
    counts = Counter(result.verdict for result in record.results)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]] or ["nothing decided"]
    if comparison is not None and counts[Verdict.VIOLATED]:
        at = list(Verdict).index(Verdict.VIOLATED)
        parts[at] += f" ({len(comparison.new)} new, {len(comparison.known)} known)"
    replays = Counter(result.replay.outcome for result in record.results if result.replay is not None)
    parts += [f"{replays[outcome]} {outcome}" for outcome in (Replay.CONFIRMED, Replay.DIVERGED) if replays[outcome]]
    states = sum(each.states for each in record.explorations)
    tail = f"{states:,} states, {record.seconds:.1f} s" + (", interrupted" if record.partial else "")
    return f"{', '.join(parts)}; {tail}\n"


def differences(comparison: Comparison, *, width: int = 80, baseline: bool = True) -> str:
    """What a run and its baseline do not agree on, and what to do about it; "" if they agree."""
    lines: list[str] = []
    if comparison.new:
        lines.append("New violations:" if baseline else "Violations (no baseline was given):")
        for result in comparison.new:
            lines += _finding(result, width)
        lines += _wrap("`pmicheck explain FINGERPRINT` tells one of them in full.", width)
    for finding in comparison.stale:
        names = "/".join(finding.names())
        lines += _wrap(
            f"{comparison.place(finding)}: stale: {names} {finding.fingerprint} is no longer found; remove the entry.",
            width,
        )
    for finding in comparison.expired:
        names = "/".join(finding.names())
        lines += _wrap(
            f"{comparison.place(finding)}: expired on {finding.expires}: {names} {finding.fingerprint}; "
            "fix it, or argue it again.",
            width,
        )
    if comparison.unjudged:
        count = len(comparison.unjudged)
        entries = "1 baseline entry was" if count == 1 else f"{count} baseline entries were"
        lines += _wrap(f"{entries} not looked at, since this run did not ask for what they name.", width)
    return "\n".join(lines) + "\n" if lines else ""


def show(text: str, stream: TextIO, *, width: int) -> None:
    """Writes `text` to `stream`, with the verdicts coloured by rich if it is a terminal without NO_COLOR."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        stream.write(text)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, width=width, soft_wrap=True)
    coloured = Text(text, end="")
    for word, style in STYLES.items():
        coloured.highlight_regex(rf"(?<=  ){word}(?![a-z])", style)
    coloured.highlight_regex(r"(?m)^(violated|confirmed|DIVERGED|stale|expired|New violations).*?:", "bold")
    console.print(coloured, end="")


def _groups(record: Record) -> list[Group]:
    """The tables of the record in order of first appearance."""
    keys: dict[tuple[object, ...], list[Result]] = {}
    for result in record.results:
        keys.setdefault(_key(result), []).append(result)
    varying = _varying([results[0] for results in keys.values()])
    groups = []
    for key, results in keys.items():
        first = results[0]
        names = sorted({name for scenario, name in varying if scenario == first.scenario} | set(record.settings))
        chosen = {**record.bounds.get(first.scenario, {}), **first.readings}
        marks = [f"{name}={chosen[name]}" for name in names if name in chosen]
        marks += [f"without {name}" for name in first.without]
        title = f"{first.scenario} ({', '.join(marks)})" if marks else first.scenario
        explorations = tuple(each for each in record.explorations if _key(each) == key)
        groups.append(Group(title, tuple(results), explorations))
    return groups


def _key(each: Result | Exploration) -> tuple[object, ...]:
    return each.scenario, tuple(sorted(each.readings.items())), each.without


def _varying(results: Sequence[Result]) -> set[tuple[str, str]]:
    """The (scenario, reading) pairs that have more than one value among the tables."""
    seen: dict[tuple[str, str], set[str]] = {}
    for result in results:
        for name, value in result.readings.items():
            seen.setdefault((result.scenario, name), set()).add(value)
    return {pair for pair, values in seen.items() if len(values) > 1}


def _table(results: Sequence[Result], width: int) -> list[str]:
    """Rows are properties, columns attackers; as many blocks one below the other as the width asks for."""
    properties = list(dict.fromkeys(result.property for result in results))
    attackers = list(dict.fromkeys(result.attacker for result in results))
    cells = {(result.property, result.attacker): _cell(result) for result in results}
    label = max(len(name) for name in properties)
    if width < label + 3 * (CELL + GAP):
        label = max(len(part) for name in properties for part in _folded(name, 20))
    heads = {name: _folded(name, CELL) for name in attackers}
    wide = {name: max(CELL, *(len(part) for part in heads[name])) for name in attackers}
    lines: list[str] = []
    for block in _blocks(attackers, wide, width - label):
        depth = max(len(heads[name]) for name in block)
        for row in range(-depth, 0):
            texts = [_part(heads[name], row + len(heads[name])) for name in block]
            lines.append(_row("", label, texts, [wide[name] for name in block]))
        lines.append("-" * (label + sum(wide[name] + GAP for name in block)))
        for name in properties:
            columns = [_folded(cells.get((name, attacker), "-"), CELL) for attacker in block]
            left = _folded(name, label)
            for row in range(max(len(left), *(len(column) for column in columns))):
                texts = [_part(column, row) for column in columns]
                lines.append(_row(_part(left, row), label, texts, [wide[name] for name in block]))
        lines.append("")
    return lines


def _blocks(names: Sequence[str], wide: dict[str, int], room: int) -> Iterable[list[str]]:
    """`names` cut into runs whose columns fit into `room`, each of about the same length."""
    runs: list[list[str]] = [[]]
    used = 0
    for name in names:
        if runs[-1] and used + wide[name] + GAP > room:
            runs.append([])
            used = 0
        runs[-1].append(name)
        used += wide[name] + GAP
    even = -(-len(names) // len(runs))
    levelled = [list(names[at : at + even]) for at in range(0, len(names), even)]
    fits = all(sum(wide[name] + GAP for name in run) <= room for run in levelled)
    return levelled if fits else runs


def _row(left: str, label: int, texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = "".join(" " * GAP + text.ljust(room) for text, room in zip(texts, widths, strict=True))
    return (left.ljust(label) + cells).rstrip()


def _part(parts: Sequence[str], at: int) -> str:
    return parts[at] if 0 <= at < len(parts) else ""


def _folded(name: str, width: int) -> list[str]:
    """`name` broken after hyphens, plus signs and spaces so that each part fits, if it can be."""
    pieces = name.replace("-", "-\0").replace("+", "+\0").replace(" ", " \0").split("\0")
    parts = [""]
    for piece in pieces:
        if parts[-1] and len(parts[-1]) + len(piece.rstrip()) > width:
            parts.append("")
        parts[-1] += piece
    return [part.rstrip() for part in parts if part.strip()] or ["-"]


def _cell(result: Result) -> str:
    mark = ""
    if result.verdict is Verdict.VIOLATED:
        outcome = result.replay.outcome if result.replay else None
        mark = {Replay.CONFIRMED: "+", Replay.DIVERGED: "!", Replay.NOT_APPLICABLE: "=", None: "?"}[outcome]
    return f"{result.verdict}{mark}" + ("*" if _unexpected(result) else "")


def _unexpected(result: Result) -> bool:
    return result.expected not in ("", result.verdict)


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
    alone = [each for each in group.results if each.verdict is Verdict.VIOLATED and each.needs_attacker is False]
    if alone:
        lines += _note("No attacker needed", _pairs(alone), width)
    odd = [each for each in group.results if _unexpected(each)]
    if odd:
        told = (f"{_pair(each)} ({each.verdict}, expected {each.expected})" for each in odd)
        lines += _note("Not as expected", ", ".join(told) + ".", width)
    unfinished = [each.attacker for each in group.explorations if not each.complete]
    if unfinished:
        lines += _note("Not explored to the end", ", ".join(unfinished) + ".", width)
    return lines + _coverage(group, width)


def _listed(label: str, group: Group, kinds: tuple[Verdict, ...], width: int) -> list[str]:
    hits = [each for each in group.results if each.verdict in kinds]
    return _note(label, _pairs(hits), width) if hits else []


def _coverage(group: Group, width: int) -> list[str]:
    """The rules that fired under no attacker, each with the reason, and how many fired under some only."""
    if not group.explorations:
        return []
    silent = [{each.rule for each in search.uncovered} for search in group.explorations]
    never, ever = set.intersection(*silent), set.union(*silent)
    reasons: dict[str, str] = {}
    for search in group.explorations:
        for each in search.uncovered:
            reasons[each.rule] = reasons.get(each.rule) or each.reason
    lines: list[str] = []
    for rule in sorted(never):
        lines += _note(f"Rule never fired: {rule}", stopped(reasons[rule] or "NOT ARGUED"), width)
    if ever - never:
        lines += _note("Rules that fire under some attackers only", f"{len(ever - never)}.", width)
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
    text = f"{fingerprint(result)}  {'/'.join(result.names())}{steps}{outcome}{conclusion}"
    return _wrap(text, width, first="  ", rest="    ")


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
    return _wrap(f"{label}: {text}", width, rest="  ")


def _wrap(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
