"""Where things stand in the text of a baseline, so that messages can name lines and entries can be cut out.

tomlkit takes the text apart without losing any of it. Lines are counted from 1; the text must be valid TOML.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import Any, NamedTuple

import tomlkit
from tomlkit.items import AoT, Comment, Table, Whitespace


class Entry(NamedTuple):
    """A finding: its first line and that of its last key; the line of each key."""

    first: int
    last: int
    keys: dict[str, int]


class Layout(NamedTuple):
    """The line of each name at the top, and the findings that begin with [[finding]]."""

    names: dict[str, int]
    entries: tuple[Entry, ...]


def layout(text: str) -> Layout:
    """Raises `tomlkit.exceptions.TOMLKitError` for what tomlkit does not read."""
    body, entries = tomlkit.parse(text).body, list[Entry]()
    for line, name, item in _placed(body, 1):
        if name == "finding" and isinstance(item, AoT):
            entries += _entries(item, line)
    return Layout({name: line for line, name, _ in reversed([*_placed(body, 1)])}, tuple(entries))


def _entries(findings: AoT, line: int) -> Iterator[Entry]:
    for table in findings.body:
        end = line + _height(table)
        inside = _placed(table.value.body, line + 1)
        yield Entry(line, end - 1 - _height_of_tail(table), {name: at for at, name, _ in inside})
        line = end


def _placed(body: list[Any], line: int) -> Iterator[tuple[int, str, Any]]:
    """Line, name ("" if it is a comment or blank) and item of all that stands in a table whose keys begin at `line`."""
    for key, item in body:
        yield line, key.key if key else "", item
        line += _height(item)


def _height(item: Any) -> int:
    """How many lines an item and its header end."""
    if isinstance(item, AoT):
        return sum(map(_height, item.body))
    alone = isinstance(item, Comment | Whitespace)
    return int(item.as_string().count("\n")) + (0 if alone else int(item.trivia.trail.count("\n")))


def _height_of_tail(table: Table) -> int:
    """How many lines of comments and blanks stand below the last key of a table."""
    tail = list(takewhile(lambda pair: pair[0] is None, reversed(table.value.body)))
    above = table.value.body[: len(table.value.body) - len(tail)]
    inner = _height_of_tail(above[-1][1]) if above and isinstance(above[-1][1], Table) else 0
    return inner + sum(_height(item) for _, item in tail)


def without_entries(text: str, starts: Collection[int]) -> tuple[str, list[tuple[int, int]]]:
    """The text without the entries that begin on the lines `starts`, and the first and last line of each of them.

    An entry reaches to its last key. Comments above it and below it stay; of the blank lines on both sides one goes
    with it. All else is left as it is, to the octet.
    """
    lines = io.StringIO(text, newline="").readlines()
    spans = [(entry.first, entry.last) for entry in layout(text).entries if entry.first in starts]
    gone: set[int] = set()
    for first, last in spans:
        gone.update(range(first, last + 1))
        below = last == len(lines) or not lines[last].strip()
        if below and first > 1 and not lines[first - 2].strip():
            gone.add(first - 1)
    return "".join(line for number, line in enumerate(lines, start=1) if number not in gone), spans
