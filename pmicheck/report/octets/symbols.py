"""Which field of a packet carries which part of the symbolic message of a step.

The step has the parts of its term with the field of the message that each tells; what the message says but its term
leaves out (the index of a nonce, a lifetime) is taken from the message. A record is input: whatever is missing or odd
gives no parts, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pmicheck.trace import Step, head
from pmicheck.wire.places import place


def message_of(step: Step) -> Mapping[str, Any]:
    """The symbolic message as the replay gets it, empty if there is none; the attacker's own test is a test init."""
    if step.content is not None:
        return step.content
    return {"type": "TestInit", "address": step.arguments.get("address")} if step.action == "test" else {}


def carried(step: Step, keys: Collection[str]) -> dict[str, str]:
    """For each row that carries something the part of the term; `keys` says what those of the packet carry."""
    found: dict[str, list[str]] = {}
    for text, key in _symbols(step, keys):
        if key and text and text not in found.get(key, ()):
            found.setdefault(key, []).append(text)
    return {key: ", ".join(parts) for key, parts in found.items()}


def _symbols(step: Step, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    message = message_of(step)
    kind = _text(message.get("type"))
    yield "data" if kind == "Data" else step.message, "type" if "type" in keys else "data" if "data" in keys else ""
    for field, words in step.parts:
        yield words, place(kind, field, keys)
    for (of, field), said in _BESIDE.items():
        if of == kind:
            yield said(message.get(field)), place(kind, field, keys)
    signature: Any = message.get("sig")
    if kind == "Acknowledgement" and head(signature) and len(signature) > 1:
        yield f"CGA of {_text(signature[1])}", place(kind, "key", keys)
        yield f"signature of {_text(signature[1])}", place(kind, "sig", keys)


_Words = Callable[[object], str]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _either(yes: str, no: str) -> _Words:
    """One word or the other, none for what is neither."""
    return lambda value: yes if value is True else no if value is False else ""


def _numbered(what: str) -> _Words:
    return lambda value: f"{what} {value}" if isinstance(value, int) else ""


_BESIDE: Mapping[tuple[str, str], _Words] = {
    ("TestInit", "care_of"): _text,
    ("Test", "nonce"): _numbered("nonce"),
    ("Test", "care_of"): _text,
    ("Update", "proxy"): _either("PBU", "BU"),
    ("Update", "lifetime"): _either("", "deregistration"),
    ("PeerUpdate", "lifetime"): _either("", "deregistering"),
    ("Acknowledgement", "proxy"): _either("PBA", "BA"),
    ("Acknowledgement", "care_of_nonce"): _numbered("nonce"),
    ("CacheRequest", "number"): _numbered("binding cache request"),
    ("CacheAnswer", "number"): _numbered("binding cache acknowledgement"),
    ("CacheAnswer", "home"): _text,
    ("CacheAnswer", "care_of"): _text,
    ("ContextData", "seq"): _numbered("seq"),
    ("Data", "source"): _text,
    ("Data", "destination"): _text,
}
"""What the message says beside its term: kind of message and field, and the words for its value."""
