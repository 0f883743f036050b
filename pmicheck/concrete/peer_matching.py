"""Whether a packet between agents is the message that a step of a trace delivers (the draft's 4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any

from pmicheck.concrete.attack import message_in
from pmicheck.concrete.matching import is_data
from pmicheck.concrete.network import Flight
from pmicheck.concrete.stage import CARE_OF, Stage
from pmicheck.nodes.peer.peer_messages import read_update
from pmicheck.trace import Said
from pmicheck.wire import codec
from pmicheck.wire.constants import Status
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
        found, at = message_in(packet), self._stage.addresses
        match found, message["type"]:
            case _, "Data":
                return is_data(self._stage, packet, message)
            case codec.BindingCacheRequest(), "CacheRequest":
                wanted = self.asked.get((message["asker"], message["number"]))
                return found.home_address == at[message["home"]] and found.transaction == wanted
            case codec.BindingCacheAcknowledgement(), "CacheAnswer":
                wanted = self.asked.get((message["to"], message["number"]))
                return found.care_of_address == at[message["care_of"]] and found.transaction == wanted
            case codec.BindingUpdate(), "PeerUpdate":
                return self.is_update(flight.packet, message)
            case codec.BindingAcknowledgement(), "PeerAcknowledgement":
                named = codec.option_of(found, codec.CorrespondentHomeAddressOption)
                accepts = found.status < Status.UNSPECIFIED
                return accepts and named is not None and named.address == at[message["home"]]
            case codec.ContextTransferRequest(), "ContextRequest":
                asks = packet.source == at[CARE_OF[message["asker"]]]
                return asks and found.home_address == at[message["home"]]
            case codec.ContextTransferData(), "ContextData":
                return found.home_address == at[message["home"]]
        return False

    def is_update(self, octets: bytes, message: Fields) -> bool:
        """Whether a packet is this update."""
        packet, at = Packet.from_bytes(octets), self._stage.addresses
        found = message_in(packet)
        update = read_update(packet, found) if isinstance(found, codec.BindingUpdate) else None
        return (
            update is not None
            and update.home_address == at[message["home"]]
            and update.care_of_address == at[message["care_of"]]
            and bool(update.lifetime) == message["lifetime"]
            and update.answers == bool(message["answers"])
            and self.number_of(octets) == (message["answers"] or message["seq"])
        )
