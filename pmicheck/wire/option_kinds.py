"""Mobility options: a class each, with its rows of the table, its number and its alignment.

RFC 6275 6.2, RFC 4866 5, RFC 4283, RFC 5555 3.1.1, the draft's 4.2.1 and 8.3. Numbers from 240 upwards are this
project's proposal: the draft says "TBD", and the experimental range of RFC 5096 holds one option type only
(protocol-facts 1.3). Option 247 belongs to an amendment of this project, not to the draft. `options` writes and reads
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pmicheck.wire import words
from pmicheck.wire.constants import AUTHENTICATOR_OCTETS, TOKEN_OCTETS, IdentifierSubtype
from pmicheck.wire.fields import FORMATS, Format, Row, described

PROPOSED = ", format proposed here"
PAD1, PADN = 0, 1
"""Padding, in destination options and in mobility options alike."""
EXPERIMENTAL = 18
"""Of RFC 5096; the codec leaves its data as they are."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of any type."""


@described("Binding Refresh Advice option", "RFC 6275 6.2.4", number=2, alignment=(2, 0))
class BindingRefreshAdviceOption(Option):
    """`interval` in units of 4 seconds."""

    interval: Annotated[int, Row(0, 2, "Refresh Interval", words.seconds, "refresh")]


@described("Alternate Care-of Address option", "RFC 6275 6.2.5", number=3, alignment=(8, 6))
class AlternateCareOfAddressOption(Option):
    """The care-of address to register in place of the IPv6 source."""

    address: Annotated[IPv6Address, Row(0, 16, "Alternate Care-of Address", words.address, "alternate")]


@described("Nonce Indices option", "RFC 6275 6.2.6", number=4, alignment=(2, 0))
class NonceIndicesOption(Option):
    """Which nonces the tokens came from."""

    home: Annotated[int, Row(0, 2, "Home Nonce Index", words.number("home nonce index"), "nonce")]
    care_of: Annotated[int, Row(2, 2, "Care-of Nonce Index", words.number("care-of nonce index"), "care_of_nonce")]


@described("Binding Authorization Data option", "RFC 6275 6.2.7", number=5, alignment=(8, 2))
class BindingAuthorizationDataOption(Option):
    """The MAC; always last. The default is for `codec.seal`."""

    authenticator: Annotated[
        bytes, Row(0, AUTHENTICATOR_OCTETS, "Authenticator", words.opaque("First(96, HMAC-SHA1)"), "mac")
    ] = bytes(AUTHENTICATOR_OCTETS)


@described("Mobile Node Identifier option", "RFC 4283 3", number=8)
class MobileNodeIdentifierOption(Option):
    """A network access identifier, if the subtype is 1."""

    identifier: Annotated[bytes, Row(1, None, "Identifier", words.text, "identifier")]
    subtype: Annotated[int, Row(0, 1, "Subtype", words.counted("subtype", IdentifierSubtype))] = IdentifierSubtype.NAI


@described("CGA Parameters Request option", "RFC 4866 5.6", number=11, carries="cga-request")
class CgaParametersRequestOption(Option):
    """Empty: asks the correspondent for its CGA Parameters."""


_FURTHER = words.opaque("further slice")
_CGA_PARAMETERS = (
    Row(0, 16, "Modifier", words.opaque("modifier"), section="RFC 3972 3"),
    Row(16, 8, "Subnet Prefix", words.prefix, section="RFC 3972 3"),
    Row(24, 1, "Collision Count", words.number("collision count"), section="RFC 3972 3"),
    Row(25, None, "Public Key", words.opaque("public key, DER SubjectPublicKeyInfo"), "key", "RFC 3972 3"),
)


@described("CGA Parameters option", "RFC 4866 5.1", number=12)
class CgaParametersOption(Option):
    """The whole CGA Parameters structure (`cga`), in as many slices as it needs."""

    parameters: Annotated[
        bytes,
        Row(
            0,
            None,
            "CGA Parameters",
            words.payload,
            section="RFC 3972 3",
            parts=_CGA_PARAMETERS,
            further=Row(0, None, "Public Key, continued", _FURTHER, section="RFC 3972 3"),
        ),
    ]


@described("Signature option", "RFC 4866 5.2", number=13)
class SignatureOption(Option):
    """RSA signature, as long as the modulus. The default is for `codec.seal`."""

    signature: Annotated[bytes, Row(0, None, "Signature", words.opaque("RSA signature"), "sig")] = b""


_PERMANENT = words.token("permanent home keygen token")


@described("Permanent Home Keygen Token option", "RFC 4866 5.3", number=14)
class PermanentHomeKeygenTokenOption(Option):
    """Ciphertext of the permanent token, as long as the modulus."""

    ciphertext: Annotated[bytes, Row(0, None, "Permanent Home Keygen Token", _PERMANENT, "PT")]


@described("Care-of Test Init option", "RFC 4866 5.4", number=15, carries="test")
class CareOfTestInitOption(Option):
    """Empty: asks for a care-of keygen token."""


_CARE_OF = words.token("care-of keygen token")


@described("Care-of Test option", "RFC 4866 5.5", number=16)
class CareOfTestOption(Option):
    """Care-of keygen token, in clear."""

    token: Annotated[bytes, Row(0, TOKEN_OCTETS, "Care-of Keygen Token", _CARE_OF, "care_of_token")]


