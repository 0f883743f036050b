"""A trace whose words mean nothing any more: what is still the same then, no word decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from msgspec.structs import replace

from pmicheck.trace import Changed, Known, Said, Step, Trace

WORDS: dict[type, frozenset[str]] = {
    Step: frozenset({"rule", "does", "term", "parts", "passed", "section", "link"}),
    Said: frozenset({"message", "term"}),
    Changed: frozenset({"cell", "words", "was", "now"}),
    Known: frozenset({"words", "how", "when"}),
}
"""The fields that are words for people; of the parts of a term the second half."""
VALUES: dict[type, frozenset[str]] = {
    Step: frozenset(
        {"actor", "action", "act", "arguments", "message", "content", "source", "destination", "statements", "sends"}
        | {"cells", "known", "learned", "attacker", "prologue", "time", "octets", "essential"}
    ),
    Said: frozenset({"content"}),
    Changed: frozenset({"kind", "of", "before", "after"}),
    Known: frozenset({"term", "way", "premises"}),
}
"""The fields that are values for programs, or hold such."""


def with_numbered_words(trace: Trace) -> Trace:
    """The trace with another word, "word00001" and so on, in the place of each word of each step.

    The same word gets another number wherever it stands again, but for a remark on a cell that holds before and after;
    where there is none, there stays none.
    """
    numbers = count(1)

    def word(text: str) -> str:
        return f"word{next(numbers):05}" if text else ""

    return replace(trace, steps=tuple(_reworded(step, word) for step in trace.steps))


def _reworded(step: Step, word: Callable[[str], str]) -> Step:
    def words(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(map(word, texts))

    def known(terms: Iterable[Known]) -> tuple[Known, ...]:
        return tuple(replace(t, words=word(t.words), how=word(t.how), when=word(t.when)) for t in terms)

    def changed(cell: Changed) -> Changed:
        numbered = {remark: word(remark) for remark in (*cell.was, *cell.now)}
        was, now = (tuple(numbered[remark] for remark in remarks) for remarks in (cell.was, cell.now))
        return replace(cell, cell=word(cell.cell), words=word(cell.words), was=was, now=now)

    return replace(
        step,
        rule=word(step.rule),
        does=word(step.does),
        term=word(step.term),
        parts=tuple((field, word(text)) for field, text in step.parts),
        passed=words(step.passed),
        section=word(step.section),
        link=word(step.link),
        sends=tuple(replace(said, message=word(said.message), term=word(said.term)) for said in step.sends),
        cells=tuple(changed(cell) for cell in step.cells),
        known=known(step.known),
        learned=known(step.learned),
    )
