"""Identifiers for what a system names in words: readable, and no two the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 64
"""Characters of an identifier before the number that tells it from others; the full words stand in a comment."""


class Names:
    """Hands out identifiers that are neither reserved words of a language nor handed out before."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = {word.lower() for word in reserved}
        self._last: dict[str, int] = {}

    def new(self, words: str) -> str:
        """An identifier like `words`; some languages do not tell capitals apart, so no two differ in those alone."""
        stem = identifier(words)
        name, number = stem, self._last.get(stem.lower(), 1)
        while name.lower() in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._last[stem.lower()] = number
        self._taken.add(name.lower())
        return name


def identifier(words: str) -> str:
    """Letters, digits and single underscores: names of attributes and all marks are left out, long texts cut."""
    values_only = re.sub(r"\b[A-Za-z_]\w*=", "", words)
    cut = re.sub(r"[^A-Za-z0-9]+", "_", values_only).strip("_")[:LONGEST].rstrip("_")
    return cut if cut[:1].isalpha() else f"n{cut}" if cut else "empty"


def line(text: object) -> str:
    """A text fit for a comment of one line, in any language that is exported to."""
    return " ".join(str(text).split()).replace("*/", "* /").replace("/*", "/ *").rstrip("\\")


def quoted(text: str) -> str:
    """A text as a string of any language that is exported to."""
    return '"' + line(text).replace("\\", "/").replace('"', "'") + '"'
