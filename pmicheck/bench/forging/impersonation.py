"""An attacker that a PHoT made the correspondent's agent goes on to play it (the draft's 4.3).

The mobile node's agent sends its updates to the care-of address in PHoT, under keys made from the token in it (N133,
N134). Whoever chose both can answer them, so the registration is completed and data follow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from pmicheck.bench.names import ATTACKER, CN_HOME, COA1
from pmicheck.nodes import sealing
from pmicheck.replay.knowledge import SeenUpdate, update_in
from pmicheck.replay.run import Run
from pmicheck.wire import codec, tokens
from pmicheck.wire.constants import TOKEN_OCTETS, BindingAcknowledgementFlag
from pmicheck.wire.packet import MobilityHeader, Packet

if TYPE_CHECKING:
    from pmicheck.bench.type2 import Type2Stage


@dataclass(frozen=True)
class Impersonator:
    """The attacker with the token and the nonce index that it put into PHoT."""

    run: Run[Type2Stage]
    token: bytes
    index: int

    def complete(self) -> bool:
        """Answers the early and the complete update that have come; whether there were such."""
        care_of_token = self.run.bench.knowledge.random.take(TOKEN_OCTETS)
        offer: tuple[codec.Option, ...] = (
            codec.CareOfTestOption(care_of_token),
            codec.NonceIndicesOption(0, self.index),
        )
        return self._answer(sealing.ZERO_TOKEN, offer) and self._answer(care_of_token, ())

    def _answer(self, care_of_token: bytes, options: tuple[codec.Option, ...]) -> bool:
        update = self._newest_update()
        if update is None:
            return False
        stage, policy = self.run.bench, self.run.bench.policy
        own, agent = stage.addresses[ATTACKER], stage.addresses[COA1]
        kbm = tokens.binding_management_key(self.token, care_of_token)
        answer = codec.BindingAcknowledgement(
            0,
            update.message.sequence,
            update.message.lifetime,
            BindingAcknowledgementFlag.PROXY_REGISTRATION,
            options=(*options, codec.BindingAuthorizationDataOption()),
        )
        octets = codec.seal(
            answer,
            source=own,
            destination=agent,
            authenticate=lambda header: sealing.mac(policy, kbm, agent, self._named(), header),
        )
        packet = Packet(own, agent, MobilityHeader(octets)).to_bytes()
        self.run.bench.knowledge.octets_sent += len(packet)
        stage.network.inject(packet, self.run.now)
        self.run.settle()
        return True

    def _named(self) -> IPv6Address:
        """What stands for it in MACs (A-22)."""
        by_node = self.run.bench.policy.reading("kcn_scope") == "cn"
        return self.run.bench.addresses[CN_HOME if by_node else ATTACKER]

    def _newest_update(self) -> SeenUpdate | None:
        packets = self.run.bench.sinks[ATTACKER].packets
        return update_in(Packet.from_bytes(packets[-1][1])) if packets else None
