"""Where a record and what is made of it go: files, a report directory, stdout, and the log of GitHub Actions.

The options are those of `verify` and `report`. Renderers are imported when they are asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from pmicheck.cli import console
from pmicheck.errors import OutputError
from pmicheck.report.files import cannot_write, check_writable, make_directory, write_text
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.record.record import Record, dumps, save

Render = Callable[[Record, Comparison], str]


def check(options: Namespace) -> None:
    """Raises OutputError if an output could not be written, or would overwrite what pmicheck did not write.

    To be called before a run: a long one should not end with nowhere to put what it found.
    """
    if options.report:
        read = options.record.read_bytes() if options.record else b""
        check_directory(options.report, own_record=_is_stored(options), record=read)
    for path in (_json_file(options), options.sarif, options.junit, options.markdown):
        if path is not None:
            check_writable(path)
    if on_github() and _step_summary():
        check_writable(Path(_step_summary()))


def check_directory(directory: Path, *, own_record: bool, record: bytes = b"") -> None:
    """Makes the report directory. Raises OutputError as `report.manifest.inspect` does."""
    from pmicheck.report.manifest import inspect

    make_directory(directory)
    inspect(directory, own_record=own_record, record=record)
    check_writable(directory / "record.json")


def deliver(record: Record, comparison: Comparison, options: Namespace) -> None:
    """Writes the record and all that the options want made of it. Raises OutputError."""
    _put_json(record, options)
    for path, render in _renderers(options):
        write_text(path, render(record, comparison))
    if options.report:
        from pmicheck.report.directory import write_reports

        write_reports(record, options.report, store=not _is_stored(options))


def as_stored(record: Record) -> Record:
    """The record as it is read back from its file: so `report` makes of it, to the octet, what `verify` made."""
    return msgspec.convert(json.loads(dumps(record)), Record)


def keep(record: Record, options: Namespace) -> Path | None:
    """Writes a record and renders nothing; returns the file that holds it, if any does.

    Called when a run ends early, so where it cannot be written is passed over.
    """
    places: list[Path] = []
    with contextlib.suppress(OutputError):
        _put_json(record, options)
        places += [path for path in (_json_file(options),) if path is not None]
    if options.report and not _is_stored(options):
        with contextlib.suppress(OutputError):
            make_directory(options.report)
            save(record, _stored_at(options))
            places.append(_stored_at(options))
    return places[0] if places else None


def on_github() -> bool:
    """True in a job of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def tell_github(record: Record, comparison: Comparison, *, alone: bool) -> None:
    """Annotations for the job's log, and the summary for its page. Raises OutputError.

    `alone`: stdout belongs to the record, so the annotations go to stderr, where GitHub reads them as well.
    """
    from pmicheck.report.ci.github import annotations
    from pmicheck.report.ci.markdown import summary

    (console.say_raw if alone else console.emit_raw)(annotations(record, comparison))
    if _step_summary():
        try:
            with Path(_step_summary()).open("a", encoding="utf-8", newline="\n") as page:
                page.write(summary(record, comparison))
        except OSError as error:
            raise cannot_write(_step_summary(), error) from error


def _step_summary() -> str:
    return os.environ.get("GITHUB_STEP_SUMMARY", "")


def _renderers(options: Namespace) -> Iterator[tuple[Path, Render]]:
    if options.sarif:
        from pmicheck.report.ci.sarif import sarif

        yield options.sarif, sarif
    if options.junit:
        from pmicheck.report.ci.junit import junit

        yield options.junit, junit
    if options.markdown:
        from pmicheck.report.ci.markdown import summary

        yield options.markdown, summary


def _put_json(record: Record, options: Namespace) -> None:
    path = _json_file(options)
    if options.json == "-":
        console.emit_json(dumps(record))
    elif path is not None:
        save(record, path)


def _json_file(options: Namespace) -> Path | None:
    return None if options.json in (None, "-") else Path(options.json)


def _stored_at(options: Namespace) -> Path:
    """Where the report directory keeps the record."""
    directory: Path = options.report
    return directory / "record.json"


def _is_stored(options: Namespace) -> bool:
    """True if the record stands in the report directory already: written there, or read from there."""
    there = _stored_at(options).resolve()
    return any(path is not None and path.resolve() == there for path in (_json_file(options), options.record))
