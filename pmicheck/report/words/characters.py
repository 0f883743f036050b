"""Text from a record made fit for any format: no character that is illegal in XML or JSON, steers a terminal or hides.

What cannot be printed (control characters, marks that turn the direction of writing, lone surrogates, code points that
are no characters) is written as the escape that Python and JSON use for it, so that a reader sees it was there.
"""

from __future__ import annotations

import re

COMMAND = re.compile(r"(?m)(^\s*)(:)(?=:)|()(#)(?=#\w*\[)")
LONGEST = 200
"""Characters of a name in a title or a table; longer ones are cut."""


def legible(text: str, keep: str = "") -> str:
    """`text` with everything that cannot be printed as an escape, except the characters in `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else escaped(c) for c in text)


def one_line(text: str, longest: int = LONGEST) -> str:
    """`text` legible, on one line, cut to `longest` characters; the cut shows."""
    shown = legible(" ".join(text.split()))
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def paragraph(text: str) -> str:
    """`text` legible with its line breaks and tabs, and without commands to the runner of a CI job."""
    return harmless(legible(text, keep="\n\t"))


def harmless(text: str) -> str:
    """`text` in which no line is a command to the runner of a CI job: the first character of each becomes an escape.

    GitHub obeys lines that begin with `::`, GitHub and Azure what follows `##[` and `##vso[` anywhere in a line, and
    TeamCity `##teamcity[`.
    """
    return COMMAND.sub(lambda found: f"{found[1] or ''}\\x{ord(found[2] or found[4]):02x}", text)


def escaped(character: str) -> str:
    """The escape that Python and JSON use for a character."""
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
