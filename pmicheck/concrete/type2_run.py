"""Runs the steps of a trace of return routability with a type 2 correspondent (the draft's 4.3).

A home test of the attacker's own is a PHoTI, which makes an entry where there is none (N130). The model has its tests
leave nothing, so each is put off to the moment at which its token is needed; then there is an entry, or there will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pmicheck.concrete.agent_stage import Type2Stage
from pmicheck.concrete.agreement import CHECKS
from pmicheck.concrete.attack import Lacking, message_in, update_in
from pmicheck.concrete.execution import Run
from pmicheck.concrete.forge import Forged, Forger
from pmicheck.concrete.network import HOME_PATH
from pmicheck.concrete.records import Acceptance
from pmicheck.concrete.registrants import stages_of
from pmicheck.concrete.stage import ATTACKER, ATTACKER_HOME, CN_HOME, HA2, HOA, PMA1, PMA3
from pmicheck.concrete.telling import own_sighting
from pmicheck.nodes.binding_cache import HOME_TEST_INIT, Entry
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.readdressing import readdressed
from pmicheck.trace import Changed, Step
from pmicheck.wire import codec
from pmicheck.wire.packet import MobilityHeader, Packet

Fields = Mapping[str, Any]


def _entry_disagrees(run: Type2Run, change: Changed) -> str | None:
    """The correspondent's entry, and whether data follow it (A-16); or where the mobile node's agent has the
    correspondent (N133), which is verified when the registration there is complete (N138)."""
    home, value = change.of["home"], change.value
    if (change.of["keeper"], home) != (PMA1, CN_HOME):
        found = CHECKS["entry"](run, change)
        used = run.stage.behind.is_used(run.stage.addresses[home])
        if found is None and value.get("used", used) != used:
            found = f"the entry of {home} is {'' if used else 'not '}used"
        return found
    peer, told = run.peer(), value.get("care_of")
    if peer != told:
        return f"the entry of {home} at {PMA1} is {peer or 'none'}, not {told or 'none'}"
    verified = "registered" in stages_of(run, PMA1)
    if told is not None and verified != value["verified"]:
        return f"the entry of {home} at {PMA1} is {'' if verified else 'not '}verified"
    return None


TYPE2_CHECKS = {**CHECKS, "entry": _entry_disagrees}
"""The comparisons of a run in which the mobile node's agent keeps an entry too."""


def _takes_tokens(message: Fields) -> bool:
    """Whether a packet of the attacker's may need a token from a test of its own."""
    return message["type"] in ("Update", "Acknowledgement") or message.get("token", ["forged"])[0] == "T"


class Type2Forger(Forger):
    """The attacker's packets, where home tests name care-of addresses (N168, N171).

    Attributes:
        chosen: the token and index in the last PHoT of its making.
    """

    stage: Type2Stage
    chosen: tuple[bytes, int] | None = None

    def forge(self, message: Fields) -> Forged:
        """The packet for an injected message. Raises Lacking if the attacker does not have what it takes."""
        match message["type"], message.get("kind"):
            case "TestInit", "PHoTI":
                self._secrets = []
                cookie = self._cookie(message["cookie"])
                packet, _ = self.proxy_test_init(message["address"], message["care_of"], cookie=cookie)
                return Forged(packet, tuple(self._secrets))
            case "Test", "PHoT":
                return self._proxy_test(message)
            case _:
                self._turn_around()
                return super().forge(message)

    def _turn_around(self) -> None:
        """What came to its own address in the correspondent's place may go to the correspondent's agent: nothing in an
        update names the address that it goes to, where the home address stands in MAC and signature (A-22)."""
        own, receiver = self.stage.addresses[ATTACKER], self.stage.receiver
        for seen in tuple(self.knowledge.updates):
            moved = update_in(readdressed(seen.packet, destination=receiver)) if seen.correspondent == own else None
            if moved is not None and moved not in self.knowledge.updates:
                self.knowledge.updates.append(moved)

    def proxy_test_init(
        self, name: str, care_of: str, *, by_option: bool = False, cookie: bytes | None = None
    ) -> tuple[bytes, bytes]:
        """(packet, cookie): a PHoTI for a home address, as if a home agent had forwarded it.

        Args:
            by_option: the address stands in a Home Address option, the packet comes from the attacker.
            cookie: one that it has seen; None for one of its own.
        """
        at, tested = self.stage.addresses, self.stage.tested
        cookie = cookie or self.knowledge.random.take(8)
        octets = codec.encode(codec.ProxyHomeTestInit(cookie, at[care_of]), source=at[name], destination=tested)
        if by_option:
            packet = Packet(at[ATTACKER], tested, MobilityHeader(octets), home_address=at[name])
        else:
            packet = Packet(at[name], tested, MobilityHeader(octets))
        return packet.to_bytes(), cookie

    def _proxy_test(self, message: Fields) -> Forged:
        """PHoT with a false care-of address, as if from the correspondent; only the cookie vouches for it."""
        self._secrets = []
        cookie = self._cookie(message["cookie"])
        index, at = self.stage.nonces[message["nonce"]], self.stage.addresses
        is_true = message["token"][0] == "T"
        self.chosen = (self.token(message["token"]) if is_true else self.knowledge.random.take(8)), index
        answer = codec.ProxyHomeTest(index, cookie, self.chosen[0], care_of_address=at[message["care_of"]])
        packet = plain_packet(answer, self.stage.tested, at[message["address"]])
        return Forged(packet.to_bytes(), tuple(self._secrets))


