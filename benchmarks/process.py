"""Runs a program and measures it, whichever program it is, in the same way.

Linux counts the memory of a process from before `exec`: that of whoever started it. So a small process (this file, run
by a bare interpreter) starts the program and hands on what it took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What a process printed and took: seconds of user CPU and of wall clock, octets at its peak."""

    output: str
    user: float
    wall: float
    peak: int


def measure(command: Sequence[str], cwd: Path) -> Measured:
    """Runs a command to its end; raises RuntimeError with what it printed if it fails, or is not there."""
    starter = [sys.executable, "-I", "-S", __file__, *command]
    ended = subprocess.run(starter, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    output, _, took = ended.stdout.rstrip("\n").rpartition("\n")
    code, user, wall, peak = json.loads(took)
    if code is None:
        raise RuntimeError(f"{command[0]} is not installed")
    if code:
        raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{output[-2000:]}")
    return Measured(output, user, wall, peak)


def _start(command: Sequence[str]) -> None:
    """Prints, after what the command prints, its exit code (None: no such program), user CPU, wall clock and peak."""
    began = time.monotonic()
    try:
        process = subprocess.Popen(command)
    except FileNotFoundError:
        print(json.dumps([None, 0, 0, 0]))
        return
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = [process.returncode, used.ru_utime, time.monotonic() - began, used.ru_maxrss * 1024]
    print("\n" + json.dumps(took))  # whether or not the command ended its last line


if __name__ == "__main__":
    _start(sys.argv[1:])
