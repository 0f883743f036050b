"""What a record says of the properties, attackers and scenarios that it names, in the words of its day.

A renderer knows none of them by name: who an attacker is, which harm is graver and what a flaw of the draft is stands
in the record. What a record does not know is called by its name and ranked last.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

from msgspec import Meta, field

from pmicheck.trace import Count, Recorded


class Asked(Recorded, frozen=True):
    """A property.

    Attributes:
        violated_when: the rest of a sentence.
        harm: what an attacker who violates it does, as a clause without its subject.
        severity: from "0.0" to "10.0" on GitHub's scale; "" if it is no matter of security.
    """

    violated_when: str
    harm: str
    severity: Annotated[str, Meta(pattern=r"^([0-9]|10)?(\.[0-9])?$")] = ""


class Opponent(Recorded, frozen=True):
    """An attacker: what it is, as a sentence says it, and its rank: 0 demands the least."""

    who: str
    rank: Count


class Catalogue(Recorded, frozen=True, dict=True):
    """Properties and attackers by name; `ancestors` are the scenarios of the protocols that the draft builds on."""

    properties: Mapping[str, Asked] = field(default_factory=dict)
    attackers: Mapping[str, Opponent] = field(default_factory=dict)
    ancestors: tuple[str, ...] = ()

    @cached_property
    def gravest_first(self) -> tuple[str, ...]:
        """The properties by the harm that their violation does."""
        severity = {name: float(asked.severity or 0) for name, asked in self.properties.items()}
        return tuple(sorted(severity, key=lambda name: -severity[name]))

    @cached_property
    def weakest_first(self) -> tuple[str, ...]:
        """The attackers, the least demanding first."""
        return tuple(sorted(self.attackers, key=lambda name: self.attackers[name].rank))

    def gravity(self, prop: str) -> int:
        """The position of a property among those with the gravest harm first."""
        return place(self.gravest_first, prop)

    def rank(self, attacker: str) -> int:
        """The position of an attacker, the weakest first; a combination stands behind all its parts."""
        order = self.weakest_first
        parts = [place(order, part) for part in attacker.split("+")]
        return max(parts) + len(order) * (len(parts) - 1)

    def who(self, attacker: str) -> str:
        """Who an attacker is, as a sentence says it; the name itself where nobody knows."""
        known = self.attackers
        return " and ".join(known[part].who if part in known else part for part in attacker.split("+"))

    def harm(self, prop: str) -> str:
        """What an attacker who violates the property does, "" where nobody knows."""
        return self.properties[prop].harm if prop in self.properties else ""


def place(order: tuple[str, ...], name: str) -> int:
    """The position of a name in an order; the end of it for a name that it does not have."""
    return order.index(name) if name in order else len(order)
