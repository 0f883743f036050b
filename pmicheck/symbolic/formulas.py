"""Booleans that are Python's where their value is known and z3's elsewhere; number sets as diagrams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import z3

Literal = Any  # Python's True or False where the value is known, else a z3 Boolean


def membership(word: Sequence[Literal], numbers: Iterable[int], context: Any) -> Literal:
    """Whether the bits of `word` (lowest first) spell one of `numbers`, as a shared decision diagram.

    Built from the last bit to the first: `nodes` says for every prefix what the bits from there on must
    satisfy.
    """
    nodes: dict[int, Literal] = dict.fromkeys((n for n in numbers if not n >> len(word)), True)
    for index in reversed(range(len(word))):
        literal, bit = word[index], 1 << index
        upper: dict[int, Literal] = {}
        shared: dict[tuple[int, int], Literal] = {}
        for prefix in {n & (bit - 1) for n in nodes}:
            yes, no = nodes.get(prefix | bit, False), nodes.get(prefix, False)
            key = (_identity(yes), _identity(no))
            if key not in shared:
                shared[key] = _choice(literal, yes, no, context)
            if shared[key] is not False:
                upper[prefix] = shared[key]
        nodes = upper
    return nodes.get(0, False)


def _choice(literal: Literal, yes: Literal, no: Literal, context: Any) -> Literal:
    """If `literal` then `yes` else `no`."""
    if isinstance(literal, bool):
        return yes if literal else no
    if _identity(yes) == _identity(no):
        return yes
    return z3.If(literal, _term(yes, context), _term(no, context))


def conjunction(literals: Iterable[Literal]) -> Literal:
    """And over Python and z3 Booleans."""
    kept = [literal for literal in literals if literal is not True]
    if any(literal is False for literal in kept):
        return False
    return True if not kept else kept[0] if len(kept) == 1 else z3.And(*kept)


def disjunction(literals: Iterable[Literal]) -> Literal:
    """Or over Python and z3 Booleans."""
    kept = [literal for literal in literals if literal is not False]
    if any(literal is True for literal in kept):
        return True
    return False if not kept else kept[0] if len(kept) == 1 else z3.Or(*kept)


def negation(literal: Literal) -> Literal:
    """Not over Python and z3 Booleans."""
    return not literal if isinstance(literal, bool) else z3.Not(literal)


def _identity(literal: Literal) -> int:
    return int(literal) - 2 if isinstance(literal, bool) else literal.get_id()


def _term(literal: Literal, context: Any) -> Any:
    return z3.BoolVal(literal, context) if isinstance(literal, bool) else literal
