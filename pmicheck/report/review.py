"""What a report tells besides the record: results of further runs and texts, as plain data.

    Review(weakest=..., changes=..., claims=..., tables=..., repairs=..., statements=...)

The renderers take it as it is; `pmicheck.review` gathers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Place = tuple[str, str]
"""Scenario and property."""


@dataclass(frozen=True)
class Weakest:
    """A minimal attacker of the lattice that still breaks a property.

    Attributes:
        profile: the named attacker that was narrowed.
        powers: all that it needs of that profile's powers (links, corrupted principals, ...); () if none.
        phase: the last moment of the clock that the attack needs, such as "0 s"; "" if that was not tried.
    """

    scenario: str
    property: str
    profile: str
    powers: tuple[str, ...]
    phase: str = ""


@dataclass(frozen=True)
class Change:
    """A verdict under another reading: of the cells that a scenario file names, or of a readings analysis.

    Attributes:
        settings: readings by name, as set away from their defaults.
        verdict: what comes out then.
        argument: why, in the words of the scenario file, "" if nobody said.
    """

    scenario: str
    attackers: tuple[str, ...]
    properties: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    verdict: str
    argument: str = ""


@dataclass(frozen=True)
class Decision:
    """What became of a claim of the draft: the word, and the verdicts that say so, one sentence each."""

    claim: str
    section: str
    text: str
    word: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One property under one attacker in several protocols.

    Attributes:
        cells: verdict or "-" by protocol, in the order of the table's `columns`.
        relations: "better", "equal", "worse" or "-": the last column against each one before it.
    """

    property: str
    attacker: str
    cells: tuple[str, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Protocols beside each other on the same attackers and properties; the last column is the draft's."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Review:
    """All of it; whatever is missing is left out of the report.

    Attributes:
        repairs: by (scenario, property) the change sets that mend it, smallest first, each as sentences.
        statements: by statement ID the section and the statement in our words.
    """

    weakest: tuple[Weakest, ...] = ()
    changes: tuple[Change, ...] = ()
    claims: tuple[Decision, ...] = ()
    tables: tuple[Table, ...] = ()
    repairs: Mapping[Place, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    statements: Mapping[str, tuple[str, str]] = field(default_factory=dict)
