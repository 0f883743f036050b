"""The model and the nodes side by side: how states and packets of the two are compared, and how a walk is told."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from walk_explained import DROPPED
from walk_moves import OWN_HOMES
from walk_octets import Octets

from pmicheck.bench.cast import stage_for
from pmicheck.bench.names import HA
from pmicheck.bench.type1 import PlainStage
from pmicheck.language.act import Act
from pmicheck.language.message import Message
from pmicheck.model.interpreter import Interpreter
from pmicheck.model.messages import Acknowledgement, HandoverToken, Test, TestInit, Update, describe
from pmicheck.model.policy import Policy
from pmicheck.model.readings import READINGS
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.scenario import Scenario
from pmicheck.model.time import LAST_PHASE
from pmicheck.model.topology import AT_HOME, AWAY, MN, PMA1, PMA2, VICTIM_HOME
from pmicheck.model.world import World
from pmicheck.nodes.policy import Policy as ConcretePolicy
from pmicheck.nodes.registrant.registration import Outstanding, With
from pmicheck.nodes.registrant.registration import Registration as ConcreteRegistration
from pmicheck.replay.knowledge import message_in
from pmicheck.replay.network import Flight
from pmicheck.replay.records import Divergence, Powers
from pmicheck.replay.run import Run
from pmicheck.trace import Step, Trace
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet

HOMES = (VICTIM_HOME, *OWN_HOMES)
KINDS: Mapping[str, type[codec.KnownMessage]] = {
    "HoTI": codec.HomeTestInit,
    "CoTI": codec.CareOfTestInit,
    "PHoTI": codec.ProxyHomeTestInit,
    "HoT": codec.HomeTest,
    "CoT": codec.CareOfTest,
    "PHoT": codec.ProxyHomeTest,
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


def world_for_walks(scenario: Scenario, policy: Policy, *, attacked: bool) -> World:
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
    return World(scenario.name, scenario.course, bounds, policy, own_homes=OWN_HOMES, attacked=attacked)


class Pair:
    """The two sides of one walk."""

    def __init__(self, scenario: Scenario, policy: Policy, seed: int, *, attacked: bool, tally: Tally) -> None:
        self.rng = random.Random(f"{scenario.name} {seed}")
        self.scenario, self.policy, self.tally = scenario, policy, tally
        self.world = world_for_walks(scenario, policy, attacked=attacked)
        self.model = Interpreter(self.world)
        stage = stage_for(scenario.name, ConcretePolicy(dict(policy.readings), policy.without))
        assert isinstance(stage, PlainStage)
        self.stage = stage
        if self.stage.mn is not None and not policy.on("lifetime-bound"):
            self.stage.mn._lifetime = 86400  # the model has no shorter lifetime that a node could ask for
        self.octets = Octets(self.stage, policy, self.rng)
        self.now = 1.0
        self.flying: list[tuple[Message, Flight | None]] = []
        self.seen: dict[Update, bytes] = {}
        self.told: list[str] = []

    def play(self, act: Act) -> None:
        """The nodes do what a rule without a message says, by the table of acts that replays use."""
        step = Step(act.actor, "start", act.name, act=act.key, arguments=dict(act.arguments))
        try:
            self.stage.act(self.run_of(step), step)
        except Divergence as divergence:
            raise self.fail(str(divergence)) from divergence

    def run_of(self, *steps: Step) -> Run[PlainStage]:
        """A run on these nodes, now and without an attacker."""
        trace = Trace(self.scenario.name, "off-path", "", {}, (), steps)
        return Run(trace, (self.now,), self.stage, Powers(), attacked=False)

    # Telling.

    def fail(self, what: str) -> Difference:
        lines = [f"{number}. {line}" for number, line in enumerate(self.told, 1)]
        settings = [f"{name}={value}" for name, value in self.policy.readings if not _is_default(name, value)]
        settings += [f"without {name}" for name in sorted(self.policy.without)]
        head = f"{self.scenario.name} ({', '.join(settings) or 'default policy'}): {what}"
        return Difference("\n".join([head, *lines]))

    def tell(self, line: str) -> None:
        self.told.append(f"[{self.now:.1f} s] {line}")

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
                    same = isinstance(found, codec.BindingUpdate) and found.sequence == message.seq
                case Acknowledgement():
                    same = (
                        isinstance(found, codec.BindingAcknowledgement)
                        and (found.sequence, found.status) == (message.seq, message.status)
                        and (codec.option_of(found, codec.PermanentHomeKeygenTokenOption) is not None)
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
        if isinstance(found, codec.BindingAcknowledgement):
            kind = "refusal" if found.status >= 128 else "acknowledgement"
        elif flight.sender == HA and self.model.get(ATTACHED) == AWAY:
            kind = "tunnelled"
        elif isinstance(found, codec.BindingError):
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
            self._same("the last number", self.model.get(cells.seq), cn._bindings.cache.last_sequence(at))
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
        return self.stage.registration(who)

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

    def _label_cookies(self, who: str) -> None:
        """Cookies get the names that the model gave them."""
        held: Registration = self.model.get(registration_of(who))
        concrete = self._concrete(who)
        if concrete is not None and held.stage == "testing":
            if concrete.cookie is not None:
                self.stage.cookies[who, "home test", held.tests] = concrete.cookie
            if concrete.care_of_cookie is not None:
                self.stage.cookies[who, "care-of test", held.tests] = concrete.care_of_cookie


_STAGES = {"testing": "testing", "early": "early", "complete": "complete"}


def _stage_of(concrete: ConcreteRegistration) -> str:
    if concrete.cookie is not None or concrete.care_of_cookie is not None:
        return "testing"
    if concrete.outstanding is None:
        return "quiet"
    step = concrete.outstanding.step.value
    return "complete" if step == "deregistration" else step


def _is_default(name: str, value: str) -> bool:
    return READINGS[name].values[0] == value
