"""Agents that shake hands (the draft's 4.2, 4.2.1): each keeps entries for the nodes of the others.

The trace numbers requests of an agent and what answers them; packets have 16-bit numbers of their own. Which stands for
which is taken from what a step says that it sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Network
from typing import Any

from pmicheck.bench.acts import MOVING
from pmicheck.bench.checks.checks import PEER_CHECKS
from pmicheck.bench.forging.peer_forge import PeerForger
from pmicheck.bench.links import PEER_PATH
from pmicheck.bench.names import (
    ATTACKER,
    CARE_OF,
    CN_HOME,
    HA,
    HA2,
    HOA,
    HOMES,
    PMA1,
    PMA3,
    SEED,
    identity_of_agent,
)
from pmicheck.bench.payload import payload_in
from pmicheck.bench.peer_acts import PEER_ACTS, PEER_ATTACKS
from pmicheck.bench.peer_matching import PeerMatcher
from pmicheck.bench.two_sided import TwoSided
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.node import Event
from pmicheck.nodes.peer.peer_agent import PeerAgent
from pmicheck.nodes.peer.peer_messages import association_key
from pmicheck.nodes.policy import Policy
from pmicheck.replay.bench import Fields
from pmicheck.replay.knowledge import SeenUpdate, message_in
from pmicheck.replay.network import INTERNET, Flight
from pmicheck.replay.records import Acceptance, Arrival, Binding, Bindings, Place
from pmicheck.replay.run import Run
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet, UdpDatagram

UPDATED = "accepted-peer-update"
REACTIONS: Mapping[type, str] = {
    codec.BindingUpdate: UPDATED,
    codec.BindingAcknowledgement: "accepted-peer-acknowledgement",
    codec.BindingCacheRequest: "answered-binding-cache-request",
    codec.BindingCacheAcknowledgement: "accepted-binding-cache-acknowledgement",
    codec.ContextTransferRequest: "sent-context",
    codec.ContextTransferData: "installed-context",
    type(None): "delivered",
}
"""What a node notes when it acts upon a message, or upon payload."""
BELIEVED = {
    "accepted-binding-cache-acknowledgement": "a Binding Cache Acknowledgement",
    "installed-context": "Context Transfer Data",
    UPDATED: "a Proxy Binding Update that answers its own",
}
"""Answers upon which an agent acts, in the words of a judge; of updates only those that answer one."""


class PeerStage(TwoSided):
    """Each pair of agents shares a key, and one at the attacker's address is an agent like any other (A-24)."""

    keepers = registrants = frozenset(CARE_OF)
    accepts = UPDATED
    checks = PEER_CHECKS
    world, attacks, acts = MOVING, PEER_ATTACKS, PEER_ACTS

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self.matcher = PeerMatcher(self)
        self.forger = PeerForger(self, self.knowledge, self.matcher)

    def _agents(self) -> Mapping[str, ProxyMobileAgent]:
        at = self.addresses
        peers = [at[name] for name in (*CARE_OF.values(), ATTACKER)]
        home_agents = {
            IPv6Network((at[home], 64), strict=False): at[agent] for home, agent in ((HOA, HA), (CN_HOME, HA2))
        }
        self.agents = {
            name: PeerAgent(
                at[care_of],
                at[HA2 if name == PMA3 else HA],
                self.policy,
                SEED,
                identity=identity_of_agent(PMA1),
                home_agents=home_agents,
                associations={peer: association_key(SEED, at[care_of], peer) for peer in peers if peer != at[care_of]},
            )
            for name, care_of in CARE_OF.items()
        }
        return self.agents

    # What the agents show.

    def bindings(self, now: float) -> Bindings:
        """See `Bench`; nothing tests an address, so all are verified."""
        places = [(agent, home) for agent in self.agents for home in (*HOMES, CN_HOME)]
        return {place: self._binding(place) for place in places}

    def _binding(self, place: Place) -> Binding | None:
        entry = self.agents[place[0]].proxy_binding(self.addresses[place[1]])
        return None if entry is None else self.binding(entry, verified=True, used=entry.effective)

    def last_number(self, place: Place) -> int | None:
        """The number that the next one has to exceed, as the trace has it; an entry that is gone has none."""
        binding = self._binding(place)
        return None if binding is None else self.matcher.told(binding.held.home_address, binding.held.sequence)

    def served_by(self, agent: str) -> str | None:
        """Home address, by name, of the node that is at an agent now (ground truth); None if there is none."""
        if agent == PMA3:
            return CN_HOME
        return HOA if self.serving == CARE_OF[agent] else None

    # Honest steps.

    def advance(self, now: float) -> None:
        """See `Bench`."""
        for agent in self.agents.values():
            agent.advance(now)

    def move(self, target: str, now: float) -> None:
        """The mobile node goes to another agent, which gets its profile (N102), or away."""
        super().move(target, now)
        for name, care_of in CARE_OF.items():
            if care_of == target:
                self.agents[name].attach(self.profile, now)

    def matches(self, flight: Flight, message: Fields) -> bool:
        """See `Stage`."""
        return self.matcher.matches(flight, message)

    def registered(self, run: Run[Any], flight: Flight) -> None:
        """Notes which number the trace has for the update."""
        sends = run.trace.steps[run.step].sends
        self.matcher.number(flight.sender, flight.packet, sends, run.message.get("seq", 0))

    def proofs(self, update: SeenUpdate) -> Mapping[str, bytes]:
        """The update as a whole: by some readings nothing in it vouches for it."""
        header, home, care_of = update.identity
        return {"update": header + home.packed + care_of.packed}

    def before_reaction(self, run: Run[Any], arrival: Arrival) -> None:
        """An agent that wants a home agent's word before it acts gets it at once (A-24)."""
        receiver = arrival.receiver
        if receiver in run.corrupted:
            raise run.divergence(f"{receiver} is the attacker's own")
        while receiver in self.agents and self.policy.reading("pma_auth") == "attachment":
            known = set(self.network.in_flight)
            run.settle()
            new = [flight for number, flight in self.network.in_flight.items() if number not in known]
            asked = [flight for flight in new if self._is_query(flight, receiver)]
            if not asked:
                return
            for flight in asked:
                self.network.deliver(flight.flight_id, run.now)

    def _is_query(self, flight: Flight, receiver: str) -> bool:
        """A question of the agent to a home agent, or the answer to it."""
        message = message_in(Packet.from_bytes(flight.packet))
        if isinstance(message, codec.BindingCacheRequest):
            return flight.sender == receiver
        return isinstance(message, codec.BindingCacheAcknowledgement) and self.owner_of(flight) == receiver

    def acts_upon(self, arrival: Arrival, events: Sequence[Event]) -> bool:
        """Every receiver has to show that it did."""
        wanted = REACTIONS.get(type(message_in(Packet.from_bytes(arrival.packet))))
        return any(event.kind == wanted for event in events)

    def believed(self, arrival: Arrival, events: Sequence[Event]) -> str | None:
        """See `Stage`; an update may answer another one."""
        wanted = REACTIONS.get(type(message_in(Packet.from_bytes(arrival.packet))))
        acted = next((event for event in events if event.kind == wanted), None)
        if acted is None or acted.kind not in BELIEVED or (acted.kind == UPDATED and not acted.detail.get("answers")):
            return None
        return acted.kind

    def is_answer(self, run: Run[Any], packet: bytes) -> bool:
        """What a rogue previous agent says of its context, the right peer has said."""
        is_context = isinstance(message_in(Packet.from_bytes(packet)), codec.ContextTransferData)
        return (is_context and self._is_own(run, packet)) or super().is_answer(run, packet)

    # The attacker.

    def begin(self, run: Run[Any]) -> None:
        """The associations of an agent that never served the node, or of one that stands for a correspondent."""
        if run.powers.rogue_cn:
            self._take_associations(run, ATTACKER)
        for name in sorted(run.powers.corrupts - {PMA1}):
            self.take_agent(run, name)

    def take_agent(self, run: Run[Any], name: str) -> None:
        """The agent shares keys with other agents."""
        if run.attacked:
            self._take_associations(run, name)
        super().take_agent(run, name)

    def _take_associations(self, run: Run[Any], name: str) -> None:
        at = self.addresses
        own = at[CARE_OF.get(name, name)]
        for peer, care_of in CARE_OF.items():
            if own != at[care_of]:
                how = f"association of {name} with {peer}, held at step {run.step + 1}"
                self.knowledge.take_token(association_key(SEED, own, at[care_of]), how)

    def test(self, run: Run[Any], data: Fields) -> None:
        """There is no correspondent that answers tests."""
        raise run.divergence("a step of kind 'test' cannot be played")

    def inject(self, run: Run[Any], packet: bytes) -> str | None:
        """See `Bench`; an agent of the attacker's own has the other agents' protected paths too."""
        own = self._is_own(run, packet)
        return self.network.inject(packet, run.now, via=PEER_PATH if own else INTERNET, protected=own)

    def _is_own(self, run: Run[Any], packet: bytes) -> bool:
        """Whether a packet comes from an agent that has become the attacker's."""
        return self.name_of(Packet.from_bytes(packet).source) in {CARE_OF[pma] for pma in run.corrupted}

    # What judges ask.

    def rogues(self, run: Run[Any]) -> frozenset[str]:
        """Those that are its own by now: an agent that serves its node hands payload on."""
        return frozenset(run.corrupted)

    def vouched_for(self, accepted: Acceptance) -> bool:
        """By the association of two agents, if one is asked for."""
        return self.policy.reading("pma_auth") != "none"

    def words_of(self, belief: str) -> str:
        """See `Stage`."""
        return f"{BELIEVED[belief]} whose octets no honest node ever"

    def emit(self, place: Place, octets: int, now: float) -> bool:
        """The node at the agent sends, if one is there."""
        agent, home = place
        source = self.served_by(agent)
        if source is not None:
            packet = Packet(self.addresses[source], self.addresses[home], UdpDatagram(bytes(octets)))
            self.agents[agent].from_node(packet, now)
        return source is not None

    def payload_back(self, place: Place, care_of: str, octets: int) -> Packet:
        """To the node at the agent, in a tunnel from the care-of address."""
        agent, home = place
        at, served = self.addresses, self.served_by(agent)
        inner = Packet(at[home], at[served or HOA], UdpDatagram(bytes(octets)))
        return Packet(at[care_of], at[CARE_OF[agent]], inner)

    def credit(self, place: Place, now: float) -> int:
        """All payload that the agent has handed to its nodes: what would earn credit if anything limited traffic."""
        return sum(int(str(event.detail["octets"])) for event in payload_in(self.agents[place[0]].log))
