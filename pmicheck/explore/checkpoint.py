"""The state of a search on a disk, saved as the search goes on, so that a later run can take it up where it was left.

Each search has a directory of its own, named by the digest of its system. `sections` only grows: a save appends what is
new. Then `manifest.json` is replaced, all at once; it says how many octets of `sections` count, and their SHA-256. So
the last manifest is whole however the process ends, and what lies beyond it is cut off when the search is taken up.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pmicheck.errors import OutputError, UsageError

FORMAT = 1
"""To be raised with every change of the manifest; what sections hold has a number of its own (PK_SECTIONS)."""
SECTIONS, MANIFEST = "sections", "manifest.json"
NAME_DIGITS = 32
EVERY = 10.0  # seconds between two saves
SHARE = 20  # a save may take this part of the time, at most
PATIENCE = 5.0  # seconds for a process that was just ended to let go


class Checkpoint:
    """Where one search is saved. Nobody else may save there until it is closed.

    Attributes:
        levels: how many states each depth had when the search was saved last; empty if it never was.
        seconds: what the search had taken by then.
        trouble: why nothing is saved any more, "" if all is well.
    """

    def __init__(self, directory: Path, digest: str, name: str, sections_format: int, every: float = EVERY) -> None:
        """Open the place of the search of this system in `directory`, and make it if there is none.

        `every` is the least number of seconds between two saves; 0 lets nothing stand in the way of the next one.

        Raises:
            OutputError: it cannot be made or written.
            UsageError: another process is at work on it, another version has made it, or it is damaged.
        """
        self.place = directory / digest[:NAME_DIGITS]
        self.levels: tuple[int, ...] = ()
        self.seconds, self.trouble = 0.0, ""
        self._fixed = {"format": [FORMAT, sections_format], "system": digest, "name": name}
        self._octets, self._hash, self._expected = 0, hashlib.sha256(), ""
        self._every, self._next = every, time.monotonic() + every
        try:
            self.place.mkdir(parents=True, exist_ok=True)
            sync(directory)
            self._file = os.open(self.place / SECTIONS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OutputError(f"{self.place}: cannot be written: {error.strerror}") from error
        try:
            lock(self._file, self.place)
            self._read_manifest()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)

    def _read_manifest(self) -> None:
        try:
            text = (self.place / MANIFEST).read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise UsageError(f"{self.place}: cannot be read: {error.strerror}") from error
        stored = read_sealed(text)
        if stored is None:
            raise self.damaged()
        if stored["format"] != self._fixed["format"]:
            raise UsageError(f"{self.place}: saved by another version of pmicheck; name another directory")
        if stored["system"] != self._fixed["system"]:
            raise UsageError(f"{self.place}: saved for another system, {stored['name']}; name another directory")
        self.levels, self.seconds = tuple(stored["levels"]), stored["seconds"]
        self._octets, self._expected = stored["octets"], stored["sha256"]

    @contextlib.contextmanager
    def sections(self) -> Iterator[mmap.mmap]:
        """What was saved; there has to be something. Raises UsageError if it is damaged."""
        if os.fstat(self._file).st_size < self._octets:
            raise self.damaged()
        os.ftruncate(self._file, self._octets)
        with os.fdopen(os.dup(self._file), "rb") as file:
            self._hash = hashlib.file_digest(file, "sha256")
        if self._hash.hexdigest() != self._expected:
            raise self.damaged()
        with mmap.mmap(self._file, self._octets, access=mmap.ACCESS_READ) as content:
            yield content

    def damaged(self) -> UsageError:
        return UsageError(f"{self.place}: damaged; remove it, and the search begins anew")

    def due(self) -> bool:
        """Whether it is time to save again."""
        return not self.trouble and time.monotonic() >= self._next

    def save(self, pieces: Iterable[Any], levels: Sequence[int], seconds: float) -> None:
        """Append what is new, as buffers. A failure is noted as `trouble`; what was saved before stays valid."""
        began = time.monotonic()
        try:
            os.ftruncate(self._file, self._octets)
            os.lseek(self._file, self._octets, os.SEEK_SET)
            octets = self._octets + sum(self._append(memoryview(piece)) for piece in pieces)
            os.fsync(self._file)
            self._octets = octets  # from here on the new manifest may be there, even if writing it fails
            self._write_manifest(levels, seconds)
        except OSError as error:
            self.fail(f"cannot be written: {error.strerror}")
        now = time.monotonic()
        self._next = now + max(self._every, SHARE * (now - began)) if self._every else now

    def fail(self, why: str) -> None:
        """Nothing is saved from here on; the disk gets back what does not count."""
        self.trouble = f"{self.place}: {why}; the search goes on, but is not saved any more"
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self._octets)

    def _append(self, piece: memoryview) -> int:
        self._hash.update(piece)
        left = piece
        while left:
            left = left[os.write(self._file, left) :]
        return piece.nbytes

    def _write_manifest(self, levels: Sequence[int], seconds: float) -> None:
        said = {**self._fixed, "octets": self._octets, "sha256": self._hash.hexdigest()}
        replace(self.place / MANIFEST, sealed({**said, "levels": list(levels), "seconds": seconds}))


def lock(file: int, place: Path) -> None:
    """Keep other processes from this file until it is closed. Raises UsageError if one has it, or nobody can."""
    try:
        import fcntl
    except ImportError as error:
        raise UsageError("checkpoints need a system that can lock files, as POSIX has it") from error
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise UsageError(f"{place}: another run is at work there; wait for it or name another") from error
            time.sleep(0.05)
        except OSError as error:
            raise UsageError(f"{place}: files there cannot be locked: {error.strerror}") from error


def sealed(values: dict[str, Any]) -> bytes:
    """The values as JSON, with a checksum over them."""
    return json.dumps({**values, "check": _check(values)}, sort_keys=True).encode() + b"\n"


def read_sealed(text: bytes) -> dict[str, Any] | None:
    """Inverse of `sealed`; None if the text is anything else."""
    try:
        values = json.loads(text)
        check = values.pop("check")
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None
    return values if check == _check(values) else None


def _check(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another, so that one of the two is there whole whatever happens. Raises OSError."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    sync(path.parent)


def sync(directory: Path) -> None:
    """Wait until what was made or renamed in a directory is on the disk. Raises OSError."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
