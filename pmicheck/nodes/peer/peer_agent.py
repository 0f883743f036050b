"""A proxy mobile agent among others: the draft's 4.2 (figure 6) and 4.2.1 (figure 8).

    Binding Cache Request -> HA2, Binding Cache Acknowledgement <-      (N111, N112)
    Proxy Binding Update  -> peer, Proxy Binding Update <-              (N113, N114)
    Proxy Binding Acknowledgement -> peer                               (N115)

`peer_messages` says how the messages look. What is checked of them is a reading (pma_auth, A-24): nothing, a MAC
under the key that the two agents share, or besides that a home agent's word, asked for in the same way and
awaited before an entry is made. Which home agent to ask about a foreign node is configured: `home_agents`.

After a handover the next agent asks the previous one for the context and sends an update for each entry in it
(N120-N123); `context_transfer` says how that looks.
"""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.errors import WireError
from pmicheck.nodes.addresses import is_routable_unicast
from pmicheck.nodes.correspondent.authorisation import is_greater
from pmicheck.nodes.peer import context_transfer, peer_messages
from pmicheck.nodes.peer.context_transfer import PeerContext, TransferredContext
from pmicheck.nodes.peer.peer_messages import PeerUpdate
from pmicheck.nodes.peer.peer_registration import Pair, PeerRegistration, Query
from pmicheck.nodes.peer.peer_sender import PeerSender
from pmicheck.nodes.peer.proxy_binding_cache import ProxyBinding
from pmicheck.wire import codec
from pmicheck.wire.constants import (
    LIFETIME_UNIT,
    MAX_CGA_BINDING_LIFETIME,
    BindingUpdateFlag,
    Status,
)
from pmicheck.wire.packet import MobilityHeader, Packet


