"""A grounded system as octets, and back.

Rules are not kept: what is read back can be explored and retold, and no rule of it can be run. What traces are told
from, by far the largest part, is packed in chunks, of which only those are unpacked that somebody asks for.

Reading back makes objects of the classes of this layer and of those below it, and of no others.
"""

from __future__ import annotations

import io
import pickle
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from itertools import starmap
from operator import attrgetter
from typing import Any, overload

from pmicheck.attacker.adversary import Adversary
from pmicheck.grounding.collector import paused
from pmicheck.grounding.found import Ground
from pmicheck.grounding.instance import Leaf
from pmicheck.grounding.layout import Grounded
from pmicheck.grounding.system import Transition, TransitionSystem
from pmicheck.language.act import Act
from pmicheck.model.world import World

LAYERS = tuple(f"pmicheck.{layer}." for layer in ("language", "model", "attacker", "properties", "grounding"))
CHUNK = 64
"""Leaves that are packed together."""
LEVEL = 1
"""Of compression: the next ones save little and take twice the time."""
TOLD = ("values", "messages", "injections", "acts", "bounds_hit", "known", "given", "learnable", "derivations")
"""What is kept of a `Ground`; not its leaves, since the layout has those that matter."""

Column = tuple[list[Any], list[int]]
"""The distinct values of one field of all transitions, and for each transition the number of its own."""


class Unreadable(Exception):
    """The octets are no grounded system."""


@paused()
def pack(grounded: Grounded) -> bytes:
    """All that `unpack` needs to make the same again."""
    system, leaves = grounded.system, grounded.leaves
    apart = {each.name: getattr(system, each.name) for each in fields(system) if each.name != "transitions"}
    told = {name: getattr(grounded.ground, name) for name in TOLD}
    chunks = [_octets(tuple(leaves[start : start + CHUNK])) for start in range(0, len(leaves), CHUNK)]
    parts = (apart, _columns(system.transitions), told, grounded.fields, grounded.fact_terms, len(leaves), chunks)
    return _octets(parts)


@paused()
def unpack(octets: bytes, world: World, adversary: Adversary | None) -> Grounded:
    """What was packed, in the world and under the adversary that it was grounded for.

    Raises Unreadable for what `pack` did not make, as far as that shows.
    """
    try:
        apart, columns, told, cells, facts, count, chunks = _object(octets)
        system = TransitionSystem(transitions=_transitions(columns), **apart)
        return Grounded(
            system=system,
            ground=Ground(world, adversary, **told),
            leaves=StoredLeaves(count, chunks),
            fact_terms=facts,
            fields=cells,
        )
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        raise Unreadable(str(error)) from error


class StoredLeaves(Sequence[Leaf]):
    """Leaves that are unpacked when somebody asks for them."""

    def __init__(self, count: int, chunks: Sequence[bytes]) -> None:
        self._count = count
        self._chunk = lru_cache(maxsize=None)(lambda number: _object(chunks[number]))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Leaf: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Leaf]: ...
    def __getitem__(self, index: int | slice) -> Leaf | Sequence[Leaf]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(self._count)))
        number, place = divmod(range(self._count)[index], CHUNK)
        leaf: Leaf = self._chunk(number)[place]
        return leaf


def _columns(transitions: Sequence[Transition]) -> list[Column]:
    columns = []
    for each in fields(Transition):
        numbers: dict[Any, int] = {}
        column = [numbers.setdefault(value, len(numbers)) for value in map(attrgetter(each.name), transitions)]
        columns.append((list(numbers), column))
    return columns


def _transitions(columns: Iterable[Column]) -> tuple[Transition, ...]:
    rows = zip(*(map(values.__getitem__, column) for values, column in columns), strict=True)
    return tuple(starmap(Transition, rows))


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self.dispatch_table = {Act: _without_rule}


def _without_rule(act: Act) -> tuple[Any, tuple[tuple[str, Any], ...]]:
    return told_act, tuple((name, value) for name, value in vars(act).items() if name not in ("rule", "given"))


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Nothing but what the layers define themselves: a name with a dot would reach into what they import."""
        found = super().find_class(module, name) if module.startswith(LAYERS) and "." not in name else None
        if getattr(found, "__module__", None) != module:
            raise pickle.UnpicklingError(f"{module}.{name} is none of the model's")
        return found


def told_act(*fields: tuple[str, Any]) -> Act:
    """An act with these fields, which cannot be run."""
    return Act(**dict(fields))


def _octets(content: object) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream).dump(content)
    return zlib.compress(stream.getvalue(), LEVEL)


def _object(octets: bytes) -> Any:
    try:
        return _Unpickler(io.BytesIO(zlib.decompress(octets))).load()
    except (zlib.error, pickle.UnpicklingError, EOFError, ImportError) as error:
        raise Unreadable(str(error)) from error
