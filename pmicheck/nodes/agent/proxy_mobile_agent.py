"""A proxy mobile agent towards type 1 correspondents: the draft's 3 and 6.

A registration goes home test, early update, complete update (N023, N026, N084). With a permanent token
(N060) or a handover token (N061) the home test falls away. `Registration.outstanding` says where an
exchange stands.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.nodes.agent.proxy_sender import ProxySender
from pmicheck.nodes.registrant import answer_check
from pmicheck.nodes.registrant.answer_check import Answer, answer_to
from pmicheck.nodes.registrant.registration import (
    RESTART_STATUSES,
    Context,
    CorrespondentContext,
    KeygenToken,
    MobileProfile,
    Outstanding,
    Registration,
    Step,
    With,
)
from pmicheck.wire import codec
from pmicheck.wire.constants import LIFETIME_UNIT, Status
from pmicheck.wire.packet import MobilityHeader, Packet, UdpDatagram


class ProxyMobileAgent(ProxySender):
    """A proxy mobile agent with the mobile nodes attached to it.

    Args:
        address: its egress address, the care-of address of all its mobile nodes (A-21).
        identity: its own key pair, used for CGA Parameters and signatures where the reading says that the
            key is the agent's.
        lifetime: seconds to ask for.

    Raises:
        UsageError: the reading says that the key is the agent's, and it has none.
    """

    # Stimuli: what the network around the protocol makes an agent do.

    def attach(self, profile: MobileProfile, now: float) -> None:
        """A mobile node has come, and its keys with it (N020, N040), or a delegation (amendment agent_key)."""
        self._profiles[profile.home_address] = self._kept(profile)
        self._note(now, "attached", home_address=profile.home_address)

    def detach(self, home_address: IPv6Address) -> None:
        """Forgets a mobile node with all that was known of it and its correspondents."""
        self._profiles.pop(home_address, None)
        for key in [key for key in self._registrations if key[0] == home_address]:
            del self._registrations[key]

    def start_home_test(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """PHoTI through the tunnel, with a new cookie (N023, N036, N049); a registration follows."""
        registration = self._registration(home_address, correspondent)
        registration.leaving = False
        self._test_home_address(registration, now)

    def refresh(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """Early update by PT, then a complete one by PT with CGA and signature (N060, N087, N090, N092).

        Without a permanent token, or with one that is used up (RFC 4866 4.9), it begins with a home test.
        """
        registration = self._registration(home_address, correspondent)
        if registration.permanent is not None and self._is_used_up(registration):
            self._note(now, "permanent-token-used-up", home_address=home_address)
            registration.permanent = None
        if registration.permanent is None:
            self.start_home_test(home_address, correspondent, now)
        else:
            self._send_update(registration, Step.EARLY, With.PERMANENT, now)

    def start_handover_registration(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """Early update by HT with CGA and signature, then a complete one by HT (N061, N062, N065, N073,
        N081).

        Without a handover token it begins with a home test (N044).
        """
        registration = self._registration(home_address, correspondent)
        if registration.handover is None:
            self.start_home_test(home_address, correspondent, now)
        else:
            self._send_update(registration, Step.EARLY, With.HANDOVER, now)

    def deregister(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """Update with lifetime zero, by PT if there is one, else by T if it may still be used (N071, A-17).

        A home test that runs is given up: its answer would make an update that registers again.
        """
        registration = self._registration(home_address, correspondent)
        if registration.permanent is not None:
            using = With.PERMANENT
        elif registration.temporary is not None and registration.temporary.is_usable(now):
            using = With.TEMPORARY
        else:
            self._note(now, "cannot-deregister", home_address=home_address, correspondent=correspondent)
            return
        registration.cookie = None
        self._send_update(registration, Step.DEREGISTRATION, using, now)

    def retransmit(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """The outstanding step again: a new cookie, or a greater sequence number (RFC 6275 11.8)."""
        registration = self._registration(home_address, correspondent)
        outstanding = registration.outstanding
        if registration.cookie is not None:
            self._test_home_address(registration, now)
        elif outstanding is not None:
            self._send_update(registration, outstanding.step, outstanding.using, now)

    def context(self, home_address: IPv6Address) -> Context:
        """What the next agent gets (N046, N047, N082); key and number are readings.

        Raises:
            UsageError: no such mobile node is attached.
        """
        profile = self._profile(home_address)
        if self.policy.reading("context_key") == "absent":
            profile = replace(profile, private_key=None)
        return Context(
            profile,
            tuple(
                CorrespondentContext(
                    correspondent=item.correspondent,
                    handover_token=item.handover,
                    permanent_token=item.permanent,
                    sequence=self.number_told(item.sequence),
                )
                for (owner, _), item in self._registrations.items()
                if owner == home_address
            ),
        )

    def number_told(self, sequence: int) -> int:
        """The last number, as the next agent gets it: 0 where a context does not carry it."""
        return sequence if self.policy.reading("context_sequence") == "carried" else 0

    def install(self, context: Context, now: float) -> None:
        """Takes a context over: keys, and for each correspondent HT and the last sequence number, but no PT
        (N012).

        A context without the key brings none, and by the amendment agent_key no context has one; key or delegation
        then come with the node.
        """
        if context.profile.private_key is None or self._delegated:
            blank = replace(context.profile, private_key=None, delegation=None)
            self._profiles.setdefault(blank.home_address, blank)
        else:
            self.attach(context.profile, now)
        for item in context.correspondents:
            registration = self._registration(context.profile.home_address, item.correspondent)
            registration.handover = item.handover_token
            registration.sequence = item.sequence

    def private_keys(self, home_address: IPv6Address) -> tuple[rsa.RSAPrivateKey, ...]:
        """Every private key that it holds: the mobile node's (N040, N143), and its own if it has one (A-01)."""
        profile = self._profiles.get(home_address)
        own = () if self._identity is None else (self._identity.private_key,)
        return own if profile is None or profile.private_key is None else (profile.private_key, *own)

    def delegation(self, home_address: IPv6Address) -> bytes | None:
        """What a mobile node has signed for it (amendment agent_key)."""
        profile = self._profiles.get(home_address)
        return None if profile is None else profile.delegation

    def registrations(self, home_address: IPv6Address) -> tuple[Registration, ...]:
        """The state towards every correspondent of a mobile node."""
        return tuple(item for (owner, _), item in self._registrations.items() if owner == home_address)

    def registration(self, home_address: IPv6Address, correspondent: IPv6Address) -> Registration | None:
        """The state towards a correspondent."""
        return self._registrations.get((home_address, correspondent))

    def send_payload(self, home_address: IPv6Address, correspondent: IPv6Address, octets: int, now: float) -> None:
        """Data of a mobile node: in a tunnel to the correspondent if it holds a binding (N161), else
        through the home agent."""
        registration = self._registrations.get((home_address, correspondent))
        bound = registration is not None and registration.is_bound(now)
        inner = Packet(home_address, correspondent, UdpDatagram(bytes(octets)))
        self._send(Packet(self.address, correspondent if bound else self.home_agent_of(home_address), inner))

    # Packets.

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        if packet.destination != self.address:
            self._reject(now, "packet", "destination", destination=packet.destination)
        elif isinstance(packet.payload, Packet) and packet.routing_home_address is None:
            if self._has_answerable_source(packet.payload, now):
                self._on_tunnelled(packet, packet.payload, now, protected)
        elif isinstance(packet.payload, MobilityHeader) and packet.routing_home_address is None:
            self._on_mobility_header(packet, None, now)
        elif packet.routing_home_address in self._profiles:
            # N150-N154, with the destination replaced and not the source (E-02).
            self._deliver(packet.routing_home_address, packet, now)
        else:
            self._reject(now, "packet", "routing-header", home_address=packet.routing_home_address)

    def _on_tunnelled(self, outer: Packet, inner: Packet, now: float, protected: bool) -> None:
        """From the home agent: home tests are intercepted (N037, N042), the rest is the mobile node's."""
        if outer.source != self.home_agent_of(inner.destination):
            self._reject(now, "tunnelled-packet", "tunnel-source", source=outer.source)
        elif self.policy.tunnel_protected and not protected:
            self._reject(now, "tunnelled-packet", "tunnel-esp", source=outer.source)
        elif inner.destination not in self._profiles:
            self._reject(now, "tunnelled-packet", "not-attached", destination=inner.destination)
        elif isinstance(inner.payload, MobilityHeader):
            self._on_mobility_header(inner, inner.destination, now)
        else:
            self._deliver(inner.destination, inner, now)

    def _deliver(self, home_address: IPv6Address, packet: Packet, now: float) -> None:
        octets = len(packet.payload.data) if isinstance(packet.payload, UdpDatagram) else 0
        self._note(now, "delivered", home_address=home_address, source=packet.source, octets=octets)

    def _on_mobility_header(self, packet: Packet, home_address: IPv6Address | None, now: float) -> None:
        """`home_address` is where the packet came to, if it came out of the tunnel."""
        message = self._decode(packet, now)
        if isinstance(message, codec.ProxyHomeTest) and home_address is not None:
            self._on_proxy_home_test(packet, message, home_address, now)
        elif isinstance(message, codec.BindingAcknowledgement):
            self._on_acknowledgement(packet, message, home_address, now)
        elif message is not None and home_address is not None:
            self._deliver(home_address, packet, now)
        elif isinstance(message, codec.UnknownMessage):
            self._refuse_unknown(packet, message, now)
        elif message is not None:
            self._reject(now, type(message).__name__, "not-expected", source=packet.source)

    def _on_proxy_home_test(
        self, packet: Packet, message: codec.ProxyHomeTest, home_address: IPv6Address, now: float
    ) -> None:
        """RFC 6275 11.6.2: from a correspondent under test, not had yet, through the tunnel, with our
        cookie."""
        registration = self._registrations.get((home_address, packet.source))
        if registration is None or registration.cookie is None:
            self._reject(now, "proxy-home-test", "not-in-progress", source=packet.source)
            return
        if packet.routing_home_address is not None:
            # RFC 6275 6.1: of all messages only an acknowledgement may have one.
            self._reject(now, "proxy-home-test", "routing-header", source=packet.source)
            return
        if message.cookie != registration.cookie and self.policy.has("cookie"):
            self._reject(now, "proxy-home-test", "cookie", source=packet.source)
            return
        registration.cookie = None
        registration.temporary = KeygenToken(message.token, message.nonce_index, now)
        self._note(now, "accepted-proxy-home-test", home_address=home_address, source=packet.source)
        step = Step.DEREGISTRATION if registration.leaving else Step.EARLY
        registration.leaving = False
        self._send_update(registration, step, With.TEMPORARY, now)

    # Acknowledgements.

    def _on_acknowledgement(
        self, packet: Packet, message: codec.BindingAcknowledgement, home_address: IPv6Address | None, now: float
    ) -> None:
        """Finds the update that is answered: nothing in an acknowledgement names the home address but its
        MAC (A-21)."""
        check = "not-outstanding"
        for (owner, correspondent), registration in self._registrations.items():
            answer = answer_to(registration, packet, message)
            if correspondent != packet.source or answer is None or home_address not in (None, owner):
                continue
            failed = answer_check.refused_by(self.policy, answer)
            if failed is None:
                self._on_valid_acknowledgement(answer, now)
                return
            check = failed
        self._reject(now, "binding-acknowledgement", check, source=packet.source, status=message.status)

    def _on_valid_acknowledgement(self, answer: Answer, now: float) -> None:
        registration, outstanding, status = answer.registration, answer.outstanding, answer.message.status
        if status == Status.SEQUENCE_NUMBER_OUT_OF_WINDOW and not outstanding.repeated:
            registration.sequence = answer.message.sequence
            self._send_update(registration, outstanding.step, outstanding.using, now, repeated=True)
        elif status in RESTART_STATUSES:
            self._note(now, "restarted", home_address=registration.home_address, status=status)
            registration.temporary = registration.care_of = None
            registration.leaving = outstanding.step is Step.DEREGISTRATION
            self._test_home_address(registration, now)
        elif status >= Status.UNSPECIFIED:
            self._on_refusal(answer, now)
        elif not self._take_tokens(answer, now):
            return
        elif outstanding.step is Step.EARLY:
            self._on_early_acknowledgement(answer, now)
        else:
            self._on_final_acknowledgement(answer, now)

    def _on_refusal(self, answer: Answer, now: float) -> None:
        """Stops.

        An answer without a MAC may be anybody's, so a genuine one is still listened for after it.
        """
        home_address, proven = answer.registration.home_address, answer.is_authenticated
        if proven:
            answer.registration.outstanding = None
        self._note(now, "refused", home_address=home_address, status=answer.message.status, authenticated=proven)

    def _take_tokens(self, answer: Answer, now: float) -> bool:
        """Stores PT and HT (N014, N094); False if they had to be signed by the correspondent and are not
        (N096)."""
        registration = answer.registration
        permanent = codec.option_of(answer.message, codec.PermanentHomeKeygenTokenOption)
        handover = codec.option_of(answer.message, codec.HandoverHomeKeygenTokenOption)
        if permanent is None and handover is None:
            return True
        signed = self.policy.reading("cn_cga_on_pba") == "on"
        if signed and not answer_check.correspondent_is_proven(self.policy, answer):
            self._reject(now, "binding-acknowledgement", "correspondent-cga", source=registration.correspondent)
            return False
        key = self._identity_for(registration.home_address).private_key
        if permanent is not None:
            token = answer_check.uncovered(self.policy, key, permanent.ciphertext)
            if token is not None:
                registration.permanent, registration.numbers_with_permanent_token = token, 0
        if handover is not None and not self._completes_with_the_same(answer.outstanding):
            token = answer_check.uncovered(self.policy, key, handover.ciphertext)
            registration.handover = token or registration.handover
        self._note(now, "accepted-tokens", home_address=registration.home_address)
        return True

    def _completes_with_the_same(self, outstanding: Outstanding) -> bool:
        """Whether the handover token that made an early update makes the complete one, too (A-07)."""
        early = outstanding.step is Step.EARLY and outstanding.using is With.HANDOVER
        return early and self.policy.reading("complete_token") == "same"

    def _on_early_acknowledgement(self, answer: Answer, now: float) -> None:
        """With C comes the complete update at once (N055, N080), by the token that made the early one."""
        registration, message = answer.registration, answer.message
        key = self._identity_for(registration.home_address).private_key
        token = answer_check.care_of_token_in(message, key, now)
        if token is None:
            self._reject(now, "binding-acknowledgement", "care-of-token", home_address=registration.home_address)
            return
        registration.care_of = token
        registration.expires_at = now + message.lifetime * LIFETIME_UNIT
        self._note(now, "accepted-binding-acknowledgement", home_address=registration.home_address, step="early")
        self._send_update(registration, Step.COMPLETE, answer.outstanding.using, now)

    def _on_final_acknowledgement(self, answer: Answer, now: float) -> None:
        """The exchange is over; after a deregistration PT is worth nothing (N072)."""
        registration, outstanding = answer.registration, answer.outstanding
        registration.outstanding = None
        if outstanding.step is Step.DEREGISTRATION:
            registration.expires_at = None
            registration.permanent = registration.temporary = registration.care_of = None
        else:
            registration.expires_at = now + answer.message.lifetime * LIFETIME_UNIT
        self._note(
            now,
            "accepted-binding-acknowledgement",
            home_address=registration.home_address,
            step=outstanding.step.value,
        )
