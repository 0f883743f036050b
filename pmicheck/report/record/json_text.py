"""JSON as this project writes it: keys sorted, ASCII, what is short on one line."""

from __future__ import annotations

import json
from typing import Any

import msgspec

DIGITS = 6
"""Decimals of a number."""
LINE = 100
"""Characters of a value, without what stands before it on its line, beyond which it takes several lines."""

_on_one_line = json.JSONEncoder(allow_nan=False).encode


def to_text(value: Any) -> str:
    """The text of a value that msgspec knows, a final newline included."""
    return _written(msgspec.to_builtins(value, str_keys=True), 0) + "\n"


def _written(value: Any, depth: int) -> str:
    """A value on one line if that is not longer than `LINE`, else one item a line."""
    if isinstance(value, dict) and value:
        items = [f"{_on_one_line(key)}: {_written(value[key], depth + 1)}" for key in sorted(value)]
        opening, closing = "{", "}"
    elif isinstance(value, list | tuple) and value:
        items = [_written(each, depth + 1) for each in value]
        opening, closing = "[", "]"
    else:
        return _on_one_line(round(value, DIGITS) + 0.0 if isinstance(value, float) else value)
    if sum(map(len, items)) + 2 * len(items) <= LINE and not any("\n" in each for each in items):
        return f"{opening}{', '.join(items)}{closing}"
    inner = ",\n".join(" " * (depth + 1) + each for each in items)
    return f"{opening}\n{inner}\n{' ' * depth}{closing}"
