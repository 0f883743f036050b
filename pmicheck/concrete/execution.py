"""Runs the steps of a trace on the stage, one by one, and keeps what a judge of the last state has to know.

A step that the concrete nodes do not follow raises `Divergence` with a sentence that names the step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any, ClassVar

from pmicheck.concrete.agreement import CHECKS, Check, disagreements
from pmicheck.concrete.attack import Knowledge, Lacking, SeenUpdate, innermost, message_in, update_in
from pmicheck.concrete.data_steps import forge_data, note_receipts, payload_in
from pmicheck.concrete.forge import Forged, Forger
from pmicheck.concrete.local_steps import deliver_on_access_link, inject_on_access_link
from pmicheck.concrete.matching import matches
from pmicheck.concrete.network import ACCESS_LINK, HOME_PATH, Flight
from pmicheck.concrete.payload import earn_first
from pmicheck.concrete.records import BELIEVED, Acceptance, Belief, Divergence, Receipt, Wish, header_of
from pmicheck.concrete.stage import (
    AGENTS,
    AT_HOME,
    ATTACKER,
    ATTACKER_HOME,
    CARE_OF,
    CN,
    HA,
    HA2,
    HOA,
    HOMES,
    MN,
    PMA1,
    ROGUE_CN,
    Powers,
    Stage,
)
from pmicheck.concrete.stimuli import deliver_handover_token, inject_handover_token, rogue_registration, start
from pmicheck.concrete.telling import Sighting, own_sighting, sighting_of
from pmicheck.errors import PmicheckError, UsageError
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode
from pmicheck.nodes.node import Event
from pmicheck.trace import Changed, Step, Trace
from pmicheck.wire.packet import Packet


@dataclass
class Run:
    """One execution of a trace; `correspondent` is the node that keeps the bindings of a scenario.

    Args:
        attacked: False for the counterfactual: no attacker, and honest steps that have nothing to work on are left
            out.
    """

    correspondent: ClassVar[str] = CN
    checks: ClassVar[Mapping[str, Check]] = CHECKS

    trace: Trace
    times: Sequence[float]
    stage: Stage
    powers: Powers
    attacked: bool = True
    acceptances: list[Acceptance] = field(default_factory=list)
    beliefs: list[Belief] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    sightings: dict[int, Sighting] = field(default_factory=dict)
    ended: list[tuple[int, str, Entry]] = field(default_factory=list)
    home_tests: dict[str, list[float]] = field(default_factory=dict)
    corrupted: set[str] = field(default_factory=set)
    earned: int = 0

    def __post_init__(self) -> None:
        self.knowledge = Knowledge(b"pmicheck attacker")
        self.forger = Forger(self.stage, self.knowledge)
        self.emitted_updates: set[tuple[bytes, IPv6Address, IPv6Address]] = set()
        self.emitted_proofs: set[bytes] = set()
        self.answers_of_cn: set[bytes] = set()
        self._used: set[bytes] = set()
        self.late_tests: list[tuple[int, Mapping[str, Any]]] = []
        self.attempts: dict[str, int] = {}
        self.now = self.times[0] if self.times else 0.0
        self.delay = 0.0
        self.links: dict[int, str] = {}
        self.known: dict[str, Changed] = {}
        self._started: dict[int, float] = {}
        self.step = 0

    # The loop.

    def run(self) -> None:
        """All steps in order.

        Raises:
            Divergence: at the first step that the nodes do not follow.
        """
        if self.attacked:
            self._begin()
        for index, step in enumerate(self.trace.steps):
            self.step, self.now = index, self.time_of(index)
            self._started[index] = self.now
            if not self.attacked and step.attacker:
                continue
            try:
                self._perform(step)
            except Divergence:
                if self.attacked:
                    raise
                self.skipped.append(index)
            except (Lacking, UsageError) as error:
                if self.attacked:
                    raise self.divergence(self._excuse(error)) from error
                self.skipped.append(index)
        self._finish()

    def _finish(self) -> None:
        """Every step has been executed; a test that still waits for its moment has not.

        Raises:
            Divergence: there is one.
        """
        if self.late_tests:
            self.step, data = self.late_tests[0]
            raise self.divergence(f"the attacker never gets to where it can read the answer to its {data['init']}")

    def time_of(self, index: int) -> float:
        """When a step begins: as scheduled, and later by what the attacker had to wait for before."""
        return self._started.get(index, self.times[index] + self.delay)

    def _begin(self) -> None:
        """What the attacker has got before the first step: updates that are signed for its own correspondent."""
        signs = self.stage.proxied or isinstance(self.stage.mn, EnhancedMobileNode)
        if self.powers.rogue_cn and signs and self.stage.shared is None:
            registrant = PMA1 if self.stage.proxied else MN
            rogue_registration(self, registrant, (self.now - 8, self.now - 7, self.now - 5, self.now - 1))

    @staticmethod
    def _excuse(error: PmicheckError) -> str:
        return f"the attacker lacks {error}" if isinstance(error, Lacking) else str(error)

    def divergence(self, what: str) -> Divergence:
        """A sentence that names the step."""
        step = self.trace.steps[self.step]
        label = step.rule or step.message
        return Divergence(f"Step {self.step + 1} ({label}{f', {step.term}' if step.term else ''}): {what}.")

    def _perform(self, step: Step) -> None:
        logs = self._log_lengths()
        entries = {entry.home_address: entry for entry in self.stage.cn.entries()}
        self.stage.cn.advance(self.now)
        content = step.content
        match step.action:
            case "start":
                start(self, step, entries)
            case "deliver" if content is not None:
                self._deliver(content, logs)
            case "inject" if content is not None:
                self._inject(content)
            case "test":
                self.test(step.arguments)
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
        stage, owned = self.stage, self._owned_addresses()
        for flight in stage.network.collect(self.now):
            packet = Packet.from_bytes(flight.packet)
            self._note_emission(flight, packet)
            link = self.links[flight.flight_id] = stage.link_of(flight)
            if self.attacked and (link in self.powers.taps or flight.destination in owned):
                self.knowledge.see(flight.packet, self._source(flight, link))
            if flight.destination in self._sink_addresses():
                stage.network.deliver(flight.flight_id, self.now)
        stage.note_pairs()

    def _note_emission(self, flight: Flight, packet: Packet) -> None:
        """Remembers what honest nodes have sent."""
        update = update_in(packet)
        if update is not None and flight.sender in (MN, *AGENTS):
            self.emitted_updates.add(update.identity)
            self.emitted_proofs.update(update.proofs.values())
        if flight.sender == self.correspondent:
            self.answers_of_cn.add(header_of(flight.packet))

    def _source(self, flight: Flight, link: str) -> str:
        where = f"on the link {link}" if link in self.powers.taps else "at its own address"
        return f"read {where} at step {self.step + 1}"

    def _owned_addresses(self) -> set[Any]:
        """Where the attacker receives: its own addresses, and those of the agents that have become its own."""
        at = self.stage.addresses
        names = {ATTACKER, ROGUE_CN, *(CARE_OF[pma] for pma in self.corrupted)}
        if self.powers.own_home:
            names.add(ATTACKER_HOME)
        return {at[name] for name in names}

    def _sink_addresses(self) -> set[Any]:
        return {sink.address for sink in self.stage.sinks.values()}

    # Packets.

    def _deliver(self, message: Mapping[str, Any], logs: Mapping[str, int]) -> None:
        stage = self.stage
        if message["type"] == "HandoverToken":
            deliver_handover_token(self, message)
            return
        if message["link"] == ACCESS_LINK:
            deliver_on_access_link(self, message)
            return
        flight = self._find(message)
        if flight is None:
            raise self.divergence(f"no such packet is under way to {message['to']}")
        self.sightings[self.step] = sighting_of(self, flight)
        if message["to"] == HA and message["link"] == HOME_PATH and stage.serving == AT_HOME:
            return  # the home link: the mobile node is there itself, and gets the packet with the next step
        if message["type"] == "TestInit" and message["to"] == self.correspondent and message["kind"] != "CoTI":
            self.home_tests.setdefault(message["address"], []).append(self.now)
        before = self._entries()
        receiver = stage.network.deliver(flight.flight_id, self.now)
        self._note_reaction(flight.packet, flight.sender, receiver, before, logs, None)

    def _find(self, message: Mapping[str, Any]) -> Flight | None:
        stage = self.stage
        wanted = message["to"]
        if wanted == HA and message["link"] == HOME_PATH and stage.serving == AT_HOME:
            wanted = MN
        for flight in stage.network.in_flight.values():
            if stage.owner_of(flight) == wanted and matches(stage, flight, message, self.forger.indices):
                return flight
        return None

    def _log_lengths(self) -> dict[str, int]:
        return {name: len(node.log) for name, node in self.stage.network.nodes.items()}

    def _inject(self, message: Mapping[str, Any]) -> None:
        if message["link"] == ACCESS_LINK:
            inject_on_access_link(self, message)
            return
        if message["type"] == "HandoverToken":
            inject_handover_token(self, message)
            return
        message = earn_first(self, message)
        logs = self._log_lengths()
        self.send(forge_data(self, message) if message["type"] == "Data" else self.forger.forge(message), logs)

    def send(self, forged: Forged, logs: Mapping[str, int] | None = None) -> None:
        """The attacker sends a packet, which arrives; what a home agent intercepts goes on to its node."""
        stage = self.stage
        logs = logs or self._log_lengths()
        self.sightings[self.step] = own_sighting(self, forged.packet)
        self.knowledge.octets_sent += len(forged.packet)
        before = self._entries()
        receiver = stage.network.inject(forged.packet, self.now)
        if receiver in (HA, HA2):
            for flight in stage.network.collect(self.now):
                if innermost(Packet.from_bytes(flight.packet)) == innermost(Packet.from_bytes(forged.packet)):
                    receiver = stage.network.deliver(flight.flight_id, self.now)
        self._note_reaction(forged.packet, ATTACKER, receiver, before, logs, forged)

    def _entries(self) -> dict[str, Entry | None]:
        return {home: self.stage.cn.entry(self.stage.addresses[home]) for home in HOMES}

    def _note_reaction(
        self,
        packet: bytes,
        sender: str,
        receiver: str | None,
        before: Mapping[str, Entry | None],
        logs: Mapping[str, int],
        forged: Forged | None,
    ) -> None:
        """Records what the receiver made of a packet.

        Raises:
            Divergence: it refused the packet.
        """
        if receiver is None or receiver not in self.stage.network.nodes:
            raise self.divergence("the packet reaches nobody")
        events = self.stage.network.nodes[receiver].log[logs[receiver] :]
        believed = next((event.kind for event in events if event.kind in BELIEVED), None)
        refused = next((event for event in events if event.kind == "rejected"), None)
        if refused is not None and believed is None:
            raise self.divergence(f"{receiver} refuses the packet by its check {refused.detail['check']!r}")
        note_receipts(self, events, receiver, sender, packet)
        update = update_in(Packet.from_bytes(packet))
        accepted = next((event for event in events if event.kind == "accepted-binding-update"), None)
        if accepted is not None and update is not None and receiver == self.correspondent:
            self._note_acceptance(update, accepted, before, forged)
        if believed is not None:
            emitted = header_of(packet) in self.answers_of_cn
            self.beliefs.append(Belief(self.step, receiver, believed, emitted))
        elif receiver in (MN, *AGENTS) and not payload_in(events):
            raise self.divergence(f"{receiver} does nothing upon the packet")

    def _note_acceptance(
        self, update: SeenUpdate, accepted: Event, before: Mapping[str, Entry | None], forged: Forged | None
    ) -> None:
        stage = self.stage
        name = stage.name_of(update.home_address)
        emitted = {name: octets for name, octets in update.proofs.items() if octets in self.emitted_proofs}
        self.acceptances.append(
            Acceptance(
                step=self.step,
                time=self.now,
                home_address=name,
                care_of_address=stage.name_of(update.care_of_address),
                deregisters=accepted.detail["lifetime"] == 0,
                emitted=update.identity in self.emitted_updates,
                again=tuple(name for name, octets in emitted.items() if octets in self._used),
                before=before.get(name),
                after=stage.cn.entry(update.home_address),
                secrets=None if forged is None else forged.secrets,
                serving=stage.serving,
                method="signed" if update.cga_parameters is not None else str(accepted.detail["method"]),
            )
        )
        self._used.update(emitted.values())

    # The attacker's own tests and registrations.

    def test(self, data: Mapping[str, Any], index: int | None = None) -> None:
        """A test of the attacker's own; one whose answer it cannot read yet is put off until a corruption."""
        stage, name, kind = self.stage, data["address"], data["init"]
        by_option = name == HOA and HOME_PATH not in self.powers.taps
        packet, cookie = self.forger.test_init(kind, name, by_option=by_option)
        self.settle()
        seen = len(self.knowledge.seen)
        self.sightings[self.step if index is None else index] = own_sighting(self, packet)
        stage.network.inject(packet, self.now)
        self.settle()
        self.knowledge.octets_sent += len(packet)
        for flight in list(stage.network.in_flight.values()):
            answer = message_in(Packet.from_bytes(flight.packet))
            if flight.sender == self.correspondent and getattr(answer, "cookie", b"") == cookie:
                stage.network.drop(flight.flight_id)
        read = any(
            getattr(message_in(Packet.from_bytes(p)), "cookie", b"") == cookie for p in self.knowledge.seen[seen:]
        )
        if read and kind == "HoTI":
            self.home_tests.setdefault(name, []).append(self.now)
        if not read and index is None and self.powers.corrupts - self.corrupted:
            self.late_tests.append((self.step, data))
        elif not read:
            raise Lacking(f"a place where it can read the answer to its {kind} for {name}")

    # Agreement with the trace.

    def _compare(self, step: Step) -> None:
        """The nodes are in the state that the step tells.

        Raises:
            Divergence: they are in another one, or the step tells something that cannot be compared.
        """
        for disagreement in disagreements(self, step, self.checks, self.known):
            raise self.divergence(disagreement)
