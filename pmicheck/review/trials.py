"""What ablations and other readings have in common: a scenario as it is, a change, and which verdicts that moves."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from pmicheck.attacker.lattice import Key, Table
from pmicheck.errors import UsageError
from pmicheck.properties.catalogue import NAMES
from pmicheck.report.record.changed import Repairs, Shift, Trial, Trials
from pmicheck.review.decisions import HONEST, Decisions
from pmicheck.verdict import Verdict
from pmicheck.verify.matrix import Request, plan

OPEN = (Verdict.HOLDS_TO_BOUND, Verdict.UNDECIDED)

T = TypeVar("T", Trials, Repairs)


def decisions_of(request: Request) -> Decisions:
    """The scenario of the request as it is, yet to be decided.

    Raises UsageError where nothing applies, or for several scenarios.
    """
    cells = plan(request)
    if len({cell.scenario.name for cell in cells}) != 1:
        raise UsageError("there is nothing to decide: name one scenario to which the chosen properties apply")
    first = cells[0]
    asked = {name for cell in cells for name in cell.properties}
    return Decisions(
        first.scenario,
        first.policy,
        [cell.attacker for cell in cells],
        [name for name in NAMES if name in asked],
        max_states=request.engine.max_states,
    )


@contextlib.contextmanager
def handed_over(partial: Callable[[T], None], so_far: Callable[[], T]) -> Iterator[None]:
    """Whatever ends the block early, `partial` is called with what there is by then, marked as such."""
    try:
        yield
    except BaseException:
        partial(replace(so_far(), partial=True))
        raise


def whole(decisions: Decisions, request: Request, kind: str) -> Trials:
    """The frame of all trials of one kind: what was the case before any of them."""
    return Trials(
        scenario=decisions.scenario.name,
        kind=kind,
        bounds=decisions.scenario.bounds_sentence(),
        attackers=tuple(decisions.attackers),
        properties=decisions.properties,
        given=given(request),
        broken=broken(decisions, decisions.table),
        undecided=undecided(decisions.table),
        trials=(),
    )


def given(request: Request) -> tuple[str, ...]:
    """What the request itself changes, as a user would say it."""
    return (*(f"{name}={value}" for name, value in request.settings), *(f"without {m}" for m in request.without))


def trial(decisions: Decisions, changes: tuple[str, ...], about: str, table: Table | None) -> Trial:
    """What came of the changes; no table where nobody consults what they touch."""
    if table is None:
        return Trial(changes, about, consulted=False)
    return Trial(changes, about, True, tuple(shifts(decisions, decisions.table, table)), undecided(table))


def shifts(decisions: Decisions, before: Table, after: Table) -> Iterator[Shift]:
    """Each property with another verdict than before, and the weakest attackers for whom that is so."""
    for prop in decisions.properties:
        for verdict in (Verdict.VIOLATED, Verdict.HOLDS):
            moved = [
                key for key in after if key[1] == prop and after[key] is verdict and differs(before[key], after[key])
            ]
            if moved:
                yield Shift(prop, before[moved[0]], verdict, _names(decisions, moved))


def broken(decisions: Decisions, table: Table) -> tuple[Shift, ...]:
    """The violated properties with the weakest attackers that break them."""
    found = []
    for prop in decisions.properties:
        keys = [key for key in table if key[1] == prop and table[key] is Verdict.VIOLATED]
        if keys:
            found.append(Shift(prop, "", Verdict.VIOLATED, _names(decisions, keys)))
    return tuple(found)


def _names(decisions: Decisions, keys: list[Key]) -> tuple[str, ...]:
    return decisions.weakest(name for name, _ in keys if name != HONEST)


def differs(before: Verdict, after: Verdict) -> bool:
    """Whether a verdict was turned round; what a limit left open on either side was not."""
    return before is not after and before not in OPEN and after not in OPEN


def undecided(table: Table) -> tuple[str, ...]:
    return tuple(sorted(f"{name}/{prop}" if name else prop for (name, prop), v in table.items() if v in OPEN))
