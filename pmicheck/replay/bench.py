"""What a run asks of a bench: nodes on links, acts as calls on them, packets of the attacker, what is to be compared.

`Run` knows the order of things and nothing of a protocol; a bench knows its nodes. One bench plays one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any

from pmicheck.replay.comparison import Check, Kind
from pmicheck.replay.knowledge import Knowledge
from pmicheck.replay.network import Flight, Network
from pmicheck.replay.records import Arrival, Bindings, Sighting
from pmicheck.trace import Changed, Step

if TYPE_CHECKING:
    from pmicheck.replay.run import Run

Fields = Mapping[str, Any]
"""A message of a trace by its fields, or the arguments of an act."""


class Bench:
    """The second implementation as a run sees it.

    Attributes:
        network: its nodes, and what is under way between them.
        knowledge: what the attacker holds.
        kinds: the kinds of cells that a trace may tell; checks: those that these nodes can be compared by.
    """

    network: Network
    knowledge: Knowledge
    kinds: Mapping[str, Kind]
    checks: Mapping[str, Check]

    def bindings(self, now: float) -> Bindings:
        """Every binding of every node that keeps some; None where it has none."""
        raise NotImplementedError

    def link_of(self, flight: Flight) -> str:
        """The link that a packet crosses, by which an attacker reads it or not."""
        raise NotImplementedError

    def lasts(self, change: Changed) -> bool:
        """Whether nothing but a step changes the cell, so that it is compared after every later step too."""
        return self.kinds[change.kind].lasts

    # Honest steps.

    def advance(self, now: float) -> None:
        """Lets time pass at the nodes that keep bindings."""
        raise NotImplementedError

    def act(self, run: Run[Any], step: Step) -> None:
        """Does what a step without a message says.

        Raises:
            Divergence: the nodes do not do it, or the act is not known.
            UsageError: a node is asked for something that it has nothing for.
        """
        raise NotImplementedError

    def find(self, message: Fields) -> Flight | None:
        """The packet under way that is this message."""
        raise NotImplementedError

    def carry(self, run: Run[Any], message: Fields, *, forged: bool) -> bool:
        """Delivers a message that is no packet under way, or lets the attacker inject it; False if it is a packet."""
        raise NotImplementedError

    def emitted(self, run: Run[Any], flight: Flight) -> None:
        """A node has sent a packet."""
        raise NotImplementedError

    def settled(self) -> None:
        """All that the nodes have sent is under way."""

    def react(self, run: Run[Any], arrival: Arrival) -> None:
        """Records what the receiver made of a packet. Raises Divergence if it refused it or did nothing upon it."""
        raise NotImplementedError

    def sighting(self, run: Run[Any], flight: Flight) -> Sighting:
        """What an honest packet shows that is about to be delivered."""
        raise NotImplementedError

    def told(self, step: Step, sighting: Sighting | None, time: float) -> Step:
        """The step with what its packet shows, or with its time alone."""
        raise NotImplementedError

    # The attacker.

    def begin(self, run: Run[Any]) -> None:
        """Gives the attacker what it has before the first step."""

    def owned(self, run: Run[Any]) -> set[IPv6Address]:
        """Where the attacker receives."""
        raise NotImplementedError

    def test(self, run: Run[Any], data: Fields) -> None:
        """A test of the attacker's own."""
        raise NotImplementedError

    def forge(self, run: Run[Any], message: Fields) -> tuple[bytes, Sequence[str]]:
        """An injected message in octets, and the secrets that vouch for it. Raises Lacking if it takes more."""
        raise NotImplementedError

    def inject(self, run: Run[Any], packet: bytes) -> str | None:
        """Brings a packet of the attacker's to where it ends; the name of that node, None if it is lost."""
        raise NotImplementedError

    def own_sighting(self, run: Run[Any], packet: bytes) -> Sighting:
        """What a packet of the attacker's making shows that is about to be sent."""
        raise NotImplementedError

    def finish(self, run: Run[Any]) -> None:
        """Raises Divergence if something still waits for its moment after the last step."""
