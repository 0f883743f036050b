"""The draft beside its ancestors, RFC 6275 and RFC 4866, on the same attackers and properties (claims S27 and S28)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from pmicheck.attacker.profiles import USUAL
from pmicheck.model.scenario import SHIPPED
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.report.record.review import Row, Table
from pmicheck.review.breaches import Break
from pmicheck.review.breaches import verdicts as verdicts_of_break
from pmicheck.review.cells import Cell, Settings, Verdicts
from pmicheck.verdict import Verdict

ABSENT = "-"
BETTER, EQUAL, WORSE, NEW = "better", "equal", "worse", "new"
GOOD = (Verdict.HOLDS, Verdict.PROVED)

MOVES = frozenset({"mobile node moves to CoA2", "mobile node moves to home"})


@dataclass(frozen=True)
class Protocol:
    """A column: a protocol, and the scenarios that stand for it.

    Attributes:
        readings: how its correspondent is read, away from the defaults.
        omitted: rules of its scenarios that are left out, because the other column has no such course.
    """

    name: str
    scenarios: tuple[str, ...]
    readings: Settings = ()
    omitted: frozenset[str] = frozenset()


STRONGEST = (("sequence_scope", "home-address"),)
"""The correspondent of every column keeps the sequence number, as RFC 6275 5.2.8 has it first: the protocols differ in
what they send, and a correspondent that forgets would be a weak reading of an ancestor."""

RFC_6275 = Protocol("RFC 6275", ("rr-mobile",), STRONGEST)
RFC_4866 = Protocol("RFC 4866", ("ero-initial", "ero-handoff"), STRONGEST)
RFC_6275_AT_REST = Protocol("RFC 6275", ("rr-mobile",), STRONGEST, MOVES)
RFC_4866_AT_REST = Protocol("RFC 4866", ("ero-initial",), STRONGEST)
TYPE_1 = Protocol(
    "draft, type 1",
    ("type1-initial", "type1-refresh", "type1-handover", "type1-handover-reactive", "type1-settled"),
    STRONGEST,
)
TYPE_2 = Protocol("draft, type 2 by RR", ("type2-rr",), STRONGEST)

TABLES = {
    "S27": (RFC_6275, RFC_4866, TYPE_1),
    "S28": (RFC_6275_AT_REST, RFC_4866_AT_REST, TYPE_2),
}
"""By claim the columns; the draft comes last. `type2-rr` has no handover, so nobody moves beside it."""


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
    read = ", ".join(f"{name}={value}" for name, value in TABLES[claim][-1].readings)
    return Table(f"{names[-1]} beside {' and '.join(names[:-1])}, all read with {read}", names, tuple(rows))


def cells_of(claim: str) -> Iterator[Cell]:
    """Every cell that the table of a claim looks at, but those of a scenario of which rules are left out."""
    for column in TABLES[claim]:
        for names in product(column.scenarios, USUAL, INVARIANTS) if not column.omitted else ():
            yield Cell(*names, settings=column.readings)


def _worst(column: Protocol, attacker: str, prop: str, verdicts: Verdicts) -> str:
    """The gravest verdict of the column's scenarios: a violation in one is one of the protocol."""
    found = [_verdict(column, scenario, attacker, prop, verdicts) for scenario in column.scenarios]
    decided = [verdict for verdict in found if verdict is not None and verdict is not Verdict.VACUOUS]
    for verdict in (Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.HOLDS_TO_BOUND, *GOOD):
        if verdict in decided:
            return str(verdict)
    return ABSENT


def _verdict(column: Protocol, scenario: str, attacker: str, prop: str, verdicts: Verdicts) -> Verdict | None:
    if not column.omitted:
        return verdicts.of(Cell(scenario, attacker, prop, settings=column.readings))
    table = verdicts_of_break(scenario, Break(settings=column.readings, omitted=column.omitted))
    return table.get((attacker, prop))


def relation(draft: str, ancestor: str) -> str:
    """How the draft stands against an ancestor in one row.

    An ancestor without the cell has not the principal (a PMA) or the thing (a token) that could be attacked: what
    breaks in the draft is then new, and nothing is compared.
    """
    broken = draft == Verdict.VIOLATED
    if ancestor == ABSENT:
        return NEW if broken else ABSENT
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
