"""A summary in GitHub Flavored Markdown: for `$GITHUB_STEP_SUMMARY`, or as a comment on a pull request.

It stays below the 1 MiB that GitHub takes of a step; what does not fit is left out line by line, the least important
sections first to lose, and a sentence says so. (A comment takes 65,536 characters: enough where a baseline knows most.)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pmicheck.report.ci.locations import relative
from pmicheck.report.ci.standing import Judged, Standing, caveat, judge, replayed, story
from pmicheck.report.gate.baseline import Comparison, exit_code
from pmicheck.report.gate.baseline import Finding as Entry
from pmicheck.report.record.record import Record
from pmicheck.report.words.characters import one_line
from pmicheck.report.words.narration import stopped
from pmicheck.verdict import ExitCode

LIMIT = 1_000_000
"""Octets; GitHub's limit is 1,048,576."""

LONGEST_SENTENCE = 1000
CUT = "*The rest is left out, since GitHub shows no more than 1 MiB: {count} lines. The record has them all.*"
WORDS = {
    ExitCode.AS_EXPECTED: "passed",
    ExitCode.NEW_VIOLATION: "failed: new violations",
    ExitCode.INCONCLUSIVE: "not conclusive",
    ExitCode.NOT_TRUSTWORTHY: "not trustworthy",
    ExitCode.STALE_BASELINE: "failed: the baseline is out of date",
}
COLUMNS = {
    Standing.NEW: "new",
    Standing.VIOLATED: "violated",
    Standing.KNOWN: "known",
    Standing.EXPIRED: "expired",
    Standing.GOOD: "holds",
    Standing.PROVED: "proved",
    Standing.INCONCLUSIVE: "inconclusive",
    Standing.UNTRUSTED: "not trustworthy",
}


@dataclass(frozen=True)
class Section:
    """Text that stands or falls together, then lines of which the last ones may be missing, then what closes it."""

    head: str
    lines: tuple[str, ...] = ()
    foot: str = ""


def summary(record: Record, comparison: Comparison) -> str:
    """The whole text; `comparison` is of this record."""
    judged = judge(record, comparison)
    return _fitted([each for each in _sections(record, comparison, judged) if each is not None])


def _sections(record: Record, comparison: Comparison, judged: Sequence[Judged]) -> Iterator[Section | None]:
    of = {
        standing: sorted((each for each in judged if each.standing is standing), key=lambda each: each.gravity)
        for standing in Standing
    }
    yield Section(f"## pmicheck: {_outcome(record, comparison)}\n\n{_counts(judged, comparison)}\n")
    yield _table(judged)
    yield _listed("Not to be trusted", of[Standing.UNTRUSTED])
    yield _listed("New violations", of[Standing.NEW])
    yield _listed("Violations", of[Standing.VIOLATED])
    yield _listed("Not decided", of[Standing.INCONCLUSIVE])
    yield _entries("Expired baseline entries", comparison, comparison.expired, "mend the finding or argue it again")
    yield _entries("Stale baseline entries", comparison, comparison.stale, "no longer found; remove the entry")
    void = tuple(entry for entry, _ in comparison.void)
    yield _entries("Baseline entries that waive nothing", comparison, void, "what they name is not decided")
    yield _bounds(record)
    yield _known(comparison, of[Standing.KNOWN])


def _fitted(sections: Sequence[Section]) -> str:
    """The sections, as many lines of them as fit; all heads and feet fit in any case."""
    room = LIMIT - len(CUT) - 20 - sum(_octets(each.head) + _octets(each.foot) + 2 for each in sections)
    parts, missing = [], 0
    for each in sections:
        taken = []
        for line in each.lines:
            room -= _octets(line) + 1
            if room < 0:
                break
            taken.append(line + "\n")
        missing += len(each.lines) - len(taken)
        parts.append(each.head + "".join(taken) + each.foot)
    if missing:
        parts.append(CUT.format(count=f"{missing:,}") + "\n")
    return "\n".join(parts)


def _octets(text: str) -> int:
    return len(text.encode())


def _outcome(record: Record, comparison: Comparison) -> str:
    code = exit_code(record, comparison)
    alone = code is ExitCode.NEW_VIOLATION and not comparison.baseline_given
    word = "failed: violations" if alone else WORDS[code]
    return f"interrupted, and {word} as far as it went" if record.partial else word


def _counts(judged: Sequence[Judged], comparison: Comparison) -> str:
    counts = Counter(each.standing for each in judged)
    parts = [f"{counts[standing]} {word}" for standing, word in COLUMNS.items() if counts[standing]]
    entries = len(comparison.stale) + len(comparison.expired)
    parts += [f"{_number(entries, 'baseline entr', 'y', 'ies')} to deal with"] if entries else []
    unjudged = len(comparison.unjudged)
    parts += [f"{_number(unjudged, 'baseline entr', 'y', 'ies')} not looked at"] if unjudged else []
    return f"Of {len(judged)} verdicts: {', '.join(parts)}." if judged else "Nothing was decided."


