"""A correspondent that is no mobile node, and who registers with it: proxy agents (the draft's 3), or a mobile node
that speaks for itself (RFC 6275, RFC 4866)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pmicheck.bench.acts import ENHANCED_ACTS, MOBILE_ACTS, registered_with_rogue, rogue_registration
from pmicheck.bench.names import (
    AGENTS,
    AT_HOME,
    CARE_OF,
    CN,
    COA1,
    HA,
    HOA,
    MN,
    PMA1,
    SEED,
    identity_at,
    identity_of_agent,
)
from pmicheck.bench.registering import Registering
from pmicheck.nodes.agent.forwarding_agent import ForwardingAgent
from pmicheck.nodes.correspondent.bindings import Bindings as Kept
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode
from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.node import Node
from pmicheck.nodes.registrant.registration import Registration
from pmicheck.replay.records import Place
from pmicheck.replay.run import Run
from pmicheck.wire.packet import Packet, UdpDatagram


class PlainStage(Registering):
    """The correspondent keeps its bindings itself.

    Attributes:
        ancestor: the nodes are those of RFC 6275 or RFC 4866 alone, without the draft.
        correspondent: makes the correspondent.
    """

    keeper = CN
    ancestor: ClassVar[bool] = False
    correspondent: ClassVar[Callable[..., CorrespondentNode]] = CorrespondentNode

    def _nodes(self) -> Mapping[str, Node]:
        keeps = self.ancestor and self.policy.reading("deleted_number") == "kept"
        at, identity = self.addresses[CN], identity_at(CN)
        self.cn = self.correspondent(at, self.policy, SEED, identity=identity, keeps_numbers=keeps)
        return {CN: self.cn, HA: self.ha}

    @property
    def kept(self) -> Kept:
        """See `Registering`."""
        return self.cn.bindings

    def advance(self, now: float) -> None:
        """See `Bench`."""
        self.cn.advance(now)

    def emit(self, place: Place, octets: int, now: float) -> bool:
        """See `Stage`; the correspondent sends."""
        return self.cn.send_payload(self.addresses[place[1]], octets, now)


class Type1Stage(PlainStage):
    """Proxy agents register the mobile node, one after the other."""

    def _nodes(self) -> Mapping[str, Node]:
        at = self.addresses
        for name in AGENTS:
            own = identity_of_agent(name)
            self.pmas[name] = ForwardingAgent(at[CARE_OF[name]], at[HA], self.policy, SEED, identity=own)
        self.pmas[PMA1].attach(self.profile, 0)
        self.ha.register(at[HOA], at[COA1])
        return {**super()._nodes(), **self.pmas}

    def move(self, target: str, now: float) -> None:
        """The next agent gets the profile of the node (N102)."""
        super().move(target, now)
        for serial, name in enumerate(AGENTS, 1):
            if CARE_OF[name] == target:
                self.pmas[name].attach(dataclasses.replace(self.profile, serial=serial), now)

    def begin(self, run: Run[Any]) -> None:
        """See `Bench`."""
        registered_with_rogue(run, PMA1)

    def moved(self, run: Run[Any]) -> None:
        """The agent that serves the node now registers with the attacker's own correspondent as well."""
        following = next((name for name in AGENTS if CARE_OF[name] == self.serving), None)
        if run.attacked and run.powers.rogue_cn and following is not None:
            rogue_registration(run, following, (run.now,) * 3)


class MobileStage(PlainStage):
    """The mobile node of RFC 6275 registers itself."""

    acts = MOBILE_ACTS
    ancestor = True

    def _nodes(self) -> Mapping[str, Node]:
        at = self.addresses
        self.mn = self._mobile_node()
        self.mn.attach(at[COA1], at[CN])
        self.ha.register(at[HOA], at[COA1], proxy=False)
        return {**super()._nodes(), MN: self.mn}

    def _mobile_node(self) -> MobileNode:
        return MobileNode(self.addresses[HOA], self.addresses[HA], self.policy, SEED)

    def registration(self, keeper: str) -> Registration | None:
        """See `Registering`."""
        return self.mn.registration(self.tested) if keeper == MN and self.mn is not None else None

    def move(self, target: str, now: float) -> None:
        """The node gets an address of its own where it comes to."""
        super().move(target, now)
        assert self.mn is not None
        self.mn.attach(None if target == AT_HOME else self.addresses[target], self.addresses[CN])

    def payload_back(self, place: Place, care_of: str, octets: int) -> Packet:
        """With the home address in an option (RFC 6275 9.3.1)."""
        at = self.addresses
        return Packet(at[care_of], at[CN], UdpDatagram(bytes(octets)), home_address=at[place[1]])


class EnhancedStage(MobileStage):
    """The mobile node of RFC 4866 registers itself, with CGA and permanent token."""

    acts = ENHANCED_ACTS

    def _mobile_node(self) -> MobileNode:
        at = self.addresses
        return EnhancedMobileNode(at[HOA], at[HA], self.policy, SEED, identity=identity_at(HOA))

    def begin(self, run: Run[Any]) -> None:
        """See `Bench`."""
        registered_with_rogue(run, MN)
