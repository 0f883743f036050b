"""What a run of a trace leaves on record: updates that were accepted, answers that were believed, where it diverged."""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.concrete.attack import innermost
from pmicheck.errors import PmicheckError
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.wire.packet import MobilityHeader, Packet

BELIEVED = frozenset(
    {
        "accepted-home-test",
        "accepted-proxy-home-test",
        "accepted-care-of-test",
        "accepted-tokens",
        "accepted-binding-acknowledgement",
        "restarted",
        "refused",
    }
)
"""What a registrant notes when it acts upon an answer."""


class Divergence(PmicheckError):
    """The concrete nodes do something else than the trace says."""


@dataclass(frozen=True)
class Acceptance:
    """The correspondent accepted a binding update.

    Args:
        emitted: an honest node emitted this very message, octet for octet.
        again: which of "authenticator" and "signature" an honest node emitted, and the correspondent had accepted
            before.
        secrets: what the attacker's packet was built with, None if it was no packet of the attacker's.
        serving: where the mobile node was reached then.
    """

    step: int
    time: float
    home_address: str
    care_of_address: str
    deregisters: bool
    emitted: bool
    again: tuple[str, ...]
    before: Entry | None
    after: Entry | None
    secrets: tuple[str, ...] | None
    serving: str
    method: str

    @property
    def honest(self) -> bool:
        """What an honest node emitted, accepted for the first time."""
        return self.emitted and not self.again

    @property
    def changed(self) -> bool:
        """The binding is another one than before."""
        return self.before != self.after


@dataclass(frozen=True)
class Belief:
    """A registrant acted upon an answer; `emitted` says whether the correspondent ever sent it."""

    step: int
    who: str
    what: str
    emitted: bool


@dataclass(frozen=True)
class Receipt:
    """Payload reached the upper layers of a node.

    Args:
        who: "cn", or the home address of the mobile node by name.
        source: by name, as those upper layers see it.
        sender: the node that really sent it, or "attacker".
        sent_from: the source of the outermost header, which ingress filtering looks at.
    """

    step: int
    who: str
    source: str
    octets: int
    sender: str
    sent_from: str


@dataclass(frozen=True)
class Wish:
    """An agent keeps that a mobile node wants an optimised path (N101); `honest` says whether the node said so."""

    step: int
    home_address: str
    honest: bool


def header_of(packet: bytes) -> bytes:
    """The Mobility Header of the innermost packet."""
    payload = innermost(Packet.from_bytes(packet)).payload
    return payload.octets if isinstance(payload, MobilityHeader) else b""
