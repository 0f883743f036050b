"""The states of one scenario under one attacker as graphs: gathered so that a person can read them, and all of them.

A quotient puts all states together that agree in one respect (what one cell holds, what the attacker knows). What a
quotient shows is really there, but not every way through it is a run: two edges that meet in a node may start from
different states of it. Each node therefore has a shortest run of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple

from msgspec import Meta, field

from pmicheck.trace import Count, Recorded

ENTRY, ROLE, KNOWLEDGE = "entry", "role", "knowledge"
KINDS = (ENTRY, ROLE, KNOWLEDGE)
"""By what states are gathered: a binding cache entry, a principal's own state or the clock, what the attacker knows."""

NONE = "-"
"""Stands for nothing in the lines of `Full`."""


class Node(Recorded, frozen=True):
    """States that agree in what the quotient looks at.

    Attributes:
        label: a few short lines; text: the same in full.
        states: how many there are; violating: how many of them break a property; violated: the properties broken.
        steps: the properties that a step from one of these states breaks, and for each the rules that do so.
        depth: steps from the initial state to the nearest of them.
        trace: the sentences of a shortest run, prologue included: to a state that breaks a property if there is one
            here, else to a step that breaks one, if one begins here, else to the nearest state.
        initial: whether the initial state is among them.
    """

    label: tuple[str, ...]
    text: str
    states: Count
    violating: Count
    violated: tuple[str, ...]
    steps: Mapping[str, tuple[str, ...]]
    depth: Count
    trace: tuple[str, ...]
    initial: bool = False


class Edge(Recorded, frozen=True):
    """The transitions from the states of one node to those of another, or within one (`source == target`).

    `source` and `target` are positions in `Quotient.nodes`; `honest` and `attacker` say how many transitions there are
    by the name of the rule that fires, parted by whose doing they are.
    """

    source: Count
    target: Count
    honest: Mapping[str, Annotated[int, Meta(ge=1)]] = field(default_factory=dict)
    attacker: Mapping[str, Annotated[int, Meta(ge=1)]] = field(default_factory=dict)

    @property
    def transitions(self) -> int:
        return sum(self.honest.values()) + sum(self.attacker.values())


class Quotient(Recorded, frozen=True):
    """All states gathered in one respect: `by` is one of `KINDS`, `title` says in which."""

    by: Annotated[str, Meta(pattern=f"^({'|'.join(KINDS)})$")]
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class FullState(NamedTuple):
    """One state: its depth, its node in each quotient of the graph (None: in no node), the properties it breaks."""

    depth: int
    nodes: tuple[int | None, ...]
    violated: tuple[str, ...]


class FullEdge(NamedTuple):
    """One transition between states, by number; `rule` is what fires."""

    source: int
    target: int
    rule: str


_NUMBER = "(0|[1-9][0-9]*)"
_STATE = f"^{_NUMBER} ((-|{_NUMBER})(,(-|{_NUMBER}))*)? (-|{_NUMBER}(,{_NUMBER})*)$"
_LEAVING = f"^({_NUMBER}:{_NUMBER}(,{_NUMBER})*( {_NUMBER}:{_NUMBER}(,{_NUMBER})*)*)?$"


class Full(Recorded, frozen=True):
    """Every state and transition, packed so that a stored graph has one line a state.

    Attributes:
        rules, properties: names; the lines below mean them by position.
        attacking: the positions of the attacker's own rules.
        states: for each state, in order of discovery, "DEPTH NODES VIOLATED": numbers joined by commas, where NODES
            has one for each quotient of the graph ("-": in no node of it) and VIOLATED is "-" if nothing is.
        edges: for each state what can happen there: groups "RULE:TARGET,TARGET", parted by blanks. A target stands
            there as often as there are transitions to it.
    """

    rules: tuple[str, ...]
    attacking: tuple[Count, ...]
    properties: tuple[str, ...]
    states: tuple[Annotated[str, Meta(pattern=_STATE)], ...]
    edges: tuple[Annotated[str, Meta(pattern=_LEAVING)], ...]

    @classmethod
    def of(
        cls,
        rules: Sequence[str],
        attacking: Sequence[int],
        properties: Sequence[str],
        states: Iterator[tuple[int, Sequence[int | None], Sequence[int]]],
        edges: Iterator[Sequence[tuple[int, int]]],
    ) -> Full:
        """Packs states as (depth, nodes, positions of violated properties) and, for each, edges as (rule, target)."""
        return cls(
            tuple(rules),
            tuple(attacking),
            tuple(properties),
            tuple(f"{depth} {_list(nodes)} {_list(violated) or NONE}" for depth, nodes, violated in states),
            tuple(_groups(leaving) for leaving in edges),
        )

    def unpacked(self) -> Iterator[FullState]:
        """The states in order."""
        for line in self.states:
            depth, nodes, violated = line.split(" ")
            broken = () if violated == NONE else tuple(self.properties[int(each)] for each in violated.split(","))
            classes = tuple(None if each == NONE else int(each) for each in nodes.split(",")) if nodes else ()
            yield FullState(int(depth), classes, broken)

    def links(self) -> Iterator[FullEdge]:
        """The transitions, by source."""
        for source, line in enumerate(self.edges):
            for group in line.split():
                rule, _, targets = group.partition(":")
                for target in targets.split(","):
                    yield FullEdge(source, int(target), self.rules[int(rule)])


class StateGraph(Recorded, frozen=True):
    """What one exploration looks like.

    Attributes:
        settings: readings and bounds that are not at their defaults; without: the mechanisms switched off.
        states, transitions: all that were found; complete: False if a limit cut the search.
        moments: how many of the states hold nothing but what one step did, for the properties that ask for it, and go
            nowhere. They are in no node of a quotient: a node says what steps from it break.
        quotients: for people; none with a single node.
        full: for programs; None if there are more states than `LIMIT` in `pmicheck.review.graphs`.
        reason: why something is missing, as one sentence; "" if nothing is.
    """

    scenario: str
    attacker: str
    settings: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    states: Count = 0
    transitions: Count = 0
    complete: bool = True
    moments: Count = 0
    quotients: tuple[Quotient, ...] = ()
    full: Full | None = None
    reason: str = ""


def _list(numbers: Sequence[int | None]) -> str:
    return ",".join(NONE if each is None else str(each) for each in numbers)


def _groups(leaving: Sequence[tuple[int, int]]) -> str:
    by_rule: dict[int, list[str]] = {}
    for rule, target in leaving:
        by_rule.setdefault(rule, []).append(str(target))
    return " ".join(f"{rule}:{','.join(targets)}" for rule, targets in by_rule.items())