def _number(count: int, word: str, one: str = "", more: str = "s") -> str:
    return f"{count:,} {word}{one if count == 1 else more}"


def _table(judged: Sequence[Judged]) -> Section | None:
    """Scenarios against standings; columns that are empty everywhere are left out."""
    counts: dict[str, Counter[Standing]] = {}
    for each in judged:
        counts.setdefault(each.result.scenario, Counter())[each.standing] += 1
    columns = [standing for standing in COLUMNS if any(row[standing] for row in counts.values())]
    heads = ["scenario", *(COLUMNS[standing] for standing in columns)]
    head = f"| {' | '.join(heads)} |\n|---{'|--:' * len(columns)}|\n"
    rows = [_row(_code(name), *(str(row[each] or "") for each in columns)) for name, row in counts.items()]
    return Section(head, tuple(rows)) if judged else None


def _listed(title: str, found: Sequence[Judged]) -> Section | None:
    lines = tuple(f"- {_told(each)}" for each in found)
    return Section(f"### {title} ({len(found)})\n\n", lines) if found else None


def _told(judged: Judged) -> str:
    """The story, then what one needs to look further."""
    result = judged.result
    facts = [f"{_code(result.property)} under {_code(result.attacker)}"]
    facts += [_code(judged.which)] if judged.which else []
    if result.trace is not None:
        facts += [_number(len(result.trace.steps), "step"), f"replay: {replayed(result)}"]
    conclusion = stopped(result.trace.conclusion) if result.trace else ""
    says = " ".join(part for part in (f"**{_text(story(judged))}**", _text(caveat(result)), _text(conclusion)) if part)
    return f"{says}<br>{', '.join(facts)}; <code>pmicheck explain {result.fingerprint}</code>"


def _entries(title: str, comparison: Comparison, entries: Sequence[Entry], what: str) -> Section | None:
    lines = tuple(
        f"- {_code(_place(comparison, each))}: {_code('/'.join(each.names()))} {_code(each.fingerprint)}"
        f"{f' counted until {each.expires}' if each.expires else ''}: {what}"
        for each in entries
    )
    return Section(f"### {title} ({len(entries)})\n\n", lines) if entries else None


def _known(comparison: Comparison, found: Sequence[Judged]) -> Section | None:
    head = "| scenario | attacker | property | fingerprint | entry |\n|---|---|---|---|---|\n"
    rows = tuple(
        _row(
            *(_code(name) for name in (*each.result.names()[:2], _question(each))),
            _code(each.result.fingerprint),
            _code(_place(comparison, each.entry)) if each.entry else "",
        )
        for each in found
    )
    title = f"<details><summary>Known violations ({len(found)})</summary>\n\n"
    return Section(title + head, rows, "\n</details>\n") if found else None


def _question(judged: Judged) -> str:
    return f"{judged.result.property}, {judged.which}" if judged.which else judged.result.property


def _bounds(record: Record) -> Section | None:
    """Within what the verdicts hold: each sentence once, with its scenarios."""
    scenarios: dict[str, list[str]] = {}
    for result in record.results:
        if result.bounds and result.scenario not in scenarios.setdefault(result.bounds, []):
            scenarios[result.bounds].append(result.scenario)
    lines = tuple(f"- {_text(stopped(says))} {_codes(names)}" for says, names in scenarios.items())
    return Section("### Bounds\n\nBeyond these nothing was checked.\n\n", lines) if lines else None


def _codes(names: Iterable[str]) -> str:
    return ", ".join(_code(name) for name in names)


def _place(comparison: Comparison, entry: Entry) -> str:
    line = f":{entry.line}" if entry.line is not None else ""
    return f"{relative(comparison.file) or 'the baseline'}{line}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """A name: neither mentions nor references nor links are made inside `code`."""
    return f"<code>{_references(one_line(text))}</code>"


def _text(text: str) -> str:
    """A sentence as text. A comment parts what GitHub would otherwise take for a mention, a reference or a link; what
    begins like an item of a list is none (CommonMark 5.2)."""
    shown = _references(one_line(text, LONGEST_SENTENCE))
    shown = re.sub(r"^(\d*)([-.)])", lambda found: f"{found[1]}&#{ord(found[2])};", shown)
    return re.sub(r"(&#64;|&#35;|&#58;(?=&#47;)|\bwww(?=\.)|\bGH(?=-))", r"\1<!-- -->", shown, flags=re.IGNORECASE)


def _references(text: str) -> str:
    """`text` as character references where it could be structure (CommonMark 2.5: they never are)."""
    return re.sub(r"[^\w\s,.;()'-]", lambda found: f"&#{ord(found[0])};", text).replace("_", "&#95;")
