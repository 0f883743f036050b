"""A counterexample or witness: numbered steps that a person can read and the concrete backend can execute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One transition.

    Attributes:
        actor: the principal that acts ("pma1", "correspondent node", "network", "attacker", "clock", …).
        action: one of "start", "deliver", "inject", "test" (the attacker's own test init).
        rule: name of the model rule that fired (unit of coverage).
        message: name of the message delivered or injected, "" if none.
        source, destination: who the packet claims to come from, and who processes it ("" if no packet).
        link: the link it crosses ("" if none).
        section, statements: what orders the step (draft or RFC section; statement IDs).
        term: the message as a symbolic term, "" if none.
        sends: the messages that the step puts on the wire, each as a term.
        changes: what changed at the receiver, one sentence each; before: for each of them the value before.
        knowledge: how the attacker came to know what the step needs, one line a term, leaves first.
        premises: for each line of `knowledge` the positions of the lines that it was derived from; the last line is
            what all was for.
        learned: the terms that the attacker knows from this step on and did not know before, each with its source.
        passed: the checks that let the message through, in the order made.
        attacker: True if the step is the attacker's doing.
        time: seconds since the start of the trace, once the timeline is solved.
        octets: the packet as hex digits, once replayed.
        essential: whether the other steps do not lead to the violation without this one; None where that was not asked
            (the prologue, the attacker's own tests, a trace of `progress`).
        data: what the replay needs to execute the step (JSON values only).
    """

    actor: str
    action: str
    rule: str
    message: str = ""
    source: str = ""
    destination: str = ""
    link: str = ""
    section: str = ""
    statements: tuple[str, ...] = ()
    term: str = ""
    sends: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    premises: tuple[tuple[int, ...], ...] = ()
    learned: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    attacker: bool = False
    time: float | None = None
    octets: str | None = None
    essential: bool | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The step as the record holds it: `from` and `to` as DESIGN names them, tuples as lists."""
        fields = asdict(self)
        fields["from"] = fields.pop("source")
        fields["to"] = fields.pop("destination")
        return {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Step:
        """Inverse of `as_json`. Raises KeyError or TypeError on anything else."""
        fields: dict[str, Any] = {}
        for key, value in stored.items():
            fields[key] = tuple(value) if isinstance(value, list) else value
        fields["premises"] = tuple(tuple(line) for line in fields.get("premises", ()))
        fields["source"] = fields.pop("from")
        fields["destination"] = fields.pop("to")
        return cls(**fields)


@dataclass(frozen=True)
class Trace:
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
        plays: the shipped scenario whose course this one takes within bounds of its own, "" if it is that one itself.
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
    no_return: int | None = None
    waits: bool = False
    plays: str = ""

    def course(self) -> str:
        """The shipped scenario that says what happens."""
        return self.plays or self.scenario

    def as_json(self) -> dict[str, Any]:
        stored = {
            "scenario": self.scenario,
            "attacker": self.attacker,
            "property": self.property,
            "readings": dict(self.readings),
            "without": list(self.without),
            "steps": [step.as_json() for step in self.steps],
            "observation": dict(self.observation),
            "numbers": dict(self.numbers),
            "conclusion": self.conclusion,
            "no_return": self.no_return,
            "waits": self.waits,
        }
        return {**stored, "plays": self.plays} if self.plays else stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Trace:
        """Inverse of `as_json`; what older traces lack has its default. Raises KeyError or TypeError on all else."""
        fields = dict(stored)
        fields["steps"] = tuple(Step.from_json(step) for step in fields["steps"])
        fields["without"] = tuple(fields["without"])
        return cls(**fields)
