"""Symmetries on many states at a time: what stands for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pmicheck.explore.vectors import Numbers, Words, distinct, hashes, knowledge_words, number_of, rows_of
from pmicheck.grounding.system import WORD, Symmetry, TransitionSystem, bits


class Canon:
    """Replaces rows by the least of their images."""

    def __init__(self, system: TransitionSystem) -> None:
        known = knowledge_words(system)
        self.symmetries = [_Image(symmetry, system.words, known) for symmetry in system.symmetries]
        self.weighty = [*reversed(range(system.words)), *reversed(range(system.words, system.words + known))]

    def least(self, rows: Words) -> Words:
        """The least image of each row; the rows themselves may be among them."""
        best = rows
        for symmetry in self.symmetries:
            image = symmetry.of(rows)
            less, same = np.zeros(len(rows), np.bool_), np.ones(len(rows), np.bool_)
            for word in self.weighty:
                less |= same & (image[:, word] < best[:, word])
                same &= image[:, word] == best[:, word]
            best = np.where(less[:, None], image, best)
        return best


class _Move(NamedTuple):
    """Bits of one word that go to one word, so many places to the left or right."""

    source: int
    target: int
    mask: np.uint64
    left: np.uint64
    right: np.uint64


class _Image:
    """One symmetry."""

    def __init__(self, symmetry: Symmetry, local: int, known: int) -> None:
        self.symmetry, self.local, self.known = symmetry, local, known
        self.fixed = rows_of([symmetry.fixed], local)[0]
        self.moves = [move for mask, left in symmetry.moved for move in _moves(mask, left)]
        self.facts: dict[bytes, Words] = {}

    def of(self, rows: Words) -> Words:
        """The image of each row."""
        image = np.empty_like(rows)
        image[:, : self.local] = rows[:, : self.local] & self.fixed
        for move in self.moves:
            image[:, move.target] |= (rows[:, move.source] & move.mask) << move.left >> move.right
        for mask, shift, goal, values in self.symmetry.renamed:
            column, place = divmod(shift, WORD)
            numbers = (rows[:, column] & np.uint64(mask >> column * WORD)) >> np.uint64(place)
            image[:, goal // WORD] |= np.array(values, np.uint64)[numbers] << np.uint64(goal % WORD)
        knowledge = rows[:, self.local :]
        first, place_of = distinct(knowledge, hashes(knowledge))
        image[:, self.local :] = self._facts(knowledge, first)[place_of]
        return image

    def _facts(self, knowledge: Words, which: Numbers) -> Words:
        images = np.empty((len(which), self.known), np.uint64)
        for number, row in enumerate(knowledge[which]):
            key = row.tobytes()
            if key not in self.facts:
                self.facts[key] = rows_of([self.symmetry.of_facts(number_of(row))], self.known)[0]
            images[number] = self.facts[key]
        return images


def _moves(mask: int, left: int) -> Iterator[_Move]:
    """The moves from word to word that make one of a mask over all words."""
    parts: dict[tuple[int, int], int] = {}
    for bit in bits(mask):
        pair = bit // WORD, (bit + left) // WORD
        parts[pair] = parts.get(pair, 0) | 1 << bit % WORD
    for (source, target), part in parts.items():
        places = left - (target - source) * WORD
        yield _Move(source, target, np.uint64(part), np.uint64(max(places, 0)), np.uint64(max(-places, 0)))
