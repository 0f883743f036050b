"""Benches on which somebody registers with one correspondent by return routability or tokens (the draft's 3, 4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any

from pmicheck.bench.acts import ACTS, ATTACKS, WORLD, deliver_handover_token, inject_handover_token
from pmicheck.bench.checks.checks import CHECKS
from pmicheck.bench.forging.credit import earn_first
from pmicheck.bench.forging.forge import Forger
from pmicheck.bench.links import CARE_OF_PATH, HOME_PATH, TUNNEL
from pmicheck.bench.matching import matches
from pmicheck.bench.names import AGENTS, AT_HOME, CARE_OF, CN, HA, HOA, HOMES, MN
from pmicheck.bench.payload import payload_in
from pmicheck.bench.stage import Stage
from pmicheck.nodes.correspondent.binding_cache import HOME_TEST_INIT
from pmicheck.nodes.correspondent.bindings import Bindings as Kept
from pmicheck.nodes.node import Event
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import Registration
from pmicheck.replay.bench import Fields
from pmicheck.replay.knowledge import Lacking, message_in
from pmicheck.replay.network import INTERNET, Flight
from pmicheck.replay.records import Acceptance, Arrival, Binding, Bindings, Place
from pmicheck.replay.run import Run
from pmicheck.wire.packet import Packet, UdpDatagram

BELIEVED = frozenset(
    {
        "accepted-home-test",
        "accepted-proxy-home-test",
        "accepted-care-of-test",
        "accepted-tokens",
        "accepted-binding-acknowledgement",
        "restarted",
        "refused",
    }
)
"""What a registrant notes when it acts upon an answer."""

_NONCE_OF_PHASE = {1: 2, 3: 3, 4: 4}
"""Which of the model's nonces is made when a phase begins: at 210 s, at 450 s and after a day."""


