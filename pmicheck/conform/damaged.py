"""Binding updates that a correspondent must not accept, made from one that is on its way.

Traces show what is accepted. What is refused is made here: an update with something changed under the old
authenticator, and an update with something wrong under an authenticator that is right, so that only the check in
question can refuse it. Whether the packet node refuses it is asked before it is sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address

from pmicheck.nodes import sealing
from pmicheck.nodes.correspondent.update import Credential, Update
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec
from pmicheck.wire.constants import SEQUENCE_MODULUS, BindingUpdateFlag
from pmicheck.wire.packet import MobilityHeader, Packet

ELSEWHERE = IPv6Address("2001:db8:7e57::2")
"""A care-of address that no test was made for."""
NO_SUCH_NONCE = 0x7E57

Change = Callable[[codec.BindingUpdate], codec.BindingUpdate]


def damaged(update: Update, policy: Policy, correspondent: IPv6Address) -> Iterator[tuple[str, bytes]]:
    """Damaged forms of an update, each with what was done to it."""
    for damage, change in _UNSEALED.items():
        yield damage, _packet(update.packet, change(update.message))
    if not update.deregisters:
        yield "other care-of address, old authenticator", _elsewhere(update)
    if update.kbm is None:
        return
    kbm = update.kbm
    for damage, changed in _with_something_wrong(update):
        octets = codec.seal(
            changed,
            source=update.packet.checksum_source,
            destination=update.packet.checksum_destination,
            authenticate=lambda header: sealing.mac(policy, kbm, update.mac_address, correspondent, header),
        )
        yield damage, dataclasses.replace(update.packet, payload=MobilityHeader(octets)).to_bytes()


def _packet(packet: Packet, message: codec.BindingUpdate) -> bytes:
    octets = codec.encode(message, source=packet.checksum_source, destination=packet.checksum_destination)
    return dataclasses.replace(packet, payload=MobilityHeader(octets)).to_bytes()


def _numbered(message: codec.BindingUpdate, sequence: int) -> codec.BindingUpdate:
    return dataclasses.replace(message, sequence=sequence % SEQUENCE_MODULUS)


def _flipped(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


def _on_each(
    message: codec.BindingUpdate, change: Callable[[codec.Option], codec.Option | None]
) -> codec.BindingUpdate:
    """The update with each option changed, or left out where there is none."""
    options = (change(option) for option in message.options)
    return dataclasses.replace(message, options=tuple(option for option in options if option is not None))


def _with_wrong_authenticator(option: codec.Option) -> codec.Option:
    if isinstance(option, codec.BindingAuthorizationDataOption):
        return codec.BindingAuthorizationDataOption(_flipped(option.authenticator))
    return option


def _without_authenticator(option: codec.Option) -> codec.Option | None:
    return None if isinstance(option, codec.BindingAuthorizationDataOption) else option


_UNSEALED: dict[str, Change] = {
    "wrong authenticator": lambda message: _on_each(message, _with_wrong_authenticator),
    "no authenticator": lambda message: _on_each(message, _without_authenticator),
    "other sequence number, old authenticator": lambda message: _numbered(message, message.sequence + 1),
    "other lifetime, old authenticator": lambda message: dataclasses.replace(message, lifetime=message.lifetime + 1),
}
"""What is changed under the old authenticator."""


def _elsewhere(update: Update) -> bytes:
    """In the option that names the care-of address, else in the source."""

    def moved(option: codec.Option) -> codec.Option:
        named = isinstance(option, codec.AlternateCareOfAddressOption)
        return codec.AlternateCareOfAddressOption(ELSEWHERE) if named else option

    if codec.option_of(update.message, codec.AlternateCareOfAddressOption) is not None:
        return _packet(update.packet, _on_each(update.message, moved))
    return _packet(dataclasses.replace(update.packet, source=ELSEWHERE), update.message)


def _with_something_wrong(update: Update) -> Iterator[tuple[str, codec.BindingUpdate]]:
    """What has an authenticator that is right for it."""
    message, entry = update.message, update.entry
    if entry is not None and entry.sequence is not None:
        yield "the last sequence number", _numbered(message, entry.sequence)
        yield "an earlier sequence number", _numbered(message, entry.sequence - 1)
    if update.credential is Credential.TEMPORARY:
        yield "home nonce index that does not exist", _with_indices(message, NO_SUCH_NONCE, update.care_of_index)
    if update.complete:
        yield "care-of nonce index that does not exist", _with_indices(message, update.home_index, NO_SUCH_NONCE)
    yield "home registration", dataclasses.replace(message, flags=message.flags | BindingUpdateFlag.HOME_REGISTRATION)
    if codec.option_of(message, codec.SignatureOption) is not None:
        yield "wrong signature", _on_each(message, _with_wrong_signature)
        yield "no signature", _on_each(message, _without_signature)
        yield "other CGA Parameters", _on_each(message, _with_other_parameters)


def _with_indices(message: codec.BindingUpdate, home: int, care_of: int) -> codec.BindingUpdate:
    given = codec.NonceIndicesOption(home, care_of)
    return _on_each(message, lambda option: given if isinstance(option, codec.NonceIndicesOption) else option)


def _with_wrong_signature(option: codec.Option) -> codec.Option:
    return codec.SignatureOption(_flipped(option.signature)) if isinstance(option, codec.SignatureOption) else option


def _without_signature(option: codec.Option) -> codec.Option | None:
    return None if isinstance(option, codec.SignatureOption) else option


def _with_other_parameters(option: codec.Option) -> codec.Option:
    """With another modifier, from which another address is made (RFC 3972 3)."""
    if not isinstance(option, codec.CgaParametersOption):
        return option
    return codec.CgaParametersOption(bytes([option.parameters[0] ^ 1]) + option.parameters[1:])
