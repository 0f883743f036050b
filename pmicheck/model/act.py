"""A rule of the model, ready to be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pmicheck.model.cells import Context

RECEIVE = "receive"
"""Key of the acts in which a principal processes a message, which says the rest."""


@dataclass(frozen=True)
class Act:
    """One rule.

    Attributes:
        name: the unit of coverage.
        actor: the principal that acts.
        section, statements: what orders it.
        key: which act it is, for who has to do the same with other means.
        arguments: with what, by name: an agent, a home address, where to.
        does: the name without the principal that acts.
    """

    name: str
    actor: str
    section: str
    statements: tuple[str, ...]
    run: Callable[[Context], None] = field(compare=False)
    key: str = RECEIVE
    arguments: tuple[tuple[str, str | int], ...] = ()
    does: str = ""
