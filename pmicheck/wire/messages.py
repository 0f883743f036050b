"""Mobility Header messages and the layout of their fixed parts (RFC 6275 6.1, the draft's 4.2, 8.1 and 8.2).

Integers are as on the wire: a lifetime counts units of 4 seconds, a sequence number or nonce index has 16
bit. Nothing is checked when a message is made; `wire.encode` refuses what does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from pmicheck.wire.constants import (
    COOKIE_OCTETS,
    TOKEN_OCTETS,
    BindingAcknowledgementFlag,
    BindingUpdateFlag,
    MessageType,
)
from pmicheck.wire.fields import Address, Layout, Number, Octets, Reserved, size_of
from pmicheck.wire.option_kinds import Option

MESSAGE_DATA_START = 6
"""Octets before the Message Data: Payload Proto, Header Len, MH Type, Reserved and Checksum."""

_NO_UPDATE_FLAGS = BindingUpdateFlag(0)
_NO_ACKNOWLEDGEMENT_FLAGS = BindingAcknowledgementFlag(0)


@dataclass(frozen=True, slots=True)
class BindingRefreshRequest:
    """Type 0: asks the mobile node to renew its binding."""

    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeTestInit:
    """Type 1 (HoTI); `cookie` of 8 octets."""

    cookie: bytes
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class CareOfTestInit:
    """Type 2 (CoTI); `cookie` of 8 octets."""

    cookie: bytes
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeTest:
    """Type 3 (HoT); home nonce index, home init cookie and home keygen token."""

    nonce_index: int
    cookie: bytes
    token: bytes
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class CareOfTest:
    """Type 4 (CoT); care-of nonce index, care-of init cookie and care-of keygen token."""

    nonce_index: int
    cookie: bytes
    token: bytes
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingUpdate:
    """Type 5 (BU, and PBU with the flag PROXY_REGISTRATION); lifetime 0 deregisters."""

    sequence: int
    lifetime: int
    flags: BindingUpdateFlag = _NO_UPDATE_FLAGS
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingAcknowledgement:
    """Type 6 (BA, and PBA with the flag PROXY_REGISTRATION); `status` compares with `constants.Status`."""

    status: int
    sequence: int
    lifetime: int
    flags: BindingAcknowledgementFlag = _NO_ACKNOWLEDGEMENT_FLAGS
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingError:
    """Type 7 (BE); `status` compares with `constants.BindingErrorStatus`."""

    status: int
    home_address: IPv6Address
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxyHomeTestInit:
    """Type 240, proposed here (PHoTI, the draft's 8.2); `care_of_address` is that of the mobile node."""

    cookie: bytes
    care_of_address: IPv6Address
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxyHomeTest:
    """Type 241, proposed here (PHoT, the draft's 8.1); `care_of_address` is that of the correspondent."""

    nonce_index: int
    cookie: bytes
    token: bytes
    care_of_address: IPv6Address
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingCacheRequest:
    """Type 242, proposed here: asks a home agent where a home address is registered (the draft's 4.2; N111).

    `transaction` has 16 bit and comes back in the answer.
    """

    transaction: int
    home_address: IPv6Address
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingCacheAcknowledgement:
    """Type 243, proposed here: the answer; `care_of_address` is :: where there is no binding (N112)."""

    transaction: int
    home_address: IPv6Address
    care_of_address: IPv6Address
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextTransferRequest:
    """Type 244, proposed here: asks the previous agent for all it knows of a mobile node (4.2.1; N121)."""

    transaction: int
    home_address: IPv6Address
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextTransferData:
    """Type 245, proposed here: the answer (4.2.1; N121).

    Its options are the user profile, that is CGA Parameters, Private Key and perhaps Explicit Trigger, and one
    Binding Update List Entry for each correspondent.
    """

    transaction: int
    home_address: IPv6Address
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """Any other MH Type, with its Message Data as it came; a receiver answers with Binding Error status 2."""

    message_type: int
    data: bytes

    @property
    def options(self) -> tuple[Option, ...]:
        """None: where the options of an unknown message begin is not known."""
        return ()


KnownMessage = (
    BindingRefreshRequest
    | HomeTestInit
    | CareOfTestInit
    | HomeTest
    | CareOfTest
    | BindingUpdate
    | BindingAcknowledgement
    | BindingError
    | ProxyHomeTestInit
    | ProxyHomeTest
    | BindingCacheRequest
    | BindingCacheAcknowledgement
    | ContextTransferRequest
    | ContextTransferData
)
Message = KnownMessage | UnknownMessage

_COOKIE = Octets("cookie", COOKIE_OCTETS)
_TOKEN = Octets("token", TOKEN_OCTETS)
_NONCE_INDEX = Number("nonce_index", 2)
_TRANSACTION = Number("transaction", 2)
_HOME_ADDRESS = Address("home_address")

KINDS: dict[MessageType, tuple[type[KnownMessage], Layout]] = {
    MessageType.BINDING_REFRESH_REQUEST: (BindingRefreshRequest, (Reserved(2),)),
    MessageType.HOME_TEST_INIT: (HomeTestInit, (Reserved(2), _COOKIE)),
    MessageType.CARE_OF_TEST_INIT: (CareOfTestInit, (Reserved(2), _COOKIE)),
    MessageType.HOME_TEST: (HomeTest, (_NONCE_INDEX, _COOKIE, _TOKEN)),
    MessageType.CARE_OF_TEST: (CareOfTest, (_NONCE_INDEX, _COOKIE, _TOKEN)),
    MessageType.BINDING_UPDATE: (
        BindingUpdate,
        (Number("sequence", 2), Number("flags", 2, BindingUpdateFlag), Number("lifetime", 2)),
    ),
    MessageType.BINDING_ACKNOWLEDGEMENT: (
        BindingAcknowledgement,
        (
            Number("status", 1),
            Number("flags", 1, BindingAcknowledgementFlag),
            Number("sequence", 2),
            Number("lifetime", 2),
        ),
    ),
    MessageType.BINDING_ERROR: (BindingError, (Number("status", 1), Reserved(1), _HOME_ADDRESS)),
    MessageType.PROXY_HOME_TEST_INIT: (ProxyHomeTestInit, (Reserved(2), _COOKIE, Address("care_of_address"))),
    MessageType.PROXY_HOME_TEST: (ProxyHomeTest, (_NONCE_INDEX, _COOKIE, _TOKEN, Address("care_of_address"))),
    MessageType.BINDING_CACHE_REQUEST: (BindingCacheRequest, (_TRANSACTION, _HOME_ADDRESS)),
    MessageType.BINDING_CACHE_ACKNOWLEDGEMENT: (
        BindingCacheAcknowledgement,
        (_TRANSACTION, _HOME_ADDRESS, Address("care_of_address")),
    ),
    MessageType.CONTEXT_TRANSFER_REQUEST: (ContextTransferRequest, (_TRANSACTION, _HOME_ADDRESS)),
    MessageType.CONTEXT_TRANSFER_DATA: (ContextTransferData, (_TRANSACTION, _HOME_ADDRESS)),
}
"""What a Mobility Header of each type holds between octet 6 and its options."""

TYPE_OF: dict[type[KnownMessage], MessageType] = {kind: message_type for message_type, (kind, _) in KINDS.items()}


def options_start(message_type: MessageType) -> int:
    """Offset of the first option in a header of this type, in octets."""
    return MESSAGE_DATA_START + size_of(KINDS[message_type][1])


def minimum_octets(message_type: MessageType) -> int:
    """Shortest header of this type, in octets: the fixed part, rounded up to a multiple of 8."""
    return -(-options_start(message_type) // 8) * 8
