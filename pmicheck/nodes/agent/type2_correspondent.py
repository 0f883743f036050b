"""A proxy mobile agent that stands for the correspondents attached to it: the receiving half of the draft's
4.3.

To a mobile node's agent it is a correspondent like one of type 1, except in three points: home tests come to
the correspondent's home address through the home agent, the PHoTI makes an entry, and updates come to the
agent's own address without naming a correspondent (A-16, A-22).
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from pmicheck.errors import UsageError
from pmicheck.nodes.agent.forwarding_agent import ForwardingAgent
from pmicheck.nodes.agent.readdressing import readdressed
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.correspondent.bindings import Bindings, home_address_to_test
from pmicheck.nodes.data_plane import Delivery
from pmicheck.nodes.node import Randomness, plain_packet
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingUpdateFlag
from pmicheck.wire.packet import Packet, UdpDatagram

_SECRET_OCTETS = 32


class Type2Correspondent(ForwardingAgent):
    """A proxy mobile agent whose attached nodes are type 2 correspondents.

    By reading `kcn_scope` the agent has one secret and one cache for all of them and stands in MACs under its
    own address ("pma"), or one of each for each of them, who then stand there under their home addresses
    ("cn"; A-22).

    Args:
        args, options: as of `ProxyMobileAgent`, or of whatever agent else it is.

    Raises:
        UsageError: acknowledgements are to be signed, with the agent's key (N097), and it has none.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._one_for_each = self.policy.reading("kcn_scope") == "cn"
        if self.policy.reading("cn_cga_on_pba") == "on" and self._identity is None and not self._one_for_each:
            raise UsageError("an agent that signs its acknowledgements needs a key and CGA Parameters")
        self._secret = self._randomness.take(_SECRET_OCTETS)
        self._bindings: dict[IPv6Address, Bindings] = {}

    def _kept(self, profile: MobileProfile) -> MobileProfile:
        """The amendment agent_key is about updates: to sign answers for a correspondent it needs the key (A-30)."""
        return replace(super()._kept(profile), private_key=profile.private_key)

    # What a replay or a test may look at and ask for.

    def bindings(self, correspondent: IPv6Address) -> Bindings:
        """The bindings with an attached correspondent, which are those of all where all share them.

        Raises:
            UsageError: no such correspondent is attached.
        """
        profile = self._profile(correspondent)
        name = correspondent if self._one_for_each else self.address
        if name not in self._bindings:
            # With the correspondent's key an answer proves the address that its MAC names.
            own = self._identity
            if self._one_for_each:
                assert profile.private_key is not None
                own = CgaIdentity(profile.private_key, profile.cga_parameters)
            randomness = Randomness(self._secret, name.packed)
            self._bindings[name] = Bindings(name, self.policy, randomness, self._note, own)
        return self._bindings[name]

    def entry(self, correspondent: IPv6Address, home_address: IPv6Address) -> Entry | None:
        """The binding of a home address with an attached correspondent, provisional or not."""
        return self.bindings(correspondent).cache.get(home_address)

    def peer_of(self, home_address: IPv6Address, peer: IPv6Address, now: float) -> IPv6Address | None:
        """See `ForwardingAgent`; an entry that is provisional is not there yet."""
        entry = self.bindings(home_address).in_use(peer)
        return super().peer_of(home_address, peer, now) if entry is None else entry.care_of_address

    def advance(self, now: float) -> None:
        """Removes the bindings whose lifetime is over (N160) and ages the credit of the others."""
        for bindings in self._bindings.values():
            bindings.advance(now)

    def detach(self, home_address: IPv6Address) -> None:
        """Forgets a node, and what others have registered with it alone."""
        super().detach(home_address)
        self._bindings.pop(home_address, None)

    def send_payload(self, home_address: IPv6Address, correspondent: IPv6Address, octets: int, now: float) -> None:
        """Data of an attached node; to a peer with a binding through the tunnel to its agent, as credit allows
        (N117; RFC 4866 4.10).

        Raises:
            UsageError: no such node is attached.
        """
        self.advance(now)
        bindings = self.bindings(home_address)
        entry = bindings.in_use(correspondent)
        if entry is None:
            super().send_payload(home_address, correspondent, octets, now)
        elif bindings.spend(entry, octets, now):
            self._send_to_peer(entry.care_of_address, home_address, correspondent, octets)

    # Packets.

    def _on_mobility_header(self, packet: Packet, home_address: IPv6Address | None, now: float) -> None:
        """Told from data, and from other signalling, by MH type and way (N124, N127).

        An update without Nonce Indices does not rest on return routability and is none of 4.3's; a home registration
        has none, and a correspondent refuses it (RFC 6275 10.3.1).
        """
        message = self._decode(packet, now)
        if message is None:
            return
        if isinstance(message, codec.ProxyHomeTestInit) and home_address is not None:
            self._on_proxy_home_test_init(packet, message, home_address, now)
        elif (
            isinstance(message, codec.BindingUpdate)
            and home_address is None
            and self._profiles
            and (
                message.flags & BindingUpdateFlag.HOME_REGISTRATION
                or codec.option_of(message, codec.NonceIndicesOption) is not None
            )
        ):
            self._on_binding_update(packet, message, now)
        else:
            super()._on_mobility_header(packet, home_address, now)

    def _on_proxy_home_test_init(
        self, packet: Packet, message: codec.ProxyHomeTestInit, correspondent: IPv6Address, now: float
    ) -> None:
        """Answers through the home agent from the correspondent's home address, with its care-of address
        (N128-N131, N168)."""
        home_address = home_address_to_test(self.policy, packet)
        if packet.routing_home_address is not None:
            # RFC 6275 6.1: of all messages only an acknowledgement may have one.
            self._reject(now, "proxy-home-test-init", "routing-header", source=packet.source)
            return
        if home_address is None:
            self._reject(now, "proxy-home-test-init", "home-address-option", home_address=packet.home_address)
            return
        bindings = self.bindings(correspondent)
        bindings.admit(home_address, message.care_of_address, now)
        index, token = bindings.home_test(home_address, now)
        answer = codec.ProxyHomeTest(index, message.cookie, token, care_of_address=self.address)
        inner = plain_packet(answer, correspondent, packet.source)
        self._send(Packet(self.address, self.home_agent_of(correspondent), inner))
        self._note(
            now,
            "answered-proxy-home-test-init",
            home_address=home_address,
            correspondent=correspondent,
            nonce_index=index,
        )

    def _on_binding_update(self, packet: Packet, message: codec.BindingUpdate, now: float) -> None:
        """Checked as by a type 1 correspondent; where each has a secret of its own, by the one it fits.

        The answer goes out from the agent's own address, whoever stands in its MAC.
        """
        examined = []
        for bindings in self._all_bindings():
            found = bindings.examine(packet, message, now)
            if found is None:
                return
            examined.append((found, bindings))
        best, bindings = min(examined, key=lambda pair: pair[0].rank)
        answer = bindings.conclude(best, now)
        if answer is not None:
            self._send(readdressed(answer, source=self.address))

    def _all_bindings(self) -> list[Bindings]:
        if self._one_for_each:
            return [self.bindings(correspondent) for correspondent in self._profiles]
        return [self.bindings(next(iter(self._profiles)))]

    def _deliver_from_peer(self, delivery: Delivery, care_of_address: IPv6Address, now: float) -> None:
        """Data from the peer's verified care-of address earns credit (RFC 4866 4.11)."""
        payload = delivery.packet.payload
        if isinstance(payload, UdpDatagram):
            bindings = self.bindings(delivery.home_address)
            bindings.earn(delivery.packet.source, care_of_address, len(payload.data))
        super()._deliver_from_peer(delivery, care_of_address, now)
