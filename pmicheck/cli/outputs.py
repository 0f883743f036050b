"""No output over an input, no two outputs on one file: checked for every verb before it does anything."""

from __future__ import annotations

import os
import stat
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pmicheck.errors import UsageError
from pmicheck.report.manifest import may_be_written

INPUTS = ("baseline", "record", "trace", "old", "new", "tls_ca_file", "tls_cert", "tls_key")
OUTPUTS = ("json", "sarif", "junit", "markdown", "pcap", "output")
DIRECTORIES = ("report", "checkpoint", "spill")


@dataclass(frozen=True)
class Named:
    """A path of the command line, and the option that names it, as messages say it."""

    option: str
    path: Path

    @property
    def told(self) -> str:
        return f"{self.option} {self.path}"


def check(options: Namespace) -> None:
    """Raises UsageError if the options name one file twice, at least once to write it."""
    inputs, outputs, directories = list(_inputs(options)), list(_outputs(options)), list(_named(options, DIRECTORIES))
    for output in outputs:
        for source in inputs:
            if _same(output.path, source.path) and not _is_device(output.path):
                raise UsageError(f"{output.told} would overwrite an input; name another file")
    for one, other in combinations([*outputs, *directories], 2):
        if _same(one.path, other.path) and not _is_device(one.path):
            raise UsageError(f"{one.option} and {other.option} both name {other.path}; choose another file for one")
    for directory in directories:
        for each in (*inputs, *outputs):
            if _meets(each, directory):
                raise UsageError(f"{each.told} lies where {directory.told} has files of its own; name another place")


def _inputs(options: Namespace) -> Iterator[Named]:
    for name in getattr(options, "scenarios", None) or ():
        if name.endswith(".toml"):
            yield Named("scenario", Path(name))
    yield from _named(options, INPUTS)


def _outputs(options: Namespace) -> Iterator[Named]:
    yield from _named(options, OUTPUTS)
    summary = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if options.verb == "verify" and os.environ.get("GITHUB_ACTIONS") == "true" and summary:
        yield Named("GITHUB_STEP_SUMMARY", Path(summary))


def _named(options: Namespace, names: tuple[str, ...]) -> Iterator[Named]:
    """What stands for a file among these options; "-" is stdout, and True a choice of format."""
    for name in names:
        value = getattr(options, name, None)
        if isinstance(value, str | Path) and str(value) != "-":
            yield Named("--" + name.replace("_", "-"), Path(value))


def _meets(each: Named, directory: Named) -> bool:
    """Whether a file lies in a directory under a name that may be needed there; in all but reports that is any."""
    place, path = _resolved(directory.path), _resolved(each.path)
    if place not in path.parents:
        return False
    within = path.relative_to(place).as_posix()
    if directory.option != "--report":
        return True
    return may_be_written(within) and not (within == "record.json" and each.option in ("--json", "--record"))


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, whatever links lie on the way."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return _resolved(one) == _resolved(other)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a loop of links; no working directory
        return path


def _is_device(path: Path) -> bool:
    """A terminal, a pipe, /dev/null: what is written there replaces nothing."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
