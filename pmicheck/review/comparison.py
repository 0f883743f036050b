"""The draft beside its ancestors, RFC 6275 and RFC 4866, on the same attackers and properties (claims S27 and S28)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from pmicheck.attacker.profiles import USUAL
from pmicheck.model.scenario import SHIPPED
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.report.record.review import Row, Table
from pmicheck.review.cells import Cell, Verdicts
from pmicheck.verdict import Verdict

ABSENT = "-"
BETTER, EQUAL, WORSE = "better", "equal", "worse"
GOOD = (Verdict.HOLDS, Verdict.PROVED)


@dataclass(frozen=True)
class Protocol:
    """A column: a protocol, and the scenarios that stand for it."""

    name: str
    scenarios: tuple[str, ...]


RFC_6275 = Protocol("RFC 6275", ("rr-mobile",))
RFC_4866 = Protocol("RFC 4866", ("ero-initial", "ero-handoff"))
TYPE_1 = Protocol(
    "draft, type 1",
    ("type1-initial", "type1-refresh", "type1-handover", "type1-handover-reactive", "type1-settled"),
)
TYPE_2 = Protocol("draft, type 2 by RR", ("type2-rr",))

TABLES = {
    "S27": (RFC_6275, RFC_4866, TYPE_1),
    "S28": (RFC_6275, RFC_4866, TYPE_2),
}
"""By claim the columns; the draft comes last."""


def compare(claim: str, verdicts: Verdicts) -> Table:
    """The table of a claim: every property and attacker that means something in the draft's column."""
    columns = tuple(column for column in TABLES[claim] if set(column.scenarios) & set(SHIPPED))
    verdicts.decide(cells_of(claim))
    rows = []
    for prop in INVARIANTS:
        for attacker in USUAL:
            cells = tuple(_worst(column, attacker, prop, verdicts) for column in columns)
            if cells[-1] != ABSENT:
                relations = (relation(cells[-1], cell) for cell in cells[:-1])
                rows.append(Row(prop, attacker, cells, tuple(relations)))
    names = tuple(column.name for column in columns)
    if TABLES[claim][-1] not in columns:
        return Table(f"{TABLES[claim][-1].name}: not modelled", (), ())
    return Table(f"{names[-1]} beside {' and '.join(names[:-1])}", names, tuple(rows))


def cells_of(claim: str) -> Iterator[Cell]:
    """Every cell that the table of a claim looks at."""
    for column in TABLES[claim]:
        for names in product(column.scenarios, USUAL, INVARIANTS):
            yield Cell(*names)


def _worst(column: Protocol, attacker: str, prop: str, verdicts: Verdicts) -> str:
    """The gravest verdict of the column's scenarios: a violation in one is one of the protocol."""
    found = [verdicts.of(Cell(scenario, attacker, prop)) for scenario in column.scenarios]
    decided = [verdict for verdict in found if verdict is not None and verdict is not Verdict.VACUOUS]
    for verdict in (Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.HOLDS_TO_BOUND, *GOOD):
        if verdict in decided:
            return str(verdict)
    return ABSENT


def relation(draft: str, ancestor: str) -> str:
    """How the draft stands against an ancestor in one row.

    An ancestor without the cell has not the principal (a PMA) or the thing (a token) that could be attacked: what
    breaks in the draft is then new, hence worse, and what holds there compares with nothing.
    """
    broken = draft == Verdict.VIOLATED
    if ancestor == ABSENT:
        return WORSE if broken else ABSENT
    if Verdict(draft) not in (*GOOD, Verdict.VIOLATED) or Verdict(ancestor) not in (*GOOD, Verdict.VIOLATED):
        return ABSENT
    if broken == (ancestor == Verdict.VIOLATED):
        return EQUAL
    return WORSE if broken else BETTER


def word_of(relations: Iterable[str]) -> str:
    """What a claim to be better than an ancestor is worth.

    Better somewhere and worse nowhere: supported. Better nowhere: refuted. Both: conditional, on which attacker and
    which property one has in mind. Nothing to compare: undecided.
    """
    found = set(relations)
    if not found & {BETTER, EQUAL, WORSE}:
        return "undecided"
    if BETTER not in found:
        return "refuted"
    return "conditional" if WORSE in found else "supported"
