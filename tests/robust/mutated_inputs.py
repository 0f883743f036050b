"""Strategies: valid inputs with pieces of their structure changed, or with octets of their text torn."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

TEXTS = ("", "*", "..", "\0", "\u2028", "\ud800", "::error::x", "##[error]x", "a" * 300, "off-path", "type1-initial")
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**30, 1.5, -0.0, True, None)
EMPTY: tuple[Any, ...] = ([], {}, [[]], [{}], {"": None})
PIECES = (
    b"",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b"{",
    b"[" * 60,
    b"[" * 100_000,
    b"}",
    b"\n",
    b"=",
    b"NaN",
    b"1e400",
    b"9" * 5000,
    b"#",
)

texts = st.sampled_from(TEXTS) | st.text(max_size=8)
scalars = texts | st.sampled_from(NUMBERS) | st.integers() | st.floats()


@st.composite
def nested(draw: st.DrawFn) -> Any:
    """A value below many lists and tables."""
    value = draw(scalars)
    for _ in range(draw(st.integers(1, 100))):
        value = [value] if draw(st.booleans()) else {"a": value}
    return value


values = scalars | st.sampled_from(EMPTY).map(copy.deepcopy) | nested()


def retyped(value: Any) -> st.SearchStrategy[Any]:
    """What says the same as another type."""
    return st.sampled_from([str(value), [value], {"": value}, [value, value], bool(value), repr(value)])


@st.composite
def paths(draw: st.DrawFn, value: Any) -> list[Any]:
    """The way to one piece of a structure: what lies deeper is as likely as what lies above it."""
    path: list[Any] = []
    while isinstance(value, dict | list) and value and (not path or draw(st.integers(0, 4))):
        path.append(draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value)))))
        value = value[path[-1]]
    return path


def at(value: Any, path: list[Any]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def changed(draw: st.DrawFn, original: Any) -> Any:
    """The structure with one to three pieces replaced, retyped, removed, doubled, renamed or exchanged for another."""
    made = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(paths(made))
        if not path:
            return draw(values)
        holder, last = at(made, path[:-1]), path[-1]
        match draw(st.sampled_from(("value", "type", "nothing", "again", "name", "other"))):
            case "value":
                holder[last] = draw(values)
            case "type":
                holder[last] = draw(retyped(holder[last]))
            case "nothing":
                del holder[last]
            case "again" if isinstance(holder, list):
                holder.insert(last, copy.deepcopy(holder[last]))
            case "again" | "name" if isinstance(holder, dict):
                holder[draw(texts)] = copy.deepcopy(holder[last])
            case _:
                holder[last] = copy.deepcopy(at(made, draw(paths(made))))
    return made


@st.composite
def torn(draw: st.DrawFn, octets: bytes) -> bytes:
    """The text with octets put in, cut out or cut off, or with a line doubled, which doubles a key."""
    if draw(st.booleans()):
        lines = octets.splitlines(keepends=True)
        line = draw(st.integers(0, len(lines) - 1))
        return b"".join([*lines[: line + 1], *lines[line:]])
    place, length = draw(st.integers(0, len(octets))), draw(st.sampled_from((0, 1, 3, 40, len(octets))))
    return octets[:place] + draw(st.sampled_from(PIECES)) + octets[place + length :]


def mutated(original: Any, written: Callable[[Any], bytes]) -> st.SearchStrategy[bytes]:
    """Octets of an input: two of three times its structure is changed, else its text."""
    structure = changed(original).map(written)
    return structure | structure | torn(written(original))


def as_json(value: Any) -> bytes:
    """JSON with a line for each piece."""
    return json.dumps(value, indent=0).encode()


def as_toml(value: Any) -> bytes:
    """A table as TOML with a line for each key; what TOML lacks becomes a text, and what is no table one."""
    value = value if isinstance(value, dict) else {"name": value}
    lines = [f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '"none"' if value is None else json.dumps(value)
