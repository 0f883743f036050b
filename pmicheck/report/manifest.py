"""The manifest of a report directory: which files there are pmicheck's, so that no others are touched.

`files.txt` begins with `MARK`; each further line is a SHA-256 digest and a path from the directory (`sha256sum --check`
reads it too). A path may be listed with several digests: a run that ended while it wrote left one of them. Only
`record.json`, which holds times, is not listed; it is pmicheck's if it reads as a record, and without a list only if it
is that of an interrupted run, which leaves nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pmicheck.errors import OutputError, UsageError
from pmicheck.report.files import cannot_write, read_text, write_text

MANIFEST = "files.txt"
MARK = "# Written by pmicheck: what it wrote here, and may replace or remove. Nothing else here is touched."
LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
RECORD = "record.json"
FOLDERS = ("assets", "findings", "graphs")
REMEDY = "move it away, or name another directory"
NAMES = re.compile(
    r"verdicts\.txt|findings\.md|(index|statements|claims)\.html|assets/[\w.-]+\.(css|js|svg)"
    r"|findings/[\w+.-]+-[\w+.-]+\.(html|txt|json|pcap|mmd)|graphs/[\w+.-]+\.(html|json|dot|graphml|gz)",
    re.ASCII,
)
"""What a report may hold besides its record and this list."""


@dataclass(frozen=True)
class Listed:
    """Files by their path from the report's directory, each with the digests that it may have."""

    digests: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, contents: Mapping[str, bytes]) -> Listed:
        """The list of what is going to be written."""
        return cls({name: frozenset({_digest(octets)}) for name, octets in contents.items()})

    def __or__(self, other: Listed) -> Listed:
        names = (*self.digests, *other.digests)
        return Listed({n: self.digests.get(n, frozenset()) | other.digests.get(n, frozenset()) for n in names})

    def __sub__(self, other: Listed) -> Listed:
        return Listed({name: known for name, known in self.digests.items() if name not in other.digests})

    def check_free(self, directory: Path, wanted: Listed) -> None:
        """Raises OutputError if one of the wanted files would replace one that is not listed here."""
        for name in (wanted - self).digests:
            if _found(directory, name) is not None:
                raise _foreign(directory / name)


def may_be_written(name: str) -> bool:
    """True for a path, from the directory, that some report may have."""
    return name in (MANIFEST, RECORD) or NAMES.fullmatch(name) is not None


def inspect(directory: Path, *, own_record: bool = False, record: bytes = b"") -> Listed:
    """What an earlier run wrote into `directory`, every file of it as it was written.

    Args:
        own_record: whether the `record.json` there is this run's own input or output.
        record: what is to be written there; if it is there already, nobody loses anything.

    Raises:
        OutputError: a file that a report may have to replace is not pmicheck's, was changed, or lies behind a link.
    """
    listed = _read(directory)
    known = Listed() if listed is None else listed
    for name, digests in known.digests.items():
        if _found(directory, name) is not None and _digest(_read_octets(directory / name)) not in digests:
            raise OutputError(f"{directory / name}: has changed since pmicheck wrote it; {REMEDY}")
    for name in _present(directory):
        if name not in known.digests and NAMES.fullmatch(name):
            raise _foreign(directory / name)
    if _found(directory, RECORD) is not None and not own_record:
        octets = _read_octets(directory / RECORD)
        stored = _as_record(octets)
        if octets != record and (not stored or (listed is None and not stored.get("partial"))):
            raise _foreign(directory / RECORD)
    return known


def remove(directory: Path, gone: Listed) -> None:
    """Removes what `inspect` has found to be pmicheck's. Raises OutputError."""
    for name in sorted(gone.digests):
        try:
            (directory / name).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(directory / name, error) from error


def write_manifest(directory: Path, listed: Listed) -> Path:
    """Writes the list, and returns where it is. Raises OutputError."""
    lines = [f"{digest}  {name}" for name in sorted(listed.digests) for digest in sorted(listed.digests[name])]
    write_text(directory / MANIFEST, "".join(f"{line}\n" for line in (MARK, *lines)))
    return directory / MANIFEST


def _foreign(path: Path) -> OutputError:
    return OutputError(f"{path}: would be overwritten, but pmicheck did not write it; {REMEDY}")


def _read(directory: Path) -> Listed | None:
    """What the manifest lists, as far as a report may have it; None if there is none."""
    path = directory / MANIFEST
    if _found(directory, MANIFEST) is None:
        return None
    try:
        first, *lines = read_text(path, "the list of an earlier report's files").rstrip("\n").split("\n")
    except UsageError as error:
        raise _foreign(path) from error
    if first != MARK:
        raise _foreign(path)
    digests: dict[str, frozenset[str]] = {}
    for entry in filter(None, map(LINE.fullmatch, lines)):
        if NAMES.fullmatch(entry[2]):
            digests[entry[2]] = digests.get(entry[2], frozenset()) | {entry[1]}
    return Listed(digests)


def _found(directory: Path, name: str) -> os.stat_result | None:
    """The regular file of this name, None if there is nothing. Raises OutputError for anything else on the way."""
    *folders, last = PurePosixPath(name).parts
    path = directory
    for folder in folders:
        path = path / folder
        if _looked_at(path, stat.S_ISDIR) is None:
            return None
    return _looked_at(path / last, stat.S_ISREG)


def _looked_at(path: Path, wanted: Callable[[int], bool]) -> os.stat_result | None:
    """What is there, without following a link; None if nothing is. Raises OutputError if it is not what is wanted."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise cannot_write(path, error) from error
    if not wanted(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "something else"
        raise OutputError(f"{path}: is {kind} where a report has a file or directory of its own; {REMEDY}")
    return found


def _present(directory: Path) -> Iterator[str]:
    """The path, from the directory, of all that lies where a report may have files."""
    places = {"": directory, **{f"{folder}/": directory / folder for folder in FOLDERS}}
    for prefix, place in places.items():
        if prefix and _looked_at(place, stat.S_ISDIR) is None:
            continue
        try:
            entries = sorted(os.listdir(place))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise cannot_write(place, error) from error
        yield from (prefix + name for name in entries)


def _as_record(octets: bytes) -> dict[str, Any]:
    """The JSON object of a record; empty if the octets are none."""
    try:
        stored = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return stored if isinstance(stored, dict) and {"schema", "pmicheck", "results"} <= stored.keys() else {}


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _read_octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise cannot_write(path, error) from error