class Type2Run(Run):
    """One execution of a trace of `type2-rr`."""

    correspondent = PMA3
    checks = TYPE2_CHECKS
    stage: Type2Stage

    def __post_init__(self) -> None:
        super().__post_init__()
        self.forger: Type2Forger = Type2Forger(self.stage, self.knowledge)
        self._put_off: list[tuple[int, Fields]] = []
        self.taken: set[bytes] = set()
        self._wanted: Fields = {}

    # The attacker's own tests.

    def test(self, data: Fields, index: int | None = None) -> None:
        """A test of the attacker's own: put off, or at once if it is for a registration that the trace leaves out."""
        if index is not None or self.trace.steps[self.step].action == "test":
            self._put_off.append((self.step if index is None else index, data))
            self._run_if_due()
        else:
            self._test_care_of(self.step, data, {**self._wanted, "care_of_nonce": data["nonce"]})

    def _run_if_due(self) -> None:
        """Runs what was put off now, if it would be run right before the next step in any case."""
        following = next((step for step in self.trace.steps[self.step + 1 :] if step.action != "test"), None)
        if following is None or following.act == "tick":
            self._run_tests(None)
        elif following.action == "inject" and following.content is not None and _takes_tokens(following.content):
            self._run_tests(following.content)

    def _finish(self) -> None:
        super()._finish()
        self._run_tests(None)
        if self._put_off:
            self.step, data = self._put_off[0]
            raise self.divergence(f"no packet of the trace takes what the attacker's {data['init']} brings")

    def _perform(self, step: Step) -> None:
        if step.act == "tick":
            self._run_tests(None)
        if step.act == "end entry" and step.arguments == {"home": CN_HOME, "at": PMA1}:
            self._end_at_agent()
        else:
            super()._perform(step)

    def _end_at_agent(self) -> None:
        """The mobile node's agent has forgotten where the correspondent is, with T or with the binding (N133)."""
        if self.peer() is not None:
            raise self.divergence(f"the entry of {CN_HOME} at {PMA1} does not end at {self.now} s")

    def _inject(self, message: Fields) -> None:
        self._wanted = message
        if _takes_tokens(message):
            self._run_tests(message)
        super()._inject(message)

    def _run_tests(self, wanted: Fields | None) -> None:
        """Runs what was put off: home tests, then the tests of care-of addresses that take an update.

        Args:
            wanted: the message that the tokens are for, None if the phase of their nonce ends.
        """
        waiting, self._put_off = self._put_off, []
        for index, data in waiting:
            if data["init"] == "HoTI":
                self._test_home(index, data["address"])
        for index, data in waiting:
            if data["init"] != "CoTI":
                continue
            if wanted is None:
                self._put_off.append((index, data))
            else:
                self._test_care_of(index, data, wanted)

    def _test_home(self, index: int, name: str) -> None:
        """PHoTI by way of the correspondent's home agent (N127), until its answer comes by where it can be read.

        Raises:
            Lacking: it cannot be read anywhere.
        """
        by_option = name == HOA and HOME_PATH not in self.powers.taps
        packet, cookie = self.forger.proxy_test_init(name, ATTACKER, by_option=by_option)
        self.sightings[index] = own_sighting(self, packet)
        self.knowledge.octets_sent += len(packet)
        before, logs = self._entries(), self._log_lengths()
        seen = len(self.knowledge.seen)
        self.stage.network.inject(packet, self.now)
        self._carry(cookie)
        self.known.pop(f"{PMA3}[{name}].entry", None)  # the model has its tests leave nothing
        self._note_admission(packet, before, logs)
        read = [message_in(Packet.from_bytes(octets)) for octets in self.knowledge.seen[seen:]]
        if not any(isinstance(found, codec.ProxyHomeTest) and found.cookie == cookie for found in read):
            raise Lacking(f"a place where it can read the answer to its PHoTI for {name}")
        self.home_tests.setdefault(name, []).append(self.now)

    def _carry(self, cookie: bytes) -> None:
        """Lets a test and its answer travel between the correspondent's agent and its home agent, and no further."""
        network = self.stage.network
        while True:
            self.settle()
            flights = [(f, message_in(Packet.from_bytes(f.packet))) for f in network.in_flight.values()]
            mine = [flight for flight, message in flights if getattr(message, "cookie", b"") == cookie]
            for flight in mine:
                if self.stage.owner_of(flight) in (PMA3, HA2):
                    network.deliver(flight.flight_id, self.now)
                else:
                    network.drop(flight.flight_id)
            if not mine:
                return

    def _test_care_of(self, index: int, data: Fields, wanted: Fields) -> None:
        """C comes with the answer to an early update and in no other way (N134); an answer that was read will do.

        Args:
            wanted: the update that C is for; the early one goes out for its home address under the same key, or for the
                attacker's own home address if it has one.
        """
        name, nonce, at, cn = data["address"], data["nonce"], self.stage.addresses, self.stage.cn
        if self.knowledge.holds(cn.care_of_keygen_token(self.stage.nonces[nonce], at[name])):
            return
        if wanted["type"] != "Update" or wanted["care_of_nonce"] != nonce:
            self._put_off.append((index, data))
            return
        home, key, sig = wanted["home"], wanted["key"], wanted["sig"]
        if self.powers.own_home and home != ATTACKER_HOME:
            home, key, sig = ATTACKER_HOME, "attacker", ["sig", "attacker"]
        if not self.knowledge.holds(cn.home_keygen_token(self.stage.nonces[nonce], at[home])):
            self._test_home(index, home)
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
        self.send(self.forger.forge(early))
        self.sightings[index] = self.sightings[self.step]
        self.settle()

    # What a PHoTI leaves.

    def _note_reaction(
        self,
        packet: bytes,
        sender: str,
        receiver: str | None,
        before: Mapping[str, Entry | None],
        logs: Mapping[str, int],
        forged: Forged | None,
    ) -> None:
        super()._note_reaction(packet, sender, receiver, before, logs, forged)
        if receiver == PMA3:
            self._note_admission(packet, before, logs)

    def _note_admission(self, packet: bytes, before: Mapping[str, Entry | None], logs: Mapping[str, int]) -> None:
        """Records the entry that a PHoTI has made (N130, N148)."""
        stage, events = self.stage, self.stage.receiving.log[logs[PMA3] :]
        made = next((event for event in events if event.kind == "made-by-home-test-init"), None)
        init = message_in(Packet.from_bytes(packet))
        if not isinstance(init, codec.ProxyHomeTestInit):
            return
        again = ("PHoTI",) if init.cookie in self.taken else ()
        self.taken.add(init.cookie)
        if made is None:
            return
        address, care_of = made.detail["home_address"], init.care_of_address
        name = next(name for name, known in stage.addresses.items() if known == address)
        self.acceptances.append(
            Acceptance(
                step=self.step,
                time=self.now,
                home_address=name,
                care_of_address=stage.name_of(care_of),
                deregisters=False,
                emitted=init.cookie in stage.cookies.values(),
                again=again,
                before=before.get(name),
                after=stage.cn.entry(stage.addresses[name]),
                secrets=None,
                serving=stage.serving,
                method=HOME_TEST_INIT,
            )
        )

    # The mobile node's side.

    def _compare(self, step: Step) -> None:
        super()._compare(step)
        # Where the agent believes the correspondent's to be ends with T, without a step that tells it (N133).
        self.known.pop(f"{PMA1}[{CN_HOME}].entry", None)

    def peer(self) -> str | None:
        """Where the mobile node's agent believes the correspondent's to be, by name (N133)."""
        at = self.stage.addresses
        found = self.stage.sending.peer_of(at[HOA], at[CN_HOME], self.now)
        return None if found is None else self.stage.name_of(found)
