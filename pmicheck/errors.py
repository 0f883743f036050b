"""Every error a user can meet, as one tree.

PmicheckError
├── UsageError            a name, reading, mechanism or option that does not exist or does not apply   exit 2
│   └── ScenarioError     a scenario file that cannot be read: file, line and what would be right      exit 2
├── WireError             octets that are no valid packet: offset and what was expected
├── OutputError           a record, capture or report that cannot be written (full disk, permission)   exit 2
├── LimitReached          a bound of the search (states, seconds, memory) cut it short                 exit 3
└── Disagreement          two independent ways to the same answer give two answers                     exit 4
"""

from __future__ import annotations

import signal


class PmicheckError(Exception):
    """Base of all errors that pmicheck raises on purpose; `str(error)` is one sentence for the user."""


class UsageError(PmicheckError):
    """The request names something that does not exist or does not apply here."""


class ScenarioError(UsageError):
    """A scenario file is wrong.

    Args:
        file: path as the user gave it.
        line: line number counted from 1, or None where the file as a whole is meant.
        problem: what is wrong and what would be right, without a final stop.
    """

    def __init__(self, file: str, line: int | None, problem: str) -> None:
        self.file = file
        self.line = line
        self.problem = problem
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {problem}")


class WireError(PmicheckError):
    """Octets do not form the packet they should, or a message cannot be encoded.

    Args:
        offset: octet at which the trouble was found, counted from the start of what was decoded or encoded.
        expected: what should stand there.
        found: what stands there instead, if that can be said.
    """

    def __init__(self, offset: int, expected: str, found: str | None = None) -> None:
        self.offset = offset
        self.expected = expected
        self.found = found
        tail = "" if found is None else f", found {found}"
        super().__init__(f"octet {offset}: expected {expected}{tail}")


class OutputError(PmicheckError):
    """Something could not be written; nothing half-written was left behind."""


class LimitReached(PmicheckError):
    """A limit the user or the machine set cut the search short."""


class Disagreement(PmicheckError):
    """Two ways that share no code came to two answers: one of them is wrong, and nothing can be relied on."""


class Stopped(KeyboardInterrupt):
    """A signal told the process to end, as Ctrl-C does; no PmicheckError, so that nothing takes it for one.

    Args:
        number: of the signal; the exit code is 128 more.
        words: what became of what was decided, as one sentence.
    """

    def __init__(self, number: int = signal.SIGINT, words: str = "interrupted") -> None:
        self.number = number
        super().__init__(words)
