"""Differences between model and nodes that are meant, each with its reason."""

from __future__ import annotations

from pmicheck.language.message import Message
from pmicheck.model.policy import Policy

SYNONYMS = {
    ("hao-rejection-in-pbu", "home-address-option"),
    ("hao-rejection-in-hoti", "home-address-option"),
    ("rule-147", "permanent-token"),
    ("rule-147", "handover-token"),
    ("dereg-auth", "handover-token"),
    ("no-test-in-progress", "not-in-progress"),
    ("token-there", "not-in-progress"),
    ("not-a-proxy-home-test", "delivered"),
    ("sequence-number", "not-outstanding"),
    ("nothing-outstanding", "not-outstanding"),
    ("no-care-of-token", "care-of-token"),
    ("cn-signature", "correspondent-cga"),
}
"""The same check under two names (model, node)."""

_SIGNED_LATE = (
    "the node asks for CGA options after the MAC (RFC 4866 4.6: cheap checks first), the model with the method"
)
_HT_IS_A_NONCE = "in a plain BU the node takes the index that says HT for one of a nonce, which does not exist"
_MAC_FIRST = "the node looks at the authenticator of an acknowledgement before its number"

ORDER: dict[tuple[str, str], str] = {
    **{
        (ours, theirs): _SIGNED_LATE
        for ours in ("cga-in-early", "cga-in-complete")
        for theirs in ("nonce-freshness", "mac", "sequence-number", "tombstone", "pt-binding", "ht-use")
    },
    **{
        (ours, theirs): _HT_IS_A_NONCE
        for ours in ("handover-token-needs-proxy-flag", "dereg-auth")
        for theirs in ("rule-149", "plain-rr-fallback", "nonce-freshness")
    },
    ("sequence-number", "mac-of-ack"): _MAC_FIRST,
    ("nothing-outstanding", "mac-of-ack"): _MAC_FIRST,
    (
        "plain-rr-fallback",
        "rule-149",
    ): "the node looks for a PT before it asks whether plain return routability will do",
    (
        "no-entry",
        "permanent-token",
    ): "no token is looked at with the home test off; an entry that is gone has no PT either",
}
"""Several checks refuse, and the two sides make them in another order: the reason."""

LEFT_OUT = {
    "token-too-old": "the model counts the 210 s of a token from the beginning of a phase, the node from receipt",
    "retransmissions": "a bound of the model, no check of the protocol",
    "token_pairs": "a bound of the model, no check of the protocol",
    "sequence_modulus": "a bound of the model, no check of the protocol",
}
"""Refusals of the model that no node makes at the same moment; the message is then lost on both sides."""

_RULE_GUARD = "says when an honest node acts of itself, not what it accepts"

EXEMPT = {
    "no-such-nonce-yet": "a walk has no token of a nonce that is not made yet",
    **dict.fromkeys(
        (
            "elsewhere",
            "not-needed",
            "not-registered",
            "not-serving",
            "nothing-outstanding",
            "nothing-to-test",
            "nothing-to-transfer",
            "nothing-to-deregister",
            "no-refresh-due",
            "no-handover-token",
            "still-serving",
            "transferred",
        ),
        _RULE_GUARD,
    ),
    **LEFT_OUT,
    "honest_until": _RULE_GUARD,
    "delegation": "walks know no amendment with options of its own (agent_key)",
    **dict.fromkeys(
        ("not-tunnelled", "not-followed", "ha-outer-source-check"),
        "no walk has payload in the tunnel: the replays of reverse-tunnel compare the home agent's data path",
    ),
    "corrupted": "no agent is corrupted in walks: the attacker knows everything anyway",
    "inbound": "a message to the home agent always comes by the link that it takes it from",
    "outbound": "a message to the home agent always comes by the link that it takes it from",
    "not-the-next": "the node never goes back to an earlier agent",
    "not-attached": "the node never returns home where a handover token goes through the home agent",
}
"""Checks of the model that no message of a walk can fail by."""

STALE_TUNNEL = (
    "the home agent refuses what comes out of a tunnel that the node has left (ha-outer-source-check); the model "
    "forwards it, whose answer goes to the next agent and is refused there by its cookie"
)

NO_LAST_NUMBER = (
    "the correspondent accepts the first number of the next agent (check switched off), or refuses the update for "
    "another reason before it looks at the number; the model has the agent know the last number all the same"
)
OLD_ADDRESS = "a packet to a care-of address that the mobile node has left is lost; the model brings it to the node"

_ANSWER_KEY = (
    "with the MAC switched off the node answers under a token that it holds, the model under the one that the sender "
    "used, even if the correspondent has none such any more"
)

HOME_AS_CARE_OF = (
    "an update whose care-of address is the home address deletes at the node (RFC 6275 9.5.1) and "
    "registers in the model"
)

DROPPED = {
    "refusal": "answers 135 to 150 to what no honest node waits for are not followed",
    "acknowledgement": "acknowledgements to updates that no honest node sent are not followed",
    "acknowledged deregistration": "nobody waits for the acknowledgement of a proxy deregistration in the model",
    "tunnelled": "packets to a node that left go nowhere",
    "error": "Binding Errors are not in the model",
}
"""Packets of the nodes that the model does not send."""


def same_refusal(model: str | None, node: str | None, message: Message, policy: Policy) -> str | None:
    """ "" if both refuse by the same check, a reason if they differ as explained, None if they differ."""
    if model is None and node == "mac-of-ack" and not policy.on("mac"):
        return _ANSWER_KEY
    if model is None or node is None:
        return None
    if model == node or (model, node) in SYNONYMS:
        return ""
    return ORDER.get((model, node))
