"""Grounded systems kept on disk, under a digest of all that they depend on: the rules themselves, and what is asked.

What cannot be read back, for whatever reason, is grounded; what cannot be written is not kept. The files are pickles:
nothing is read from a place where somebody else can write.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from pmicheck.attacker.profiles import Attacker
from pmicheck.grounding.run import Prepared, begin, prepare, world_of
from pmicheck.grounding.stored import Unreadable, pack, unpack
from pmicheck.model.policy import Policy
from pmicheck.model.scenario import Scenario
from pmicheck.properties.base import Property

LAYERS = ("language", "model", "attacker", "properties", "grounding")
"""Whose source decides what a system is."""
MARK = b"pmicheck ground\n"
LARGEST = 500_000_000
"""Octets that the directory may hold."""
SMALLEST = 200
"""Systems with fewer transitions are grounded as fast as they are read."""


@dataclass(frozen=True)
class Cache:
    """Systems in a directory, which is made when the first one is kept."""

    directory: Path

    @classmethod
    def of_user(cls) -> Cache | None:
        """In the user's cache directory (XDG_CACHE_HOME, or ~/.cache); None if there is none."""
        named = Path(os.environ.get("XDG_CACHE_HOME", ""))
        try:
            return cls((named if named.is_absolute() else Path.home() / ".cache") / "pmicheck")
        except RuntimeError:
            return None

    def prepare(
        self, scenario: Scenario, policy: Policy, attacker: Attacker | None, properties: Iterable[Property]
    ) -> Prepared:
        """The same as `grounding.run.prepare` gives, read back if it was kept. Raises ScenarioError as that does.

        The policy must not be one that records what it is asked, and the properties those of the catalogue.
        """
        wanted = tuple(properties)
        world, names = world_of(scenario, policy, attacker), [prop.name for prop in wanted]
        asked = _told((RULES, sys.version, world, scenario.prologue, attacker, names))
        place = self.directory / f"{hashlib.sha256(asked.encode()).hexdigest()}.ground"
        octets = self._read(place)
        if octets is not None:
            start, adversary = begin(scenario, policy, attacker)
            with contextlib.suppress(Unreadable):
                return Prepared(start, unpack(octets, start.world, adversary), wanted, kept=True)
        prepared = prepare(scenario, policy, attacker, wanted)
        if len(prepared.grounded.system.transitions) >= SMALLEST:
            self._write(place, pack(prepared.grounded))
        return prepared

    def _read(self, place: Path) -> bytes | None:
        """What is kept there, None if that is nothing, or not as it was written, or not the user's own."""
        try:
            if not _private(self.directory.stat()):
                return None
            with open(place, "rb", opener=_at_once) as file:
                content = file.read() if _private(os.fstat(file.fileno())) else b""
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(place)
        octets = content[len(MARK) + hashlib.sha256().digest_size :]
        return octets if content == _sealed(octets) else None

    def _write(self, place: Path, octets: bytes) -> None:
        """Keep it, at once or not at all, and make room for it."""
        with contextlib.suppress(OSError):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _private(self.directory.stat()):
                return
            number, name = tempfile.mkstemp(dir=self.directory)
            try:
                with open(number, "wb") as file:
                    file.write(_sealed(octets))
                Path(name).replace(place)
            finally:
                Path(name).unlink(missing_ok=True)
            self._make_room()

    def _make_room(self) -> None:
        """Remove what was not used for longest."""
        files = [(path.stat(), path) for path in self.directory.iterdir()]
        surplus = sum(found.st_size for found, _ in files) - LARGEST
        for found, path in sorted(files, key=lambda each: each[0].st_mtime_ns):
            if surplus <= 0:
                return
            path.unlink(missing_ok=True)
            surplus -= found.st_size


def _sealed(octets: bytes) -> bytes:
    return MARK + hashlib.sha256(octets).digest() + octets


def _at_once(path: str, flags: int) -> int:
    """Opens without waiting for anybody: a pipe would."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _private(found: os.stat_result) -> bool:
    """Whether it is a file or directory of the user's, and nobody else may write there."""
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def digest_of_rules(root: Path) -> str:
    """Of every source file, and its name, in the layers below `root` that say what a system is."""
    digest = hashlib.sha256()
    for path in sorted(path for layer in LAYERS for path in (root / layer).rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


RULES = digest_of_rules(Path(__file__).parents[1])
"""Taken when they are loaded: what becomes of the files later is not what this process runs."""


def _told(value: object) -> str:
    """The value in words that are the same in every process, and differ where it differs."""
    if isinstance(value, type):
        return value.__qualname__
    if is_dataclass(value):
        inside = (f"{each.name}={_told(getattr(value, each.name))}" for each in fields(value))
    elif isinstance(value, Mapping):
        inside = (f"{_told(key)}={_told(value[key])}" for key in sorted(value))
    elif isinstance(value, Set):
        inside = (each for each in sorted(map(_told, value)))
    elif isinstance(value, tuple | list):
        inside = (_told(each) for each in value)
    elif value is None or isinstance(value, bool | int | str):
        return repr(value)
    else:
        raise TypeError(f"{value!r} has no words of its own")
    return f"{type(value).__qualname__}({', '.join(inside)})"
