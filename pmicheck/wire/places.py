"""Which row of a packet carries a field of a symbolic message.

A field is in the row that carries its name, if this says nothing else: an address may be in one of several rows, and
some rows carry fields that the model calls otherwise.
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
"""By type and field of a message what the rows that may have it carry; the first one that the packet has is meant.

RFC 6275 6.1.1, 6.2.5 and 6.3; the draft's 4.2 and 7 (A-04).
"""


def place(kind: str, field: str, carried: Container[str]) -> str:
    """What the row carries that has a field of a message, "" if the packet has no such row.

    Args:
        kind: type of the message.
        carried: what the rows of the packet carry.
    """
    return next((key for key in ELSEWHERE.get((kind, field), (field,)) if key and key in carried), "")
