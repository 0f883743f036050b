"""What a step of a trace says that it changes, as data: which cell has which value now.

A step tells its changes twice: in sentences, which people read, and as values in `data["changes"]`, which older traces
lack. Every sentence is read, by a table of the kinds that there are, and has to agree with the values; one of no known
kind is `Unreadable`, so nothing that a trace tells can be passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pmicheck.errors import PmicheckError
from pmicheck.trace import Step


class Unreadable(PmicheckError):
    """A step tells a change in a sentence, or as a value, that cannot be compared with anything."""


@dataclass(frozen=True)
class Change:
    """A cell of the model has a new value.

    Attributes:
        line: the sentence that tells it.
        what: kind of the cell, a key of `CELLS`.
        names: what the cell's name says of it, such as its keeper and a home address.
        value: its fields by name ("value" where it has no fields): all of them by the data of the step, or as far as
            the sentence goes.
    """

    line: str
    what: str
    names: Mapping[str, str]
    value: Mapping[str, Any]

    @property
    def cell(self) -> str:
        """The cell's name."""
        return self.line.partition(": ")[0]


_CACHE = r"(?P<keeper>\w+)\[(?P<home>.+)\]\."
CELLS: Mapping[str, str] = {
    "clock": "clock",
    "attachment": "mobile node attached to",
    "registration": r"(?P<keeper>\w+)\.registration",
    "local list": r"(?P<keeper>\w+)\.binding update list\[(?P<home>.+)\]",
    "wish": r"(?P<keeper>\w+)\.route optimisation wanted by (?P<home>.+)",
    "entry": _CACHE + "entry",
    "sequence number": _CACHE + "sequence number",
    "permanent tokens": _CACHE + "permanent tokens",
    "handover tokens": _CACHE + "handover tokens",
    "pairs issued": _CACHE + "pairs issued",
    "burnt nonces": _CACHE + r"burnt (?P<nonce>\d+)(?:/(?P<care_of_nonce>\d+) for (?P<care_of>.+))?",
    "place of PT": _CACHE + r"care-of address of PT(?P<number>\d+)",
    "place of HT": _CACHE + r"care-of address that used HT(?P<number>\d+)",
    "newest delegation": _CACHE + "newest delegation",
}
"""Every kind of cell that is told, by the pattern of its name. What the model keeps for its properties (ghosts) and the
packets in flight are told in no sentence."""


def changes_of(step: Step) -> Iterator[Change]:
    """Everything that the step says has changed, in its order.

    Raises:
        Unreadable: a sentence is of no known kind, or says something else than the data of the step.
    """
    stored = step.data.get("changes")
    if stored is None:
        yield from map(_read, step.changes)
        return
    if len(stored) != len(step.changes):
        raise Unreadable(f"{len(step.changes)} sentences tell {len(stored)} changes")
    for line, each in zip(step.changes, stored, strict=True):
        change = _read(line)
        value = _fields(each["value"])
        if not line.startswith(f"{each['cell']}: ") or any(
            value.get(name, _MISSING) != told for name, told in change.value.items()
        ):
            raise Unreadable(f"the sentence {line!r} does not tell the change of {each['cell']} to {each['value']}")
        yield Change(line, change.what, change.names, value)


_MISSING = object()


def _fields(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {"value": value}


def _read(line: str) -> Change:
    cell, _, told = line.partition(": ")
    for what, pattern in CELLS.items():
        found = re.fullmatch(pattern, cell)
        if found is not None:
            value = READERS[what](told)
            if value is None:
                break
            return Change(line, what, {k: v for k, v in found.groupdict().items() if v is not None}, value)
    raise Unreadable(f"the change {line!r} cannot be compared")


# How values are told. Each reader gives None for a text that is not of its kind.


def _name(told: str) -> Mapping[str, Any] | None:
    return {"value": None if told == "none" else told} if told else None


def _number(told: str) -> Mapping[str, Any] | None:
    if told == "none":
        return {"value": None}
    return {"value": int(told)} if told.isdecimal() else None


def _truth(told: str) -> Mapping[str, Any] | None:
    return {"value": told == "True"} if told in ("True", "False") else None


def _entry(told: str) -> Mapping[str, Any] | None:
    if told == "none":
        return {"value": None}
    found = re.fullmatch(r"(.+), (verified|unverified)", told)
    return None if found is None else {"care_of": found[1], "verified": found[2] == "verified"}


def _generations(told: str) -> Mapping[str, Any] | None:
    if told == "none":
        return {"value": []}
    numbers = told.split(", ")
    return {"value": [int(number) for number in numbers]} if all(map(str.isdecimal, numbers)) else None


def _registration(told: str) -> Mapping[str, Any] | None:
    found = re.fullmatch(r"(\w+), last number (\d+)(?:, holds(?: PT(\d+))?(?: HT(\d+))?)?", told)
    if found is None:
        return None
    pt, ht = (0 if number is None else int(number) for number in found.group(3, 4))
    return {"stage": found[1], "seq": int(found[2]), "pt": pt, "ht": ht}


READERS: Mapping[str, Callable[[str], Mapping[str, Any] | None]] = {
    "clock": _number,
    "attachment": _name,
    "registration": _registration,
    "local list": _truth,
    "wish": _truth,
    "entry": _entry,
    "sequence number": _number,
    "permanent tokens": _generations,
    "handover tokens": _generations,
    "pairs issued": _number,
    "burnt nonces": _truth,
    "place of PT": _name,
    "place of HT": _name,
    "newest delegation": _number,
}
