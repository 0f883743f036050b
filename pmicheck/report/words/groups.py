"""The tables of a record: what was decided for one scenario under one set of readings and mechanisms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmicheck.report.record.record import Exploration, Record, Result
from pmicheck.verdict import as_searched


@dataclass(frozen=True)
class Group:
    """The results of one table.

    Attributes:
        marks: what sets it apart from other tables: "reading=value", "bound=value" and "without mechanism".
    """

    scenario: str
    marks: tuple[str, ...]
    results: tuple[Result, ...]
    explorations: tuple[Exploration, ...]

    @property
    def title(self) -> str:
        return f"{self.scenario} ({', '.join(self.marks)})" if self.marks else self.scenario


def groups(record: Record) -> list[Group]:
    """The tables of the record in order of first appearance."""
    keys: dict[tuple[object, ...], list[Result]] = {}
    for result in record.results:
        keys.setdefault(_key(result), []).append(result)
    searches: dict[tuple[object, ...], list[Exploration]] = {}
    for search in record.explorations:
        searches.setdefault(_key(search), []).append(search)
    varying = _varying([results[0] for results in keys.values()])
    found = []
    for key, results in keys.items():
        marks = _marks(results[0], varying, record)
        found.append(Group(results[0].scenario, marks, tuple(results), tuple(searches.get(key, ()))))
    return found


def unexpected(result: Result) -> bool:
    """Whether the verdict is another than the scenario file expects."""
    return result.expected not in ("", result.verdict, as_searched(result.verdict))


def silent_rules(group: Group) -> tuple[Mapping[str, str], int]:
    """The rules that fired under no attacker, in order, each with its reason ("" if nobody argued it), and how many
    fired under some attackers only."""
    if not group.explorations:
        return {}, 0
    silent = [{each.rule for each in search.uncovered} for search in group.explorations]
    never, ever = set.intersection(*silent), set.union(*silent)
    reasons: dict[str, str] = {}
    for search in group.explorations:
        for each in search.uncovered:
            reasons[each.rule] = reasons.get(each.rule) or each.reason
    return {rule: reasons[rule] for rule in sorted(never)}, len(ever - never)


def _key(each: Result | Exploration) -> tuple[object, ...]:
    return each.scenario, tuple(sorted(each.readings.items())), each.without


def _marks(first: Result, varying: set[tuple[str, str]], record: Record) -> tuple[str, ...]:
    names = sorted({name for scenario, name in varying if scenario == first.scenario} | set(record.settings))
    chosen = {**record.bounds.get(first.scenario, {}), **first.readings}
    settings = [f"{name}={chosen[name]}" for name in names if name in chosen]
    return (*settings, *(f"without {name}" for name in first.without))


def _varying(results: Sequence[Result]) -> set[tuple[str, str]]:
    """The (scenario, reading) pairs that have more than one value among the tables."""
    seen: dict[tuple[str, str], set[str]] = {}
    for result in results:
        for name, value in result.readings.items():
            seen.setdefault((result.scenario, name), set()).add(value)
    return {pair for pair, values in seen.items() if len(values) > 1}
