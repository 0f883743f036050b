"""The states that the C kernel found, unpacked one at a time from where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pmicheck.errors import LimitReached
from pmicheck.explore.tables import OCTETS, knowledge_words
from pmicheck.grounding.system import TransitionSystem


@dataclass(frozen=True)
class PackedStates:
    """A `StateStore` over the memory of a finished search, which `search` keeps alive."""

    ffi: Any
    lib: Any
    search: Any
    words: int
    knowledge_words: int
    states: int

    @classmethod
    def of(cls, ffi: Any, lib: Any, search: object, system: TransitionSystem) -> PackedStates:
        """The states that a search has found so far."""
        return cls(ffi, lib, search, system.words, knowledge_words(system), lib.pk_result(search).states)

    def __len__(self) -> int:
        return self.states

    def state(self, state_id: int) -> tuple[int, int]:
        local = self.ffi.new("uint64_t[]", self.words)
        known = self.lib.pk_state(self.search, state_id, local)
        sets = self.lib.pk_result(self.search).knowledge
        return self._number(local, self.words), self._number(sets + known * self.knowledge_words, self.knowledge_words)

    def parent(self, state_id: int) -> tuple[int, int]:
        """Raises LimitReached if memory does not suffice to work it out."""
        via = self.ffi.new("uint32_t *")
        found = self.lib.pk_parent(self.search, state_id, via)
        if via[0] == self.lib.PK_NONE:
            raise LimitReached("not enough memory to find the way to a state")
        return found, via[0]

    def _number(self, words: Any, count: int) -> int:
        return int.from_bytes(self.ffi.buffer(words, count * OCTETS), "little")
