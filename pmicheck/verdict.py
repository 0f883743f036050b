"""Verdicts, replay outcomes and exit codes: the words every layer shares (DESIGN section 4)."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What is known of one property of one scenario under one attacker and one set of readings."""

    VIOLATED = "violated"
    HOLDS = "holds"
    PROVED = "proved"
    HOLDS_TO_BOUND = "holds-to-bound"
    VACUOUS = "vacuous"
    UNDECIDED = "undecided"


def verdict_of(*, broken: bool, complete: bool, witnessed: bool) -> Verdict:
    """The verdict of a search: whether it found a violation, saw every reachable state, and found the witness."""
    if broken:
        return Verdict.VIOLATED
    if not complete:
        return Verdict.HOLDS_TO_BOUND
    return Verdict.HOLDS if witnessed else Verdict.VACUOUS


def as_searched(verdict: Verdict) -> Verdict:
    """What a search alone says: what is proved holds in every reachable state as well."""
    return Verdict.HOLDS if verdict is Verdict.PROVED else verdict


DECIDED = "decided"
"""Why a search ended before all states were found that was cut by no limit: all it was asked for is violated."""


class Replay(StrEnum):
    """What became of the trace on real packets."""

    CONFIRMED = "confirmed"
    DIVERGED = "diverged"
    NOT_APPLICABLE = "not-applicable"


class ExitCode(IntEnum):
    """How the process ends; the smallest number that fits is never chosen over a graver one (see `gravest`)."""

    AS_EXPECTED = 0
    NEW_VIOLATION = 1
    USAGE = 2
    INCONCLUSIVE = 3
    NOT_TRUSTWORTHY = 4
    STALE_BASELINE = 5
    CRASH = 70
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


GRAVITY = (
    ExitCode.AS_EXPECTED,
    ExitCode.STALE_BASELINE,
    ExitCode.INCONCLUSIVE,
    ExitCode.NEW_VIOLATION,
    ExitCode.NOT_TRUSTWORTHY,
)


def gravest(codes: list[ExitCode]) -> ExitCode:
    """The exit code of a run whose parts ended with `codes`: distrust outranks a finding, a finding a limit."""
    return max(codes, key=GRAVITY.index, default=ExitCode.AS_EXPECTED)
