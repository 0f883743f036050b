"""What the attacker can compute from what it knows: the ground Horn rules of a perfect cryptography."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pmicheck.model.terms import ZERO, Term, private_key


class Derivation(NamedTuple):
    """`premises` give `conclusion`, by `how` (one phrase for the trace)."""

    premises: tuple[Term, ...]
    conclusion: Term
    how: str


PUBLIC = (ZERO, ("forged",), ("none",))


def is_public(term: Term) -> bool:
    return term in PUBLIC


def ways_to_build(term: Term) -> tuple[Derivation, ...]:
    """How an authenticator, a signature or a ciphertext can be made from its parts."""
    match term:
        case ("mac", ("Kbm", home, care_of), *_):
            parts = tuple(part for part in (home, care_of) if part is not None and not is_public(part))
            return (Derivation(parts, term, "computes Kbm and the authenticator"),)
        case ("sig", owner, *_):
            return (Derivation((private_key(owner),), term, "signs"),)
        case ("enc", _, content):
            return (Derivation((content,), term, "encrypts"),)
        case ("sealed", key, _):
            return (Derivation((key,), term, "authenticates by the security association"),)
    return ()


def ways_to_open(term: Term) -> tuple[Derivation, ...]:
    """What a seen ciphertext gives to the holder of the private key."""
    match term:
        case ("enc", owner, content):
            return (Derivation((term, private_key(owner)), content, "decrypts"),)
    return ()


class Potential:
    """Everything that the attacker could come to know in any run: a growing set, in order, closed under opening."""

    def __init__(self, known: Iterable[Term] = ()) -> None:
        self.terms: dict[Term, None] = {}
        self.derivations: dict[Derivation, None] = {}
        for term in known:
            self.add(term)

    def add(self, term: Term) -> bool:
        """Add a term and what it opens; True if it was new."""
        if term in self.terms or is_public(term):
            return False
        self.terms[term] = None
        openable = [t for t in self.terms if t[0] == "enc"] if term[0] in ("sk", "enc") else []
        for cipher in openable:
            for way in ways_to_open(cipher):
                if all(premise in self.terms for premise in way.premises):
                    self.derivations[way] = None
                    self.add(way.conclusion)
        return True

    def can_make(self, term: Term | None) -> bool:
        """Whether the term is known, public, or can be built now; notes how."""
        if term is None or is_public(term):
            return True
        built = False
        for way in ways_to_build(term):
            if all(premise in self.terms for premise in way.premises):
                self.derivations[way] = None
                built = True
        return built or term in self.terms
