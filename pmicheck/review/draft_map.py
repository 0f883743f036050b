"""docs/draft-map.md: each statement of the draft, its rules, how often they fired where, and what falls without it.

    python -m pmicheck.review.draft_map docs/draft-map.md reports/record.json

The counts come from the record; the last column comes from runs made now (see `pmicheck.review.breaches`).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pmicheck.errors import UsageError
from pmicheck.report.files import write_text
from pmicheck.report.record import Record, load
from pmicheck.review.breaches import Consequence, breaches
from pmicheck.review.traceability import Traced, censuses, plain_name, trace_statements

Fired = Mapping[tuple[str, str], int]
"""How often a rule fired, by (scenario, rule), under all attackers together."""

HEADING = """\
# The draft, statement by statement

Made by `python -m pmicheck.review.draft_map`; do not edit.

{counts}.

*Modelled*: rules of the model cite the statement, or a switch of the model (mechanism, reading) breaks it. *Concrete*:
only the nodes that exchange real packets implement it, and the test named shows it. *Outside*: neither,
with the reason. "lc" is a lower-case must, should or may, "st" a plain statement that fixes behaviour. *Fired* counts
the transitions by these rules in the record, under all its attackers together.

*Falls without it*, for each MUST: the statement was broken by the switch named (or, where it has none, by taking the
rules that cite it out of the model) and the smallest scenarios were run under every attacker that applies; named are
the properties that held before and are violated then. Statements are told in our own words.

| | § | | statement | where | fired | falls without it |
|---|---|---|---|---|---|---|
"""


def draft_map(record: Record, *, progress: Callable[[str], None] = lambda _: None) -> str:
    """The whole page, from a finished record. `progress` is called with one sentence per MUST.

    Raises:
        UsageError: the record is partial, so its counts mean nothing.
    """
    if record.partial:
        raise UsageError("a partial record makes no draft map; let a run finish first")
    traced = trace_statements()
    fired = fired_in(record)
    rows = []
    for one in traced:
        found: tuple[Consequence, ...] = ()
        if one.statement.is_must:
            found = breaches(one.statement.name)
            progress(f"{one.statement.name}: {_fallen(one, found)}")
        rows.append(_row(one, fired, found))
    return HEADING.format(counts=_counts(traced)) + "\n".join(rows) + "\n"


def fired_in(record: Record) -> Fired:
    """The coverage of all explorations of the record, added up; deliveries by the attacker count with their rule."""
    fired: Counter[tuple[str, str]] = Counter()
    for exploration in record.explorations:
        for rule, count in exploration.coverage.items():
            fired[exploration.scenario, plain_name(rule)] += count
    return fired


def _counts(traced: Sequence[Traced]) -> str:
    kinds = Counter(one.disposition for one in traced)
    return f"{len(traced)} statements: " + ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))


def _row(one: Traced, fired: Fired, found: Iterable[Consequence]) -> str:
    statement = one.statement
    fields = (
        statement.name,
        statement.section,
        statement.keyword,
        statement.says,
        f"*{one.disposition}*: {one.where}" + (f" ({statement.test})" if statement.test else ""),
        _fired(one, fired),
        _fallen(one, found) if statement.is_must else "",
    )
    return "| " + " | ".join(field.replace("|", "\\|") for field in fields) + " |"


def _fired(one: Traced, fired: Fired) -> str:
    """How often the rules of a statement fired in each scenario of the record that has any of them."""
    explored = {scenario for scenario, _ in fired}
    parts = []
    for census in censuses():
        rules = census.citing(one.statement.name)
        if rules and census.scenario in explored:
            parts.append(f"{census.scenario} {sum(fired.get((census.scenario, rule), 0) for rule in rules):,}")
    return ", ".join(parts)


def _fallen(one: Traced, found: Iterable[Consequence]) -> str:
    """What falls for each way to break the statement; else why there is nothing to break."""
    told = [_told(breach) for breach in found]
    if told:
        return "; ".join(told)
    if one.statement.structural:
        return f"cannot be broken: {one.statement.structural}"
    return "not in the model"


def _told(breach: Consequence) -> str:
    how = str(breach.broken) + "".join(f", given {name}={value}" for name, value in breach.given)
    where = ", ".join(breach.scenarios)
    if breach.falls:
        return f"**{', '.join(breach.falls)}** ({how}; {breach.scenarios[-1]})"
    return f"nothing ({how}; {where}): {breach.reason or 'no reason is known'}"


def main(arguments: Sequence[str]) -> None:
    """`arguments`: the file to write, the record to read. Raises UsageError, OutputError."""
    if len(arguments) != 2:
        raise UsageError("usage: python -m pmicheck.review.draft_map OUTPUT RECORD")
    output, record = map(Path, arguments)
    write_text(output, draft_map(load(record)))


if __name__ == "__main__":
    main(sys.argv[1:])
