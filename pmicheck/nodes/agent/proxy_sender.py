"""The sending half of a proxy mobile agent: which token, which options, which number (the draft's
3.2-3.5)."""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.errors import UsageError, WireError
from pmicheck.nodes.node import Node, plain_packet
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.proxy_update import UpdatePlan, planned, proxy_update
from pmicheck.nodes.registrant.registration import MobileProfile, Registration, Step, With
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec, keys
from pmicheck.wire.constants import COOKIE_OCTETS, MAX_CGA_BINDING_LIFETIME
from pmicheck.wire.packet import Packet


class ProxySender(Node):
    """Mobile nodes, registrations, and the messages that an agent makes from them; `ProxyMobileAgent`
    drives it."""

    def __init__(
        self,
        address: IPv6Address,
        home_agent: IPv6Address,
        policy: Policy,
        seed: bytes,
        *,
        identity: CgaIdentity | None = None,
        lifetime: int = MAX_CGA_BINDING_LIFETIME,
    ) -> None:
        super().__init__(address, policy, seed)
        self._delegated = policy.reading("agent_key") == "delegated"
        if identity is None and (self._delegated or policy.reading("key_owner") == "pma"):
            raise UsageError("a proxy mobile agent whose own key counts needs a key and CGA Parameters")
        self.home_agent = home_agent
        self._identity = identity
        self._lifetime = lifetime
        self._profiles: dict[IPv6Address, MobileProfile] = {}
        self._registrations: dict[tuple[IPv6Address, IPv6Address], Registration] = {}

    def home_agent_of(self, home_address: IPv6Address) -> IPv6Address:
        """The home agent of an attached node; here all have the same."""
        return self.home_agent

    def _test_home_address(self, registration: Registration, now: float) -> None:
        """PHoTI through the tunnel; what was outstanding is given up."""
        registration.cookie = self._randomness.take(COOKIE_OCTETS)
        registration.tests += 1
        registration.outstanding = None
        home_address, correspondent = registration.home_address, registration.correspondent
        message = codec.ProxyHomeTestInit(registration.cookie, self.address)
        inner = plain_packet(message, home_address, correspondent)
        self._send(Packet(self.address, self.home_agent_of(home_address), inner))
        self._note(now, "started-home-test", home_address=home_address, correspondent=correspondent)

    def _profile(self, home_address: IPv6Address) -> MobileProfile:
        if home_address not in self._profiles:
            raise UsageError(f"no mobile node {home_address} is attached to {self.address}")
        return self._profiles[home_address]

    def _registration(self, home_address: IPv6Address, correspondent: IPv6Address) -> Registration:
        self._profile(home_address)
        key = (home_address, correspondent)
        return self._registrations.setdefault(key, Registration(*key))

    def _identity_for(self, home_address: IPv6Address) -> CgaIdentity:
        """Whose key signs and decrypts: the mobile node's (N008, N039), or the agent's own (A-01).

        By the amendment agent_key it is the agent's own, and the mobile node's delegates to it.
        """
        own, profile = self._identity, self._profile(home_address)
        if self._delegated:
            assert own is not None
            return CgaIdentity(own.private_key, profile.cga_parameters, profile.delegation)
        if self.policy.reading("key_owner") == "pma":
            assert own is not None
            return own
        assert profile.private_key is not None
        return CgaIdentity(profile.private_key, profile.cga_parameters)

    def _kept(self, profile: MobileProfile) -> MobileProfile:
        """What an agent keeps of a node that has come: by the amendment agent_key a delegation and no key."""
        if not self._delegated:
            return profile
        assert self._identity is not None
        return profile.delegated(keys.der_of(self._identity.private_key), self.address)

    def _is_used_up(self, registration: Registration) -> bool:
        return registration.permanent_is_used_up(self.policy)

    def _send_update(
        self, registration: Registration, step: Step, using: With, now: float, *, repeated: bool = False
    ) -> None:
        """One update with the next sequence number; with a home test before it if its token is too old."""
        held = registration.home_token(self.policy, using, now)
        if held is None:
            registration.leaving = step is Step.DEREGISTRATION
            self._test_home_address(registration, now)
            return
        if step is Step.COMPLETE and (registration.care_of is None or not registration.care_of.is_usable(now)):
            step = Step.EARLY
        signs = self._signs(step, using, registration)
        plan = planned(
            self.policy,
            registration,
            step,
            held,
            care_of_address=self.address,
            lifetime=self._lifetime,
            identity=self._identity_for(registration.home_address) if signs else None,
            asks_for_correspondent_cga=True,
        )
        packet = self._packet(plan, now)
        if packet is None:
            registration.outstanding = None
            return
        self._send(packet)
        registration.sequence = plan.sequence
        if using is With.PERMANENT:
            registration.numbers_with_permanent_token += 1
        registration.outstanding = plan.outstanding(step, using, repeated=repeated)
        self._note(
            now,
            f"sent-{step.value}",
            home_address=registration.home_address,
            correspondent=registration.correspondent,
            sequence=plan.sequence,
            using=using.value,
        )

    def _packet(self, plan: UpdatePlan, now: float) -> Packet | None:
        """The update; None, and a log entry, if it lacks the node's delegation or is longer than a Mobility
        Header can be."""
        if self._delegated and plan.identity is not None and plan.identity.delegation is None:
            self._reject(now, "proxy-binding-update", "lacks-delegation", home_address=plan.home_address)
            return None
        try:
            return proxy_update(self.policy, plan)
        except WireError as error:
            self._reject(now, "proxy-binding-update", "too-long", reason=str(error))
            return None

    def _signs(self, step: Step, using: With, registration: Registration) -> bool:
        """N090: in every complete update.

        N062: in an early one by HT. N059 leaves an early one by T open (A-12); who holds HT or tests again signs it,
        since the correspondent may have a permanent token and refuse T alone (RFC 4866 5.7, status 149).
        """
        if step is Step.EARLY:
            warned = registration.tests > 1 or registration.handover is not None
            asked = self.policy.reading("cga_in_early") == "yes" or warned
            return using is With.HANDOVER or (using is With.TEMPORARY and asked)
        return step is Step.COMPLETE
