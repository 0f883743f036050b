"""`pmicheck ablate`, `readings` and `repair`: change a scenario to see what comes of it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from pmicheck import console
from pmicheck.commands.verify import REASONS
from pmicheck.options import request_of
from pmicheck.report.files import check_writable, write_text
from pmicheck.report.record import to_text
from pmicheck.review.verbs import run
from pmicheck.verdict import ExitCode


def change(options: Namespace) -> ExitCode:
    """Raises UsageError, OutputError."""
    request = request_of(options)
    if options.json not in (None, "-"):
        check_writable(Path(options.json))
    with console.Progress() as progress:
        told = run(options, request, progress=progress)
    if options.json == "-":
        console.emit_json(to_text(told.values))
    else:
        if options.json is not None:
            write_text(Path(options.json), to_text(told.values))
        console.emit(told.text(console.width()))
    if told.complete:
        return ExitCode.AS_EXPECTED
    return console.complain(REASONS[ExitCode.INCONCLUSIVE], ExitCode.INCONCLUSIVE)
