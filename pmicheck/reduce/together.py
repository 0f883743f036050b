"""Which two values can ever stand in one state: an over-approximation, found without looking at states.

An atom is a variable with a value, or a fact that is not known. Two atoms may meet if both hold at the start, or if a
transition that may fire makes one of them and the other is made by it too or stands in its way nowhere (the pairs of
planning's h2). Pairs that do not meet prove that two transitions are never enabled in one state. Needs are taken for
granted, and only what a transition teaches by itself counts as learnt; both err towards more pairs.
"""

from __future__ import annotations

from functools import cached_property

from pmicheck.grounding.system import bits
from pmicheck.reduce.variables import Variables


class Together:
    """The pairs of atoms that may meet.

    Attributes:
        context: for each transition the atoms that may hold where it is enabled, as bits; None if it never is.
    """

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        system = variables.system
        pairs = [(number, value) for number, values in enumerate(variables.values) for value in values]
        self._atom = {pair: bit for bit, pair in enumerate(pairs)}
        self._value = [value for _, value in pairs]
        self._of = [self._bits(number, values) for number, values in enumerate(variables.values)]
        self._unknown = len(pairs)
        self._meets = [0] * (len(pairs) + len(system.facts))
        self._guards = [
            [
                (self._of[n], self._bits(n, values))
                for n, values in guard.items()
                if len(values) < len(variables.values[n])
            ]
            for guard in variables.guards
        ]
        self._find()
        self.context = tuple(self._context(guard, {}) for guard in self._guards)

    def may_hold(self, context: int, variable: int) -> list[int]:
        """The values that a variable may have in a context."""
        return [self._value[bit] for bit in bits(context & self._of[variable])]

    def possible(self, context: int) -> bool:
        """Whether every variable has a value left."""
        return all(context & every for every in self._of)

    def maybe_unknown(self, context: int) -> int:
        """The facts that may be unknown in a context."""
        return context >> self._unknown

    def _bits(self, number: int, values: tuple[int, ...] | frozenset[int]) -> int:
        return sum(1 << self._atom[number, value] for value in values)

    @cached_property
    def _start(self) -> int:
        local, knowledge = self.variables.system.start
        held = sum(1 << self._atom[n, local & mask] for n, mask in enumerate(self.variables.masks))
        every = (1 << len(self.variables.system.facts)) - 1
        return held | (every & ~knowledge) << self._unknown

    def _find(self) -> None:
        """The least fixed point: fire every transition in all that may surround it until no pair is new."""
        transitions = self.variables.system.transitions
        made = [sum(1 << self._atom[pair] for pair in effect.items()) for effect in self.variables.effects]
        lost = [
            sum(self._of[n] for n in effect) | t.learns << self._unknown
            for effect, t in zip(self.variables.effects, transitions, strict=True)
        ]
        for bit in bits(self._start):
            self._meets[bit] = self._start
        after: list[int] = [0] * len(transitions)
        changed = True
        while changed:
            changed = False
            seen: dict[int, int] = {}
            for number, guard in enumerate(self._guards):
                context = self._context(guard, seen)
                if context is None or (left := context & ~lost[number] | made[number]) == after[number]:
                    continue
                after[number] = left
                changed |= self._join(made[number], left)

    def _join(self, made: int, left: int) -> bool:
        """Note that what a transition made meets all that is there afterwards; True if that is new."""
        new = 0
        for bit in bits(made):
            fresh = left & ~self._meets[bit]
            new |= fresh
            self._meets[bit] |= fresh
            for other in bits(fresh):
                self._meets[other] |= 1 << bit
        return bool(new)

    def _context(self, guard: list[tuple[int, int]], seen: dict[int, int]) -> int | None:
        """All atoms that may hold where the guard does. `seen` keeps what was found for a set of values."""
        context = -1
        for _, wanted in guard:
            if wanted not in seen:
                seen[wanted] = self._meeting(wanted)
            context &= seen[wanted]
        for every, wanted in guard:
            context &= ~(every & ~wanted)
        if context == -1:
            context = self._meeting((1 << len(self._meets)) - 1)
        return context if self.possible(context) else None

    def _meeting(self, atoms: int) -> int:
        found = 0
        for bit in bits(atoms):
            found |= self._meets[bit]
        return found
