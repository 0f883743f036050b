"""A transition system as the flat arrays that the C kernel reads (its `pk_system` in kernel/kernel.h)."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pmicheck.explore.python_kernel import complete_start
from pmicheck.grounding.system import WORD, Renamed, TransitionSystem, bits

OCTETS = WORD // 8
FULL = 2**WORD - 1


def knowledge_words(system: TransitionSystem) -> int:
    """How many 64-bit words hold a knowledge set; at least one."""
    return max(1, -(-len(system.facts) // WORD))


def packed(numbers: Iterable[int], words: int) -> bytes:
    """Each number as `words` 64-bit words, lowest first; raises OverflowError if one has a bit beyond."""
    length = words * OCTETS
    return b"".join([number.to_bytes(length, "little") for number in numbers])


class _Sets:
    """Distinct sets by number; number 0 is the empty one."""

    def __init__(self) -> None:
        self.number: dict[int, int] = {0: 0}

    def numbers(self, sets: Iterable[int]) -> array[int]:
        number = self.number
        return array("I", [number.setdefault(a_set, len(number)) for a_set in sets])


NO_VALUES = 2**32 - 1


class _Moves(NamedTuple):
    """What symmetries do with bits that do not stay: each move takes bits of one word to one word."""

    offsets: array[int]
    numbers: array[int]
    masks: list[int]
    values: list[int]

    @classmethod
    def of(cls, system: TransitionSystem) -> _Moves:
        moves = cls(array("I", [0]), array("I"), [], [])
        for symmetry in system.symmetries:
            for mask, left in symmetry.moved:
                for word in range(system.words):
                    moves._add_moved(word, (mask >> word * WORD) & FULL, left)
            for renamed in symmetry.renamed:
                moves._add_renamed(renamed)
            moves.offsets.append(len(moves.masks))
        return moves

    def _add(self, mask: int, *numbers: int) -> None:
        self.masks.append(mask)
        self.numbers.extend(numbers)

    def _add_moved(self, word: int, mask: int, left: int) -> None:
        """Bits that keep their distance; those that come to lie in different words are different moves."""
        by_target: dict[int, int] = {}
        for bit in bits(mask):
            target = (word * WORD + bit + left) // WORD
            by_target[target] = by_target.get(target, 0) | 1 << bit
        for target, part in by_target.items():
            up = left - (target - word) * WORD
            self._add(part, word, target, max(0, -up), max(0, up), NO_VALUES)

    def _add_renamed(self, renamed: Renamed) -> None:
        (word, down), (target, up) = divmod(renamed.shift, WORD), divmod(renamed.target, WORD)
        self._add(renamed.mask >> word * WORD, word, target, down, up, len(self.values))
        self.values.extend(renamed.values)


def _whole_permutation(facts: tuple[int, ...], count: int) -> list[int]:
    """The permutation of facts for all bits of the words that hold them."""
    return [*facts, *range(len(facts), count)]


@dataclass(frozen=True)
class Tables:
    """Numbers and arrays under the names of the members of `pk_system`."""

    counts: dict[str, int]
    words: dict[str, bytes]
    ids: dict[str, array[int]]

    @classmethod
    def of(cls, system: TransitionSystem) -> Tables:
        """The tables of a system; raises ValueError if it breaks its own rules."""
        check(system)
        try:
            return cls._of(system)
        except OverflowError as error:
            raise ValueError(f"{system.name}: a bit beyond the width of the state or the facts") from error

    @classmethod
    def _of(cls, system: TransitionSystem) -> Tables:
        w, k = system.words, knowledge_words(system)
        needs, learns = _Sets(), _Sets()
        # A field without bits distinguishes nothing.
        fields = [f for f in system.fields if f.width]
        transitions, projections, goals = system.transitions, system.projections, system.goals
        moves = _Moves.of(system)
        ids = {
            "eager": array("I", system.eager),
            "symmetry_facts": array("I", [n for s in system.symmetries for n in _whole_permutation(s.facts, k * WORD)]),
            "move_offset": moves.offsets,
            "move_numbers": moves.numbers,
            "field": array("I", [n for f in fields for n in (*divmod(f.shift, WORD), f.width)]),
            "rule_of": array("I", [t.rule for t in transitions]),
            "needs_of": needs.numbers([t.needs for t in transitions]),
            "learns_of": learns.numbers([t.learns for t in transitions]),
            "horn_head": array("I", [rule.head for rule in system.horn]),
        }
        initial, known = complete_start(system)[1]
        words = {
            "mask": packed([t.mask for t in transitions], w),
            "value": packed([t.value for t in transitions], w),
            "clear": packed([t.clear for t in transitions], w),
            "put": packed([t.put for t in transitions], w),
            "needs_set": packed(needs.number, k),
            "learns_set": packed(learns.number, k),
            "horn_body": packed([rule.body for rule in system.horn], k),
            "projection_mask": packed([p.mask for p in projections], w),
            "projection_facts": packed([p.facts for p in projections], k),
            "goal_mask": packed([g.mask for g in goals], w),
            "goal_value": packed([g.value for g in goals], w),
            "goal_facts": packed([g.facts for g in goals], k),
            "symmetry_fixed": packed([s.fixed for s in system.symmetries], w),
            "symmetry_value": packed(moves.values, 1),
            "move_mask": packed(moves.masks, 1),
            "initial": packed([initial], w),
            "known": packed([known], k),
        }
        counts = {
            "words": w,
            "knowledge_words": k,
            "fields": len(fields),
            "transitions": len(transitions),
            "rules": len(system.rules),
            "horn": len(system.horn),
            "projections": len(projections),
            "goals": len(goals),
            "eager_count": len(system.eager),
            "symmetries": len(system.symmetries),
            "moves": len(moves.masks),
            "symmetry_values": len(moves.values),
            "needs": len(needs.number),
            "learns": len(learns.number),
        }
        return cls(counts, words, ids)

    def digest(self, system: TransitionSystem) -> str:
        """SHA-256 of all that makes the system these are the tables of, names included, labels not: in hexadecimal."""
        found = hashlib.sha256()
        named = (system.name, system.rules, system.facts, system.projections, system.goals)
        fields = [(f.name, f.shift, f.width) for f in system.fields]
        found.update(repr((named, fields, sorted(self.counts.items()))).encode("utf-8", "surrogatepass"))
        for name, _, content in self.arrays():
            octets = bytes(content)
            found.update(f"{name} {len(octets)} ".encode())
            found.update(octets)
        return found.hexdigest()

    def arrays(self) -> Iterator[tuple[str, str, bytes | array[int]]]:
        """(member, C type of its items, content)."""
        for name, octets in self.words.items():
            yield name, "uint64_t", octets
        for name, numbers in self.ids.items():
            yield name, "uint32_t", numbers


def check(system: TransitionSystem) -> None:
    """What the kernel would otherwise read or write out of bounds for; raises ValueError."""
    if system.words < 1 or system.width % WORD:
        raise ValueError(f"{system.name}: {system.width} bits are not a whole number of 64-bit words")
    for f in system.fields:
        if f.shift < 0 or f.shift % WORD + f.width > WORD or f.shift + f.width > system.width:
            raise ValueError(f"{system.name}: field {f.name} straddles a word or lies outside the state")
    rules, facts = len(system.rules), len(system.facts)
    if any(not 0 <= t.rule < rules for t in system.transitions):
        raise ValueError(f"{system.name}: a transition of a rule that does not exist")
    if any(not 0 <= rule.head < facts for rule in system.horn):
        raise ValueError(f"{system.name}: a Horn rule whose head is no fact")
