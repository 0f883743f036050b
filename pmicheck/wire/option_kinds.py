"""Mobility options: a class each, with its rows of the table, its number, and where it must stand.

RFC 6275 6.2, RFC 4866 5, RFC 4283, RFC 5555 3.1.1, the draft's 4.2.1 and 8.3. Numbers from 240 upwards are this
project's proposal: the draft says "TBD", and the experimental range of RFC 5096 holds one option type only
(protocol-facts 1.3). Option 247 belongs to an amendment of this project, not to the draft. `options` writes and reads
them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, TypeVar

from pmicheck.wire import words
from pmicheck.wire.constants import AUTHENTICATOR_OCTETS, TOKEN_OCTETS, IdentifierSubtype
from pmicheck.wire.fields import Format, Row, rows_of

PROPOSED = ", format proposed here"
PAD1, PADN = 0, 1
"""Padding, in destination options and in mobility options alike."""
EXPERIMENTAL = 18
"""Of RFC 5096; the codec leaves its data as they are."""

OPTIONS = {
    PAD1: Format("padding", "RFC 6275 6.2.2"),
    PADN: Format("padding", "RFC 6275 6.2.3"),
    EXPERIMENTAL: Format("Experimental option", "RFC 5096", (Row(0, None, "Data", words.payload),)),
}
"""What stands behind Type and Length of an option, by its type."""
FORMAT_OF_OPTION: dict[type[Option], Format] = {}
_Kind = TypeVar("_Kind", bound="type[Option]")


class Option:
    """An option of any type."""

    __slots__ = ()


def option(
    number: int, title: str, section: str, carries: str = "", *, alignment: tuple[int, int] = (1, 0)
) -> Callable[[_Kind], _Kind]:
    """Enters a class of options in the table."""

    def enter(kind: _Kind) -> _Kind:
        rows = rows_of(kind)
        OPTIONS[number] = FORMAT_OF_OPTION[kind] = Format(title, section, rows, kind, number, carries, alignment)
        return kind

    return enter


@option(2, "Binding Refresh Advice option", "RFC 6275 6.2.4", alignment=(2, 0))
@dataclass(frozen=True, slots=True)
class BindingRefreshAdviceOption(Option):
    """`interval` in units of 4 seconds."""

    interval: Annotated[int, Row(0, 2, "Refresh Interval", words.seconds, "refresh")]


@option(3, "Alternate Care-of Address option", "RFC 6275 6.2.5", alignment=(8, 6))
@dataclass(frozen=True, slots=True)
class AlternateCareOfAddressOption(Option):
    """The care-of address to register in place of the IPv6 source."""

    address: Annotated[IPv6Address, Row(0, 16, "Alternate Care-of Address", words.address, "alternate")]


@option(4, "Nonce Indices option", "RFC 6275 6.2.6", alignment=(2, 0))
@dataclass(frozen=True, slots=True)
class NonceIndicesOption(Option):
    """Which nonces the tokens came from."""

    home: Annotated[int, Row(0, 2, "Home Nonce Index", words.number("home nonce index"), "nonce")]
    care_of: Annotated[int, Row(2, 2, "Care-of Nonce Index", words.number("care-of nonce index"), "care_of_nonce")]


@option(5, "Binding Authorization Data option", "RFC 6275 6.2.7", alignment=(8, 2))
@dataclass(frozen=True, slots=True)
class BindingAuthorizationDataOption(Option):
    """The MAC; always last. The default is for `codec.seal`."""

    authenticator: Annotated[
        bytes, Row(0, AUTHENTICATOR_OCTETS, "Authenticator", words.opaque("First(96, HMAC-SHA1)"), "mac")
    ] = bytes(AUTHENTICATOR_OCTETS)


@option(8, "Mobile Node Identifier option", "RFC 4283 3")
@dataclass(frozen=True, slots=True)
class MobileNodeIdentifierOption(Option):
    """A network access identifier, if the subtype is 1."""

    identifier: Annotated[bytes, Row(1, None, "Identifier", words.text, "identifier")]
    subtype: Annotated[int, Row(0, 1, "Subtype", words.counted("subtype", IdentifierSubtype))] = IdentifierSubtype.NAI


@option(11, "CGA Parameters Request option", "RFC 4866 5.6", "cga-request")
@dataclass(frozen=True, slots=True)
class CgaParametersRequestOption(Option):
    """Empty: asks the correspondent for its CGA Parameters."""


_FURTHER = words.opaque("further slice")
_CGA_PARAMETERS = (
    Row(0, 16, "Modifier", words.opaque("modifier"), section="RFC 3972 3"),
    Row(16, 8, "Subnet Prefix", words.prefix, section="RFC 3972 3"),
    Row(24, 1, "Collision Count", words.number("collision count"), section="RFC 3972 3"),
    Row(25, None, "Public Key", words.opaque("public key, DER SubjectPublicKeyInfo"), "key", "RFC 3972 3"),
)


@option(12, "CGA Parameters option", "RFC 4866 5.1")
@dataclass(frozen=True, slots=True)
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


@option(13, "Signature option", "RFC 4866 5.2")
@dataclass(frozen=True, slots=True)
class SignatureOption(Option):
    """RSA signature, as long as the modulus. The default is for `codec.seal`."""

    signature: Annotated[bytes, Row(0, None, "Signature", words.opaque("RSA signature"), "sig")] = b""


_PERMANENT = words.token("permanent home keygen token")


@option(14, "Permanent Home Keygen Token option", "RFC 4866 5.3")
@dataclass(frozen=True, slots=True)
class PermanentHomeKeygenTokenOption(Option):
    """Ciphertext of the permanent token, as long as the modulus."""

    ciphertext: Annotated[bytes, Row(0, None, "Permanent Home Keygen Token", _PERMANENT, "PT")]


@option(15, "Care-of Test Init option", "RFC 4866 5.4", "test")
@dataclass(frozen=True, slots=True)
class CareOfTestInitOption(Option):
    """Empty: asks for a care-of keygen token."""


_CARE_OF = words.token("care-of keygen token")


@option(16, "Care-of Test option", "RFC 4866 5.5")
@dataclass(frozen=True, slots=True)
class CareOfTestOption(Option):
    """Care-of keygen token, in clear."""

    token: Annotated[bytes, Row(0, TOKEN_OCTETS, "Care-of Keygen Token", _CARE_OF, "care_of_token")]


@option(29, "IPv4 Home Address option", "RFC 5555 3.1.1", alignment=(4, 0))
@dataclass(frozen=True, slots=True)
class IPv4HomeAddressOption(Option):
    """A proxy update for route optimisation must not hold it (N155).

    `prefix` is the 16-bit word before the address: six bits of prefix length, one flag, the rest reserved.
    """

    prefix: Annotated[int, Row(0, 2, "Prefix-len, P, Reserved", words.prefix_length)]
    address: Annotated[IPv4Address, Row(2, 4, "IPv4 home address", words.address_v4, "home-v4")]


_HANDOVER = words.token("handover home keygen token")


@option(240, "Handover Home Keygen Token option", "draft 8.3")
@dataclass(frozen=True, slots=True)
class HandoverHomeKeygenTokenOption(Option):
    """Ciphertext of the handover token."""

    ciphertext: Annotated[bytes, Row(0, None, "Handover Home Keygen Token", _HANDOVER, "HT")]


@option(241, "Mobile Node Home Address option", f"draft 7{PROPOSED}", alignment=(8, 6))
@dataclass(frozen=True, slots=True)
class MobileNodeHomeAddressOption(Option):
    """The home address inside the MAC, since the draft's 7 forbids it outside (A-04)."""

    address: Annotated[IPv6Address, Row(0, 16, "Home Address", words.address, "mn-home")]


