"""What an attacker can derive from the terms that it has: the oracle's own deduction, by recursion on the goal.

It shares nothing with `pmicheck.attacker.deduction`, which lists derivations beforehand as Horn rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pmicheck.language.message import Term

PUBLIC = (("zero",), ("forged",), ("none",))

CONSTRUCTORS = frozenset(
    ["zero", "forged", "none", "T", "C", "PT", "HT", "sk", "cookie", "enc", "Kbm", "mac", "sig", "sa", "sealed"]
)


def terms_in(value: object) -> Iterator[Term]:
    """The outermost terms in a header or another tuple of plain fields."""
    if isinstance(value, tuple):
        if value and isinstance(value[0], str) and value[0] in CONSTRUCTORS:
            yield value
        else:
            for part in value:
                yield from terms_in(part)


class Knowledge:
    """A set of terms, closed under decryption; `derives` also builds."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = _opened(terms)
        self._answers: dict[Term, bool] = {}

    def with_terms(self, terms: Iterable[Term]) -> Knowledge:
        """The knowledge after these terms are seen too."""
        fresh = frozenset(terms) - self.terms
        return Knowledge(self.terms | fresh) if fresh else self

    def of_kind(self, *kinds: str) -> list[Term]:
        """The terms of these constructors that were seen, or found in ciphertexts."""
        return sorted((term for term in self.terms if term[0] in kinds), key=repr)

    def derives(self, term: Term | None) -> bool:
        """Whether the attacker can put this term into a message."""
        if term is None:
            return True
        if term not in self._answers:
            self._answers[term] = term in PUBLIC or term in self.terms or self._builds(term)
        return self._answers[term]

    def derives_all(self, value: object) -> bool:
        return all(self.derives(term) for term in terms_in(value))

    def _builds(self, term: Term) -> bool:
        match term:
            case ("Kbm", home, care_of):
                return self.derives(home) and self.derives(care_of)
            case ("mac", key, _, _, header):
                return self.derives(key) and self.derives_all(header)
            case ("sig", owner, _, _, _, signed):
                return self.derives(("sk", owner)) and self.derives_all(signed)
            case ("enc", _, content):
                return self.derives(content)
            case ("sealed", key, content):
                return self.derives(key) and self.derives_all(content)
        return False


def _opened(terms: Iterable[Term]) -> frozenset[Term]:
    """The terms, with the content of each ciphertext whose private key is among them, and of what a principal holds
    that acts for the attacker."""
    found = set(terms)
    while True:
        opened_by = {"enc": "sk", "held": "corrupt"}
        inside = {t[2] for t in found if t[0] in opened_by and (opened_by[t[0]], t[1]) in found} - found
        if not inside:
            return frozenset(found)
        found |= inside
