"""What a record tells besides its verdicts: results of further runs and texts, as plain data.

`pmicheck review` gathers it and puts it into the record.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from pmicheck.trace import Count, Recorded


class Weakest(Recorded, frozen=True):
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


class Change(Recorded, frozen=True):
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

    def speaks_of(self, scenario: str, attacker: str, prop: str) -> bool:
        """Whether the verdict of the cell with these names is another one then."""
        return scenario == self.scenario and attacker in self.attackers and prop in self.properties


class Decision(Recorded, frozen=True):
    """What became of a claim of the draft: the word, and the verdicts that say so, one sentence each."""

    claim: str
    section: str
    text: str
    word: str
    because: tuple[str, ...] = ()


class Row(Recorded, frozen=True):
    """One property under one attacker in several protocols.

    Attributes:
        cells: verdict or "-" by protocol, in the order of the table's `columns`.
        relations: "better", "equal", "worse" or "-": the last column against each one before it.
    """

    property: str
    attacker: str
    cells: tuple[str, ...]
    relations: tuple[str, ...]


class Table(Recorded, frozen=True):
    """Protocols beside each other on the same attackers and properties; the last column is the draft's."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class Mends(Recorded, frozen=True):
    """What mends a property in a scenario: the smallest sets of changes, each as sentences."""

    scenario: str
    property: str
    changes: tuple[tuple[str, ...], ...]


class Statement(Recorded, frozen=True):
    """A statement of the draft in our words, where the checker has it, and what comes of breaking it.

    Attributes:
        keyword: MUST, SHOULD, …; "lc" for a lower-case one, "st" for a plain statement that fixes behaviour.
        disposition: "modelled", "concrete" (in the packet nodes alone) or "outside".
        where: the rules, switches, nodes and tests that have it, or why nothing has.
        fired: how often its rules fired, by scenario.
        falls: properties that held before and are violated when it is broken.
        broken: how it was broken and what came of it, or why it cannot be; "" where nothing was tried.
    """

    section: str
    says: str
    keyword: str = "st"
    disposition: str = ""
    where: str = ""
    fired: Mapping[str, Count] = field(default_factory=dict)
    falls: tuple[str, ...] = ()
    broken: str = ""


class Explained(Recorded, frozen=True, kw_only=True):
    """A violated cell that a root cause explains, and what changes of the draft make of it.

    Attributes:
        settings: readings by name, as set away from their defaults, under which it is violated.
        alone: the verdict with the cause's own change in force, "" if it has none that the model knows.
        together: the verdict with the changes of all causes in force, "" if that was not asked or none applies.
    """

    scenario: str
    attacker: str
    property: str
    settings: tuple[tuple[str, str], ...] = ()
    alone: str = ""
    together: str = ""

    def names(self) -> tuple[str, str, str]:
        """Scenario, attacker, property."""
        return self.scenario, self.attacker, self.property


class Cause(Recorded, frozen=True, kw_only=True):
    """A root cause of violations in the text of the draft.

    Attributes:
        says: the cause, as a sentence.
        statements: the statements at fault; readings: the readings on which its violations depend.
        inherited: the section of the ancestor whose accepted risk it is, "" for a flaw of the draft's own.
        change: what the draft should say instead, "" if nothing is proposed.
        settings: the readings, by name, that put the change in force; () if the model does not know it.
        cells: what it explains.
        stuck: the scenarios whose goal is not reached with the change in force.
    """

    name: str
    says: str
    statements: tuple[str, ...]
    readings: tuple[str, ...] = ()
    inherited: str = ""
    change: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    cells: tuple[Explained, ...] = ()
    stuck: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[Explained, ...]:
        """The cells that neither its own change nor the changes of all causes together mend."""
        return tuple(each for each in self.cells if "holds" not in (each.alone, each.together))

    @property
    def shared(self) -> tuple[Explained, ...]:
        """The cells that its own change does not mend, and the changes of all causes together do."""
        return tuple(each for each in self.cells if each.alone != "holds" and each.together == "holds")

    @property
    def repaired(self) -> bool:
        """Whether its change is a repair: runs show that it holds for every attacker, and that the goal is reached."""
        return bool(self.settings and self.cells) and not self.left and not self.stuck


class Review(Recorded, frozen=True):
    """All of it; whatever is missing is left out of the report.

    Attributes:
        statements: by statement ID.
    """

    weakest: tuple[Weakest, ...] = ()
    changes: tuple[Change, ...] = ()
    claims: tuple[Decision, ...] = ()
    tables: tuple[Table, ...] = ()
    repairs: tuple[Mends, ...] = ()
    statements: Mapping[str, Statement] = field(default_factory=dict)
    causes: tuple[Cause, ...] = ()

    @property
    def made(self) -> bool:
        """Whether there was one: without, nothing is known of other readings, and nothing was tried."""
        return self != Review()

    def mends(self, scenario: str, prop: str) -> tuple[tuple[str, ...], ...]:
        """The sets of changes that mend a property; () if none was searched."""
        found = (each.changes for each in self.repairs if (each.scenario, each.property) == (scenario, prop))
        return next(found, ())
