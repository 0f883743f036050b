"""What a run of a trace leaves on record: bindings, updates that were accepted, answers that were believed, payload
that was handed upwards, and where the run diverged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmicheck.errors import PmicheckError

Place = tuple[str, str]
"""Where a binding is kept: the node that keeps it, and the home address by name."""


class Divergence(PmicheckError):
    """The concrete nodes do something else than the trace says."""


@dataclass(frozen=True)
class Binding:
    """Where a node sends the traffic for a home address.

    Args:
        care_of: by name.
        verified: a care-of test was answered from there, or nothing asks for one.
        used: traffic goes by it.
        held: all that the node has written down, which tells two bindings apart; None if it is no entry of its own.
    """

    care_of: str
    verified: bool
    used: bool
    held: Any


Bindings = Mapping[Place, Binding | None]


@dataclass(frozen=True)
class Powers:
    """What the attacker's profile allows it (DESIGN section 4).

    Args:
        taps: links that it reads, under the policy in force.
        left: links that it read until the search began.
        corrupts: proxy agents that become its own.
        own_home: it has home addresses made from its own key.
        rogue_cn: the serving proxy agent registers with a correspondent of its own.
    """

    taps: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    corrupts: frozenset[str] = frozenset()
    own_home: bool = False
    rogue_cn: bool = False


@dataclass(frozen=True)
class Arrival:
    """A packet has reached a node.

    Args:
        sender: the node that sent it, or "attacker".
        before: the bindings before it arrived.
        logged: how much each node had noted before it arrived.
        secrets: what the attacker's packet was built with, None if it was no packet of the attacker's.
    """

    packet: bytes
    sender: str
    receiver: str
    before: Bindings
    logged: Mapping[str, int]
    secrets: Sequence[str] | None


@dataclass(frozen=True)
class Acceptance:
    """A node accepted a binding update.

    Args:
        at: the node that keeps the binding.
        emitted: an honest node emitted this very message, octet for octet.
        again: which of the things that vouch for it an honest node emitted, and `at` had accepted before.
        secrets: as of an `Arrival`.
        serving: where the mobile node was reached then.
        method: what authenticated it, by the node's own word.
    """

    step: int
    at: str
    home_address: str
    care_of_address: str
    emitted: bool
    again: tuple[str, ...]
    before: Binding | None
    after: Binding | None
    secrets: Sequence[str] | None
    serving: str
    method: str

    @property
    def place(self) -> Place:
        """Which binding it is about."""
        return self.at, self.home_address

    @property
    def honest(self) -> bool:
        """What an honest node emitted, accepted for the first time."""
        return self.emitted and not self.again

    @property
    def changed(self) -> bool:
        """The binding is another one than before."""
        return self.before != self.after


@dataclass(frozen=True)
class Belief:
    """A registrant acted upon an answer; `emitted` says whether somebody entitled ever sent it."""

    step: int
    who: str
    what: str
    emitted: bool


@dataclass(frozen=True)
class Receipt:
    """Payload reached the upper layers of a node.

    Args:
        who: "cn", or the home address of the mobile node by name.
        source: by name, as those upper layers see it.
        sender: the node that really sent it, or "attacker".
        sent_from: the source of the outermost header, which ingress filtering looks at.
    """

    step: int
    who: str
    source: str
    octets: int
    sender: str
    sent_from: str


@dataclass(frozen=True)
class Wish:
    """An agent keeps that a mobile node wants an optimised path (N101); `honest` says whether the node said so."""

    step: int
    home_address: str
    honest: bool


@dataclass(frozen=True)
class Sighting:
    """A packet of a step.

    Args:
        source: the node that sent it, or the address that a packet of the attacker's making bears, by name.
        destination: who gets it.
        link: in the words of a step.
        time: seconds at which it was delivered, or sent by the attacker.
    """

    packet: bytes
    source: str
    destination: str
    link: str
    time: float


@dataclass(frozen=True)
class Finding:
    """The bad state is there: what it consists of, in a sentence, and the figures.

    `victim_octets` counts the payload that arrived where it should not: at a flooded address, or at the attacker's in
    place of the node. None if the judge sent none.
    """

    sentence: str
    details: Mapping[str, Any] = field(default_factory=dict)
    victim_octets: int | None = None
