"""A system seen as variables with few values: what each transition asks of them, and what it sets.

Fields that the same transitions write are one variable, since they change together: a cell and the predicates on it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from pmicheck.grounding.system import TransitionSystem


@dataclass(frozen=True)
class Variables:
    """The variables of a system.

    Attributes:
        system: whose they are.
        masks: the bits of each variable.
        values: all that each variable may ever hold, as bits in place, the initial value first.
    """

    system: TransitionSystem
    masks: tuple[int, ...]
    values: tuple[tuple[int, ...], ...]

    @cached_property
    def guards(self) -> tuple[dict[int, frozenset[int]], ...]:
        """For each transition and each variable that it reads the values that let it fire."""
        return tuple(
            {
                number: frozenset(v for v in self.values[number] if not (v ^ t.value) & t.mask & mask)
                for number, mask in enumerate(self.masks)
                if t.mask & mask
            }
            for t in self.system.transitions
        )

    @cached_property
    def effects(self) -> tuple[dict[int, int], ...]:
        """For each transition and each variable that it writes the value that it gets."""
        return tuple(
            {number: t.put & mask for number, mask in enumerate(self.masks) if t.clear & mask}
            for t in self.system.transitions
        )


def wanted_by_all(system: TransitionSystem) -> int:
    """The bits that every transition wants as they are at the start: once one is otherwise, nothing can happen."""
    wanted = sum(field.mask for field in system.fields) if system.transitions else 0
    for t in system.transitions:
        wanted &= t.mask & ~(t.value ^ system.initial)
    return wanted


def variables_of(system: TransitionSystem) -> Variables | None:
    """The variables of a system; None if a transition writes half a field, or sets a bit that it does not clear."""
    every = sum(field.mask for field in system.fields)
    if any(t.put & ~t.clear or (t.mask | system.initial) & ~every for t in system.transitions):
        return None
    together: dict[tuple[int, ...], int] = defaultdict(int)
    for field in system.fields:
        writers = tuple(n for n, t in enumerate(system.transitions) if t.clear & field.mask)
        if any(system.transitions[n].clear & field.mask != field.mask for n in writers):
            return None
        together[writers] |= field.mask
    values = (
        tuple(dict.fromkeys([system.initial & mask, *(system.transitions[n].put & mask for n in writers)]))
        for writers, mask in together.items()
    )
    return Variables(system, tuple(together.values()), tuple(values))
