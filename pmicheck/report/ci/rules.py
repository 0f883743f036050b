"""What each property asks, in the words that code scanning shows beside an alert; SARIF `reportingDescriptor`s.

A severity is a rank on GitHub's scale of 0 to 10 (above 9 critical, from 7 high, from 4 medium); it is no CVSS score.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pmicheck.report.record.catalogue import Asked, Catalogue
from pmicheck.report.words.characters import legible, one_line

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


def rules(words: Catalogue, properties: Iterable[str]) -> list[Json]:
    """One descriptor a property: the known ones, the gravest first, others by name, then the doubts."""
    known = words.properties
    others = sorted({rule_id(name) for name in properties} - {*known, *DOUBTS})
    ordered = [(name, known[name]) for name in words.gravest_first]
    unknown = {name: Asked(f"a state is reached that breaks {name}", "") for name in others}
    return [*(_property(*each) for each in [*ordered, *unknown.items()]), *(_doubt(name) for name in DOUBTS)]


def rule_id(name: str) -> str:
    """The name of a property as a rule's id."""
    return one_line(name, LONGEST_NAME) or "property"


def _property(name: str, asked: Asked) -> Json:
    security = bool(asked.severity or not asked.harm)
    harm = f" Who manages it {asked.harm}." if security and asked.harm else ""
    rank: Json = {"security-severity": asked.severity} if asked.severity else {"problem.severity": "error"}
    tags = ["security" if security else "reliability", "protocol", "mobile-ipv6"]
    return _descriptor(name, f"Violated when {asked.violated_when}.", harm, "error", rank, tags)


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
