"""Attackers that lack one thing each: ways to take something out of what makes the attacker, as grounding sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pmicheck.attacker import deduction
from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.deduction import Derivation, Potential
from pmicheck.grounding.ground import Grounder
from pmicheck.grounding.open import OpenPlace
from pmicheck.language.message import Message, Term
from pmicheck.model.fields import FIELDS, Choice
from pmicheck.model.world import World

Mutation = Callable[[pytest.MonkeyPatch], None]


def no_opening(constructor: str) -> Mutation:
    """Nothing is taken out of terms of this constructor."""
    return _without_ways("ways_to_open", constructor)


def no_building(constructor: str) -> Mutation:
    """Terms of this constructor have to be seen."""
    return _without_ways("ways_to_build", constructor)


def _without_ways(function: str, constructor: str) -> Mutation:
    usual: Callable[[Term], tuple[Derivation, ...]] = getattr(deduction, function)

    def mutate(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(deduction, function, lambda term: () if term[0] == constructor else usual(term))

    return mutate


def no_authenticators(patch: pytest.MonkeyPatch) -> None:
    """No authenticator is computed."""
    no_building("mac")(patch)
    patch.setattr(Potential, "can_compute", lambda self, kbm: False)


def no_supply(lacks: Callable[[OpenPlace, Any], bool]) -> Mutation:
    """Open messages are not given what `lacks` says of a place and a value."""
    usual = Grounder._supplied

    def fewer(self: Grounder, place: OpenPlace) -> Iterator[Any]:
        return (value for value in usual(self, place) if not lacks(place, value))

    return lambda patch: patch.setattr(Grounder, "_supplied", fewer)


def only(kind: type[Message], field: str, keeps: Callable[[Any], bool]) -> Mutation:
    """A field holds those of its first values alone."""

    def narrowed(choice: Choice) -> Choice:
        return choice._replace(values=tuple(filter(keeps, choice.values)) or choice.values[:1])

    return _with_domain(kind, field, narrowed)


def nothing_honest(kind: type[Message], field: str) -> Mutation:
    """A field holds nothing that honest nodes have in theirs."""
    return _with_domain(kind, field, lambda choice: choice._replace(honest=()))


def _with_domain(kind: type[Message], field: str, narrowed: Callable[[Choice], Choice]) -> Mutation:
    usual = FIELDS[kind][field]

    def domain(message: Any, world: World) -> Choice:
        return narrowed(usual(message, world))

    return lambda patch: patch.setitem(FIELDS[kind], field, domain)


def never_sends(kind: type[Message]) -> Mutation:
    """It makes no message of the kind, and repeats none."""
    usual = Adversary.sends
    return lambda patch: patch.setattr(Adversary, "sends", lambda self, other: other is not kind and usual(self, other))


def without(method: str, empty: Any) -> Mutation:
    """A method of the adversary gives nothing, whatever it is asked."""
    return lambda patch: patch.setattr(Adversary, method, lambda self, *arguments: empty)


def starts_without(*constructors: str) -> Mutation:
    """It does not have these terms at the start."""
    usual = Adversary.initial

    def fewer(self: Adversary) -> set[Term]:
        return {term for term in usual(self) if term[0] not in constructors}

    return lambda patch: patch.setattr(Adversary, "initial", fewer)


def first_tests_only(patch: pytest.MonkeyPatch) -> None:
    """Of its own tests it has the tokens of the first phase of the clock alone."""
    usual = Adversary.always_reachable
    patch.setattr(Adversary, "always_reachable", lambda self, phase: usual(self, 0))
