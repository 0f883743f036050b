"""How valid inputs are changed: a piece of their structure for another, or octets of their text. No test lives here."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

TEXTS = ("", "*", "..", "\0", "\u2028", "\ud800", "::error::x", "##[error]x", "a" * 300, "off-path", "type1-initial")
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**30, 1.5, -0.0, True, None)
VALUES: tuple[Any, ...] = (*TEXTS, *NUMBERS, [], {}, [[]], [{}], {"": None}, [0], ["x"])
OCTETS = (
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b"{",
    b"[" * 60,
    b"}",
    b"\n",
    b"=",
    b"NaN",
    b"1e400",
    b"9" * 5000,
    b"#",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every piece of a JSON value."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        found += places(each, (*path, key))
    return found


def changed(value: Any, chance: random.Random) -> Any:
    """The value with one to three pieces replaced, removed, doubled or exchanged."""
    made = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(places(made) or [()])
        if not path:
            return chance.choice(VALUES)
        holder = made
        for key in path[:-1]:
            holder = holder[key]
        match chance.randrange(4):
            case 0:
                del holder[path[-1]]
            case 1 if isinstance(holder, list):
                holder.insert(path[-1], copy.deepcopy(holder[path[-1]]))
            case 2:
                other = made
                for key in chance.choice(places(made)):
                    other = other[key]
                holder[path[-1]] = copy.deepcopy(other)
            case _:
                holder[path[-1]] = chance.choice(VALUES)
    return made


def torn(octets: bytes, chance: random.Random) -> bytes:
    """The octets with something put in, cut out or cut off."""
    at, length = chance.randrange(len(octets) + 1), chance.choice((0, 1, 3, 40))
    return octets[:at] + chance.choice((b"", *OCTETS)) + octets[at + length :]


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_toml(value: Any) -> bytes:
    """A table as TOML; what TOML lacks becomes a text, and what is no table one."""
    value = value if isinstance(value, dict) else {"name": value}
    lines = [f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return '"none"' if value is None else json.dumps(value)
