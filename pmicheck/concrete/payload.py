"""Payload in a replay: what the correspondent sends, and what an attacker sends to earn credit (RFC 4866 4.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pmicheck.concrete.network import INTERNET
from pmicheck.concrete.stage import ATTACKER, BYSTANDER, CN, HOA
from pmicheck.wire.constants import CREDIT_AGING_INTERVAL
from pmicheck.wire.packet import Packet, UdpDatagram

if TYPE_CHECKING:
    from pmicheck.concrete.execution import Run

PACKET = 1500
"""Octets of data in one payload packet, as the properties count them."""


def send_payload(run: Run, home: str, octets: int) -> tuple[int, str | None]:
    """The correspondent sends data towards a home address: (octets that left it, name of where they went)."""
    stage = run.stage
    left, towards = 0, None
    while left < octets:
        size = min(PACKET, octets - left)
        if not stage.cn.send_payload(stage.addresses[home], size, run.now):
            break
        for flight in stage.network.collect(run.now):
            towards = stage.name_of(flight.destination)
            stage.network.deliver(flight.flight_id, run.now)
        left += size
    return left, towards


def earn(run: Run, home: str, care_of: str, octets: int) -> int:
    """The attacker sends payload as if from a care-of address; returns what the correspondent credited."""
    stage = run.stage
    at = stage.addresses
    credited = 0
    while octets > 0:
        size = min(PACKET, octets)
        inner = Packet(at[home], stage.tested, UdpDatagram(bytes(size)))
        packet = Packet(at[care_of], stage.receiver, inner).to_bytes()
        if not stage.proxied:
            packet = Packet(at[care_of], at[CN], UdpDatagram(bytes(size)), home_address=at[home]).to_bytes()
        run.knowledge.octets_sent += len(packet)
        had = _credit(run, home)
        stage.network.inject(packet, run.now, via=INTERNET)
        credited += max(0, _credit(run, home) - had)
        octets -= size
    return credited


def _credit(run: Run, home: str) -> int:
    """What the correspondent may send to an unverified care-of address of a home address now."""
    run.stage.cn.advance(run.now)
    entry = run.stage.cn.entry(run.stage.addresses[home])
    return 0 if entry is None else entry.credit


def earn_first(run: Run, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Credit that the trace's numbers say was earned before an unverified flood begins.

    No state of the model holds credit, so its trace lacks the registration that earns it: the attacker registers
    its own care-of address first, by the very token that it uses next, and sends payload from there. An interval of
    ageing passes before it goes on, as the property counts credit.

    Returns:
        The message to go on with: with the handover or permanent token that the earning registration brought, if that
        replaced the one of the trace.
    """
    wanted = int(run.trace.numbers.get("octets_earned", 0))
    limited = run.stage.policy.credit_limits and not run.trace.observation.get("verified", True)
    mine = message["type"] == "Update" and message["care_of"] == BYSTANDER and not message["care_of_nonce"]
    if run.trace.property != "no-careof-flooding" or not wanted or not limited or not mine:
        return message
    nonce = max(run.stage.nonces)
    run.test({"init": "CoTI", "address": ATTACKER, "nonce": nonce})
    mac = message["mac"]
    if mac[0] == "mac":
        mac = ["mac", ["Kbm", mac[1][1], ["C", ATTACKER, nonce]], *mac[2:]]
    number = int(message["seq"]) - 1 if message["home"] == HOA else 0
    first = {**message, "care_of": ATTACKER, "care_of_nonce": nonce, "test": False, "seq": number, "mac": mac}
    run.send(run.forger.forge(first))
    run.settle()
    run.earned += earn(run, message["home"], ATTACKER, wanted)
    run.delay += CREDIT_AGING_INTERVAL
    run.now += CREDIT_AGING_INTERVAL
    return _with_newest_token(run, message)


def _with_newest_token(run: Run, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message under the newest pair of tokens instead of the one that it names."""
    mac, issued = message["mac"], run.stage.pairs.get(message["home"], [])
    if mac[0] != "mac" or mac[1][1][0] not in ("PT", "HT") or not issued:
        return message
    newest = [mac[1][1][0], message["home"], len(issued)]
    return {**message, "mac": ["mac", ["Kbm", newest, mac[1][2]], *mac[2:]]}
