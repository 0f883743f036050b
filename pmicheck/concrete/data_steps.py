"""Payload in a replay, step by step: who sends, who is handed it, and which sources the sender could have used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any

from pmicheck.concrete.attack import Lacking
from pmicheck.concrete.forge import Forged
from pmicheck.concrete.payload import PACKET
from pmicheck.concrete.records import Receipt
from pmicheck.concrete.stage import ATTACKER, ATTACKER_HOME, CARE_OF, CN, CN_HOME, HOA, PMA1
from pmicheck.nodes.node import Event
from pmicheck.wire.packet import Packet, UdpDatagram

if TYPE_CHECKING:
    from pmicheck.concrete.execution import Run


def send_data(run: Run, by: str) -> None:
    """A packet of payload by the cache of its sender (N117, N161, N164).

    Raises:
        Divergence: it is none that sends, the credit is too small, or the agent has no registration to tunnel by.
    """
    stage, at = run.stage, run.stage.addresses
    if by == CN:
        if not stage.cn.send_payload(at[HOA], PACKET, run.now):
            raise run.divergence("the credit of the entry is too small")
    elif by == PMA1:
        agent = stage.pmas[PMA1]
        registration = agent.registration(at[HOA], at[CN])
        if registration is None or not registration.is_bound(run.now):
            raise run.divergence(f"{PMA1} holds no registration with {CN}")
        agent.send_payload(at[HOA], at[CN], PACKET, run.now)
    else:
        raise run.divergence(f"{by!r} sends no data of its own")


def forge_data(run: Run, message: Mapping[str, Any]) -> Forged:
    """Payload of the attacker's: its own address outside, whatever it likes inside (N152, N162).

    Raises:
        Lacking: ingress filtering stops the packet, as the source outside is not the attacker's.
    """
    at, outside = run.stage.addresses, message["outer"] or message["source"]
    if outside not in could_send(run, ATTACKER):
        raise Lacking(f"a place where ingress filtering lets packets of {outside} pass")
    data, to = UdpDatagram(bytes(PACKET)), at[CARE_OF.get(message["to"], message["to"])]
    if message["outer"]:
        packet = Packet(at[outside], to, Packet(at[message["source"]], at[message["destination"]], data))
    else:
        packet = Packet(at[outside], to, data, routing_home_address=at.get(message["routing"]))
    return Forged(packet.to_bytes())


def payload_in(events: Sequence[Event]) -> list[Event]:
    """Those events in which upper layers are handed payload."""
    return [event for event in events if event.kind in ("delivered", "accepted-payload") and event.detail["octets"]]


def note_receipts(run: Run, events: Sequence[Event], receiver: str, sender: str, packet: bytes) -> None:
    """Records the payload that a packet has brought to a node's upper layers, or to those of a node that it serves.

    Args:
        events: what the receiver has noted upon the packet.
        sender: the node that sent it, or "attacker".
    """
    name_of = run.stage.name_of
    for event in payload_in(events):
        octets = event.detail["octets"]
        assert isinstance(octets, int)
        addresses = {key: name_of(value) for key, value in event.detail.items() if isinstance(value, IPv6Address)}
        served = event.kind == "delivered" and "home_address" in addresses
        run.receipts.append(
            Receipt(
                step=run.step,
                who=addresses["home_address"] if served else receiver,
                source=addresses["source"] if "source" in addresses else addresses["home_address"],
                octets=octets,
                sender=sender,
                sent_from=name_of(Packet.from_bytes(packet).source),
            )
        )


def could_send(run: Run, sender: str) -> frozenset[str]:
    """The source addresses, by name, with which ingress filtering lets the sender's packets pass (BCP 38).

    An agent passes on what its own nodes send, and filters that on the access link.
    """
    if sender == ATTACKER:
        own = {ATTACKER_HOME} if run.powers.own_home else set()
        return frozenset({ATTACKER, *own, *(CARE_OF[pma] for pma in run.powers.corrupts)})
    return frozenset({CN}) if sender == CN else frozenset({HOA, CN_HOME})
