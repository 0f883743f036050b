"""Packets that somebody other than the honest nodes makes, and what it takes to make them."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv6Address

from world import ATTACKER, CORRESPONDENT, HOME, PROXY_FLAGS, ProxyWorld, message_in

from pmicheck.nodes import sealing
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec, keys, tokens
from pmicheck.wire.constants import BindingUpdateFlag
from pmicheck.wire.packet import MobilityHeader, Packet

COOKIE = b"whatever"


def update(
    chosen: Policy,
    *,
    home_token: bytes = sealing.ZERO_TOKEN,
    home_index: int = 0,
    care_of_token: bytes | None = sealing.ZERO_TOKEN,
    care_of_index: int = 0,
    sequence: int = 1000,
    lifetime: int = 100,
    home_address: IPv6Address = HOME,
    care_of_address: IPv6Address = ATTACKER,
    identity: CgaIdentity | None = None,
    signer: CgaIdentity | None = None,
    signed_for: IPv6Address | None = None,
    proxy: bool = True,
    home_address_option: bool = False,
    asks_for_care_of_token: bool = True,
    acknowledge: bool = True,
) -> bytes:
    """A (proxy) binding update with exactly these contents; the MAC is right for the tokens named.

    Args:
        identity: CGA Parameters and delegation to put in; `signer` signs in its place if given.
        signed_for: the care-of address in the signature, if it is another one.
    """
    flags = PROXY_FLAGS if proxy else BindingUpdateFlag.ACKNOWLEDGE
    if not acknowledge:
        flags &= ~BindingUpdateFlag.ACKNOWLEDGE
    options: list[codec.Option] = []
    if proxy and not home_address_option:
        options.append(codec.MobileNodeHomeAddressOption(home_address))
    indices = codec.NonceIndicesOption(home_index, care_of_index)
    indices_are_signed = identity is not None and chosen.reading("signed_nonces") == "yes"
    if indices_are_signed:
        options.append(indices)
    if identity is not None and identity.delegation is not None:
        options.append(codec.DelegationOption(identity.delegation))
    if identity is not None:
        options += [codec.CgaParametersOption(identity.cga_parameters), codec.SignatureOption(bytes(128))]
    if asks_for_care_of_token:
        options.append(codec.CareOfTestInitOption())
    if not indices_are_signed:
        options.append(indices)
    options.append(codec.BindingAuthorizationDataOption())
    blank = Packet(
        care_of_address,
        CORRESPONDENT,
        MobilityHeader(b""),
        home_address=home_address if home_address_option or not proxy else None,
    )
    token = care_of_token if lifetime else None
    kbm = tokens.binding_management_key(home_token, token)
    mac_address = care_of_address if lifetime else home_address

    def sign(part: bytes) -> bytes:
        key = signer or identity
        assert key is not None
        covered = sealing.signed_data(chosen, signed_for or mac_address, CORRESPONDENT, part)
        return keys.sign(key.private_key, covered)

    octets = codec.seal(
        codec.BindingUpdate(sequence, lifetime, flags, options=tuple(options)),
        source=blank.checksum_source,
        destination=blank.checksum_destination,
        sign=None if identity is None else sign,
        authenticate=lambda header: sealing.mac(chosen, kbm, mac_address, CORRESPONDENT, header),
    )
    return dataclasses.replace(blank, payload=MobilityHeader(octets)).to_bytes()


def home_token(world: ProxyWorld, now: float, home_address: IPv6Address = HOME) -> tuple[bytes, int]:
    """T and its index, as somebody on the path between home agent and correspondent gets it."""
    inner = plain_packet(codec.HomeTestInit(COOKIE), home_address, CORRESPONDENT)
    world.network.inject(inner.to_bytes(), now, via="ha-cn")
    answer = world.network.collect(now)[-1]
    message = message_in(world.network.drop(answer.flight_id))
    assert isinstance(message, codec.HomeTest)
    if not world.policy.has("home-test"):
        return sealing.ZERO_TOKEN, message.nonce_index
    return message.token, message.nonce_index


def care_of_token(world: ProxyWorld, now: float, care_of_address: IPv6Address = ATTACKER) -> tuple[bytes, int]:
    """C and its index, as the owner of a care-of address gets it."""
    packet = plain_packet(codec.CareOfTestInit(COOKIE), care_of_address, CORRESPONDENT)
    world.network.inject(packet.to_bytes(), now)
    answer = world.network.collect(now)[-1]
    message = message_in(world.network.drop(answer.flight_id))
    assert isinstance(message, codec.CareOfTest)
    return message.token, message.nonce_index


def readdressed(packet: bytes, source: IPv6Address) -> bytes:
    """A captured packet from another source, its checksum put right and nothing else."""
    parsed = Packet.from_bytes(packet)
    message = message_in(packet)
    moved = dataclasses.replace(parsed, source=source)
    octets = codec.encode(message, source=moved.checksum_source, destination=moved.checksum_destination)
    return dataclasses.replace(moved, payload=MobilityHeader(octets)).to_bytes()


def tunnelled(inner: Packet, source: IPv6Address, destination: IPv6Address) -> bytes:
    """A packet in a tunnel with these ends."""
    return Packet(source, destination, inner).to_bytes()
