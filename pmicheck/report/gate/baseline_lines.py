"""Where things stand in the text of a baseline, so that messages can name lines and entries can be cut out.

Lines are counted from 1 and end as `str` files end them: at "\\n", "\\r\\n" or "\\r". The text must be valid TOML.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator

QUOTED = re.compile(
    r'#[^\n]*|"""(?:\\[\s\S]|[^\\])*?"{3,5}|' r"'''[\s\S]*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'"
)
"""A comment, or a string of any of the four kinds of TOML 1.0; whichever begins first hides the others."""
HEADER = re.compile(r"\s*\[\[\s*(finding|\"finding\"|'finding')\s*\]\]")


def header_lines(text: str) -> list[int]:
    """The numbers of the lines that begin a finding."""
    return [number for number, line in enumerate(_bare(text), start=1) if HEADER.match(line)]


def line_of(text: str, key: str, start: int = 1) -> int:
    """The line within the entry that begins at `start` on which `key` is set; else `start`."""
    for number, line in enumerate(_bare(text)[start - 1 :], start=start):
        if number > start and line.lstrip().startswith("[["):
            break
        if re.match(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}\b", line):
            return number
    return start


def without_entries(text: str, starts: Collection[int]) -> tuple[str, list[tuple[int, int]]]:
    """The text without the entries that begin on the lines `starts`, and the first and last line of each of them.

    An entry reaches to its last key. Comments above it and below it stay; of the blank lines on both sides one goes
    with it. All else is left as it is, to the octet.
    """
    lines, bare = io.StringIO(text, newline="").readlines(), _bare(text)
    spans = [(first, last) for first, last in _spans(bare) if first in starts]
    gone: set[int] = set()
    for first, last in spans:
        gone.update(range(first, last + 1))
        below = last == len(bare) or not lines[last].strip()
        if below and first > 1 and not lines[first - 2].strip():
            gone.add(first - 1)
    return "".join(line for number, line in enumerate(lines, start=1) if number not in gone), spans


def _spans(bare: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line of each entry."""
    headers = [number for number, line in enumerate(bare, start=1) if HEADER.match(line)]
    for first, end in zip(headers, [*headers[1:], len(bare) + 1], strict=True):
        yield first, max(number for number in range(first, end) if bare[number - 1].strip())


def _bare(text: str) -> list[str]:
    """The lines without comments, and with something harmless in each line of a string that has many."""
    unified = re.sub(r"\r\n?", "\n", text)
    return io.StringIO(QUOTED.sub(_masked, unified)).readlines()


def _masked(token: re.Match[str]) -> str:
    if token[0].startswith("#"):
        return ""
    return token[0] if "\n" not in token[0] else re.sub(r"[^\n]*", "=", token[0])
