"""`pmicheck ablate`, `readings` and `repair`: change a scenario to see what comes of it."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from pathlib import Path

from pmicheck.cli import console
from pmicheck.cli.requests import request_of
from pmicheck.cli.verbs.ending import keeping
from pmicheck.cli.verbs.verify import REASONS
from pmicheck.errors import OutputError
from pmicheck.report.files import check_writable, write_text
from pmicheck.report.record.json_text import to_text
from pmicheck.review.verbs import Told, run
from pmicheck.verdict import ExitCode


def change(options: Namespace) -> ExitCode:
    """Raises UsageError, OutputError, LimitReached and Stopped; what was decided is delivered before all but the first.

    What the run has to say goes to stdout, and where `--json` says.
    """
    request = request_of(options)
    if (file := _file(options)) is not None:
        check_writable(file)
    kept: list[Told] = []
    with keeping(lambda why: _kept(why, kept, options)):
        with console.Progress() as progress:
            kept.append(run(options, request, progress=progress, partial=kept.append))
        told = kept[-1]
        _save(told, options)
        kept.clear()
        _say(told, options)
    if told.complete:
        return ExitCode.AS_EXPECTED
    return console.complain(REASONS[ExitCode.INCONCLUSIVE], ExitCode.INCONCLUSIVE)


def _kept(why: str, kept: list[Told], options: Namespace) -> str:
    """Why the run ends, and where what it decided went, unless that is delivered already or goes nowhere."""
    places: list[str] = []
    for told in kept[-1:]:
        with contextlib.suppress(OutputError):
            _save(told, options)
            places += [f"in {file}"] if (file := _file(options)) else []
        with contextlib.suppress(OutputError):
            _say(told, options)
            places.append("on stdout")
    return f"{why}; what was decided so far is {places[0]}" if places else why


def _save(told: Told, options: Namespace) -> None:
    file = _file(options)
    if file is not None:
        write_text(file, to_text(told.values))


def _say(told: Told, options: Namespace) -> None:
    if options.json == "-":
        console.emit_json(to_text(told.values))
    else:
        console.emit(told.text(console.width()))


def _file(options: Namespace) -> Path | None:
    return None if options.json in (None, "-") else Path(options.json)
