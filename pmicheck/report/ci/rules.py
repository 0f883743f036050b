"""What each property asks, in the words that code scanning shows beside an alert; SARIF `reportingDescriptor`s.

`SEVERITY` is a rank on GitHub's scale of 0 to 10 (above 9 critical, from 7 high, from 4 medium), in the order of
`GRAVEST_FIRST`; it is no CVSS score. `progress` is no matter of security and has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pmicheck.report.characters import legible, one_line
from pmicheck.report.findings import HARM

BROKEN = {
    "no-redirection": "an entry for the victim's home address holds an attacker's care-of address and is used for "
    "forwarding",
    "binding-freshness": "an old genuine message or signature is accepted again and changes an entry",
    "no-careof-flooding": "more payload goes to a care-of address that never answered a care-of test than the credit "
    "earned",
    "no-home-flooding": "traffic falls back to a home address whose reachability the registrant no longer has, or "
    "never had",
    "binding-agreement": "a (P)BU is accepted for a home address that neither the mobile node nor its serving PMA sent",
    "token-secrecy": "the attacker knows a currently valid permanent or handover token",
    "no-unauthorised-deregistration": "an honest current entry disappears, or becomes unusable, by a message that was "
    "not authorised",
    "former-pma-powerless": "a PMA that does not serve the node (any more, or ever) changes or keeps the entry",
    "stateless-before-authentication": "a receiver allocates per-peer state on an unauthenticated message",
    "data-origin": "payload is accepted as from an address by a node that could not have sent it with ingress "
    "filtering in place",
    "acknowledgement-agreement": "a PMA or node accepts a (P)BA or (P)HoT content that the right peer did not produce",
    "progress": "without an attacker, the scenario's goal cannot be reached any more",
}
"""When a property is violated."""

SEVERITY = {
    "no-redirection": "9.1",
    "no-careof-flooding": "8.6",
    "no-home-flooding": "8.2",
    "no-unauthorised-deregistration": "7.5",
    "token-secrecy": "7.1",
    "former-pma-powerless": "6.8",
    "data-origin": "6.5",
    "binding-agreement": "6.1",
    "binding-freshness": "5.7",
    "acknowledgement-agreement": "5.3",
    "stateless-before-authentication": "4.3",
}

DOUBTS = {
    "vacuous": "what the property speaks of never happens within the bounds, so nothing was checked",
    "undecided": "neither a violation nor its absence could be shown",
    "holds-to-bound": "a limit cut the search: no violation was found before it, but not every state was seen",
}
"""Results that are no verdict on the protocol: rules of their own, so that no alert claims a harm that nobody saw."""

HOW = "`pmicheck explain FINGERPRINT` tells the steps of a finding, what the attacker knew and what let it through."
LONGEST_NAME = 255
"""What GitHub takes as the name of a rule."""

Json = dict[str, Any]


def rules(properties: Iterable[str]) -> list[Json]:
    """One descriptor a property, in an order that depends on nothing: the known ones, others by name, the doubts."""
    others = sorted({rule_id(name) for name in properties} - {*BROKEN, *DOUBTS})
    return [*(_property(name) for name in (*BROKEN, *others)), *(_doubt(name) for name in DOUBTS)]


def rule_id(name: str) -> str:
    """The name of a property as a rule's id."""
    return one_line(name, LONGEST_NAME) or "property"


def _property(name: str) -> Json:
    broken = BROKEN.get(name, f"a state is reached that breaks {name}")
    security = name != "progress"
    harm = f" Who manages it {HARM[name]}." if security and name in HARM else ""
    rank: Json = {"security-severity": SEVERITY[name]} if name in SEVERITY else {"problem.severity": "error"}
    tags = ["security" if security else "reliability", "protocol", "mobile-ipv6"]
    return _descriptor(name, f"Violated when {broken}.", harm, "error", rank, tags)


def _doubt(name: str) -> Json:
    level = "error" if name == "vacuous" else "warning"
    says, means = f"Not decided: {DOUBTS[name]}.", " Such a result says nothing about the protocol, good or bad."
    return _descriptor(name, says, means, level, {"problem.severity": level}, ["reliability"])


def _descriptor(name: str, says: str, more: str, level: str, rank: Json, tags: list[str]) -> Json:
    return {
        "id": name,
        "shortDescription": {"text": message(f"{name}: {says[:1].lower()}{says[1:]}")},
        "fullDescription": {"text": message(says + more)},
        "help": {
            "text": message(f"{says}{more} {HOW}"),
            "markdown": message(f"**{_plain(name)}**\n\n{_plain(says)}{more}\n\n{HOW}"),
        },
        "defaultConfiguration": {"level": level},
        "properties": {"tags": tags, "precision": "very-high", **rank},
    }


def message(text: str) -> str:
    """A SARIF message string (SARIF 2.1.0, 3.11.5 and 3.11.6) that says `text`: no placeholder, no embedded link."""
    shown = legible(text, keep="\n").replace("](", "] (")
    return shown.replace("{", "{{").replace("}", "}}")


def _plain(text: str) -> str:
    """Markdown that shows `text`; nothing in it is markup (CommonMark 2.5: character references are no structure)."""
    return re.sub(r"[^\w\s,.;:'()/-]", lambda found: f"&#{ord(found[0])};", text)
