"""Return routability with a type 2 correspondent (the draft's 4.3): its proxy agent takes its part.

A home test of the attacker's own is a PHoTI, which makes an entry where there is none (N130). The model has its tests
leave nothing, so each is put off to the moment at which its token is needed; then there is an entry, or there will be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any

from pmicheck.bench.acts import registered_with_rogue
from pmicheck.bench.checks.registrants import stages_of
from pmicheck.bench.forging.impersonation import Impersonator
from pmicheck.bench.forging.type2_forge import Type2Forger
from pmicheck.bench.links import HOME_PATH
from pmicheck.bench.names import (
    ATTACKER,
    ATTACKER_HOME,
    CN_HOME,
    COA1,
    COA3,
    HA,
    HA2,
    HOA,
    PMA1,
    PMA2,
    PMA3,
    SEED,
    identity_of_agent,
)
from pmicheck.bench.registering import Registering
from pmicheck.bench.two_sided import TwoSided
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.agent.type2_correspondent import Type2Correspondent
from pmicheck.nodes.agent.type2_sender import Type2Sender
from pmicheck.nodes.correspondent.binding_cache import HOME_TEST_INIT
from pmicheck.nodes.correspondent.bindings import Bindings as Kept
from pmicheck.nodes.policy import Policy
from pmicheck.replay.bench import Fields
from pmicheck.replay.comparison import cell_of
from pmicheck.replay.knowledge import Lacking, message_in
from pmicheck.replay.records import Acceptance, Arrival, Binding, Bindings, Place
from pmicheck.replay.run import Run
from pmicheck.trace import Changed, Step
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet

AT_SENDER: Place = (PMA1, CN_HOME)
"""Where the mobile node's agent keeps where the correspondent is (N133)."""


def _takes_tokens(message: Fields) -> bool:
    """Whether a packet of the attacker's may need a token from a test of its own."""
    return message["type"] in ("Update", "Acknowledgement") or message.get("token", ["forged"])[0] == "T"


