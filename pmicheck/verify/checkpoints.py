"""Which run a directory of checkpoints belongs to: what is saved for one request says nothing about another."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pmicheck.errors import OutputError, UsageError
from pmicheck.explore.checkpoint import lock, read_sealed, replace, sealed
from pmicheck.report.record.record import tool_version
from pmicheck.verify.matrix import Request

FORMAT = 1
RUN, LOCK = "run.json", "lock"
LISTS = {
    "scenarios": "all",
    "attackers": "all",
    "properties": "all",
    "readings and bounds": "none set",
    "mechanisms switched off": "none",
    "reductions": "none",
}
"""What a run may list, and what it means to list nothing."""


@contextlib.contextmanager
def claimed(request: Request) -> Iterator[None]:
    """For the block the directory of checkpoints, if the request names one, is this run's alone.

    Raises:
        UsageError: it belongs to another request, to one with wider limits or to another version, or it is in use.
        OutputError: it cannot be written.
    """
    directory = request.engine.checkpoint
    if directory is None:
        yield
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise OutputError(f"{directory}: cannot be written: {error.strerror}") from error
    try:
        lock(file, directory)
        _claim(directory, _described(request))
        yield
    finally:
        os.close(file)


def _described(request: Request) -> dict[str, Any]:
    """What makes the run, as JSON values: all that decides which systems are searched, and how far."""
    own = [Path(name) for name in request.scenarios if name.endswith(".toml")]
    return {
        "format": FORMAT,
        "pmicheck": tool_version(),
        "scenarios": list(request.scenarios),
        "files": [hashlib.sha256(path.read_bytes()).hexdigest() for path in own if path.is_file()],
        "attackers": list(request.attackers),
        "properties": list(request.properties),
        "readings and bounds": [f"{name}={value}" for name, value in request.settings],
        "mechanisms switched off": sorted(request.without),
        "reductions": [*request.engine.reduce, *(["verdicts settled by others"] if request.settle else [])],
        "max_states": request.engine.max_states,
    }


def _claim(directory: Path, wanted: dict[str, Any]) -> None:
    """Note whose directory this is; raises UsageError if it is somebody else's."""
    path = directory / RUN
    try:
        text = path.read_bytes() if path.exists() else None
        if text is not None:
            _compare(directory, read_sealed(text), wanted)
        replace(path, sealed(wanted))
    except OSError as error:
        raise OutputError(f"{directory}: cannot be written: {error.strerror}") from error


def _compare(directory: Path, stored: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    if stored is None:
        raise UsageError(f"{directory}: {RUN} is damaged; name another directory, or remove this one to begin anew")
    if (stored["format"], stored["pmicheck"]) != (wanted["format"], wanted["pmicheck"]):
        raise UsageError(f"{directory} has checkpoints of pmicheck {stored['pmicheck']}; name another directory")
    for name, missing in LISTS.items():
        if stored[name] != wanted[name]:
            before, now = (", ".join(run[name]) or missing for run in (stored, wanted))
            raise UsageError(f"{directory} has checkpoints of a run with other {name}: {before}; here {now}")
    if stored["files"] != wanted["files"]:
        raise UsageError(f"{directory} has checkpoints of a run whose scenario files had another content")
    before, now = stored["max_states"], wanted["max_states"]
    if now is not None and (before is None or now < before):
        granted = "without --max-states" if before is None else f"with --max-states {before}"
        raise UsageError(f"{directory} has checkpoints of a run {granted}; grant as many, or name another directory")
