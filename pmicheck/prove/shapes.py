"""The abstraction map: values, messages and terms in which all numbers from one on are replaced by variables.

The same number of a run is the same variable throughout a shape, so that a shape knows which of its numbers are equal.
Two variables may stand for the same number. Zero stays: it says that a token, an index or a repetition is not there.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pmicheck.language.cells import Cell
from pmicheck.prove.numbers import NotAbstract, Number, Source, is_number

FEW = 2
"""Members that a set of numbers has in a shape at most: more than one is as good as any larger set."""

WRITTEN_OUT = 138
"""The largest number that a rule writes out: the status of a refusal. What a rule computes is a `Number`."""

EVIDENCE = "evidence "
"""How the names of the cells begin whose name is a term (`pmicheck.model.roles.ghosts.evidence`)."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Stands in a shape for one integer that is not less than `least`, the same one wherever it stands there."""

    index: int
    least: int = 1

    def __repr__(self) -> str:
        return f"#{self.index}"


def shape_of(value: Any) -> Any:
    """The shape of what a rule made. An integer that the rule wrote out is one variable, as a `Number` is.

    Raises NotAbstract for any other integer.
    """
    variables: dict[int, Variable] = {}

    def part(each: Any) -> Any:
        if isinstance(each, Number):
            if each.least is None:
                raise NotAbstract("a difference of numbers is kept")
            return 0 if each.exact else variables.setdefault(id(each), Variable(len(variables), each.least))
        if not is_number(each) or each == 0:
            return each
        if not 0 < each <= WRITTEN_OUT:
            raise NotAbstract(f"a rule computes the number {each}")
        return variables.setdefault(each, Variable(len(variables)))

    return _rebuilt(value, part)


def shape_of_one(value: Any) -> Any:
    """A shape of one concrete value: equal numbers are one variable, as they are equal in this value."""
    variables: dict[int, Variable] = {}

    def part(each: Any) -> Any:
        return variables.setdefault(each, Variable(len(variables))) if is_number(each) and each > 0 else each

    return _rebuilt(value, part)


def part_of(shape: Any) -> Any:
    """A part of a shape as a shape of its own."""
    variables: dict[Variable, Variable] = {}

    def part(each: Any) -> Any:
        if not isinstance(each, Variable):
            return each
        return variables.setdefault(each, Variable(len(variables), each.least))

    return _rebuilt(shape, part)


def flat(value: Any) -> Any:
    """The value with every number replaced by one: terms of the same flat form may be the same term."""
    return _rebuilt(value, lambda each: 1 if isinstance(each, Variable) or is_number(each) else each)


def alive(shape: Any, source: Source) -> Any:
    """The shape with a `Number` for each variable, and for zero."""
    numbers: dict[Variable, Number] = {}

    def part(each: Any) -> Any:
        if isinstance(each, Variable):
            if each not in numbers:
                numbers[each] = source.number(each.least)
            return numbers[each]
        return source.number(0, exact=True) if is_number(each) else each

    return _rebuilt(shape, part)


def unknown(value: Any, source: Source) -> Any:
    """The value with a `Number` for each integer in it, zero as zero."""

    def part(each: Any) -> Any:
        if isinstance(each, Number) or not is_number(each):
            return each
        return source.number(1) if each else source.number(0, exact=True)

    return _rebuilt(value, part)


def covers(shape: Any, value: Any) -> bool:
    """Whether a concrete value is among those that the shape stands for."""
    numbers: dict[Variable, int] = {}

    def fits(form: Any, part: Any) -> bool:
        if isinstance(form, Variable):
            return is_number(part) and part >= form.least and numbers.setdefault(form, part) == part
        if not isinstance(form, tuple) or not isinstance(part, tuple):
            return type(form) is type(part) and bool(form == part)
        part = _few(part)
        return type(form) is type(part) and len(form) == len(part) and all(map(fits, form, part))

    return fits(shape, value)


def _few(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """A set of numbers cut to the members that a shape has."""
    if len(value) > FEW and type(value) is tuple and all(isinstance(v, Variable) or is_number(v) for v in value):
        return value[:FEW]
    return value


def _rebuilt(value: Any, part: Callable[[Any], Any]) -> Any:
    """The value with every part of it that is no tuple replaced; named tuples keep their class."""
    if not isinstance(value, tuple):
        return part(value)
    parts = [_rebuilt(each, part) for each in _few(value)]
    return tuple(parts) if type(value) is tuple else type(value)._make(parts)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Key:
    """All cells that differ only in the numbers that they are about; `many`: there is such a number."""

    name: str
    many: bool = False


@cache
def _key_by_name(name: str) -> Key:
    if not name.startswith(EVIDENCE):
        return Key(name)
    term = ast.literal_eval(name.removeprefix(EVIDENCE))
    return Key(f"{EVIDENCE}{flat(term)!r}", any(is_number(each) for each in _leaves(term)))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def key_of(cell: Cell) -> Key:
    """What the cell is known by: its name without numbers."""
    about = cell.about
    if about is not None and any(is_number(value) for _, value in about.of):
        return Key(f"{about.kind} {flat(about.of)!r}", many=True)
    return _key_by_name(cell.name)
