"""The parts of a text as rich draws them in a terminal: tables with rules, verdicts in colour."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from pmicheck.report.text.layout import Block, Cell, Part, Title
from pmicheck.report.words.characters import paragraph
from pmicheck.verdict import Verdict

STYLES = {
    Verdict.VIOLATED: "bold red",
    Verdict.HOLDS: "green",
    Verdict.PROVED: "green",
    Verdict.HOLDS_TO_BOUND: "yellow",
    Verdict.VACUOUS: "bold yellow",
    Verdict.UNDECIDED: "bold yellow",
}
ALARMING = "bold reverse red"
MARKS = "+!?=*"
WARNINGS = "Cut by a limit|Not as expected|Not explored to the end|PARTIAL|Vacuous"
ALARMS = r"New violations|Violations|Not to be trusted|DIVERGED"


def renderable(part: Part) -> Table | Text:
    """What `rich.console.Console.print` takes for a part."""
    return _table(part) if isinstance(part, Block) else _text(part)


def _table(block: Block) -> Table:
    """As wide as the plain table: two columns between cells, no frame."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for head, room in zip(block.heads, block.widths, strict=True):
        table.add_column(Text("\n".join(head), style="bold"), width=room, no_wrap=True)
    for label, *cells in block.rows:
        table.add_row(Text("\n".join(label)), *(_cell(cell) for cell in cells))
    return table


def _cell(cell: Cell) -> Text:
    """A verdict with its marks, in its colour; anything else faint."""
    words = "".join(cell)
    verdict, alarming = words.rstrip(MARKS), words.endswith(("!", "?", "!*", "?*"))
    known = verdict in set(Verdict)
    style = ALARMING if known and alarming else STYLES[Verdict(verdict)] if known else "dim"
    return Text("\n".join(cell), style=style)


def _text(part: str) -> Text:
    text = Text(paragraph(part), end="", style="bold" if isinstance(part, Title) else "")
    for verdict, style in STYLES.items():
        text.highlight_regex(rf"(?<=  ){verdict}(?![a-z-])", style)
    text.highlight_regex(r"(?m)^[A-Z][\w', ]*( \([\w ]+\))?:", "bold")
    text.highlight_regex(rf"(?m)^({WARNINGS}):", "yellow")
    text.highlight_regex(rf"(?m)^({ALARMS})[^:]*:", "red")
    return text
