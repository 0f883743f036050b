"""All findings of a record in one order, the worst flaw first, each with the flaw that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pmicheck.report.names import finding_names
from pmicheck.report.pages.places import Places
from pmicheck.report.record.catalogue import place
from pmicheck.report.record.record import Record, Result
from pmicheck.report.words.flaws import Flaw, flaws, way_in


@dataclass(frozen=True)
class Rank:
    """The findings of `record`; `places` knows the page of each."""

    record: Record
    places: Places

    @cached_property
    def names(self) -> dict[int, str]:
        """The stem of each finding's files, by position in the record."""
        return finding_names(self.record)

    @cached_property
    def flaws(self) -> tuple[Flaw, ...]:
        """The flaws of the draft, worst first."""
        return flaws(self.record)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Positions: flaw after flaw, first its own findings from the gravest on, then others that come in by its way.

        Last comes what is no flaw of the draft.
        """
        ways = tuple(flaw.way for flaw in self.flaws)
        inside = {self.places.position(each): at for flaw in self.flaws for at, each in enumerate(flaw.results)}
        others = len(self.names)
        return tuple(sorted(self.names, key=lambda at: (place(ways, self._ways[at]), inside.get(at, others), at)))

    def flaw_of(self, result: Result) -> tuple[int, Flaw] | None:
        """The flaw by whose way the finding comes in, with its number; None if it is no flaw of the draft."""
        way = self._ways[self.places.position(result)]
        return next((pair for pair in enumerate(self.flaws, start=1) if pair[1].way == way), None)

    def neighbours(self, position: int) -> tuple[int, Result | None, Result | None]:
        """The number of a finding in the order (from 1), the one before it and the one after it."""
        at = self._numbers[position]
        results = [self.record.results[each] for each in self.order[max(at - 2, 0) : at + 1]]
        return at, results[0] if at > 1 else None, results[-1] if at < len(self.order) else None

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return {position: number for number, position in enumerate(self.order, start=1)}

    @cached_property
    def _ways(self) -> dict[int, str]:
        return {position: way_in(self.record.results[position]) for position in self.names}
