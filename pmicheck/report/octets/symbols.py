"""Which field carries which part of the symbolic message of a step, and what its addresses are called there.

The parts are cut out of the term as the step writes it; what the message says but its term leaves out (the index of a
nonce, a lifetime) is taken from `data`. A record is input: whatever is missing or odd gives no parts, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from pmicheck.trace import Step

Keys = tuple[str, ...]
"""Keys of fields, the first one that a packet has is meant."""

HOME: Keys = ("home-option", "mn-home", "source")
"""Where the home address of an update stands (RFC 6275 6.3, draft 7, A-04)."""
CARE_OF: Keys = ("alternate", "source")
"""Where its care-of address stands (RFC 6275 6.2.5)."""

_OPENING, _CLOSING = "([{", ")]}"
_PREFIXES: Mapping[str, Mapping[str, Keys]] = {
    "TestInit": {"cookie(": ("cookie",), "Home Address option ": ("home-option",)},
    "Update": {
        "home nonce ": ("home-nonce",),
        "HT index": ("home-nonce",),
        "care-of nonce ": ("care-of-nonce",),
        "care-of test init": ("care-of-test-init",),
        "home ": HOME,
        "care-of ": CARE_OF,
        "seq ": ("sequence",),
        "CGA of ": ("cga",),
        "signature of ": ("signature",),
        "MAC[": ("authenticator",),
    },
    "Acknowledgement": {
        "status ": ("status",),
        "seq ": ("sequence",),
        "C(": ("care-of-token",),
        "{C(": ("care-of-token",),
        "PT": ("permanent",),
        "{PT": ("permanent",),
        "HT": ("handover",),
        "{HT": ("handover",),
        "MAC[": ("authenticator",),
    },
    "PeerUpdate": {
        "home ": ("mn-home",),
        "care-of ": ("source",),
        "seq ": ("sequence",),
        "answers ": ("flags",),
        "authenticated by ": ("authenticator",),
    },
    "PeerAcknowledgement": {"seq ": ("sequence",), "authenticated by ": ("authenticator",)},
    "ContextRequest": {"from ": ("source",)},
    "ContextData": {"peer ": ("entry-care-of",), "private key of ": ("private-key",)},
    "Data": {"outer source ": ("outer-source",), "routing header ": ("routing-home",)},
}
"""By how a part of a term begins, which field carries it; the first that fits."""
_FIRST: Mapping[str, Keys] = {
    "TestInit": ("home-option", "source"),
    "Test": ("destination",),
    "PeerAcknowledgement": ("cn-home",),
    "CacheRequest": ("home",),
    "ContextRequest": ("home",),
    "ContextData": ("home",),
}
"""What the first part of a term is where it is the bare name of an address."""


def message_of(step: Step) -> Mapping[str, Any]:
    """The symbolic message as the replay gets it, empty if there is none; the attacker's own test is a test init."""
    message = step.data.get("message")
    if isinstance(message, Mapping):
        return message
    if step.data.get("kind") == "test":
        return {"type": "TestInit", "address": step.data.get("address")}
    return {}


def split(term: str) -> tuple[str, tuple[str, ...]]:
    """The name of a term, and what stands between its brackets, cut at the commas outside of inner brackets."""
    name, bracket, inside = term.partition("(")
    parts: list[str] = []
    depth = begin = 0
    for at, character in enumerate(inside):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
            if depth < 0:
                return name, (*parts, inside[begin:at].strip())
        elif character == "," and not depth:
            parts.append(inside[begin:at].strip())
            begin = at + 1
    return name, (*parts, inside[begin:].strip()) if bracket else ()


def carried(step: Step, keys: Collection[str]) -> dict[str, str]:
    """For each key of a field the part of the term that it carries; `keys` are those that the packet has."""
    return {key: ", ".join(parts) for key, parts in _placed(_symbols(step), keys).items()}


def _placed(symbols: Iterable[tuple[str, Keys]], keys: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, candidates in symbols:
        key = next((key for key in candidates if key in keys), None)
        if key is not None and text and text not in found.get(key, ()):
            found.setdefault(key, []).append(text)
    return found


def _symbols(step: Step) -> Iterator[tuple[str, Keys]]:
    message = message_of(step)
    kind = _text(message.get("type"))
    name, parts = split(step.term)
    yield re.sub(r" \d+$", "", name), ("type", "data")
    prefixes = _PREFIXES.get(kind, {})
    for number, part in enumerate(parts):
        first = _FIRST.get(kind, ()) if number == 0 else ()
        yield part, next((keys for prefix, keys in prefixes.items() if part.startswith(prefix)), first)
    more = _MORE.get(kind)
    if more is not None:
        yield from more(message, name, parts)


def _of_test_init(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    yield _text(message.get("care_of")), ("care-of",)


def _of_test(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    yield from zip(parts[1:3], (("cookie",), ("token",)), strict=False)
    yield _numbered("nonce", message.get("nonce")), ("nonce-index",)
    yield _text(message.get("care_of")), ("care-of",)


def _of_update(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    first, _, last = name.rpartition(" ")
    yield last, ("flags",)
    yield (first if first == "deregistration" else ""), ("lifetime",)


def _of_peer_update(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    first = name.partition(" ")[0]
    yield (first if first == "deregistering" else ""), ("lifetime",)


def _of_acknowledgement(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    yield name, ("flags",)
    if _head(message.get("care_of_token")) == "forged":
        yield "forged", ("care-of-token",)
    tokens = message.get("tokens")
    if isinstance(tokens, list) and any(_head(token) == "forged" for token in tokens):
        yield "forged", ("permanent",)
    if message.get("care_of_token"):
        yield _numbered("nonce", message.get("care_of_nonce")), ("care-of-nonce",)
    signature = message.get("sig")
    if isinstance(signature, (list, tuple)) and len(signature) > 1:
        yield f"CGA of {_text(signature[1])}", ("cga",)
        yield f"signature of {_text(signature[1])}", ("signature",)


def _of_cache(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    yield name, ("transaction",)
    if "care_of" in message:
        yield _text(message.get("home")), ("home",)
        yield _text(message.get("care_of")), ("care-of",)


def _of_context_data(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    yield _numbered("seq", message.get("seq")), ("entry-sequence",)


def _of_data(message: Mapping[str, Any], name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Keys]]:
    yield _text(message.get("source")), ("source",)
    yield _text(message.get("destination")), ("destination",)


_More = Callable[[Mapping[str, Any], str, tuple[str, ...]], Iterator[tuple[str, Keys]]]
_MORE: Mapping[str, _More] = {
    "TestInit": _of_test_init,
    "Test": _of_test,
    "Update": _of_update,
    "Acknowledgement": _of_acknowledgement,
    "PeerUpdate": _of_peer_update,
    "CacheRequest": _of_cache,
    "CacheAnswer": _of_cache,
    "ContextData": _of_context_data,
    "Data": _of_data,
}
"""What the beginning of a part does not tell."""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _numbered(what: str, value: object) -> str:
    return f"{what} {value}" if isinstance(value, int) else ""


def _head(term: object) -> str:
    """The constructor of a symbolic term, as JSON holds it."""
    return _text(term[0]) if isinstance(term, (list, tuple)) and term else ""
