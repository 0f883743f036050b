"""What the attacker can compute from what it knows: the ground Horn rules of a perfect cryptography.

Two rules are about corruption. `held(principal, term)` says that a principal which the attacker corrupts sometime has
sent, received or kept a term; `corrupt(principal)` that it acts for the attacker now. Together they give the term.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pmicheck.language.message import FORGED, NONE, Term
from pmicheck.model.terms import ZERO, corrupt, private_key


class Derivation(NamedTuple):
    """`premises` give `conclusion`, by `how` (one phrase for the trace)."""

    premises: tuple[Term, ...]
    conclusion: Term
    how: str


PUBLIC = (ZERO, FORGED, NONE)


def is_public(term: Term) -> bool:
    """Whether anybody can make the term: a constant, or a ciphertext of one."""
    return term in PUBLIC or (term[0] == "enc" and is_public(term[2]))


def ways_to_build(term: Term) -> tuple[Derivation, ...]:
    """How an authenticator, a signature or a ciphertext can be made from its parts."""
    match term:
        case ("mac", kbm, *_):
            return (Derivation(_ingredients(kbm), term, "computes Kbm and the authenticator"),)
        case ("sig", owner, *_):
            return (Derivation((private_key(owner),), term, "signs"),)
        case ("enc", _, content):
            return (Derivation((content,), term, "encrypts"),)
        case ("sealed", key, _):
            return (Derivation((key,), term, "authenticates by the security association"),)
    return ()


def _ingredients(kbm: Term) -> tuple[Term, ...]:
    """The tokens that Kbm is made from, public ones aside."""
    return tuple(part for part in kbm[1:] if part is not None and not is_public(part))


def ways_to_open(term: Term) -> tuple[Derivation, ...]:
    """What a seen ciphertext gives to the holder of the private key, and what a corrupted principal hands over."""
    match term:
        case ("enc", owner, content):
            return (Derivation((term, private_key(owner)), content, "decrypts"),)
        case ("held", principal, content):
            return (Derivation((term, corrupt(principal)), content, f"takes from {principal}"),)
    return ()


class Potential:
    """Everything that the attacker could come to know in any run: a growing set, in order, closed under opening."""

    def __init__(self, known: Iterable[Term] = ()) -> None:
        self.terms: dict[Term, None] = {}
        self._closed: list[Derivation] = []
        self._opened: dict[Derivation, None] = {}
        for term in known:
            self.add(term)

    def add(self, term: Term) -> bool:
        """Add a term and what it opens; True if it was new."""
        if term in self.terms or is_public(term):
            return False
        self.terms[term] = None
        self._closed += ways_to_open(term)
        if term[0] in ("sk", "corrupt", "enc", "held"):
            self._open()
        return True

    def _open(self) -> None:
        """Conclude what all premises are known of."""
        ready = [way for way in self._closed if all(premise in self.terms for premise in way.premises)]
        self._closed = [way for way in self._closed if way not in ready]
        for way in ready:
            self._opened[way] = None
        for way in ready:
            self.add(way.conclusion)

    def can_make(self, term: Term | None) -> bool:
        """Whether the term is known, public, or can be built from what is."""
        if term is None or term in self.terms or is_public(term):
            return True
        return any(all(map(self.can_make, way.premises)) for way in ways_to_build(term))

    def can_compute(self, kbm: Term) -> bool:
        """Whether it can make authenticators under this key."""
        return all(map(self.can_make, _ingredients(kbm)))

    def derivations(self, wanted: Iterable[Term]) -> tuple[Derivation, ...]:
        """Every way in which the terms can be come by, and the premises of these ways."""
        found: dict[Derivation, None] = dict.fromkeys(self._opened)
        agenda, seen = [*wanted], set(wanted)
        while agenda:
            for way in self._ways(agenda.pop()):
                found[way] = None
                fresh = [premise for premise in way.premises if premise not in seen]
                seen.update(fresh)
                agenda += fresh
        return tuple(found)

    def _ways(self, term: Term) -> Iterator[Derivation]:
        for way in ways_to_build(term):
            if all(map(self.can_make, way.premises)):
                yield way
