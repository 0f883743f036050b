"""The kinds of cells that a trace of the draft may tell: what their names say, and which values they take.

What the model keeps for its properties (ghosts) and packets under way are not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pmicheck.replay.comparison import Kind


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_number, value))


def _none_or(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _entry(value: Any) -> bool:
    return isinstance(value, Mapping) and _text(value.get("care_of")) and _truth(value.get("verified"))


def _registration(value: Any) -> bool:
    fields = ("seq", "pt", "ht")
    return isinstance(value, Mapping) and _text(value.get("stage")) and all(_number(value.get(f)) for f in fields)


_KEPT = frozenset({"keeper", "home"})
KINDS: Mapping[str, Kind] = {
    "clock": Kind(frozenset(), _number, lasts=False),
    "attachment": Kind(frozenset({"home"}), _text),
    "registration": Kind(frozenset({"keeper"}), _registration, lasts=False),
    "local list": Kind(_KEPT, _truth),
    "wish": Kind(_KEPT, _truth),
    "entry": Kind(_KEPT, _none_or(_entry)),
    "sequence number": Kind(_KEPT, _none_or(_number)),
    "permanent tokens": Kind(_KEPT, _numbers),
    "handover tokens": Kind(_KEPT, _numbers),
    "pairs issued": Kind(_KEPT, _number),
    "newest nonce": Kind(_KEPT, _number, lasts=False),
    "burnt nonces": Kind(_KEPT | {"nonce"}, _truth, lasts=False),
    "place of token": Kind(_KEPT | {"token", "number"}, _none_or(_text), lasts=False),
    "newest delegation": Kind(_KEPT, _number, lasts=False),
}
"""Every kind.

A registration does not last: a node sees by the time alone that its registration has ended, which the model tells of no
registrant, and an agent of the handshake takes a new peer over from any update (N114).
"""
