"""What a proxy mobile agent or a mobile node keeps for each correspondent: the Binding Update List (RFC
6275 11.1; N141-N145)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv6Address

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.nodes import sealing
from pmicheck.nodes.correspondent.nonces import EARLY_INDEX, HANDOVER_INDEX, PERMANENT_INDEX
from pmicheck.nodes.policy import Policy
from pmicheck.wire.constants import (
    LIFETIME_UNIT,
    MAX_CGA_BINDING_LIFETIME,
    MAX_TOKEN_LIFETIME,
    SEQUENCE_WINDOW,
    Status,
)
from pmicheck.wire.delegation import Delegation


@dataclass(frozen=True)
class MobileProfile:
    """A mobile node as its proxy mobile agent knows it (N040, N143).

    Args:
        private_key: the mobile node's own, which each agent that it visits gets; None where it keeps that to
            itself (amendment agent_key).
        serial: which attachment of the node this is, counted from 1: the number of the delegation it signs.
        delegation: what it has signed for an agent in place of giving its key away.
    """

    home_address: IPv6Address
    private_key: rsa.RSAPrivateKey | None
    cga_parameters: bytes
    serial: int = 1
    delegation: bytes | None = None

    def delegated(self, agent_key: bytes, care_of_address: IPv6Address) -> MobileProfile:
        """What an agent gets in place of the private key: a delegation, for a day.

        Args:
            agent_key: DER SubjectPublicKeyInfo of the agent.
        """
        assert self.private_key is not None
        stated = Delegation(self.serial, MAX_CGA_BINDING_LIFETIME // LIFETIME_UNIT, care_of_address, agent_key)
        signed = stated.signed(self.private_key, self.home_address)
        return replace(self, private_key=None, delegation=signed.octets)


@dataclass(frozen=True, kw_only=True)
class CorrespondentContext:
    """One correspondent in a context transfer.

    Args:
        permanent_token: there in case somebody looks; the next agent does not use it (N012).
        sequence: the last number sent (A-14).
    """

    correspondent: IPv6Address
    handover_token: bytes | None
    permanent_token: bytes | None
    sequence: int


@dataclass(frozen=True)
class Context:
    """What the previous agent gives the next one (N046, N047, N068, N082)."""

    profile: MobileProfile
    correspondents: tuple[CorrespondentContext, ...]


@dataclass(frozen=True)
class KeygenToken:
    """A token with the index of its nonce and the time at which it came."""

    token: bytes
    index: int
    obtained_at: float

    def is_usable(self, now: float) -> bool:
        """MAX_TOKEN_LIFETIME of RFC 6275 12: an honest node does not use it for longer."""
        return now - self.obtained_at <= MAX_TOKEN_LIFETIME


class Step(Enum):
    """What was sent last and has not been answered."""

    EARLY = "early"
    COMPLETE = "complete"
    DEREGISTRATION = "deregistration"


class With(Enum):
    """The token that authenticates an exchange."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    HANDOVER = "handover"


@dataclass(frozen=True, kw_only=True)
class Outstanding:
    """A binding update whose acknowledgement has not come.

    Args:
        repeated: it has been sent again after an answer of "sequence number out of window".
        mac_address: the care-of address in its MAC.
    """

    step: Step
    using: With
    sequence: int
    kbm: bytes
    mac_address: IPv6Address
    repeated: bool = False


@dataclass
class Registration:
    """State of a home address towards one correspondent; tokens may all be absent.

    Args:
        cookie: of the (proxy) home test that runs, None if none does.
        care_of_cookie: of the care-of test that runs (mobile nodes only).
        sequence: last number sent.
        numbers_with_permanent_token: how many updates the present PT has authenticated (RFC 4866 4.9).
        expires_at: when the binding ends by the correspondent's last answer; None if there is no binding.
        leaving: what comes after the home test is a deregistration.
        tests: home tests begun.
        restarts: how often expired nonces have begun this exchange anew (mobile nodes only).
        unanswered: updates sent since the last acknowledgement (mobile nodes only).
    """

    home_address: IPv6Address
    correspondent: IPv6Address
    sequence: int = 0
    cookie: bytes | None = None
    care_of_cookie: bytes | None = None
    temporary: KeygenToken | None = None
    care_of: KeygenToken | None = None
    permanent: bytes | None = None
    handover: bytes | None = None
    numbers_with_permanent_token: int = 0
    expires_at: float | None = None
    outstanding: Outstanding | None = None
    leaving: bool = False
    tests: int = 0
    restarts: int = 0
    unanswered: int = 0

    def is_bound(self, now: float) -> bool:
        """Whether the correspondent has said that it holds a binding which lasts still."""
        return self.expires_at is not None and now < self.expires_at

    def home_token(self, policy: Policy, using: With, now: float) -> tuple[bytes, int] | None:
        """The token to authenticate with and its nonce index; None if there is none or it is too old."""
        temporary = self.temporary
        held: tuple[bytes, int] | None = None
        if using is With.PERMANENT and self.permanent is not None:
            held = self.permanent, PERMANENT_INDEX
        elif using is With.HANDOVER and self.handover is not None:
            held = self.handover, HANDOVER_INDEX
        elif using is With.TEMPORARY and temporary is not None and temporary.is_usable(now):
            held = temporary.token, temporary.index
        if held is None or policy.has("home-test"):
            return held
        return sealing.ZERO_TOKEN, held[1]

    def care_of_token(self, policy: Policy, step: Step) -> tuple[bytes | None, int]:
        """What stands for C in a step, and the care-of nonce index (RFC 4866 4.1, RFC 6275 5.2.6)."""
        if step is Step.DEREGISTRATION:
            return None, EARLY_INDEX
        if step is Step.EARLY or self.care_of is None:
            return sealing.ZERO_TOKEN, EARLY_INDEX
        return self.care_of.token if policy.has("careof-test") else sealing.ZERO_TOKEN, self.care_of.index

    def permanent_is_used_up(self, policy: Policy) -> bool:
        """E-13: an old update is acceptable again after half the numbers, not after all of them (RFC 4866 4.9)."""
        half_window = policy.reading("pt_renewal") == "half-window"
        return half_window and self.numbers_with_permanent_token >= SEQUENCE_WINDOW - 2


RESTART_STATUSES = frozenset(
    {Status.EXPIRED_HOME_NONCE_INDEX, Status.EXPIRED_CARE_OF_NONCE_INDEX, Status.EXPIRED_NONCES}
)
"""Answers after which the tests are run again; without a MAC, and believed (RFC 6275 9.5.4)."""

UNAUTHENTICATED_STATUSES = RESTART_STATUSES | {
    Status.ADMINISTRATIVELY_PROHIBITED,
    Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE,
    Status.PERMANENT_HOME_KEYGEN_TOKEN_EXISTS,
    Status.NON_NULL_HOME_NONCE_INDEX_EXPECTED,
}
"""Answers that a correspondent gives before it has checked a MAC, so it has no key to make one with."""
