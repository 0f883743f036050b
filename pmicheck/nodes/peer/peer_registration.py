"""What a proxy mobile agent keeps for each pair of nodes that talk through another agent (the draft's 4.2, 6)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from pmicheck.nodes.peer.peer_messages import PeerUpdate

Pair = tuple[IPv6Address, IPv6Address]
"""Home addresses of a node that is attached here and of the one that it talks to."""


@dataclass
class PeerRegistration:
    """The Binding Update List entry of an attached node for one correspondent behind another agent (N139, N144).

    Args:
        peer: the agent that serves the correspondent, None as long as it is not known.
        vouched_for: a home agent has named this peer.
        home_agent: who is asked for the peer.
        transaction: of the cache request that has no answer.
        requested: number of the request that has no answer.
        answered: number of the answer that has no acknowledgement.
        asked: the peer has had a request, so what it answers may come again.
        sequence: last number sent.
        repeated: the outstanding update has been sent again under a greater number.
        expires_at: when the registration with the peer ends; None if there is none.
    """

    peer: IPv6Address | None = None
    vouched_for: bool = False
    home_agent: IPv6Address | None = None
    transaction: int | None = None
    requested: int | None = None
    answered: int | None = None
    asked: bool = False
    sequence: int = 0
    repeated: bool = False
    expires_at: float | None = None

    def is_in_use(self, now: float) -> bool:
        """Whether it stands, or is being made."""
        outstanding = (self.transaction, self.requested, self.answered)
        return any(item is not None for item in outstanding) or (self.expires_at is not None and now < self.expires_at)


@dataclass(frozen=True)
class Query:
    """A Binding Cache Request that has no answer.

    Args:
        pair: whose peer is looked for.
        update: what waits for the home agent's word instead.
    """

    home_address: IPv6Address
    home_agent: IPv6Address
    pair: Pair
    update: PeerUpdate | None = None
