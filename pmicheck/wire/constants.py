"""The numbers of the wire formats, each with its meaning in words, and the constants of the protocols.

The sources are RFC 6275 (6.1, 6.2, 12), RFC 4866 (5, 7), RFC 5213 (8), RFC 5555 (3.1) and RFC 8200. The numbers of
options are in `option_kinds`. Message types from 240 upwards are this project's proposal: the draft says "TBD", and the
experimental range of RFC 5096 holds one message type only, where the draft needs two (protocol-facts 1.2). For the
messages 242 to 245 of its section 4 the draft has neither number nor format.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Self


class Numbers(IntEnum):
    """Numbers, each with its meaning in words."""

    words: str

    def __new__(cls, value: int, words: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_, member.words = value, words
        return member


class Flags(IntFlag):
    """Flags, each with its meaning in words, which begin with the letter that the specification gives it."""

    words: str

    def __new__(cls, value: int, words: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_, member.words = value, words
        return member


class NextHeader(Numbers):
    """IPv6 Next Header values that occur in our packets."""

    UDP = 17, "UDP"
    IPV6 = 41, "IPv6"
    ROUTING = 43, "Routing header"
    NONE = 59, "nothing"
    DESTINATION_OPTIONS = 60, "Destination Options header"
    MOBILITY = 135, "Mobility Header"


class MessageType(Numbers):
    """MH Type (RFC 6275 6.1.2-6.1.9; the draft's section 8)."""

    BINDING_REFRESH_REQUEST = 0, "Binding Refresh Request"
    HOME_TEST_INIT = 1, "Home Test Init"
    CARE_OF_TEST_INIT = 2, "Care-of Test Init"
    HOME_TEST = 3, "Home Test"
    CARE_OF_TEST = 4, "Care-of Test"
    BINDING_UPDATE = 5, "Binding Update"
    BINDING_ACKNOWLEDGEMENT = 6, "Binding Acknowledgement"
    BINDING_ERROR = 7, "Binding Error"
    PROXY_HOME_TEST_INIT = 240, "Proxy Home Test Init"
    PROXY_HOME_TEST = 241, "Proxy Home Test"
    BINDING_CACHE_REQUEST = 242, "Binding Cache Request"
    BINDING_CACHE_ACKNOWLEDGEMENT = 243, "Binding Cache Acknowledgement"
    CONTEXT_TRANSFER_REQUEST = 244, "Context Transfer Request"
    CONTEXT_TRANSFER_DATA = 245, "Context Transfer Data"


class BindingUpdateFlag(Flags):
    """Flags of a Binding Update, 16 bit (RFC 6275 6.1.7, RFC 5380, RFC 3963, RFC 5213 8.1); other bits are kept."""

    ACKNOWLEDGE = 0x8000, "A: acknowledgement requested"
    HOME_REGISTRATION = 0x4000, "H: home registration"
    LINK_LOCAL_COMPATIBILITY = 0x2000, "L: link-local address compatibility"
    KEY_MANAGEMENT = 0x1000, "K: key management mobility capability"
    MAP_REGISTRATION = 0x0800, "M: registration with a mobility anchor point"
    MOBILE_ROUTER = 0x0400, "R: mobile router"
    PROXY_REGISTRATION = 0x0200, "P: proxy registration"


class BindingAcknowledgementFlag(Flags):
    """Flags of a Binding Acknowledgement, one octet (RFC 6275 6.1.8, RFC 3963, RFC 5213 8.2)."""

    KEY_MANAGEMENT = 0x80, "K: key management mobility capability"
    MOBILE_ROUTER = 0x40, "R: mobile router"
    PROXY_REGISTRATION = 0x20, "P: proxy registration"


class Status(Numbers):
    """Status of a Binding Acknowledgement; below 128 the binding was accepted.

    RFC 6275 6.1.8, RFC 4866 5.7, RFC 5213 8.9. Drafts of PMIPv6 before RFC 5213 used 145 to 148 for proxy
    errors (147 "no home address for this NAI", 148 "invalid time stamp"), which collides with RFC 4866; the
    RFC's meaning stands here.
    """

    ACCEPTED = 0, "Binding Update accepted"
    ACCEPTED_PREFIX_DISCOVERY_NEEDED = 1, "accepted but prefix discovery necessary"
    UNSPECIFIED = 128, "reason unspecified"
    ADMINISTRATIVELY_PROHIBITED = 129, "administratively prohibited"
    INSUFFICIENT_RESOURCES = 130, "insufficient resources"
    HOME_REGISTRATION_NOT_SUPPORTED = 131, "home registration not supported"
    NOT_HOME_SUBNET = 132, "not home subnet"
    NOT_HOME_AGENT_FOR_THIS_NODE = 133, "not home agent for this mobile node"
    DUPLICATE_ADDRESS_DETECTION_FAILED = 134, "Duplicate Address Detection failed"
    SEQUENCE_NUMBER_OUT_OF_WINDOW = 135, "sequence number out of window"
    EXPIRED_HOME_NONCE_INDEX = 136, "expired home nonce index"
    EXPIRED_CARE_OF_NONCE_INDEX = 137, "expired care-of nonce index"
    EXPIRED_NONCES = 138, "expired nonces"
    REGISTRATION_TYPE_CHANGE_DISALLOWED = 139, "registration type change disallowed"
    PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE = 147, "permanent home keygen token unavailable"
    CGA_AND_SIGNATURE_VERIFICATION_FAILED = 148, "CGA and signature verification failed"
    PERMANENT_HOME_KEYGEN_TOKEN_EXISTS = 149, "permanent home keygen token exists"
    NON_NULL_HOME_NONCE_INDEX_EXPECTED = 150, "non-null home nonce index expected"
    PROXY_REGISTRATION_NOT_ENABLED = 152, "proxy registration not enabled"
    NOT_LOCAL_MOBILITY_ANCHOR_FOR_THIS_NODE = 153, "not local mobility anchor for this mobile node"
    GATEWAY_NOT_AUTHORIZED_FOR_PROXY_REGISTRATION = 154, "not authorised for proxy registration"
    NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX = 155, "not authorised for the home network prefix"
    TIMESTAMP_MISMATCH = 156, "timestamp mismatch"
    TIMESTAMP_LOWER_THAN_PREVIOUSLY_ACCEPTED = 157, "timestamp lower than previously accepted"
    MISSING_HOME_NETWORK_PREFIX_OPTION = 158, "Home Network Prefix option missing"
    PREFIX_SETS_DO_NOT_MATCH = 159, "prefixes do not match those of the binding"
    MISSING_MOBILE_NODE_IDENTIFIER_OPTION = 160, "Mobile Node Identifier option missing"
    MISSING_HANDOFF_INDICATOR_OPTION = 161, "Handoff Indicator option missing"
    MISSING_ACCESS_TECHNOLOGY_TYPE_OPTION = 162, "Access Technology Type option missing"
    INVALID_CARE_OF_ADDRESS = 174, "invalid care-of address"


class BindingErrorStatus(Numbers):
    """Status of a Binding Error (RFC 6275 6.1.9)."""

    UNKNOWN_BINDING = 1, "unknown binding for a Home Address destination option"
    UNRECOGNISED_MESSAGE_TYPE = 2, "unrecognised MH Type"


class IdentifierSubtype(Numbers):
    """Subtype of the Mobile Node Identifier option (RFC 4283)."""

    NAI = 1, "NAI"


# Sizes, in octets.
COOKIE_OCTETS = 8
TOKEN_OCTETS = 8
AUTHENTICATOR_OCTETS = 12
NODE_KEY_OCTETS = 20
"""Kcn and Kbm (RFC 6275 5.2.1, 5.2.5): one SHA-1 value."""
MAX_OPTION_DATA_OCTETS = 255
"""The Length of a mobility option is one octet: a signature of RSA-2048, 256 octets, does not fit."""
MAX_MOBILITY_HEADER_OCTETS = 2048
"""8 * (255 + 1): Header Len is one octet and does not count the first eight octets."""

# Fixed values in other headers.
TYPE_2_ROUTING = 2
"""Routing Type of the routing header that holds a home address (RFC 6275 6.4)."""
LIFETIME_UNIT = 4
"""Seconds for each unit of a Lifetime or Refresh Interval field (RFC 6275 6.1.7, 6.2.4)."""

# Timers, in seconds (protocol-facts 3.12).
MAX_TOKEN_LIFETIME = 210
"""A node should not use a keygen token for longer (RFC 6275 12)."""
MAX_NONCE_LIFETIME = 240
"""A correspondent must not accept a nonce for longer (RFC 6275 12)."""
MAX_RR_BINDING_LIFETIME = 420
"""The seven minutes of the draft's 3.5 (RFC 6275 12)."""
MAX_CGA_BINDING_LIFETIME = 86_400
"""Lifetime field 21600 (RFC 4866 7)."""
CREDIT_AGING_INTERVAL = 5
INITIAL_BINDACK_TIMEOUT = 1
MAX_BINDACK_TIMEOUT = 32
NONCE_RENEWAL_INTERVAL = 30
"""The convenient rule of RFC 6275 5.2.2: a new nonce this often, the last ACCEPTED_NONCES of them good."""

# Other bounds.
ACCEPTED_NONCES = 8
CREDIT_AGING_FACTOR = (7, 8)
"""Numerator and denominator (RFC 4866 7); a pair, so that credit stays an integer."""
MAX_UPDATE_RATE = 3
"""Mobility headers of one type for each second and correspondent (RFC 6275 12)."""
MAX_RO_FAILURE = 3
SEQUENCE_MODULUS = 1 << 16
SEQUENCE_WINDOW = 1 << 15
"""s is not greater than the last number iff (last - s) mod SEQUENCE_MODULUS <= this (RFC 6275 9.5.1)."""