class PeerAgent(PeerSender):
    """A proxy mobile agent that other agents know.

    `start_handshake` and `request_context` are what makes it speak, besides the stimuli of any proxy agent.
    """

    # Handover (4.2.1).

    def request_context(self, home_address: IPv6Address, previous_agent: IPv6Address, now: float) -> None:
        """Asks the previous agent for the context of a node that has come here; what follows is N121, N122."""
        transaction = int.from_bytes(self._randomness.take(2), "big")
        self._context_requests[home_address] = transaction, previous_agent
        request = codec.ContextTransferRequest(transaction, home_address)
        key = self._context_key(previous_agent)
        self._send(peer_messages.sealed(self.policy, request, self.address, previous_agent, key))
        self._note(now, "requested-context", home_address=home_address, previous_agent=previous_agent)

    def retransmit_context_request(self, home_address: IPv6Address, now: float) -> None:
        """An outstanding request again, under a new transaction."""
        if home_address in self._context_requests:
            self.request_context(home_address, self._context_requests[home_address][1], now)

    def transferable(self, home_address: IPv6Address) -> TransferredContext:
        """What the next agent is given (N047, N082, N121, N145).

        Raises:
            UsageError: no such mobile node is attached.
        """
        return TransferredContext(
            self.context(home_address),
            self._modes[home_address],
            tuple(
                PeerContext(correspondent, registration.peer, self.number_told(self._numbers[home_address]))
                for (owner, correspondent), registration in self._peers.items()
                if owner == home_address and registration.peer is not None and home_address in self._numbers
            ),
        )

    def _context_key(self, peer: IPv6Address) -> bytes | None:
        """Without protection there is no key; with it the MAC says who asks and who answers (A-02)."""
        unprotected = peer_messages.context_protection(self.policy) == "unauthenticated"
        return None if unprotected else self._associations.get(peer)

    def _refused_transfer(self, packet: Packet, message: codec.Message, protected: bool) -> str | None:
        """A-02: anybody, or a peer that shares a key, or such a peer through the security association."""
        protection = peer_messages.context_protection(self.policy)
        key = self._associations.get(packet.source)
        if protection == "unauthenticated":
            return None
        if key is None:
            return "security-association"
        if protection == "protected" and not protected:
            return "context-transfer-protection"
        authentic = not self.policy.has("mac") or peer_messages.mac_is_valid(self.policy, packet, message, key)
        return None if authentic else "mac"

    def _on_context_request(
        self, packet: Packet, message: codec.ContextTransferRequest, now: float, protected: bool
    ) -> None:
        """N121; whether the node is at the asker now is not looked at."""
        check = self._refused_transfer(packet, message, protected)
        if check is None and message.home_address not in self._profiles:
            check = "not-attached"
        if check is not None:
            self._reject(now, "context-transfer-request", check, source=packet.source)
            return
        data = context_transfer.data_message(message.transaction, self.transferable(message.home_address))
        key = self._context_key(packet.source)
        try:
            self._send(peer_messages.sealed(self.policy, data, self.address, packet.source, key))
        except WireError as error:
            self._reject(now, "context-transfer-request", "too-long", reason=str(error))
            return
        self._note(now, "sent-context", home_address=message.home_address, receiver=packet.source)

    def _on_context_data(self, packet: Packet, message: codec.ContextTransferData, now: float, protected: bool) -> None:
        """N122: an update for each entry, to the peer directly, since the entry names it (N118, N119)."""
        check = self._refused_transfer(packet, message, protected)
        with_key = self.policy.reading("context_key") == "carried" and not self._delegated
        transferred = context_transfer.read(message, with_key=with_key)
        if self._context_requests.get(message.home_address) != (message.transaction, packet.source):
            check = "not-outstanding"
        elif check is None and transferred is None:
            check = "profile"
        if check is not None or transferred is None:
            self._reject(now, "context-transfer-data", str(check), source=packet.source)
            return
        del self._context_requests[message.home_address]
        self.install(transferred.context, now)
        self._modes[message.home_address] = transferred.mode
        self._note(now, "installed-context", home_address=message.home_address, source=packet.source)
        for entry in transferred.peers:
            pair = message.home_address, entry.correspondent
            self._triggered.add(pair)
            self._numbers[message.home_address] = entry.sequence
            self._peers[pair] = PeerRegistration(peer=entry.peer)
        for entry in transferred.peers:
            pair = message.home_address, entry.correspondent
            self._send_peer_update(pair, self._peers[pair], now, answers=False)

    # Packets.

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        direct = packet.destination == self.address and packet.routing_home_address is None
        if not direct or not isinstance(packet.payload, MobilityHeader):
            super()._handle(packet, now, protected)
            return
        message = self._decode(packet, now)
        if message is not None and not self._on_signalling(packet, message, now, protected):
            super()._handle(packet, now, protected)

    def _on_signalling(self, packet: Packet, message: codec.Message, now: float, protected: bool) -> bool:
        """Handles what agents and home agents say to agents; False for all else.

        A proxy update with Nonce Indices belongs to return routability (the draft's 4.3).
        """
        match message:
            case codec.BindingCacheAcknowledgement():
                self._on_cache_acknowledgement(packet, message, now)
            case codec.ContextTransferRequest():
                self._on_context_request(packet, message, now, protected)
            case codec.ContextTransferData():
                self._on_context_data(packet, message, now, protected)
            case codec.BindingUpdate() if (
                message.flags & BindingUpdateFlag.PROXY_REGISTRATION
                and codec.option_of(message, codec.NonceIndicesOption) is None
            ):
                self._on_peer_update(packet, message, now)
            case codec.BindingAcknowledgement() if codec.option_of(message, codec.CorrespondentHomeAddressOption):
                self._on_peer_acknowledgement(packet, message, now)
            case _:
                return False
        return True

    def _refused_sender(self, packet: Packet, message: codec.Message, mechanism: str) -> str | None:
        """What speaks against the sender of a peer's message (pma_auth, N176); None if nothing does."""
        if self.policy.reading("pma_auth") == "none":
            return None
        key = self._associations.get(packet.source)
        if key is None:
            return "security-association"
        authentic = not self.policy.has(mechanism) or peer_messages.mac_is_valid(self.policy, packet, message, key)
        return None if authentic else mechanism

    def _refuse(self, update: PeerUpdate, check: str, now: float, **detail: object) -> None:
        self._reject(
            now,
            "peer-update",
            check,
            home_address=update.home_address,
            care_of_address=update.care_of_address,
            sequence=update.sequence,
            **detail,
        )

    def _on_peer_update(self, packet: Packet, message: codec.BindingUpdate, now: float) -> None:
        """Silence for all that is malformed, forbidden (N155, N157; RFC 6275 9.5.1) or not authentic.

        With the H flag it asks for a home agent, which no agent is (RFC 6275 10.3.1).
        """
        update = peer_messages.read_update(packet, message)
        if packet.home_address is not None and self.policy.has("hao-rejection-in-pbu"):
            self._reject(now, "peer-update", "home-address-option", source=packet.source)
        elif codec.option_of(message, codec.IPv4HomeAddressOption) is not None:
            self._reject(now, "peer-update", "ipv4-home-address", source=packet.source)
        elif update is None or not is_routable_unicast(update.home_address):
            self._reject(now, "peer-update", "home-address", source=packet.source)
        elif update.correspondent not in self._profiles:
            self._refuse(update, "not-attached", now)
        elif (check := self._refused_sender(packet, message, "mac")) is not None:
            self._refuse(update, check, now)
        elif message.flags & BindingUpdateFlag.HOME_REGISTRATION:
            self._refuse(update, "home-registration", now)
            self._acknowledge(update, Status.HOME_REGISTRATION_NOT_SUPPORTED, update.sequence, 0)
        elif update.answers and not self._was_asked(update):
            self._refuse(update, "not-outstanding", now)
        else:
            self._on_authentic_update(update, now, vouched_for=False)

    def _was_asked(self, update: PeerUpdate) -> bool:
        """An answer is for the home address that was asked for, from the address that was asked (A-24)."""
        registration = self._peers.get((update.correspondent, update.home_address))
        return registration is not None and registration.asked and registration.peer == update.care_of_address

    def _on_authentic_update(self, update: PeerUpdate, now: float, *, vouched_for: bool) -> None:
        """Sequence number (RFC 6275 9.5.1), then by the reading the home agent's word, then the entry."""
        last = self._proxy_bindings.get(update.home_address)
        if last and self.policy.has("sequence-number") and not is_greater(update.sequence, last.sequence):
            status = Status.SEQUENCE_NUMBER_OUT_OF_WINDOW
            self._refuse(update, "sequence-number", now, status=int(status))
            self._acknowledge(update, status, last.sequence, 0)
        elif update.deregisters and self._is_of_another(update, last):
            self._refuse(update, "attachment", now)
        elif vouched_for or not self._needs_word(update):
            self._take_effect(update, now)
        else:
            home_agent = self.known_home_agent(update.home_address)
            if home_agent is None:
                self._refuse(update, "attachment", now)
            else:
                pair = update.correspondent, update.home_address
                self._ask(Query(update.home_address, home_agent, pair, update), now)

    @property
    def _confirms_departures(self) -> bool:
        """Whether a home agent is asked about deregistrations, too (A-24)."""
        return self.policy.reading("pma_auth") == "attachment" and self.policy.reading("attachment_scope") == "all"

    def _is_of_another(self, update: PeerUpdate, entry: ProxyBinding | None) -> bool:
        """Whether a deregistration would end the entry of another agent, where each may end its own only."""
        return self._confirms_departures and (entry is None or entry.care_of_address != update.care_of_address)

    def _needs_word(self, update: PeerUpdate) -> bool:
        """Whether a home agent has to confirm the attachment; it has, if it named the peer that answers."""
        if update.deregisters:
            return self._confirms_departures
        if self.policy.reading("pma_auth") != "attachment":
            return False
        registration = self._peers.get((update.correspondent, update.home_address))
        named = registration is not None and registration.vouched_for and registration.peer == update.care_of_address
        return not (update.answers and named)

    def _take_effect(self, update: PeerUpdate, now: float) -> None:
        """N114, N116; a deregistration ends the entry, wherever that leads (N160, RFC 6275 9.5.3)."""
        pair = update.correspondent, update.home_address
        lifetime = 0 if update.deregisters else self._granted_units(update)
        at_once = self.policy.reading("handshake_effective") == "first" or not self.policy.has(
            "third-handshake-message"
        )
        self._note(
            now,
            "accepted-peer-update",
            home_address=update.home_address,
            care_of_address=update.care_of_address,
            sequence=update.sequence,
            lifetime=lifetime * LIFETIME_UNIT,
            answers=update.answers,
        )
        if lifetime == 0:
            self._proxy_bindings.delete(update.home_address)
            self._acknowledge(update, Status.ACCEPTED, update.sequence, 0)
            return
        expires_at = now + lifetime * LIFETIME_UNIT
        effective = at_once or update.answers
        self._proxy_bindings.put(
            ProxyBinding(
                home_address=update.home_address,
                care_of_address=update.care_of_address,
                effective=effective,
                sequence=update.sequence,
                expires_at=expires_at,
            )
        )
        registration = self._peers.setdefault(pair, PeerRegistration())
        if update.answers:
            registration.requested = None
            registration.expires_at = now + self._lifetime
            self._acknowledge(update, Status.ACCEPTED, update.sequence, lifetime)
            return
        if registration.peer != update.care_of_address:
            registration.peer, registration.vouched_for = update.care_of_address, False
            registration.requested, registration.asked = None, False
        self._send_peer_update(pair, registration, now, answers=True)

    def _granted_units(self, update: PeerUpdate) -> int:
        """The draft sets no limit for a handshake; the longest that a correspondent grants stands in."""
        if not self.policy.has("lifetime-bound"):
            return update.lifetime
        return min(update.lifetime, MAX_CGA_BINDING_LIFETIME // LIFETIME_UNIT)

    def _on_peer_acknowledgement(self, packet: Packet, message: codec.BindingAcknowledgement, now: float) -> None:
        """The third message (N115), or a refusal of one of the first two."""
        home = codec.option_of(message, codec.MobileNodeHomeAddressOption)
        other = codec.option_of(message, codec.CorrespondentHomeAddressOption)
        pair = None if home is None or other is None else (home.address, other.address)
        registration = None if pair is None else self._peers.get(pair)
        check = self._refused_sender(packet, message, "mac-of-ack")
        if pair is None or registration is None or registration.peer != packet.source:
            check = "not-outstanding"
        elif check is None and message.status < Status.UNSPECIFIED and message.sequence != registration.answered:
            check = "sequence-number"
        if check is not None or pair is None or registration is None:
            self._reject(now, "peer-acknowledgement", str(check), source=packet.source, status=message.status)
        elif message.status < Status.UNSPECIFIED:
            self._note(now, "accepted-peer-acknowledgement", home_address=pair[0], correspondent=pair[1])
            registration.answered = None
            registration.expires_at = now + message.lifetime * LIFETIME_UNIT
            self._proxy_bindings.confirm(pair[1], packet.source)
        else:
            self._on_peer_refusal(pair, registration, message, now)

    def _on_peer_refusal(
        self, pair: Pair, registration: PeerRegistration, message: codec.BindingAcknowledgement, now: float
    ) -> None:
        """A number too small is raised once (RFC 6275 11.7.3); after any other refusal the handshake is over."""
        answers = registration.requested is None
        outstanding = registration.answered if answers else registration.requested
        too_small = message.status == Status.SEQUENCE_NUMBER_OUT_OF_WINDOW
        if outstanding is None:
            self._reject(now, "peer-acknowledgement", "not-outstanding", status=message.status)
        elif too_small and not registration.repeated:
            self._numbers[pair[0]] = message.sequence
            self._send_peer_update(pair, registration, now, answers=answers, repeated=True)
        else:
            registration.requested = registration.answered = None
            self._note(now, "refused-by-peer", home_address=pair[0], correspondent=pair[1], status=message.status)

    # Home agents.

    def _on_cache_acknowledgement(self, packet: Packet, message: codec.BindingCacheAcknowledgement, now: float) -> None:
        """N112; from the home agent that was asked, about what it was asked, and no other proof (A-25)."""
        query = self._queries.get(message.transaction)
        if query is None or packet.source != query.home_agent or message.home_address != query.home_address:
            self._reject(now, "binding-cache-acknowledgement", "not-outstanding", source=packet.source)
            return
        del self._queries[message.transaction]
        self._note(
            now,
            "accepted-binding-cache-acknowledgement",
            home_address=message.home_address,
            care_of_address=message.care_of_address,
        )
        if query.update is None:
            self._on_peer_found(query.pair, message.care_of_address, now)
        elif (message.care_of_address == query.update.care_of_address) == query.update.deregisters:
            self._refuse(query.update, "attachment", now)
        else:
            self._on_authentic_update(query.update, now, vouched_for=True)

    def _on_peer_found(self, pair: Pair, peer: IPv6Address, now: float) -> None:
        """N113; nobody gets an update without a binding, or with one that ends here (N104) or at no node."""
        registration = self._peers[pair]
        registration.transaction = None
        if not is_routable_unicast(peer) or peer == self.address:
            self._note(now, "no-peer", home_address=pair[0], correspondent=pair[1])
            return
        registration.peer, registration.vouched_for = peer, True
        self._send_peer_update(pair, registration, now, answers=False)
