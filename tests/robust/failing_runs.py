"""Runs of `pmicheck` of which one system call that writes fails: a program for test_failing_calls. No test lives here.

    LD_PRELOAD=failing_calls.so python failing_runs.py PARENT ERRNO...

Each run works in a directory of its own below PARENT, and another one, which meets no failure, goes on from what the
first left there. A line of JSON says how the two ended. The first line is of a run in which nothing fails.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from pmicheck.cli.main import main
from pmicheck.report.record.record import load

LINE = ("verify", "type1-initial", "--attacker", "off-path", "--property", "no-redirection")
NEVER = -1


def attempt(directory: Path, turn: int, error: int) -> dict[str, Any]:
    """How a run ended of which that call failed, what it said, and how many calls there were."""
    library = ctypes.CDLL(None)
    library.failing_end.restype = ctypes.c_long
    names = {name: str(directory / name) for name in ("json", "checkpoint", "spill")}
    os.environ["XDG_CACHE_HOME"] = str(directory / "cache")
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        library.failing_begin(ctypes.c_long(turn), error)
        code = main([*LINE, *(word for name, place in names.items() for word in (f"--{name}", place))])
        calls = library.failing_end()
    if (directory / "json").exists():
        load(directory / "json")  # a record is there whole or not at all
    return {"code": int(code), "said": said.getvalue(), "calls": calls}


def in_child(directory: Path, turn: int, error: int) -> dict[str, Any]:
    """The same in a process that has loaded everything already."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, json.dumps(attempt(directory, turn, error)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told: dict[str, Any] = json.loads(answer.read())
    os.waitpid(child, 0)
    return told


def fresh(directory: Path) -> Path:
    directory.mkdir()
    (directory / "spill").mkdir()
    return directory


if __name__ == "__main__":
    parent = Path(sys.argv[1])
    attempt(fresh(parent / "warm"), NEVER, 0)
    whole = in_child(fresh(parent / "whole"), NEVER, 0)
    print(json.dumps(whole))
    for error in map(int, sys.argv[2:]):
        for turn in range(whole["calls"]):
            place = fresh(parent / f"{error}-{turn}")
            first = in_child(place, turn, error)
            left = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
            print(json.dumps({"turn": turn, "first": first, "left": left, "second": in_child(place, NEVER, 0)}))
