"""Mechanisms: single checks that can be switched off at every receiver that makes them (ablation)."""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.model.readings import (
    BOTH,
    CGA,
    DATA,
    HANDOVER,
    HANDSHAKE,
    LOCAL,
    REVERSE_TUNNEL,
    ROUTED,
    TUNNELLED,
    TYPE1,
)


@dataclass(frozen=True)
class Mechanism:
    """One check; `families` says in which kind of scenario somebody makes it.

    `redundant` says why switching it off changes no verdict, "" if it changes one.
    """

    name: str
    does: str
    families: frozenset[str]
    redundant: str = ""


MECHANISMS: dict[str, Mechanism] = {
    mechanism.name: mechanism
    for mechanism in (
        Mechanism("home-test", "the CN takes T, PT or HT into the key of a binding update", BOTH),
        Mechanism("careof-test", "the CN takes C into the key of a complete update", BOTH),
        Mechanism("cga", "the CN checks that the home address is made from the key", CGA),
        Mechanism("signature", "the CN verifies the signature", CGA),
        Mechanism("mac", "the CN verifies the authenticator of a binding update", BOTH),
        Mechanism("nonce-freshness", "the CN refuses nonces older than 240 s", BOTH),
        Mechanism("sequence-number", "the CN refuses numbers not greater than the last", BOTH | HANDSHAKE),
        Mechanism("tombstone", "the CN remembers the nonces of a deleted entry", BOTH),
        Mechanism("cba", "credit limits what an unverified care-of address gets", BOTH),
        Mechanism("credit-aging", "credit decays by 7/8 every 5 s", BOTH),
        Mechanism("no-credit-while-unverified", "packets from an unverified address earn nothing", BOTH),
        Mechanism("token-encryption", "PT and HT travel encrypted", CGA),
        Mechanism(
            "careof-token-encryption",
            "C travels encrypted at handover",
            TYPE1,
            "the same C is had in clear by a plain care-of test, which a type 1 CN answers (RFC 6275 9.4.2)",
        ),
        Mechanism("pt-revocation", "a deregistration revokes PT", CGA),
        Mechanism("pt-replacement", "a new PT replaces the old one", CGA),
        Mechanism("ht-rotation", "a new HT replaces the old one", TYPE1),
        Mechanism("rule-149", "T alone is refused where a PT exists", CGA),
        Mechanism(
            "rule-150",
            "PT together with CGA options is refused in a plain BU",
            CGA,
            "the draft sends PT with CGA options in a PBU (N087, N090, N092); in a plain BU PT alone does as much",
        ),
        Mechanism("cga-in-complete", "a complete PBU must be signed", TYPE1),
        Mechanism("cga-in-early", "an early PBU with T or HT must be signed", TYPE1),
        Mechanism("hao-rejection-in-hoti", "home test inits with a Home Address option are dropped", BOTH),
        Mechanism(
            "hao-rejection-in-pbu",
            "PBUs with a Home Address option are dropped",
            TYPE1,
            "the authenticator is made with a token of the home address that the CN looks up, whichever field names it",
        ),
        Mechanism("outer-source-check", "the outer source of data is held against the cache", ROUTED),
        Mechanism("pairwise-data-check", "inner and outer source are held against one entry", DATA),
        Mechanism(
            "ha-outer-source-check",
            "the HA holds the outer source against its binding",
            BOTH | REVERSE_TUNNEL,
            "what could be passed through the tunnel can be sent to the CN directly with the same source address",
        ),
        Mechanism(
            "ha-drops-hoti",
            "the HA drops HoTI of a home address with a proxy binding",
            TYPE1,
            "HoTI and PHoTI bring the same T to the same home address (A-29), and PHoTI has to be forwarded (N137)",
        ),
        Mechanism("tunnel-esp", "the HA-PMA tunnel is encrypted", BOTH | REVERSE_TUNNEL),
        Mechanism("cookie", "answers to a test must echo its cookie", BOTH),
        Mechanism("coa-in-mac", "the authenticator covers the care-of address", BOTH),
        Mechanism(
            "cn-in-mac",
            "the authenticator covers the correspondent's address",
            BOTH,
            "T, PT and HT are secrets of one CN, so an authenticator made for another CN never verifies",
        ),
        Mechanism("cn-in-signature", "the signature covers the correspondent's address", CGA),
        Mechanism("coa-in-signature", "the signature covers the care-of address", CGA),
        Mechanism(
            "type-tag",
            "the signature covers the CGA type tag",
            CGA,
            "no other protocol of the scenarios signs with the key pair of the mobile node",
        ),
        Mechanism("mac-of-ack", "the sender verifies the authenticator of an acknowledgement", BOTH),
        Mechanism("token-domain-octet", "T and C are told apart by a final octet", BOTH),
        Mechanism("lifetime-bound", "the CN caps the lifetime it grants", BOTH),
        Mechanism("dereg-auth", "a deregistration must be authenticated", BOTH),
        Mechanism("context-transfer-protection", "the context transfer is encrypted and authorised", HANDOVER),
        Mechanism(
            "third-handshake-message",
            "the handshake needs its third message",
            HANDSHAKE,
            "it proves nothing that the first does not: it repeats the sender's own number, and nothing of the answer",
        ),
        Mechanism("pma-tunnel-bce-check", "tunnelled data needs an entry of its source", TUNNELLED | LOCAL),
    )
}
