"""What every role may know of the run it takes part in: the policy and the bounds of the scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmicheck.model.policy import Policy
from pmicheck.model.topology import VICTIM_HOME


@dataclass(frozen=True)
class Bounds:
    """How much may happen; every number is stated in the verdict and argued in the scenario file.

    Attributes:
        clock: last phase of the clock (see `pmicheck.model.time.PHASES`).
        honest_until: last phase in which honest nodes begin or continue an exchange; later phases are for what
            expires and for the attacker.
        retransmissions: how often one principal repeats an unanswered message or begins anew, in all.
        refreshes: registrations with the permanent token after the first one.
        token_pairs: PT/HT pairs that the CN issues for one home address.
        sequence_modulus: size of the sequence number space (65536 on the wire).
        attacker_updates: sequence numbers that the attacker picks itself, above all honest ones.
    """

    clock: int
    retransmissions: int
    honest_until: int = 2
    refreshes: int = 0
    token_pairs: int = 3
    sequence_modulus: int = 32
    attacker_updates: int = 2


@dataclass(frozen=True)
class World:
    """The run as its principals see it.

    `variant` names what happens: "mobile", "initial", "refresh", "predictive", "reactive" or "settled".

    `corrupted` are the PMAs that act for the attacker, `homes` the home addresses that somebody may register.
    `initial` holds the values of the cells that the scenario's prologue changed, by name; `in_prologue` says that the
    prologue is being played, `attacked` that somebody besides the honest nodes acts.
    """

    scenario: str
    variant: str
    families: frozenset[str]
    bounds: Bounds
    policy: Policy
    corrupted: frozenset[str] = frozenset()
    homes: tuple[str, ...] = (VICTIM_HOME,)
    initial: Mapping[str, object] = field(default_factory=dict, hash=False, compare=False)
    in_prologue: bool = False
    attacked: bool = False

    @property
    def proxied(self) -> bool:
        """Whether PMAs act for the mobile node (PMIPv6) or it acts for itself (RFC 6275)."""
        return self.variant != "mobile"

    @property
    def attacker_numbers(self) -> tuple[int, ...]:
        """Sequence numbers of the attacker's own updates: greater than every honest one, no wrap among them."""
        top = self.bounds.sequence_modulus // 2 - 1
        return tuple(range(top - self.bounds.attacker_updates, top))

    @property
    def handover(self) -> bool:
        """Whether there is a next PMA."""
        return "handover" in self.families

    @property
    def leaves(self) -> bool:
        """Whether the node may leave its first PMA within the scenario."""
        return self.variant in ("refresh", "predictive", "reactive", "settled")
