"""How one record differs from another: verdicts, traces, sizes, coverage, bounds. Compared here, shown elsewhere.

Seconds, commands and the order of results do not count. Results are matched by scenario, attacker and property, and by
those readings and mechanisms of which a record has more than one choice for a scenario. A choice in which the records
differ as wholes is told as a setting, so that a run can be compared with one under another reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pmicheck.report.gate.baseline import decided
from pmicheck.report.record.record import Exploration, Record, Result
from pmicheck.verdict import Verdict

WITHOUT = "without"


@dataclass(frozen=True, order=True)
class Cell:
    """What a result or an exploration (`property` is "" then) is about."""

    scenario: str
    attacker: str
    property: str
    readings: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """A result that is not the same in both records.

    Attributes:
        old, new: the verdict, and of a violation what became of its replay; "" where the cell was not decided.
        old_fingerprint, new_fingerprint: of a violation, else "".
        conclusion: what is wrong in the end, of a violation in the newer record.
    """

    cell: Cell
    old: str
    new: str
    old_fingerprint: str = ""
    new_fingerprint: str = ""
    conclusion: str = ""


@dataclass(frozen=True)
class Size:
    """States and transitions of an exploration in the older and in the newer record."""

    cell: Cell
    states: tuple[int, int]
    transitions: tuple[int, int]


@dataclass(frozen=True)
class Fired:
    """A rule and the explorations, made for both records, in which it fires in one of them only."""

    rule: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Setting:
    """Something that both runs were made with, or by: its value in each, "" where it has none."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Difference:
    """All of it; equal records give an empty one.

    Attributes:
        new: violations of the newer record that the older one lacks.
        gone: violations of the older record in whose place the newer one has a decision that there is none.
        changed: other verdicts, and other outcomes of a replay.
        retraced: violations in both that come about in another way.
        only_old, only_new: what the other record did not decide, but for what is `new`.
        tools: versions and kernels.
        settings: readings and bounds.
        no_more, newly: rules that fire in the older, or in the newer record only.
        uncited, cited: statements cited in the older, or in the newer record only.
        sizes: explorations of both records that differ in states or transitions.
        partial: which records are of an interrupted run: "OLD", "NEW". What they lack may be anything.
    """

    new: tuple[Turn, ...] = ()
    gone: tuple[Turn, ...] = ()
    changed: tuple[Turn, ...] = ()
    retraced: tuple[Turn, ...] = ()
    only_old: tuple[Turn, ...] = ()
    only_new: tuple[Turn, ...] = ()
    tools: tuple[Setting, ...] = ()
    settings: tuple[Setting, ...] = ()
    no_more: tuple[Fired, ...] = ()
    newly: tuple[Fired, ...] = ()
    uncited: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    sizes: tuple[Size, ...] = ()
    partial: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """True if anything differs."""
        return any(getattr(self, each.name) for each in fields(self) if each.name != "partial")


def difference(old: Record, new: Record) -> Difference:
    """How `new` differs from `old`; everything in the order of its names."""
    name = _namer(old, new)
    turns = _turns({name(each): each for each in old.results}, {name(each): each for each in new.results})
    before = {name(each): each for each in old.explorations}
    after = {name(each): each for each in new.explorations}
    both = sorted(before.keys() & after.keys())
    return Difference(
        **{kind: tuple(found) for kind, found in turns.items()},
        tools=tuple(_tools(old, new)),
        settings=tuple(_settings(old, new)),
        no_more=_fired(both, before, after),
        newly=_fired(both, after, before),
        uncited=tuple(sorted(old.statements.keys() - new.statements.keys())),
        cited=tuple(sorted(new.statements.keys() - old.statements.keys())),
        sizes=tuple(_sizes(both, before, after)),
        partial=tuple(name for name, record in (("OLD", old), ("NEW", new)) if record.partial),
    )


def _namer(old: Record, new: Record) -> Callable[[Result | Exploration], Cell]:
    """The function that names results and explorations by what tells them apart within a record."""
    telling = _varying(old) | _varying(new)

    def cell(each: Result | Exploration) -> Cell:
        readings = sorted(pair for pair in each.readings.items() if (each.scenario, pair[0]) in telling)
        without = sorted(each.without) if (each.scenario, WITHOUT) in telling else ()
        prop = each.property if isinstance(each, Result) else ""
        return Cell(each.scenario, each.attacker, prop, tuple(readings), tuple(without))

    return cell


