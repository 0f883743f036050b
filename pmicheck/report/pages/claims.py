"""What the draft claims of its security, and the verdicts that support or refute it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from markupsafe import Markup

from pmicheck.report.pages.environment import page, sentence
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.sections import frame
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Decision

WORDS = {
    "supported": "all verdicts that it asks for hold, under the default readings and under every other one listed",
    "conditional": "they hold and another reading breaks one, or each one that is violated holds under another reading",
    "refuted": "a verdict that it asks for is violated, and no reading listed mends that",
    "undecided": "the scenarios that it speaks of were not decided",
}
"""What the words mean of a claim that verdicts decide."""

SHOWN = 6
"""So many reasons stand open; the others are folded."""


@dataclass(frozen=True)
class Claim:
    """A claim with its reasons as markup: every cell that they name is a link."""

    decision: Decision
    reasons: tuple[Markup, ...]
    folded: tuple[Markup, ...]


def claims_page(record: Record, places: Places) -> str:
    """The HTML of `claims.html`."""
    claims = [_claim(each, places) for each in record.review.claims]
    words = Counter(each.word for each in record.review.claims)
    return page(
        "claims.html",
        root="",
        claims=claims,
        words=[(word, words[word], WORDS.get(word, "")) for word in sorted(words, key=[*WORDS, *sorted(words)].index)],
        compared=bool(record.review.tables),
        **frame(record, "claims.html"),
    )


def _claim(decision: Decision, places: Places) -> Claim:
    reasons = tuple(places.linked(sentence(each)) for each in decision.because)
    return Claim(decision, reasons[:SHOWN], reasons[SHOWN:])
