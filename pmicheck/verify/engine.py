"""How a system is explored: limits, threads, reductions, where the states lie. No choice here changes a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pmicheck.attacker.profiles import Attacker
from pmicheck.errors import OutputError
from pmicheck.explore.explorer import explore, kernel_for
from pmicheck.explore.result import Enough, Exploration, Progress, Sight
from pmicheck.grounding.run import Prepared, prepare
from pmicheck.grounding.system import TransitionSystem
from pmicheck.model.policy import Policy
from pmicheck.model.scenario import Scenario
from pmicheck.properties.base import Property
from pmicheck.reduce.reduction import findings
from pmicheck.second.opinion import second
from pmicheck.verify.cache import Cache


class Searcher(Protocol):
    """Somebody else who explores: see `explorer.explore` for arguments and result."""

    def explore(
        self,
        system: TransitionSystem,
        *,
        max_states: int | None,
        max_seconds: float | None,
        progress: Progress | None,
        enough: Enough | None,
    ) -> Exploration: ...


@dataclass(frozen=True)
class Engine:
    """The choices of the user for every search of a run.

    Attributes:
        max_states, max_seconds: limits of one search; a verdict that they cut is `holds-to-bound`.
        reduce: reductions in force (`pmicheck.reduce.reduction`), except where the state graph is asked for: what is
            out of reach from a state is a question about all its runs.
        elsewhere: who searches instead of this process, except where the state graph is asked for.
        keep: whether ground systems are kept on disk for later runs, and taken from there.
        threads: how many threads a search uses.
        spill: the directory where the large tables lie instead of in memory.
        checkpoint: the directory where searches are saved, except where the state graph is asked for.
        second_opinion: whether a second explorer confirms each search that it can (`pmicheck.second.opinion`), except
            where the state graph is asked for; it is for plain searches on this machine.
    """

    max_states: int | None = None
    max_seconds: float | None = None
    elsewhere: Searcher | None = None
    reduce: tuple[str, ...] = ()
    keep: bool = False
    threads: int = 1
    spill: Path | None = None
    checkpoint: Path | None = None
    second_opinion: bool = False

    def at_most(self, states: int) -> Engine:
        """The same with no more states than this."""
        return replace(self, max_states=states if self.max_states is None else min(states, self.max_states))

    def prepare(
        self, scenario: Scenario, policy: Policy, attacker: Attacker | None, properties: Iterable[Property]
    ) -> Prepared:
        """The ground system of a scenario; see `grounding.run.prepare`, which raises ScenarioError."""
        cache = Cache.of_user() if self.keep else None
        return (cache.prepare if cache else prepare)(scenario, policy, attacker, properties)

    def check(self) -> None:
        """Raises UsageError if no search can be done so: better before a run than in the middle."""
        kernel_for(threads=self.threads, spill=self.spill, checkpoint=self.checkpoint)

    def explore(
        self,
        system: TransitionSystem,
        *,
        progress: Progress | None = None,
        enough: Enough | None = None,
        edges: bool = False,
    ) -> Exploration:
        """Every reachable state of a system; see `explorer.explore` for the arguments and what may be raised.

        A reduced system shows projections of its own, so that `enough` is not asked on the way there. In the end it is
        shown all that was found, with whatever no level told: what a limit cut, what a reduction found.
        A search whose checkpoint cannot be written, because the disk is full by now, goes on without.
        Raises Disagreement as well, if a second opinion is asked for and is another one.
        """
        found = self._searched(system, progress, enough, edges)
        if enough is not None:
            enough(Sight(found.projections, found.goals))
        if self.second_opinion and not edges:
            return replace(found, seconded=second(system, found))
        return found

    def _searched(
        self, system: TransitionSystem, progress: Progress | None, enough: Enough | None, edges: bool
    ) -> Exploration:
        if self.reduce and not edges:
            plain = replace(self, reduce=())
            return findings(system, self.reduce, lambda smaller: plain.explore(smaller, progress=progress))
        if self.elsewhere is not None and not edges:
            return self.elsewhere.explore(
                system, max_states=self.max_states, max_seconds=self.max_seconds, progress=progress, enough=enough
            )
        checkpoint = None if edges else self.checkpoint
        try:
            return self._explore(system, progress, enough, edges, checkpoint)
        except OutputError as error:
            found = self._explore(system, progress, enough, edges, None)
            return replace(found, unsaved=f"{error}; the search went on, but was not saved")

    def _explore(
        self,
        system: TransitionSystem,
        progress: Progress | None,
        enough: Enough | None,
        edges: bool,
        checkpoint: Path | None,
    ) -> Exploration:
        return explore(
            system,
            max_states=self.max_states,
            max_seconds=self.max_seconds,
            progress=progress,
            enough=enough,
            edges=edges,
            threads=self.threads,
            spill=self.spill,
            checkpoint=checkpoint,
        )


UNLIMITED = Engine()
