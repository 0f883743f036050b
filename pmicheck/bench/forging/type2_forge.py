"""The attacker's packets where home tests name care-of addresses (N168, N171)."""

from __future__ import annotations

from pmicheck.bench.forging.forge import Fields, Forged, Forger
from pmicheck.bench.names import ATTACKER
from pmicheck.nodes.agent.readdressing import readdressed
from pmicheck.nodes.node import plain_packet
from pmicheck.replay.knowledge import update_in
from pmicheck.wire import codec
from pmicheck.wire.packet import MobilityHeader, Packet


class Type2Forger(Forger):
    """Turns messages of a trace into packets.

    Attributes:
        chosen: the token and index in the last PHoT of its making.
    """

    chosen: tuple[bytes, int] | None = None

    def forge(self, message: Fields) -> Forged:
        """The packet for an injected message. Raises Lacking if the attacker does not have what it takes."""
        match message["type"], message.get("kind"):
            case "TestInit", "PHoTI":
                self._secrets = []
                cookie = self._cookie(message["cookie"])
                packet, _ = self.proxy_test_init(message["address"], message["care_of"], cookie=cookie)
                return Forged(packet, tuple(self._secrets))
            case "Test", "PHoT":
                return self._proxy_test(message)
            case _:
                self._turn_around()
                return super().forge(message)

    def _turn_around(self) -> None:
        """What came to its own address in the correspondent's place may go to the correspondent's agent: nothing in an
        update names the address that it goes to, where the home address stands in MAC and signature (A-22)."""
        own, receiver = self.stage.addresses[ATTACKER], self.stage.receiver
        for seen in tuple(self.knowledge.updates):
            moved = update_in(readdressed(seen.packet, destination=receiver)) if seen.correspondent == own else None
            if moved is not None and moved not in self.knowledge.updates:
                self.knowledge.updates.append(moved)

    def proxy_test_init(
        self, name: str, care_of: str, *, by_option: bool = False, cookie: bytes | None = None
    ) -> tuple[bytes, bytes]:
        """(packet, cookie): a PHoTI for a home address, as if a home agent had forwarded it.

        Args:
            by_option: the address stands in a Home Address option, the packet comes from the attacker.
            cookie: one that it has seen; None for one of its own.
        """
        at, tested = self.stage.addresses, self.stage.tested
        cookie = cookie or self.knowledge.random.take(8)
        octets = codec.encode(codec.ProxyHomeTestInit(cookie, at[care_of]), source=at[name], destination=tested)
        if by_option:
            packet = Packet(at[ATTACKER], tested, MobilityHeader(octets), home_address=at[name])
        else:
            packet = Packet(at[name], tested, MobilityHeader(octets))
        return packet.to_bytes(), cookie

    def _proxy_test(self, message: Fields) -> Forged:
        """PHoT with a false care-of address, as if from the correspondent; only the cookie vouches for it."""
        self._secrets = []
        cookie = self._cookie(message["cookie"])
        index, at = self.stage.nonces[message["nonce"]], self.stage.addresses
        is_true = message["token"][0] == "T"
        self.chosen = (self.token(message["token"]) if is_true else self.knowledge.random.take(8)), index
        answer = codec.ProxyHomeTest(index, cookie, self.chosen[0], care_of_address=at[message["care_of"]])
        packet = plain_packet(answer, self.stage.tested, at[message["address"]])
        return Forged(packet.to_bytes(), tuple(self._secrets))
