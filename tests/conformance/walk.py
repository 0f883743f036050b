"""A random walk of the model and of the concrete nodes side by side, compared after every step.

The model acts by its interpreter; what a rule or message of the model is, in octets and calls, is said here and in
`walk_octets`. A difference ends the walk with all its steps as numbered sentences.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from walk_explained import DROPPED, LEFT_OUT, OLD_ADDRESS, SECOND_OUT_OF_WINDOW, STALE_TUNNEL, same_refusal
from walk_moves import OWN_HOMES, Moves
from walk_octets import Octets

from pmicheck.concrete import wire
from pmicheck.concrete.attack import SeenUpdate, message_in, update_in
from pmicheck.concrete.network import Flight
from pmicheck.concrete.nodes.node import Event
from pmicheck.concrete.nodes.policy import Policy as ConcretePolicy
from pmicheck.concrete.nodes.registration import Context, CorrespondentContext, Outstanding, With
from pmicheck.concrete.nodes.registration import Registration as ConcreteRegistration
from pmicheck.concrete.packet import Packet
from pmicheck.concrete.stage import CARE_OF, CN, HA, Stage
from pmicheck.model.act import Act
from pmicheck.model.interpreter import Interpreter
from pmicheck.model.messages import (
    HA_CN,
    Acknowledgement,
    HandoverToken,
    Message,
    Test,
    TestInit,
    Update,
    describe,
    name_of,
)
from pmicheck.model.policy import Policy
from pmicheck.model.protocol import spontaneous
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import Entry, burnt_nonce, burnt_pair, cells_of
from pmicheck.model.roles.clock import CAPPED_ENDS
from pmicheck.model.roles.correspondent_node import OUT_OF_WINDOW
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.scenario import Scenario
from pmicheck.model.time import CLOCK, LAST_PHASE
from pmicheck.model.topology import AT_HOME, AWAY, MN, PMA1, PMA2, STRANGER_HOME, VICTIM_HOME
from pmicheck.model.world import World

HOMES = (VICTIM_HOME, *OWN_HOMES)
WINDOWS = ((1.0, 205.0), (211.0, 238.0), (241.5, 420.0), (452.0, 660.0), (86400.5, 86600.0))
"""When the steps of each phase of the clock happen: nonces are made at the beginning of phases 0, 1, 3 and 4, and are
used for 210 s and accepted for 240 s from then on."""
KINDS: Mapping[str, type[wire.KnownMessage]] = {
    "HoTI": wire.HomeTestInit,
    "CoTI": wire.CareOfTestInit,
    "PHoTI": wire.ProxyHomeTestInit,
    "HoT": wire.HomeTest,
    "CoT": wire.CareOfTest,
    "PHoT": wire.ProxyHomeTest,
}
USING = {"T": With.TEMPORARY, "PT": With.PERMANENT, "HT": With.HANDOVER}


class Difference(AssertionError):
    """The model and the nodes do not agree; the text tells the walk."""


class EndOfWalk(Exception):
    """One side accepts what the other refuses, for a reason that is known: from here on their states differ."""


@dataclass
class Tally:
    """What walks met: accepted and refused messages by kind, refusals by the model's check, differences explained."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    walks: int = 0

    def add(self, other: Tally) -> None:
        for name in ("accepted", "refused", "checks", "explained", "rules"):
            getattr(self, name).update(getattr(other, name))
        self.steps += other.steps
        self.walks += other.walks


def world_for_walks(scenario: Scenario, policy: Policy) -> World:
    """The scenario's world with room for more repetitions and token pairs than a search could afford."""
    bounds = dataclasses.replace(
        scenario.bounds,
        clock=LAST_PHASE,
        honest_until=LAST_PHASE,
        retransmissions=6,
        refreshes=2,
        token_pairs=99,
        sequence_modulus=65536,
    )
    return World(scenario.name, scenario.variant, scenario.families, bounds, policy, homes=HOMES)


