"""`pmicheck graph`: the states of one scenario under one attacker, as a picture or as data."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from pmicheck import console
from pmicheck.options import request_of
from pmicheck.report.files import check_writable, write_text
from pmicheck.report.graphs.files import render
from pmicheck.review.graphs import graph_of
from pmicheck.verdict import ExitCode

STDOUT = Path("-")


def graph(options: Namespace) -> ExitCode:
    """Raises UsageError, OutputError, and LimitReached if there are too many states for what is asked."""
    request = request_of(options)
    if options.output != STDOUT:
        check_writable(options.output)
    with console.Progress() as progress:
        made = graph_of(request, options.attacker[0], progress=progress)
    text = render(made, by=options.by, format=options.format)
    if options.output == STDOUT:
        console.emit_raw(text)
    else:
        write_text(options.output, text)
    if made.complete:
        return ExitCode.AS_EXPECTED
    return console.complain("the graph has not all states: a limit cut the exploration", ExitCode.INCONCLUSIVE)
