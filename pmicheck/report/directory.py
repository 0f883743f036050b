"""The report directory: `record.json`, `verdicts.txt`, `findings.md`, the pages, and the files of each finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pmicheck.errors import UsageError
from pmicheck.report.files import cannot_write, make_directory, read_text, write_rendered, write_text
from pmicheck.report.findings import render
from pmicheck.report.names import finding_names, graph_names
from pmicheck.report.narration import tell
from pmicheck.report.record import Record, plain, save, to_text
from pmicheck.report.text import findings, verdicts

WIDTH = 100
MANIFEST = "files.txt"
"""Lists every file of the report, so that the next run can take away what it does not write again."""


def write_reports(record: Record, directory: Path, *, store: bool = True) -> list[Path]:
    """Writes everything and returns the files written. What an earlier run wrote and this one does not is removed.

    `store` is False where `record.json` has been written there already.

    Nothing but `record.json` holds anything of clock or machine, so that the same verdicts give the same octets.
    Raises OutputError.
    """
    written: list[str] = ["record.json"]
    make_directory(directory)
    if store:
        save(record, directory / "record.json")
    before = _listed(directory)
    for name, content in _contents(record):
        path = directory / name
        make_directory(path.parent)
        write_rendered(path, content)
        written.append(name)
    written = sorted({*written, MANIFEST})
    _remove(directory, before - set(written))
    write_text(directory / MANIFEST, "".join(f"{name}\n" for name in written))
    return [directory / name for name in written]


def _contents(record: Record) -> Iterator[tuple[str, str | bytes]]:
    """(path from the report's directory, content) of every file but record and manifest."""
    from pmicheck.report.capture import capture
    from pmicheck.report.graphs.files import data_files
    from pmicheck.report.pages.site import pages

    listed = findings(record, width=WIDTH)
    yield "verdicts.txt", verdicts(record, width=WIDTH) + (f"\nViolations:\n{listed}" if listed else "")
    yield "findings.md", render(record)
    for position, name in finding_names(record).items():
        result = record.results[position]
        yield f"findings/{name}.txt", tell(result, width=WIDTH)
        if result.trace is not None:
            yield f"findings/{name}.json", to_text(plain(result.trace))
            yield f"findings/{name}.pcap", capture(result.trace)
    for name, graph in zip(graph_names(record), record.graphs, strict=True):
        for ending, octets in data_files(graph):
            yield f"graphs/{name}-states.{ending}", octets
    yield from pages(record)


def _listed(directory: Path) -> set[str]:
    """What an earlier run says it wrote, as far as that lies in the directory."""
    path = directory / MANIFEST
    if not path.is_file():
        return set()
    try:
        lines = read_text(path, "the list of an earlier report's files").splitlines()
    except UsageError:
        return set()
    return {line for line in lines if line and ".." not in PurePosixPath(line).parts and not line.startswith("/")}


def _remove(directory: Path, names: set[str]) -> None:
    for name in sorted(names):
        try:
            (directory / name).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(directory / name, error) from error
