"""The bindings of one correspondent: its secrets, its cache, and what becomes of an update.

RFC 6275 9.5, RFC 4866 4, the draft's 3.3-3.5. A type 1 correspondent has these for itself, a proxy mobile
agent has them for the type 2 correspondents attached to it (4.3). Between an update and the cache stands one
rule: it takes effect only if `authorisation` finds nothing against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from pmicheck.nodes.addresses import is_routable_unicast
from pmicheck.nodes.correspondent.acknowledgement import Acknowledger, NewTokens
from pmicheck.nodes.correspondent.amendments import remember
from pmicheck.nodes.correspondent.authorisation import authorise
from pmicheck.nodes.correspondent.binding_cache import HOME_TEST_INIT, BindingCache, Entry, HandoverTokens, aged
from pmicheck.nodes.correspondent.effect import changed, granted_units
from pmicheck.nodes.correspondent.memory import Memory
from pmicheck.nodes.correspondent.nonces import Nonces
from pmicheck.nodes.correspondent.update import Correspondence, Credential, Refusal, Update
from pmicheck.nodes.node import Randomness
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec
from pmicheck.wire.constants import LIFETIME_UNIT, MAX_RR_BINDING_LIFETIME, BindingUpdateFlag
from pmicheck.wire.delegation import Delegation
from pmicheck.wire.packet import MobilityHeader, Packet


@dataclass(frozen=True)
class Examined:
    """An update with what the checks say of it; `refusal` is None if it may take effect."""

    update: Update
    refusal: Refusal | None

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """Least for the correspondent that an update is most likely meant for: the one whose token it was
        made with, then one that accepts it, then one that has a binding to change."""
        return self.update.token is None, self.refusal is not None, self.update.entry is None


class Bindings:
    """What a correspondent knows of the nodes that registered with it.

    Args:
        address: what stands for the correspondent in MACs and signatures.
        randomness: for Kcn, nonces and tokens.
        note: logs a decision as `Node` does: time, kind, and details by name.
        identity: key pair and CGA Parameters of `address`, if answers are to be signed (N096).
        keeps_numbers: the number of a deleted binding is kept as long as its nonces live (RFC 6275 5.2.8).
        nonces: those that it makes its tokens from; None for its own.
    """

    def __init__(
        self,
        address: IPv6Address,
        policy: Policy,
        randomness: Randomness,
        note: Callable[..., None],
        identity: CgaIdentity | None = None,
        keeps_numbers: bool = False,
        nonces: Nonces | None = None,
    ) -> None:
        self.policy = policy
        self.nonces = nonces or Nonces(policy, randomness)
        self.cache = BindingCache(policy, self.nonces, keeps_numbers)
        self.handover_tokens = HandoverTokens(policy)
        self._note = note
        self._here = Correspondence(
            address=address,
            policy=policy,
            nonces=self.nonces,
            cache=self.cache,
            handover_tokens=self.handover_tokens,
            memory=Memory(),
        )
        self._acknowledger = Acknowledger(self._here, randomness, identity)

    @property
    def memory(self) -> Memory:
        """What it remembers for the amendments of this project."""
        return self._here.memory

    def advance(self, now: float) -> None:
        """Removes the bindings whose lifetime is over (N160) and ages the credit of the others."""
        self._here.now = now
        for entry in self.cache.expire(now):
            self._note(now, "expired-binding", home_address=entry.home_address)
        for entry in self.cache.entries():
            self.cache.put(aged(entry, self.policy, now))

    def usable_handover_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """The handover tokens that authenticate for a home address, the newest first."""
        return self.handover_tokens.usable(home_address, self._here.now)

    # Tests. Nothing is stored on any of them (RFC 6275 5.2.5).

    def home_test(self, home_address: IPv6Address, now: float) -> tuple[int, bytes]:
        """Index of the current nonce, and T."""
        index = self.nonces.current(now).index
        token = self.nonces.home_token(index, home_address)
        assert token is not None
        return index, token

    def care_of_test(self, care_of_address: IPv6Address, now: float) -> tuple[int, bytes]:
        """Index of the current nonce, and C."""
        index = self.nonces.current(now).index
        token = self.nonces.care_of_token(index, care_of_address)
        assert token is not None
        return index, token

    # The entry that a home test init makes (4.3).

    def admit(self, home_address: IPv6Address, care_of_address: IPv6Address, now: float) -> bool:
        """N130, N148: an unverified entry by a PHoTI alone; returns whether it was made. By reading photi_on_entry one
        that is there stays, or leads to the new address from now on; its sequence number and its tokens stay.

        Its care-of address is held to the definition of one (RFC 6275 3.2, 6.1.7); no entry leads to any other address.

        The draft gives it no lifetime; it gets what RFC 6275 5.2.6 allows to return routability. No sequence
        number has been seen yet, so the first update may bring any.
        """
        old = self.cache.get(home_address)
        stays = old is not None and self.policy.reading("photi_on_entry") == "keep"
        if stays or self.policy.reading("photi_state") == "none":
            return False
        if not is_routable_unicast(care_of_address):
            self._reject(now, "proxy-home-test-init", "care-of-address", care_of_address=care_of_address)
            return False
        self.cache.put(
            Entry(
                home_address=home_address,
                care_of_address=care_of_address,
                verified=False,
                proxy=True,
                sequence=None if old is None else old.sequence,
                expires_at=now + MAX_RR_BINDING_LIFETIME,
                method=HOME_TEST_INIT,
                nonces=(None, None),
                permanent_token=None if old is None else old.permanent_token,
                older_tokens=() if old is None else old.older_tokens,
                credit_aged_at=now,
            )
        )
        self._note(now, "made-by-home-test-init", home_address=home_address, care_of_address=care_of_address)
        return True

    def in_use(self, home_address: IPv6Address) -> Entry | None:
        """The binding that data may follow: any but one that is provisional still (A-16)."""
        entry = self.cache.get(home_address)
        waits = entry is not None and entry.method == HOME_TEST_INIT
        return None if waits and self.policy.reading("photi_state") == "provisional" else entry

    # Binding updates.

    def examine(self, packet: Packet, message: codec.BindingUpdate, now: float) -> Examined | None:
        """Makes every check and changes nothing; None, and a log entry, if a field is missing or forbidden."""
        self._here.now = now
        update = self._read(packet, message, now)
        return None if update is None else Examined(update, authorise(self._here, update))

    def conclude(self, examined: Examined, now: float) -> Packet | None:
        """Lets an update take effect, or refuses it; returns the answer if one is due."""
        update, refusal = examined.update, examined.refusal
        if refusal is None:
            lifetime = 0 if update.deregisters else granted_units(self.policy, update)
            issued = self._acknowledger.issue(update)
            self._take_effect(update, lifetime, issued, now)
            return self._acknowledger.acceptance(update, lifetime, issued)
        detail = {} if refusal.status is None else {"status": int(refusal.status)}
        self._reject(
            now,
            "binding-update",
            refusal.check,
            home_address=update.home_address,
            care_of_address=update.care_of_address,
            **detail,
        )
        return self._acknowledger.refusal(update, refusal)

    def _read(self, packet: Packet, message: codec.BindingUpdate, now: float) -> Update | None:
        """The fields that the checks look at."""
        proxy = bool(message.flags & BindingUpdateFlag.PROXY_REGISTRATION)
        if proxy and packet.home_address is not None and self.policy.has("hao-rejection-in-pbu"):
            self._reject(now, "binding-update", "home-address-option", home_address=packet.home_address)
            return None
        if proxy and codec.option_of(message, codec.IPv4HomeAddressOption) is not None:
            self._reject(now, "binding-update", "ipv4-home-address")  # N155
            return None
        home_address = self._home_address_of(packet, message, proxy)
        if home_address is None:
            self._reject(now, "binding-update", "home-address")
            return None
        indices = codec.option_of(message, codec.NonceIndicesOption)
        authenticator = codec.option_of(message, codec.BindingAuthorizationDataOption)
        if message.flags & BindingUpdateFlag.HOME_REGISTRATION:
            indices = _NO_INDICES
        elif authenticator is None:
            self._reject(now, "binding-update", "binding-authorisation-data")
            return None
        if indices is None:
            self._reject(now, "binding-update", "nonce-indices")
            return None
        alternate = codec.option_of(message, codec.AlternateCareOfAddressOption)
        parameters = codec.option_of(message, codec.CgaParametersOption)
        assert isinstance(packet.payload, MobilityHeader)
        return Update(
            packet=packet,
            header=packet.payload.octets,
            message=message,
            home_address=home_address,
            care_of_address=packet.source if alternate is None else alternate.address,
            home_index=indices.home,
            care_of_index=indices.care_of,
            cga_parameters=None if parameters is None else parameters.parameters,
            entry=self.cache.get(home_address),
            delegation=self._delegation_in(message, proxy),
        )

    def _delegation_in(self, message: codec.BindingUpdate, proxy: bool) -> Delegation | None:
        """The delegation in a proxy update, where the amendment agent_key has it looked at and it can be read."""
        option = codec.option_of(message, codec.DelegationOption)
        if option is None or not proxy or self.policy.reading("agent_key") == "shared":
            return None
        try:
            return Delegation.read(option.delegation)
        except ValueError:
            return None

    def _home_address_of(self, packet: Packet, message: codec.BindingUpdate, proxy: bool) -> IPv6Address | None:
        """RFC 6275 9.5.1: Home Address option, else source.

        A proxy update has a mobility option for it (A-04).
        """
        if packet.home_address is not None:
            return packet.home_address
        if not proxy or self.policy.reading("hoa_conveyance") == "source":
            return packet.source
        option = codec.option_of(message, codec.MobileNodeHomeAddressOption)
        return None if option is None else option.address

    def _take_effect(self, update: Update, lifetime: int, issued: NewTokens, now: float) -> None:
        """N027, N074, N075, N160: creates, changes or deletes the binding."""
        self._note(
            now,
            "accepted-binding-update",
            home_address=update.home_address,
            care_of_address=update.care_of_address,
            sequence=update.message.sequence,
            lifetime=lifetime * LIFETIME_UNIT,
            method=update.method,
            proxy=update.proxy,
            verified=update.complete,
        )
        if update.deregisters:
            self._deregister(update)
            return
        self.cache.remember_sequence(update.home_address, update.message.sequence, update.named_nonces)
        self._note_used(update)
        remember(self._here, update, issued.permanent)
        self.cache.put(changed(update.entry, update, now + lifetime * LIFETIME_UNIT, now))
        self._store(update.home_address, issued, now)

    def _note_used(self, update: Update) -> None:
        """The first use of a new handover token ends the grace of the old one (A-13)."""
        if update.credential is Credential.HANDOVER and update.token is not None:
            self.handover_tokens.used(update.home_address, update.token)

    def _deregister(self, update: Update) -> None:
        """Without a binding there is nothing to change and nothing to remember."""
        if update.entry is None:
            return
        looked_at = self.policy.deregistration_is_authenticated
        if looked_at:
            self._note_used(update)
        nonces = update.named_nonces if looked_at else frozenset()
        self.cache.remember_sequence(update.home_address, update.message.sequence, nonces)
        self.cache.deregister(update.entry)
        self.handover_tokens.deregister(update.home_address)

    def _store(self, home_address: IPv6Address, issued: NewTokens, now: float) -> None:
        """New tokens take the place of the old ones (N062); without new ones the old ones stay."""
        entry = self.cache.get(home_address)
        assert entry is not None
        if issued.permanent is not None:
            self.cache.replace_permanent_tokens(entry, issued.permanent)
        if issued.handover is not None:
            self.handover_tokens.issue(home_address, issued.handover, now)

    # Credit for data (RFC 4866 4.10, 4.11).

    def spend(self, entry: Entry, octets: int, now: float) -> bool:
        """Whether that many octets may go to a care-of address; an unverified one costs credit, and what is
        refused is logged."""
        free = entry.method == HOME_TEST_INIT and self.policy.reading("photi_credit") == "unlimited"
        if entry.verified or free or not self.policy.credit_limits:
            return True
        if entry.credit < octets:
            self._reject(now, "payload", "credit", home_address=entry.home_address, octets=octets)
            return False
        self.cache.put(replace(entry, credit=entry.credit - octets))
        return True

    def earn(self, home_address: IPv6Address, care_of_address: IPv6Address | None, octets: int) -> bool:
        """Credits data that came from the verified care-of address; returns whether it did."""
        entry = self.cache.get(home_address)
        if entry is None or entry.care_of_address != care_of_address:
            return False
        if not entry.verified and self.policy.has("no-credit-while-unverified"):
            return False
        self.cache.put(replace(entry, credit=entry.credit + octets))
        return True

    def _reject(self, now: float, message: str, check: str, **detail: object) -> None:
        self._note(now, "rejected", message=message, check=check, **detail)


_NO_INDICES = codec.NonceIndicesOption(0, 0)
"""In place of the option that a home registration must not have (RFC 6275 9.5.1): it is refused before they count."""


def home_address_to_test(policy: Policy, packet: Packet) -> IPv6Address | None:
    """The address that a home token is made for; None if a Home Address option forbids an answer (N157,
    N158)."""
    if packet.home_address is None:
        return packet.source
    return None if policy.has("hao-rejection-in-hoti") else packet.home_address