class Walk:
    """One walk; `run` takes it, and raises `Difference` where the two sides part."""

    def __init__(self, scenario: Scenario, policy: Policy, seed: int, *, attacked: bool, tally: Tally) -> None:
        self.rng = random.Random(f"{scenario.name} {seed}")
        self.scenario, self.policy, self.tally = scenario, policy, tally
        self.world = world_for_walks(scenario, policy)
        self.model = Interpreter(self.world)
        self.stage = Stage(scenario.name, ConcretePolicy(dict(policy.readings), policy.without))
        if self.stage.mn is not None and not policy.on("lifetime-bound"):
            self.stage.mn._lifetime = 86400  # the model has no shorter lifetime that a node could ask for
        self.octets = Octets(self.stage, policy, self.rng)
        self.moves = Moves(self.world, self.model, self.rng)
        self.attacked = attacked
        self.now = WINDOWS[0][0]
        self.flying: list[tuple[Message, Flight | None]] = []
        self.seen: dict[Update, bytes] = {}
        self.told: list[str] = []
        self.acts = spontaneous(self.world)

    # Telling.

    def fail(self, what: str) -> Difference:
        lines = [f"{number}. {line}" for number, line in enumerate(self.told, 1)]
        settings = [f"{name}={value}" for name, value in self.policy.readings if not _is_default(name, value)]
        settings += [f"without {name}" for name in sorted(self.policy.without)]
        head = f"{self.scenario.name} ({', '.join(settings) or 'default policy'}): {what}"
        return Difference("\n".join([head, *lines]))

    def tell(self, line: str) -> None:
        self.told.append(f"[{self.now:.1f} s] {line}")

    # The walk.

    def run(self, steps: int) -> None:
        """The scenario's prologue, then this many random steps."""
        acts = {act.name: act for act in self.acts}
        for name in self.scenario.prologue:
            if self.fire(acts[name]) is not None:
                break
            while self.flying:
                self.deliver(0)
        self.tally.walks += 1
        for _ in range(steps):
            try:
                self.step()
            except EndOfWalk:
                return
            self.tally.steps += 1

    def step(self) -> None:
        self.pass_time(self.rng.uniform(0.0, 0.5))
        pick = self.rng.random()
        if self.flying and pick < (0.5 if self.attacked else 0.75):
            index = 0 if self.rng.random() < 0.7 else self.rng.randrange(len(self.flying))
            if self.rng.random() < 0.12:
                self.lose(index)
            else:
                self.deliver(index)
        elif self.attacked and pick < 0.82:
            self.attack()
        else:
            self.act()

    def act(self) -> None:
        """A spontaneous rule that is enabled; time passes seldom, or a walk would be over too soon."""
        acts = [act for act in self.acts if not act.name.endswith(" ends")]
        clock = [act for act in acts if act.name.startswith("clock")]
        if self.rng.random() < 0.12:
            if self.rng.random() < 0.5 and self.let_something_end():
                return
            acts = clock
        else:
            acts = [act for act in acts if act not in clock]
        self.rng.shuffle(acts)
        patient = bool(self.flying) and self.rng.random() < 0.7
        for act in acts:
            impatient = "starts the" in act.name or "repeats" in act.name
            if not (patient and impatient) and self.fire(act) is None:
                return

    # Time.

    @property
    def phase(self) -> int:
        return int(self.model.get(CLOCK))

    def pass_time(self, seconds: float) -> None:
        self.now = max(self.now, min(self.now + seconds, WINDOWS[self.phase][1]))
        self.stage.cn.advance(self.now)
        self.end_what_ended()
        self.compare()

    def let_something_end(self) -> bool:
        """Time passes until the next binding ends, if that is within the phase."""
        ends = [entry.expires_at for entry in self.stage.cn.entries() if entry.expires_at <= WINDOWS[self.phase][1]]
        if ends:
            self.now = max(self.now, min(ends))
            self.pass_time(0.0)
        return bool(ends)

    def end_what_ended(self) -> None:
        """What came to its end on the nodes may end in the model as well, which knows no exact time of it."""
        for home in HOMES:
            at, cells = self.stage.addresses[home], cells_of(home)
            if self.model.get(cells.entry) is not None and self.stage.cn.entry(at) is None:
                self._end(f"entry of {home} ends", home)
            if self.policy.reads("ht_lifetime", "finite") and self.phase == LAST_PHASE:
                held = self.model.get(cells.ht)
                if held and len(self.stage.cn.handover_tokens(at)) < len(held):
                    # The model ends all handover tokens of a home address at once; so do the nodes here.
                    self.stage.cn._handover_tokens._tokens.pop(at, None)
                    self._end(f"handover token of {home} ends", home)

    def _end(self, rule: str, home: str) -> None:
        self.tell(rule)
        act = next(act for act in self.acts if act.name == rule)
        old: Entry | None = self.model.get(cells_of(home).entry)
        refusal = self.model.fire(act)
        if refusal is not None:
            raise self.fail(f"at {self.now} s it ended on the nodes, the model refuses that by '{refusal}'")
        self.tally.rules[rule] += 1
        self._mirror_burnt(home, old)

    def _before_tick(self, phase: int) -> None:
        """Bindings of 420 s end before a day is over; nothing else happens between."""
        if phase == LAST_PHASE:
            ends = [
                entry.expires_at
                for entry in self.stage.cn.entries()
                if entry.expires_at < WINDOWS[LAST_PHASE][0] and self.phase >= CAPPED_ENDS
            ]
            if ends:
                self.now = max(ends) + 1.0
                self.stage.cn.advance(self.now)
                self.end_what_ended()

    # Spontaneous rules.

    def fire(self, act: Act) -> str | None:
        """Fires a rule on both sides if the model allows it."""
        ticks = act.name.startswith("clock")
        if ticks and self.phase < LAST_PHASE:
            self._before_tick(self.phase + 1)
        known, phase = len(self.model.in_flight), self.phase
        refusal = self.model.fire(act)
        if refusal is not None:
            return refusal
        self.tell(act.name)
        self.tally.rules[act.name] += 1
        if ticks:
            self._tick(phase + 1)
            return None
        if act.name.startswith("mobile node moves"):
            self.stage.move(act.name.split()[-1], self.now)
        else:
            self._stimulate(act)
        self.absorb(known)
        self.compare()
        return None

    def _tick(self, phase: int) -> None:
        self.now = max(self.now, WINDOWS[phase][0])
        self.stage.tick(phase, self.now)
        self.flying.clear()
        self.end_what_ended()
        self.compare()

    def _stimulate(self, act: Act) -> None:
        stage, at = self.stage, self.stage.addresses
        if stage.mn is not None:
            (stage.mn.retransmit if "repeats" in act.name else stage.mn.start_tests)(at[CN], self.now)
            self._label_cookies(MN)
            return
        name, what = act.name.split(" ", 1)
        agent, where = stage.pmas[name], (at[VICTIM_HOME], at[CN], self.now)
        match what:
            case "starts the proxy home test":
                agent.start_home_test(*where)
            case "repeats what is outstanding":
                agent.retransmit(*where)
            case "refreshes with the permanent token":
                agent.refresh(*where)
            case "registers with the handover token":
                agent.start_handover_registration(*where)
            case "deregisters":
                agent.deregister(*where)
            case "transfers the context":
                stage.pmas[PMA2].install(agent.context(at[VICTIM_HOME]), self.now)
            case "hands HT to the home agent":
                held = self._concrete(name)
                assert held is not None
                assert held.handover is not None
                stage.handing_over.append((held.handover, held.sequence, HA))
            case _:
                raise self.fail(f"the walk does not know the rule '{act.name}'")
        self._label_cookies(name)

    def _label_cookies(self, who: str) -> None:
        """Cookies get the names that the model gave them."""
        held: Registration = self.model.get(registration_of(who))
        concrete = self._concrete(who)
        if concrete is not None and held.stage == "testing":
            if concrete.cookie is not None:
                self.stage.cookies[who, "home test", held.tests] = concrete.cookie
            if concrete.care_of_cookie is not None:
                self.stage.cookies[who, "care-of test", held.tests] = concrete.care_of_cookie

    # Messages under way.

    def lose(self, index: int) -> None:
        message, flight = self.flying.pop(index)
        self.model.in_flight.remove(message)
        self.tell(f"{name_of(message)} to {message.to} is lost")
        if flight is not None:
            self.stage.network.drop(flight.flight_id)
        elif isinstance(message, HandoverToken):
            self._take_handover_token(message)

    def deliver(self, index: int) -> None:
        message, flight = self.flying[index]
        reason = self._why_not_followed(message, flight)
        if reason:
            self.tally.explained[reason] += 1
            self.lose(index)
            return
        self.flying.pop(index)
        self.tell(f"{message.to} gets {describe(message)}")
        self.model.in_flight.remove(message)
        known = len(self.model.in_flight)
        old = self._old_entry(message)
        refusal = self.model.offer(message)
        if refusal in LEFT_OUT:
            self._leave_out(refusal, flight)
            return
        if isinstance(message, HandoverToken):
            self._deliver_handover_token(message, refusal)
        elif flight is not None and message.to == HA and self.model.get(ATTACHED) == AWAY:
            self.stage.network.deliver(flight.flight_id, self.now)  # nobody intercepts it, and it reaches nobody
        elif self._is_at_home(message):
            # The home link: the mobile node is there itself, and gets the packet with the model's next step.
            self.flying.append((self.model.in_flight[-1], flight))
            self.tell("(the node is on its home link)")
            return
        else:
            assert flight is not None
            self._react(message, refusal, lambda: self.stage.network.deliver(flight.flight_id, self.now))
        self._after(message, refusal, known, old)

    def _why_not_followed(self, message: Message, flight: Flight | None) -> str:
        """The reason why a message that the two sides treat differently by design is lost in walks, or ""."""
        if message.to == MN and flight is not None and self.stage.owner_of(flight) != MN:
            return OLD_ADDRESS
        if isinstance(message, TestInit) and message.to == HA and flight is not None:
            binding = self.stage.ha.binding(self.stage.addresses[VICTIM_HOME])
            source = Packet.from_bytes(flight.packet).source
            moved = binding is None or binding.care_of_address != source
            return STALE_TUNNEL if moved and self.policy.on("ha-outer-source-check") else ""
        if isinstance(message, Acknowledgement) and message.status == OUT_OF_WINDOW and message.to not in (HA, CN):
            concrete = self._concrete(message.to)
            again = concrete is not None and concrete.outstanding is not None and concrete.outstanding.repeated
            return SECOND_OUT_OF_WINDOW if again else ""
        return ""

    def _leave_out(self, refusal: str, flight: Flight | None) -> None:
        """The model stops here for reasons of its own: the node does not get the message at all."""
        self.tell(f"(left out: '{refusal}')")
        self.tally.explained[LEFT_OUT[refusal]] += 1
        if flight is not None:
            self.stage.network.drop(flight.flight_id)

    def _is_at_home(self, message: Message) -> bool:
        answer = isinstance(message, Test | Acknowledgement)
        return answer and message.to == HA and message.link == HA_CN and self.model.get(ATTACHED) == AT_HOME

    def _take_handover_token(self, message: HandoverToken) -> tuple[bytes, int, str]:
        found = next(item for item in self.stage.handing_over if item[2] == message.to)
        self.stage.handing_over.remove(found)
        return found

    def _deliver_handover_token(self, message: HandoverToken, refusal: str | None) -> None:
        """N070 has no format, so no packet: the harness carries it, and the receiving agent just stores it."""
        token, number, _ = self._take_handover_token(message)
        self._count(message, refusal)
        if refusal is not None:
            return
        if message.to == HA:
            receiver = next(pma for pma, care_of in CARE_OF.items() if care_of == self.stage.serving)
            self.stage.handing_over.append((token, number, receiver))
            return
        item = CorrespondentContext(self.stage.addresses[CN], token, None, number)
        self.stage.pmas[message.to].install(Context(self.stage.profile, (item,)), self.now)

    # Attacked moves.

    def attack(self) -> None:
        message = self.moves.any(list(self.seen))
        if message is None or self._why_not_followed(message, None):
            return
        packet = self._packet(message)
        if packet is None:
            return
        self.tell(f"the attacker sends {message.to} {describe(message)}")
        known, sent, old = len(self.model.in_flight), len(self.model.sent), self._old_entry(message)
        refusal = self.model.offer(message)
        if refusal in LEFT_OUT:
            self._leave_out(refusal, None)
            return
        self._react(message, refusal, lambda: self._inject(packet, message))
        if isinstance(message, TestInit):
            self._drop_answers(known, sent)
        self._after(message, refusal, known, old)

    def _packet(self, message: Message) -> bytes | None:
        match message:
            case Update() if message in self.seen:
                return self.seen[message]
            case Update():
                return self._changed_update(message)
            case TestInit():
                return self.octets.test_init(message)
            case Test():
                return self.octets.test(message)
            case Acknowledgement():
                return self.octets.acknowledgement(message)
        return None

    def _changed_update(self, update: Update) -> bytes | None:
        """Captured octets where the terms are the captured ones, new ones else."""
        for known, packet in self.seen.items():
            seen = _seen(packet)
            if known.mac == update.mac and known.sig == update.sig:
                return self.octets.update(update, seen)
            if update.sig is not None and known.sig == update.sig and known.key == update.key:
                same = known._replace(
                    credential=update.credential,
                    nonce=update.nonce,
                    care_of_nonce=update.care_of_nonce,
                    test=update.test,
                    mac=update.mac,
                )
                if same == update:
                    return self.octets.rejoined(update, seen)
        return self.octets.update(update)

    def _inject(self, packet: bytes, message: Message) -> None:
        network = self.stage.network
        through_tunnel = isinstance(message, TestInit) and message.to == HA
        receiver = network.inject(packet, self.now, via="tunnel" if through_tunnel else "internet", protected=True)
        if receiver == HA and message.to != HA:
            for flight in network.collect(self.now):
                if flight.sender == HA:
                    network.deliver(flight.flight_id, self.now)

    def _drop_answers(self, known: int, sent: int) -> None:
        """What answers the attacker's own test goes no further; T and C are known to this attacker anyway."""
        flights = self.stage.network.collect(self.now)
        for message in self.model.sent[sent:]:
            flight = self._find(message, flights)
            if flight is None:
                raise self.fail(f"the nodes do not answer with {describe(message)}")
            found = None if flight is None else message_in(Packet.from_bytes(flight.packet))
            if isinstance(message, Test) and isinstance(found, wire.HomeTest | wire.ProxyHomeTest | wire.CareOfTest):
                tested = self.policy.on("careof-test" if message.kind == "CoT" else "home-test")
                if tested and found.token != self.octets.token(message.token, care_of=message.kind == "CoT"):
                    raise self.fail("the token in the answer is another one than in the model")
        del self.model.in_flight[known:]
        for flight_id in set(self.stage.network.in_flight) - {f.flight_id for _, f in self.flying if f is not None}:
            self.stage.network.drop(flight_id)

    # What both sides made of a message.

    def _old_entry(self, message: Message) -> Entry | None:
        entry: Entry | None = self.model.get(cells_of(message.home).entry) if isinstance(message, Update) else None
        return entry

    def _react(self, message: Message, refusal: str | None, give: Any) -> None:
        """Gives the message to the node, and compares what it decides."""
        node = self.stage.network.nodes[message.to]
        had_entry = isinstance(message, Update) and self.stage.cn.entry(self.stage.addresses[message.home]) is not None
        start = len(node.log)
        give()
        check = _refusal_of(node.log[start:], message, had_entry)
        self._count(message, refusal)
        if refusal is None and check is None:
            return
        explained = same_refusal(refusal, check, message, self.policy)
        if explained is None:
            ours = "accepts it" if refusal is None else f"refuses it by '{refusal}'"
            theirs = "accepts it" if check is None else f"refuses it by '{check}'"
            raise self.fail(f"the model {ours}, the node {theirs}")
        if explained:
            self.tally.explained[explained] += 1
        if (refusal is None) != (check is None):
            raise EndOfWalk

    def _count(self, message: Message, refusal: str | None) -> None:
        if refusal is None:
            self.tally.accepted[name_of(message)] += 1
        else:
            self.tally.refused[name_of(message)] += 1
            self.tally.checks[refusal] += 1
            self.tell(f"(refused by '{refusal}')")

    def _after(self, message: Message, refusal: str | None, known: int, old: Entry | None) -> None:
        if isinstance(message, Update):
            if old is not None and self.model.get(cells_of(message.home).entry) is None:
                self._mirror_burnt(message.home, old)
            self._learn_tokens(message, refusal)
        elif message.to in (MN, PMA1, PMA2) and refusal is None:
            self._forget_what_misleads(message.to)
        self.absorb(known)
        self.compare()

    def _learn_tokens(self, update: Update, refusal: str | None) -> None:
        """Names for the tokens that the correspondent has just issued."""
        at, home = self.stage.addresses[update.home], update.home
        for found, valid in (
            (self.octets.permanent, self.stage.cn.permanent_tokens(at)),
            (self.octets.handover, self.stage.cn.handover_tokens(at)),
        ):
            names = found.setdefault(home, {})
            generation = int(self.model.get(cells_of(home).pairs)) if home == VICTIM_HOME else 1
            if valid and valid[0] not in names.values() and not (home != VICTIM_HOME and refusal is not None):
                names[generation] = valid[0]

    def _forget_what_misleads(self, who: str) -> None:
        """A registrant that believes a forged answer goes on with it; the model stops there, since no CN accepts that.

        The node is set back to the number that it had, and waits for nothing, as the model's does.
        """
        held: Registration = self.model.get(registration_of(who))
        concrete = self._concrete(who)
        if held.stage != "misled" or concrete is None:
            return
        for flight in self.stage.network.collect(self.now):
            self._try_forged(flight)
        concrete.sequence = held.seq
        concrete.outstanding = concrete.cookie = concrete.care_of_cookie = None
        concrete.temporary = concrete.care_of = None
        concrete.permanent = self.octets.permanent.get(VICTIM_HOME, {}).get(held.pt)
        concrete.handover = self.octets.handover.get(VICTIM_HOME, {}).get(held.ht)

    def _try_forged(self, flight: Flight) -> None:
        """What a misled registrant sends is really refused, as long as the tests and the MAC count."""
        counts = all(self.policy.on(name) for name in ("mac", "home-test", "careof-test"))
        if update_in(Packet.from_bytes(flight.packet)) is None or not counts:
            self.stage.network.drop(flight.flight_id)
            return
        log = self.stage.cn.log
        start = len(log)
        self.stage.network.deliver(flight.flight_id, self.now)
        if not any(event.kind == "rejected" for event in log[start:]):
            raise self.fail("the correspondent accepts what a misled registrant sends")
        for answer in self.stage.network.collect(self.now):
            self.stage.network.drop(answer.flight_id)

    def _mirror_burnt(self, home: str, old: Entry | None) -> None:
        """The model burns nonces of honest registrations only (`Entry.nonces`), the nodes those of any: add them."""
        if old is None or old.registrant == "honest":
            return
        for stone in self.stage.cn._cache._tombstones:
            if stone.home_address != self.stage.addresses[home]:
                continue
            nonce = _name(self.stage.nonces, stone.home_index)
            if stone.care_of_index is None:
                self.model.set(burnt_nonce(home, nonce), True)
            else:
                care_of_nonce = _name(self.stage.nonces, stone.care_of_index)
                self.model.set(burnt_pair(home, old.care_of, nonce, care_of_nonce), True)

    # Packets that the nodes sent.

    def absorb(self, known: int) -> None:
        """Pairs what the model has sent with the packets that the nodes have sent."""
        self.stage.network.collect(self.now)
        paired = {flight.flight_id for _, flight in self.flying if flight is not None}
        fresh = [flight for number, flight in self.stage.network.in_flight.items() if number not in paired]
        for message in self.model.in_flight[known:]:
            flight = self._find(message, fresh)
            if flight is None and not isinstance(message, HandoverToken):
                raise self.fail(f"the model sends {describe(message)} to {message.to}, the nodes do not")
            self.flying.append((message, flight))
            if flight is not None:
                fresh.remove(flight)
            if isinstance(message, Update) and flight is not None:
                self.seen[message] = flight.packet
        for flight in fresh:
            self._explain_packet(flight)
            self.stage.network.drop(flight.flight_id)

    def _find(self, message: Message, flights: list[Flight]) -> Flight | None:
        for flight in flights:
            found = message_in(Packet.from_bytes(flight.packet))
            match message:
                case Update():
                    same = isinstance(found, wire.BindingUpdate) and found.sequence == message.seq
                case Acknowledgement():
                    same = (
                        isinstance(found, wire.BindingAcknowledgement)
                        and (found.sequence, found.status) == (message.seq, message.status)
                        and (wire.option_of(found, wire.PermanentHomeKeygenTokenOption) is not None)
                        == bool(message.tokens)
                    )
                case Test() | TestInit():
                    same = isinstance(found, KINDS[message.kind])
                case _:
                    same = False
            if same:
                return flight
        return None

    def _explain_packet(self, flight: Flight) -> None:
        """A packet that the model does not send must be of a kind that it leaves out by design."""
        found = message_in(Packet.from_bytes(flight.packet))
        if isinstance(found, wire.BindingAcknowledgement):
            kind = "refusal" if found.status >= 128 else "acknowledgement"
        elif flight.sender == HA and self.model.get(ATTACHED) == AWAY:
            kind = "tunnelled"
        elif isinstance(found, wire.BindingError):
            kind = "error"
        else:
            raise self.fail(f"{flight.sender} sends {type(found).__name__}, the model does not")
        if kind == "acknowledgement" and self.told and "the attacker sends" not in " ".join(self.told[-2:]):
            kind = "acknowledged deregistration" if self._last_was_deregistration() else "unexpected"
        if kind not in DROPPED:
            raise self.fail(f"{flight.sender} sends an acknowledgement that the model does not")
        self.tally.explained[DROPPED[kind]] += 1

    def _last_was_deregistration(self) -> bool:
        return any("deregistration" in line for line in self.told[-2:])

    # States.

    def compare(self) -> None:
        for home in HOMES:
            self._compare_home(home)
        for who in (PMA1, PMA2) if self.world.proxied else (MN,):
            self._compare_registrant(who)

    def _compare_home(self, home: str) -> None:
        cells, at = cells_of(home), self.stage.addresses[home]
        cn = self.stage.cn
        entry, concrete = self.model.get(cells.entry), cn.entry(at)
        ours = None if entry is None else (entry.care_of, entry.verified)
        theirs = None if concrete is None else (self.stage.name_of(concrete.care_of_address), concrete.verified)
        self._same(f"the entry of {home}", ours, theirs)
        if home == VICTIM_HOME:
            self._same("the last number", self.model.get(cells.seq), cn._cache.last_sequence(at))
        for what, cell, names, held in (
            ("permanent", cells.pt, self.octets.permanent, cn.permanent_tokens(at)),
            ("handover", cells.ht, self.octets.handover, cn.handover_tokens(at)),
        ):
            valid = self.model.get(cell)
            if home != VICTIM_HOME:
                self._same(f"whether {home} has {what} tokens", bool(valid), bool(held))
                continue
            known = {octets: generation for generation, octets in names.get(home, {}).items()}
            found = tuple(sorted(known.get(octets, -1) for octets in held))
            self._same(f"the valid {what} tokens of {home}", tuple(valid), found)

    def _same(self, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            raise self.fail(f"{what}: {ours} in the model, {theirs} on the nodes")

    def _concrete(self, who: str) -> ConcreteRegistration | None:
        at = self.stage.addresses
        if self.stage.mn is not None:
            return self.stage.mn.registration(at[CN])
        return self.stage.pmas[who].registration(at[VICTIM_HOME], at[CN])

    def _compare_registrant(self, who: str) -> None:
        held: Registration = self.model.get(registration_of(who))
        concrete = self._concrete(who)
        if concrete is None:
            self._same(f"the stage of {who}", held.stage, "idle")
            return
        self._same(f"the last number of {who}", held.seq, concrete.sequence)
        if held.stage == "deregistered" and who != MN:
            return  # the model forgets PT with the request, the node with the answer
        self._same(f"the stage of {who}", _STAGES.get(held.stage, "quiet"), _stage_of(concrete))
        for what, generation, names, octets in (
            ("PT", held.pt, self.octets.permanent, concrete.permanent),
            ("HT", held.ht, self.octets.handover, concrete.handover),
        ):
            wanted = names.get(VICTIM_HOME, {}).get(generation) if generation else None
            self._same(f"{what} that {who} holds", wanted, octets)
        if held.stage in ("early", "complete"):
            outstanding: Outstanding | None = concrete.outstanding
            assert outstanding is not None
            self._same(f"what {who} registers with", USING[held.credential], outstanding.using)
        if held.stage in ("early", "complete", "testing") and held.credential == "T":
            index = 0 if concrete.temporary is None else concrete.temporary.index
            if held.stage != "testing" or who == MN:
                self._same(f"the home nonce of {who}", self.stage.nonces.get(held.nonce, 0), index)
        if held.stage == "complete" and not (who == MN and self.model.get(ATTACHED) == AT_HOME):
            index = 0 if concrete.care_of is None else concrete.care_of.index
            self._same(f"the care-of nonce of {who}", self.stage.nonces.get(held.care_of_nonce, 0), index)


_STAGES = {"testing": "testing", "early": "early", "complete": "complete"}


def _stage_of(concrete: ConcreteRegistration) -> str:
    if concrete.cookie is not None or concrete.care_of_cookie is not None:
        return "testing"
    if concrete.outstanding is None:
        return "quiet"
    step = concrete.outstanding.step.value
    return "complete" if step == "deregistration" else step


def _name(nonces: Mapping[int, int], index: int) -> int:
    return next((nonce for nonce, known in nonces.items() if known == index), 0)


def _seen(packet: bytes) -> SeenUpdate:
    seen = update_in(Packet.from_bytes(packet))
    assert seen is not None
    return seen


def _is_default(name: str, value: str) -> bool:
    from pmicheck.model.readings import READINGS

    return READINGS[name].values[0] == value


def _refusal_of(events: list[Event], message: Message, had_entry: bool) -> str | None:
    """The check by which a node refused, None if it did not; a deregistration without an entry has no effect."""
    for event in events:
        if event.kind == "rejected":
            return str(event.detail["check"])
        if event.kind == "delivered":
            return "delivered"
    if isinstance(message, Update) and message.proxy and not message.lifetime and not had_entry:
        return "no-entry"
    if not events:
        return "ignored"
    return None


__all__ = ["HOMES", "STRANGER_HOME", "Difference", "Tally", "Walk", "world_for_walks"]
