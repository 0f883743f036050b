"""A second opinion on a search: the same ground system, explored by a small C program that shares no code with ours.

What the two found is compared in full: states, levels, firings, a fingerprint of the set of states, and for each
projection its number of values and a fingerprint of them. Verdicts are z3's answers to those values.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import pack

from pmicheck.errors import Disagreement, UsageError
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import WORD, TransitionSystem
from pmicheck.verdict import DECIDED

MOST_STATES = 1_000_000
"""Above so many states no second opinion is asked for: the program tries every transition in every state."""

SOURCE = Path(__file__).with_name("search.c")
COMPILERS = ("cc", "gcc", "clang")
LAST_WORD = (1 << WORD) - 1
PRIMES = ((1 << 61) - 1, (1 << 62) - 57)


@dataclass(frozen=True)
class Summed:
    """A set of states, each as one number: how many, and modulo each of `PRIMES` the sum of their third powers."""

    count: int
    sums: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What a search found, by the words of a sentence about it."""

    states: Summed
    levels: tuple[int, ...]
    fired: tuple[int, ...]
    projections: tuple[Summed, ...]

    def parts(self) -> Iterator[tuple[str, object]]:
        """What can be compared, with its name."""
        yield "number of states", self.states.count
        yield "states of each level", self.levels
        yield "firings of each rule", self.fired
        yield "fingerprint of the states", self.states
        for number, values in enumerate(self.projections):
            yield f"values of projection {number}", values


def second(system: TransitionSystem, found: Exploration) -> bool:
    """Whether the second explorer was asked, and then agrees with what the first one found.

    It is not asked about a search that a limit cut in the middle of a level, or that has more than `MOST_STATES`.

    Raises:
        Disagreement: what it found is something else.
        UsageError: there is no C compiler; the system is a reduced one.
    """
    if system.reduced:
        raise UsageError("a second opinion is on whole systems: choose one of --second-opinion and --reduce")
    if found.states > MOST_STATES or not (found.complete or found.stopped_by == DECIDED):
        return False
    levels = LAST_WORD if found.complete else found.depth
    for (what, first), (_, other) in zip(_first(system, found).parts(), _second(system, levels).parts(), strict=True):
        if first != other:
            raise Disagreement(f"{system.name}: two explorers disagree on the {what}: {first} and {other}")
    return True


def _first(system: TransitionSystem, found: Exploration) -> Opinion:
    return Opinion(
        states=_summed(system, found.states_iter()),
        levels=found.levels,
        fired=found.fired,
        projections=tuple(
            _summed(system, ((seen.local, seen.knowledge) for seen in each)) for each in found.projections
        ),
    )


def _second(system: TransitionSystem, levels: int) -> Opinion:
    """What the C program says of the first `levels` levels."""
    told = iter(_run([_built().name + "/search"], b"".join(_written(system, levels))).decode("ascii").splitlines())
    states, sizes, fired = _summed_in(next(told)), next(told), next(told)
    return Opinion(
        states=states,
        levels=tuple(map(int, sizes.split())),
        fired=tuple(map(int, fired.split())),
        projections=tuple(map(_summed_in, told)),
    )


@cache
def _built() -> tempfile.TemporaryDirectory[str]:
    """Where the compiled program is, `search`; the directory goes with the process."""
    place = tempfile.TemporaryDirectory(prefix="pmicheck-")
    _run([_compiler(), "-O2", "-o", f"{place.name}/search", str(SOURCE)], b"")
    return place


def _compiler() -> str:
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    if found is None:
        raise UsageError(f"a second opinion takes a C compiler, and none of {', '.join(COMPILERS)} is installed")
    return found


def _run(command: list[str], given: bytes) -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise UsageError(f"no second opinion: {command[0]} ended with {done.returncode} {said}".rstrip())
    return done.stdout


def _summed_in(line: str) -> Summed:
    count, *sums = map(int, line.split())
    return Summed(count, tuple(sums))


def _written(system: TransitionSystem, levels: int) -> Iterator[bytes]:
    """The system as the C program reads it: see the head of `search.c`."""
    w, k = system.words, _words_of_facts(system)
    parts = (system.rules, system.transitions, system.horn, system.projections)
    yield _words((w, k, *map(len, parts), levels))
    yield _cut(system.initial, w) + _cut(system.known, k)
    for move in system.transitions:
        yield _words([move.rule])
        yield b"".join(_cut(each, w) for each in (move.mask, move.value, move.clear, move.put))
        yield _cut(move.needs, k) + _cut(move.learns, k)
    for rule in system.horn:
        yield _cut(rule.body, k) + _words([rule.head])
    for projection in system.projections:
        yield _cut(projection.mask, w) + _cut(projection.facts, k)


def _words_of_facts(system: TransitionSystem) -> int:
    return -(-len(system.facts) // WORD)


def _words(numbers: Iterable[int]) -> bytes:
    return b"".join(pack("<Q", number) for number in numbers)


def _cut(number: int, words: int) -> bytes:
    return number.to_bytes(8 * words, "little")


def _summed(system: TransitionSystem, rows: Iterable[tuple[int, int]]) -> Summed:
    """The sums over pairs (local, knowledge)."""
    numbers = [local | knowledge << system.width for local, knowledge in rows]
    return Summed(len(numbers), tuple(sum(pow(number % p, 3, p) for number in numbers) % p for p in PRIMES))
