"""The root causes as Markdown, for `findings.md`."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Cause
from pmicheck.report.words.causes import Harms, harms, ranked, remedy, title, unexplained
from pmicheck.report.words.narration import stopped

HEADING = """\
## Root causes

Each violation belongs to one cause in the text, or to several. The causes of the draft's own come first, by the weakest
attacker and the gravest harm; accepted risks of its ancestors come last. A change of the text is called a repair only
where runs show that it ends the cause for every attacker that the cause is shown for.
"""


def root_causes(record: Record) -> Iterator[str]:
    """The section, line by line."""
    yield HEADING
    for number, cause in enumerate(ranked(record), 1):
        yield from _cause(number, cause, record)
    rest = unexplained(record)
    if rest:
        yield f"**Not explained by any cause** ({len(rest)}):"
        yield ""
        yield from (f"- {'/'.join(each.names())}" for each in rest)
        yield ""


def _cause(number: int, cause: Cause, record: Record) -> Iterator[str]:
    yield f"### Cause {number}: {title(cause)}"
    yield ""
    if cause.inherited:
        yield f"- **Accepted risk of an ancestor:** {cause.inherited}."
    yield f"- **Sentences:** {' '.join(_sentence(name, record) for name in cause.statements)}"
    yield from _harms("Harm by attacker", harms(cause.cells, record.catalogue))
    if not cause.cells:
        yield "- **Harm by attacker:** no violation shows it."
    if cause.readings:
        yield f"- **Depends on the readings:** {', '.join(f'`{name}`' for name in cause.readings)}."
    found = remedy(cause, record.catalogue)
    yield f"- **{found.word}:** {' '.join(found.sentences)}"
    yield from _harms("Left", found.left)
    yield ""


def _sentence(name: str, record: Record) -> str:
    known = record.review.statements.get(name)
    return f"{name} (draft {known.section}): {stopped(known.says)}" if known else f"{name}."


def _harms(label: str, rows: tuple[Harms, ...]) -> Iterator[str]:
    if rows:
        yield f"- **{label}:**"
    for row in rows:
        told = "; ".join(f"{prop} in {', '.join(scenarios)}" for prop, scenarios in row.properties)
        yield f"  - {row.attacker}: {told}."
