"""Reading and writing of whole text files: all or nothing, and one clear sentence where it fails."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pmicheck.errors import OutputError, UsageError

LONGEST = 1_000_000_000
"""Octets of a file that is read."""


def write_text(path: Path, text: str) -> None:
    """Writes `text` to `path` so that the old content stays until the new is complete.

    A regular file is replaced by renaming a temporary file beside it; a link keeps pointing where it points;
    a device or pipe is written to directly. Raises OutputError.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="\n") as device:
                device.write(text)
        else:
            _replace(path.resolve(), text.encode("utf-8", "backslashreplace"))
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise cannot_write(path, error) from error


def write_rendered(path: Path, content: str | bytes) -> None:
    """Writes what can be rendered again at any time, as `write_text` does but without waiting for the disk."""
    octets = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    try:
        _replace(path.resolve(), octets, durable=False)
    except (OSError, RuntimeError) as error:
        raise cannot_write(path, error) from error


def _replace(path: Path, octets: bytes, *, durable: bool = True) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as stream:
            stream.write(octets)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def cannot_write(target: Path | str, error: Exception) -> OutputError:
    """The sentence for a file that could not be written."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return OutputError(f"{target}: cannot be written: {reason}")


def make_directory(path: Path) -> None:
    """Makes the directory `path` and those above it, as far as they are missing. Raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def check_writable(path: Path) -> None:
    """Raises OutputError if a file at `path` could not be made: better before a long run than after it."""
    parent = path.absolute().parent
    if path.is_dir():
        raise OutputError(f"{path}: cannot be written: it is a directory")
    if not parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no directory {parent}")
    if not os.access(path if path.exists() and not path.is_file() else parent, os.W_OK):
        raise OutputError(f"{path}: cannot be written: permission denied in {parent}")


def read_text(path: Path, what: str) -> str:
    """The text of `path`, which should hold `what`, without a byte order mark. Raises UsageError."""
    try:
        with path.open("rb") as stream:
            octets = stream.read(LONGEST + 1)
        if len(octets) > LONGEST:
            raise UsageError(f"{path}: longer than {LONGEST:,} octets; {what} was expected")
        return octets.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file; {what} was expected there") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not text: octet {error.start} is not UTF-8; {what} was expected") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
