"""Mobility options: the TLVs after the fixed part of a header (RFC 6275 6.2, RFC 4866 5, the draft's 8.3).

Padding is no option here: the encoder puts it in where the alignment column of protocol-facts 1.3 asks for
it, the decoder takes it out. Alignment is the sender's duty; the decoder does not insist on it. It does
insist that every length fits, and that nothing follows the Binding Authorization Data, since a MAC that is
not last does not cover what follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address

from pmicheck.concrete.constants import (
    AUTHENTICATOR_OCTETS,
    MAX_OPTION_DATA_OCTETS,
    NAI_SUBTYPE,
    TOKEN_OCTETS,
    OptionType,
)
from pmicheck.concrete.wire_fields import Address, Layout, Number, Octets, Rest, read_fields, write_fields
from pmicheck.errors import WireError


@dataclass(frozen=True, slots=True)
class BindingRefreshAdviceOption:
    """Type 2; `interval` in units of 4 seconds (RFC 6275 6.2.4)."""

    interval: int


@dataclass(frozen=True, slots=True)
class AlternateCareOfAddressOption:
    """Type 3: the care-of address to register in place of the IPv6 source (RFC 6275 6.2.5)."""

    address: IPv6Address


@dataclass(frozen=True, slots=True)
class NonceIndicesOption:
    """Type 4: which nonces the tokens came from; 16 bit each (RFC 6275 6.2.6)."""

    home: int
    care_of: int


@dataclass(frozen=True, slots=True)
class BindingAuthorizationDataOption:
    """Type 5: the MAC, 12 octets; always last (RFC 6275 6.2.7). The default is for `wire.seal`."""

    authenticator: bytes = bytes(AUTHENTICATOR_OCTETS)


@dataclass(frozen=True, slots=True)
class MobileNodeIdentifierOption:
    """Type 8: a network access identifier, if the subtype is 1 (RFC 4283)."""

    identifier: bytes
    subtype: int = NAI_SUBTYPE


@dataclass(frozen=True, slots=True)
class CgaParametersRequestOption:
    """Type 11, empty: asks the correspondent for its CGA Parameters (RFC 4866 5.6)."""


@dataclass(frozen=True, slots=True)
class CgaParametersOption:
    """Type 12: the whole CGA Parameters structure, in as many slices as it needs (RFC 4866 5.1)."""

    parameters: bytes


@dataclass(frozen=True, slots=True)
class SignatureOption:
    """Type 13: RSA signature, as long as the modulus (RFC 4866 5.2). The default is for `wire.seal`."""

    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class PermanentHomeKeygenTokenOption:
    """Type 14: ciphertext of the permanent token, as long as the modulus (RFC 4866 5.3)."""

    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class CareOfTestInitOption:
    """Type 15, empty: asks for a care-of keygen token (RFC 4866 5.4)."""


@dataclass(frozen=True, slots=True)
class CareOfTestOption:
    """Type 16: care-of keygen token of 8 octets, in clear (RFC 4866 5.5)."""

    token: bytes


@dataclass(frozen=True, slots=True)
class HandoverHomeKeygenTokenOption:
    """Type 240, proposed here: ciphertext of the handover token (the draft's 8.3)."""

    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class MobileNodeHomeAddressOption:
    """Type 241, proposed here: the home address inside the MAC, since 7 forbids it outside (A-04)."""

    address: IPv6Address


@dataclass(frozen=True, slots=True)
class EncryptedCareOfTestOption:
    """Type 242, proposed here: ciphertext of the care-of token (the draft's 3.4, A-10)."""

    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class UnknownOption:
    """Any other type: kept for the record, skipped by receivers (RFC 6275 6.2.1)."""

    option_type: int
    data: bytes


Option = (
    BindingRefreshAdviceOption
    | AlternateCareOfAddressOption
    | NonceIndicesOption
    | BindingAuthorizationDataOption
    | MobileNodeIdentifierOption
    | CgaParametersRequestOption
    | CgaParametersOption
    | SignatureOption
    | PermanentHomeKeygenTokenOption
    | CareOfTestInitOption
    | CareOfTestOption
    | HandoverHomeKeygenTokenOption
    | MobileNodeHomeAddressOption
    | EncryptedCareOfTestOption
    | UnknownOption
)

_KINDS: dict[OptionType, tuple[type[Option], Layout]] = {
    OptionType.BINDING_REFRESH_ADVICE: (BindingRefreshAdviceOption, (Number("interval", 2),)),
    OptionType.ALTERNATE_CARE_OF_ADDRESS: (AlternateCareOfAddressOption, (Address("address"),)),
    OptionType.NONCE_INDICES: (NonceIndicesOption, (Number("home", 2), Number("care_of", 2))),
    OptionType.BINDING_AUTHORIZATION_DATA: (
        BindingAuthorizationDataOption,
        (Octets("authenticator", AUTHENTICATOR_OCTETS),),
    ),
    OptionType.MOBILE_NODE_IDENTIFIER: (
        MobileNodeIdentifierOption,
        (Number("subtype", 1), Rest("identifier")),
    ),
    OptionType.CGA_PARAMETERS_REQUEST: (CgaParametersRequestOption, ()),
    OptionType.CGA_PARAMETERS: (CgaParametersOption, (Rest("parameters"),)),
    OptionType.SIGNATURE: (SignatureOption, (Rest("signature"),)),
    OptionType.PERMANENT_HOME_KEYGEN_TOKEN: (PermanentHomeKeygenTokenOption, (Rest("ciphertext"),)),
    OptionType.CARE_OF_TEST_INIT: (CareOfTestInitOption, ()),
    OptionType.CARE_OF_TEST: (CareOfTestOption, (Octets("token", TOKEN_OCTETS),)),
    OptionType.HANDOVER_HOME_KEYGEN_TOKEN: (HandoverHomeKeygenTokenOption, (Rest("ciphertext"),)),
    OptionType.MOBILE_NODE_HOME_ADDRESS: (MobileNodeHomeAddressOption, (Address("address"),)),
    OptionType.ENCRYPTED_CARE_OF_TEST: (EncryptedCareOfTestOption, (Rest("ciphertext"),)),
}
_TYPE_OF: dict[type[Option], OptionType] = {kind: option_type for option_type, (kind, _) in _KINDS.items()}
_ALIGNMENT: dict[type[Option], tuple[int, int]] = {
    BindingRefreshAdviceOption: (2, 0),
    AlternateCareOfAddressOption: (8, 6),
    NonceIndicesOption: (2, 0),
    BindingAuthorizationDataOption: (8, 2),
    MobileNodeHomeAddressOption: (8, 6),
}
"""Where the Type octet must stand: modulus and remainder of its offset. Others may stand anywhere."""


def encode_options(options: Sequence[Option], start: int) -> bytes:
    """The options in the order given, aligned and padded so that the header ends on a multiple of 8 octets.

    Args:
        start: offset of the first option in the mobility header.

    Raises:
        WireError: a value does not fit, or the order is one that no receiver could read back.
    """
    written = bytearray()
    previous: Option | None = None
    for index, option in enumerate(options):
        at = start + len(written)
        if isinstance(option, BindingAuthorizationDataOption) and index != len(options) - 1:
            raise WireError(at, "the Binding Authorization Data as the last option", f"option {index + 1}")
        if isinstance(option, CgaParametersOption) and isinstance(previous, CgaParametersOption):
            raise WireError(at, "one CGA Parameters option, since receivers join adjacent ones", "two")
        modulus, remainder = _ALIGNMENT.get(type(option), (1, 0))
        written += _padding((remainder - at) % modulus)
        written += _encode_option(option, start + len(written))
        previous = option
    written += _padding(-(start + len(written)) % 8)
    return bytes(written)


def _padding(octets: int) -> bytes:
    if octets < 2:
        return bytes([OptionType.PAD1] * octets)
    return bytes([OptionType.PADN, octets - 2]) + bytes(octets - 2)


def _encode_option(option: Option, at: int) -> bytes:
    if isinstance(option, UnknownOption):
        if option.option_type in _KINDS or option.option_type in (OptionType.PAD1, OptionType.PADN):
            raise WireError(at, "a type that has no class of its own in an UnknownOption", str(option.option_type))
        if not 0 <= option.option_type <= 255:
            raise WireError(at, "an option type between 0 and 255", str(option.option_type))
        return _tlv(option.option_type, option.data, at)
    option_type = _TYPE_OF[type(option)]
    data = write_fields(option, _KINDS[option_type][1], at + 2)
    if not isinstance(option, CgaParametersOption):
        return _tlv(option_type, data, at)
    if not data:
        raise WireError(at + 1, "CGA Parameters of at least one octet", "none")
    step = MAX_OPTION_DATA_OCTETS
    return b"".join(_tlv(option_type, data[i : i + step], at) for i in range(0, len(data), step))


def _tlv(option_type: int, data: bytes, at: int) -> bytes:
    if len(data) > MAX_OPTION_DATA_OCTETS:
        raise WireError(at + 1, f"at most {MAX_OPTION_DATA_OCTETS} octets of option data", f"{len(data)} octets")
    return bytes([option_type, len(data)]) + data


@dataclass(frozen=True, slots=True)
class RawOption:
    """One TLV as it stands in a header: offset of its Type octet, and where its data begins and ends."""

    option_type: int
    offset: int
    data_start: int
    data_end: int


def walk_options(header: bytes, start: int) -> Iterator[RawOption]:
    """Every TLV from `start` to the end of the header, padding included, in order.

    Raises:
        WireError: an option does not fit into the header.
    """
    at = start
    while at < len(header):
        option_type = header[at]
        if option_type == OptionType.PAD1:
            yield RawOption(option_type, at, at + 1, at + 1)
            at += 1
            continue
        if at + 2 > len(header):
            raise WireError(at + 1, "a length octet", "the end of the header")
        end = at + 2 + header[at + 1]
        if end > len(header):
            raise WireError(at + 1, f"at most {len(header) - at - 2} octets of option data", f"{header[at + 1]} octets")
        yield RawOption(option_type, at, at + 2, end)
        at = end


def decode_options(header: bytes, start: int) -> tuple[Option, ...]:
    """The options of a header without padding, slices of CGA Parameters joined.

    Raises:
        WireError: an option does not fit, has a wrong length, or follows the Binding Authorization Data.
    """
    options: list[Option] = []
    previous: RawOption | None = None
    for raw in walk_options(header, start):
        if options and isinstance(options[-1], BindingAuthorizationDataOption):
            raise WireError(raw.offset, "nothing after the Binding Authorization Data", f"option {raw.option_type}")
        if raw.option_type not in (OptionType.PAD1, OptionType.PADN):
            option = _decode_option(header, raw)
            if _continues(raw, previous) and isinstance(option, CgaParametersOption):
                first = options.pop()
                assert isinstance(first, CgaParametersOption)
                option = CgaParametersOption(first.parameters + option.parameters)
            options.append(option)
        previous = raw
    return tuple(options)


def _continues(raw: RawOption, previous: RawOption | None) -> bool:
    """Whether `raw` is a further slice of CGA Parameters; only a full slice may have one (RFC 4866 5.1)."""
    both = OptionType.CGA_PARAMETERS
    if previous is None or raw.option_type != both or previous.option_type != both:
        return False
    length = previous.data_end - previous.data_start
    if length != MAX_OPTION_DATA_OCTETS:
        expected = f"{MAX_OPTION_DATA_OCTETS} octets in a CGA Parameters option that another one follows"
        raise WireError(previous.offset + 1, expected, f"{length} octets")
    return True


def _decode_option(header: bytes, raw: RawOption) -> Option:
    if raw.option_type not in _KINDS:
        return UnknownOption(raw.option_type, header[raw.data_start : raw.data_end])
    option_type = OptionType(raw.option_type)
    kind, layout = _KINDS[option_type]
    values, end = read_fields(header, raw.data_start, raw.data_end, layout)
    found = raw.data_end - raw.data_start
    if end != raw.data_end:
        raise WireError(raw.offset + 1, f"length {end - raw.data_start} of option {option_type}", str(found))
    if kind is CgaParametersOption and not found:
        raise WireError(raw.offset + 1, "CGA Parameters of at least one octet", "none")
    return kind(**values)