def _varying(record: Record) -> set[tuple[str, str]]:
    """The choices that a record has more than one of, each with its scenario."""
    values: dict[tuple[str, str], set[str]] = {}
    for result in record.results:
        for name, value in _choices(result):
            values.setdefault((result.scenario, name), set()).add(value)
    return {pair for pair, found in values.items() if len(found) > 1}


def _choices(result: Result) -> Iterator[tuple[str, str]]:
    """Readings, and the mechanisms switched off."""
    yield from result.readings.items()
    yield WITHOUT, " + ".join(sorted(result.without))


def _turns(old: Mapping[Cell, Result], new: Mapping[Cell, Result]) -> dict[str, list[Turn]]:
    """What changed, by the attribute of `Difference` that it belongs to."""
    turns: dict[str, list[Turn]] = {}
    for cell in sorted(old.keys() | new.keys()):
        before, after = old.get(cell), new.get(cell)
        kind = _kind(before, after)
        if kind is not None:
            turn = Turn(cell, _told(before), _told(after), _attack(before), _attack(after), _conclusion(after))
            turns.setdefault(kind, []).append(turn)
    return turns


def _kind(old: Result | None, new: Result | None) -> str | None:
    was, remains = _violated(old), _violated(new)
    if remains and not was:
        return "new"
    if old is None or new is None:
        return "only_new" if old is None else "only_old"
    if was and not remains and decided(new):
        return "gone"
    if _told(old) != _told(new):
        return "changed"
    return "retraced" if _attack(old) != _attack(new) else None


def _violated(result: Result | None) -> bool:
    return result is not None and result.verdict is Verdict.VIOLATED


def _told(result: Result | None) -> str:
    """The verdict, and what became of a violation on real packets; "" for nothing."""
    if result is None:
        return ""
    if result.verdict is not Verdict.VIOLATED:
        return str(result.verdict)
    return f"{result.verdict} ({result.replay.outcome if result.replay else 'not replayed'})"


def _attack(result: Result | None) -> str:
    return result.fingerprint if result is not None and _violated(result) else ""


def _conclusion(result: Result | None) -> str:
    return result.trace.conclusion if result is not None and result.trace is not None else ""


def _tools(old: Record, new: Record) -> Iterator[Setting]:
    yield from _unequal("pmicheck", old.pmicheck, new.pmicheck)
    yield from _unequal("kernel", old.kernel, new.kernel)


def _settings(old: Record, new: Record) -> Iterator[Setting]:
    before, after = _chosen(old), _chosen(new)
    for name in sorted(before.keys() | after.keys()):
        yield from _unequal(name, before.get(name, ""), after.get(name, ""))
    for scenario in sorted(old.bounds.keys() & new.bounds.keys()):
        one, other = old.bounds[scenario], new.bounds[scenario]
        for name in sorted(one.keys() | other.keys()):
            yield from _unequal(f"{scenario}: {name}", _value(one.get(name)), _value(other.get(name)))


def _chosen(record: Record) -> dict[str, str]:
    """The choices of a record: every value that its results have, for each."""
    values: dict[str, set[str]] = {}
    for result in record.results:
        for name, value in _choices(result):
            values.setdefault(name, set()).add(value or "-")
    return {name: ", ".join(sorted(found)) for name, found in values.items()}


def _value(bound: Any) -> str:
    return "" if bound is None else str(bound)


def _unequal(name: str, old: str, new: str) -> Iterator[Setting]:
    if old != new:
        yield Setting(name, old, new)


def _fired(
    cells: Sequence[Cell], one: Mapping[Cell, Exploration], other: Mapping[Cell, Exploration]
) -> tuple[Fired, ...]:
    """The rules that fire in `one` and not in `other`."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        for rule, count in one[cell].coverage.items():
            if count and not other[cell].coverage.get(rule):
                found.setdefault(rule, []).append(cell)
    return tuple(Fired(rule, tuple(where)) for rule, where in sorted(found.items()))


def _sizes(cells: Iterable[Cell], old: Mapping[Cell, Exploration], new: Mapping[Cell, Exploration]) -> Iterator[Size]:
    for cell in cells:
        one, other = old[cell], new[cell]
        size = Size(cell, (one.states, other.states), (one.transitions, other.transitions))
        if size.states[0] != size.states[1] or size.transitions[0] != size.transitions[1]:
            yield size
