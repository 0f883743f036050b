"""The report directory: `record.json`, `verdicts.txt`, `findings.md`, the pages, and the files of each finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pmicheck.report.files import make_directory, write_rendered
from pmicheck.report.manifest import RECORD, Listed, inspect, remove, write_manifest
from pmicheck.report.names import finding_names, graph_names
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import Record, dumps, save
from pmicheck.report.text.findings import render
from pmicheck.report.text.tables import findings, verdicts
from pmicheck.report.words.narration import tell

WIDTH = 100


def write_reports(record: Record, directory: Path, *, store: bool = True) -> list[Path]:
    """Writes everything and returns the files written. What an earlier run wrote and this one does not is removed.

    `store` is False where `record.json` has been written there already, or was read from there.

    Nothing but `record.json` holds anything of clock or machine, so that the same verdicts give the same octets.
    While files are written the manifest lists old and new contents, so that a run that ends in between leaves nothing
    that the next one would take for somebody else's. Raises OutputError, and then writes nothing, if a file there is
    not pmicheck's.
    """
    make_directory(directory)
    before = inspect(directory, own_record=not store, record=dumps(record).encode("ascii"))
    made = {name: _octets(content) for name, content in _contents(record)}
    after = Listed.of(made)
    before.check_free(directory, after)
    write_manifest(directory, before | after)
    if store:
        save(record, directory / RECORD)
    for name, octets in made.items():
        path = directory / name
        make_directory(path.parent)
        write_rendered(path, octets)
    remove(directory, before - after)
    return [directory / RECORD, *(directory / name for name in made), write_manifest(directory, after)]


def _octets(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")


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
            yield f"findings/{name}.json", to_text(result.trace)
            yield f"findings/{name}.pcap", capture(result.trace)
    for name, graph in zip(graph_names(record), record.graphs, strict=True):
        for ending, octets in data_files(graph):
            yield f"graphs/{name}-states.{ending}", octets
    yield from pages(record)
