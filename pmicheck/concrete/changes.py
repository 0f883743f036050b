"""Whether what a step of a trace says that it changes can be compared with nodes: its kind, its names and its values.

A trace may come from anywhere. A change of no known kind, or one whose value is not of its kind, is `Unreadable`, so
that nothing which a trace tells is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pmicheck.errors import PmicheckError
from pmicheck.trace import Changed, Step


class Unreadable(PmicheckError):
    """A step tells a change that cannot be compared with anything."""


class Kind(NamedTuple):
    """What a cell of a kind has to say: names that it needs, and which values it may take."""

    names: frozenset[str]
    fits: Callable[[Any], bool]


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
    "clock": Kind(frozenset(), _number),
    "attachment": Kind(frozenset({"home"}), _text),
    "registration": Kind(frozenset({"keeper"}), _registration),
    "local list": Kind(_KEPT, _truth),
    "wish": Kind(_KEPT, _truth),
    "entry": Kind(_KEPT, _none_or(_entry)),
    "sequence number": Kind(_KEPT, _none_or(_number)),
    "permanent tokens": Kind(_KEPT, _numbers),
    "handover tokens": Kind(_KEPT, _numbers),
    "pairs issued": Kind(_KEPT, _number),
    "burnt nonces": Kind(_KEPT | {"nonce"}, _truth),
    "place of token": Kind(_KEPT | {"token", "number"}, _none_or(_text)),
    "newest delegation": Kind(_KEPT, _number),
}
"""Every kind of cell that a trace tells. What the model keeps for its properties (ghosts) and packets under way are not
told."""


def changes_of(step: Step) -> Iterator[Changed]:
    """Everything that the step says has changed, in its order.

    Raises:
        Unreadable: a change is of no known kind, lacks a name, or has a value that is not of its kind.
    """
    for change in step.cells:
        kind = KINDS.get(change.kind)
        if kind is None or not kind.names <= change.of.keys() or not kind.fits(change.after):
            raise Unreadable(f"the change {change.line!r} cannot be compared")
        yield change
