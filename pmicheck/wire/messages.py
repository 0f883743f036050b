"""Mobility Header messages: a class each, with its rows of the table (RFC 6275 6.1, the draft's 4.2, 8.1 and 8.2).

Integers are as on the wire: a lifetime counts units of 4 seconds, a sequence number or nonce index has 16
bit. Nothing is checked when a message is made; `codec.encode` refuses what does not fit. Formats of the draft's section
4 are proposed here, since it has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Annotated, dataclass_transform

from pmicheck.wire import words
from pmicheck.wire.constants import (
    COOKIE_OCTETS,
    TOKEN_OCTETS,
    BindingAcknowledgementFlag,
    BindingErrorStatus,
    BindingUpdateFlag,
    MessageType,
    Status,
)
from pmicheck.wire.fields import FORMATS, Described, Row, described
from pmicheck.wire.headers import MOBILITY_HEADER
from pmicheck.wire.option_kinds import PROPOSED, Option


class Message:
    """A message of any type."""

    __slots__ = ()

    @property
    def options(self) -> tuple[Option, ...]:
        """None, where it is not known where they begin."""
        return ()


@dataclass(frozen=True, slots=True)
class KnownMessage(Message):
    """A message of a type that has a format."""

    options: tuple[Option, ...] = field(default=(), kw_only=True)


@dataclass_transform(frozen_default=True)
def message(number: MessageType, section: str) -> Callable[[type[Described]], type[Described]]:
    """Enters a class of messages in the table; its rows begin behind the part that all messages have."""
    return described(number.words, section, number=number, start=MOBILITY_HEADER.end, end=8)


_COMES_BACK = words.opaque("comes back in the answer")
_HomeCookie = Annotated[bytes, Row(8, COOKIE_OCTETS, "Home Init Cookie", _COMES_BACK, "cookie")]
_CareOfCookie = Annotated[bytes, Row(8, COOKIE_OCTETS, "Care-of Init Cookie", _COMES_BACK, "cookie")]
_HomeNonce = Annotated[int, Row(6, 2, "Home Nonce Index", words.number("home nonce index"), "nonce")]
_CareOfNonce = Annotated[int, Row(6, 2, "Care-of Nonce Index", words.number("care-of nonce index"), "nonce")]
_HomeToken = Annotated[bytes, Row(16, TOKEN_OCTETS, "Home Keygen Token", words.token("home keygen token"), "token")]
_CareOfToken = Annotated[
    bytes, Row(16, TOKEN_OCTETS, "Care-of Keygen Token", words.token("care-of keygen token"), "token")
]
_Transaction = Annotated[int, Row(6, 2, "Transaction Id", words.number("transaction"), "number")]
_HomeAddress = Annotated[IPv6Address, Row(8, 16, "Home Address", words.address, "home")]
_SEQUENCE = words.number("sequence number")
_NO_UPDATE_FLAGS = BindingUpdateFlag(0)
_NO_ACKNOWLEDGEMENT_FLAGS = BindingAcknowledgementFlag(0)


@message(MessageType.BINDING_REFRESH_REQUEST, "RFC 6275 6.1.2")
class BindingRefreshRequest(KnownMessage):
    """Asks the mobile node to renew its binding."""


@message(MessageType.HOME_TEST_INIT, "RFC 6275 6.1.3")
class HomeTestInit(KnownMessage):
    """HoTI."""

    cookie: _HomeCookie


@message(MessageType.CARE_OF_TEST_INIT, "RFC 6275 6.1.4")
class CareOfTestInit(KnownMessage):
    """CoTI."""

    cookie: _CareOfCookie


@message(MessageType.HOME_TEST, "RFC 6275 6.1.5")
class HomeTest(KnownMessage):
    """HoT."""

    nonce_index: _HomeNonce
    cookie: _HomeCookie
    token: _HomeToken


@message(MessageType.CARE_OF_TEST, "RFC 6275 6.1.6")
class CareOfTest(KnownMessage):
    """CoT."""

    nonce_index: _CareOfNonce
    cookie: _CareOfCookie
    token: _CareOfToken


@message(MessageType.BINDING_UPDATE, "RFC 6275 6.1.7")
class BindingUpdate(KnownMessage):
    """BU, and PBU with the flag PROXY_REGISTRATION; lifetime 0 deregisters."""

    sequence: Annotated[int, Row(6, 2, "Sequence #", _SEQUENCE, "seq")]
    lifetime: Annotated[int, Row(10, 2, "Lifetime", words.lifetime, "lifetime")]
    flags: Annotated[
        BindingUpdateFlag, Row(8, 2, "A H L K M R P flags, Reserved", words.flags(BindingUpdateFlag), "proxy")
    ] = _NO_UPDATE_FLAGS


@message(MessageType.BINDING_ACKNOWLEDGEMENT, "RFC 6275 6.1.8")
class BindingAcknowledgement(KnownMessage):
    """BA, and PBA with the flag PROXY_REGISTRATION; `status` compares with `constants.Status`."""

    status: Annotated[int, Row(6, 1, "Status", words.status(Status), "status")]
    sequence: Annotated[int, Row(8, 2, "Sequence #", _SEQUENCE, "seq")]
    lifetime: Annotated[int, Row(10, 2, "Lifetime", words.seconds, "lifetime")]
    flags: Annotated[
        BindingAcknowledgementFlag,
        Row(7, 1, "K R P flags, Reserved", words.flags(BindingAcknowledgementFlag), "proxy"),
    ] = _NO_ACKNOWLEDGEMENT_FLAGS


@message(MessageType.BINDING_ERROR, "RFC 6275 6.1.9")
class BindingError(KnownMessage):
    """BE; `status` compares with `constants.BindingErrorStatus`."""

    status: Annotated[int, Row(6, 1, "Status", words.status(BindingErrorStatus), "status")]
    home_address: Annotated[IPv6Address, Row(8, 16, "Home Address", words.address_or_none, "home")]


@message(MessageType.PROXY_HOME_TEST_INIT, "draft 8.2")
class ProxyHomeTestInit(KnownMessage):
    """PHoTI; `care_of_address` is that of the mobile node."""

    cookie: _HomeCookie
    care_of_address: Annotated[IPv6Address, Row(16, 16, "Care-of Address", words.address, "care_of")]


@message(MessageType.PROXY_HOME_TEST, "draft 8.1")
class ProxyHomeTest(KnownMessage):
    """PHoT; `care_of_address` is that of the correspondent."""

    nonce_index: _HomeNonce
    cookie: _HomeCookie
    token: _HomeToken
    care_of_address: Annotated[IPv6Address, Row(24, 16, "Care-of Address", words.address, "care_of")]


@message(MessageType.BINDING_CACHE_REQUEST, f"draft 4.2{PROPOSED}")
class BindingCacheRequest(KnownMessage):
    """Asks a home agent where a home address is registered (N111); `transaction` comes back in the answer."""

    transaction: _Transaction
    home_address: _HomeAddress


@message(MessageType.BINDING_CACHE_ACKNOWLEDGEMENT, f"draft 4.2{PROPOSED}")
class BindingCacheAcknowledgement(KnownMessage):
    """The answer; `care_of_address` is :: where there is no binding (N112)."""

    transaction: _Transaction
    home_address: _HomeAddress
    care_of_address: Annotated[IPv6Address, Row(24, 16, "Care-of Address", words.address_or_none, "care_of")]


@message(MessageType.CONTEXT_TRANSFER_REQUEST, f"draft 4.2.1{PROPOSED}")
class ContextTransferRequest(KnownMessage):
    """Asks the previous agent for all it knows of a mobile node (N121)."""

    transaction: _Transaction
    home_address: _HomeAddress


@message(MessageType.CONTEXT_TRANSFER_DATA, f"draft 4.2.1{PROPOSED}")
class ContextTransferData(KnownMessage):
    """The answer (N121).

    Its options are the user profile, that is CGA Parameters, Private Key and perhaps Explicit Trigger, and one
    Binding Update List Entry for each correspondent.
    """

    transaction: _Transaction
    home_address: _HomeAddress


@dataclass(frozen=True, slots=True)
class UnknownMessage(Message):
    """Any other MH Type, with its Message Data as it came; a receiver answers with Binding Error status 2."""

    message_type: int
    data: bytes


MESSAGES = {format.number: format for kind, format in FORMATS.items() if issubclass(kind, KnownMessage)}
"""What a Mobility Header of each type holds between octet 6 and its options."""
