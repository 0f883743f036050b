"""The updates that nodes accepted in a run, as judges ask for them."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.bench.names import CN_HOME, HOA
from pmicheck.bench.stage import Stage
from pmicheck.replay.records import Acceptance, Place
from pmicheck.replay.run import Run

VICTIMS = (HOA, CN_HOME)
"""Home addresses of honest nodes."""


def accepted_updates(run: Run[Stage]) -> Iterator[Acceptance]:
    """Updates for honest nodes that were accepted after the prologue."""
    for accepted in run.acceptances:
        if not run.trace.steps[accepted.step].prologue and accepted.home_address in VICTIMS:
            yield accepted


def last_update(run: Run[Stage], place: Place, before: int | None = None) -> Acceptance | None:
    """The last accepted update for a binding, if it is of a step before the one given."""
    found = [a for a in run.acceptances if a.place == place and (before is None or a.step < before)]
    return found[-1] if found else None


def is_the_cn(run: Run[Stage], place: Place) -> bool:
    return place[0] == run.bench.keeper


def who_keeps(run: Run[Stage], place: Place) -> str:
    """The keeper of a binding at the beginning of a sentence."""
    return "The CN" if is_the_cn(run, place) else place[0]
