"""One worker's share of a search: the states whose hash falls to it. It knows its peers, and nothing of Dask.

A level is found in rounds. In each one every partition expands a batch of its frontier and keeps what came out for
each owner (`expand`); then every one takes what the others keep for it (`absorb`). When no frontier has anything left,
the new states are numbered as a search on one machine would: in the order of their **birth**, the number of the
first edge that leads to them, where edges are numbered by (parent, transition). For that the births are dealt to the
partitions by ranges of parents (`offer`), each sorts its range (`rank`), and the owners take the ranks back (`number`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pmicheck.explore.expander import Expander, Successors
from pmicheck.explore.vectors import Numbers, RowSet, Truths, Words, distinct, hashes, rows_of
from pmicheck.grounding.system import TransitionSystem

NEVER = np.iinfo(np.int64).max


class Level(NamedTuple):
    """The states of one depth, ascending; they are the rows from `first` on."""

    first: int
    numbers: Numbers
    births: Numbers


class Round(NamedTuple):
    """What one batch did: how often each rule fired, octets for other partitions, rows of the frontier left."""

    fired: Numbers
    sent: int
    left: int


class Found(NamedTuple):
    """What a partition says about the new states of a level.

    Attributes:
        states: how many there are.
        seen: for each projection, the values not seen here before, as rows, with the number of their first state.
        goals: for each goal the number of the first state that meets it, or NEVER.
        beyond: the least birth of a state that was one too many, or NEVER.
        octets: the memory that the partition takes.
    """

    states: int
    seen: list[tuple[Words, Numbers]]
    goals: list[int]
    beyond: int
    octets: int


class Partition:
    """The states of one owner. Its methods are called in turn on all partitions, one after the other is done."""

    def __init__(self, system: TransitionSystem, me: int, owners: int) -> None:
        self.system, self.me, self.owners = system, me, owners
        self.expander = Expander(system)
        self.rule_of = np.array([t.rule for t in system.transitions], np.int64)
        self.watched = _watched(system, self.expander)
        self.seen = [RowSet(self.expander.words) for _ in self.watched]
        self.goals = _goals(system, self.expander)
        self.visited = RowSet(self.expander.words)
        self.levels: list[Level] = []
        self.peers: Sequence[Any] = ()
        self.outbox: dict[tuple[str, int], Any] = {}
        self.done = 0
        self.births: Numbers
        self.order: Numbers
        self._next_level()
        _, start = self.expander.start()
        if self._owner(hashes(start))[0] == me:
            self._meet(start, np.zeros(1, np.int64))

    def know(self, peers: Sequence[Any]) -> None:
        """The partitions by number. A call of `take` on one gives something that has the result as `result()`."""
        self.peers = peers

    def expand(self, batch: int) -> Round:
        """Expand so many more states of the frontier."""
        found, births = self._births(self.done, batch)
        self.done = min(self.done + batch, len(self._frontier().numbers))
        fired = self._fired(found, births, NEVER)
        hashed = hashes(found.rows)
        first, _ = distinct(found.rows, hashed)  # births ascend, so the first is the least
        rows, births, owner = found.rows[first], births[first], self._owner(hashed[first])
        for other in range(self.owners):
            mine = owner == other
            self.outbox["states", other] = rows[mine], births[mine]
        sent = int(np.count_nonzero(owner != self.me)) * (rows.itemsize * rows.shape[1] + births.itemsize)
        return Round(fired, sent, len(self._frontier().numbers) - self.done)

    def absorb(self) -> None:
        """Take what the batches of all partitions led to, and keep what is new."""
        parts = self._taken("states")
        self._meet(np.concatenate([rows for rows, _ in parts]), np.concatenate([births for _, births in parts]))

    def offer(self, first: int, frontier: int) -> None:
        """Deal the births of the new states by ranges of their parents: the `frontier` numbers from `first` on."""
        self.order = np.argsort(self.births)
        births = self.births[self.order]
        bounds = (first + np.arange(self.owners + 1) * frontier // self.owners) * max(1, len(self.rule_of))
        cuts = np.searchsorted(births, bounds)
        for other in range(self.owners):
            self.outbox["births", other] = births[cuts[other] : cuts[other + 1]]

    def rank(self) -> int:
        """Sort the range that is this partition's to sort; how many births lie in it."""
        parts = self._taken("births")
        ranks = np.argsort(np.argsort(np.concatenate(parts)))
        ends = np.cumsum([len(part) for part in parts])
        for other, (end, part) in enumerate(zip(ends, parts, strict=True)):
            self.outbox["ranks", other] = ranks[end - len(part) : end]
        return len(ranks)

    def number(self, bases: Sequence[int], most: int) -> Found:
        """Number the new states and make them the frontier.

        `bases[i]` is the number of the first state whose birth lies in range i; states from number `most` on are
        not kept.
        """
        ranks = self._taken("ranks")
        numbers = np.concatenate([part + base for part, base in zip(ranks, bases, strict=True)])
        births, kept = self.births[self.order], int(np.count_nonzero(numbers < most))
        rows = self.fresh.rows[self.order[:kept]]
        self.levels.append(Level(len(self.visited), numbers[:kept], births[:kept]))
        self.visited.append(rows, hashes(rows))
        self._next_level()
        beyond = int(births[kept]) if kept < len(births) else NEVER
        return Found(kept, self._see(rows, numbers), self._meets(rows, numbers), beyond, self._octets())

    def recount(self, level: int, beyond: int, batch: int) -> Numbers:
        """How often each rule fired from a level on edges before the one numbered `beyond`."""
        fired = np.zeros(len(self.system.rules), np.int64)
        for at in range(0, len(self.levels[level].numbers), batch):
            found, births = self._births(at, batch, level)
            fired += self._fired(found, births, beyond)
        return fired

    def state(self, number: int, depth: int) -> tuple[Words, int] | None:
        """Row and birth of a state of that depth; None if it is another partition's."""
        level = self.levels[depth]
        at = int(np.searchsorted(level.numbers, number))
        if at == len(level.numbers) or level.numbers[at] != number:
            return None
        return self.visited.rows[level.first + at].copy(), int(level.births[at])

    async def take(self, kind: str, other: int) -> Any:
        """What is kept for another partition, which is then kept no longer."""
        return self.outbox.pop((kind, other))

    def _taken(self, kind: str) -> list[Any]:
        own = self.outbox.pop((kind, self.me))
        asked = [None if n == self.me else peer.take(kind, self.me) for n, peer in enumerate(self.peers)]
        return [own if future is None else future.result() for future in asked]

    def _owner(self, hashed: Words) -> Words:
        """Whose each hash is; by its upper half, since the lower one places it in a table."""
        return (hashed >> np.uint64(32)) % np.uint64(self.owners)

    def _frontier(self) -> Level:
        return self.levels[-1]

    def _births(self, at: int, batch: int, level: int = -1) -> tuple[Successors, Numbers]:
        """The successors of a batch of a level, and the numbers of the edges to them."""
        first, numbers, _ = self.levels[level]
        numbers = numbers[at : at + batch]
        found = self.expander.expand(self.visited.rows[first + at : first + at + len(numbers)])
        return found, numbers[found.parent] * len(self.rule_of) + found.via

    def _fired(self, found: Successors, births: Numbers, beyond: int) -> Numbers:
        """How often each rule fired before the edge `beyond`; the eager transitions of that edge count."""
        eager = found.eager[births[found.followed] <= beyond]
        fired = np.concatenate((found.via[births < beyond], eager))
        return np.bincount(self.rule_of[fired], minlength=len(self.system.rules))

    def _next_level(self) -> None:
        self.done = 0
        self.fresh = RowSet(self.expander.words)
        self.births = np.empty(0, np.int64)

    def _meet(self, rows: Words, births: Numbers) -> None:
        """Note rows that edges lead to, each with the least number of such an edge."""
        hashed = hashes(rows)
        new = self.visited.find(rows, hashed) < 0
        numbers = self.fresh.add(rows[new], hashed[new])
        more = np.full(len(self.fresh) - len(self.births), NEVER)
        self.births = np.concatenate((self.births, more))
        np.minimum.at(self.births, numbers, births[new])

    def _see(self, rows: Words, numbers: Numbers) -> list[tuple[Words, Numbers]]:
        """What no state before these showed here of each projection."""
        news = []
        for mask, seen in zip(self.watched, self.seen, strict=True):
            before, shown = len(seen), rows & mask
            place = seen.add(shown, hashes(shown))
            first = np.full(len(seen) - before, NEVER)
            fresh = place >= before
            np.minimum.at(first, place[fresh] - before, numbers[: len(rows)][fresh])
            news.append((seen.rows[before:].copy(), first))
        return news

    def _meets(self, rows: Words, numbers: Numbers) -> list[int]:
        met: list[Truths] = [(rows & mask == value).all(1) for mask, value in self.goals]
        return [int(numbers[truths.argmax()]) if truths.any() else NEVER for truths in met]

    def _octets(self) -> int:
        logs = sum(level.numbers.nbytes + level.births.nbytes for level in self.levels)
        return self.visited.octets + sum(seen.octets for seen in self.seen) + logs


def _watched(system: TransitionSystem, expander: Expander) -> list[Words]:
    """What each projection leaves of a row; at the end, what the knowledge set is."""
    pairs = [(p.mask, p.facts) for p in system.projections] + [(0, (1 << len(system.facts)) - 1)]
    return [_row(expander, *pair) for pair in pairs]


def _goals(system: TransitionSystem, expander: Expander) -> list[tuple[Words, Words]]:
    return [(_row(expander, g.mask, g.facts), _row(expander, g.value, g.facts)) for g in system.goals]


def _row(expander: Expander, local: int, knowledge: int) -> Words:
    row: Words = np.hstack((rows_of([local], expander.local), rows_of([knowledge], expander.known)))[0]
    return row
