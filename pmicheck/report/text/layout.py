"""Text of a given width: paragraphs, and tables whose columns are cut into blocks one below the other.

A text is a sequence of parts, so that a terminal can colour what a file holds as plain characters.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from pmicheck.report.words.characters import harmless, legible, paragraph

CELL = 10
GAP = 2
LABEL = 20
LONGEST_NAME = 32
LONGEST_WORD = 160
"""Longer than any name or path that somebody would copy."""

Cell = tuple[str, ...]
"""The lines of one cell."""


@dataclass(frozen=True)
class Block:
    """A table: `widths` are those of its columns, the first cell of each row names it."""

    widths: tuple[int, ...]
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Title(str):
    """A text that heads what follows."""

    __slots__ = ()


Part = str | Block
"""A piece of text with its last newline, or a table."""


def plain(parts: Sequence[Part]) -> str:
    """The text of the parts, without colour."""
    return "".join(part if isinstance(part, str) else _drawn(part) for part in parts)


def tables(
    rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[str, str], str], width: int
) -> Iterator[Block]:
    """The blocks of one table, none wider than `width` if that can be; `cells` by (row, column), "-" if missing."""
    labels: dict[str, Cell] = {name: (legible(name),) for name in rows}
    if width < _widest(labels.values()) + 3 * (CELL + GAP):
        labels = {name: _hanging(name, LABEL) for name in rows}
    label = _widest(labels.values())
    heads = {name: folded(name, CELL) for name in columns}
    under = {name: [folded(cells.get((row, name), "-"), CELL) for row in rows] for name in columns}
    wide = {name: max(CELL, _widest([heads[name], *under[name]])) for name in columns}
    for names in _runs(columns, wide, width - label):
        depth = max(len(heads[name]) for name in names)
        yield Block(
            (label, *(wide[name] for name in names)),
            (("",) * depth, *(("",) * (depth - len(heads[name])) + heads[name] for name in names)),
            tuple((labels[row], *(under[name][at] for name in names)) for at, row in enumerate(rows)),
        )


def _runs(names: Sequence[str], wide: Mapping[str, int], room: int) -> list[list[str]]:
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


def _drawn(block: Block) -> str:
    rule = "-" * (sum(block.widths) + GAP * (len(block.widths) - 1))
    lines = [*_lines(block.heads, block.widths), rule]
    for row in block.rows:
        lines += _lines(row, block.widths)
    return "\n".join(lines) + "\n"


def _lines(row: Sequence[Cell], widths: Sequence[int]) -> Iterator[str]:
    for at in range(max(map(len, row))):
        texts = [cell[at] if at < len(cell) else "" for cell in row]
        yield (" " * GAP).join(text.ljust(room) for text, room in zip(texts, widths, strict=True)).rstrip()


def folded(name: str, width: int, *, after: str = "-+ ") -> Cell:
    """`name` broken after some characters so that each line fits; a word only if it is absurdly long."""
    pieces = re.sub(f"([{after}])", "\\1\0", legible(name)).split("\0")
    parts = [""]
    for piece in chain.from_iterable(map(_chopped, pieces)):
        if parts[-1] and len(parts[-1]) + len(piece.rstrip()) > width:
            parts.append("")
        parts[-1] += piece
    return tuple(part.rstrip() for part in parts if part.strip()) or ("-",)


def _widest(cells: Iterable[Cell]) -> int:
    return max(len(part) for cell in cells for part in cell)


def _hanging(name: str, width: int) -> Cell:
    """`folded`, with what follows the first line indented."""
    first, *rest = folded(name, width - GAP)
    return (first, *(" " * GAP + part for part in rest))


def _chopped(piece: str) -> Iterator[str]:
    for at in range(0, len(piece), LONGEST_NAME):
        yield piece[at : at + LONGEST_NAME]


def wrap(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """The lines of a paragraph, one at least. Names and paths stay whole, so that they can be copied."""
    if len(first) + len(text) <= width and text.isprintable() and "  " not in text:
        return [(first + harmless(text)).rstrip()]  # what textwrap would give, and much sooner
    shown = paragraph(text)
    lines = textwrap.wrap(
        shown,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=any(len(word) > LONGEST_WORD for word in shown.split()),
        break_on_hyphens=False,
    )
    return lines or [first.rstrip()]
