"""Mobility Header messages to octets and back: the public face of the codec (RFC 6275 6.1, 9.2).

    message = codec.decode(octets, source=…, destination=…)   one Mobility Header, else WireError
    octets = codec.encode(message, source=…, destination=…)   padding, Header Len and checksum filled in
    octets = codec.seal(message, …, sign=…, authenticate=…)   the same, with signature and MAC computed

`source` and `destination` are the addresses of the checksum's pseudo-header: the IPv6 header's, but the home
address where a Home Address option or a type 2 routing header holds one (RFC 6275 6.1.1). `packet.Packet`
knows them as `checksum_source` and `checksum_destination`.

To check a message a receiver needs the octets themselves, not the decoded message: `tokens.authenticator`
takes the raw header for the MAC, `signed_part` cuts out of it what `signature.verify` takes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import TypeVar

from pmicheck.errors import WireError
from pmicheck.wire import checksum, headers
from pmicheck.wire.constants import MAX_MOBILITY_HEADER_OCTETS, BindingUpdateFlag, NextHeader
from pmicheck.wire.fields import FORMATS, read, write
from pmicheck.wire.headers import MOBILITY_HEADER, MobilityHeaderStart
from pmicheck.wire.messages import *  # noqa: F403 (one face for all messages and options)
from pmicheck.wire.messages import (
    MESSAGES,
    BindingUpdate,
    KnownMessage,
    Message,
    UnknownMessage,
)
from pmicheck.wire.option_kinds import *  # noqa: F403
from pmicheck.wire.option_kinds import (
    BindingAuthorizationDataOption,
    CgaParametersOption,
    Option,
    SignatureOption,
)
from pmicheck.wire.options import decode_options, encode_options, walk_options

CHECKSUM = slice(headers.CHECKSUM.at, headers.CHECKSUM.end)
"""Where the Checksum field stands in every Mobility Header."""

AnyOption = TypeVar("AnyOption", bound=Option)


def option_of(message: Message, kind: type[AnyOption]) -> AnyOption | None:
    """The first option of a kind in a message, or None."""
    return next((option for option in message.options if isinstance(option, kind)), None)


def encode(message: Message, *, source: IPv6Address, destination: IPv6Address) -> bytes:
    """Octets of one Mobility Header, from Payload Proto to the last option; a multiple of 8.

    Raises:
        WireError: a value does not fit into its field, or the header would be longer than 2048 octets.
    """
    if isinstance(message, UnknownMessage):
        message_type, data = message.message_type, message.data
        if message_type in MESSAGES or not 0 <= message_type <= 255:
            raise WireError(2, "an MH Type that has no class of its own in an UnknownMessage", str(message_type))
        if (MOBILITY_HEADER.end + len(data)) % 8:
            raise WireError(MOBILITY_HEADER.end, "8n+2 octets of Message Data", f"{len(data)} octets")
    else:
        format = FORMATS[type(message)]
        message_type = format.number
        data = write(message, format.rows, MOBILITY_HEADER.end) + encode_options(message.options, format.end)
    total = MOBILITY_HEADER.end + len(data)
    if total > MAX_MOBILITY_HEADER_OCTETS:
        raise WireError(1, f"a header of at most {MAX_MOBILITY_HEADER_OCTETS} octets", f"{total} octets")
    start = MobilityHeaderStart(NextHeader.NONE, total // 8 - 1, message_type, 0)
    header = write(start, MOBILITY_HEADER.rows, 0) + data
    value = checksum.checksum(source, destination, NextHeader.MOBILITY, header)
    return header[: CHECKSUM.start] + value.to_bytes(2, "big") + header[CHECKSUM.stop :]


def decode(data: bytes, *, source: IPv6Address, destination: IPv6Address) -> Message:
    """The message in one Mobility Header, which must fill `data` exactly.

    The checks are those of RFC 6275 9.2 in its order: checksum, MH Type, Payload Proto, Header Len. Octets
    after the header are refused, although RFC 8200 4.7 would ignore them: with them "the whole header", which
    the MAC covers, had two meanings.

    Raises:
        WireError: at octet 4 for the checksum, 0 for Payload Proto, 1 for Header Len, else where the octets
            go wrong.
    """
    if len(data) < 8:
        raise WireError(len(data), "a Mobility Header of at least 8 octets", f"{len(data)} octets")
    total = 8 * (data[1] + 1)
    if len(data) != total:
        raise WireError(min(len(data), total), f"{total} octets by Header Len", f"{len(data)} octets")
    if not checksum.is_valid(source, destination, NextHeader.MOBILITY, data):
        found = int.from_bytes(data[CHECKSUM], "big")
        blank = data[: CHECKSUM.start] + bytes(2) + data[CHECKSUM.stop :]
        right = checksum.checksum(source, destination, NextHeader.MOBILITY, blank)
        raise WireError(CHECKSUM.start, f"checksum {right:#06x}", f"{found:#06x}")
    format = MESSAGES.get(data[2])
    if format is None:
        return UnknownMessage(data[2], data[MOBILITY_HEADER.end :])
    if data[0] != NextHeader.NONE:
        raise WireError(0, f"Payload Proto {NextHeader.NONE:d}", str(data[0]))
    least = -(-format.end // 8)
    if total < 8 * least:
        raise WireError(1, f"Header Len of at least {least - 1} for MH Type {data[2]}", str(data[1]))
    values, at = read(data, MOBILITY_HEADER.end, total, format.rows)
    message: KnownMessage = format.kind(**values, options=decode_options(data, at))
    return message


def signed_part(header: bytes) -> bytes:
    """What a signature covers of a header: octet 0 to the last CGA Parameters option, checksum zeroed.

    RFC 4866 4.5. Header Len stays as it is and so counts the later options too. The options that follow,
    Nonce Indices and the MAC among them, are not covered.

    Raises:
        WireError: no header of a known type, or no CGA Parameters option in it.
    """
    if len(header) < 8:
        raise WireError(len(header), "a Mobility Header of at least 8 octets", f"{len(header)} octets")
    if header[2] not in MESSAGES:
        raise WireError(2, "an MH Type that has options", str(header[2]))
    raws = walk_options(header, MESSAGES[header[2]].end)
    ends = [raw.data_end for raw in raws if raw.option_type == FORMATS[CgaParametersOption].number]
    if not ends:
        raise WireError(len(header), "a CGA Parameters option")
    return header[: CHECKSUM.start] + bytes(2) + header[CHECKSUM.stop : ends[-1]]


def without_key(header: bytes) -> bytes:
    """A proxy binding update without its CGA Parameters and Signature options, the rest as it is, lengths and checksum
    too; any other header as it is."""
    if len(header) < 12 or header[2] != FORMATS[BindingUpdate].number:
        return header
    if not int.from_bytes(header[8:10]) & BindingUpdateFlag.PROXY_REGISTRATION:
        return header
    dropped = {FORMATS[CgaParametersOption].number, FORMATS[SignatureOption].number}
    kept = bytearray(header)
    for raw in reversed(list(walk_options(header, MESSAGES[header[2]].end))):
        if raw.option_type in dropped:
            del kept[raw.offset : raw.data_end]
    return bytes(kept)


def seal(
    message: KnownMessage,
    *,
    source: IPv6Address,
    destination: IPv6Address,
    sign: Callable[[bytes], bytes] | None = None,
    authenticate: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """Octets of a message whose Signature and Binding Authorization Data are computed here, in that order.

    Args:
        message: holds a SignatureOption if `sign` is given and a BindingAuthorizationDataOption if
            `authenticate` is; what they contain is replaced. Without the callable they are sent as they
            stand.
        sign: from `signed_part` of the header to the signature. It is called again if the length of the
            placeholder was another one, since that length changes Header Len, which is signed.
        authenticate: from the whole header, signature filled in, to the 12 octets; `tokens.authenticator`
            takes it so.

    Raises:
        WireError: the option to fill in is missing, or `encode` refuses the result.
    """

    def draft() -> bytes:
        return encode(message, source=source, destination=destination)

    if sign is not None:
        placeholder = option_of(message, SignatureOption)
        if placeholder is None:
            raise WireError(0, "a Signature option to fill in")
        signature = sign(signed_part(draft()))
        if len(signature) != len(placeholder.signature):
            message = _with_option(message, SignatureOption(bytes(len(signature))))
            signature = sign(signed_part(draft()))
        message = _with_option(message, SignatureOption(signature))
    if authenticate is not None:
        if option_of(message, BindingAuthorizationDataOption) is None:
            raise WireError(0, "a Binding Authorization Data option to fill in")
        message = _with_option(message, BindingAuthorizationDataOption(authenticate(draft())))
    return draft()


def _with_option(message: KnownMessage, new: Option) -> KnownMessage:
    """The message with its first option of the same kind replaced."""
    options = list(message.options)
    index = next(i for i, option in enumerate(options) if type(option) is type(new))
    options[index] = new
    return dataclasses.replace(message, options=tuple(options))
