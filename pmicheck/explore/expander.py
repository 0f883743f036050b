"""The successors of many states at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pmicheck.explore.guards import Guards
from pmicheck.explore.images import Canon
from pmicheck.explore.python_kernel import complete_start
from pmicheck.explore.vectors import Numbers, Truths, Words, distinct, hashes, knowledge_words, number_of, rows_of
from pmicheck.grounding.system import TransitionSystem


class Successors(NamedTuple):
    """One entry for each step from a row, by row and then by index of its transition.

    Attributes:
        parent, via: the row and the transition that is fired.
        rows: where that leads to, eager transitions and symmetries included.
        followed, eager: one entry for each eager transition that fires: the number of the step it follows, and it.
    """

    parent: Numbers
    via: Numbers
    rows: Words
    followed: Numbers
    eager: Numbers


class Expander:
    """Finds what is enabled in rows of states (see `vectors`) and what it leads to."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.local, self.known = system.words, knowledge_words(system)
        of, eager = system.transitions, set(system.eager)
        self.guards = Guards(system, [index for index in range(len(of)) if index not in eager])
        self.eager, self.canon = Guards(system, system.eager), Canon(system)
        self.keep = ~rows_of((t.clear for t in of), self.local)
        self.put = rows_of((t.put for t in of), self.local)
        self.learns = rows_of((t.learns for t in of), self.known)
        self.taught: Truths = np.any(self.learns, axis=1)
        self.closed: dict[tuple[int, int], Words] = {}

    @property
    def words(self) -> int:
        """The length of a row."""
        return self.local + self.known

    def start(self) -> tuple[list[int], Words]:
        """The eager transitions that fire at the start, and the state with which a search begins, as the one row."""
        fired, (local, knowledge) = complete_start(self.system)
        return fired, np.hstack((rows_of([local], self.local), rows_of([knowledge], self.known)))

    def expand(self, rows: Words) -> Successors:
        """The successors of each row, self-loops included."""
        parent, via = self.guards.enabled(rows)
        found, none = self._fire(rows[parent], via), np.empty(0, np.int64)
        if not self.system.reduced:
            return Successors(parent, via, found, none, none)
        first, place = distinct(found, hashes(found))
        kinds = found[first]
        followed, eager = [none], [none]
        for which, fired in self._hurry(kinds):
            took = np.full(len(kinds), -1)
            took[which] = fired
            steps = np.flatnonzero(took[place] >= 0)
            followed.append(steps)
            eager.append(took[place[steps]])
        return Successors(parent, via, self.canon.least(kinds)[place], np.concatenate(followed), np.concatenate(eager))

    def _hurry(self, rows: Words) -> list[tuple[Numbers, Numbers]]:
        """Let eager transitions fire in the rows, as long as one changes something: (rows, transitions) each time."""
        rounds, hasty = [], np.arange(len(rows))
        while len(hasty) and self.system.eager:
            row, via = self.eager.enabled(rows[hasty])
            after = self._fire(rows[hasty[row]], via)
            moved = np.flatnonzero((after != rows[hasty[row]]).any(1))
            _, first = np.unique(row[moved], return_index=True)
            chosen = moved[first]
            hasty = hasty[row[chosen]]
            rows[hasty] = after[chosen]
            rounds.append((hasty, via[chosen]))
        return rounds

    def _fire(self, rows: Words, via: Numbers) -> Words:
        """What one transition makes of each row, in its place."""
        rows[:, : self.local] &= self.keep[via]
        rows[:, : self.local] |= self.put[via]
        self._learn(rows[:, self.local :], via)
        return rows

    def _learn(self, knowledge: Words, via: Numbers) -> None:
        """Put into each row of knowledge what the transition teaches, and all that follows."""
        asks = np.flatnonzero(self.taught[via])
        told = asks[(self.learns[via[asks]] & ~knowledge[asks]).any(1)]
        lessons = np.hstack((knowledge[told], self.learns[via[told]]))
        first, place = distinct(lessons, hashes(lessons))
        if len(first):
            closed = np.vstack([self._closure(lesson) for lesson in lessons[first]])
            knowledge[told] = closed[place]

    def _closure(self, lesson: Words) -> Words:
        pair = number_of(lesson[: self.known]), number_of(lesson[self.known :])
        if pair not in self.closed:
            self.closed[pair] = rows_of([self.system.close(*pair)], self.known)
        return self.closed[pair]
