"""What the benches of the draft share: addresses, an attacker, how a packet is followed, and what is remembered of it.

There are four kinds of benches, and `cast` says which course takes which: a correspondent with proxy agents or with a
mobile node that speaks for itself (`type1`), two nodes at one agent (`local`), and an agent on each side where these
register by return routability (`type2`) or shake hands (`peer`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any, ClassVar

from pmicheck.bench.checks.kinds import KINDS
from pmicheck.bench.links import BYSTANDER_LINK, STRANGER_LINK, Links
from pmicheck.bench.names import (
    AT_HOME,
    ATTACKER,
    ATTACKER_HOME,
    AWAY,
    BYSTANDER,
    CARE_OF,
    CN,
    COA1,
    HA,
    HA2,
    HOA,
    MN,
    ROGUE_CN,
    SEED,
    SINKS,
    STRANGER_HOME,
    Named,
    addresses,
    profile_of,
)
from pmicheck.bench.payload import forged_payload, receipts_of
from pmicheck.bench.telling import own_sighting, sighting_of, told
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.node import Event, Node
from pmicheck.nodes.policy import Policy
from pmicheck.replay.bench import Bench, Fields
from pmicheck.replay.knowledge import Knowledge, SeenUpdate, header_of, innermost, update_in
from pmicheck.replay.network import INTERNET, Flight
from pmicheck.replay.records import Acceptance, Arrival, Belief, Binding, Place, Sighting
from pmicheck.replay.run import Run
from pmicheck.trace import Step
from pmicheck.wire.packet import Packet

if TYPE_CHECKING:
    from pmicheck.bench.forging.forge import Forger
    from pmicheck.bench.forging.peer_forge import PeerForger

Act = Callable[[Any, str, Fields], None]
"""An act of the model as calls on nodes, given the run, who acts, and the arguments of the act."""


class Stage(Bench):
    """The draft's nodes on links, with the mobile node registered at its home agent from CoA1.

    Attributes:
        keeper: the one node that keeps bindings for all others, "" where every agent keeps its own.
        keepers: the nodes that may accept updates, by `accepts`; registrants: those that send them.
        world, attacks, acts: acts of time and place, of the attacker, and of a node of its own accord, by their keys.
        serving: where the mobile node is reached now: "CoA1", "CoA2", "home" or "away" (ground truth).
        nonces: concrete nonce index by the model's number.
        cookies: octets of a cookie by (owner, attempt), as numbered by the model.
        pairs: what the correspondent issued for a home address, (PT, HT), in order.
        attempts: how often each node has begun what the model numbers.
        home_tests: when home tests for an address came to the correspondent.
        earned: octets of credit that the attacker has earned before the last step.
    """

    keeper: ClassVar[str] = ""
    keepers: frozenset[str]
    registrants: ClassVar[frozenset[str]]
    accepts: ClassVar[str] = "accepted-binding-update"
    world: ClassVar[Mapping[str, Act]]
    attacks: ClassVar[Mapping[str, Act]]
    acts: ClassVar[Mapping[str, Act]]
    kinds = KINDS
    network: Links
    forger: Forger | PeerForger

    def __init__(self, policy: Policy) -> None:
        self.policy, self.addresses, self.serving = policy, addresses(), COA1
        self.knowledge = Knowledge(b"pmicheck attacker")
        self.nonces: Named[int, int] = Named()
        self.cookies: dict[tuple[str, str, int], bytes] = {}
        self.pairs: dict[str, list[tuple[bytes | None, bytes | None]]] = {}
        self.attempts: dict[str, int] = {}
        self.home_tests: dict[str, list[float]] = {}
        self.earned = 0
        self.profile = profile_of(HOA)
        self.ha = HomeAgent(self.addresses[HA], policy, SEED)
        self.pmas: dict[str, ProxyMobileAgent] = {}
        self.mn: MobileNode | None = None
        self.network = Links(self._nodes())
        self.sinks = {name: self.network.add_sink(name, self.addresses[name]) for name in SINKS}

    def _nodes(self) -> Mapping[str, Node]:
        """All nodes by name."""
        raise NotImplementedError

    # Names.

    @property
    def receiver(self) -> IPv6Address:
        """Where updates for the correspondent go."""
        return self.addresses[CN]

    @property
    def named(self) -> IPv6Address:
        """What stands for the correspondent in MACs and signatures."""
        return self.addresses[CN]

    @property
    def tested(self) -> IPv6Address:
        """Where home tests of the correspondent go."""
        return self.addresses[CN]

    @property
    def ends(self) -> tuple[IPv6Address, IPv6Address]:
        """The mobile node and its correspondent, as a registration names them."""
        return self.addresses[HOA], self.tested

    def name_of(self, address: IPv6Address) -> str:
        """The name of an address, or the address itself in letters."""
        return next((name for name, known in self.addresses.items() if known == address), str(address))

    def owner_of(self, flight: Flight) -> str | None:
        """The node that a packet in flight will reach."""
        return self.network.owner(flight.destination)

    def binding(self, entry: Any, *, verified: bool, used: bool) -> Binding:
        """A node's own entry as a binding."""
        return Binding(self.name_of(entry.care_of_address), verified, used, entry)

    def label(self, place: Place) -> str:
        """Which binding it is, in a sentence."""
        keeper, home = place
        return home if keeper == self.keeper else f"{home} at {keeper}"

    # Acts.

    def act(self, run: Run[Any], step: Step) -> None:
        """See `Bench`."""
        call = (step.attacker and self.attacks.get(step.act)) or self.world.get(step.act)
        if not call:
            if step.actor not in self.actors():
                raise run.divergence(f"the act {step.act!r} of {step.actor} is not known")
            call = self.acts.get(step.act)
            if call is None:
                raise run.divergence(f"{step.actor} has no act {step.act!r}")
        call(run, step.actor, step.arguments)

    def actors(self) -> set[str]:
        """The nodes that do something of their own accord."""
        return {*self.pmas, *(() if self.mn is None else (MN,))}

    def move(self, target: str, now: float) -> None:
        """The mobile node goes elsewhere, and the home agent hears of it (N020, N032; RFC 6275 11.5)."""
        at = self.addresses
        self.serving = target
        if target in (AWAY, AT_HOME):
            self.ha.deregister(at[HOA])
        else:
            self.ha.register(at[HOA], at[target], proxy=self.mn is None)

    def moved(self, run: Run[Any]) -> None:
        """The mobile node has moved."""

    def tick(self, phase: int, now: float) -> None:
        """A phase of the model's clock begins, and nothing that was under way arrives any more."""
        self.advance(now)
        for flight_id in list(self.network.in_flight):
            self.network.drop(flight_id)

    def end_entry(self, run: Run[Any], place: Place) -> None:
        """The lifetime of a binding is over."""
        if run.before.get(place) is None or self.bindings(run.now)[place] is not None:
            raise run.divergence(f"the entry of {self.label(place)} does not end at {run.now} s")

    # Packets.

    def carry(self, run: Run[Any], message: Fields, *, forged: bool) -> bool:
        """See `Bench`; there is a packet for every message between agents."""
        return False

    def find(self, message: Fields) -> Flight | None:
        """See `Bench`."""
        wanted, flights = self.recipient(message), self.network.in_flight.values()
        mine = (flight for flight in flights if self.owner_of(flight) == wanted)
        return next((flight for flight in mine if self.matches(flight, message)), None)

    def recipient(self, message: Fields) -> str:
        """The node that a message gets to next."""
        return str(message["to"])

    def matches(self, flight: Flight, message: Fields) -> bool:
        """Whether a packet to this node is the message."""
        raise NotImplementedError

    def emitted(self, run: Run[Any], flight: Flight) -> None:
        """Remembers what honest nodes have sent."""
        if flight.sender in run.corrupted:
            return
        if not self.keeper or flight.sender == self.keeper:
            run.answers.add(header_of(flight.packet))
        update = update_in(Packet.from_bytes(flight.packet))
        if update is not None and flight.sender in self.registrants:
            run.emitted_updates.add(update.identity)
            run.emitted_proofs.update(self.proofs(update).values())
            self.registered(run, flight)

    def registered(self, run: Run[Any], flight: Flight) -> None:
        """A registrant has sent an update."""

    def proofs(self, update: SeenUpdate) -> Mapping[str, bytes]:
        """What is accepted no more than once as long as updates are fresh, by what it is called."""
        return update.proofs

    def react(self, run: Run[Any], arrival: Arrival) -> None:
        """See `Bench`."""
        receiver = arrival.receiver
        self.before_reaction(run, arrival)
        events = self.network.nodes[receiver].log[arrival.logged[receiver] :]
        if not self.acts_upon(arrival, events):
            refused = next((event.detail["check"] for event in events if event.kind == "rejected"), None)
            what = f"refuses the packet by its check {refused!r}" if refused else "does nothing upon the packet"
            raise run.divergence(f"{receiver} {what}")
        run.receipts += receipts_of(run, events, receiver, arrival.sender, arrival.packet)
        update = update_in(Packet.from_bytes(arrival.packet))
        accepted = next((event for event in events if event.kind == self.accepts), None)
        if accepted is not None and update is not None and receiver in self.keepers:
            self._note_acceptance(run, arrival, update, accepted)
        believed = self.believed(arrival, events)
        if believed is not None:
            run.beliefs.append(Belief(run.step, receiver, believed, self.is_answer(run, arrival.packet)))

    def before_reaction(self, run: Run[Any], arrival: Arrival) -> None:
        """The receiver has got a packet, and may have to ask before it acts upon it."""

    def acts_upon(self, arrival: Arrival, events: Sequence[Event]) -> bool:
        """Whether the receiver did by these events what the packet is for."""
        raise NotImplementedError

    def believed(self, arrival: Arrival, events: Sequence[Event]) -> str | None:
        """What a registrant noted when it acted upon an answer, None if it did not."""
        raise NotImplementedError

    def is_answer(self, run: Run[Any], packet: bytes) -> bool:
        """Whether somebody entitled has really sent this answer."""
        return header_of(packet) in run.answers

    def _note_acceptance(self, run: Run[Any], arrival: Arrival, update: SeenUpdate, accepted: Event) -> None:
        keeper, home = arrival.receiver, self.name_of(update.home_address)
        repeated = {name: octets for name, octets in self.proofs(update).items() if octets in run.emitted_proofs}
        run.acceptances.append(
            Acceptance(
                step=run.step,
                at=keeper,
                home_address=home,
                care_of_address=self.name_of(update.care_of_address),
                emitted=update.identity in run.emitted_updates,
                again=tuple(name for name, octets in repeated.items() if (keeper, octets) in run.used),
                before=arrival.before.get((keeper, home)),
                after=self.bindings(run.now).get((keeper, home)),
                secrets=arrival.secrets,
                serving=self.serving,
                method="signed" if update.cga_parameters is not None else str(accepted.detail.get("method", "")),
            )
        )
        run.used.update((keeper, octets) for octets in repeated.values())

    def sighting(self, run: Run[Any], flight: Flight) -> Sighting:
        """See `Bench`."""
        return sighting_of(run, flight)

    def own_sighting(self, run: Run[Any], packet: bytes) -> Sighting:
        """See `Bench`."""
        return own_sighting(run, packet)

    def told(self, step: Step, sighting: Sighting | None, time: float) -> Step:
        """See `Bench`."""
        return told(step, sighting, time)

    def link_beyond(self, name: str) -> str:
        """The link to an address where no node of the draft is."""
        return {BYSTANDER: BYSTANDER_LINK, STRANGER_HOME: STRANGER_LINK}.get(name, INTERNET)

    # The attacker.

    def owned(self, run: Run[Any]) -> set[IPv6Address]:
        """Its own addresses, and those of the agents that have become its own."""
        names = {ATTACKER, ROGUE_CN, *(CARE_OF[pma] for pma in run.corrupted)}
        return {self.addresses[name] for name in names | ({ATTACKER_HOME} if run.powers.own_home else set())}

    def forge(self, run: Run[Any], message: Fields) -> tuple[bytes, Sequence[str]]:
        """See `Bench`."""
        if message["type"] == "Data":
            return forged_payload(run, message), ()
        forged = self.forger.forge(message)
        return forged.packet, forged.secrets

    def inject(self, run: Run[Any], packet: bytes) -> str | None:
        """See `Bench`; what a home agent intercepts goes on to its node."""
        receiver = self.network.inject(packet, run.now)
        return self.passed_on(run, packet, receiver) if receiver in (HA, HA2) else receiver

    def passed_on(self, run: Run[Any], packet: bytes, receiver: str | None) -> str | None:
        """Delivers what a home agent makes of a packet; who gets it, or the `receiver` so far if it makes nothing."""
        for flight in self.network.collect(run.now):
            if innermost(Packet.from_bytes(flight.packet)) == innermost(Packet.from_bytes(packet)):
                receiver = self.network.deliver(flight.flight_id, run.now)
        return receiver

    def take_agent(self, run: Run[Any], name: str) -> None:
        """From now on the agent is the attacker's, with all that it holds of the mobile node."""
        if not run.attacked:
            return
        run.corrupted.add(name)
        agent, home, how = self.pmas[name], self.addresses[HOA], f"held by {name} at step {run.step + 1}"
        for key in agent.private_keys(home):
            self.knowledge.take_key(key, how)
        self.knowledge.take_delegation(home, agent.delegation(home))
        for (owner, *_), cookie in self.cookies.items():
            if owner == name:
                self.knowledge.take_token(cookie, how)
        for registration in agent.registrations(home):
            keygens = [keygen.token for keygen in (registration.temporary, registration.care_of) if keygen is not None]
            for token in (registration.permanent, registration.handover, *keygens):
                if token is not None:
                    self.knowledge.take_token(token, how)

    # Payload, for the judges.

    def emit(self, place: Place, octets: int, now: float) -> bool:
        """Somebody sends one packet of payload by the binding of this place, or past it; False if nobody may."""
        raise NotImplementedError

    def payload_back(self, place: Place, care_of: str, octets: int) -> Packet:
        """Payload of a registered node from this care-of address, as it earns credit (RFC 4866 4.10)."""
        raise NotImplementedError

    def credit(self, place: Place, now: float) -> int:
        """What has been earned for a binding, in octets of payload."""
        raise NotImplementedError

    # What judges ask.

    def rogues(self, run: Run[Any]) -> frozenset[str]:
        """The agents at which the attacker receives: those that are its own now or later."""
        return run.powers.corrupts

    def tokens(self, home: str) -> Mapping[str, tuple[bytes, ...]]:
        """The tokens that vouch for a home address now, by their kinds."""
        return {}

    def checks_in_force(self) -> list[str]:
        """The checks on an update that take a secret."""
        return []

    def vouched_for(self, accepted: Acceptance) -> bool:
        """Whether one of them tied the update to the home address."""
        raise NotImplementedError

    def words_of(self, belief: str) -> str:
        """An answer that was believed, and who it was that should have emitted it."""
        raise NotImplementedError

    def misled(self, run: Run[Any]) -> Place | None:
        """The binding that a registrant keeps since it believed a false answer, if this bench has such."""
        return None

    def impersonate(self, run: Run[Any]) -> bool:
        """Whether the attacker completes a registration that leads to it by a false answer."""
        return False
