"""A proxy mobile agent that registers its mobile nodes with type 2 correspondents: the sending half of the
draft's 4.3.

It sends PHoTI to the correspondent's home address, learns the correspondent's care-of address from the answer
and sends its updates there. A correspondent of type 1 names itself in the answer, and all goes on as in
section 3.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from pmicheck.nodes.addresses import is_routable_unicast
from pmicheck.nodes.agent.forwarding_agent import ForwardingAgent
from pmicheck.nodes.agent.readdressing import readdressed
from pmicheck.nodes.registrant import answer_check
from pmicheck.nodes.registrant.answer_check import answer_to
from pmicheck.nodes.registrant.registration import Registration, Step, With
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet


class Type2Sender(ForwardingAgent):
    """A proxy mobile agent with a proxy binding cache for the correspondents of its mobile nodes.

    A registration is kept under the address that stands for the correspondent in the MAC (A-22): its home
    address, or, where all correspondents of an agent share one secret and one cache, that agent's address.
    Tokens and sequence numbers are shared there, so the registration is. Callers name the correspondent by its
    home address always.

    Args:
        args, options: as of `ProxyMobileAgent`, or of whatever agent else it is.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._care_of: dict[tuple[IPv6Address, IPv6Address], IPv6Address] = {}
        self._tested: dict[tuple[IPv6Address, IPv6Address], IPv6Address] = {}

    def start_home_test(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """PHoTI through the tunnel to the correspondent's home address (N125); a registration follows."""
        self._tested[home_address, self._name(home_address, correspondent)] = correspondent
        super().start_home_test(home_address, correspondent, now)

    def detach(self, home_address: IPv6Address) -> None:
        """Forgets a mobile node with all that was known of it and its correspondents (N140)."""
        super().detach(home_address)
        for table in (self._care_of, self._tested):
            for key in [key for key in table if key[0] == home_address]:
                del table[key]

    def registration(self, home_address: IPv6Address, correspondent: IPv6Address) -> Registration | None:
        """The state towards a correspondent."""
        return super().registration(home_address, self._name(home_address, correspondent))

    def peer_of(self, home_address: IPv6Address, peer: IPv6Address, now: float) -> IPv6Address | None:
        """See `ForwardingAgent`; the entry comes with PHoT already (N133) and lasts while T does or the binding
        does."""
        known = self._care_of.get((home_address, peer))
        registration = self.registration(home_address, peer)
        if known is None or registration is None or not self._lasts(registration, now):
            return super().peer_of(home_address, peer, now)
        return known

    def _sends_by(self, registration: Registration, now: float) -> bool:
        at_once = self.policy.reading("phot_use") == "at-once"
        return self._lasts(registration, now) if at_once else registration.is_bound(now)

    @staticmethod
    def _lasts(registration: Registration, now: float) -> bool:
        token = registration.temporary
        return registration.is_bound(now) or (token is not None and token.is_usable(now))

    def send_payload(self, home_address: IPv6Address, correspondent: IPv6Address, octets: int, now: float) -> None:
        """Data of a mobile node: in a tunnel to the correspondent's agent, by reading phot_use as soon as a PHoT has
        named that (N133), or once it holds a binding (N138)."""
        care_of_address = self._care_of.get((home_address, correspondent))
        registration = self.registration(home_address, correspondent)
        if care_of_address is not None and registration is not None and self._sends_by(registration, now):
            self._send_to_peer(care_of_address, home_address, correspondent, octets)
            return
        super().send_payload(home_address, correspondent, octets, now)

    def _name(self, home_address: IPv6Address, correspondent: IPv6Address) -> IPv6Address:
        """What stands for a correspondent in the MAC and in the list of registrations."""
        if self.policy.reading("kcn_scope") == "cn":
            return correspondent
        return self._care_of.get((home_address, correspondent), correspondent)

    def _registration(self, home_address: IPv6Address, correspondent: IPv6Address) -> Registration:
        return super()._registration(home_address, self._name(home_address, correspondent))

    # Home test.

    def _tested_through(self, registration: Registration) -> IPv6Address:
        """The correspondent whose home address the last test of a registration went to."""
        return self._tested.get((registration.home_address, registration.correspondent), registration.correspondent)

    def _test_home_address(self, registration: Registration, now: float) -> None:
        """To a home address in any case: PHoTI must come out of the tunnel of its home agent (N126, N127)."""
        name = registration.correspondent
        registration.correspondent = self._tested_through(registration)
        super()._test_home_address(registration, now)
        registration.correspondent = name

    def _on_proxy_home_test(
        self, packet: Packet, message: codec.ProxyHomeTest, home_address: IPv6Address, now: float
    ) -> None:
        """N133: a valid answer brings the care-of address first, then the early update goes there (N134)."""
        if not is_routable_unicast(message.care_of_address) or packet.routing_home_address is not None:
            # Updates and data would go there (RFC 6275 6.1.7); and of all messages only an acknowledgement may have a
            # routing header (6.1).
            self._reject(now, "proxy-home-test", "care-of-address", source=packet.source)
            return
        registration = self.registration(home_address, packet.source)
        if registration is not None and self._tested_through(registration) == packet.source:
            if registration.cookie is not None and self._is_the_cookie(message.cookie, registration):
                self._learn(home_address, packet.source, registration, message.care_of_address)
            packet = replace(packet, source=self._name(home_address, packet.source))
        super()._on_proxy_home_test(packet, message, home_address, now)

    def _is_the_cookie(self, cookie: bytes, registration: Registration) -> bool:
        return cookie == registration.cookie or not self.policy.has("cookie")

    def _learn(
        self, home_address: IPv6Address, correspondent: IPv6Address, tested: Registration, care_of_address: IPv6Address
    ) -> None:
        """Notes where a correspondent is; what was under test goes on under the name that it has now."""
        self._care_of[home_address, correspondent] = care_of_address
        name = self._name(home_address, correspondent)
        if name == tested.correspondent:
            return
        shared = self._registration(home_address, correspondent)
        shared.cookie, shared.leaving, tested.cookie = tested.cookie, tested.leaving, None
        self._tested[home_address, name] = correspondent
        if tested.correspondent == correspondent:
            del self._registrations[home_address, correspondent]

    # Updates.

    def _send_update(
        self, registration: Registration, step: Step, using: With, now: float, *, repeated: bool = False
    ) -> None:
        """To the correspondent's care-of address (N134), whoever stands in the MAC."""
        super()._send_update(registration, step, using, now, repeated=repeated)
        care_of_address = self._care_of.get((registration.home_address, registration.correspondent))
        is_update = registration.outstanding is not None
        if care_of_address is not None and is_update:
            update = Packet.from_bytes(self._outbox.pop())
            self._send(readdressed(update, destination=care_of_address))

    def _on_acknowledgement(
        self, packet: Packet, message: codec.BindingAcknowledgement, home_address: IPv6Address | None, now: float
    ) -> None:
        """It comes from the care-of address; whose answer it is only its MAC tells (A-22)."""
        name = self._answering(packet, message)
        super()._on_acknowledgement(replace(packet, source=name), message, home_address, now)

    def _answering(self, packet: Packet, message: codec.BindingAcknowledgement) -> IPv6Address:
        name = packet.source
        for (owner, correspondent), care_of_address in self._care_of.items():
            answer = answer_to(self.registration(owner, correspondent), packet, message)
            if care_of_address != packet.source or answer is None:
                continue
            name = answer.registration.correspondent
            if answer_check.refused_by(self.policy, answer) is None:
                break
        return name
