"""Whether the nodes are in the state that a step of a trace tells: each change against what they show.

A trace may come from anywhere. A change of no known kind, one that lacks a name or has a value that is not of its kind,
and one that the nodes of a run have no comparison for: each is a disagreement, so a replay never goes on from a state
that it has not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from pmicheck.trace import Changed, Step

if TYPE_CHECKING:
    from pmicheck.replay.run import Run

Check = Callable[[Any, Changed], str | None]
"""What the nodes of a run show in place of a change, as a sentence without its full stop; None if they agree."""


class Kind(NamedTuple):
    """What a cell of a kind has to say.

    Attributes:
        names: what its name has to say; fits: whether a value is one of the kind.
        lasts: nothing but a step changes it, so that it is compared after every later step too.
    """

    names: frozenset[str]
    fits: Callable[[Any], bool]
    lasts: bool = True

    def reads(self, change: Changed) -> bool:
        """Whether a change can be compared with anything."""
        return self.names <= change.of.keys() and self.fits(change.after)


def disagreements(run: Run[Any], step: Step) -> Iterator[str]:
    """What the nodes of a run show otherwise than the step tells, one sentence a change.

    What the step says of cells that last joins what earlier steps have said of such cells (`Run.known`).
    """
    bench, known = run.bench, run.known
    for change in step.cells:
        if change.kind not in bench.kinds or not bench.kinds[change.kind].reads(change):
            yield f"the change {change.line!r} cannot be compared"
            return
    for change in step.cells:
        check = bench.checks.get(change.kind)
        if check is None:
            yield f"the change {change.line!r} cannot be compared with these nodes"
        elif found := check(run, change):
            yield found
    told = {cell_of(change.kind, change.of): change for change in step.cells if bench.lasts(change)}
    for cell, change in known.items():
        if cell not in told and (found := bench.checks[change.kind](run, _as_it_lasts(change))):
            yield f"{found}, though the step tells no such change"
    known.update(told)


def cell_of(kind: str, of: Mapping[str, Any]) -> str:
    """Which cell it is, whatever it is called."""
    return json.dumps([kind, of], sort_keys=True)


def _as_it_lasts(change: Changed) -> Changed:
    """Without what runs out by itself: an entry has less and less time left."""
    if not isinstance(change.after, Mapping):
        return change
    return replace(change, after={name: value for name, value in change.after.items() if name != "capped"})