class Registering(Stage):
    """A bench with one keeper of bindings, from which the model's tokens are read.

    Attributes:
        late_tests: tests of the attacker's own whose answers it can read after a corruption alone.
        handing_over: handover tokens on their way through the home agent: (token, sequence number, receiver).
    """

    registrants = frozenset({MN, *AGENTS})
    checks = CHECKS
    world, attacks, acts = WORLD, ATTACKS, ACTS
    forger: Forger

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self.keepers = frozenset({self.keeper})
        self.forger = self._forger()
        self.late_tests: list[tuple[int, Fields]] = []
        self.handing_over: list[tuple[bytes, int, str]] = []
        self.nonces[1] = self._new_nonce(0.0)

    def _forger(self) -> Forger:
        return Forger(self, self.knowledge)

    @property
    def kept(self) -> Kept:
        """What the correspondent keeps for those that register with it, at the node itself or at its proxy agent."""
        raise NotImplementedError

    def registration(self, keeper: str) -> Registration | None:
        """What a registrant knows of its registration with the correspondent."""
        return self.pmas[keeper].registration(*self.ends) if keeper in self.pmas else None

    def bindings(self, now: float) -> Bindings:
        """See `Bench`."""
        return {(self.keeper, home): self._binding(self.addresses[home]) for home in HOMES}

    def _binding(self, home: IPv6Address) -> Binding | None:
        entry, used = self.kept.cache.get(home), self.kept.in_use(home) is not None
        return None if entry is None else self.binding(entry, verified=entry.verified, used=used)

    def last_number(self, place: Place) -> int | None:
        """The number that the next one has to exceed (RFC 6275 9.5.1, A-14)."""
        return self.kept.cache.last_sequence(self.addresses[place[1]])

    # Honest steps.

    def tick(self, phase: int, now: float) -> None:
        """A phase begins, and with it comes a new nonce where the model has one."""
        super().tick(phase, now)
        if phase in _NONCE_OF_PHASE:
            self.nonces[_NONCE_OF_PHASE[phase]] = self._new_nonce(now)
        self.handing_over.clear()

    def _new_nonce(self, now: float) -> int:
        self.advance(now)
        return self.kept.nonces.rotate(now).index

    def carry(self, run: Run[Any], message: Fields, *, forged: bool) -> bool:
        """A handover token has no packet (A-27); and on its home link a node gets a packet with the next step."""
        if message["type"] == "HandoverToken":
            (inject_handover_token if forged else deliver_handover_token)(run, message)
            return True
        flight = self.find(message) if not forged and self._is_at_home(message) else None
        if flight is not None:
            run.sightings[run.step] = self.sighting(run, flight)
        return flight is not None

    def _is_at_home(self, message: Fields) -> bool:
        return message["to"] == HA and message["link"] == HOME_PATH and self.serving == AT_HOME

    def recipient(self, message: Fields) -> str:
        """On the home link that is the mobile node itself."""
        return MN if self._is_at_home(message) else super().recipient(message)

    def matches(self, flight: Flight, message: Fields) -> bool:
        """See `Stage`."""
        return matches(self, flight, message, self.forger.indices)

    def settled(self) -> None:
        """Remembers the tokens that the correspondent has issued since the last look."""
        for home in HOMES:
            permanent = self.kept.cache.permanent_tokens(self.addresses[home])[:1]
            handover = self.kept.usable_handover_tokens(self.addresses[home])[:1]
            issued = self.pairs.setdefault(home, [])
            if permanent and permanent[0] not in {pair[0] for pair in issued}:
                issued.append((permanent[0], handover[0] if handover else None))

    def before_reaction(self, run: Run[Any], arrival: Arrival) -> None:
        """Notes when a home test came."""
        asked = run.message
        honest = arrival.secrets is None and arrival.receiver == self.keeper
        if honest and asked["type"] == "TestInit" and asked["kind"] != "CoTI":
            self.home_tests.setdefault(asked["address"], []).append(run.now)

    def acts_upon(self, arrival: Arrival, events: Sequence[Event]) -> bool:
        """A registrant has to show that it did; other nodes need not say what they did with a packet."""
        if self.believed(arrival, events) is not None:
            return True
        refused = any(event.kind == "rejected" for event in events)
        return not refused and (arrival.receiver not in self.registrants or bool(payload_in(events)))

    def believed(self, arrival: Arrival, events: Sequence[Event]) -> str | None:
        """See `Stage`."""
        return next((event.kind for event in events if event.kind in BELIEVED), None)

    def link_of(self, flight: Flight) -> str:
        """The link that a packet crosses, by who sent it and where it goes (protocol-facts 1.5)."""
        packet = Packet.from_bytes(flight.packet)
        towards = self.name_of(packet.destination)
        if flight.sender == CN:
            known = {HOA: HOME_PATH, **{CARE_OF[name]: CARE_OF_PATH for name in AGENTS}}
            return known.get(towards) or self.link_beyond(towards)
        if isinstance(packet.payload, Packet) and HA in (flight.sender, towards):
            return TUNNEL
        if towards != CN:
            return INTERNET
        at_home = flight.sender == HA or (flight.sender == MN and self.serving == AT_HOME)
        return HOME_PATH if at_home else CARE_OF_PATH

    # The attacker.

    def finish(self, run: Run[Any]) -> None:
        """See `Bench`."""
        if self.late_tests:
            run.step, data = self.late_tests[0]
            raise run.divergence(f"the attacker never gets to where it can read the answer to its {data['init']}")

    def forge(self, run: Run[Any], message: Fields) -> tuple[bytes, Sequence[str]]:
        """See `Bench`; credit is earned first where the trace counts on some."""
        return super().forge(run, earn_first(run, message))

    def test(self, run: Run[Any], data: Fields, index: int | None = None) -> None:
        """A test of the attacker's own; one whose answer it cannot read yet is put off until a corruption.

        Args:
            index: the step of the test, if it is another one than the step of the run.
        """
        name, kind, network = data["address"], data["init"], self.network
        by_option = name == HOA and not run.reads(HOME_PATH)
        packet, cookie = self.forger.test_init(kind, name, by_option=by_option)
        run.settle()
        seen = len(self.knowledge.seen)
        run.sightings[run.step if index is None else index] = self.own_sighting(run, packet)
        network.inject(packet, run.now)
        run.settle()
        self.knowledge.octets_sent += len(packet)
        for flight in list(network.in_flight.values()):
            if flight.sender == self.keeper and _has_cookie(flight.packet, cookie):
                network.drop(flight.flight_id)
        if any(_has_cookie(octets, cookie) for octets in self.knowledge.seen[seen:]):
            if kind == "HoTI":
                self.home_tests.setdefault(name, []).append(run.now)
        elif index is None and run.powers.corrupts - run.corrupted:
            self.late_tests.append((run.step, data))
        else:
            raise Lacking(f"a place where it can read the answer to its {kind} for {name}")

    def take_agent(self, run: Run[Any], name: str) -> None:
        """With the agent the attacker gets to where it can read more answers."""
        super().take_agent(run, name)
        late, self.late_tests = self.late_tests, []
        for index, data in late:
            self.test(run, data, index)

    # What judges ask.

    def tokens(self, home: str) -> Mapping[str, tuple[bytes, ...]]:
        """See `Stage`."""
        address = self.addresses[home]
        return {"PT": self.kept.cache.permanent_tokens(address), "HT": self.kept.usable_handover_tokens(address)}

    def checks_in_force(self) -> list[str]:
        """See `Stage`."""
        return [name for name in ("mac", "home-test", "signature", "cga") if self.policy.has(name)]

    def vouched_for(self, accepted: Acceptance) -> bool:
        """By the home token in the MAC, or by a signature under a CGA; nothing vouches for a PHoTI (N130, N148)."""
        has = self.policy.has
        by_token = has("mac") and has("home-test")
        by_signature = accepted.method in ("cga", "signed") and has("signature") and has("cga")
        return accepted.method != HOME_TEST_INIT and (by_token or by_signature)

    def words_of(self, belief: str) -> str:
        """See `Stage`."""
        return f"an answer ({belief}) whose octets the CN never"

    def payload_back(self, place: Place, care_of: str, octets: int) -> Packet:
        """In the tunnel of an agent (N161)."""
        inner = Packet(self.addresses[place[1]], self.tested, UdpDatagram(bytes(octets)))
        return Packet(self.addresses[care_of], self.receiver, inner)

    def credit(self, place: Place, now: float) -> int:
        """What the correspondent may send to an unverified care-of address of a home address now."""
        self.advance(now)
        entry = self.kept.cache.get(self.addresses[place[1]])
        return 0 if entry is None else entry.credit


def _has_cookie(packet: bytes, cookie: bytes) -> bool:
    return bool(getattr(message_in(Packet.from_bytes(packet)), "cookie", b"") == cookie)
