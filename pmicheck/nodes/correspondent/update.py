"""A (proxy) binding update under examination, what the checks look at beside it, and what a refusal says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address

from pmicheck.nodes.correspondent.binding_cache import BindingCache, Entry, HandoverTokens
from pmicheck.nodes.correspondent.memory import Memory
from pmicheck.nodes.correspondent.nonces import EARLY_INDEX, HANDOVER_INDEX, PERMANENT_INDEX, Nonces
from pmicheck.nodes.policy import Policy
from pmicheck.wire import cga, codec
from pmicheck.wire.constants import BindingUpdateFlag, Status
from pmicheck.wire.delegation import Delegation
from pmicheck.wire.packet import Packet


class Credential(Enum):
    """Which home keygen token an update claims to be made with."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    HANDOVER = "handover"


@dataclass(kw_only=True)
class Correspondence:
    """What the checks look at besides the update."""

    address: IPv6Address
    policy: Policy
    nonces: Nonces
    cache: BindingCache
    handover_tokens: HandoverTokens
    memory: Memory
    now: float = 0.0


@dataclass
class Update:
    """One binding update under examination; the last three fields are filled in by the checks.

    Args:
        delegation: what makes an agent's key the signer, where the amendment agent_key is in force.
    """

    packet: Packet
    header: bytes
    message: codec.BindingUpdate
    home_address: IPv6Address
    care_of_address: IPv6Address
    home_index: int
    care_of_index: int
    cga_parameters: bytes | None
    entry: Entry | None
    delegation: Delegation | None = None
    token: bytes | None = None
    kbm: bytes | None = None
    signed: bool = False

    @property
    def proxy(self) -> bool:
        """A proxy binding update (P flag)."""
        return bool(self.message.flags & BindingUpdateFlag.PROXY_REGISTRATION)

    @property
    def deregisters(self) -> bool:
        """Lifetime zero, or a care-of address that is the home address: a receiver takes either for a deletion
        (RFC 6275 6.1.7, 9.5.1)."""
        return self.message.lifetime == 0 or self.care_of_address == self.home_address

    @property
    def home_registration(self) -> bool:
        """The H flag: meant for a home agent."""
        return bool(self.message.flags & BindingUpdateFlag.HOME_REGISTRATION)

    @property
    def early(self) -> bool:
        """No care-of token went into the MAC, and none was to (N058-N061)."""
        return not self.deregisters and self.care_of_index == EARLY_INDEX

    @property
    def complete(self) -> bool:
        """A care-of token went into the MAC (N081, N085)."""
        return not self.deregisters and self.care_of_index != EARLY_INDEX

    @property
    def credential(self) -> Credential:
        """By the home nonce index: zero says PT, and in a proxy update the greatest one says HT."""
        if self.home_index == PERMANENT_INDEX:
            return Credential.PERMANENT
        if self.proxy and self.home_index == HANDOVER_INDEX:
            return Credential.HANDOVER
        return Credential.TEMPORARY

    @property
    def named_nonces(self) -> frozenset[int]:
        """The indices of the nonces that it names for T and C."""
        home = {self.home_index} if self.credential is Credential.TEMPORARY else set()
        return frozenset(home | ({self.care_of_index} if self.complete else set()))

    @property
    def method(self) -> str:
        """The credential, or "cga" for T together with CGA and signature (RFC 4866 4.2)."""
        if self.credential is Credential.TEMPORARY and self.cga_parameters is not None:
            return "cga"
        return self.credential.value

    @property
    def mac_address(self) -> IPv6Address:
        """The care-of address in MAC and signature; a deregistration has the home address there (RFC 6275
        6.2.7)."""
        return self.home_address if self.deregisters else self.care_of_address

    @property
    def public_key(self) -> bytes | None:
        """The key that signs and that tokens are hidden under: the delegated one, else that of the CGA
        Parameters, if they hold a readable one."""
        if self.cga_parameters is None:
            return None
        if self.delegation is not None:
            return self.delegation.agent_key
        try:
            return cga.public_key_of(self.cga_parameters)
        except ValueError:
            return None


@dataclass(frozen=True)
class Refusal:
    """Why an update is not accepted.

    Args:
        check: the check that refused.
        status: of the answer; None is silence.
        authenticated: the answer carries a MAC, since the update had a valid one.
        sequence: number to answer with in place of the update's own.
    """

    check: str
    status: Status | None = None
    authenticated: bool = False
    sequence: int | None = None


Check = Callable[[Correspondence, Update], Refusal | None]
