"""What the run did not check, as far as its record knows: bounds, limits, silent rules, statements without a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pmicheck.report.gate.baseline import inconclusive, trustworthy
from pmicheck.report.pages.matrix import Matrix
from pmicheck.report.pages.places import Places
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Statement
from pmicheck.verdict import Verdict


@dataclass(frozen=True)
class Unchecked:
    """All that page one says of it.

    Attributes:
        bound_names, bounds: the bounds of each scenario, a column a name; "" where it has none of that name.
        cut: (scenario, attackers) of the searches that a limit ended; searches: how many there were.
        open: (names, verdict, page) of the results that are vacuous or that a limit left open.
        silent: (scenario, ((rule, reason), …)) for the rules that never fired.
        outside, idle, concrete: statements that nothing implements; whose rules never fired in this run; that the
            packet implementation alone has.
        readings: (name, values) of all readings in force.
    """

    bound_names: tuple[str, ...]
    bounds: tuple[tuple[str, tuple[Any, ...]], ...]
    cut: tuple[tuple[str, tuple[str, ...]], ...]
    searches: int
    open: tuple[tuple[str, str, str], ...]
    silent: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    outside: tuple[tuple[str, Statement], ...]
    idle: tuple[tuple[str, Statement], ...]
    concrete: tuple[tuple[str, Statement], ...]
    readings: tuple[tuple[str, str], ...]


def unchecked(record: Record, tables: Sequence[Matrix], places: Places) -> Unchecked:
    """What stands in the record of it."""
    names = tuple(sorted({name for bounds in record.bounds.values() for name in bounds}))
    order = {table.scenario: number for number, table in enumerate(tables)}
    statements = sorted(record.review.statements.items())
    return Unchecked(
        bound_names=names,
        bounds=tuple(
            (scenario, tuple(bounds.get(name, "") for name in names))
            for scenario, bounds in sorted(record.bounds.items(), key=lambda each: order.get(each[0], len(order)))
        ),
        cut=tuple((table.title, table.cut) for table in tables if table.cut),
        searches=len(record.explorations),
        open=_open(record, places),
        silent=tuple((table.title, table.silent) for table in tables if table.silent),
        outside=tuple(each for each in statements if each[1].disposition == "outside"),
        idle=tuple(
            each for each in statements if each[1].disposition == "modelled" and not any(each[1].fired.values())
        ),
        concrete=tuple(each for each in statements if each[1].disposition == "concrete"),
        readings=_readings(record),
    )


def _open(record: Record, places: Places) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (" / ".join(result.names()), str(result.verdict), places.of(result))
        for result in record.results
        if inconclusive(result) or (result.verdict is not Verdict.VIOLATED and not trustworthy(result))
    )


def _readings(record: Record) -> tuple[tuple[str, str], ...]:
    values: dict[str, set[str]] = {}
    for result in record.results:
        for name, value in result.readings.items():
            values.setdefault(name, set()).add(value)
    return tuple((name, " or ".join(sorted(values[name]))) for name in sorted(values))
