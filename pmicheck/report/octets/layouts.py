"""The formats as data: which fields a header, message or option has, how long each is, what it says and where it is
specified. A third look at them, beside the codec of the replay and tshark; nothing here is shared with either.

Types from 240 upwards are proposals of this project, as the draft says "TBD" or has no format at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.report.octets import words
from pmicheck.report.octets.words import Reader

PROPOSED = ", format proposed here"


@dataclass(frozen=True, slots=True)
class Part:
    """One field.

    Attributes:
        name: as the specification has it.
        octets: how many; None for all that are left.
        read: its value in words.
        key: what the field is to a symbolic message, "" for those that no message of the model has.
        section: where it is specified, if not where the layout is.
        optional: whether a layout may end before it.
    """

    name: str
    octets: int | None
    read: Reader
    key: str = ""
    section: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A header, message or option.

    Attributes:
        key: of an option without data: what its being there is to a symbolic message.
        further: what a further slice holds, of an option that may take several (RFC 4866 5.1).
    """

    title: str
    section: str
    parts: tuple[Part, ...]
    key: str = ""
    further: Part | None = None


UDP, IPV6, ROUTING, DESTINATION, MOBILITY = 17, 41, 43, 60, 135
"""Next Header values (RFC 8200 4, RFC 6275 6.1.1)."""

_NEXT = Part("Next Header", 1, words.counted("next header", words.NEXT_HEADERS))

IPV6_HEADER = Layout(
    "IPv6 header",
    "RFC 8200 3",
    (
        Part("Version, Traffic Class, Flow Label", 4, words.version),
        Part("Payload Length", 2, words.octets_after),
        _NEXT,
        Part("Hop Limit", 1, words.number("hop limit")),
        Part("Source Address", 16, words.address, "source"),
        Part("Destination Address", 16, words.address, "destination"),
    ),
)
TUNNEL_HEADER = Layout(
    "IPv6 header of the tunnel",
    "RFC 2473 3",
    (
        *IPV6_HEADER.parts[:4],
        Part("Source Address", 16, words.address, "outer-source"),
        Part("Destination Address", 16, words.address, "outer-destination"),
    ),
)
"""The same octets as an IPv6 header that has no other one behind it, to another end."""
ROUTING_HEADER = Layout(
    "type 2 routing header",
    "RFC 6275 6.4.1",
    (
        _NEXT,
        Part("Hdr Ext Len", 1, words.units_of_eight),
        Part("Routing Type", 1, words.number("routing type")),
        Part("Segments Left", 1, words.number("segments left")),
        Part("Reserved", 4, words.reserved),
        Part("Home Address", 16, words.address, "routing-home"),
    ),
)
ROUTING_TYPE = 2
DESTINATION_HEADER = Layout(
    "Destination Options header",
    "RFC 8200 4.6",
    (_NEXT, Part("Hdr Ext Len", 1, words.units_of_eight)),
)
PAD1, PADN = 0, 1
"""Padding, in destination options and in mobility options alike."""
DESTINATION_OPTIONS = {
    PAD1: Layout("padding", "RFC 8200 4.2", ()),
    PADN: Layout("padding", "RFC 8200 4.2", ()),
    0xC9: Layout("Home Address option", "RFC 6275 6.3", (Part("Home Address", 16, words.address, "home-option"),)),
}
UDP_HEADER = Layout(
    "UDP header",
    "RFC 768",
    (
        Part("Source Port", 2, words.number("port")),
        Part("Destination Port", 2, words.number("port")),
        Part("Length", 2, words.number("octets in all:")),
        Part("Checksum", 2, words.checksum),
        Part("data octets", None, words.payload, "data"),
    ),
)

CHECKSUM = Part("Checksum", 2, words.checksum)
"""Of a Mobility Header; MAC and signature take it as zero."""
_RESERVED_WORD = Part("Reserved", 2, words.reserved)
_HOME_COOKIE = Part("Home Init Cookie", 8, words.opaque("comes back in the answer"), "cookie")
_CARE_OF_COOKIE = Part("Care-of Init Cookie", 8, words.opaque("comes back in the answer"), "cookie")
_HOME_NONCE = Part("Home Nonce Index", 2, words.number("home nonce index"), "nonce-index")
_CARE_OF_NONCE = Part("Care-of Nonce Index", 2, words.number("care-of nonce index"), "nonce-index")
_HOME_TOKEN = Part("Home Keygen Token", 8, words.token("home keygen token"), "token")
_CARE_OF_TOKEN = Part("Care-of Keygen Token", 8, words.token("care-of keygen token"), "token")
_TRANSACTION = Part("Transaction Id", 2, words.number("transaction"), "transaction")
_HOME = Part("Home Address", 16, words.address, "home")
_CARE_OF = Part("Care-of Address", 16, words.address, "care-of")

