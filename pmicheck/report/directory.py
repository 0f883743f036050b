"""The report directory: `record.json`, `verdicts.txt`, `findings.md` and one narration a finding."""

from __future__ import annotations

import re
from pathlib import Path

from pmicheck.report.files import cannot_write, make_directory, write_text
from pmicheck.report.findings import render
from pmicheck.report.record import Record, Result, save
from pmicheck.report.review import Review
from pmicheck.report.text import findings, tell, verdicts
from pmicheck.verdict import Verdict

WIDTH = 100
FIRST_WORDS = "pmicheck finding "
FINDINGS = "findings.md"
NO_REVIEW = Review()


def write_reports(record: Record, directory: Path, *, store: bool = True, review: Review = NO_REVIEW) -> list[Path]:
    """Writes everything and returns the files written. Narrations of findings that are gone are removed.

    `store` is False where `record.json` has been written there already; `review` is what `findings.md` tells besides
    the record.

    The text files hold nothing of clock or machine, so that the same verdicts give the same octets.
    Raises OutputError.
    """
    make_directory(directory / "findings")
    written = [directory / "record.json", directory / "verdicts.txt", directory / FINDINGS]
    if store:
        save(record, written[0])
    listed = findings(record, width=WIDTH)
    write_text(written[1], verdicts(record, width=WIDTH) + (f"\nViolations:\n{listed}" if listed else ""))
    write_text(written[2], render(record, review))
    for result in record.results:
        if result.verdict is Verdict.VIOLATED:
            path = _free(directory / "findings", _stem(result), written)
            write_text(path, tell(result, width=WIDTH))
            written.append(path)
    _remove_others(directory / "findings", written)
    return written


def _stem(result: Result) -> str:
    return re.sub(r"[^A-Za-z0-9+._-]", "_", "-".join(result.names()))


def _free(directory: Path, stem: str, taken: list[Path]) -> Path:
    """A name not taken yet: the same finding may stand in one record under several readings."""
    path, number = directory / f"{stem}.txt", 1
    while path in taken:
        number += 1
        path = directory / f"{stem}-{number}.txt"
    return path


def _remove_others(directory: Path, written: list[Path]) -> None:
    """Removes narrations of an earlier run, known by their first words, and touches nothing else."""
    try:
        for path in sorted(directory.glob("*.txt")):
            if path not in written and path.read_bytes().startswith(FIRST_WORDS.encode()):
                path.unlink()
    except OSError as error:
        raise cannot_write(directory, error) from error
