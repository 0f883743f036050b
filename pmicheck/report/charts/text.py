"""Text for a drawing without font metrics: made harmless, measured on the safe side, wrapped, cut.

Widths are those of DejaVu Sans and Verdana, the widest of the usual sans-serif faces, so that Arial, Helvetica,
Liberation Sans or Segoe UI leave room. Characters that no table covers are counted as wide, and whoever draws them
has to squeeze them into their box (`is_measured` says so).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"
REPLACED = "\N{REPLACEMENT CHARACTER}"
LINE_HEIGHT = 1.4
ASCENT = 1.07
BOLD = 1.16
UNKNOWN = 1.3
WIDTHS = {
    "il'": 0.3,
    " \N{NO-BREAK SPACE}.,j|": 0.43,
    ':;!Iftr()[]/\\-J"': 0.48,
    "sckvxyz{}*_?`«»“”‘’": 0.64,
    "LEFSTZPYabdeghnopqu0123456789$": 0.7,
    "ABCDGHKNOQRUVXw&#+=<>~^–→×": 0.85,
    "mMW@%—…": 1.1,
}
"""Advance of a character in em, by class."""
ADVANCES = {character: advance for characters, advance in WIDTHS.items() for character in characters}


def clean(text: str) -> str:
    """`text` on one line, without characters that steer, hide or break what stands around them.

    Control and format characters (also those that turn the direction of writing), lone surrogates, private and
    unassigned code points become U+FFFD; combining marks that pile up are cut.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(_harmless(text)).split())


def _harmless(text: str) -> Iterator[str]:
    piled = 0
    for character in text:
        kind = unicodedata.category(character)
        piled = piled + 1 if kind in ("Mn", "Me") else 0
        if character.isspace():
            yield " "
        elif kind in ("Cc", "Cf", "Cs", "Co", "Cn"):
            yield REPLACED
        elif piled <= 2:
            yield character


def is_measured(text: str) -> bool:
    """Whether the table knows every character, so that `width` is an upper bound in the usual faces."""
    return all(character in ADVANCES for character in text)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Room that `text` takes at most, in the unit of `size` (the font size)."""
    em = sum(ADVANCES.get(character, UNKNOWN) for character in text)
    return em * size * (BOLD if bold else 1)


def wrap(text: str, room: float, size: float, *, bold: bool = False, lines: int = 2) -> list[str]:
    """`text` in at most `lines` lines of width `room`, broken at spaces where that is possible.

    What does not fit is cut, and an ellipsis put in its place.
    """
    folded: list[str] = []
    rest = text
    while rest and len(folded) < lines:
        fits = _fitting(rest, room, size, bold)
        if fits == len(rest):
            folded.append(rest)
            return folded
        if len(folded) == lines - 1:
            folded.append(_shortened(rest, room, size, bold))
            return folded
        end = _break(rest, fits)
        folded.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return folded


def shorten(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """`text` on one line of width `room`, cut with an ellipsis if need be."""
    return "".join(wrap(text, room, size, bold=bold, lines=1))


def _fitting(text: str, room: float, size: float, bold: bool) -> int:
    """How many characters from the start fit, at least one."""
    left = room / (size * (BOLD if bold else 1))
    for count, character in enumerate(text):
        left -= ADVANCES.get(character, UNKNOWN)
        if left < 0:
            return max(count, 1)
    return len(text)


def _break(text: str, fits: int) -> int:
    """Where to break a text of which `fits` characters fit: at a space, else after a sign, else anywhere."""
    space = text.rfind(" ", 0, fits + 1)
    if space > 0:
        return space
    signs = (text.rfind(sign, 0, fits) + 1 for sign in ")]},;|-/.:")
    return max((sign for sign in signs if sign > fits // 2), default=fits)


def _shortened(text: str, room: float, size: float, bold: bool) -> str:
    cut = text[: _fitting(text, room - width(ELLIPSIS, size, bold=bold), size, bold)]
    return cut.rstrip() + ELLIPSIS