@option(242, "Encrypted Care-of Test option", f"draft 3.4{PROPOSED}")
@dataclass(frozen=True, slots=True)
class EncryptedCareOfTestOption(Option):
    """Ciphertext of the care-of token (A-10)."""

    ciphertext: Annotated[bytes, Row(0, None, "Care-of Keygen Token", _CARE_OF, "care_of_token")]


@option(243, "Correspondent Home Address option", f"draft 4.2{PROPOSED}", alignment=(8, 6))
@dataclass(frozen=True, slots=True)
class CorrespondentHomeAddressOption(Option):
    """Whose peer the node of option 241 is, since an agent serves many (N113, N114)."""

    address: Annotated[IPv6Address, Row(0, 16, "Home Address", words.address, "cn-home")]


_PRIVATE_KEY = words.opaque("DER RSAPrivateKey (RFC 8017 A.1.2)")


@option(244, "Private Key option", f"draft 4.2.1{PROPOSED}")
@dataclass(frozen=True, slots=True)
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


@option(245, "Binding Update List Entry option", f"draft 4.2.1{PROPOSED}", alignment=(8, 6))
@dataclass(frozen=True, slots=True)
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


@option(246, "Explicit Trigger option", f"draft 4.1{PROPOSED}", "explicit-trigger")
@dataclass(frozen=True, slots=True)
class ExplicitTriggerOption(Option):
    """Empty: optimisation starts only when the mobile node asks for it (N100-N103)."""


_DELEGATION = (
    Row(0, 4, "Serial", words.number("serial number"), "delegation-serial"),
    Row(4, 2, "Lifetime", words.seconds, "delegation-lifetime"),
    Row(6, 16, "Care-of Address", words.address, "delegation-care-of"),
    Row(22, None, "Public Key, Signature", words.opaque("the agent's key and the node's signature"), "delegation"),
)


@option(247, "Delegation option", f"amendment agent_key{PROPOSED}")
@dataclass(frozen=True, slots=True)
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


FORMAT_OF_OPTION[UnknownOption] = Format("unknown option", "RFC 6275 6.2.1")