class Type2Stage(TwoSided, Registering):
    """The correspondent's agent keeps bindings for it, the mobile node's agent one for the correspondent.

    Attributes:
        taken: cookies of the PHoTIs that have come to the correspondent's agent.
    """

    keeper = PMA3
    forger: Type2Forger

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._put_off: list[tuple[int, Fields]] = []
        self.taken: set[bytes] = set()

    def _agents(self) -> Mapping[str, ProxyMobileAgent]:
        at, policy = self.addresses, self.policy
        self.sending = Type2Sender(at[COA1], at[HA], policy, SEED, identity=identity_of_agent(PMA1))
        self.receiving = Type2Correspondent(at[COA3], at[HA2], policy, SEED, identity=identity_of_agent(PMA2))
        return {PMA1: self.sending, PMA3: self.receiving}

    def _forger(self) -> Type2Forger:
        return Type2Forger(self, self.knowledge)

    @property
    def kept(self) -> Kept:
        """See `Registering`."""
        return self.receiving.bindings(self.addresses[CN_HOME])

    @property
    def receiver(self) -> IPv6Address:
        """Where updates for the correspondent go: to its care-of address (N134)."""
        return self.addresses[COA3]

    @property
    def named(self) -> IPv6Address:
        """What stands for the correspondent in MACs and signatures (A-22)."""
        return self.tested if self.policy.reading("kcn_scope") == "cn" else self.receiver

    @property
    def tested(self) -> IPv6Address:
        """Where home tests of the correspondent go: to its home address (N126)."""
        return self.addresses[CN_HOME]

    def advance(self, now: float) -> None:
        """See `Bench`."""
        self.receiving.advance(now)

    def bindings(self, now: float) -> Bindings:
        """The correspondent's, and where the mobile node's agent believes the correspondent's to be (N133), which is
        verified when the registration there is complete (N138)."""
        peer = self.sending.peer_of(*self.ends, now)
        verified = "registered" in stages_of(self, PMA1, now)
        at_sender = None if peer is None else Binding(self.name_of(peer), verified, True, None)
        return {**super().bindings(now), AT_SENDER: at_sender}

    def last_number(self, place: Place) -> int | None:
        """No update makes what the mobile node's agent keeps, so it has no number."""
        return None if place == AT_SENDER else super().last_number(place)

    def lasts(self, change: Changed) -> bool:
        """Where the correspondent is believed to be is forgotten with T, without a step that tells it (N133)."""
        by_time = change.kind == "entry" and (change.of["keeper"], change.of["home"]) == AT_SENDER
        return not by_time and super().lasts(change)

    def end_entry(self, run: Run[Any], place: Place) -> None:
        """The mobile node's agent may have forgotten earlier where the correspondent is."""
        if place != AT_SENDER or self.bindings(run.now)[place] is not None:
            super().end_entry(run, place)

    # The attacker's own tests.

    def begin(self, run: Run[Any]) -> None:
        """See `Bench`."""
        registered_with_rogue(run, PMA1)

    def act(self, run: Run[Any], step: Step) -> None:
        """See `Bench`; what was put off takes nonces of the phase that ends."""
        if step.act == "tick":
            self._run_tests(run, None)
        super().act(run, step)

    def test(self, run: Run[Any], data: Fields, index: int | None = None) -> None:
        """A test of the attacker's own: put off, or at once if it is for a registration that the trace leaves out."""
        if index is not None or run.trace.steps[run.step].action == "test":
            self._put_off.append((run.step if index is None else index, data))
            self._run_if_due(run)
        else:
            self._test_care_of(run, run.step, data, {**run.message, "care_of_nonce": data["nonce"]})

    def _run_if_due(self, run: Run[Any]) -> None:
        """Runs what was put off now, if it would be run right before the next step in any case."""
        following = next((step for step in run.trace.steps[run.step + 1 :] if step.action != "test"), None)
        if following is None or following.act == "tick":
            self._run_tests(run, None)
        elif following.action == "inject" and following.content is not None and _takes_tokens(following.content):
            self._run_tests(run, following.content)

    def finish(self, run: Run[Any]) -> None:
        """See `Bench`."""
        super().finish(run)
        self._run_tests(run, None)
        if self._put_off:
            run.step, data = self._put_off[0]
            raise run.divergence(f"no packet of the trace takes what the attacker's {data['init']} brings")

    def forge(self, run: Run[Any], message: Fields) -> tuple[bytes, Sequence[str]]:
        """See `Bench`."""
        if _takes_tokens(message):
            self._run_tests(run, message)
        return super().forge(run, message)

    def _run_tests(self, run: Run[Any], wanted: Fields | None) -> None:
        """Runs what was put off: home tests, then the tests of care-of addresses that take an update.

        Args:
            wanted: the message that the tokens are for, None if the phase of their nonce ends.
        """
        waiting, self._put_off = self._put_off, []
        for index, data in waiting:
            if data["init"] == "HoTI":
                self._test_home(run, index, data["address"])
        for index, data in waiting:
            if data["init"] != "CoTI":
                continue
            if wanted is None:
                self._put_off.append((index, data))
            else:
                self._test_care_of(run, index, data, wanted)

    def _test_home(self, run: Run[Any], index: int, name: str) -> None:
        """PHoTI by way of the correspondent's home agent (N127), until its answer comes by where it can be read.

        Raises:
            Lacking: it cannot be read anywhere.
        """
        by_option = name == HOA and not run.reads(HOME_PATH)
        packet, cookie = self.forger.proxy_test_init(name, ATTACKER, by_option=by_option)
        run.sightings[index] = self.own_sighting(run, packet)
        self.knowledge.octets_sent += len(packet)
        before, logged = self.bindings(run.now), {PMA3: len(self.receiving.log)}
        seen = len(self.knowledge.seen)
        self.network.inject(packet, run.now)
        self._let_travel(run, cookie)
        run.known.pop(cell_of("entry", {"keeper": PMA3, "home": name}), None)  # the model has its tests leave nothing
        self._note_admission(run, Arrival(packet, ATTACKER, PMA3, before, logged, None))
        read = [message_in(Packet.from_bytes(octets)) for octets in self.knowledge.seen[seen:]]
        if not any(isinstance(found, codec.ProxyHomeTest) and found.cookie == cookie for found in read):
            raise Lacking(f"a place where it can read the answer to its PHoTI for {name}")
        self.home_tests.setdefault(name, []).append(run.now)

    def _let_travel(self, run: Run[Any], cookie: bytes) -> None:
        """Lets a test and its answer travel between the correspondent's agent and its home agent, and no further."""
        network = self.network
        while True:
            run.settle()
            flights = [(f, message_in(Packet.from_bytes(f.packet))) for f in network.in_flight.values()]
            mine = [flight for flight, message in flights if getattr(message, "cookie", b"") == cookie]
            for flight in mine:
                if self.owner_of(flight) in (PMA3, HA2):
                    network.deliver(flight.flight_id, run.now)
                else:
                    network.drop(flight.flight_id)
            if not mine:
                return

    def _test_care_of(self, run: Run[Any], index: int, data: Fields, wanted: Fields) -> None:
        """C comes with the answer to an early update and in no other way (N134); an answer that was read will do.

        Args:
            wanted: the update that C is for; the early one goes out for its home address under the same key, or for the
                attacker's own home address if it has one.
        """
        name, nonce, at, nonces = data["address"], data["nonce"], self.addresses, self.kept.nonces
        if self.knowledge.holds(nonces.care_of_token(self.nonces[nonce], at[name])):
            return
        if wanted["type"] != "Update" or wanted["care_of_nonce"] != nonce:
            self._put_off.append((index, data))
            return
        home, key, sig = wanted["home"], wanted["key"], wanted["sig"]
        if run.powers.own_home and home != ATTACKER_HOME:
            home, key, sig = ATTACKER_HOME, "attacker", ["sig", "attacker"]
        if not self.knowledge.holds(nonces.home_token(self.nonces[nonce], at[home])):
            self._test_home(run, index, home)
        early = {
            **wanted,
            "home": home,
            "care_of": name,
            "seq": int(wanted["seq"]) - 1,
            "lifetime": True,
            "credential": "T",
            "nonce": nonce,
            "care_of_nonce": 0,
            "key": key,
            "test": True,
            "sig": sig,
            "mac": ["mac", ["Kbm", ["T", home, nonce], ["zero"]], name],
        }
        forged = self.forger.forge(early)
        run.send(forged.packet, forged.secrets)
        run.sightings[index] = run.sightings[run.step]
        run.settle()

    # What a PHoTI leaves.

    def react(self, run: Run[Any], arrival: Arrival) -> None:
        """See `Bench`."""
        super().react(run, arrival)
        if arrival.receiver == PMA3:
            self._note_admission(run, arrival)

    def _note_admission(self, run: Run[Any], arrival: Arrival) -> None:
        """Records the entry that a PHoTI has made (N130, N148)."""
        events = self.receiving.log[arrival.logged[PMA3] :]
        made = next((event for event in events if event.kind == "made-by-home-test-init"), None)
        init = message_in(Packet.from_bytes(arrival.packet))
        if not isinstance(init, codec.ProxyHomeTestInit):
            return
        again = ("PHoTI",) if init.cookie in self.taken else ()
        self.taken.add(init.cookie)
        if made is None:
            return
        home = next(name for name, known in self.addresses.items() if known == made.detail["home_address"])
        run.acceptances.append(
            Acceptance(
                step=run.step,
                at=PMA3,
                home_address=home,
                care_of_address=self.name_of(init.care_of_address),
                emitted=init.cookie in self.cookies.values(),
                again=again,
                before=arrival.before.get((PMA3, home)),
                after=self.bindings(run.now).get((PMA3, home)),
                secrets=None,
                serving=self.serving,
                method=HOME_TEST_INIT,
            )
        )

    # Payload, for the judges.

    def emit(self, place: Place, octets: int, now: float) -> bool:
        """The correspondent sends by its agent's binding, the mobile node by that of its own agent."""
        home, correspondent = self.ends
        if place == AT_SENDER:
            self.sending.send_payload(home, correspondent, octets, now)
            return True
        logged = len(self.receiving.log)
        self.receiving.send_payload(correspondent, self.addresses[place[1]], octets, now)
        return not any(event.kind == "rejected" for event in self.receiving.log[logged:])

    def misled(self, run: Run[Any]) -> Place | None:
        """The mobile node's agent has taken a PHoT that the correspondent's agent never sent."""
        taken = any(belief.who == PMA1 and not belief.emitted for belief in run.beliefs)
        return AT_SENDER if taken else None

    def impersonate(self, run: Run[Any]) -> bool:
        """The attacker that PHoT made the correspondent's agent answers the updates that come to it (N133, N134)."""
        return self.forger.chosen is not None and Impersonator(run, *self.forger.chosen).complete()
