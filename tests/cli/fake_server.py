"""`pmicheck` with the fake analysis, many times: a program for `conftest.py`. No test lives here.

Each line on stdin asks for a run: a process of its own, forked from this one, which has loaded everything already.
The answer is a line with its exit code.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import sys
import tempfile
from typing import Any

import fake_main

OUTPUTS = ("json", "report", "sarif", "junit", "markdown")
PATIENCE = 60
"""Seconds after which a run is ended."""


def load() -> None:
    """Loads what runs load when they come to it, by a run here."""
    nowhere = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as name,
        contextlib.chdir(name),
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        fake_main.main(["verify", *(word for each in OUTPUTS for word in (f"--{each}", each))])
    for verb in ("baseline", "catalogue", "records", "replaying"):
        importlib.import_module(f"pmicheck.cli.verbs.{verb}")


def become(asked: dict[str, Any]) -> None:
    """Makes of this process one that was started in a directory, with an environment, arguments and files."""
    os.chdir(asked["directory"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in enumerate(("stdout", "stderr"), 1):
        os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv[1:] = asked["arguments"]
    signal.alarm(PATIENCE)


def answer(line: str) -> int:
    """The exit code of a run."""
    child = os.fork()
    if child == 0:
        become(json.loads(line))
        code = fake_main.main()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # to take down what all runs share takes longer than a run
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    load()
    while line := sys.stdin.readline():
        print(answer(line), flush=True)
