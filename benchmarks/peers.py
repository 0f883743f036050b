"""The peers: a model becomes C, C a program, the program is run. README.md says why these options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import Murphi, Promela
from benchmarks.process import Measured, measure

OPTIMISED = ("-O3", "-march=native")
RUMUR = (
    "--threads=1",
    "--symmetry-reduction=off",
    "--deadlock-detection=off",
    "--counterexample-trace=off",
)
PAN = ("-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DMEMLIM=16000")


@dataclass(frozen=True)
class Found:
    """The size of a state space; the transitions are the pairs of a state and a rule instance that it enables."""

    states: int
    transitions: int


@dataclass(frozen=True)
class Program:
    """A checker for one model, ready to be run; `built` is the user CPU that making it took."""

    peer: Murphi | Promela
    command: tuple[str, ...]
    directory: Path
    built: float

    def run(self) -> tuple[Found, Measured]:
        """One search; raises RuntimeError if it fails, or is not a whole search without errors."""
        measured = measure(self.command, self.directory)
        count = rumur_counts if isinstance(self.peer, Murphi) else pan_counts
        return count(measured.output), measured


def build(peer: Murphi | Promela, states: int, directory: Path, flags: Sequence[str] = OPTIMISED) -> Program:
    """Compiles a model, with twice as many slots in its hash table, and as deep a stack, as the model has states."""
    slots = max(16, (2 * states).bit_length())
    directory.mkdir()
    if isinstance(peer, Murphi):
        (directory / "model.m").write_text(peer.text(), encoding="utf-8")
        options = (*RUMUR, f"--set-capacity={8 << slots}")
        steps = [["rumur", *options, "--output", "model.c", "model.m"]]
        steps.append(["gcc", "-std=c11", *flags, "-o", "model", "model.c", "-lpthread"])
        command: tuple[str, ...] = (str(directory / "model"),)
    else:
        (directory / "model.pml").write_text(peer.text(), encoding="utf-8")
        order = ("-DBFS",) if peer.breadth_first else ()
        steps = [["spin", "-a", *peer.defines, "model.pml"]]
        steps.append(["gcc", *flags, *PAN, *order, "-o", "pan", "pan.c"])
        command = (str(directory / "pan"), "-E", "-n", f"-w{slots}", f"-m{2 * states}")
    return Program(peer, command, directory, sum(measure(step, directory).user for step in steps))


def rumur_counts(output: str) -> Found:
    """The counts in what a verifier by rumur prints. Raises RuntimeError where it found errors or stopped early."""
    counted = re.search(r"(\d+) states, (\d+) rules fired in", output)
    if counted is None or "No error found" not in output:
        raise RuntimeError(f"rumur's verifier prints\n{output[-2000:]}")
    return Found(*map(int, counted.groups()))


def pan_counts(output: str) -> Found:
    """The counts in what pan prints. Raises RuntimeError where it found errors or stopped early.

    It counts the way into the initial state as a transition. States inside an atomic step, each with one way into it,
    are no states of the model; a search breadth first stores them too.
    """
    numbers = [re.search(rf"(\d+) {what}", output) for what in ("states, stored", "states, matched", "atomic steps")]
    if not all(numbers) or "errors: 0" not in output or "Search not completed" in output or "too small" in output:
        raise RuntimeError(f"pan prints\n{output[-2000:]}")
    stored, matched, atomic = (int(number[1]) for number in numbers if number)
    inside = atomic if "nominal states" in output else 0
    return Found(stored - inside, stored - inside + matched - 1)
