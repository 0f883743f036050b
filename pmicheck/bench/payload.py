"""Payload on a bench: who is handed it, where it ends that a node sends, and what an attacker earns by sending some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any

from pmicheck.bench.names import ATTACKER, ATTACKER_HOME, CARE_OF, CN, CN_HOME, HA2, HOA
from pmicheck.nodes.node import Event
from pmicheck.replay.bench import Fields
from pmicheck.replay.knowledge import Lacking, innermost
from pmicheck.replay.network import Flight
from pmicheck.replay.records import Place, Receipt
from pmicheck.replay.run import Run
from pmicheck.wire.packet import Packet, UdpDatagram

if TYPE_CHECKING:
    from pmicheck.bench.stage import Stage

PACKET = 1500
"""Octets of data in one payload packet, as the properties count them."""


def forged_payload(run: Run[Stage], message: Fields) -> bytes:
    """Payload of the attacker's: its own address outside, whatever it likes inside (N152, N162; RFC 6275 10.4.5).

    Raises:
        Lacking: ingress filtering stops the packet, as the source outside is not the attacker's.
    """
    at, outside = run.bench.addresses, str(message["outer"] or message["source"])
    if outside not in could_send(run, ATTACKER):
        raise Lacking(f"a place where ingress filtering lets packets of {outside} pass")
    data, to = UdpDatagram(bytes(PACKET)), at[CARE_OF.get(str(message["to"]), str(message["to"]))]
    if message["outer"]:
        return Packet(at[outside], to, Packet(at[message["source"]], at[message["destination"]], data)).to_bytes()
    return Packet(at[outside], to, data, routing_home_address=at.get(message["routing"])).to_bytes()


def could_send(run: Run[Stage], sender: str) -> frozenset[str]:
    """The source addresses, by name, with which ingress filtering lets the sender's packets pass (BCP 38).

    An agent passes on what its own nodes send, and filters that on the access link.
    """
    if sender == ATTACKER:
        own = {ATTACKER_HOME} if run.powers.own_home else set()
        return frozenset({ATTACKER, *own, *(CARE_OF[pma] for pma in run.powers.corrupts)})
    return frozenset({CN}) if sender == CN else frozenset({HOA, CN_HOME})


def payload_in(events: Sequence[Event]) -> list[Event]:
    """Those events in which upper layers are handed payload."""
    return [event for event in events if event.kind in ("delivered", "accepted-payload") and event.detail["octets"]]


def receipts_of(run: Run[Stage], events: Sequence[Event], receiver: str, sender: str, packet: bytes) -> list[Receipt]:
    """The payload that a packet has brought to a node's upper layers, or to those of a node that it serves.

    Args:
        events: what the receiver has noted upon the packet.
        sender: the node that sent it, or "attacker".
    """
    found, name_of = [], run.bench.name_of
    for event in payload_in(events):
        octets = event.detail["octets"]
        assert isinstance(octets, int)
        addresses = {key: name_of(value) for key, value in event.detail.items() if isinstance(value, IPv6Address)}
        served = event.kind == "delivered" and "home_address" in addresses
        who = addresses["home_address"] if served else receiver
        source = addresses["source"] if "source" in addresses else addresses["home_address"]
        found.append(Receipt(run.step, who, source, octets, sender, name_of(Packet.from_bytes(packet).source)))
    return found


# What the judges send.


def attacker_addresses(run: Run[Any]) -> set[str]:
    """The care-of addresses at which the attacker gets what is sent there, by name."""
    return {ATTACKER, *(CARE_OF[pma] for pma in run.bench.rogues(run))} if run.attacked else set()


def send(run: Run[Any], place: Place, octets: int = PACKET) -> Counter[str]:
    """Data for a home address, by the binding of this place or past it, as far as credit allows.

    Returns:
        Octets by the name of the place where they end.
    """
    arrived: Counter[str] = Counter()
    while octets > 0:
        size = min(PACKET, octets)
        if not run.bench.emit(place, size, run.now):
            break
        arrived += _follow(run, place)
        octets -= size
    return arrived


def _follow(run: Run[Any], place: Place) -> Counter[str]:
    """Lets payload travel until it rests; octets by the name of the place where that is."""
    arrived: Counter[str] = Counter()
    travels = True
    while travels:
        travels = False
        for flight in run.bench.network.collect(run.now):
            rests = _hop(run, place, flight) if _octets(flight) else None
            travels = travels or rests is None
            if rests is not None:
                arrived[rests] += _octets(flight)
    return arrived


def _octets(flight: Flight) -> int:
    payload = innermost(Packet.from_bytes(flight.packet)).payload
    return len(payload.data) if isinstance(payload, UdpDatagram) else 0


def _hop(run: Run[Any], place: Place, flight: Flight) -> str | None:
    """Delivers payload; where it rests by name, None if it travels on.

    The attacker's agents keep what they get. What the one keeper of all bindings sends is followed to where its own
    network lets it go, since that alone shows whether it went by the binding.
    """
    bench, towards = run.bench, run.bench.name_of(flight.destination)
    network, nodes = bench.network, bench.network.nodes
    if towards in attacker_addresses(run) - {ATTACKER}:
        network.drop(flight.flight_id)
        return str(towards)
    logged = {name: len(node.log) for name, node in nodes.items()}
    reached = network.deliver(flight.flight_id, run.now)
    if reached not in nodes or (place[0] == bench.keeper and reached != HA2):
        return str(towards)
    if payload_in(nodes[reached].log[logged[reached] :]):
        return str(bench.name_of(innermost(Packet.from_bytes(flight.packet)).destination))
    return None


def earn(run: Run[Any], place: Place, care_of: str, octets: int) -> int:
    """The attacker sends payload as if from a care-of address; returns how much of it earned credit."""
    bench, credited = run.bench, 0
    while octets > 0:
        size = min(PACKET, octets)
        packet = bench.payload_back(place, care_of, size).to_bytes()
        bench.knowledge.octets_sent += len(packet)
        had = bench.credit(place, run.now)
        bench.network.inject(packet, run.now)
        credited += max(0, bench.credit(place, run.now) - had)
        octets -= size
    return credited
