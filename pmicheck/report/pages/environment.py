"""The templates of the pages: every value is escaped, and a name that is missing is an error, not a gap."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pmicheck.report.text.layout import LONGEST_WORD
from pmicheck.report.words.characters import escaped, one_line
from pmicheck.report.words.narration import capital, stopped

ASSETS = (
    "pmicheck.css",
    "overview.css",
    "statements.css",
    "finding.css",
    "chart.css",
    "graph.css",
    "graph-page.css",
    "filters.js",
    "overview.js",
    "statements.js",
    "finding.js",
    "graph.js",
    "icon.svg",
)
"""Style sheets, scripts and the icon, as they stand in `report/assets`."""

NAME = 60
"""Characters of a name in a heading, a table or a list of choices; longer ones are cut, and the cut shows."""

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""What hides, or changes the direction of writing and so what a reader takes a text for; and what is no character."""

CHARACTER = r"(?:&[#\w]+;|[^\s<>&])"
"""One character of a word in HTML."""

WORDS = re.compile(rf"<(script|title|svg)\b.*?</\1>|<[^>]*>|{CHARACTER}{{{LONGEST_WORD},}}", re.DOTALL)
"""What is no text, and words that are longer than any that means something."""

PIECE = re.compile(CHARACTER + "{40}")


@cache
def environment() -> Environment:
    """The environment of all templates, with the filters `short`, `ticked`, `sentence` and `count`."""
    env = Environment(
        loader=PackageLoader("pmicheck.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    env.filters["short"] = short
    env.filters["ticked"] = _ticked
    env.filters["sentence"] = sentence
    env.filters["count"] = counted
    return env


def page(template: str, *, root: str, **values: Any) -> str:
    """One page: `root` is the way from it to the report's directory ("" or "../")."""
    return breakable(environment().get_template(template).render(root=root, **values))


def breakable(html: str) -> str:
    """`html` with places to break a line in words so long that a browser would take seconds to find them itself."""
    if max(map(len, html.split()), default=0) < LONGEST_WORD:
        return html
    return WORDS.sub(lambda found: found[0] if found[0][0] == "<" else PIECE.sub(r"\g<0><wbr>", found[0]), html)


def asset(name: str) -> str:
    """The text of a style sheet or script."""
    return (resources.files("pmicheck.report") / "assets" / name).read_text(encoding="utf-8")


def short(name: str) -> str:
    """A name on one line, no longer than `NAME`."""
    return one_line(name, NAME)


def _visible(value: Any) -> Any:
    """Values as they are put into a page: what hides or turns the text around is written as an escape."""
    if not isinstance(value, str):
        return value
    return type(value)(STEERING.sub(lambda found: escaped(found[0]), value))


def counted(number: int, noun: str) -> str:
    """ "1 verdict", "1,200 verdicts"; `noun` is one whose plural ends with s."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def sentence(text: str) -> str:
    """`text` with a capital letter and a full stop."""
    return stopped(capital(text))


def _ticked(text: str) -> Markup:
    """Markdown's code: what stands between two backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
