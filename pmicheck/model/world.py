"""What every role may know of the run it takes part in: the policy and the bounds of the scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmicheck.model.courses import Course
from pmicheck.model.messages import CN
from pmicheck.model.policy import Policy
from pmicheck.model.topology import (
    CN_HOME,
    MAIN,
    PMA1,
    PMA2,
    PMA3,
    PMA4,
    PMA5,
    SECOND_CN,
    SECOND_HOME,
    VICTIM_HOME,
    Flow,
)


@dataclass(frozen=True)
class Bounds:
    """How much may happen; every number is stated in the verdict and argued in the scenario file.

    Attributes:
        clock: last phase of the clock (see `pmicheck.model.time.PHASES`).
        honest_until: last phase in which honest nodes begin or continue an exchange; later phases are for what
            expires and for the attacker.
        retransmissions: how often one principal repeats an unanswered message or begins anew, in all.
        refreshes: registrations with the permanent token after the first one; sessions are one more.
        token_pairs: PT/HT pairs that the CN issues for one home address.
        sequence_modulus: size of the sequence number space (65536 on the wire).
        attacker_updates: sequence numbers that the attacker picks itself, above all honest ones; and one below.
        answers: how many answers to what the attacker sent are under way to honest nodes at a time; if any, true
            answers that the attacker sends (again) are followed too.
        late_packets: 1 if a packet may arrive in any later phase, 0 if what is under way is lost when the clock ticks.
        mobile_nodes: honest mobile nodes that one PMA serves, each a possible victim.
        correspondents: correspondent nodes that every mobile node talks to.
        handovers: how often a mobile node moves to a next PMA, where the scenario has a handover at all.
    """

    clock: int
    retransmissions: int
    honest_until: int = 2
    refreshes: int = 0
    token_pairs: int = 3
    sequence_modulus: int = 32
    attacker_updates: int = 2
    answers: int = 0
    late_packets: int = 0
    mobile_nodes: int = 1
    correspondents: int = 1
    handovers: int = 1


@dataclass(frozen=True)
class World:
    """The run as its principals see it.

    `course` says what may happen.

    `corrupted` are the PMAs that act for the attacker, `homes` the home addresses that somebody may register.
    `initial` holds the values of the cells that the scenario's prologue changed, by name; `in_prologue` says that the
    prologue is being played, `attacked` that somebody besides the honest nodes acts.
    """

    scenario: str
    course: Course
    bounds: Bounds
    policy: Policy
    corrupted: frozenset[str] = frozenset()
    own_homes: tuple[str, ...] = ()
    initial: Mapping[str, object] = field(default_factory=dict, hash=False, compare=False)
    in_prologue: bool = False
    attacked: bool = False

    @property
    def families(self) -> frozenset[str]:
        """What the course offers; readings, mechanisms and properties name the families that they touch."""
        return self.course.families

    @property
    def proxied(self) -> bool:
        """Whether PMAs act for the mobile node (PMIPv6) or it acts for itself (RFC 6275, RFC 4866)."""
        return not self.course.ancestor

    @property
    def enhanced(self) -> bool:
        """Whether CGA home addresses, PT and early updates exist: RFC 4866 and all that is built on it."""
        return self.course.enhanced

    @property
    def keeps_number(self) -> bool:
        """Whether the number of a deleted binding is kept as long as its nonces live: RFC 6275 5.2.8 prefers that.

        The draft's next PMA cannot know the number of the deregistration (N082), and its update is accepted after it
        (Fig. 4), so the draft's correspondents keep none, unless sequence_scope has them keep it for good.
        """
        return self.course.ancestor and self.policy.reads("deleted_number", "kept")

    @property
    def attacker_numbers(self) -> tuple[int, ...]:
        """Sequence numbers of the attacker's own updates: some greater than every honest one, no wrap among them, and
        one below, after which all of an honest node's pass."""
        top = self.bounds.sequence_modulus // 2 - 1
        return (*range(top - self.bounds.attacker_updates, top), 0)

    @property
    def token_pairs(self) -> int:
        """Pairs that a correspondent issues for one address: twice as many where early PBUs bring one too (A-07)."""
        early = self.proxied and self.policy.reads("token_issue_at", "early")
        return self.bounds.token_pairs * (2 if early else 1)

    def pairs_of(self, home: str) -> int:
        """The same for a given address: for one of the attacker's own there is one pair, issued again each time."""
        return 1 if home in self.own_homes else self.token_pairs

    @property
    def victims(self) -> tuple[str, ...]:
        """Home addresses of the honest mobile nodes."""
        return (VICTIM_HOME, SECOND_HOME)[: self.bounds.mobile_nodes]

    @property
    def homes(self) -> tuple[str, ...]:
        """Home addresses that somebody may register: the victims' and the attacker's own."""
        return (*self.victims, *self.own_homes)

    @property
    def type2(self) -> bool:
        """Whether the correspondent is a mobile node behind a PMA of its own (N019)."""
        return self.course.type2

    @property
    def correspondents(self) -> tuple[str, ...]:
        """Who keeps bindings: correspondent nodes, or the PMA of a type 2 one."""
        return (PMA3,) if self.type2 else (CN, SECOND_CN)[: self.bounds.correspondents]

    @property
    def flows(self) -> tuple[Flow, ...]:
        """Every registration that honest nodes make, the main one first."""
        return tuple(Flow(home, at) for home in self.victims for at in self.correspondents)

    @property
    def entries(self) -> tuple[Flow, ...]:
        """Where bindings of honest nodes are kept: with correspondents, and at agents for the other side's node."""
        peers = [Flow(CN_HOME, agent) for agent in self.agents] if self.type2 and not self.course.local else []
        return (*self.flows, *peers)

    @property
    def cache(self) -> tuple[Flow, ...]:
        """Every entry that somebody may make: those of honest nodes, and of the attacker's own home addresses."""
        own = tuple(Flow(home, at) for home in self.own_homes for at in self.correspondents)
        return (*self.entries, *own)

    @property
    def main(self) -> Flow:
        """The flow that the properties and the scenario's goal are about."""
        return self.flows[0] if self.type2 else MAIN

    @property
    def agents(self) -> tuple[str, ...]:
        """The PMAs that serve the mobile nodes one after the other."""
        return (PMA1, PMA2, PMA4, PMA5)[: 1 + self.bounds.handovers] if self.handover else (PMA1,)

    @property
    def handover(self) -> bool:
        """Whether there is a next PMA."""
        return self.course.handover

    @property
    def leaves(self) -> bool:
        """Whether the node may leave its first PMA within the scenario."""
        return self.course.leaves
