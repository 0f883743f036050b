"""What is in force in one run: the reading of every open question, and the checks switched off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property

from pmicheck.errors import UsageError
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.readings import READINGS


@dataclass(frozen=True)
class Policy:
    """All readings by name (hashable, sorted) and the mechanisms switched off."""

    readings: tuple[tuple[str, str], ...]
    without: frozenset[str] = frozenset()

    def reads(self, name: str, value: str) -> bool:
        return (name, value) in self.in_force

    @cached_property
    def in_force(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.readings)

    def on(self, mechanism: str) -> bool:
        return mechanism not in self.without

    @property
    def tunnel_protected(self) -> bool:
        return self.reads("tunnel_protected", "yes") and self.on("tunnel-esp")

    @property
    def keeps_old_ht(self) -> bool:
        return self.reads("ht_rotation", "keep") or not self.on("ht-rotation")

    @property
    def dereg_unauthenticated(self) -> bool:
        return self.reads("dereg_auth", "none") or not self.on("dereg-auth")

    @property
    def context_readable(self) -> bool:
        return not self.reads("context_transfer", "protected") or not self.on("context-transfer-protection")

    @property
    def credit_limits(self) -> bool:
        return self.reads("cba", "on") and self.on("cba")


@dataclass(frozen=True)
class Recording(Policy):
    """The same policy, which notes in `asked` the names of the readings and mechanisms that somebody consulted."""

    asked: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, policy: Policy) -> Recording:
        return cls(**{each.name: getattr(policy, each.name) for each in fields(policy)})

    def reads(self, name: str, value: str) -> bool:
        self.asked.add(name)
        return super().reads(name, value)

    def on(self, mechanism: str) -> bool:
        self.asked.add(mechanism)
        return super().on(mechanism)


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The sentence for a name that does not exist, with the nearest one that does."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"known are: {', '.join(names)}"
    return UsageError(f"unknown {kind} '{name}'; {hint}")


def make_policy(settings: Mapping[str, str], without: Iterable[str], families: frozenset[str], scenario: str) -> Policy:
    """The policy of a run of `scenario`, whose rules belong to `families`.

    Raises:
        UsageError: an unknown reading, value or mechanism, or one that touches nothing in this scenario.
    """
    readings = {name: reading.values[0] for name, reading in READINGS.items()}
    for name, value in settings.items():
        if name not in READINGS:
            raise unknown("reading", name, READINGS)
        reading = READINGS[name]
        if value not in reading.values:
            raise UsageError(f"reading '{name}' has no value '{value}'; it takes {', '.join(reading.values)}")
        if not reading.families & families:
            raise UsageError(
                f"reading '{name}' does not apply to scenario '{scenario}': nothing there asks {reading.question}"
            )
        readings[name] = value
    for name in without:
        if name not in MECHANISMS:
            raise unknown("mechanism", name, MECHANISMS)
        if not MECHANISMS[name].families & families:
            place = f"there is no place where {MECHANISMS[name].does}"
            raise UsageError(f"mechanism '{name}' does not apply to scenario '{scenario}': {place}")
    return Policy(tuple(sorted(readings.items())), frozenset(without))
