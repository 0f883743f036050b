"""An RFC 6275 mobile node, as far as return routability goes: register, move, return home (RFC 6275 11.6,
11.7)."""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.nodes.addresses import is_routable_unicast
from pmicheck.nodes.node import Node
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant import answer_check
from pmicheck.nodes.registrant.answer_check import Answer, answer_to
from pmicheck.nodes.registrant.proxy_update import plain_update, planned
from pmicheck.nodes.registrant.registration import RESTART_STATUSES, KeygenToken, Registration, Step, With
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec
from pmicheck.wire.constants import (
    COOKIE_OCTETS,
    LIFETIME_UNIT,
    MAX_RO_FAILURE,
    MAX_RR_BINDING_LIFETIME,
    BindingErrorStatus,
    Status,
)
from pmicheck.wire.packet import MobilityHeader, Packet, UdpDatagram


class MobileNode(Node):
    """A mobile node that speaks for itself.

    Args:
        address: its home address, where it is until it moves.
        lifetime: seconds to ask for.
    """

    def __init__(
        self,
        address: IPv6Address,
        home_agent: IPv6Address,
        policy: Policy,
        seed: bytes,
        *,
        lifetime: int = MAX_RR_BINDING_LIFETIME,
    ) -> None:
        super().__init__(address, policy, seed)
        self.home_agent = home_agent
        self.care_of_address: IPv6Address | None = None
        self._lifetime = lifetime
        self._registrations: dict[IPv6Address, Registration] = {}

    @property
    def addresses(self) -> frozenset[IPv6Address]:
        """The care-of address when away, the home address when at home."""
        return frozenset({self.address if self.care_of_address is None else self.care_of_address})

    # Stimuli.

    def move(self, care_of_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """A new care-of address and a registration of it at once (RFC 6275 11.6.1).

        The home agent has to be told by the caller.
        """
        self.attach(care_of_address, correspondent)
        self.start_tests(correspondent, now)

    def attach(self, care_of_address: IPv6Address | None, correspondent: IPv6Address) -> None:
        """A new point of attachment, None for home; what tests brought at the old one is given up.

        No test begins yet: `start_tests` does that, when the node gets round to it. Until then data goes
        through the home agent, as no correspondent knows the new address (RFC 6275 11.3.1).
        """
        if care_of_address != self.care_of_address:
            for registration in self._registrations.values():
                registration.expires_at = None
        self.care_of_address = care_of_address
        self._begin(correspondent).temporary = None

    def start_tests(self, correspondent: IPv6Address, now: float) -> None:
        """Both tests anew, or at home the home test alone; the update follows when they are answered (RFC
        6275 11.6.1, 11.8)."""
        registration = self._begin(correspondent)
        registration.temporary = None
        self._start_home_test(registration, now)
        if self.care_of_address is not None:
            self._start_care_of_test(registration, now)

    def return_home(self, correspondent: IPv6Address, now: float) -> None:
        """Back home: a deregistration, after another home test if T is too old (RFC 6275 11.5.5, 11.7.2)."""
        self.care_of_address = None
        self._go_on(self._begin(correspondent), now)

    def retransmit(self, correspondent: IPv6Address, now: float) -> None:
        """What has not been answered, again: new cookies, or a greater sequence number (RFC 6275 11.8)."""
        registration = self._registration(correspondent)
        if registration.cookie is not None:
            self._start_home_test(registration, now)
        if registration.care_of_cookie is not None:
            self._start_care_of_test(registration, now)
        if registration.outstanding is not None:
            self._go_on(registration, now)

    def send_payload(self, correspondent: IPv6Address, octets: int, now: float) -> None:
        """Data: with a Home Address option if there is a binding (RFC 6275 11.3.1), through the home agent
        if not."""
        data = UdpDatagram(bytes(octets))
        away = self.care_of_address
        registration = self._registrations.get(correspondent)
        if away is not None and registration is not None and registration.is_bound(now):
            self._send(Packet(away, correspondent, data, home_address=self.address))
        else:
            self._send(Packet(self.address, correspondent, data))

    def registration(self, correspondent: IPv6Address) -> Registration | None:
        """The state towards a correspondent."""
        return self._registrations.get(correspondent)

    # Sending.

    def _send(self, packet: Packet) -> None:
        """What the home address sends while the node is away goes through the home agent (RFC 6275 11.3.1)."""
        if self.care_of_address is not None and packet.source == self.address:
            packet = Packet(self.care_of_address, self.home_agent, packet)
        super()._send(packet)

    def _registration(self, correspondent: IPv6Address) -> Registration:
        return self._registrations.setdefault(correspondent, Registration(self.address, correspondent))

    def _begin(self, correspondent: IPv6Address) -> Registration:
        """An exchange from where the node is now, with nothing outstanding and no care-of token; T stays."""
        registration = self._registration(correspondent)
        registration.leaving = self.care_of_address is None
        registration.cookie = registration.care_of_cookie = None
        registration.care_of = registration.outstanding = None
        registration.restarts = 0
        return registration

    def _start_home_test(self, registration: Registration, now: float) -> None:
        """HoTI from the home address, through the tunnel when away (RFC 6275 11.6.1)."""
        registration.cookie = self._randomness.take(COOKIE_OCTETS)
        message = codec.HomeTestInit(registration.cookie)
        self._send_message(message, self.address, registration.correspondent)
        self._note(now, "started-home-test", correspondent=registration.correspondent)

    def _start_care_of_test(self, registration: Registration, now: float) -> None:
        assert self.care_of_address is not None
        registration.care_of_cookie = self._randomness.take(COOKIE_OCTETS)
        message = codec.CareOfTestInit(registration.care_of_cookie)
        self._send_message(message, self.care_of_address, registration.correspondent)
        self._note(now, "started-care-of-test", correspondent=registration.correspondent)

    def _go_on(self, registration: Registration, now: float) -> None:
        """Sends the update if all its tokens are there and young enough; renews those that are too old."""
        temporary, care_of = registration.temporary, registration.care_of
        if temporary is None or not temporary.is_usable(now):
            if registration.cookie is None:
                self._start_home_test(registration, now)
            return
        if registration.leaving:
            self._send_update(registration, Step.DEREGISTRATION, With.TEMPORARY, now)
        elif care_of is not None and care_of.is_usable(now):
            self._send_update(registration, Step.COMPLETE, With.TEMPORARY, now)
        elif registration.care_of_cookie is None:
            self._start_care_of_test(registration, now)

    def _send_update(
        self, registration: Registration, step: Step, using: With, now: float, *, repeated: bool = False
    ) -> None:
        """A binding update with the A flag and the next number; a home test instead if its token is not good
        any more.

        A deregistration goes out from home with lifetime zero (RFC 6275 11.7.2).
        """
        held = registration.home_token(self.policy, using, now)
        if held is None:
            registration.outstanding = None
            self._start_home_test(registration, now)
            return
        plan = planned(
            self.policy,
            registration,
            step,
            held,
            care_of_address=self.address if self.care_of_address is None else self.care_of_address,
            lifetime=self._lifetime,
            identity=self._signs_as(using),
            asks_for_correspondent_cga=self._signs_as(using) is not None,
        )
        self._send(plain_update(self.policy, plan))
        registration.sequence = plan.sequence
        registration.unanswered += 1
        registration.outstanding = plan.outstanding(step, using, repeated=repeated)
        self._note(
            now,
            f"sent-{step.value}",
            correspondent=registration.correspondent,
            sequence=plan.sequence,
            using=using.value,
        )

    def _signs_as(self, using: With) -> CgaIdentity | None:
        """Whose CGA Parameters and signature go into an update: return routability knows neither."""
        return None

    # Packets.

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        if packet.destination not in self.addresses:
            self._reject(now, "packet", "destination", destination=packet.destination)
        elif packet.routing_home_address not in (None, self.address):
            self._reject(now, "packet", "routing-header", home_address=packet.routing_home_address)
        elif isinstance(packet.payload, Packet) and packet.routing_home_address is None:
            self._on_tunnelled(packet, packet.payload, now, protected)
        else:
            self._on_packet(packet, self.care_of_address is None, now)

    def _on_tunnelled(self, outer: Packet, inner: Packet, now: float, protected: bool) -> None:
        if outer.source != self.home_agent or self.care_of_address is None:
            self._reject(now, "tunnelled-packet", "tunnel-source", source=outer.source)
        elif self.policy.tunnel_protected and not protected:
            self._reject(now, "tunnelled-packet", "tunnel-esp", source=outer.source)
        elif inner.destination != self.address:
            self._reject(now, "tunnelled-packet", "destination", destination=inner.destination)
        elif inner.routing_home_address not in (None, self.address):
            self._reject(now, "tunnelled-packet", "routing-header", home_address=inner.routing_home_address)
        elif self._has_answerable_source(inner, now):
            self._on_packet(inner, True, now)

    def _on_packet(self, packet: Packet, at_home_address: bool, now: float) -> None:
        """`at_home_address`: it reached the home address, by the home link or through the home agent.

        It keeps no bindings of others, so a Home Address option agrees with none (RFC 6275 9.3.1).
        """
        if isinstance(packet.payload, UdpDatagram) and packet.home_address is not None:
            self._reject(now, "payload", "home-address-option", source=packet.source)
            if is_routable_unicast(packet.home_address):
                self._send_binding_error(packet, BindingErrorStatus.UNKNOWN_BINDING)
            return
        if isinstance(packet.payload, UdpDatagram):
            self._note(now, "delivered", source=packet.source, octets=len(packet.payload.data))
            return
        if not isinstance(packet.payload, MobilityHeader):
            self._reject(now, "packet", "next-header")
            return
        match self._decode(packet, now):
            case None:
                return
            case codec.HomeTest() | codec.CareOfTest() as test:
                self._on_test(packet, test, at_home_address, now)
            case codec.BindingAcknowledgement() as message:
                self._on_acknowledgement(packet, message, now)
            case codec.BindingError() as error:
                self._on_binding_error(packet, error, now)
            case codec.UnknownMessage() as message:
                self._refuse_unknown(packet, message, now)
            case message:
                self._reject(now, type(message).__name__, "not-expected", source=packet.source)

    def _on_test(
        self, packet: Packet, message: codec.HomeTest | codec.CareOfTest, at_home_address: bool, now: float
    ) -> None:
        """RFC 6275 11.6.2: under test, not had yet, at the address under test, with our cookie."""
        home = isinstance(message, codec.HomeTest)
        kind = "home-test" if home else "care-of-test"
        registration = self._registrations.get(packet.source)
        cookie = registration and (registration.cookie if home else registration.care_of_cookie)
        if registration is None or cookie is None:
            self._reject(now, kind, "not-in-progress", source=packet.source)
        elif at_home_address is not home or packet.routing_home_address is not None:
            self._reject(now, kind, "tunnel-source" if home else "destination", source=packet.source)
        elif message.cookie != cookie and self.policy.has("cookie"):
            self._reject(now, kind, "cookie", source=packet.source)
        else:
            token = KeygenToken(message.token, message.nonce_index, now)
            if home:
                registration.cookie, registration.temporary = None, token
            else:
                registration.care_of_cookie, registration.care_of = None, token
            self._note(now, f"accepted-{kind}", source=packet.source)
            if registration.cookie is None:
                self._go_on(registration, now)

    def _on_binding_error(self, packet: Packet, message: codec.BindingError, now: float) -> None:
        """RFC 6275 11.3.6: a correspondent that has no binding gets data through the home agent until it has one again.

        The message has no authenticator, and there are no upper layers here that could speak against it.
        """
        registration = self._registrations.get(packet.source)
        if registration is None or not registration.is_bound(now):
            self._reject(now, "binding-error", "not-bound", source=packet.source)
        elif message.status != BindingErrorStatus.UNKNOWN_BINDING or message.home_address != self.address:
            self._reject(now, "binding-error", "home-address", source=packet.source, status=message.status)
        else:
            registration.expires_at = None
            self._note(now, "binding-lost", source=packet.source)

    def _on_acknowledgement(self, packet: Packet, message: codec.BindingAcknowledgement, now: float) -> None:
        """RFC 6275 11.7.3."""
        status = message.status
        answer = answer_to(self._registrations.get(packet.source), packet, message)
        check = "not-outstanding" if answer is None else answer_check.refused_by(self.policy, answer)
        if answer is None or check is not None:
            self._reject(now, "binding-acknowledgement", str(check), source=packet.source, status=status)
            return
        registration, outstanding = answer.registration, answer.outstanding
        registration.unanswered = 0
        if status == Status.SEQUENCE_NUMBER_OUT_OF_WINDOW and not outstanding.repeated:
            registration.sequence = message.sequence
            self._send_update(registration, outstanding.step, outstanding.using, now, repeated=True)
        elif status in RESTART_STATUSES and registration.restarts < MAX_RO_FAILURE:
            registration.restarts += 1
            self._note(now, "restarted", source=packet.source, status=status)
            registration.outstanding = None
            self._restart(answer, now)
        elif status >= Status.UNSPECIFIED:
            self._on_refusal(answer, now)
        else:
            self._on_acceptance(answer, now)

    def _restart(self, answer: Answer, now: float) -> None:
        """RFC 6275 11.7.3: the tests that the status names are run again."""
        registration, status = answer.registration, answer.message.status
        if status != Status.EXPIRED_CARE_OF_NONCE_INDEX:
            registration.temporary = None
            self._start_home_test(registration, now)
        if status != Status.EXPIRED_HOME_NONCE_INDEX and not registration.leaving:
            registration.care_of = None
            self._start_care_of_test(registration, now)

    def _on_refusal(self, answer: Answer, now: float) -> None:
        """Stops."""
        answer.registration.outstanding = None
        self._note(now, "refused", source=answer.registration.correspondent, status=answer.message.status)

    def _on_acceptance(self, answer: Answer, now: float) -> None:
        """The exchange is over, with a binding or without one."""
        registration, step = answer.registration, answer.outstanding.step
        registration.outstanding = None
        if step is Step.DEREGISTRATION:
            registration.expires_at, registration.leaving = None, False
        else:
            registration.expires_at = now + answer.message.lifetime * LIFETIME_UNIT
        self._note(now, "accepted-binding-acknowledgement", source=registration.correspondent, step=step.value)
