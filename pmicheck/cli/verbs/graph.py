"""`pmicheck graph`: the states of one scenario under one attacker, as a picture or as data."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from pmicheck.cli import console
from pmicheck.cli.options import GRAPH_FORMATS
from pmicheck.cli.requests import request_of
from pmicheck.errors import UsageError
from pmicheck.report.files import check_writable, write_text
from pmicheck.report.graphs.files import render
from pmicheck.report.words.characters import harmless
from pmicheck.review.graphs import graph_of
from pmicheck.verdict import ExitCode

STDOUT = Path("-")
PICTURES = ("eps", "gif", "jpeg", "jpg", "pdf", "png", "ps", "webp")
"""What a viewer would take for something that it is not."""


def graph(options: Namespace) -> ExitCode:
    """Raises UsageError, OutputError, and LimitReached if there are too many states for what is asked."""
    form = _format(options.format, options.output)
    request = request_of(options)
    if options.output != STDOUT:
        check_writable(options.output)
    with console.Progress() as progress:
        made = graph_of(request, options.attacker[0], progress=progress)
    text = render(made, by=options.by, format=form)
    if options.output == STDOUT:
        (console.emit_json if form == "json" else console.emit_raw)(text if form == "json" else harmless(text))
    else:
        write_text(options.output, text)
    if made.complete:
        return ExitCode.AS_EXPECTED
    return console.complain("the graph has not all states: a limit cut the exploration", ExitCode.INCONCLUSIVE)


def _format(chosen: str | None, output: Path) -> str:
    """The format that was chosen, or that the file's name asks for. Raises UsageError if the name asks for another."""
    ending = {"gv": "dot"}.get(output.suffix.lower()[1:], output.suffix.lower()[1:])
    if ending in GRAPH_FORMATS:
        if chosen not in (None, ending):
            raise UsageError(f"--output {output} asks for {ending}, --format for {chosen}; choose one")
        return ending
    if ending in PICTURES or (ending and chosen is None):
        raise UsageError(f"--output {output}: there is no format {ending!r}; formats are {', '.join(GRAPH_FORMATS)}")
    return chosen or GRAPH_FORMATS[0]
