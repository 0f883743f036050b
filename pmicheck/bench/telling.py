"""What a step says of its packet, read from the packet: its source and destination, its link, its type and its time.

The model knows which message a step is about; which packet carries it, and from where, only the packet shows. An honest
step names the node that sent the packet. A packet of the attacker's making names the address in its outer header, which
may be anybody's, and the path from where the attacker sits: a path that it reads, the path of an agent that has become
its own, or else the Internet. The destination is the node that gets the packet, a home agent if that intercepts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from pmicheck.bench.links import (
    ACCESS_LINK,
    CARE_OF_PATH,
    CONTEXT,
    HOME_PATH,
    PEER_PATH,
    QUERY_PATH,
    TUNNEL,
)
from pmicheck.bench.names import CARE_OF, HA2, PMA1
from pmicheck.nodes.peer.peer_messages import read_update
from pmicheck.replay.knowledge import innermost, message_in, update_in
from pmicheck.replay.network import INTERNET, Flight
from pmicheck.replay.records import Sighting
from pmicheck.trace import Step
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingAcknowledgementFlag
from pmicheck.wire.packet import Packet, UdpDatagram

if TYPE_CHECKING:
    from pmicheck.bench.stage import Stage
    from pmicheck.replay.run import Run

WORDS = {
    HOME_PATH: "HA-CN path",
    CARE_OF_PATH: "care-of path to the CN",
    PEER_PATH: "care-of path to the CN",
    TUNNEL: "HA-PMA tunnel",
    QUERY_PATH: "path between agents and HA2",
    CONTEXT: "context transfer",
    ACCESS_LINK: "access link",
}
"""How a step calls a link; what is not here is a path through the Internet that no position of an attacker lies on."""
SECOND_TUNNEL = "tunnel between HA2 and PMA3"
ELSEWHERE = "Internet"


def sighting_of(run: Run[Stage], flight: Flight) -> Sighting:
    """An honest packet that is about to be delivered."""
    receiver = run.bench.owner_of(flight) or run.bench.name_of(flight.destination)
    words = link_in_words(run, flight, run.links[flight.flight_id])
    return Sighting(flight.packet, flight.sender, receiver, words, run.now)


def access_sighting(packet: bytes, source: str, time: float) -> Sighting:
    """What a node sends to PMA1 on the link that they share."""
    return Sighting(packet, source, PMA1, WORDS[ACCESS_LINK], time)


def own_sighting(run: Run[Stage], packet: bytes) -> Sighting:
    """A packet of the attacker's making that is about to be sent."""
    stage, parsed = run.bench, Packet.from_bytes(packet)
    source, owner = stage.name_of(parsed.source), stage.network.owner(parsed.source)
    receiver = stage.network.owner(parsed.destination) or stage.name_of(parsed.destination)
    path = Flight(0, owner or source, packet, INTERNET, False)
    lies_on_one = owner is not None or source in CARE_OF.values()
    link = stage.link_of(path)
    sits_there = lies_on_one and (run.reads(link) or _is_own_agent(run, source))
    return Sighting(packet, source, receiver, link_in_words(run, path, link) if sits_there else ELSEWHERE, run.now)


def _is_own_agent(run: Run[Stage], source: str) -> bool:
    return source in {CARE_OF[pma] for pma in run.corrupted}


def link_in_words(run: Run[Stage], flight: Flight, link: str) -> str:
    """A link that a packet crosses, as a step calls it."""
    ends = {flight.sender, run.bench.owner_of(flight)}
    if link == TUNNEL and HA2 in ends:
        return SECOND_TUNNEL
    return ELSEWHERE if link == QUERY_PATH and HA2 not in ends else WORDS.get(link, ELSEWHERE)


def told(step: Step, sighting: Sighting | None, time: float) -> Step:
    """The step with what its packet shows; without a packet it claims no source and no path of the attacker's.

    Args:
        time: seconds at which the step happens, if it has no packet.
    """
    if sighting is None:
        made = step.attacker and step.action in ("inject", "test")
        bare = structs.replace(step, source="", link="") if made else step
        return structs.replace(bare, time=time, octets=None)
    message = name_of(Packet.from_bytes(sighting.packet))
    return structs.replace(
        step,
        source=sighting.source,
        destination=sighting.destination,
        link=sighting.link,
        message=message,
        term=f"{message}({step.arguments['address']})" if step.action == "test" else step.term,
        time=sighting.time,
        octets=sighting.packet.hex(),
    )


_SIMPLE = {
    codec.HomeTestInit: "HoTI",
    codec.CareOfTestInit: "CoTI",
    codec.ProxyHomeTestInit: "PHoTI",
    codec.HomeTest: "HoT",
    codec.CareOfTest: "CoT",
    codec.ProxyHomeTest: "PHoT",
    codec.BindingCacheRequest: "binding cache request",
    codec.BindingCacheAcknowledgement: "binding cache acknowledgement",
    codec.ContextTransferRequest: "context transfer request",
    codec.ContextTransferData: "context transfer data",
}


def name_of(packet: Packet) -> str:
    """What the draft calls the message in a packet, as the steps of a trace name it."""
    found = message_in(packet)
    match found:
        case codec.BindingUpdate():
            return _name_of_update(packet, found)
        case codec.BindingAcknowledgement():
            if codec.option_of(found, codec.CorrespondentHomeAddressOption) is not None:
                return "handshake PBA"
            return "PBA" if found.flags & BindingAcknowledgementFlag.PROXY_REGISTRATION else "BA"
        case None:
            return _name_of_payload(packet)
    return _SIMPLE.get(type(found), type(found).__name__)


def _name_of_update(packet: Packet, message: codec.BindingUpdate) -> str:
    seen = update_in(packet)
    assert seen is not None
    between_agents = read_update(seen.packet, message)
    if seen.proxy and between_agents is not None:
        if not message.lifetime:
            return "deregistering handshake PBU"
        return "answering handshake PBU" if between_agents.answers else "handshake PBU"
    step = "deregistration" if not message.lifetime else "complete" if seen.indices[1] else "early"
    return f"{step} {'PBU' if seen.proxy else 'BU'}"


def _name_of_payload(packet: Packet) -> str:
    inner = innermost(packet)
    if not isinstance(inner.payload, UdpDatagram):
        return "packet"
    return "tunnelled data" if inner is not packet else "routed data" if inner.routing_home_address else "data"
