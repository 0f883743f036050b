"""Symbolic terms: what a principal can hold, compute or learn.

A term is a nested tuple whose first element names its constructor. Cryptography is perfect: a MAC needs its key, a
signature its private key, a ciphertext opens with its private key only (protocol-facts section 2). Everything not built
here (addresses, sequence numbers, nonce indices, lifetimes) is public or guessable and needs no term.
"""

from __future__ import annotations

from pmicheck.language.message import Term

ZERO: Term = ("zero",)
"""Eight zero octets: the care-of keygen token of an early update (protocol-facts 2.1)."""


def home_token(home: str, nonce: int, at: str = "cn") -> Term:
    """T, from the secret of the correspondent `at`, the home address and a nonce (protocol-facts 2.1)."""
    return ("T", home, nonce, at)


def care_of_token(care_of: str, nonce: int, at: str = "cn") -> Term:
    """C, from the secret of the correspondent `at`, the care-of address and a nonce (protocol-facts 2.1)."""
    return ("C", care_of, nonce, at)


def permanent_token(home: str, generation: int, at: str = "cn") -> Term:
    """PT, 64 random bits; `generation` counts the pairs issued for this home address (protocol-facts 2.3)."""
    return ("PT", home, generation, at)


def handover_token(home: str, generation: int, at: str = "cn") -> Term:
    """HT, issued with the PT of the same generation (protocol-facts 2.3)."""
    return ("HT", home, generation, at)


def private_key(owner: str) -> Term:
    return ("sk", owner)


def cookie(owner: str, test: str, attempt: int) -> Term:
    """The 64-bit cookie of one test init (protocol-facts 1.2)."""
    return ("cookie", owner, test, attempt)


def held(principal: str, content: Term) -> Term:
    """A principal that the attacker corrupts sometime has this term (`pmicheck.attacker.deduction`)."""
    return ("held", principal, content)


def corrupt(principal: str) -> Term:
    """The principal acts for the attacker from now on."""
    return ("corrupt", principal)


def encrypted(owner: str, content: Term) -> Term:
    """RSAES-PKCS1-v1_5 under the public key of `owner`."""
    return ("enc", owner, content)


def association(one: str, other: str) -> Term:
    """The key of the security association between two agents (reading pma_auth, A-24)."""
    return ("sa", *sorted((one, other)))


def sealed(key: Term, content: Term) -> Term:
    """An authenticator under a security association, over all fields of a message."""
    return ("sealed", key, content)


def management_key(home: Term, care_of: Term | None) -> Term:
    """Kbm from the home token (T, PT or HT) and the care-of token; None for a deregistration (protocol-facts 2.1)."""
    return ("Kbm", home, care_of)


def authenticator(kbm: Term, care_of: str | None, correspondent: str | None, header: Term) -> Term:
    """The MAC over exactly the fields of protocol-facts 2.2; None stands for a field that is left out."""
    return ("mac", kbm, care_of, correspondent, header)


def signature(owner: str, tag: bool, care_of: str | None, correspondent: str | None, signed: Term) -> Term:
    """The signature over exactly the fields of protocol-facts 2.4; None stands for a field that is left out."""
    return ("sig", owner, tag, care_of, correspondent, signed)


def render(term: object) -> str:
    """A term as people write it."""
    if not isinstance(term, tuple) or not term:
        return str(term)
    match term:
        case ("zero",):
            return "0"
        case ("T" | "C" as kind, address, nonce, at):
            return f"{kind}({address}, nonce {nonce}{_of(at)})"
        case ("PT" | "HT" as kind, home, generation, at):
            return f"{kind}{generation}({home}{_of(at)})"
        case ("sk", owner):
            return f"private key of {owner}"
        case ("cookie", owner, test, attempt):
            return f"cookie({owner}, {test} {attempt})"
        case ("enc", owner, content):
            return f"{{{render(content)}}}pk({owner})"
        case ("held", principal, content):
            return f"{render(content)} at {principal}"
        case ("corrupt", principal):
            return f"{principal} in the attacker's hands"
        case ("Kbm", home, None):
            return f"SHA1({render(home)})"
        case ("Kbm", home, care_of):
            return f"SHA1({render(home)} | {render(care_of)})"
        case ("sa", one, other):
            return f"security association of {one} and {other}"
        case ("sealed", key, content):
            return f"authenticated by the {render(key)} ({content[0]})"
        case ("mac", kbm, care_of, _, header):
            return f"MAC[{render(kbm)}](care-of {care_of}, {_header(header)})"
        case ("sig", owner, _, care_of, correspondent, signed):
            return f"signature of {owner} over (care-of {care_of}, to {correspondent}, {_header(signed)})"
        case _:
            return str(term[0])


def _of(at: str) -> str:
    """Whose token it is, where that is not the correspondent node's."""
    return "" if at == "cn" else f" of {at}"


def _header(header: Term) -> str:
    """The sequence number is the field that tells two headers of one kind apart."""
    sequence = next((field[1] for field in header if isinstance(field, tuple) and field[:1] == ("seq",)), None)
    return header[0] if sequence is None else f"{header[0]} seq {sequence}"
