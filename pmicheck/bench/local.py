"""Two mobile nodes at one proxy agent with a home agent each, and the link between them (the draft's 4.1, case 2)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network
from typing import Any, ClassVar

from pmicheck.bench.acts import MOVING
from pmicheck.bench.checks.checks import LOCAL_CHECKS
from pmicheck.bench.links import ACCESS_LINK
from pmicheck.bench.matching import is_data
from pmicheck.bench.names import AWAY, CARE_OF, CN_HOME, HA2, HOA, PMA1, SEED, other_end, profile_of
from pmicheck.bench.payload import PACKET, receipts_of
from pmicheck.bench.stage import Act
from pmicheck.bench.telling import access_sighting
from pmicheck.bench.type1 import PlainStage
from pmicheck.nodes.agent.local_routing import LocalRoutingAgent, TriggerMode
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.node import Node
from pmicheck.replay.bench import Fields
from pmicheck.replay.knowledge import Lacking
from pmicheck.replay.records import Wish
from pmicheck.replay.run import Run
from pmicheck.wire.packet import Packet, UdpDatagram


def _node(run: Run[LocalStage], given: Fields) -> str:
    """The home address, by name, of the node that an act is about."""
    name = given.get("home")
    if name not in run.bench.home_agents:
        raise run.divergence(f"no node of the agent has the home address {name!r}")
    return str(name)


def _register(run: Run[LocalStage], _actor: str, given: Fields) -> None:
    run.bench.register(_node(run, given), run.now)


def _forget(run: Run[LocalStage], _actor: str, given: Fields) -> None:
    run.bench.forget(_node(run, given))


def _send_data(run: Run[LocalStage], _actor: str, given: Fields) -> None:
    home, peer = run.bench.both(_node(run, given))
    run.bench.packets.append((home, Packet(home, peer, UdpDatagram(bytes(PACKET)))))


def _ask(run: Run[LocalStage], _actor: str, given: Fields) -> None:
    run.bench.wishes.append(run.bench.both(_node(run, given)))


def _leave(run: Run[LocalStage], _actor: str, given: Fields) -> None:
    _node(run, given)
    run.bench.move(AWAY, run.now)


class LocalStage(PlainStage):
    """PMA1 with the mobile node and a correspondent of another home agent; it has registered neither yet.

    Attributes:
        home_agents: that of each node by the name of its home address.
        packets: sent on the access link and not yet received, with the home address of the sender.
        wishes: triggers of nodes for route optimisation on that link, as (mobile node, correspondent); the draft gives
            them no format, so no packet shows them (N101).
    """

    checks = LOCAL_CHECKS
    attacks: ClassVar[Mapping[str, Act]] = {}
    world: ClassVar[Mapping[str, Act]] = {
        "tick": MOVING["tick"],
        "register": _register,
        "forget": _forget,
        "send data": _send_data,
        "ask for route optimisation": _ask,
        "move": _leave,
    }

    def _nodes(self) -> Mapping[str, Node]:
        at = self.addresses
        other = HomeAgent(at[HA2], self.policy, SEED)
        self.home_agents = {HOA: self.ha, CN_HOME: other}
        networks = {IPv6Network((at[name], 64), strict=False): ha.address for name, ha in self.home_agents.items()}
        self.agent = LocalRoutingAgent(at[CARE_OF[PMA1]], self.ha.address, self.policy, SEED, home_agents=networks)
        self.pmas[PMA1] = self.agent
        self.packets: list[tuple[IPv6Address, Packet]] = []
        self.wishes: list[tuple[IPv6Address, IPv6Address]] = []
        return {**super()._nodes(), HA2: other, **self.pmas}

    def both(self, name: str) -> tuple[IPv6Address, IPv6Address]:
        """The home address of this name, and that of the other node."""
        return self.addresses[name], self.addresses[other_end(name)]

    def is_triggered(self, name: str) -> bool:
        """Whether the agent keeps that a node wants an optimised path to the other one (N101)."""
        return self.agent.is_triggered(*self.both(name))

    def actors(self) -> set[str]:
        """Nobody alone: what the agent does is about one of its nodes, which an act names."""
        return set()

    def register(self, name: str, now: float) -> None:
        """Profile and trigger mode come with access authentication, and the home agent is told (N102, N103)."""
        self.agent.attach(profile_of(name), now, mode=TriggerMode(self.policy.reading("ro_trigger")))
        self.home_agents[name].register(self.addresses[name], self.agent.address)

    def forget(self, name: str) -> None:
        """What is kept for a node that has left goes (N140)."""
        self.agent.detach(self.addresses[name])
        self.home_agents[name].deregister(self.addresses[name])

    # What crosses the access link.

    def carry(self, run: Run[Any], message: Fields, *, forged: bool) -> bool:
        """See `Bench`; what is sent on the access link is no flight."""
        if message["link"] != ACCESS_LINK:
            return super().carry(run, message, forged=forged)
        if message["type"] == "Trigger":
            self._carry_trigger(run, message["home"], forged=forged)
        elif forged:
            self._check_place(run)
            raise Lacking(f"a way past the ingress filter of {PMA1}")
        else:
            self._carry_payload(run, message)
        return True

    def _check_place(self, run: Run[Any]) -> None:
        """Raises Lacking if the attacker is no node of the agent."""
        if not run.powers.own_home:
            raise Lacking(f"a place on the access link of {PMA1}")

    def _carry_trigger(self, run: Run[Any], name: str, *, forged: bool) -> None:
        """A trigger in the name of a node: nothing in it vouches for the name (N101)."""
        if forged:
            self._check_place(run)
        else:
            waiting = next((wish for wish in self.wishes if wish[0] == self.addresses[name]), None)
            if waiting is None:
                raise run.divergence(f"{name} has not asked for route optimisation")
            self.wishes.remove(waiting)
        known = self.is_triggered(name)
        self.agent.trigger(*self.both(name), run.now)
        if known or not self.is_triggered(name):
            raise run.divergence(f"{PMA1} keeps nothing new upon the trigger")
        run.wishes.append(Wish(run.step, name, not forged))

    def _carry_payload(self, run: Run[Any], message: Fields) -> None:
        """The agent gets payload that one of its nodes has sent."""
        found = next((item for item in self.packets if is_data(self, item[1], message)), None)
        if found is None:
            raise run.divergence("no such packet is on the access link")
        self.packets.remove(found)
        source, packet = found
        octets, logged, name = packet.to_bytes(), len(self.agent.log), self.name_of(source)
        run.sightings[run.step] = access_sighting(octets, name, run.now)
        self.network.capture.append((run.now, octets))
        self.agent.from_node(packet, run.now)
        events = self.agent.log[logged:]
        refused = next((event for event in events if event.kind == "rejected"), None)
        if refused is not None:
            raise run.divergence(f"{PMA1} refuses the packet by its check {refused.detail['check']!r}")
        run.receipts += receipts_of(run, events, PMA1, name, octets)
