"""Where the fields of a symbolic message stand in its packet.

A field stands in the row that carries its name, unless this says otherwise: an address may stand in one of several
places, and what the model names for itself stands where the specification has it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

ELSEWHERE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("TestInit", "address"): ("hao", "source"),
    ("Test", "address"): ("destination",),
    ("Update", "home"): ("hao", "mn-home", "source"),
    ("Update", "care_of"): ("alternate", "source"),
    ("Acknowledgement", "home"): ("routing",),
    ("Acknowledgement", "care_of"): ("destination",),
    ("Acknowledgement", "forged"): ("PT",),
    ("PeerUpdate", "home"): ("mn-home",),
    ("PeerUpdate", "care_of"): ("source",),
    ("PeerUpdate", "answers"): ("proxy",),
    ("PeerUpdate", "proof"): ("mac",),
    ("PeerAcknowledgement", "home"): ("cn-home",),
    ("PeerAcknowledgement", "proof"): ("mac",),
    ("CacheRequest", "asker"): ("source",),
    ("ContextRequest", "asker"): ("source",),
    ("ContextData", "seq"): ("entry-seq",),
    ("ContextData", "key"): ("private-key",),
    ("Data", "outer"): ("outer-source",),
}
"""What the rows carry that may have a field of a kind of message, the first that a packet has (RFC 6275 6.1.1, 6.2.5
and 6.3, the draft's 4.2 and 7, A-04)."""


def place(kind: str, field: str, carried: Container[str]) -> str:
    """What the row carries that has a field of a message, "" if there is none among those that the packet has."""
    return next((key for key in ELSEWHERE.get((kind, field), (field,)) if key and key in carried), "")
