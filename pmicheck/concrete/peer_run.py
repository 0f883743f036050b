"""Runs the steps of a trace whose agents shake hands (the draft's 4.2, 4.2.1), and keeps what its judges have to know.

The trace numbers requests of an agent and what answers them; packets have 16-bit numbers of their own. Which stands for
which is taken from the words in which a step says what it sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pmicheck.concrete.agent_stage import PeerStage
from pmicheck.concrete.attack import SeenUpdate, message_in, update_in
from pmicheck.concrete.data_steps import forge_data, note_receipts, payload_in
from pmicheck.concrete.execution import Run
from pmicheck.concrete.forge import Forged
from pmicheck.concrete.network import INTERNET, PEER_PATH, Flight
from pmicheck.concrete.peer_agreement import PEER_CHECKS
from pmicheck.concrete.peer_forge import PeerForger
from pmicheck.concrete.peer_matching import PeerMatcher
from pmicheck.concrete.peer_steps import start_at_agents
from pmicheck.concrete.records import Belief, header_of
from pmicheck.concrete.stage import ATTACKER, CARE_OF, CN_HOME, HOA, HOMES, PMA1, PMA3, SEED
from pmicheck.concrete.telling import own_sighting, sighting_of
from pmicheck.nodes.node import Event
from pmicheck.nodes.peer.peer_messages import association_key
from pmicheck.nodes.peer.proxy_binding_cache import ProxyBinding
from pmicheck.trace import Said, Step
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet

Place = tuple[str, str]
"""Where an entry is kept: the agent, and the home address by name."""

UPDATED = "accepted-peer-update"
ACTS: Mapping[type, str] = {
    codec.BindingUpdate: UPDATED,
    codec.BindingAcknowledgement: "accepted-peer-acknowledgement",
    codec.BindingCacheRequest: "answered-binding-cache-request",
    codec.BindingCacheAcknowledgement: "accepted-binding-cache-acknowledgement",
    codec.ContextTransferRequest: "sent-context",
    codec.ContextTransferData: "installed-context",
    type(None): "delivered",
}
"""What a node notes when it acts upon a message, or upon payload."""
ANSWERS = (codec.BindingCacheAcknowledgement, codec.ContextTransferData)


Entries = Mapping[Place, ProxyBinding | None]
"""All entries of all agents."""


@dataclass(frozen=True)
class PeerAcceptance:
    """An agent accepted another one's update.

    Args:
        at: the agent that accepted it.
        honest: some honest agent emitted this very message, and it has not been accepted before.
        again: it has.
        secrets: what the attacker's packet was built with, None if it was no packet of the attacker's.
        serving: where the mobile node was reached then.
    """

    step: int
    at: str
    home_address: str
    care_of_address: str
    honest: bool
    again: bool
    before: ProxyBinding | None
    after: ProxyBinding | None
    secrets: tuple[str, ...] | None
    serving: str

    @property
    def place(self) -> Place:
        """Which entry it is about."""
        return self.at, self.home_address


class PeerRun(Run):
    """One execution of a trace of `type2-handshake` or `type2-handshake-handover`."""

    checks = PEER_CHECKS
    stage: PeerStage

    def __post_init__(self) -> None:
        super().__post_init__()
        self.accepted: list[PeerAcceptance] = []
        self.matcher = PeerMatcher(self.stage)
        self.peer_forger = PeerForger(self.stage, self.knowledge, self.matcher)
        self.emitted: set[bytes] = set()
        self.spent: set[tuple[Any, ...]] = set()
        self._sends: tuple[Said, ...] = ()
        self._answered = 0

    # What the attacker has got.

    def _begin(self) -> None:
        """The associations of an agent that never served the node, or of one that stands for a correspondent."""
        if self.powers.rogue_cn:
            self.take_associations(ATTACKER)
        for name in sorted(self.powers.corrupts - {PMA1}):
            self.corrupt(name)

    def corrupt(self, name: str) -> None:
        """From now on the agent is the attacker's, with all that it holds and shares with other agents."""
        if self.attacked:
            self.corrupted.add(name)
            self.take_associations(name)
            how = f"held by {name} at step {self.step + 1}"
            self.knowledge.take_agent(self.stage.agents[name], self.stage.addresses[HOA], how)

    def take_associations(self, name: str) -> None:
        """Comes to hold the keys of an agent."""
        at = self.stage.addresses
        own = at[CARE_OF.get(name, name)]
        for peer, care_of in CARE_OF.items():
            if own != at[care_of]:
                how = f"association of {name} with {peer}, held at step {self.step + 1}"
                self.knowledge.take_token(association_key(SEED, own, at[care_of]), how)

    # The loop.

    def _perform(self, step: Step) -> None:
        self._sends = step.sends
        logs, before = self._log_lengths(), self.all_entries()
        for agent in self.stage.agents.values():
            agent.advance(self.now)
        content = step.content
        match step.action:
            case "start":
                start_at_agents(self, step, before)
            case "deliver" if content is not None:
                self._deliver(content, logs)
            case "inject" if content is not None:
                self._inject(content)
            case other:
                without = " without a message" if content is None else ""
                raise self.divergence(f"a step of kind {other!r}{without} cannot be played")
        self.settle()
        if self.attacked:
            self._compare(step)

    def _note_emission(self, flight: Flight, packet: Packet) -> None:
        if flight.sender in self.corrupted:
            return
        self.emitted.add(header_of(flight.packet))
        update = update_in(packet)
        if update is not None:
            self.emitted_updates.add(update.identity)
            self.matcher.number(flight.sender, flight.packet, self._sends, self._answered)

    # Packets.

    def _deliver(self, message: Mapping[str, Any], logs: Mapping[str, int]) -> None:
        stage = self.stage
        flights = stage.network.in_flight.values()
        found = (f for f in flights if stage.owner_of(f) == message["to"] and self.matcher.matches(f, message))
        flight = next(found, None)
        if flight is None:
            raise self.divergence(f"no such packet is under way to {message['to']}")
        before = self.all_entries()
        self._answered = message.get("seq", 0)
        self.sightings[self.step] = sighting_of(self, flight)
        receiver = stage.network.deliver(flight.flight_id, self.now)
        self._react(flight.packet, flight.sender, receiver, before, logs, None)

    def _inject(self, message: Mapping[str, Any]) -> None:
        forged = forge_data(self, message) if message["type"] == "Data" else self.peer_forger.forge(message)
        self._answered = message.get("seq", 0)
        self.send(forged)

    def send(self, forged: Forged, logs: Mapping[str, int] | None = None) -> None:
        """The attacker sends a packet, which arrives; an agent of its own has the other agents' protected paths too."""
        logs = logs or self._log_lengths()
        self.sightings[self.step] = own_sighting(self, forged.packet)
        self.knowledge.octets_sent += len(forged.packet)
        before = self.all_entries()
        own = self._is_own(forged.packet)
        receiver = self.stage.network.inject(forged.packet, self.now, via=PEER_PATH if own else INTERNET, protected=own)
        self._react(forged.packet, ATTACKER, receiver, before, logs, forged)

    def _is_own(self, packet: bytes) -> bool:
        """Whether it comes from an agent that has become the attacker's."""
        return self.stage.name_of(Packet.from_bytes(packet).source) in {CARE_OF[pma] for pma in self.corrupted}

    def _react(
        self,
        packet: bytes,
        sender: str,
        receiver: str | None,
        before: Entries,
        logs: Mapping[str, int],
        forged: Forged | None,
    ) -> None:
        """Records what the receiver made of a packet.

        Raises:
            Divergence: it refused the packet, or did nothing upon it.
        """
        if receiver is None or receiver not in self.stage.network.nodes:
            raise self.divergence("the packet reaches nobody")
        if receiver in self.corrupted:
            raise self.divergence(f"{receiver} is the attacker's own")
        self._hear_home_agents(receiver)
        events = self.stage.network.nodes[receiver].log[logs[receiver] :]
        wanted = ACTS.get(type(message_in(Packet.from_bytes(packet))))
        acted = next((event for event in events if event.kind == wanted), None)
        refused = next((event for event in events if event.kind == "rejected"), None)
        if acted is None:
            check = None if refused is None else refused.detail["check"]
            what = f"refuses the packet by its check {check!r}" if check else "does nothing upon the packet"
            raise self.divergence(f"{receiver} {what}")
        note_receipts(self, payload_in(events), receiver, sender, packet)
        self._note(acted, packet, receiver, before, forged)

    def _hear_home_agents(self, receiver: str) -> None:
        """An agent that wants a home agent's word before it acts gets it at once (A-24)."""
        network = self.stage.network
        while receiver in self.stage.agents and self.stage.policy.reading("pma_auth") == "attachment":
            known = set(network.in_flight)
            self.settle()
            asked = [f for f in network.in_flight.values() if f.flight_id not in known and self._is_query(f, receiver)]
            if not asked:
                return
            for flight in asked:
                network.deliver(flight.flight_id, self.now)

    def _is_query(self, flight: Flight, receiver: str) -> bool:
        """A question of the agent to a home agent, or the answer to it."""
        message = message_in(Packet.from_bytes(flight.packet))
        if isinstance(message, codec.BindingCacheRequest):
            return flight.sender == receiver
        return isinstance(message, codec.BindingCacheAcknowledgement) and self.stage.owner_of(flight) == receiver

    def _note(self, acted: Event, packet: bytes, receiver: str, before: Entries, forged: Forged | None) -> None:
        """Records an answer that was believed, and an update that was accepted.

        What a rogue previous agent says of its context, the right peer has said.
        """
        parsed = Packet.from_bytes(packet)
        update = update_in(parsed)
        if isinstance(message_in(parsed), ANSWERS) or acted.detail.get("answers"):
            told = isinstance(message_in(parsed), codec.ContextTransferData) and self._is_own(packet)
            self.beliefs.append(Belief(self.step, receiver, acted.kind, told or header_of(packet) in self.emitted))
        if acted.kind == UPDATED and update is not None:
            self._note_acceptance_at(receiver, update, before, forged)

    def _note_acceptance_at(self, receiver: str, update: SeenUpdate, before: Entries, forged: Forged | None) -> None:
        stage = self.stage
        home = stage.name_of(update.home_address)
        identity = (receiver, *update.identity)
        again = identity in self.spent
        self.spent.add(identity)
        self.accepted.append(
            PeerAcceptance(
                step=self.step,
                at=receiver,
                home_address=home,
                care_of_address=stage.name_of(update.care_of_address),
                honest=update.identity in self.emitted_updates and not again,
                again=again and update.identity in self.emitted_updates,
                before=before[receiver, home],
                after=self.entry(receiver, home),
                secrets=None if forged is None else forged.secrets,
                serving=stage.serving,
            )
        )

    # State.

    def entry(self, agent: str, home: str) -> ProxyBinding | None:
        """What an agent has for a home address now."""
        return self.stage.agents[agent].proxy_binding(self.stage.addresses[home])

    def all_entries(self) -> Entries:
        """Everything that the agents have."""
        homes = (*HOMES, CN_HOME)
        return {(agent, home): self.entry(agent, home) for agent in self.stage.agents for home in homes}

    def served_by(self, agent: str) -> str | None:
        """Home address, by name, of the node that is at an agent now (ground truth); None if there is none."""
        if agent == PMA3:
            return CN_HOME
        return HOA if self.stage.serving == CARE_OF[agent] else None
