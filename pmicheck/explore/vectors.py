"""States as rows of 64-bit words: from and to integers, a hash of our own, what is distinct, sets of rows.

A row is the local vector of a state, lowest word first, and then its knowledge set. Nothing here trusts a hash:
rows are the same if all their words are.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pmicheck.grounding.system import WORD, TransitionSystem

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def knowledge_words(system: TransitionSystem) -> int:
    """How many words of a row hold the knowledge set; at least one."""
    return max(1, -(-len(system.facts) // WORD))


def rows_of(numbers: Iterable[int], words: int) -> Words:
    """Each number as a row of so many words; raises OverflowError if one has a bit beyond."""
    octets = b"".join([number.to_bytes(words * WORD // 8, "little") for number in numbers])
    return np.frombuffer(octets, "<u8").reshape(-1, words).astype(np.uint64)


def number_of(row: Words) -> int:
    """The number whose words a row holds."""
    return int.from_bytes(row.astype("<u8").tobytes(), "little")


def hashes(rows: Words) -> Words:
    """A hash of each row: the same on every machine, and in every process."""
    mixed = np.full(len(rows), len(rows.T), np.uint64)
    for column in rows.T:
        mixed ^= column
        mixed *= _ODD
        mixed ^= mixed >> _HALF
    mixed *= _ODD
    mixed ^= mixed >> _HALF
    return mixed


def distinct(rows: Words, hashed: Words) -> tuple[Numbers, Numbers]:
    """(the first row of each kind, ascending; for each row the place of its kind in that).

    Args:
        rows: what to tell apart.
        hashed: a hash of each row; equal rows have equal ones.
    """
    order = np.argsort(hashed, kind="stable")
    new = _begins(hashed[order])
    same = order[1:][~new[1:]]
    if not np.array_equal(rows[same], rows[order[:-1][~new[1:]]]):  # two rows with one hash
        order = np.lexsort((*rows.T, hashed))
        new = _begins(hashed[order]) | np.concatenate(([True], (rows[order[1:]] != rows[order[:-1]]).any(1)))
    first = order[new]
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    place = np.empty(len(rows), np.int64)
    place[order] = rank[np.cumsum(new) - 1]
    return np.sort(first), place


def _begins(ordered: Words) -> Truths:
    """Where a run of equal numbers begins."""
    new = np.ones(len(ordered), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return new


class RowSet:
    """Distinct rows, numbered from 0 in the order in which they were added; open addressing, exact keys."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.count = 0
        self._rows = np.empty((0, words), np.uint64)
        self._slots = np.full(1024, -1, np.int32)

    def __len__(self) -> int:
        return self.count

    @property
    def rows(self) -> Words:
        """All rows by number: a view that the next `add` may leave behind."""
        return self._rows[: self.count]

    @property
    def octets(self) -> int:
        """The memory that is taken."""
        return self._rows.nbytes + self._slots.nbytes

    def find(self, rows: Words, hashed: Words) -> Numbers:
        """The number of each row, -1 where it is not in the set."""
        found = np.full(len(rows), -1, np.int64)
        last = np.uint64(len(self._slots) - 1)
        asked, slots = np.arange(len(rows)), (hashed & last).astype(np.int64)
        while len(asked):
            numbers = self._slots[slots]
            taken = numbers >= 0
            asked, slots, numbers = asked[taken], slots[taken], numbers[taken]
            met = (self._rows[numbers] == rows[asked]).all(1)
            found[asked[met]] = numbers[met]
            asked, slots = asked[~met], (slots[~met] + 1) & int(last)
        return found

    def add(self, rows: Words, hashed: Words) -> Numbers:
        """The number of each row, those that were not in the set having been added."""
        first, place = distinct(rows, hashed)
        numbers = self.find(rows[first], hashed[first])
        fresh = numbers < 0
        numbers[fresh] = np.arange(self.count, self.count + np.count_nonzero(fresh))
        self.append(rows[first[fresh]], hashed[first[fresh]])
        return numbers[place]

    def append(self, rows: Words, hashed: Words) -> None:
        """Add rows that differ from each other and from all in the set."""
        before, self.count = self.count, self.count + len(rows)
        if self.count > len(self._rows):
            self._rows.resize((max(self.count, len(self._rows) * 5 // 4), self.words), refcheck=False)
        self._rows[before : self.count] = rows
        if self.count * 3 > len(self._slots) * 2:
            size = 1 << (self.count * 2).bit_length()
            self._slots = np.full(size, -1, np.int32 if size <= 2**31 else np.int64)
            before, hashed = 0, hashes(self.rows)
        self._place(np.arange(before, self.count), hashed)

    def _place(self, numbers: Numbers, hashed: Words) -> None:
        """Give each number the first free slot from its hash on."""
        last = len(self._slots) - 1
        slots = (hashed & np.uint64(last)).astype(np.int64)
        while len(numbers):
            free = self._slots[slots] < 0
            self._slots[slots[free]] = numbers[free]  # where two want one slot, the last writer has it
            waiting = self._slots[slots] != numbers
            numbers, slots = numbers[waiting], (slots[waiting] + 1) & last
