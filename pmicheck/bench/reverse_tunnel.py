"""Payload of a mobile node by way of its home agent, since nobody optimises its route (RFC 6275 10.4.5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from pmicheck.bench.acts import MOVING
from pmicheck.bench.links import TUNNEL
from pmicheck.bench.names import CARE_OF, HA
from pmicheck.bench.payload import PACKET
from pmicheck.bench.stage import Act
from pmicheck.bench.type1 import Type1Stage
from pmicheck.replay.bench import Fields
from pmicheck.replay.network import INTERNET
from pmicheck.replay.records import Arrival
from pmicheck.replay.run import Run
from pmicheck.wire.packet import Packet


def _send_data(run: Run[ReverseTunnelStage], _actor: str, given: Fields) -> None:
    """The agent that serves the node tunnels its payload to the home agent."""
    bench, by = run.bench, given["by"]
    if CARE_OF.get(by) != bench.serving:
        raise run.divergence(f"{by!r} does not serve the node")
    bench.pmas[by].send_payload(*bench.ends, PACKET, run.now)


class ReverseTunnelStage(Type1Stage):
    """Agents that have registered the node at home only."""

    world: ClassVar[Mapping[str, Act]] = {"tick": MOVING["tick"], "move": MOVING["move"], "send data": _send_data}
    attacks: ClassVar[Mapping[str, Act]] = {}

    def actors(self) -> set[str]:
        """Nobody: all that an agent does here is to send payload."""
        return set()

    def inject(self, run: Run[Any], packet: bytes) -> str | None:
        """See `Bench`; an agent of the attacker's has a security association with the home agent (A-26)."""
        rogues = {self.addresses[CARE_OF[pma]] for pma in run.powers.corrupts}
        associated = Packet.from_bytes(packet).source in rogues
        via = TUNNEL if associated else INTERNET
        return self.network.inject(packet, run.now, via=via, protected=associated)

    def react(self, run: Run[Any], arrival: Arrival) -> None:
        """See `Bench`; what the home agent forwards arrives in the same step."""
        if arrival.receiver == HA:
            reached = self.passed_on(run, arrival.packet, HA)
            if reached is None:
                raise run.divergence("what the home agent forwards reaches nobody")
            arrival = dataclasses.replace(arrival, receiver=reached)
        super().react(run, arrival)
