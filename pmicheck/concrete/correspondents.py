"""Who keeps the bindings in a replay: a correspondent node itself, or the proxy agent of a type 2 one."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Protocol

from pmicheck.nodes.agent.type2_correspondent import Type2Correspondent
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.correspondent.bindings import Bindings


class Correspondent(Protocol):
    """What a replay looks at and asks for, whoever it is; see `CorrespondentNode`."""

    @property
    def bindings(self) -> Bindings: ...

    def entry(self, home_address: IPv6Address) -> Entry | None: ...

    def entries(self) -> tuple[Entry, ...]: ...

    def handover_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]: ...

    def permanent_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]: ...

    def home_keygen_token(self, index: int, home_address: IPv6Address) -> bytes | None: ...

    def care_of_keygen_token(self, index: int, care_of_address: IPv6Address) -> bytes | None: ...

    def rotate_nonce(self, now: float) -> int: ...

    def advance(self, now: float) -> None: ...

    def send_payload(self, home_address: IPv6Address, octets: int, now: float) -> bool: ...


class CorrespondentBehind:
    """A type 2 correspondent at its proxy agent, which keeps its bindings (the draft's 4.3).

    Args:
        home: the correspondent's home address.
        pass_on: takes what the agent has sent to its home agent there.
    """

    def __init__(self, agent: Type2Correspondent, home: IPv6Address, pass_on: Callable[[float], None]) -> None:
        self._agent = agent
        self._home = home
        self._pass_on = pass_on

    @property
    def bindings(self) -> Bindings:
        """All that it keeps for the nodes that registered with it."""
        return self._agent.bindings(self._home)

    def entry(self, home_address: IPv6Address) -> Entry | None:
        """The binding of a home address, provisional or not."""
        return self._agent.entry(self._home, home_address)

    def entries(self) -> tuple[Entry, ...]:
        """All bindings."""
        return tuple(self.bindings.cache.entries())

    def is_used(self, home_address: IPv6Address) -> bool:
        """Whether there is a binding that data follow (A-16)."""
        return self.bindings.in_use(home_address) is not None

    def handover_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """The handover tokens that authenticate, the newest first."""
        return self.bindings.usable_handover_tokens(home_address)

    def permanent_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """The permanent tokens that authenticate, the newest first."""
        return self.bindings.cache.permanent_tokens(home_address)

    def home_keygen_token(self, index: int, home_address: IPv6Address) -> bytes | None:
        """T for a home address and the nonce of this index; None if there is no such nonce."""
        return self.bindings.nonces.home_token(index, home_address)

    def care_of_keygen_token(self, index: int, care_of_address: IPv6Address) -> bytes | None:
        """C for a care-of address and the nonce of this index; None if there is no such nonce."""
        return self.bindings.nonces.care_of_token(index, care_of_address)

    def rotate_nonce(self, now: float) -> int:
        """Makes a new nonce and returns its index."""
        self.advance(now)
        return self.bindings.nonces.rotate(now).index

    def advance(self, now: float) -> None:
        """Removes the bindings whose lifetime is over and ages the credit of the others."""
        self._agent.advance(now)

    def send_payload(self, home_address: IPv6Address, octets: int, now: float) -> bool:
        """Data of the correspondent, by its agent's binding or through its home agent, which forwards it; False if the
        credit is too small."""
        self.advance(now)
        logged, used = len(self._agent.log), self.is_used(home_address)
        self._agent.send_payload(self._home, home_address, octets, now)
        if not used:
            self._pass_on(now)
        return not any(event.kind == "rejected" for event in self._agent.log[logged:])
