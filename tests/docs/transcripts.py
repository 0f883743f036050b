"""Reads the transcripts of a Markdown file, runs them in a shell, and holds what they print against what is quoted.

A block ```` ```console ```` holds commands, each behind `$ `, continued behind `> `, and below it what it prints: to
the letter, except that `…` within a line stands for any text and a line `…` for any lines. A command with nothing
below it may print what it likes. A comment behind a command says how it ends (`# exit 1`; else 0), or that it takes
minutes (`# minutes`), when it is not run. A block ```` ```toml name.toml ```` is a file that the reader is told to
write; with a folder in its name it is quoted from the project, in the same way as what a command prints. No test lives
here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
ELISION = "…"
PATIENCE = 300
"""Seconds after which a command counts as hanging."""


@dataclass
class Command:
    """One command of a document, the exit code it must end with, and the lines it must print."""

    place: str
    text: str
    quoted: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> bool:
        return re.search(r"#.*\bminutes\b", self.text) is not None

    @property
    def code(self) -> int:
        said = re.search(r"# exit (\d+)$", self.text)
        return int(said[1]) if said else 0


@dataclass
class File:
    """A file that the document shows: in full for the reader to write, or parts of one of the project's."""

    name: str
    lines: list[str] = field(default_factory=list)

    @property
    def of_the_project(self) -> bool:
        return "/" in self.name


def pieces(document: Path) -> list[Command | File]:
    """The commands and files of a document, in order."""
    found: list[Command | File] = []
    for start, words, lines in blocks(document.read_text(encoding="utf-8")):
        if words == ["console"]:
            found += commands(lines, document.name, start + 1)
        elif len(words) == 2:
            found.append(File(words[1], lines))
    return found


def prose(document: Path) -> str:
    """The document without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def blocks(text: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """(number of the opening line, words behind the fence, lines within) of each fenced block."""
    start, words, lines = 0, [""], [""]
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```") and not start:
            start, words, lines = number, line.removeprefix("```").split(), []
        elif line.startswith("```"):
            yield start, words, lines
            start = 0
        elif start:
            lines.append(line)


def commands(lines: list[str], name: str, first: int) -> list[Command]:
    """The commands of one block whose lines are numbered from `first`."""
    found: list[Command] = []
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            found.append(Command(f"{name}:{number}", line.removeprefix("$ ")))
        elif line.startswith("> "):
            found[-1].text += "\n" + line.removeprefix("> ")
        else:
            found[-1].quoted.append(line)
    return found


def misquoted(quoted: list[str], printed: list[str]) -> str:
    """The first quoted lines, as many as stand together, that the printed ones do not bear out; "" if all do."""
    if not quoted:
        return ""
    groups = _groups(quoted)
    position = 0
    for number, group in enumerate(groups):
        starts = range(position, len(printed) - len(group) + 1)
        if number == len(groups) - 1:
            starts = starts[-1:]
        if number == 0:
            starts = range(1) if 0 in starts else range(0)
        start = next((at for at in starts if all(map(_fits, group, printed[at:]))), None)
        if start is None:
            return "\n".join(group) or "(something is left out here, but nothing more is printed)"
        position = start + len(group)
    return ""


def _groups(quoted: list[str]) -> list[list[str]]:
    """The quoted lines, parted where some are left out."""
    groups: list[list[str]] = [[]]
    for line in quoted:
        if line.strip() == ELISION:
            groups.append([])
        else:
            groups[-1].append(line)
    return groups


def _fits(quoted: str, printed: str) -> bool:
    parts = (re.escape(part) for part in quoted.rstrip().split(ELISION))
    return re.fullmatch(".*".join(parts), printed.rstrip()) is not None


class Sandbox:
    """A shell in a directory of its own, in which `pmicheck` is the one under test and output is 80 columns wide."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.programs = directory / ".programs"
        self.programs.mkdir(parents=True)
        self.program("python", f'exec "{sys.executable}" "$@"')
        self.program("pmicheck", f'exec "{sys.executable}" -m pmicheck "$@"')

    def program(self, name: str, script: str) -> None:
        """Puts a shell script on the PATH."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `script` as CI does, with `bash -e`; stdout and stderr come in the order in which they were written."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT", "PMICHECK"))}
        surroundings = {
            **kept,
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
            "XDG_CACHE_HOME": str(self.programs / "cache"),
            **environment,
        }
        return subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.directory,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
