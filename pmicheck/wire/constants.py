"""Every number of the wire format, in one place.

The sources are RFC 6275 (6.1, 6.2, 12), RFC 4866 (5, 7), RFC 5213 (8), RFC 5555 (3.1) and RFC 8200. Numbers
from 240 upwards are this project's proposal: the draft says "TBD", and the experimental ranges of RFC 5096 hold
one message type and one option type only, where the draft needs two and one (protocol-facts 1.2, 1.3). For the
messages 242 to 245 of its section 4 the draft has neither number nor format, so those are proposed here too:

    242 Binding Cache Request          Transaction id (2), Home Address (16)
    243 Binding Cache Acknowledgement  Transaction id (2), Home Address (16), Care-of Address (16; :: for no binding)
    244 Context Transfer Request       Transaction id (2), Home Address (16)
    245 Context Transfer Data          Transaction id (2), Home Address (16), then the options 12 and 244 to 246

Option 247 belongs to an amendment of this project (`delegation`), not to the draft.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class NextHeader(IntEnum):
    """IPv6 Next Header values that occur in our packets."""

    UDP = 17
    IPV6 = 41
    ROUTING = 43
    NONE = 59
    DESTINATION_OPTIONS = 60
    MOBILITY = 135


class MessageType(IntEnum):
    """MH Type (RFC 6275 6.1.2-6.1.9; the draft's section 8)."""

    BINDING_REFRESH_REQUEST = 0
    HOME_TEST_INIT = 1
    CARE_OF_TEST_INIT = 2
    HOME_TEST = 3
    CARE_OF_TEST = 4
    BINDING_UPDATE = 5
    BINDING_ACKNOWLEDGEMENT = 6
    BINDING_ERROR = 7
    EXPERIMENTAL = 11
    PROXY_HOME_TEST_INIT = 240
    PROXY_HOME_TEST = 241
    BINDING_CACHE_REQUEST = 242
    BINDING_CACHE_ACKNOWLEDGEMENT = 243
    CONTEXT_TRANSFER_REQUEST = 244
    CONTEXT_TRANSFER_DATA = 245


class OptionType(IntEnum):
    """Mobility option type (RFC 6275 6.2, RFC 4866 5, RFC 4283, RFC 5555 3.1.1; the draft's 8.3)."""

    PAD1 = 0
    PADN = 1
    BINDING_REFRESH_ADVICE = 2
    ALTERNATE_CARE_OF_ADDRESS = 3
    NONCE_INDICES = 4
    BINDING_AUTHORIZATION_DATA = 5
    MOBILE_NODE_IDENTIFIER = 8
    CGA_PARAMETERS_REQUEST = 11
    CGA_PARAMETERS = 12
    SIGNATURE = 13
    PERMANENT_HOME_KEYGEN_TOKEN = 14
    CARE_OF_TEST_INIT = 15
    CARE_OF_TEST = 16
    EXPERIMENTAL = 18
    IPV4_HOME_ADDRESS = 29
    HANDOVER_HOME_KEYGEN_TOKEN = 240
    MOBILE_NODE_HOME_ADDRESS = 241
    ENCRYPTED_CARE_OF_TEST = 242
    CORRESPONDENT_HOME_ADDRESS = 243
    PRIVATE_KEY = 244
    BINDING_UPDATE_LIST_ENTRY = 245
    EXPLICIT_TRIGGER = 246
    DELEGATION = 247


class BindingUpdateFlag(IntFlag):
    """Flags of a Binding Update, a 16-bit word (RFC 6275 6.1.7, RFC 5213 8.1); other bits are kept."""

    ACKNOWLEDGE = 0x8000
    HOME_REGISTRATION = 0x4000
    LINK_LOCAL_COMPATIBILITY = 0x2000
    KEY_MANAGEMENT = 0x1000
    MAP_REGISTRATION = 0x0800
    MOBILE_ROUTER = 0x0400
    PROXY_REGISTRATION = 0x0200


class BindingAcknowledgementFlag(IntFlag):
    """Flags of a Binding Acknowledgement, one octet (RFC 6275 6.1.8, RFC 5213 8.2)."""

    KEY_MANAGEMENT = 0x80
    MOBILE_ROUTER = 0x40
    PROXY_REGISTRATION = 0x20


class Status(IntEnum):
    """Status of a Binding Acknowledgement; below 128 the binding was accepted.

    RFC 6275 6.1.8, RFC 4866 5.7, RFC 5213 8.9. Drafts of PMIPv6 before RFC 5213 used 145 to 148 for proxy
    errors (147 "no home address for this NAI", 148 "invalid time stamp"), which collides with RFC 4866; the
    RFC's meaning stands here.
    """

    ACCEPTED = 0
    ACCEPTED_PREFIX_DISCOVERY_NEEDED = 1
    UNSPECIFIED = 128
    ADMINISTRATIVELY_PROHIBITED = 129
    INSUFFICIENT_RESOURCES = 130
    HOME_REGISTRATION_NOT_SUPPORTED = 131
    NOT_HOME_SUBNET = 132
    NOT_HOME_AGENT_FOR_THIS_NODE = 133
    DUPLICATE_ADDRESS_DETECTION_FAILED = 134
    SEQUENCE_NUMBER_OUT_OF_WINDOW = 135
    EXPIRED_HOME_NONCE_INDEX = 136
    EXPIRED_CARE_OF_NONCE_INDEX = 137
    EXPIRED_NONCES = 138
    REGISTRATION_TYPE_CHANGE_DISALLOWED = 139
    PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE = 147
    CGA_AND_SIGNATURE_VERIFICATION_FAILED = 148
    PERMANENT_HOME_KEYGEN_TOKEN_EXISTS = 149
    NON_NULL_HOME_NONCE_INDEX_EXPECTED = 150
    PROXY_REGISTRATION_NOT_ENABLED = 152
    NOT_LOCAL_MOBILITY_ANCHOR_FOR_THIS_NODE = 153
    GATEWAY_NOT_AUTHORIZED_FOR_PROXY_REGISTRATION = 154
    NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX = 155
    TIMESTAMP_MISMATCH = 156
    TIMESTAMP_LOWER_THAN_PREVIOUSLY_ACCEPTED = 157
    MISSING_HOME_NETWORK_PREFIX_OPTION = 158
    PREFIX_SETS_DO_NOT_MATCH = 159
    MISSING_MOBILE_NODE_IDENTIFIER_OPTION = 160
    MISSING_HANDOFF_INDICATOR_OPTION = 161
    MISSING_ACCESS_TECHNOLOGY_TYPE_OPTION = 162
    INVALID_CARE_OF_ADDRESS = 174


class BindingErrorStatus(IntEnum):
    """Status of a Binding Error (RFC 6275 6.1.9)."""

    UNKNOWN_BINDING = 1
    UNRECOGNISED_MESSAGE_TYPE = 2


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
HOME_ADDRESS_OPTION_TYPE = 0xC9
"""Destination option (RFC 6275 6.3)."""
TYPE_2_ROUTING = 2
"""Routing Type of the routing header that holds a home address (RFC 6275 6.4)."""
NAI_SUBTYPE = 1
"""Subtype of the Mobile Node Identifier option for a network access identifier (RFC 4283)."""
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
