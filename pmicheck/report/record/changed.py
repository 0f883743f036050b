"""What comes of changes of a policy (ablations, other readings, repairs), as plain data; `review_text` renders it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shift:
    """A property whose verdict is another one after the change, and the weakest attackers for whom it is.

    `attackers` is empty where no attacker takes part (`progress`).
    """

    property: str
    before: str
    after: str
    attackers: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """One change, or several at once, against the run without them.

    Attributes:
        changes: the mechanism that was switched off, or readings such as "tombstone=full".
        about: the mechanism or the open question in words.
        consulted: False if nobody in the scenario ever asked for it, so that nothing had to be decided.
        shifts: what came of it; empty for a change that changes no verdict.
        undecided: attacker/property pairs that a limit left open.
    """

    changes: tuple[str, ...]
    about: str
    consulted: bool
    shifts: tuple[Shift, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trials:
    """All trials of one kind in one scenario.

    Attributes:
        kind: "ablation" or "reading".
        bounds: within what the verdicts hold.
        given: what the command line had changed before.
        broken: each property violated without the changes, with the weakest attackers that break it.
        undecided: attacker/property pairs that a limit or an early end left open without the changes.
        trials: the single changes; pairs: the pairs of them whose outcome the single changes do not suggest.
        pairs_tried: how many pairs were tried; None if they were not asked for.
        partial: whether the run was ended before all had been tried; what it had not decided yet is undecided.
    """

    scenario: str
    kind: str
    bounds: str
    attackers: tuple[str, ...]
    properties: tuple[str, ...]
    given: tuple[str, ...]
    broken: tuple[Shift, ...]
    undecided: tuple[str, ...]
    trials: tuple[Trial, ...]
    pairs: tuple[Trial, ...] = ()
    pairs_tried: int | None = None
    partial: bool = False

    @property
    def complete(self) -> bool:
        return not (self.partial or self.undecided) and not any(
            trial.undecided for trial in (*self.trials, *self.pairs)
        )


@dataclass(frozen=True)
class Repair:
    """A smallest set of changes under which the property holds, with the verdicts of the full run that verified it.

    `verdicts` has (attacker, property, verdict); `progress` is decided without an attacker, under "".
    """

    changes: tuple[str, ...]
    about: tuple[str, ...]
    verdicts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Repairs:
    """The search for repairs of one property, `target`, in one scenario.

    Attributes:
        broken_by: the weakest attackers that break the property before; empty if none does.
        changes: every single change that was at hand.
        limit: how many changes at once were tried.
        refuted: sets of changes under which an attacker still breaks the property.
        stuck: sets of changes under which the property holds, but `progress` does not.
        undecided: sets of changes that a limit left open.
        partial: whether the search was ended before all sets had been tried.
    """

    scenario: str
    target: str
    bounds: str
    attackers: tuple[str, ...]
    given: tuple[str, ...]
    broken_by: tuple[str, ...]
    changes: tuple[str, ...]
    limit: int
    found: tuple[Repair, ...]
    refuted: int
    stuck: tuple[tuple[str, ...], ...]
    undecided: tuple[tuple[str, ...], ...]
    partial: bool = False

    @property
    def complete(self) -> bool:
        return not (self.partial or self.undecided)