MESSAGES = {
    0: Layout("Binding Refresh Request", "RFC 6275 6.1.2", (_RESERVED_WORD,)),
    1: Layout("Home Test Init", "RFC 6275 6.1.3", (_RESERVED_WORD, _HOME_COOKIE)),
    2: Layout("Care-of Test Init", "RFC 6275 6.1.4", (_RESERVED_WORD, _CARE_OF_COOKIE)),
    3: Layout("Home Test", "RFC 6275 6.1.5", (_HOME_NONCE, _HOME_COOKIE, _HOME_TOKEN)),
    4: Layout("Care-of Test", "RFC 6275 6.1.6", (_CARE_OF_NONCE, _CARE_OF_COOKIE, _CARE_OF_TOKEN)),
    5: Layout(
        "Binding Update",
        "RFC 6275 6.1.7",
        (
            Part("Sequence #", 2, words.number("sequence number"), "sequence"),
            Part("A H L K M R P flags, Reserved", 2, words.flags(words.UPDATE_FLAGS), "flags"),
            Part("Lifetime", 2, words.lifetime, "lifetime"),
        ),
    ),
    6: Layout(
        "Binding Acknowledgement",
        "RFC 6275 6.1.8",
        (
            Part("Status", 1, words.status(words.STATUSES), "status"),
            Part("K R P flags, Reserved", 1, words.flags(words.ACKNOWLEDGEMENT_FLAGS), "flags"),
            Part("Sequence #", 2, words.number("sequence number"), "sequence"),
            Part("Lifetime", 2, words.seconds, "lifetime"),
        ),
    ),
    7: Layout(
        "Binding Error",
        "RFC 6275 6.1.9",
        (
            Part("Status", 1, words.status(words.ERROR_STATUSES), "status"),
            Part("Reserved", 1, words.reserved),
            Part("Home Address", 16, words.address_or_none, "home"),
        ),
    ),
    240: Layout("Proxy Home Test Init", "draft 8.2", (_RESERVED_WORD, _HOME_COOKIE, _CARE_OF)),
    241: Layout("Proxy Home Test", "draft 8.1", (_HOME_NONCE, _HOME_COOKIE, _HOME_TOKEN, _CARE_OF)),
    242: Layout("Binding Cache Request", f"draft 4.2{PROPOSED}", (_TRANSACTION, _HOME)),
    243: Layout(
        "Binding Cache Acknowledgement",
        f"draft 4.2{PROPOSED}",
        (_TRANSACTION, _HOME, Part("Care-of Address", 16, words.address_or_none, "care-of")),
    ),
    244: Layout("Context Transfer Request", f"draft 4.2.1{PROPOSED}", (_TRANSACTION, _HOME)),
    245: Layout("Context Transfer Data", f"draft 4.2.1{PROPOSED}", (_TRANSACTION, _HOME)),
}
"""What stands between octet 6 of a Mobility Header and its options, by MH Type."""

MOBILITY_HEADER = Layout(
    "Mobility Header",
    "RFC 6275 6.1.1",
    (
        Part("Payload Proto", 1, words.counted("next header", words.NEXT_HEADERS)),
        Part("Header Len", 1, words.units_of_eight),
        Part("MH Type", 1, words.counted("message", {kind: each.title for kind, each in MESSAGES.items()}), "type"),
        Part("Reserved", 1, words.reserved),
        CHECKSUM,
    ),
)

_CGA = "RFC 3972 3"
_PUBLIC_KEY = words.opaque("public key, DER SubjectPublicKeyInfo")

