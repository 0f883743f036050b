"""A rule of the model, ready to be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pmicheck.model.cells import Context


@dataclass(frozen=True)
class Act:
    """One rule: `name` is the unit of coverage, `actor` the principal that acts, the rest says what orders it."""

    name: str
    actor: str
    section: str
    statements: tuple[str, ...]
    run: Callable[[Context], None] = field(compare=False)
