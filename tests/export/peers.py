"""rumur and SPIN at work on exported source, and what they print in numbers."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """What rumur says.

    Attributes:
        states, fired: distinct states, rules fired; only as far as it came if an invariant failed.
        failed: the invariant that failed, if any.
        path: the numbers of the transitions that lead there.
    """

    states: int
    fired: int
    failed: str | None
    path: tuple[int, ...]


@dataclass(frozen=True)
class Stored:
    """What SPIN says: states, transitions of the model taken, and for each broken invariant in how many states."""

    states: int
    taken: int
    broken: dict[str, int]


def rumur(source: str, directory: Path) -> Seen:
    """rumur on Murphi source, breadth first, until done or the first violation; its verifier without optimisation."""
    model, code, verifier = (directory / name for name in ("model.m", "model.c", "verifier"))
    model.write_text(source, encoding="utf-8")
    options = ["--deadlock-detection", "off", "--symmetry-reduction", "off", "--threads", "1", "--colour", "off"]
    _run("rumur", *options, "--output", str(code), str(model))
    _run("gcc", "-O0", "-w", "-std=c11", "-mcx16", "-o", str(verifier), str(code), "-lpthread")
    told = subprocess.run([verifier], capture_output=True, text=True, timeout=300).stdout
    found = re.search(r"(\d+) states, (\d+) rules fired", told)
    assert found, told
    failed = re.search(r'invariant "([^"]*)" failed', told)
    assert failed or "No error found." in told, told
    path = tuple(map(int, re.findall(r'^Rule ".*\[(\d+)\]".* fired\.$', told, re.MULTILINE)))
    return Seen(int(found[1]), int(found[2]), failed and failed[1], path)


def spin(source: str, directory: Path) -> Stored:
    """SPIN on Promela source: every state, no reduction, going on after violations."""
    (directory / "model.pml").write_text(source, encoding="utf-8")
    _run("spin", "-a", "model.pml", cwd=directory)
    options = ["-DNOREDUCE", "-DSAFETY", "-DPRINTF", "-DVECTORSZ=4096", "-DMEMLIM=2048"]
    _run("gcc", "-O0", "-w", *options, "-o", "pan", "pan.c", cwd=directory)
    told = _run("./pan", "-c0", "-n", "-m1000000", "-w20", cwd=directory)
    assert "max search depth too small" not in told
    assert "Search not completed" not in told, told
    states, transitions, errors = (
        int(re.search(pattern, told)[1])
        for pattern in (r"(\d+) states, stored", r"(\d+) transitions", r"errors: (\d+)")
    )
    broken = Counter(re.findall(r"^\s*(.*) is broken$", told, re.MULTILINE))
    assert sum(broken.values()) == errors
    return Stored(states, transitions - errors - 1, dict(broken))  # it counts the arrival in the initial state as one


def _run(program: str, *arguments: str, cwd: Path | None = None) -> str:
    found = program if program.startswith("./") else shutil.which(program)
    assert found, f"this test needs {program}; .ci/run installs it"
    done = subprocess.run([found, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{program} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout
