"""A counterexample or witness: numbered steps that a person can read and the concrete backend can execute.

A step says everything as values, for programs: which act with which arguments, the message and what was sent by their
fields, each cell with its value before and after, each term that the attacker had to know. Beside each value stand the
words for it, for people. Nothing reads the words but renderers, which print them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

Values = Mapping[str, Any]
"""Named JSON values; of a message its class under "type" and its fields by name, terms as nested lists."""
Count = Annotated[int, Meta(ge=0)]


class Recorded(Struct, frozen=True, forbid_unknown_fields=True):
    """What a record holds as a JSON object: one member a field, and no others."""


class Said(Recorded, frozen=True):
    """A message on the wire.

    Attributes:
        message: what the draft calls it; term: all of it as one symbolic term.
        content: its fields, empty if a record of old does not have them.
    """

    message: str
    term: str
    content: Values = field(default_factory=dict)

    def is_same(self, other: Said) -> bool:
        """Whether both are the same message, wherever it is on its way; by its term where a record has no fields."""
        if not self.content or not other.content:
            return self.term == other.term
        return _but(self.content, ON_THE_WAY) == _but(other.content, ON_THE_WAY)


ON_THE_WAY = frozenset({"link", "to", "tries"})
"""Fields that change when a message is forwarded or sent again."""


def _but(values: Values, left_out: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in left_out}


class Changed(Recorded, frozen=True):
    """A cell of the model that a step gives another value.

    Attributes:
        cell: its name; kind: which of the kinds of cells it is; of: whose it is, and what else its name says.
        words: what it is called beside the name of its keeper.
        before, after: its values: named fields by name, lists, or plain values.
        was, now: the same in words, one for each remark ("CoA1", "verified").
    """

    cell: str
    kind: str
    of: Values
    words: str
    before: Any
    after: Any
    was: tuple[str, ...]
    now: tuple[str, ...]

    @property
    def value(self) -> Values:
        """The new value by its fields; under "value" if it has none."""
        return self.after if isinstance(self.after, Mapping) else {"value": self.after}

    @property
    def line(self) -> str:
        """The cell and its new value in words."""
        return f"{self.cell}: {', '.join(self.now)}"


class Known(Recorded, frozen=True):
    """A term that the attacker knows.

    Attributes:
        term: as nested lists; words: as people write it.
        way: how it came by it: "derived", "read", "tested", "handed over", "prologue", "own" or "public".
        how: the same in words; when: at which step, or from where, as the end of that sentence.
        premises: positions of the terms that it was derived from, in the list that this one stands in.
    """

    term: Any
    words: str
    way: Annotated[str, Meta(pattern="^(derived|read|tested|handed over|prologue|own|public)$")]
    how: str
    when: str = ""
    premises: tuple[Count, ...] = ()

    @property
    def line(self) -> str:
        """The term and how it came to be known."""
        return f"{self.words}: {self.how}{self.when}"


def listed(value: Any) -> Any:
    """The value with lists in the place of tuples, as JSON has it."""
    if isinstance(value, Mapping):
        return {name: listed(each) for name, each in value.items()}
    return [listed(each) for each in value] if isinstance(value, list | tuple) else value


def head(term: Any) -> str:
    """The constructor of a term as nested lists, "" for anything else."""
    return term[0] if isinstance(term, list | tuple) and term and isinstance(term[0], str) else ""


Octets = Annotated[str, Meta(pattern="^([0-9a-fA-F]{2})*$")]
Action = Annotated[str, Meta(pattern="^(start|deliver|inject|test)$")]


class Step(Recorded, frozen=True, rename={"source": "from", "destination": "to"}):
    """One transition.

    Attributes:
        actor: the principal that acts ("pma1", "correspondent node", "network", "attacker", "clock", …).
        action: one of "start", "deliver", "inject", "test" (the attacker's own test init).
        rule: name of the model rule that fired (unit of coverage); does: what the actor does, without its name.
        act, arguments: which act the rule is, and with what: a home address, an agent, the phase that begins.
        message: name of the message delivered or injected, "" if none.
        content: that message by its fields, None if none.
        source, destination: who the packet claims to come from, and who processes it ("" if no packet).
        link: the link it crosses ("" if none).
        section, statements: what orders the step (draft or RFC section; statement IDs).
        term: the message as a symbolic term, "" if none.
        parts: for each part of the term the field of the message that it tells, and its words.
        sends: the messages that the step puts on the wire.
        cells: what changed.
        known: how the attacker came to know what the step needs, premises first; the last one is what all was for.
        learned: the terms that the attacker knows from this step on and did not know before.
        passed: the checks that let the message through, in the order made.
        attacker: True if the step is the attacker's doing.
        prologue: True if it is played before the search begins.
        time: seconds since the start of the trace, once the timeline is solved.
        octets: the packet as hex digits, once replayed.
        essential: whether the other steps do not lead to the violation without this one; None where that was not asked
            (the prologue, the attacker's own tests, a trace of `progress`).
    """

    actor: str
    action: Action
    rule: str
    does: str = ""
    act: str = ""
    arguments: Values = field(default_factory=dict)
    message: str = ""
    content: Values | None = None
    source: str = ""
    destination: str = ""
    link: str = ""
    section: str = ""
    statements: tuple[str, ...] = ()
    term: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    sends: tuple[Said, ...] = ()
    cells: tuple[Changed, ...] = ()
    known: tuple[Known, ...] = ()
    learned: tuple[Known, ...] = ()
    passed: tuple[str, ...] = ()
    attacker: bool = False
    prologue: bool = False
    time: float | None = None
    octets: Octets | None = None
    essential: bool | None = None

    @property
    def said(self) -> Said:
        """The message of the step."""
        return Said(self.message, self.term, self.content or {})

    @property
    def processor(self) -> str:
        """Who processes the message; on the wire it may have been for a home agent, which passed it on."""
        return str((self.content or {}).get("to") or self.destination)


class Trace(Recorded, frozen=True):
    """A run of the model from its start, and what it shows.

    Attributes:
        scenario, attacker, property: what was decided.
        readings: every reading in force, by name.
        without: the mechanisms switched off.
        steps: in order.
        observation: the named observables of the last state, on which the property was decided.
        numbers: quantities that z3 chose for the violation (octets, seconds, credit), by name.
        conclusion: one sentence: what is wrong in the last state.
        no_return: number of the step (counted from 1; 0: the beginning) after which the attacker and time alone can
            bring about the violation, so that no honest node can prevent it; None if honest nodes take part to the
            last, or if that was not asked.
        waits: True if the attacker may have to wait for the clock then. As honest nodes can act meanwhile, `no_return`
            says only that none of them has to.
        plays: the shipped scenario whose course this one takes within bounds of its own, if it is not that one itself.
    """

    scenario: str
    attacker: str
    property: str
    readings: Mapping[str, str]
    without: tuple[str, ...]
    steps: tuple[Step, ...]
    observation: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)
    conclusion: str = ""
    no_return: Count | None = None
    waits: bool = False
    plays: str | UnsetType = UNSET

    def course(self) -> str:
        """The shipped scenario that says what happens."""
        return self.plays if self.plays is not UNSET else self.scenario
