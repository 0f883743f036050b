"""docs/draft-map.md: each statement of the draft, its rules, how often they fired where, and what falls without it.

python -m pmicheck.report.draft_map docs/draft-map.md reports/record.json
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pmicheck.errors import UsageError
from pmicheck.report.files import write_text
from pmicheck.report.record.record import Record, load
from pmicheck.report.record.review import Statement

HEADING = """\
# The draft, statement by statement

Made by `make verify`; do not edit.

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


def draft_map(record: Record) -> str:
    """The whole page. Raises UsageError if the record was not reviewed, so that it knows no statement."""
    if not record.review.statements:
        raise UsageError("the record knows nothing of the statements; `pmicheck review RECORD` adds them")
    rows = [_row(name, one) for name, one in record.review.statements.items()]
    return HEADING.format(counts=_counts(record)) + "\n".join(rows) + "\n"


def _counts(record: Record) -> str:
    statements = record.review.statements
    kinds = Counter(one.disposition for one in statements.values())
    return f"{len(statements)} statements: " + ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))


def _row(name: str, one: Statement) -> str:
    fired = ", ".join(f"{scenario} {count:,}" for scenario, count in sorted(one.fired.items()))
    fields = (name, one.section, one.keyword, one.says, f"*{one.disposition}*: {one.where}", fired, one.broken)
    return "| " + " | ".join(field.replace("|", "\\|") for field in fields) + " |"


def main(arguments: Sequence[str]) -> None:
    """`arguments`: the file to write, the record to read. Raises UsageError, OutputError."""
    if len(arguments) != 2:
        raise UsageError("usage: python -m pmicheck.report.draft_map OUTPUT RECORD")
    output, record = map(Path, arguments)
    write_text(output, draft_map(load(record)))


if __name__ == "__main__":
    main(sys.argv[1:])
