"""Which cells a proof keeps together: of them it knows which values they took at the same time."""

from __future__ import annotations

from functools import cache

from pmicheck.language.cells import Cell
from pmicheck.model.roles.binding_cache import cells_of

TOGETHER = ("entry", "permanent tokens")
"""Kinds of cells of one keeper and home address that are kept together: rule 149 asks for the absence of a PT, which
lives in the entry (A-06)."""

Group = tuple[Cell, ...]


@cache
def group_of(cell: Cell) -> Group:
    """The cells that are kept together with the cell, itself included; most cells are alone."""
    if cell.about is None or cell.about.kind not in TOGETHER:
        return (cell,)
    of = dict(cell.about.of)
    kept = cells_of(str(of["home"]), str(of["keeper"]))
    return kept.entry, kept.pt
