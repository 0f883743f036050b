"""What another transition can do as well is left out, if it is the attacker's.

A ground transition is superfluous if another one has the same effect under the same guard or a weaker one, needs no
more and teaches no less. No guard forbids knowledge, so whoever knows more can do all that whoever knows less can do.
Hence every run with the superfluous transition has a run without it to the same local state and the same events, in as
many steps, after which the attacker knows no less. What an honest node does is never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pmicheck.grounding.system import Transition

Kept = dict[int, dict[int, list[Transition]]]
"""Transitions of one effect by the mask and the value of their guards."""


def not_subsumed(transitions: Sequence[Transition], attacking: Sequence[bool]) -> list[int]:
    """The numbers of the transitions that remain, in order; `attacking` says which are the attacker's."""
    by_effect: dict[tuple[int, int], list[int]] = {}
    for number, each in enumerate(transitions):
        by_effect.setdefault((each.clear, each.put), []).append(number)
    return sorted(number for group in by_effect.values() for number in _remaining(group, transitions, attacking))


def _remaining(group: Iterable[int], transitions: Sequence[Transition], attacking: Sequence[bool]) -> Iterator[int]:
    """The numbers of a group with the same effect: honest nodes' first, then the weakest guards and needs."""
    kept: Kept = {}

    def weakness(number: int) -> tuple[bool, int, int, int]:
        each = transitions[number]
        return attacking[number], each.needs.bit_count(), each.mask.bit_count(), number

    for number in sorted(group, key=weakness):
        each = transitions[number]
        if attacking[number] and _is_subsumed(each, kept):
            continue
        kept.setdefault(each.mask, {}).setdefault(each.value, []).append(each)
        yield number


def _is_subsumed(each: Transition, kept: Kept) -> bool:
    for mask, by_value in kept.items():
        if each.mask & mask != mask:
            continue
        for other in by_value.get(each.value & mask, ()):
            if other.needs & ~each.needs == 0 and each.learns & ~other.learns == 0:
                return True
    return False
