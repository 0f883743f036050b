"""Why the attacker cannot break what is proved: the secrets that it would need and never gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pmicheck.attacker.deduction import Potential, ways_to_build
from pmicheck.language.message import Term
from pmicheck.model.terms import render
from pmicheck.properties.base import Property
from pmicheck.prove.fixpoint import Fixpoint
from pmicheck.prove.shapes import flat


def out_of_reach(facts: Fixpoint, properties: Sequence[Property]) -> dict[str, tuple[str, ...]]:
    """By property the secrets that the attacker gets in no run, of those that it or some rule asks for, in words.

    A term that could be built is told by the parts that are missing. `*` stands for any number from one on.
    """
    by_rules = _secrets(facts, _asked(facts))
    return {
        prop.name: tuple(sorted(by_rules | _secrets(facts, map(flat, prop.terms(facts.world))))) for prop in properties
    }


def _secrets(facts: Fixpoint, asked: Iterable[Term]) -> set[str]:
    return {render(_with_any_number(secret)) for term in asked for secret in _missing(facts.known, term)}


def _asked(facts: Fixpoint) -> Iterator[Term]:
    """What rules compared fields of the attacker's messages with; an authenticator stands for all under its key."""
    for place in facts.places:
        match place:
            case ("holds", term) if term is not None:
                yield term
            case ("under", _, _, key):
                yield ("mac", key)


def _missing(known: Potential, term: Term) -> Iterator[Term]:
    """The parts that the attacker lacks to make the term; the term itself if it cannot be built."""
    if known.can_make(term):
        return
    ways = ways_to_build(term)
    if not ways:
        yield term
    for way in ways:
        for premise in way.premises:
            yield from _missing(known, premise)


def _with_any_number(value: Any) -> Any:
    """The flat term with a sign in the place of its numbers, which are all alike."""
    if isinstance(value, tuple):
        return tuple(map(_with_any_number, value))
    return "*" if type(value) is int and value else value
