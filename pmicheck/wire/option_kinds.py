"""Mobility options one by one: what each holds, its number, its layout and where it must stand.

RFC 6275 6.2, RFC 4866 5, RFC 5555 3.1.1, the draft's 4.2.1 and 8.3. `wire_options` reads and writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from pmicheck.wire.constants import AUTHENTICATOR_OCTETS, NAI_SUBTYPE, TOKEN_OCTETS, OptionType
from pmicheck.wire.fields import Address, AddressV4, Layout, Number, Octets, OctetsOrNone, Rest


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
class IPv4HomeAddressOption:
    """Type 29 (RFC 5555 3.1.1); a proxy update for route optimisation must not hold it (N155).

    `prefix` is the 16-bit word before the address: six bits of prefix length, one flag, the rest reserved.
    """

    prefix: int
    address: IPv4Address


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
class CorrespondentHomeAddressOption:
    """Type 243, proposed here: whose peer the node of option 241 is, since an agent serves many (N113, N114)."""

    address: IPv6Address


@dataclass(frozen=True, slots=True)
class PrivateKeyOption:
    """Type 244, proposed here: a mobile node's RSAPrivateKey in DER (RFC 8017 A.1.2), sliced like option 12."""

    key: bytes


@dataclass(frozen=True, slots=True)
class BindingUpdateListEntryOption:
    """Type 245, proposed here: one correspondent of the mobile node (N082, N121, N145).

    Args:
        correspondent: its address; for one that a peer agent serves its home address.
        care_of_address: that peer agent, :: where the correspondent speaks for itself.
        sequence: the last number sent (A-14).
        handover_token: HT, where there is one.
    """

    correspondent: IPv6Address
    care_of_address: IPv6Address
    sequence: int
    handover_token: bytes | None = None


@dataclass(frozen=True, slots=True)
class ExplicitTriggerOption:
    """Type 246, proposed here, empty: optimisation starts only when the mobile node asks for it (N100-N103)."""


@dataclass(frozen=True, slots=True)
class DelegationOption:
    """Type 247, an amendment of this project: what `delegation.read` takes, sliced like option 12."""

    delegation: bytes


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
    | IPv4HomeAddressOption
    | HandoverHomeKeygenTokenOption
    | MobileNodeHomeAddressOption
    | EncryptedCareOfTestOption
    | CorrespondentHomeAddressOption
    | PrivateKeyOption
    | BindingUpdateListEntryOption
    | ExplicitTriggerOption
    | DelegationOption
    | UnknownOption
)

KINDS: dict[OptionType, tuple[type[Option], Layout]] = {
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
    OptionType.IPV4_HOME_ADDRESS: (IPv4HomeAddressOption, (Number("prefix", 2), AddressV4("address"))),
    OptionType.HANDOVER_HOME_KEYGEN_TOKEN: (HandoverHomeKeygenTokenOption, (Rest("ciphertext"),)),
    OptionType.MOBILE_NODE_HOME_ADDRESS: (MobileNodeHomeAddressOption, (Address("address"),)),
    OptionType.ENCRYPTED_CARE_OF_TEST: (EncryptedCareOfTestOption, (Rest("ciphertext"),)),
    OptionType.CORRESPONDENT_HOME_ADDRESS: (CorrespondentHomeAddressOption, (Address("address"),)),
    OptionType.PRIVATE_KEY: (PrivateKeyOption, (Rest("key"),)),
    OptionType.BINDING_UPDATE_LIST_ENTRY: (
        BindingUpdateListEntryOption,
        (
            Address("correspondent"),
            Address("care_of_address"),
            Number("sequence", 2),
            OctetsOrNone("handover_token", TOKEN_OCTETS),
        ),
    ),
    OptionType.EXPLICIT_TRIGGER: (ExplicitTriggerOption, ()),
    OptionType.DELEGATION: (DelegationOption, (Rest("delegation"),)),
}
TYPE_OF: dict[type[Option], OptionType] = {kind: option_type for option_type, (kind, _) in KINDS.items()}
ALIGNMENT: dict[type[Option], tuple[int, int]] = {
    BindingRefreshAdviceOption: (2, 0),
    AlternateCareOfAddressOption: (8, 6),
    NonceIndicesOption: (2, 0),
    BindingAuthorizationDataOption: (8, 2),
    IPv4HomeAddressOption: (4, 0),
    MobileNodeHomeAddressOption: (8, 6),
    CorrespondentHomeAddressOption: (8, 6),
    BindingUpdateListEntryOption: (8, 6),
}
"""Where the Type octet must stand: modulus and remainder of its offset. Others may stand anywhere."""

Sliced = CgaParametersOption | PrivateKeyOption | DelegationOption
SLICED = {
    OptionType.CGA_PARAMETERS: "CGA Parameters",
    OptionType.PRIVATE_KEY: "Private Key",
    OptionType.DELEGATION: "Delegation",
}
"""What may be longer than an option can be, and so takes as many as it needs (RFC 4866 5.1)."""
