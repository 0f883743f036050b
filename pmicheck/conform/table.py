"""The differences between a node under test and the packet node as a text: one paragraph for each kind of difference,
the gravest first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from pmicheck.conform.answers import Lean
from pmicheck.conform.playing import Difference
from pmicheck.conform.rules import rule_of

MEANING = {
    Lean.WEAKER: "It accepts what the packet node refuses, keeps it longer, or shows a token.",
    Lean.BROKEN: "It fails, gives no answer where one is due, or one that cannot be decoded.",
    Lean.OTHER: "Both refuse or both accept, in different words.",
    Lean.SAFER: "It refuses what the packet node accepts, or keeps it for a shorter time.",
}
"""What the node under test does, by what that means."""


def table(differences: Iterable[Difference], width: int) -> Iterator[str]:
    """The lines of the text, `width` columns wide."""
    kinds: dict[tuple[object, ...], list[Difference]] = {}
    for each in differences:
        found = each.found
        kinds.setdefault((found.lean, found.message, found.damage, found.ours, found.theirs), []).append(each)
    for lean in MEANING:
        alike = [kind for kind in kinds.values() if kind[0].found.lean is lean]
        if alike:
            yield from textwrap.wrap(f"{str(lean).upper()}. {MEANING[lean]}", width)
            yield ""
        for kind in sorted(alike, key=len, reverse=True):
            yield from _kind(kind, width)
            yield ""


def _kind(alike: Sequence[Difference], width: int) -> Iterator[str]:
    first, found = alike[0], alike[0].found
    what = found.message or "the run"
    yield from _row("", what + (f" ({found.damage})" if found.damage else ""), width)
    yield from _row("packet node: ", found.ours + (f" (check {found.check!r})" if found.check else ""), width)
    yield from _row("under test:  ", found.theirs, width)
    rule = rule_of(found)
    if rule is not None:
        yield from _row("rule:        ", f"{rule.source}. {rule.says}", width)
    more = f", and {len(alike) - 1} times more" if len(alike) > 1 else ""
    yield from _row("where:       ", f"{first.trace}, step {first.step}{more}", width)


def _row(label: str, text: str, width: int) -> list[str]:
    after = "    " if label else ""
    return textwrap.wrap(text, width, initial_indent=f"  {label}", subsequent_indent=f"  {' ' * len(label)}{after}")
