"""A difference of two records as text, as JSON values and as Markdown for a pull request: pure functions of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape

from pmicheck.report.gate.difference import Cell, Difference, Fired, Setting, Size, Turn
from pmicheck.report.text.layout import wrap
from pmicheck.report.words.characters import one_line
from pmicheck.report.words.narration import stopped

MOST = 100
"""Lines of one list in Markdown: a comment on GitHub holds 65,536 characters."""
OPEN = ("New violations", "Violations that are gone", "Other verdicts that changed")
"""The lists that Markdown does not fold away."""

Quote = Callable[[str], str]
"""Makes what comes from a record fit for a format."""


def as_text(found: Difference, *, width: int = 80) -> str:
    """One list for each kind of difference, then one line that counts; or that there is none."""
    lines: list[str] = []
    for heading, count, entries in _lists(found, _same):
        lines += wrap(f"{heading} ({count}):", width, rest="  ")
        for entry in entries:
            lines += wrap(entry, width, first="  ", rest="    ")
        lines.append("")
    return "\n".join([*lines, *wrap(summary(found), width)]) + "\n"


def as_markdown(found: Difference) -> str:
    """A heading that counts, then one list for each kind of difference; what is long is folded away or cut."""
    lines = [f"### pmicheck: {summary(found).rstrip('.')}", ""]
    for heading, count, entries in _lists(found, _escaped):
        items = [f"- {entry}" for entry in entries[:MOST]]
        if len(entries) > MOST:
            items.append(f"- and {len(entries) - MOST} more; `pmicheck diff` tells them all")
        fold = "<details open>" if heading in OPEN else "<details>"
        lines += [f"{fold}<summary>{heading} ({count})</summary>", "", *items, "", "</details>", ""]
    return "\n".join(lines)


def summary(found: Difference) -> str:
    """One sentence: how many verdicts differ, and how; one more if a record is partial."""
    partial = "".join(f" {name} is of an interrupted run: what it lacks may be anything." for name in found.partial)
    if not found:
        return f"no difference: verdicts, traces, sizes, coverage and bounds are the same.{partial}"
    counts = (
        (len(found.new), "new violation", "new violations"),
        (len(found.gone), "violation gone", "violations gone"),
        (len(found.changed), "other verdict changed", "other verdicts changed"),
        (len(found.retraced), "violation that comes about in another way", "violations that come about in another way"),
    )
    told = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    return (", ".join(told) or "no verdict changed") + f".{partial}"


def _lists(found: Difference, quote: Quote) -> Iterator[tuple[str, int, list[str]]]:
    """Heading, number of things and lines of every list that is not empty, the gravest first."""
    lists = (
        ("New violations", _turns(found.new, quote)),
        ("Violations that are gone", _turns(found.gone, quote)),
        ("Other verdicts that changed", _turns(found.changed, quote)),
        ("Violations that come about in another way", _turns(found.retraced, quote)),
        ("Decided in NEW only", _counted(found.only_new, quote)),
        ("Decided in OLD only", _counted(found.only_old, quote)),
        ("Readings, mechanisms and bounds, OLD to NEW", _settings(found.settings, quote)),
        ("Made by, OLD to NEW", _settings(found.tools, quote)),
        ("Rules that fire in NEW only", _fired(found.newly, quote)),
        ("Rules that fire in OLD only", _fired(found.no_more, quote)),
        ("Sizes, OLD to NEW", [_size(each, quote) for each in found.sizes]),
    )
    yield from ((heading, len(entries), entries) for heading, entries in lists if entries)
    statements = (("Statements cited in NEW only", found.cited), ("Statements cited in OLD only", found.uncited))
    yield from ((heading, len(names), [", ".join(map(quote, names))]) for heading, names in statements if names)


def _turns(turns: Sequence[Turn], quote: Quote) -> list[str]:
    return [_turn(turn, quote) for turn in turns]


def _turn(turn: Turn, quote: Quote) -> str:
    """`place: old -> new, fingerprint: conclusion`, as far as there is any of it."""
    prints = list(dict.fromkeys(each for each in (turn.old_fingerprint, turn.new_fingerprint) if each))
    verdicts = turn.new if turn.old == turn.new else f"{turn.old or 'not decided'} -> {turn.new}"
    told = f"{quote(_place(turn.cell))}: {verdicts}, {' -> '.join(prints)}".rstrip(", ")
    return f"{told}: {quote(stopped(turn.conclusion))}" if turn.conclusion else told


def _counted(turns: Sequence[Turn], quote: Quote) -> list[str]:
    """The verdicts of each exploration, counted: there may be many, and nothing to compare them with."""
    told: dict[Cell, Counter[str]] = {}
    for turn in turns:
        cell = Cell(turn.cell.scenario, turn.cell.attacker, "", turn.cell.readings, turn.cell.without)
        told.setdefault(cell, Counter())[turn.old or turn.new] += 1
    return [
        f"{quote(_place(cell))}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        for cell, counts in told.items()
    ]


def _settings(settings: Sequence[Setting], quote: Quote) -> list[str]:
    return [f"{quote(each.name)}: {quote(each.old or 'none')} -> {quote(each.new or 'none')}" for each in settings]


def _fired(rules: Sequence[Fired], quote: Quote) -> list[str]:
    return [f"{quote(each.rule)}: {', '.join(quote(_place(cell)) for cell in each.cells)}" for each in rules]


def _size(size: Size, quote: Quote) -> str:
    parts = ((size.states, "states"), (size.transitions, "transitions"))
    changed = [f"{old:,} -> {new:,} {what}" for (old, new), what in parts if old != new]
    return f"{quote(_place(size.cell))}: {', '.join(changed)}"


def _place(cell: Cell) -> str:
    names = "/".join(name for name in (cell.scenario, cell.attacker, cell.property) if name)
    marks = [f"{name}={value}" for name, value in cell.readings] + [f"without {name}" for name in cell.without]
    return f"{names} ({', '.join(marks)})" if marks else names


def _same(text: str) -> str:
    return text


def _escaped(text: str) -> str:
    """`text` on one line, with nothing in it that Markdown, HTML or GitHub would take for their own.

    A comment parts what GitHub would turn into a mention, a reference or a link.
    """
    shown = re.sub(r"[\\`*_\[\]|~]|^[-+#]", r"\\\g<0>", escape(one_line(text), quote=False))
    shown = re.sub(r"^\d+(?=[.)])", r"\g<0>\\", shown)
    return re.sub(r"[@#](?=\w)|:(?=//)|\bwww(?=\.)|\bGH(?=-)", r"\g<0><!-- -->", shown, flags=re.IGNORECASE)