@described("IPv4 Home Address option", "RFC 5555 3.1.1", number=29, alignment=(4, 0))
class IPv4HomeAddressOption(Option):
    """A proxy update for route optimisation must not hold it (N155).

    `prefix` is the 16-bit word before the address: six bits of prefix length, one flag, the rest reserved.
    """

    prefix: Annotated[int, Row(0, 2, "Prefix-len, P, Reserved", words.prefix_length)]
    address: Annotated[IPv4Address, Row(2, 4, "IPv4 home address", words.address_v4, "home-v4")]


_HANDOVER = words.token("handover home keygen token")


@described("Handover Home Keygen Token option", "draft 8.3", number=240)
class HandoverHomeKeygenTokenOption(Option):
    """Ciphertext of the handover token."""

    ciphertext: Annotated[bytes, Row(0, None, "Handover Home Keygen Token", _HANDOVER, "HT")]


@described("Mobile Node Home Address option", f"draft 7{PROPOSED}", number=241, alignment=(8, 6))
class MobileNodeHomeAddressOption(Option):
    """The home address inside the MAC, since the draft's 7 forbids it outside (A-04)."""

    address: Annotated[IPv6Address, Row(0, 16, "Home Address", words.address, "mn-home")]


@described("Encrypted Care-of Test option", f"draft 3.4{PROPOSED}", number=242)
class EncryptedCareOfTestOption(Option):
    """Ciphertext of the care-of token (A-10)."""

    ciphertext: Annotated[bytes, Row(0, None, "Care-of Keygen Token", _CARE_OF, "care_of_token")]


@described("Correspondent Home Address option", f"draft 4.2{PROPOSED}", number=243, alignment=(8, 6))
class CorrespondentHomeAddressOption(Option):
    """Whose peer the node of option 241 is, since an agent serves many (N113, N114)."""

    address: Annotated[IPv6Address, Row(0, 16, "Home Address", words.address, "cn-home")]


_PRIVATE_KEY = words.opaque("DER RSAPrivateKey (RFC 8017 A.1.2)")


@described("Private Key option", f"draft 4.2.1{PROPOSED}", number=244)
class PrivateKeyOption(Option):
    """A mobile node's RSAPrivateKey, in as many slices as it needs."""

    key: Annotated[
        bytes,
        Row(
            0,
            None,
            "Private Key",
            _PRIVATE_KEY,
            "private-key",
            further=Row(0, None, "Private Key, continued", _FURTHER),
        ),
    ]


@described("Binding Update List Entry option", f"draft 4.2.1{PROPOSED}", number=245, alignment=(8, 6))
class BindingUpdateListEntryOption(Option):
    """One correspondent of the mobile node (N082, N121, N145).

    Args:
        correspondent: its address; for one that a peer agent serves its home address.
        care_of_address: that peer agent, :: where the correspondent speaks for itself.
        sequence: the last number sent (A-14).
        handover_token: HT, where there is one.
    """

    correspondent: Annotated[IPv6Address, Row(0, 16, "Correspondent Address", words.address, "entry-correspondent")]
    care_of_address: Annotated[IPv6Address, Row(16, 16, "Care-of Address", words.address_or_none, "peer")]
    sequence: Annotated[int, Row(32, 2, "Sequence #", words.number("last sequence number"), "entry-seq")]
    handover_token: Annotated[
        bytes | None, Row(34, TOKEN_OCTETS, "Handover Home Keygen Token", _HANDOVER, "entry-handover", optional=True)
    ] = None


@described("Explicit Trigger option", f"draft 4.1{PROPOSED}", number=246, carries="explicit-trigger")
class ExplicitTriggerOption(Option):
    """Empty: optimisation starts only when the mobile node asks for it (N100-N103)."""


_DELEGATION = (
    Row(0, 4, "Serial", words.number("serial number"), "delegation-serial"),
    Row(4, 2, "Lifetime", words.seconds, "delegation-lifetime"),
    Row(6, 16, "Care-of Address", words.address, "delegation-care-of"),
    Row(22, None, "Public Key, Signature", words.opaque("the agent's key and the node's signature"), "delegation"),
)


@described("Delegation option", f"amendment agent_key{PROPOSED}", number=247)
class DelegationOption(Option):
    """What `delegation.read` takes, in as many slices as it needs."""

    delegation: Annotated[
        bytes,
        Row(
            0,
            None,
            "Delegation",
            words.payload,
            parts=_DELEGATION,
            further=Row(0, None, "Public Key, Signature, continued", _FURTHER),
        ),
    ]


@dataclass(frozen=True, slots=True)
class UnknownOption(Option):
    """Any other type: kept for the record, skipped by receivers (RFC 6275 6.2.1)."""

    option_type: int
    data: bytes


OPTIONS = {
    PAD1: Format("padding", "RFC 6275 6.2.2"),
    PADN: Format("padding", "RFC 6275 6.2.3"),
    EXPERIMENTAL: Format("Experimental option", "RFC 5096", (Row(0, None, "Data", words.payload),)),
    **{format.number: format for kind, format in FORMATS.items() if issubclass(kind, Option)},
}
"""What follows Type and Length of an option, by its type."""
