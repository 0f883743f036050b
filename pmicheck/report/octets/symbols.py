"""Which field of a packet carries which part of the symbolic message of a step.

The step has the parts of its term with the field of the message that each tells; what the message says but its term
leaves out (the index of a nonce, a lifetime) is taken from the message. A record is input: whatever is missing or odd
gives no parts, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from pmicheck.trace import Step, head

Keys = tuple[str, ...]
"""Keys of fields, the first one that a packet has is meant."""

HOME: Keys = ("home-option", "mn-home", "source")
"""Where the home address of an update stands (RFC 6275 6.3, draft 7, A-04)."""
CARE_OF: Keys = ("alternate", "source")
"""Where its care-of address stands (RFC 6275 6.2.5)."""

_FIELDS: Mapping[str, Mapping[str, Keys]] = {
    "TestInit": {"address": ("home-option", "source"), "cookie": ("cookie",), "hao": ("home-option",)},
    "Test": {"address": ("destination",), "cookie": ("cookie",), "token": ("token",)},
    "Update": {
        "home": HOME,
        "care_of": CARE_OF,
        "seq": ("sequence",),
        "nonce": ("home-nonce",),
        "care_of_nonce": ("care-of-nonce",),
        "key": ("cga",),
        "sig": ("signature",),
        "test": ("care-of-test-init",),
        "mac": ("authenticator",),
    },
    "Acknowledgement": {
        "status": ("status",),
        "seq": ("sequence",),
        "care_of_token": ("care-of-token",),
        "PT": ("permanent",),
        "HT": ("handover",),
        "forged": ("permanent",),
        "mac": ("authenticator",),
    },
    "PeerUpdate": {
        "home": ("mn-home",),
        "care_of": ("source",),
        "seq": ("sequence",),
        "answers": ("flags",),
        "proof": ("authenticator",),
    },
    "PeerAcknowledgement": {"home": ("cn-home",), "seq": ("sequence",), "proof": ("authenticator",)},
    "CacheRequest": {"home": ("home",)},
    "ContextRequest": {"home": ("home",), "asker": ("source",)},
    "ContextData": {"home": ("home",), "peer": ("entry-care-of",), "key": ("private-key",)},
    "Data": {"outer": ("outer-source",), "routing": ("routing-home",)},
}
"""For each kind of message which field of the packet carries the part of the term that tells a field of the message."""


def message_of(step: Step) -> Mapping[str, Any]:
    """The symbolic message as the replay gets it, empty if there is none; the attacker's own test is a test init."""
    if step.content is not None:
        return step.content
    return {"type": "TestInit", "address": step.arguments.get("address")} if step.action == "test" else {}


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
    yield "data" if kind == "Data" else step.message, ("type", "data")
    fields = _FIELDS.get(kind, {})
    for field, words in step.parts:
        yield words, fields.get(field, ())
    more = _MORE.get(kind)
    if more is not None:
        yield from more(message)


def _of_test_init(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _text(message.get("care_of")), ("care-of",)


def _of_test(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _numbered("nonce", message.get("nonce")), ("nonce-index",)
    yield _text(message.get("care_of")), ("care-of",)


def _of_update(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _either(message.get("proxy"), "PBU", "BU"), ("flags",)
    yield _either(message.get("lifetime"), "", "deregistration"), ("lifetime",)


def _of_peer_update(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _either(message.get("lifetime"), "", "deregistering"), ("lifetime",)


def _of_acknowledgement(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _either(message.get("proxy"), "PBA", "BA"), ("flags",)
    if message.get("care_of_token"):
        yield _numbered("nonce", message.get("care_of_nonce")), ("care-of-nonce",)
    signature = message.get("sig")
    if signature and head(signature) and len(signature) > 1:
        yield f"CGA of {_text(signature[1])}", ("cga",)
        yield f"signature of {_text(signature[1])}", ("signature",)


def _of_request(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _numbered("binding cache request", message.get("number")), ("transaction",)


def _of_answer(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _numbered("binding cache acknowledgement", message.get("number")), ("transaction",)
    yield _text(message.get("home")), ("home",)
    yield _text(message.get("care_of")), ("care-of",)


def _of_context_data(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _numbered("seq", message.get("seq")), ("entry-sequence",)


def _of_data(message: Mapping[str, Any]) -> Iterator[tuple[str, Keys]]:
    yield _text(message.get("source")), ("source",)
    yield _text(message.get("destination")), ("destination",)


_More = Callable[[Mapping[str, Any]], Iterator[tuple[str, Keys]]]
_MORE: Mapping[str, _More] = {
    "TestInit": _of_test_init,
    "Test": _of_test,
    "Update": _of_update,
    "Acknowledgement": _of_acknowledgement,
    "PeerUpdate": _of_peer_update,
    "CacheRequest": _of_request,
    "CacheAnswer": _of_answer,
    "ContextData": _of_context_data,
    "Data": _of_data,
}
"""What the message says beside its term."""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _either(value: object, yes: str, no: str) -> str:
    """One word or the other by a field of the message, none where it does not have it."""
    return yes if value is True else no if value is False else ""


def _numbered(what: str, value: object) -> str:
    return f"{what} {value}" if isinstance(value, int) else ""
