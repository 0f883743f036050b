"""How the oracle says what is missing: the step in words, and its kind, so that one reason is told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import ne
from typing import NamedTuple

from oracle_runs import Runs, State, Step

from pmicheck.language.message import Message
from pmicheck.model.messages import describe, name_of
from pmicheck.model.policy import Policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import Scenario
from pmicheck.model.terms import render
from pmicheck.model.time import CLOCK


class Kind(NamedTuple):
    """A kind of message with its receiver, and in what it differs from the nearest one that the ground system has."""

    name: str
    differences: frozenset[str]

    def goes_beyond(self, other: Kind) -> bool:
        """Whether the other one is the same with fewer differences."""
        return self.name == other.name and other.differences < self.differences

    def __str__(self) -> str:
        return self.name + (f" with {', '.join(sorted(self.differences))}" if self.differences else "")


class Missing(NamedTuple):
    """A step of the roles that the ground system does not have, or an attack that only the ground system has.

    Attributes:
        case: scenario, attacker and the readings that differ from the default.
        kind: what all steps have in common that are missing for the same reason.
        step: the message, or the rule that fires without one.
        state: the cells that the step changes, before it.
        lacks: what the ground system would have to do.
    """

    case: str
    kind: Kind
    step: str
    state: str
    lacks: str

    def __str__(self) -> str:
        return f"{self.case}: {self.kind}: {self.step}, where {self.state}, {self.lacks}"


def case_name(scenario: Scenario, attacker: str, policy: Policy) -> str:
    """Scenario, attacker, and what is not as usual."""
    settings = [f"{name}={value}" for name, value in policy.readings if READINGS[name].values[0] != value]
    without = [f"without {name}" for name in sorted(policy.without)]
    return ", ".join((f"{scenario.name} / {attacker}", *settings, *without))


def name_and_receiver(message: Message) -> tuple[str, str]:
    return name_of(message), message.to


def kind_of(step: Step, alike: Iterable[Message], own_numbers: tuple[int, ...]) -> Kind:
    """The kind of a step; `alike` are messages of the same name that the system has in the same state."""
    message = step.message
    if message is None or not step.by_attacker:
        what = step.rule if message is None else "delivery of {} to {}".format(*name_and_receiver(message))
        return Kind(f"honest step: {what}", frozenset())
    name = "{} to {}".format(*name_and_receiver(message))
    nearest = min(alike, key=lambda other: sum(map(ne, message, other)), default=None)
    if nearest is None:
        return Kind(name, frozenset({"any fields"}))
    return Kind(name, frozenset(_differences(message, nearest, own_numbers)))


def _differences(message: Message, nearest: Message, own_numbers: tuple[int, ...]) -> Iterator[str]:
    for field, mine, other in zip(message._fields, message, nearest, strict=True):
        if mine == other or (field in ("mac", "sig", "proof") and isinstance(mine, tuple)):
            continue
        if field == "seq":
            own = isinstance(mine, int) and mine in own_numbers
            yield "a number of its own" if own else "a number of honest nodes"
        else:
            yield f"{field} {render(mine)}"


def state_in_words(runs: Runs, state: State, step: Step) -> str:
    """The cells that the step changes, and the clock, as they are before it."""
    cells = dict.fromkeys([cell for cell, _ in step.outcome.changed if not cell.ghost] + [CLOCK])
    return "; ".join(f"{cell.name} is {runs.value(state, cell)}" for cell in cells)


def effect_in_words(runs: Runs, state: State, step: Step, tracked: Iterable[Message]) -> str:
    """What the step changes, shows to the attacker and sends; ghosts of authorship only if nothing else changes."""
    outcome = step.outcome
    changed = [(cell, value) for cell, value in outcome.changed if value != runs.value(state, cell)]
    parts = [f"{cell.name} becomes {value}" for cell, value in changed if not cell.ghost]
    parts += [f"{cell.name} becomes {value}" for cell, value in outcome.events]
    parts += [f"the attacker learns {render(term)}" for term in outcome.shown if not state.known.derives(term)]
    parts += [f"{describe(message)} is under way" for message in outcome.under_way if message in tracked]
    return "; ".join(parts or [f"{cell.name} becomes {value}" for cell, value in changed])
