"""Elements of SVG as text, for the sequence chart and the state graphs."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from pmicheck.report.charts.text import is_measured

Attributes = Mapping[str, float | str]
"""By name, in the order in which they are written; a text as it is, a number with one decimal at most."""


def element(tag: str, kind: str, attributes: Attributes, content: str | None = None) -> str:
    """An element of the class `kind`; `content`, if there is any, is markup."""
    told = "".join(f' {name}="{_value(value)}"' for name, value in attributes.items())
    opening = f'<{tag} class="{kind}"{told}'
    return f"{opening}/>" if content is None else f"{opening}>{content}</{tag}>"


def line_of_text(kind: str, text: str, attributes: Attributes, room: float | str) -> str:
    """One line of text. Where the tables of widths do not know all of its characters, it is squeezed into its room."""
    squeezed = {} if is_measured(text) else {"textLength": room, "lengthAdjust": "spacingAndGlyphs"}
    return element("text", kind, {**attributes, **squeezed}, escape(text))


def number(value: float) -> str:
    """At most one decimal: the same on every machine, and finer than a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else number(value)
