"""A rule of the model, ready to be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pmicheck.language.cells import Context

RECEIVE = "receive"
"""Key of the acts in which a principal processes a message, which says the rest."""

Rule = Callable[..., None]
"""What a principal does: a function of the context and of whatever else it is given."""


def cannot_run(ctx: Context, *given: Any) -> None:
    """Stands for the rule of an act that is only told: one that was kept, or one whose receiver decides what runs."""
    raise RuntimeError("this act has no rule that could be run")


@dataclass(frozen=True, kw_only=True)
class Act:
    """One rule.

    Attributes:
        name: the unit of coverage.
        actor: the principal that acts.
        section, statements: what orders it.
        rule, given: what it does, and what besides the context that function is given.
        key: which act it is, for who has to do the same with other means.
        arguments: with what, by name: an agent, a home address, where to.
        does: the name without the principal that acts.
    """

    name: str
    actor: str
    section: str = ""
    statements: tuple[str, ...] = ()
    rule: Rule = field(default=cannot_run, compare=False)
    given: tuple[Any, ...] = field(default=(), compare=False)
    key: str = RECEIVE
    arguments: tuple[tuple[str, str | int], ...] = ()
    does: str = ""

    def run(self, ctx: Context) -> None:
        """Raises Refused if the rule does not apply."""
        self.rule(ctx, *self.given)
