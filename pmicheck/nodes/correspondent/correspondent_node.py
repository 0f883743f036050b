"""A type 1 correspondent node: RFC 6275 section 9, RFC 4866 section 4, and what the draft's 3 and 7 change."""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.errors import UsageError
from pmicheck.nodes import data_plane
from pmicheck.nodes.addresses import is_routable_unicast
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.correspondent.bindings import Bindings, home_address_to_test
from pmicheck.nodes.node import Node
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingErrorStatus
from pmicheck.wire.packet import MobilityHeader, Packet, UdpDatagram


class CorrespondentNode(Node):
    """A correspondent that knows route optimisation.

    Args:
        identity: key pair and CGA Parameters of `address`, needed if its answers are to be signed (N096).
        keeps_numbers: the number of a deleted binding is kept as long as its nonces live (RFC 6275 5.2.8). The draft's
            correspondents keep none: in Fig. 4 the next PMA cannot know the number of the deregistration.

    Raises:
        UsageError: the policy wants signed answers and there is no identity.
    """

    def __init__(
        self,
        address: IPv6Address,
        policy: Policy,
        seed: bytes,
        *,
        identity: CgaIdentity | None = None,
        keeps_numbers: bool = False,
    ) -> None:
        super().__init__(address, policy, seed)
        if policy.reading("cn_cga_on_pba") == "on" and identity is None:
            raise UsageError("a correspondent that signs its acknowledgements needs a key and CGA Parameters")
        self._bindings = Bindings(address, policy, self._randomness, self._note, identity, keeps_numbers)

    # What a replay or a test may look at and ask for.

    @property
    def bindings(self) -> Bindings:
        """All that it keeps for the nodes that registered with it."""
        return self._bindings

    def entry(self, home_address: IPv6Address) -> Entry | None:
        """The binding of a home address as it stood after the last event."""
        return self._bindings.cache.get(home_address)

    def entries(self) -> tuple[Entry, ...]:
        """All bindings."""
        return tuple(self._bindings.cache.entries())

    def handover_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """The handover tokens that authenticate for a home address, the newest first."""
        return self._bindings.usable_handover_tokens(home_address)

    def permanent_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """The permanent tokens that authenticate for a home address, the newest first."""
        return self._bindings.cache.permanent_tokens(home_address)

    def home_keygen_token(self, index: int, home_address: IPv6Address) -> bytes | None:
        """T for a home address and the nonce of this index; None if there is no such nonce."""
        return self._bindings.nonces.home_token(index, home_address)

    def care_of_keygen_token(self, index: int, care_of_address: IPv6Address) -> bytes | None:
        """C for a care-of address and the nonce of this index; None if there is no such nonce."""
        return self._bindings.nonces.care_of_token(index, care_of_address)

    def rotate_nonce(self, now: float) -> int:
        """Makes a new nonce and returns its index; the earlier ones stay good until they are too old."""
        self.advance(now)
        return self._bindings.nonces.rotate(now).index

    def advance(self, now: float) -> None:
        """Removes the bindings whose lifetime is over (N160) and ages the credit of the others."""
        self._bindings.advance(now)

    def send_payload(self, home_address: IPv6Address, octets: int, now: float) -> bool:
        """Sends data towards a home address the way the cache says (N164, N165; RFC 4866 4.10).

        Args:
            octets: of data, which is also what they cost in credit.

        Returns:
            False if the care-of address is unverified and the credit too small.
        """
        self.advance(now)
        data = UdpDatagram(bytes(octets))
        entry = self.entry(home_address)
        if entry is None:
            self._note(now, "sent-payload", home_address=home_address, octets=octets, via="home-address")
            self._send(Packet(self.address, home_address, data))
            return True
        if not self._bindings.spend(entry, octets, now):
            return False
        self._note(now, "sent-payload", home_address=home_address, octets=octets, via="care-of-address")
        self._send(Packet(self.address, entry.care_of_address, data, routing_home_address=home_address))
        return True

    # Packets.

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        if packet.destination != self.address:
            self._reject(now, "packet", "destination", destination=packet.destination)
            return
        if packet.source == self.address:
            self._reject(now, "packet", "source", source=packet.source)
            return
        if packet.routing_home_address is not None:
            # RFC 6275 6.4: it would have to be a home address of this node, which has none.
            self._reject(now, "packet", "routing-header", home_address=packet.routing_home_address)
            return
        match packet.payload:
            case MobilityHeader():
                self._on_mobility_header(packet, now)
            case Packet():
                self._on_tunnelled_payload(packet, packet.payload, now)
            case UdpDatagram(data):
                self._on_payload(packet, len(data), now)
            case _:
                self._reject(now, "packet", "next-header")

    def _on_mobility_header(self, packet: Packet, now: float) -> None:
        message = self._decode(packet, now)
        match message:
            case None:
                return
            case codec.HomeTestInit():
                self._on_home_test_init(packet, message, now)
            case codec.ProxyHomeTestInit():
                self._on_proxy_home_test_init(packet, message, now)
            case codec.CareOfTestInit():
                self._on_care_of_test_init(packet, message, now)
            case codec.BindingUpdate():
                self._on_binding_update(packet, message, now)
            case codec.UnknownMessage():
                self._refuse_unknown(packet, message, now)
            case _:
                self._reject(now, type(message).__name__, "not-for-a-correspondent")

    # Tests. Nothing is stored on any of these messages (RFC 6275 5.2.5; the draft asks for state at type 2
    # nodes only).

    def _on_home_test_init(self, packet: Packet, message: codec.HomeTestInit, now: float) -> None:
        home_address = home_address_to_test(self.policy, packet)
        if home_address is None:
            self._reject(now, "home-test-init", "home-address-option", home_address=packet.home_address)
            return
        index, token = self._bindings.home_test(home_address, now)
        self._send_message(codec.HomeTest(index, message.cookie, token), self.address, packet.source)
        self._note(now, "answered-home-test-init", home_address=home_address, nonce_index=index)

    def _on_proxy_home_test_init(self, packet: Packet, message: codec.ProxyHomeTestInit, now: float) -> None:
        """N041, N157, N167; the care-of address in it is not looked at (A-05)."""
        home_address = home_address_to_test(self.policy, packet)
        if home_address is None:
            self._reject(now, "proxy-home-test-init", "home-address-option", home_address=packet.home_address)
            return
        index, token = self._bindings.home_test(home_address, now)
        answer = codec.ProxyHomeTest(index, message.cookie, token, care_of_address=self.address)
        self._send_message(answer, self.address, packet.source)
        self._note(now, "answered-proxy-home-test-init", home_address=home_address, nonce_index=index)

    def _on_care_of_test_init(self, packet: Packet, message: codec.CareOfTestInit, now: float) -> None:
        """RFC 6275 9.4.2."""
        if packet.home_address is not None:
            self._reject(now, "care-of-test-init", "home-address-option")
            return
        index, token = self._bindings.care_of_test(packet.source, now)
        self._send_message(codec.CareOfTest(index, message.cookie, token), self.address, packet.source)
        self._note(now, "answered-care-of-test-init", care_of_address=packet.source, nonce_index=index)

    def _on_binding_update(self, packet: Packet, message: codec.BindingUpdate, now: float) -> None:
        examined = self._bindings.examine(packet, message, now)
        answer = None if examined is None else self._bindings.conclude(examined, now)
        if answer is not None:
            self._send(answer)

    # Payload.

    def _on_tunnelled_payload(self, packet: Packet, inner: Packet, now: float) -> None:
        """N161-N163: from the care-of address of a binding; of which one is an open question (A-20)."""
        if not self._has_answerable_source(inner, now):
            return
        care_of_addresses = {entry.home_address: entry.care_of_address for entry in self.entries()}
        check = data_plane.refused_at_correspondent(self.policy, packet.source, inner.source, care_of_addresses)
        if check is not None:
            self._reject(now, "payload", check, source=packet.source)
        elif not isinstance(inner.payload, UdpDatagram) or inner.destination != self.address:
            self._reject(now, "payload", "inner-packet")
        elif inner.home_address is not None or inner.routing_home_address is not None:
            self._reject(now, "payload", "inner-packet")  # nobody who sends as the draft's 7 says needs them
        else:
            self._accept_payload(inner.source, packet.source, len(inner.payload.data), now)

    def _on_payload(self, packet: Packet, octets: int, now: float) -> None:
        """RFC 6275 9.3.1: a Home Address option must agree with a binding, else a Binding Error goes back.

        One that names no unicast routable address is dropped in silence.
        """
        if packet.home_address is None:
            self._accept_payload(packet.source, None, octets, now)
            return
        if not is_routable_unicast(packet.home_address):
            self._reject(now, "payload", "home-address", home_address=packet.home_address)
            return
        entry = self.entry(packet.home_address)
        if entry is None or entry.care_of_address != packet.source:
            self._reject(now, "payload", "home-address-option", source=packet.source)
            self._send_binding_error(packet, BindingErrorStatus.UNKNOWN_BINDING)
            return
        self._accept_payload(packet.home_address, packet.source, octets, now)

    def _accept_payload(
        self, home_address: IPv6Address, care_of_address: IPv6Address | None, octets: int, now: float
    ) -> None:
        credited = self._bindings.earn(home_address, care_of_address, octets)
        self._note(now, "accepted-payload", home_address=home_address, octets=octets, credited=credited)