CGA_PARAMETERS = 12
OPTIONS = {
    PAD1: Layout("padding", "RFC 6275 6.2.2", ()),
    PADN: Layout("padding", "RFC 6275 6.2.3", ()),
    2: Layout(
        "Binding Refresh Advice option", "RFC 6275 6.2.4", (Part("Refresh Interval", 2, words.seconds, "refresh"),)
    ),
    3: Layout(
        "Alternate Care-of Address option",
        "RFC 6275 6.2.5",
        (Part("Alternate Care-of Address", 16, words.address, "alternate"),),
    ),
    4: Layout(
        "Nonce Indices option",
        "RFC 6275 6.2.6",
        (
            Part("Home Nonce Index", 2, words.number("home nonce index"), "home-nonce"),
            Part("Care-of Nonce Index", 2, words.number("care-of nonce index"), "care-of-nonce"),
        ),
    ),
    5: Layout(
        "Binding Authorization Data option",
        "RFC 6275 6.2.7",
        (Part("Authenticator", 12, words.opaque("First(96, HMAC-SHA1)"), "authenticator"),),
    ),
    8: Layout(
        "Mobile Node Identifier option",
        "RFC 4283 3",
        (Part("Subtype", 1, words.counted("subtype", {1: "NAI"})), Part("Identifier", None, words.text, "identifier")),
    ),
    11: Layout("CGA Parameters Request option", "RFC 4866 5.6", (), "cga-request"),
    CGA_PARAMETERS: Layout(
        "CGA Parameters option",
        "RFC 4866 5.1",
        (
            Part("Modifier", 16, words.opaque("modifier"), section=_CGA),
            Part("Subnet Prefix", 8, words.prefix, section=_CGA),
            Part("Collision Count", 1, words.number("collision count"), section=_CGA),
            Part("Public Key", None, _PUBLIC_KEY, "cga", _CGA),
        ),
        further=Part("Public Key, continued", None, words.opaque("further slice"), section=_CGA),
    ),
    13: Layout(
        "Signature option", "RFC 4866 5.2", (Part("Signature", None, words.opaque("RSA signature"), "signature"),)
    ),
    14: Layout(
        "Permanent Home Keygen Token option",
        "RFC 4866 5.3",
        (Part("Permanent Home Keygen Token", None, words.token("permanent home keygen token"), "permanent"),),
    ),
    15: Layout("Care-of Test Init option", "RFC 4866 5.4", (), "care-of-test-init"),
    16: Layout(
        "Care-of Test option",
        "RFC 4866 5.5",
        (Part("Care-of Keygen Token", 8, words.token("care-of keygen token"), "care-of-token"),),
    ),
    18: Layout("Experimental option", "RFC 5096", (Part("Data", None, words.payload),)),
    29: Layout(
        "IPv4 Home Address option",
        "RFC 5555 3.1.1",
        (
            Part("Prefix-len, P, Reserved", 2, words.prefix_length),
            Part("IPv4 home address", 4, words.address_v4, "home-v4"),
        ),
    ),
    240: Layout(
        "Handover Home Keygen Token option",
        "draft 8.3",
        (Part("Handover Home Keygen Token", None, words.token("handover home keygen token"), "handover"),),
    ),
    241: Layout(
        "Mobile Node Home Address option", f"draft 7{PROPOSED}", (Part("Home Address", 16, words.address, "mn-home"),)
    ),
    242: Layout(
        "Encrypted Care-of Test option",
        f"draft 3.4{PROPOSED}",
        (Part("Care-of Keygen Token", None, words.token("care-of keygen token"), "care-of-token"),),
    ),
    243: Layout(
        "Correspondent Home Address option",
        f"draft 4.2{PROPOSED}",
        (Part("Home Address", 16, words.address, "cn-home"),),
    ),
    244: Layout(
        "Private Key option",
        f"draft 4.2.1{PROPOSED}",
        (Part("Private Key", None, words.opaque("DER RSAPrivateKey (RFC 8017 A.1.2)"), "private-key"),),
        further=Part("Private Key, continued", None, words.opaque("further slice")),
    ),
    245: Layout(
        "Binding Update List Entry option",
        f"draft 4.2.1{PROPOSED}",
        (
            Part("Correspondent Address", 16, words.address, "entry-correspondent"),
            Part("Care-of Address", 16, words.address_or_none, "entry-care-of"),
            Part("Sequence #", 2, words.number("last sequence number"), "entry-sequence"),
            Part(
                "Handover Home Keygen Token",
                8,
                words.token("handover home keygen token"),
                "entry-handover",
                optional=True,
            ),
        ),
    ),
    246: Layout("Explicit Trigger option", f"draft 4.1{PROPOSED}", (), "explicit-trigger"),
    247: Layout(
        "Delegation option",
        "amendment agent_key, format proposed here",
        (
            Part("Serial", 4, words.number("serial number"), "delegation-serial"),
            Part("Lifetime", 2, words.seconds, "delegation-lifetime"),
            Part("Care-of Address", 16, words.address, "delegation-care-of"),
            Part("Public Key, Signature", None, words.opaque("the agent's key and the node's signature"), "delegation"),
        ),
        further=Part("Public Key, Signature, continued", None, words.opaque("further slice")),
    ),
}
"""What stands behind Type and Length of a mobility option, by its type."""
