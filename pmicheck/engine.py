"""How a system is explored: limits, threads, reductions, where the states lie. No choice here changes a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pmicheck.explore.explorer import explore
from pmicheck.explore.result import Exploration, Progress
from pmicheck.grounding.system import TransitionSystem


@dataclass(frozen=True)
class Engine:
    """The choices of the user for every search of a run.

    Attributes:
        max_states, max_seconds: limits of one search; a verdict that they cut is `holds-to-bound`.
    """

    max_states: int | None = None
    max_seconds: float | None = None

    def at_most(self, states: int) -> Engine:
        """The same with no more states than this."""
        return replace(self, max_states=states if self.max_states is None else min(states, self.max_states))

    def explore(
        self, system: TransitionSystem, *, progress: Progress | None = None, edges: bool = False
    ) -> Exploration:
        """Every reachable state of a system; see `explorer.explore` for the arguments and what may be raised."""
        return explore(system, max_states=self.max_states, max_seconds=self.max_seconds, progress=progress, edges=edges)


UNLIMITED = Engine()
