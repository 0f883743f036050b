"""Runs the steps of a trace on a bench, one by one, and keeps what a judge of the last state has to know.

A step that the concrete nodes do not follow raises `Divergence` with a sentence that names the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv6Address
from typing import Generic, TypeVar

from pmicheck.errors import UsageError
from pmicheck.replay.bench import Bench, Fields
from pmicheck.replay.comparison import disagreements
from pmicheck.replay.knowledge import Lacking
from pmicheck.replay.records import (
    Acceptance,
    Arrival,
    Belief,
    Bindings,
    Divergence,
    Powers,
    Receipt,
    Sighting,
    Wish,
)
from pmicheck.trace import Changed, Step, Trace

ATTACKER = "attacker"
"""The sender of what the attacker injects."""

B = TypeVar("B", bound=Bench)


@dataclass
class Run(Generic[B]):
    """One execution of a trace.

    Args:
        attacked: False for the counterfactual: no attacker, and honest steps that have nothing to work on are left
            out.

    Attributes:
        before: the bindings before the step that is executed; message: what was delivered or injected last.
        links: the link of each packet that a node has sent.
        emitted_updates, emitted_proofs, answers: what honest nodes have sent, to be recognised when it arrives again.
        used: what vouched for an update, by the node that has accepted it.
        corrupted: nodes that have become the attacker's own.
        delay: seconds that the attacker had to wait beyond the times given.
        known: the last change that a step tells of each cell that lasts, by cell.
    """

    trace: Trace
    times: Sequence[float]
    bench: B
    powers: Powers
    attacked: bool = True
    acceptances: list[Acceptance] = field(default_factory=list)
    beliefs: list[Belief] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    sightings: dict[int, Sighting] = field(default_factory=dict)
    corrupted: set[str] = field(default_factory=set)
    known: dict[str, Changed] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    emitted_updates: set[tuple[bytes, IPv6Address, IPv6Address]] = field(default_factory=set)
    emitted_proofs: set[bytes] = field(default_factory=set)
    answers: set[bytes] = field(default_factory=set)
    used: set[tuple[str, bytes]] = field(default_factory=set)
    before: Bindings = field(default_factory=dict)
    message: Fields = field(default_factory=dict)
    delay: float = 0.0
    step: int = 0

    def __post_init__(self) -> None:
        self.now = self.times[0] if self.times else 0.0
        self._started: dict[int, float] = {}

    # The loop.

    def run(self) -> None:
        """All steps in order.

        Raises:
            Divergence: at the first step that the nodes do not follow.
        """
        if self.attacked:
            self.bench.begin(self)
        for index, step in enumerate(self.trace.steps):
            self.step, self.now = index, self.time_of(index)
            self._started[index] = self.now
            if self.attacked or not step.attacker:
                self._try(partial(self._perform, step))
        self._try(partial(self.bench.finish, self))

    def _try(self, do: Callable[[], None]) -> None:
        """The counterfactual leaves out what cannot be done, a run with its attacker diverges there."""
        try:
            do()
        except (Divergence, Lacking, UsageError) as error:
            if not self.attacked:
                self.skipped.append(self.step)
            elif isinstance(error, Divergence):
                raise
            else:
                what = f"the attacker lacks {error}" if isinstance(error, Lacking) else str(error)
                raise self.divergence(what) from error

    def time_of(self, index: int) -> float:
        """When a step begins: as scheduled, and later by what the attacker had to wait for before."""
        return self._started.get(index, self.times[index] + self.delay)

    def divergence(self, what: str) -> Divergence:
        """A sentence that names the step."""
        step = self.trace.steps[self.step]
        label = step.rule or step.message
        return Divergence(f"Step {self.step + 1} ({label}{f', {step.term}' if step.term else ''}): {what}.")

    def _perform(self, step: Step) -> None:
        self.before = self.bench.bindings(self.now)
        self.bench.advance(self.now)
        content = step.content
        match step.action:
            case "start":
                self.bench.act(self, step)
            case "deliver" if content is not None:
                self._deliver(content)
            case "inject" if content is not None:
                self._inject(content)
            case "test":
                self.bench.test(self, step.arguments)
            case "elsewhere":
                return
            case other:
                without = " without a message" if content is None else ""
                raise self.divergence(f"a step of kind {other!r}{without} cannot be played")
        self.settle()
        if self.attacked:
            self._compare(step)

    def settle(self) -> None:
        """Takes over what the nodes have sent, and lets the attacker see what it may."""
        bench, owned = self.bench, self.bench.owned(self)
        ends = {sink.address for sink in bench.network.sinks.values()}
        for flight in bench.network.collect(self.now):
            bench.emitted(self, flight)
            link = self.links[flight.flight_id] = bench.link_of(flight)
            read = self.reads(link)
            if self.attacked and (read or flight.destination in owned):
                where = f"on the link {link}" if read else "at its own address"
                bench.knowledge.see(flight.packet, f"read {where} at step {self.step + 1}")
            if flight.destination in ends:
                bench.network.deliver(flight.flight_id, self.now)
        bench.settled()

    def reads(self, link: str) -> bool:
        """Whether the attacker reads the link in the present step.

        It leaves a path with the first step of the search that is no test of its own.
        """
        steps = self.trace.steps[: self.step + 1]
        searching = any(not step.prologue and step.action != "test" for step in steps)
        return link in self.powers.taps or (link in self.powers.left and not searching)

    # Packets.

    def _deliver(self, message: Fields) -> None:
        self.message = message
        if self.bench.carry(self, message, forged=False):
            return
        flight = self.bench.find(message)
        if flight is None:
            raise self.divergence(f"no such packet is under way to {message['to']}")
        self.sightings[self.step] = self.bench.sighting(self, flight)
        self._arrive(flight.packet, flight.sender, partial(self.bench.network.deliver, flight.flight_id, self.now))

    def _inject(self, message: Fields) -> None:
        self.message = message
        if not self.bench.carry(self, message, forged=True):
            self.send(*self.bench.forge(self, message))

    def send(self, packet: bytes, secrets: Sequence[str] = ()) -> None:
        """The attacker sends a packet, which arrives.

        Args:
            secrets: what it was built with.
        """
        self.sightings[self.step] = self.bench.own_sighting(self, packet)
        self.bench.knowledge.octets_sent += len(packet)
        self._arrive(packet, ATTACKER, partial(self.bench.inject, self, packet), secrets)

    def _arrive(
        self, packet: bytes, sender: str, give: Callable[[], str | None], secrets: Sequence[str] | None = None
    ) -> None:
        nodes = self.bench.network.nodes
        before, logged = self.bench.bindings(self.now), {name: len(node.log) for name, node in nodes.items()}
        receiver = give()
        if receiver is None or receiver not in nodes:
            raise self.divergence("the packet reaches nobody")
        self.bench.react(self, Arrival(packet, sender, receiver, before, logged, secrets))

    # Agreement with the trace.

    def _compare(self, step: Step) -> None:
        """The nodes are in the state that the step tells.

        Raises:
            Divergence: they are in another one, or the step tells something that cannot be compared.
        """
        for disagreement in disagreements(self, step):
            raise self.divergence(disagreement)
