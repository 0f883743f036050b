"""Which transitions are enabled in many states at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from pmicheck.explore.vectors import Numbers, Truths, Words, knowledge_words, rows_of
from pmicheck.grounding.system import TransitionSystem


class Guards:
    """The guards of some of a system's transitions."""

    def __init__(self, system: TransitionSystem, indices: Iterable[int]) -> None:
        self.local = system.words
        by_mask: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index in indices:
            transition = system.transitions[index]
            if not transition.value & ~transition.mask:
                by_mask[transition.mask][transition.value].append(index)
        self.guards = [
            _Guard(rows_of([mask], self.local)[0], rows_of(by_value, self.local), list(by_value.values()))
            for mask, by_value in by_mask.items()
        ]
        self.needs = rows_of((t.needs for t in system.transitions), knowledge_words(system))
        self.needy: Truths = np.any(self.needs, axis=1)

    def enabled(self, rows: Words) -> tuple[Numbers, Numbers]:
        """(row, transition) for all that is enabled, by row and then by index of the transition."""
        columns = np.ascontiguousarray(rows[:, : self.local].T)
        none = np.empty(0, np.int64)
        pairs = [(none, none), *(guard.passed(columns) for guard in self.guards)]
        row, via = np.concatenate([r for r, _ in pairs]), np.concatenate([v for _, v in pairs])
        asks = np.flatnonzero(self.needy[via])
        needs = self.needs[via[asks]]
        lacks = asks[(rows[row[asks], self.local :] & needs != needs).any(1)]
        edges = np.delete(row * len(self.needy) + via, lacks)
        edges.sort()
        return np.divmod(edges, max(1, len(self.needy)))


class _Guard:
    """All transitions that look at the same bits of `local`."""

    def __init__(self, mask: Words, values: Words, transitions: list[list[int]]) -> None:
        """`values[i]` is what the bits in `mask` have to be for `transitions[i]`."""
        self.columns = np.flatnonzero(mask)
        self.mask = mask[self.columns]
        self.mix = np.uint64(0x9E3779B97F4A7C15)
        while len(np.unique(keys := self._keys(values[:, self.columns].T))) < len(values):
            self.mix += np.uint64(2)
        order = np.argsort(keys, kind="stable")
        self.keys, self.values = keys[order], values[order][:, self.columns]
        self.count = np.array([len(transitions[i]) for i in order])
        self.begin = np.cumsum(self.count) - self.count
        self.transitions = np.array([t for i in order for t in transitions[i]])

    def _keys(self, columns: Words) -> Words:
        """One number for the masked words of a state."""
        keys = np.zeros(columns.shape[1], np.uint64)
        for column, mask in zip(columns, self.mask, strict=True):
            keys *= self.mix
            keys += column & mask
        return keys

    def passed(self, columns: Words) -> tuple[Numbers, Numbers]:
        """(row, transition) for all that this guard lets pass; `columns` are the words of all rows."""
        mine = columns[self.columns]
        keys = self._keys(mine)
        kind = np.searchsorted(self.keys, keys)
        kind[kind == len(self.keys)] = 0
        row = np.flatnonzero(self.keys[kind] == keys)
        kind = kind[row]
        right = ((mine[:, row].T & self.mask) == self.values[kind]).all(1)
        row, kind = row[right], kind[right]
        count = self.count[kind]
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(row, count), self.transitions[np.repeat(self.begin[kind], count) + step]
