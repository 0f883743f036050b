"""What grounding found: the ground transitions, the values that each cell may take, and what the attacker may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.deduction import Derivation, is_public, ways_to_build
from pmicheck.grounding.instance import Leaf
from pmicheck.language.act import Act
from pmicheck.language.cells import Cell
from pmicheck.language.message import Message, Term
from pmicheck.model.world import World


@dataclass
class Ground:
    """What grounding found, before it is laid out in bits.

    Attributes:
        world, adversary: what was grounded; no adversary means honest nodes alone.
        values: every value that each cell may take, the initial one first.
        leaves: the ground transitions.
        messages: what honest nodes may send, in order of discovery.
        injections: how many ground transitions begin with a message of the attacker's.
        acts: every rule of the world by name, fired or not.
        bounds_hit: bounds at which a rule refused to go on.
        known: what the attacker knows at the start; given: what it has for the asking as soon as it exists.
        learnable: what it may learn in some run other than by building it.
        derivations: how it may come to know more.
    """

    world: World
    adversary: Adversary | None
    values: dict[Cell, dict[Any, None]] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    messages: dict[Message, None] = field(default_factory=dict)
    injections: int = 0
    acts: dict[str, Act] = field(default_factory=dict)
    bounds_hit: dict[str, None] = field(default_factory=dict)
    known: frozenset[Term] = frozenset()
    given: frozenset[Term] = frozenset()
    learnable: frozenset[Term] = frozenset()
    derivations: tuple[Derivation, ...] = ()

    def required(self, needs: Iterable[Term]) -> frozenset[Term]:
        """The facts that take the place of what a message needs: parts of what can only be built, nothing for what is
        given. A token that is given is known as soon as its nonce is accepted anywhere."""
        found: set[Term] = set()
        for term in needs:
            if term in self.given or is_public(term):
                continue
            ways = () if term in self.learnable else ways_to_build(term)
            found |= self.required(ways[0].premises) if ways else {term}
        return frozenset(found)
