"""Every statement of the draft with what became of it: where it is modelled, how often it was at work, what falls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Statement
from pmicheck.review.breaches import Consequence, breaches
from pmicheck.review.traceability import Traced, censuses, plain_name, trace_statements

Fired = Mapping[tuple[str, str], int]
"""How often a rule fired, by (scenario, rule), under all attackers together."""


def dispositions(record: Record, *, progress: Callable[[str], None], breaking: bool) -> dict[str, Statement]:
    """All statements in the order of the draft.

    With `breaking`, each MUST is broken to see what falls, and `progress` hears of each.
    """
    fired = fired_in(record)
    told: dict[str, Statement] = {}
    for one in trace_statements():
        name = one.statement.name
        broken = breaking and one.statement.is_must
        told[name] = _told(one, fired, breaches(name) if broken else (), broken=broken)
        if broken:
            progress(f"{name}: {told[name].broken}")
    return told


def _told(one: Traced, fired: Fired, found: tuple[Consequence, ...], *, broken: bool) -> Statement:
    statement = one.statement
    return Statement(
        section=statement.section,
        says=statement.says,
        keyword=statement.keyword,
        disposition=one.disposition,
        where=one.where + (f" ({statement.test})" if statement.test else ""),
        fired=_fired(one, fired),
        falls=tuple(dict.fromkeys(prop for breach in found for prop in breach.falls)),
        broken=_fallen(one, found) if broken else "",
    )


def fired_in(record: Record) -> Fired:
    """The coverage of all explorations of the record, added up; deliveries by the attacker count with their rule."""
    fired: Counter[tuple[str, str]] = Counter()
    for exploration in record.explorations:
        for rule, count in exploration.coverage.items():
            fired[exploration.scenario, plain_name(rule)] += count
    return fired


def _fired(one: Traced, fired: Fired) -> dict[str, int]:
    """How often the rules of a statement fired in each scenario of the record that has any of them."""
    explored = {scenario for scenario, _ in fired}
    citing = {census.scenario: census.citing(one.statement.name) for census in censuses()}
    return {
        scenario: sum(fired.get((scenario, rule), 0) for rule in rules)
        for scenario, rules in citing.items()
        if rules and scenario in explored
    }


def _fallen(one: Traced, found: Iterable[Consequence]) -> str:
    """What falls for each way to break the statement; else why there is nothing to break."""
    told = [_consequence(breach) for breach in found]
    if told:
        return "; ".join(told)
    if one.statement.structural:
        return f"cannot be broken: {one.statement.structural}"
    return "not in the model"


def _consequence(breach: Consequence) -> str:
    how = str(breach.broken) + "".join(f", given {name}={value}" for name, value in breach.given)
    if breach.falls:
        return f"{', '.join(breach.falls)} ({how}; {breach.scenarios[-1]})"
    return f"nothing ({how}; {', '.join(breach.scenarios)}): {breach.reason or 'no reason is known'}"
