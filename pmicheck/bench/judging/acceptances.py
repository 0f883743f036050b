"""The updates that nodes accepted in a run, as judges ask for them."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.bench.names import AT_HOME, CN_HOME, COA3, HOA
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


def lost_binding(run: Run[Stage], accepted: Acceptance) -> str | None:
    """What an accepted update made of an honest current binding, as the beginning of a sentence; None if nothing.

    A binding is honest if an honest update made it, or if it is for the node of an agent that shook hands, which is
    there in any case: an answer to any update makes it.
    """
    earlier, before, after = last_update(run, accepted.place, accepted.step), accepted.before, accepted.after
    if earlier is None or before is None:
        return None
    stays = accepted.home_address == CN_HOME
    serving = COA3 if stays else HOA if accepted.serving == AT_HOME else accepted.serving
    if not (earlier.honest or stays) or before.care_of != serving or (after is not None and after.care_of == serving):
        return None
    what = "is gone" if after is None else f"now holds {after.care_of}"
    return f"The honest entry of {run.bench.label(accepted.place)} with {serving} {what}"
