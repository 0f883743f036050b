"""JSON values as this project writes them: sorted keys, ASCII, what is short on one line."""

from __future__ import annotations

import json
from typing import Any

LINE = 100
"""Characters of a value, without what stands before it on its line, beyond which it takes several lines."""


def to_text(stored: Any) -> str:
    """JSON values as this project writes them: sorted keys, ASCII, what is short on one line, a final newline."""
    return _written(stored, 0) + "\n"


def _written(value: Any, depth: int) -> str:
    """A value on one line if that is not longer than `LINE`, else one item a line."""
    if isinstance(value, dict) and value:
        items = [f"{json.dumps(key)}: {_written(value[key], depth + 1)}" for key in sorted(value)]
        opening, closing = "{", "}"
    elif isinstance(value, list) and value:
        items = [_written(each, depth + 1) for each in value]
        opening, closing = "[", "]"
    else:
        return json.dumps(value, allow_nan=False)
    if sum(map(len, items)) + 2 * len(items) <= LINE and not any("\n" in each for each in items):
        return f"{opening}{', '.join(items)}{closing}"
    inner = ",\n".join(" " * (depth + 1) + each for each in items)
    return f"{opening}\n{inner}\n{' ' * depth}{closing}"
