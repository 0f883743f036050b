"""The sending half of the handshake between proxy mobile agents (the draft's 4.2): questions and updates."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address
from types import MappingProxyType
from typing import Any

from pmicheck.errors import UsageError
from pmicheck.nodes.agent.local_routing import LocalRoutingAgent
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.peer import peer_messages
from pmicheck.nodes.peer.peer_messages import PeerUpdate
from pmicheck.nodes.peer.peer_registration import Pair, PeerRegistration, Query
from pmicheck.nodes.peer.proxy_binding_cache import ProxyBinding, ProxyBindingCache
from pmicheck.wire import codec
from pmicheck.wire.constants import LIFETIME_UNIT, SEQUENCE_MODULUS, Status


class PeerSender(LocalRoutingAgent):
    """Registrations with other agents, and the messages that make them; `PeerAgent` drives it.

    Args:
        associations: key shared with each other agent, by its address.
        args, options: as of `LocalRoutingAgent`.
    """

    def __init__(
        self, *args: Any, associations: Mapping[IPv6Address, bytes] = MappingProxyType({}), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._associations = dict(associations)
        self._peers: dict[Pair, PeerRegistration] = {}
        self._proxy_bindings = ProxyBindingCache()
        self._queries: dict[int, Query] = {}
        self._numbers: dict[IPv6Address, int] = {}
        self._context_requests: dict[IPv6Address, tuple[int, IPv6Address]] = {}

    # Stimuli, and what a replay or a test may look at.

    def start_handshake(
        self, home_address: IPv6Address, correspondent: IPv6Address, home_agent: IPv6Address, now: float
    ) -> None:
        """Asks the correspondent's home agent for its agent; the rest follows (N111-N115).

        In explicit mode nothing happens before the node has asked (N101).

        Raises:
            UsageError: no such mobile node is attached.
        """
        self._profile(home_address)
        if not self._may_optimise(home_address, correspondent):
            self._note(now, "not-triggered", home_address=home_address, correspondent=correspondent)
            return
        registration = self._peers.setdefault((home_address, correspondent), PeerRegistration())
        registration.home_agent = home_agent
        self._ask_for_peer((home_address, correspondent), registration, home_agent, now)

    def retransmit_handshake(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """What is outstanding, again: a new transaction, or a greater sequence number (RFC 6275 11.8)."""
        pair = home_address, correspondent
        registration = self._peers.get(pair)
        if registration is None:
            return
        if registration.transaction is not None and registration.home_agent is not None:
            self._ask_for_peer(pair, registration, registration.home_agent, now)
        elif registration.requested is not None:
            self._send_peer_update(pair, registration, now, answers=False)
        elif registration.answered is not None:
            self._send_peer_update(pair, registration, now, answers=True)

    def end_handshake(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """Deregisters a node that has left with the peer of a correspondent, whose entry goes (N140).

        Raises:
            UsageError: no peer of the correspondent is known.
        """
        registration = self._peers.get((home_address, correspondent))
        if registration is None or registration.peer is None:
            raise UsageError(f"{self.address} has registered {home_address} with no peer of {correspondent}")
        number = self._next_number(home_address)
        del self._peers[home_address, correspondent]
        self._proxy_bindings.delete(correspondent)
        self._send_peer_registration((home_address, correspondent), registration.peer, number, 0, answers=False)
        self._note(now, "sent-peer-deregistration", home_address=home_address, correspondent=correspondent)

    def detach(self, home_address: IPv6Address) -> None:
        """Forgets a mobile node with what was known of it and its correspondents."""
        super().detach(home_address)
        self._numbers.pop(home_address, None)
        self._peers = {pair: item for pair, item in self._peers.items() if pair[0] != home_address}
        self._queries = {number: query for number, query in self._queries.items() if query.pair[0] != home_address}

    def advance(self, now: float) -> None:
        """Removes the proxy bindings whose lifetime is over."""
        super().advance(now)
        for binding in self._proxy_bindings.expire(now):
            self._note(now, "expired-proxy-binding", home_address=binding.home_address)

    def proxy_binding(self, home_address: IPv6Address) -> ProxyBinding | None:
        """The entry for a home address, effective or not (N114, N116)."""
        return self._proxy_bindings.get(home_address)

    def forwarding_binding(self, home_address: IPv6Address) -> ProxyBinding | None:
        """The entry by which packets for a home address are tunnelled to its agent (N117)."""
        return self._proxy_bindings.effective(home_address)

    def peer_registration(self, home_address: IPv6Address, correspondent: IPv6Address) -> PeerRegistration | None:
        """The Binding Update List entry of an attached node for a correspondent."""
        return self._peers.get((home_address, correspondent))

    def association(self, peer: IPv6Address) -> bytes | None:
        """The key that it shares with another agent (A-24)."""
        return self._associations.get(peer)

    def query_about(self, home_address: IPv6Address) -> int | None:
        """Transaction of the newest cache request about a home address that has no answer."""
        found = [number for number, query in self._queries.items() if query.home_address == home_address]
        return found[-1] if found else None

    def context_request(self, home_address: IPv6Address) -> tuple[int, IPv6Address] | None:
        """Transaction and receiver of the context request that has no answer."""
        return self._context_requests.get(home_address)

    # Hooks of the data plane and of the access link.

    def peer_of(self, home_address: IPv6Address, peer: IPv6Address, now: float) -> IPv6Address | None:
        """See `ForwardingAgent`: the agent of a foreign node by its effective entry, which is there for all
        attached nodes."""
        self.advance(now)
        binding = self._proxy_bindings.effective(peer)
        return super().peer_of(home_address, peer, now) if binding is None else binding.care_of_address

    def _optimise(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """N109: possible where the correspondent's home agent is known."""
        home_agent = self.known_home_agent(correspondent)
        registration = self._peers.get((home_address, correspondent))
        if home_agent is not None and (registration is None or not registration.is_in_use(now)):
            self.start_handshake(home_address, correspondent, home_agent, now)

    # Home agents.

    def _ask(self, query: Query, now: float) -> int:
        """Binding Cache Request under a new transaction id, which is returned."""
        transaction = int.from_bytes(self._randomness.take(2), "big")
        self._queries[transaction] = query
        request = codec.BindingCacheRequest(transaction, query.home_address)
        self._send(plain_packet(request, self.address, query.home_agent))
        self._note(now, "asked-home-agent", home_address=query.home_address, home_agent=query.home_agent)
        return transaction

    def _ask_for_peer(self, pair: Pair, registration: PeerRegistration, home_agent: IPv6Address, now: float) -> None:
        if registration.transaction is not None:
            self._queries.pop(registration.transaction, None)
        registration.transaction = self._ask(Query(pair[1], home_agent, pair), now)

    # Peers: sending.

    def _key(self, peer: IPv6Address) -> bytes | None:
        """What the handshake is authenticated with; None where nothing is (A-24)."""
        return None if self.policy.reading("pma_auth") == "none" else self._associations.get(peer)

    def _send_peer_update(
        self, pair: Pair, registration: PeerRegistration, now: float, *, answers: bool, repeated: bool = False
    ) -> None:
        """Registers an attached node with a peer.

        All updates for one node are numbered in one row, as the peer keeps one entry for it, whoever its
        correspondents there are.
        """
        assert registration.peer is not None
        number = registration.sequence = self._next_number(pair[0])
        registration.repeated = repeated
        if answers:
            registration.answered = number
        else:
            registration.requested, registration.asked = number, True
        units = self._lifetime // LIFETIME_UNIT
        self._send_peer_registration(pair, registration.peer, number, units, answers=answers)
        kind = "sent-peer-answer" if answers else "sent-peer-request"
        self._note(now, kind, home_address=pair[0], correspondent=pair[1], peer=registration.peer, sequence=number)

    def _send_peer_registration(
        self, pair: Pair, peer: IPv6Address, number: int, lifetime: int, *, answers: bool
    ) -> None:
        """A handshake PBU with lifetime in units of four seconds, which is 0 in a deregistration."""
        update = PeerUpdate(
            home_address=pair[0],
            care_of_address=self.address,
            correspondent=pair[1],
            receiver=peer,
            sequence=number,
            lifetime=lifetime,
            answers=answers,
        )
        self._send(peer_messages.update_packet(self.policy, update, self._key(peer)))

    def _next_number(self, home_address: IPv6Address) -> int:
        self._numbers[home_address] = (self._numbers.get(home_address, 0) + 1) % SEQUENCE_MODULUS
        return self._numbers[home_address]

    def _acknowledge(self, update: PeerUpdate, status: Status, sequence: int, lifetime: int) -> None:
        key = self._key(update.care_of_address)
        self._send(peer_messages.acknowledgement_packet(self.policy, update, status, sequence, lifetime, key))
