"""The context that goes from the previous proxy mobile agent to the next one, as a message (the draft's 4.2.1;
N046, N047, N082, N121, N145).

PT stays behind: the next agent does not use it (N012).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from pmicheck.nodes.addresses import UNSPECIFIED, is_routable_unicast
from pmicheck.nodes.agent.local_routing import TriggerMode
from pmicheck.nodes.registrant.registration import Context, CorrespondentContext, MobileProfile
from pmicheck.wire import codec

SPEAKS_FOR_ITSELF = UNSPECIFIED
"""In place of a peer agent: the correspondent is a type 1 node."""


@dataclass(frozen=True)
class PeerContext:
    """A correspondent behind another agent, and the last number sent there."""

    correspondent: IPv6Address
    peer: IPv6Address
    sequence: int


@dataclass(frozen=True)
class TransferredContext:
    """All that a Context Transfer Data message holds: the profile, and correspondents of both types."""

    context: Context
    mode: TriggerMode
    peers: tuple[PeerContext, ...]


def data_message(transaction: int, transferred: TransferredContext) -> codec.ContextTransferData:
    """The context as a message; with a long list it may be longer than a Mobility Header can be."""
    profile = transferred.context.profile
    options: list[codec.Option] = [codec.CgaParametersOption(profile.cga_parameters)]
    if profile.private_key is not None:
        key = profile.private_key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        options.append(codec.PrivateKeyOption(key))
    if transferred.mode is TriggerMode.EXPLICIT:
        options.append(codec.ExplicitTriggerOption())
    options += [
        codec.BindingUpdateListEntryOption(item.correspondent, SPEAKS_FOR_ITSELF, item.sequence, item.handover_token)
        for item in transferred.context.correspondents
    ]
    options += [
        codec.BindingUpdateListEntryOption(item.correspondent, item.peer, item.sequence) for item in transferred.peers
    ]
    return codec.ContextTransferData(transaction, profile.home_address, options=tuple(options))


def read(message: codec.ContextTransferData, *, with_key: bool) -> TransferredContext | None:
    """The context in a message; None if it lacks a profile that can be used, or lists a node at an address that none
    can have: updates would go there (N122; RFC 6275 6.1.7).

    Args:
        with_key: such a profile holds the node's private key, as it does but for the amendment agent_key.
    """
    parameters = codec.option_of(message, codec.CgaParametersOption)
    key = codec.option_of(message, codec.PrivateKeyOption)
    private_key = None if key is None else _private_key(key.key)
    if parameters is None or (with_key and private_key is None):
        return None
    entries = [option for option in message.options if isinstance(option, codec.BindingUpdateListEntryOption)]
    listed = [entry.correspondent for entry in entries]
    listed += [entry.care_of_address for entry in entries if entry.care_of_address != SPEAKS_FOR_ITSELF]
    if not all(map(is_routable_unicast, listed)):
        return None
    explicit = codec.option_of(message, codec.ExplicitTriggerOption) is not None
    return TransferredContext(
        Context(
            MobileProfile(message.home_address, private_key, parameters.parameters),
            tuple(
                CorrespondentContext(
                    correspondent=entry.correspondent,
                    handover_token=entry.handover_token,
                    permanent_token=None,
                    sequence=entry.sequence,
                )
                for entry in entries
                if entry.care_of_address == SPEAKS_FOR_ITSELF
            ),
        ),
        TriggerMode.EXPLICIT if explicit else TriggerMode.IMPLICIT,
        tuple(
            PeerContext(entry.correspondent, entry.care_of_address, entry.sequence)
            for entry in entries
            if entry.care_of_address != SPEAKS_FOR_ITSELF
        ),
    )


def _private_key(der: bytes) -> rsa.RSAPrivateKey | None:
    try:
        key = load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, rsa.RSAPrivateKey) else None
