"""The states that the C kernel found, read where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pmicheck.explore.tables import OCTETS, knowledge_words
from pmicheck.grounding.system import TransitionSystem


@dataclass(frozen=True)
class PackedStates:
    """A `StateStore` over arrays: views of memory that `owner` keeps alive, or copies once pickled."""

    words: int
    knowledge_words: int
    locals: memoryview
    knowledge_of: memoryview
    parents: memoryview
    via: memoryview
    knowledge: memoryview
    owner: object = None

    @classmethod
    def of(cls, ffi: Any, search: object, found: Any, system: TransitionSystem) -> PackedStates:
        """The states in a `pk_found` of the kernel."""

        def view(pointer: Any, count: int, size: int) -> memoryview:
            return memoryview(ffi.buffer(pointer, count * size))

        w, k = system.words, knowledge_words(system)
        return cls(
            w,
            k,
            view(found.locals, found.states, w * OCTETS),
            view(found.knowledge_of, found.states, 4).cast("I"),
            view(found.parent, found.states, 4).cast("I"),
            view(found.via, found.states, 4).cast("I"),
            view(found.knowledge, found.knowledge_sets, k * OCTETS),
            search,
        )

    def __len__(self) -> int:
        return len(self.parents)

    def state(self, state_id: int) -> tuple[int, int]:
        return (
            _number(self.locals, state_id, self.words * OCTETS),
            _number(self.knowledge, self.knowledge_of[state_id], self.knowledge_words * OCTETS),
        )

    def parent(self, state_id: int) -> tuple[int, int]:
        return self.parents[state_id], self.via[state_id]

    def __reduce__(self) -> tuple[Any, ...]:
        views = (self.locals, self.knowledge_of, self.parents, self.via, self.knowledge)
        return _unpickled, (self.words, self.knowledge_words, *(bytes(view) for view in views))


def _number(octets: memoryview, index: int, length: int) -> int:
    return int.from_bytes(octets[index * length : (index + 1) * length], "little")


def _unpickled(
    words: int, knowledge: int, locals_: bytes, of: bytes, parents: bytes, via: bytes, sets: bytes
) -> PackedStates:
    ids, ups, steps = (memoryview(octets).cast("I") for octets in (of, parents, via))
    return PackedStates(words, knowledge, memoryview(locals_), ids, ups, steps, memoryview(sets))
