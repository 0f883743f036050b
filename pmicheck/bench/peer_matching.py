"""Whether a packet between agents is the message that a step of a trace delivers (the draft's 4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any

from pmicheck.bench.matching import COMPARISONS, Seen, agrees, as_given, is_data, same_address, settled
from pmicheck.bench.names import CARE_OF
from pmicheck.bench.stage import Stage
from pmicheck.nodes.peer.peer_messages import read_update
from pmicheck.replay.knowledge import message_in
from pmicheck.replay.network import Flight
from pmicheck.trace import Said
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingUpdateFlag, Status
from pmicheck.wire.packet import Packet

Fields = Mapping[str, Any]


class PeerMatcher:
    """Compares packets with messages; it knows which number of the trace a packet has.

    Attributes:
        asked: transaction by agent and number of its cache request.
        sent: number of the last request of each agent.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._numbers: dict[bytes, int] = {}
        self._told: dict[tuple[IPv6Address, int], int] = {}
        self.asked: dict[tuple[str, int], int] = {}
        self.sent: dict[str, int] = {}

    def number(self, agent: str, octets: bytes, sends: Sequence[Said], answered: int) -> None:
        """Notes the number that the trace has for an update which an agent has just sent.

        An update that the step does not name keeps its own number: what is to be delivered later has to be named then.

        Args:
            sends: what the step sends.
            answered: number of the update that was delivered last, which an answer acknowledges.
        """
        packet = Packet.from_bytes(octets)
        message = message_in(packet)
        update = read_update(packet, message) if isinstance(message, codec.BindingUpdate) else None
        if update is None:
            return
        if update.answers:
            self._numbers[octets] = answered
            return
        told = [
            each.content for each in sends if each.content.get("type") == "PeerUpdate" and not each.content["answers"]
        ]
        named = [int(each["seq"]) for each in told if each["home"] == self._stage.name_of(update.home_address)]
        number = named[0] if named else update.sequence
        self._numbers[octets] = self._told[update.home_address, update.sequence] = self.sent[agent] = number

    def told(self, home_address: IPv6Address, sequence: int) -> int:
        """The number that the trace has for a number in a packet: the attacker's packets have those of the trace."""
        return self._told.get((home_address, sequence), sequence)

    def number_of(self, octets: bytes) -> int | None:
        """The number that the trace has for a packet: its own, or that of the request which it answers."""
        return self._numbers.get(octets)

    def matches(self, flight: Flight, message: Fields) -> bool:
        """Whether the packet is the message: kind, addresses and numbers are what the step names."""
        packet = Packet.from_bytes(flight.packet)
        if message["type"] == "Data":
            return is_data(self._stage, packet, message)
        return self.is_update(flight.packet, message)

    def is_update(self, octets: bytes, message: Fields) -> bool:
        """Whether a packet is this message between agents."""

        def is_numbered(seen: Seen, value: Any, wanted: Any) -> bool:
            return bool(self.number_of(octets) == (seen.message["answers"] or wanted))

        def has_transaction(seen: Seen, value: Any, wanted: Any) -> bool:
            return bool(value == self.asked.get((seen.message.get("asker", seen.message["to"]), wanted)))

        numbers = {"number": has_transaction, "PeerUpdate.seq": is_numbered}
        return agrees(self._stage, Packet.from_bytes(octets), message, {**_BETWEEN_AGENTS, **numbers})


def _answers(seen: Seen, value: Any, wanted: Any) -> bool:
    """An update that answers asks for an acknowledgement itself."""
    return bool(value & BindingUpdateFlag.ACKNOWLEDGE) == bool(wanted)


def _asker(seen: Seen, value: Any, wanted: Any) -> bool:
    """An agent asks from its own address."""
    return bool(value == seen.stage.addresses[CARE_OF.get(wanted, wanted)])


def _accepts(seen: Seen, value: Any, wanted: Any) -> bool:
    """Its number is that of the update that it acknowledges; what the trace calls so is no refusal."""
    return bool(seen.carried["status"] < Status.UNSPECIFIED)


_BETWEEN_AGENTS = {
    **COMPARISONS,
    "answers": _answers,
    "asker": _asker,
    "peer": same_address,
    "PeerAcknowledgement.seq": _accepts,
    "ContextData.seq": settled,
    "ContextData.key": as_given,
    "ContextData.tries": settled,
}
"""A context has the numbers that its agent has sent, which are not those of the trace; repetitions are the model's."""
