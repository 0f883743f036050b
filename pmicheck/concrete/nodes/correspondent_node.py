"""A type 1 correspondent node: RFC 6275 section 9, RFC 4866 section 4, and what the draft's 3 and 7 change.

Between the two stands one rule: an update takes effect only if `authorisation` finds nothing against it.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address

from pmicheck.concrete import wire
from pmicheck.concrete.constants import (
    LIFETIME_UNIT,
    BindingErrorStatus,
    BindingUpdateFlag,
)
from pmicheck.concrete.nodes.acknowledgement import Acknowledger, CgaIdentity, NewTokens
from pmicheck.concrete.nodes.authorisation import Correspondence, Credential, Update, authorise
from pmicheck.concrete.nodes.binding_cache import BindingCache, Entry, HandoverTokens, aged
from pmicheck.concrete.nodes.effect import changed, granted_units
from pmicheck.concrete.nodes.node import Node
from pmicheck.concrete.nodes.nonces import Nonces
from pmicheck.concrete.nodes.policy import Policy
from pmicheck.concrete.packet import MobilityHeader, Packet, UdpDatagram
from pmicheck.errors import UsageError


class CorrespondentNode(Node):
    """A correspondent that knows route optimisation.

    Args:
        identity: key pair and CGA Parameters of `address`, needed if its answers are to be signed (N096).

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
    ) -> None:
        super().__init__(address, policy, seed)
        if policy.reading("cn_cga_on_pba") == "on" and identity is None:
            raise UsageError("a correspondent that signs its acknowledgements needs a key and CGA Parameters")
        self._nonces = Nonces(policy, self._randomness)
        self._cache = BindingCache(policy, self._nonces)
        self._handover_tokens = HandoverTokens(policy)
        self._here = Correspondence(address, policy, self._nonces, self._cache, self._handover_tokens)
        self._acknowledger = Acknowledger(self._here, self._randomness, identity)

    # What a replay or a test may look at and ask for.

    def entry(self, home_address: IPv6Address) -> Entry | None:
        """The binding of a home address as it stood after the last event."""
        return self._cache.get(home_address)

    def entries(self) -> tuple[Entry, ...]:
        """All bindings."""
        return tuple(self._cache.entries())

    def handover_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """The handover tokens that authenticate for a home address, the newest first."""
        return self._handover_tokens.usable(home_address, self._here.now)

    def permanent_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """The permanent tokens that authenticate for a home address, the newest first."""
        return self._cache.permanent_tokens(home_address)

    def home_keygen_token(self, index: int, home_address: IPv6Address) -> bytes | None:
        """T for a home address and the nonce of this index; None if there is no such nonce."""
        return self._nonces.home_token(index, home_address)

    def care_of_keygen_token(self, index: int, care_of_address: IPv6Address) -> bytes | None:
        """C for a care-of address and the nonce of this index; None if there is no such nonce."""
        return self._nonces.care_of_token(index, care_of_address)

    def rotate_nonce(self, now: float) -> int:
        """Makes a new nonce and returns its index; the earlier ones stay good until they are too old."""
        self.advance(now)
        return self._nonces.rotate(now).index

    def advance(self, now: float) -> None:
        """Removes the bindings whose lifetime is over (N160) and ages the credit of the others."""
        self._here.now = now
        for entry in self._cache.expire(now):
            self._note(now, "expired-binding", home_address=entry.home_address)
        for entry in self._cache.entries():
            self._cache.put(aged(entry, self.policy, now))

    def send_payload(self, home_address: IPv6Address, octets: int, now: float) -> bool:
        """Sends data towards a home address the way the cache says (N164, N165; RFC 4866 4.10).

        Args:
            octets: of data, which is also what they cost in credit.

        Returns:
            False if the care-of address is unverified and the credit too small.
        """
        self.advance(now)
        data = UdpDatagram(bytes(octets))
        entry = self._cache.get(home_address)
        if entry is None:
            self._note(now, "sent-payload", home_address=home_address, octets=octets, via="home-address")
            self._send(Packet(self.address, home_address, data))
            return True
        if not entry.verified and self.policy.credit_limits:
            if entry.credit < octets:
                self._reject(now, "payload", "credit", home_address=home_address, octets=octets)
                return False
            self._cache.put(replace(entry, credit=entry.credit - octets))
        self._note(now, "sent-payload", home_address=home_address, octets=octets, via="care-of-address")
        self._send(Packet(self.address, entry.care_of_address, data, routing_home_address=home_address))
        return True

    # Packets.

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        if packet.destination != self.address:
            self._reject(now, "packet", "destination", destination=packet.destination)
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
            case wire.HomeTestInit():
                self._on_home_test_init(packet, message, now)
            case wire.ProxyHomeTestInit():
                self._on_proxy_home_test_init(packet, message, now)
            case wire.CareOfTestInit():
                self._on_care_of_test_init(packet, message, now)
            case wire.BindingUpdate():
                self._on_binding_update(packet, message, now)
            case wire.UnknownMessage():
                self._reject(now, "mobility-header", "message-type", message_type=message.message_type)
                self._send_binding_error(packet, BindingErrorStatus.UNRECOGNISED_MESSAGE_TYPE, packet.source)
            case _:
                self._reject(now, type(message).__name__, "not-for-a-correspondent")

    def _send_binding_error(self, packet: Packet, status: BindingErrorStatus, home_address: IPv6Address) -> None:
        """RFC 6275 9.2, 9.3.3; never to a multicast address."""
        if not packet.source.is_multicast and not packet.source.is_unspecified:
            error = wire.BindingError(status, home_address)
            self._send_message(error, self.address, packet.source)

    # Tests. Nothing is stored on any of these messages (RFC 6275 5.2.5; the draft asks for state at type 2
    # nodes only).

    def _home_address_to_test(self, packet: Packet, name: str, now: float) -> IPv6Address | None:
        """The address that a home token is made for; None if a Home Address option forbids an answer (N157,
        N158)."""
        if packet.home_address is None:
            return packet.source
        if self.policy.has("hao-rejection-in-hoti"):
            self._reject(now, name, "home-address-option", home_address=packet.home_address)
            return None
        return packet.home_address

    def _on_home_test_init(self, packet: Packet, message: wire.HomeTestInit, now: float) -> None:
        home_address = self._home_address_to_test(packet, "home-test-init", now)
        if home_address is None:
            return
        index = self._nonces.current(now).index
        token = self._nonces.home_token(index, home_address)
        assert token is not None
        self._send_message(wire.HomeTest(index, message.cookie, token), self.address, packet.source)
        self._note(now, "answered-home-test-init", home_address=home_address, nonce_index=index)

    def _on_proxy_home_test_init(self, packet: Packet, message: wire.ProxyHomeTestInit, now: float) -> None:
        """N041, N157, N167; the care-of address in it is not looked at (A-05)."""
        home_address = self._home_address_to_test(packet, "proxy-home-test-init", now)
        if home_address is None:
            return
        index = self._nonces.current(now).index
        token = self._nonces.home_token(index, home_address)
        assert token is not None
        answer = wire.ProxyHomeTest(index, message.cookie, token, care_of_address=self.address)
        self._send_message(answer, self.address, packet.source)
        self._note(now, "answered-proxy-home-test-init", home_address=home_address, nonce_index=index)

    def _on_care_of_test_init(self, packet: Packet, message: wire.CareOfTestInit, now: float) -> None:
        """RFC 6275 9.4.2."""
        if packet.home_address is not None:
            self._reject(now, "care-of-test-init", "home-address-option")
            return
        index = self._nonces.current(now).index
        token = self._nonces.care_of_token(index, packet.source)
        assert token is not None
        self._send_message(wire.CareOfTest(index, message.cookie, token), self.address, packet.source)
        self._note(now, "answered-care-of-test-init", care_of_address=packet.source, nonce_index=index)

    # Binding updates.

    def _on_binding_update(self, packet: Packet, message: wire.BindingUpdate, now: float) -> None:
        update = self._read_update(packet, message, now)
        if update is None:
            return
        refusal = authorise(self._here, update)
        if refusal is not None:
            detail = {} if refusal.status is None else {"status": int(refusal.status)}
            self._reject(
                now,
                "binding-update",
                refusal.check,
                home_address=update.home_address,
                care_of_address=update.care_of_address,
                sequence=message.sequence,
                **detail,
            )
            answer = self._acknowledger.refusal(update, refusal)
        else:
            lifetime = 0 if update.deregisters else granted_units(self.policy, update)
            issued = self._acknowledger.issue(update)
            self._take_effect(update, lifetime, issued, now)
            answer = self._acknowledger.acceptance(update, lifetime, issued)
        if answer is not None:
            self._send(answer)

    def _read_update(self, packet: Packet, message: wire.BindingUpdate, now: float) -> Update | None:
        """The fields that the checks look at; None, and a log entry, where one is missing or forbidden."""
        proxy = bool(message.flags & BindingUpdateFlag.PROXY_REGISTRATION)
        if proxy and packet.home_address is not None and self.policy.has("hao-rejection-in-pbu"):
            self._reject(now, "binding-update", "home-address-option", home_address=packet.home_address)
            return None
        home_address = self._home_address_of(packet, message, proxy)
        indices = wire.option_of(message, wire.NonceIndicesOption)
        authenticator = wire.option_of(message, wire.BindingAuthorizationDataOption)
        missing = [
            name
            for name, value in (
                ("home-address", home_address),
                ("nonce-indices", indices),
                ("binding-authorisation-data", authenticator),
            )
            if value is None
        ]
        if home_address is None or indices is None or missing:
            self._reject(now, "binding-update", missing[0])
            return None
        alternate = wire.option_of(message, wire.AlternateCareOfAddressOption)
        parameters = wire.option_of(message, wire.CgaParametersOption)
        assert isinstance(packet.payload, MobilityHeader)
        return Update(
            packet=packet,
            header=packet.payload.octets,
            message=message,
            home_address=home_address,
            care_of_address=packet.source if alternate is None else alternate.address,
            home_index=indices.home,
            care_of_index=indices.care_of,
            cga_parameters=None if parameters is None else parameters.parameters,
            entry=self._cache.get(home_address),
        )

    def _home_address_of(self, packet: Packet, message: wire.BindingUpdate, proxy: bool) -> IPv6Address | None:
        """RFC 6275 9.5.1: Home Address option, else source.

        A proxy update has a mobility option for it (A-04).
        """
        if packet.home_address is not None:
            return packet.home_address
        if not proxy or self.policy.reading("hoa_conveyance") == "source":
            return packet.source
        option = wire.option_of(message, wire.MobileNodeHomeAddressOption)
        return None if option is None else option.address

    def _take_effect(self, update: Update, lifetime: int, issued: NewTokens, now: float) -> None:
        """N027, N074, N075, N160: creates, changes or deletes the binding."""
        self._note(
            now,
            "accepted-binding-update",
            home_address=update.home_address,
            care_of_address=update.care_of_address,
            sequence=update.message.sequence,
            lifetime=lifetime * LIFETIME_UNIT,
            method=update.method,
            proxy=update.proxy,
            verified=update.complete,
        )
        if update.deregisters:
            self._deregister(update)
            return
        self._note_used(update)
        self._cache.put(changed(update.entry, update, now + lifetime * LIFETIME_UNIT, now))
        self._store(update.home_address, issued, now)

    def _note_used(self, update: Update) -> None:
        """The first use of a new handover token ends the grace of the old one (A-13)."""
        if update.credential is Credential.HANDOVER and update.token is not None:
            self._handover_tokens.used(update.home_address, update.token)

    def _deregister(self, update: Update) -> None:
        """Without a binding there is nothing to change and nothing to remember."""
        if update.entry is None:
            return
        if self.policy.deregistration_is_authenticated:
            self._note_used(update)
        self._cache.remember_sequence(update.home_address, update.message.sequence)
        self._cache.deregister(update.entry)
        self._handover_tokens.deregister(update.home_address)

    def _store(self, home_address: IPv6Address, issued: NewTokens, now: float) -> None:
        """New tokens take the place of the old ones (N062); without new ones the old ones stay."""
        entry = self._cache.get(home_address)
        assert entry is not None
        if issued.permanent is not None:
            self._cache.replace_permanent_tokens(entry, issued.permanent)
        if issued.handover is not None:
            self._handover_tokens.issue(home_address, issued.handover, now)

    # Payload.

    def _on_tunnelled_payload(self, packet: Packet, inner: Packet, now: float) -> None:
        """N161-N163: from the care-of address of a binding; of which one is an open question (A-20)."""
        entry = self._cache.get(inner.source)
        pairwise = self.policy.reading("data_check") == "pairwise"
        if pairwise and self.policy.has("pairwise-data-check"):
            known = entry is not None and entry.care_of_address == packet.source
        else:
            known = any(other.care_of_address == packet.source for other in self._cache.entries())
        if not known and self.policy.has("outer-source-check"):
            self._reject(now, "payload", "outer-source", source=packet.source)
            return
        if not isinstance(inner.payload, UdpDatagram) or inner.destination != self.address:
            self._reject(now, "payload", "inner-packet")
            return
        self._accept_payload(inner.source, packet.source, len(inner.payload.data), now)

    def _on_payload(self, packet: Packet, octets: int, now: float) -> None:
        """RFC 6275 9.3.1: a Home Address option must agree with a binding, else a Binding Error goes back."""
        if packet.home_address is None:
            self._accept_payload(packet.source, None, octets, now)
            return
        entry = self._cache.get(packet.home_address)
        if entry is None or entry.care_of_address != packet.source:
            self._reject(now, "payload", "home-address-option", source=packet.source)
            self._send_binding_error(packet, BindingErrorStatus.UNKNOWN_BINDING, packet.home_address)
            return
        self._accept_payload(packet.home_address, packet.source, octets, now)

    def _accept_payload(
        self, home_address: IPv6Address, care_of_address: IPv6Address | None, octets: int, now: float
    ) -> None:
        """Takes data; what came from the verified care-of address earns credit (RFC 4866 4.11)."""
        entry = self._cache.get(home_address)
        earns = (
            entry is not None
            and entry.care_of_address == care_of_address
            and (entry.verified or not self.policy.has("no-credit-while-unverified"))
        )
        if entry is not None and earns:
            self._cache.put(replace(entry, credit=entry.credit + octets))
        self._note(now, "accepted-payload", home_address=home_address, octets=octets, credited=earns)
