"""A random walk of the model and of the concrete nodes side by side, compared after every step.

The model acts by its interpreter; what a rule or message of the model is, in octets and calls, is said here and in
`walk_octets`. A difference ends the walk with all its steps as numbered sentences.
"""

from __future__ import annotations

from walk_explained import DROPPED, LEFT_OUT, OLD_ADDRESS, STALE_TUNNEL
from walk_moves import Moves
from walk_pair import HOMES, EndOfWalk, Tally
from walk_reactions import Reactions

from pmicheck.bench.names import HA
from pmicheck.language.act import Act
from pmicheck.language.message import Message
from pmicheck.model.messages import HA_CN, Acknowledgement, HandoverToken, Test, TestInit, Update, describe, name_of
from pmicheck.model.policy import Policy
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.roles.clock import CAPPED_ENDS
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.rules.protocol import spontaneous
from pmicheck.model.scenario import Scenario
from pmicheck.model.time import CLOCK, LAST_PHASE
from pmicheck.model.topology import AT_HOME, AWAY, MN, PMA1, PMA2, VICTIM_HOME
from pmicheck.replay.knowledge import SeenUpdate, update_in
from pmicheck.replay.network import Flight
from pmicheck.wire.packet import Packet

WINDOWS = ((1.0, 205.0), (211.0, 238.0), (241.5, 420.0), (452.0, 660.0), (86400.5, 86600.0))
"""When the steps of each phase of the clock happen: nonces are made at the beginning of phases 0, 1, 3 and 4, and are
used for 210 s and accepted for 240 s from then on."""


class Walk(Reactions):
    """One walk; `run` takes it, and raises `Difference` where the two sides part."""

    def __init__(self, scenario: Scenario, policy: Policy, seed: int, *, attacked: bool, tally: Tally) -> None:
        super().__init__(scenario, policy, seed, attacked=attacked, tally=tally)
        self.moves = Moves(self.world, self.model, self.rng)
        self.attacked = attacked
        self.acts = spontaneous(self.world)

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
                    self.stage.cn._bindings.handover_tokens._tokens.pop(at, None)
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
            self.now = max(self.now, WINDOWS[phase + 1][0])
        self.play(act)
        if ticks:
            self.flying.clear()
            self.end_what_ended()
        else:
            if act.key in ("start tests", "repeat"):
                self._label_cookies(act.actor)
            if act.actor == PMA2:
                self._catch_up(PMA2)
            self.absorb(known)
        self.compare()
        return None

    # Messages under way.

    def lose(self, index: int) -> None:
        message, flight = self.flying.pop(index)
        self.model.in_flight.remove(message)
        self.tell(f"{name_of(message)} to {message.to} is lost")
        if flight is not None:
            self.stage.network.drop(flight.flight_id)
        elif isinstance(message, HandoverToken):
            self.stage.handing_over.remove(self._handed_over(message))

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
        if not isinstance(message, Acknowledgement) or message.to not in (MN, PMA1, PMA2):
            return ""
        held: Registration = self.model.get(registration_of(message.to))
        if held.stage == "deregistered" and message.proxy:
            return DROPPED["acknowledged deregistration"]
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

    def _handed_over(self, message: HandoverToken) -> tuple[bytes, int, str]:
        """N070 has no format, so no packet: a bench keeps what is under way by hand."""
        found = (self.octets.token(message.token), message.seq, message.to)
        if found not in self.stage.handing_over:
            raise self.fail("the handover token under way is another one")
        return found

    def _deliver_handover_token(self, message: HandoverToken, refusal: str | None) -> None:
        found = self._handed_over(message)
        self._count(message, refusal)
        if refusal is None:
            self.stage.carry(self.run_of(), {"type": "HandoverToken", "to": message.to}, forged=False)
        else:
            self.stage.handing_over.remove(found)

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


def _seen(packet: bytes) -> SeenUpdate:
    seen = update_in(Packet.from_bytes(packet))
    assert seen is not None
    return seen
