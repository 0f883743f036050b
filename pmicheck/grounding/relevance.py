"""What matters of a ground system: the cone of influence, and the tests that other guards imply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pmicheck.grounding.found import Ground
from pmicheck.grounding.instance import Leaf
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.messages import Update
from pmicheck.model.roles.ghosts import evidence, identity, proofs, was_sent


def relevant_cells(ground: Ground, roots: Iterable[Cell], facts: set[Term]) -> tuple[set[Cell], list[Leaf]]:
    """The cells that can influence the roots or the facts, and the leaves that matter for them."""
    readers: dict[Cell, list[int]] = {}
    for number, leaf in enumerate(ground.leaves):
        for cell in leaf.sets:
            readers.setdefault(cell, []).append(number)
    useful: set[int] = {n for n, leaf in enumerate(ground.leaves) if not facts.isdisjoint(leaf.learns)}
    agenda = [c for n in useful for c in guards_of(ground.leaves[n])]
    agenda += [c for leaf in ground.leaves if leaf.loses_packets for c in guards_of(leaf)]
    agenda += list(roots)
    cells: set[Cell] = set()
    while agenda:
        cell = agenda.pop()
        if cell in cells:
            continue
        cells.add(cell)
        for number in readers.get(cell, ()):
            leaf = ground.leaves[number]
            if number not in useful and (cell not in (EVENT, FALLBACK) or leaf.sets[cell] is not None):
                useful.add(number)
                agenda += guards_of(leaf)
    leaves = [leaf for n, leaf in enumerate(ground.leaves) if n in useful or leaf.loses_packets]
    return cells, leaves


def without_implied_tests(leaves: list[Leaf]) -> list[Leaf]:
    """Drop what an honest delivery need not ask: what is under way was sent, and unless the attacker can offer it too,
    it is accepted for the first time, since it is under way once."""
    offered = {
        evidence(proof)
        for leaf in leaves
        if leaf.instance.by_attacker and isinstance(leaf.instance.message, Update)
        for proof in proofs(leaf.instance.message)
    }
    kept = []
    for leaf in leaves:
        message = leaf.instance.message
        if leaf.instance.flight is None or not isinstance(message, Update):
            kept.append(leaf)
            continue
        own = {evidence(proof) for proof in (identity(message), *proofs(message))}
        implied = {
            predicate: predicate[1] is was_sent
            for predicate in leaf.tests
            if predicate[0] in own and (predicate[1] is was_sent or predicate[0] not in offered)
        }
        if all(leaf.tests[predicate] == answer for predicate, answer in implied.items()):
            kept.append(replace(leaf, tests={p: a for p, a in leaf.tests.items() if p not in implied}))
    return kept


def guards_of(leaf: Leaf) -> list[Cell]:
    """The cells that a leaf reads or tests."""
    return [*leaf.gets, *(predicate[0] for predicate in leaf.tests)]
