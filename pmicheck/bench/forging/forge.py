"""The packets of an attacker: a message of a trace, in octets, from what the attacker holds and nothing else.

The stage says which octets a name of the trace stands for (`T(HoA, nonce 1)`); they are used only if the attacker
holds them, else `Lacking` says what is missing. Authenticators are compared in octets to find the captured packet
that a replay repeats.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.bench.forging.rejoining import filled, through_signature
from pmicheck.bench.forging.secrets import OWN_HOMES, Secrets
from pmicheck.bench.names import ATTACKER, CN, HOA, ROGUE_CN, identity_of
from pmicheck.nodes import sealing
from pmicheck.nodes.agent.readdressing import readdressed
from pmicheck.nodes.correspondent.nonces import HANDOVER_INDEX, PERMANENT_INDEX
from pmicheck.nodes.node import plain_packet
from pmicheck.replay.knowledge import Lacking, SeenUpdate
from pmicheck.wire import cga, codec, keys, tokens
from pmicheck.wire.constants import (
    AUTHENTICATOR_OCTETS,
    COOKIE_OCTETS,
    LIFETIME_UNIT,
    MAX_CGA_BINDING_LIFETIME,
    TOKEN_OCTETS,
    BindingAcknowledgementFlag,
    BindingUpdateFlag,
)
from pmicheck.wire.delegation import Delegation
from pmicheck.wire.packet import MobilityHeader, Packet

Fields = Mapping[str, Any]

UNITS = MAX_CGA_BINDING_LIFETIME // LIFETIME_UNIT
"""The longest lifetime that a correspondent grants (RFC 4866 7)."""
FIRST_OWN_NUMBER = 100
"""Sequence numbers for the attacker's own home addresses rise from here; the model leaves them out."""


@dataclass
class Forged:
    """A packet of the attacker's making.

    Args:
        secrets: what in it vouches for it: tokens and keys that not everybody has.
        copied: it is a captured packet, repeated.
    """

    packet: bytes
    secrets: tuple[str, ...] = ()
    copied: bool = False


@dataclass
class Forger(Secrets):
    """Turns messages of a trace into packets."""

    _own_number: int = field(default=FIRST_OWN_NUMBER)

    def forge(self, message: Fields) -> Forged:
        """The packet for an injected message.

        Raises:
            Lacking: the attacker does not have what it takes.
        """
        self._secrets = []
        match message["type"]:
            case "Update":
                return self._update(message)
            case "Acknowledgement":
                return self._done(self._acknowledgement(message))
            case "Test":
                return self._done(self._test(message))
            case other:
                raise Lacking(f"a way to make a message of type {other}")

    def test_init(self, kind: str, name: str, *, by_option: bool) -> tuple[bytes, bytes]:
        """(packet, cookie): a HoTI or CoTI of its own.

        Args:
            by_option: the address stands in a Home Address option, the packet comes from the attacker.
        """
        cookie = self.knowledge.random.take(COOKIE_OCTETS)
        init = codec.HomeTestInit(cookie) if kind == "HoTI" else codec.CareOfTestInit(cookie)
        at = self.stage.addresses
        if not by_option:
            return plain_packet(init, at[name], at[CN]).to_bytes(), cookie
        octets = codec.encode(init, source=at[name], destination=at[CN])
        return Packet(at[ATTACKER], at[CN], MobilityHeader(octets), home_address=at[name]).to_bytes(), cookie

    def _done(self, packet: Packet) -> Forged:
        return Forged(packet.to_bytes(), tuple(self._secrets))

    # Binding updates.

    def _update(self, message: Fields) -> Forged:
        captured = self._captured(message)
        if captured is not None and self._has_other_key(captured, message):
            return self._done(self._rekeyed(captured, message))
        if captured is not None:
            return Forged(self._repeated(captured, message), ("a captured authenticator",), copied=True)
        mac = message["mac"]
        kbm = None if mac[0] != "mac" else self._kbm(mac[1], self.token)
        signed = message["sig"] is not None and message["sig"][0] == "sig"
        if not signed or self._signer(message["key"]) is not None:
            return self._done(self._composed(message, kbm))
        if self.stage.policy.has("signature"):
            return self._done(self._rejoined(message, kbm))
        return self._done(self._composed(message, kbm, self._signed_alike(message).signature))

    def _captured(self, message: Fields) -> SeenUpdate | None:
        """A seen update with the very authenticator that is wanted, if there is one."""
        mac = message["mac"]
        if mac[0] != "mac":
            return None
        kbm = self._kbm(mac[1], self.octets_of)
        if kbm is None:
            return None
        at, policy = self.stage.addresses, self.stage.policy
        bound = at[message["home"] if not message["lifetime"] else mac[2] or message["care_of"]]
        for seen in reversed(self.knowledge.updates):
            has_test = codec.option_of(seen.message, codec.CareOfTestInitOption) is not None
            alike = (
                self._is_alike(seen, message, message["proxy"], message["seq"], message["lifetime"])
                and seen.correspondent == self.stage.receiver
                and (has_test or not message["test"] or not message["proxy"])
                and self.indices(message) == seen.indices
            )
            if alike and sealing.mac(policy, kbm, bound, self.stage.named, seen.header) == seen.authenticator:
                return seen
        return None

    def _is_alike(self, seen: SeenUpdate, message: Fields, proxy: bool, number: int, lifetime: bool) -> bool:
        """Whether a seen update is for the home address of a message and has these fields."""
        shown = (seen.home_address, seen.proxy, seen.message.sequence, bool(seen.message.lifetime))
        return shown == (self.stage.addresses[message["home"]], proxy, number, lifetime)

    def _repeated(self, seen: SeenUpdate, message: Fields) -> bytes:
        """The captured packet as it was, or from another source if the care-of address is to be another one."""
        care_of = self.stage.addresses[message["care_of"]]
        if not message["lifetime"] or seen.care_of_address == care_of or seen.packet.source != seen.care_of_address:
            return seen.packet.to_bytes()
        return readdressed(seen.packet, source=care_of).to_bytes()

    def _has_other_key(self, seen: SeenUpdate, message: Fields) -> bool:
        """Whether a key of the attacker's takes the place of the one in a captured update (reading token_key)."""
        apart = message["proxy"] and self.stage.policy.reading("token_key") == "apart"
        replaces = apart and message["key"] is not None and self._signer(message["key"]) is not None
        return bool(replaces and seen.cga_parameters not in (None, self._parameters(message)))

    def _rekeyed(self, seen: SeenUpdate, message: Fields) -> Packet:
        """The captured update with another key and its signature beside the authenticator that covers neither."""
        self._secrets += ["a captured authenticator", f"private key behind the {message['key']}'s CGA Parameters"]
        parameters = codec.CgaParametersOption(self._parameters(message))
        others = tuple(
            parameters if isinstance(option, codec.CgaParametersOption) else option for option in seen.message.options
        )
        bound = seen.care_of_address if message["lifetime"] else seen.home_address
        update = dataclasses.replace(seen.message, options=others)
        return self._sealed(update, seen.packet, bound, None, self._signer(message["key"]))

    def indices(self, message: Fields) -> tuple[int, int]:
        """Home and care-of nonce index for the model's credential and nonces (A-08).

        A deregistration that nothing authenticates is told without a home nonce: it may name any.
        """
        nonces, by_credential = self.stage.nonces, {"PT": PERMANENT_INDEX, "HT": HANDOVER_INDEX}
        credential = message["credential"]
        home = by_credential[credential] if credential in by_credential else nonces[message["nonce"] or 1]
        return home, nonces[message["care_of_nonce"]] if message["care_of_nonce"] else 0

    def _frame(self, message: Fields) -> tuple[Packet, list[codec.Option]]:
        """Headers and first options: where home and care-of address stand (A-04; RFC 6275 6.2.5)."""
        at = self.stage.addresses
        home, care_of = at[message["home"]], at[message["care_of"]]
        source, options = care_of, list[codec.Option]()
        by_source = message["proxy"] and self.stage.policy.reading("hoa_conveyance") == "source"
        if by_source:
            source = home
        elif message["home"] in OWN_HOMES and message["lifetime"]:
            source = at[ATTACKER]  # the answer, with its tokens, comes here (RFC 6275 9.5.4)
        if source != care_of:
            options.append(codec.AlternateCareOfAddressOption(care_of))
        if message["proxy"] and not by_source:
            options.append(codec.MobileNodeHomeAddressOption(home))
        option = home if not message["proxy"] and source != home else None
        return Packet(source, self.stage.receiver, MobilityHeader(b""), home_address=option), options

    def _composed(self, message: Fields, kbm: bytes | None, signature: bytes | None = None) -> Packet:
        """An update of its own, signed with a key that it holds, or with a captured signature that nobody verifies."""
        blank, options = self._frame(message)
        if message["key"] is not None:
            options += [*self._signed_indices(message), *self._delegation(message)]
            options.append(codec.CgaParametersOption(self._parameters(message)))
            options.append(codec.SignatureOption(signature or bytes(128)))
        options += self._last_options(message)
        lifetime = UNITS if message["lifetime"] else 0
        proxy = BindingUpdateFlag.PROXY_REGISTRATION if message["proxy"] else BindingUpdateFlag(0)
        flags = BindingUpdateFlag.ACKNOWLEDGE | proxy
        update = codec.BindingUpdate(self._number(message), lifetime, flags, options=tuple(options))
        bound = self.stage.addresses[message["care_of"] if message["lifetime"] else message["home"]]
        key = self._signer(message["key"]) if message["key"] is not None else None
        if key is not None:
            self._secrets.append(f"private key behind the {message['key']}'s CGA Parameters")
        return self._sealed(update, blank, bound, kbm, key)

    def _sealed(
        self,
        message: codec.KnownMessage,
        blank: Packet,
        bound: IPv6Address,
        kbm: bytes | None,
        key: rsa.RSAPrivateKey | None = None,
    ) -> Packet:
        """The packet with a message, its authenticator and its signature as far as there are keys for them.

        Args:
            bound: the care-of address that both cover.
        """
        policy, named = self.stage.policy, self.stage.named

        def sign(part: bytes) -> bytes:
            assert key is not None
            return keys.sign(key, sealing.signed_data(policy, bound, named, part))

        octets = codec.seal(
            message,
            source=blank.checksum_source,
            destination=blank.checksum_destination,
            sign=None if key is None else sign,
            authenticate=None if kbm is None else lambda header: sealing.mac(policy, kbm, bound, named, header),
        )
        return dataclasses.replace(blank, payload=MobilityHeader(octets))

    def _number(self, message: Fields) -> int:
        if message["home"] == HOA:
            return int(message["seq"])
        self._own_number += 1
        return self._own_number

    def _last_options(self, message: Fields) -> list[codec.Option]:
        test: list[codec.Option] = [codec.CareOfTestInitOption()] if message["test"] else []
        indices = [] if self._signed_indices(message) else [codec.NonceIndicesOption(*self.indices(message))]
        return [*test, *indices, codec.BindingAuthorizationDataOption()]

    def _signed_indices(self, message: Fields) -> list[codec.Option]:
        """Nonce Indices that stand before a signature's end, where they have to (amendment signed_nonces)."""
        signed = message["key"] is not None and self.stage.policy.reading("signed_nonces") == "yes"
        return [codec.NonceIndicesOption(*self.indices(message))] if signed else []

    def _delegation(self, message: Fields) -> list[codec.Option]:
        """What lets the key named sign for the home address (amendment agent_key).

        Its own key signs what it likes for a home address made from it. For that of others it has no delegation to its
        own key, and the update passes only where nobody looks at the key's right to it.

        Raises:
            Lacking: it has seen none to an agent's key.
        """
        if not message["proxy"] or self.stage.policy.reading("agent_key") == "shared":
            return []
        home, care_of = self.stage.addresses[message["home"]], self.stage.addresses[message["care_of"]]
        signer = keys.name_of(message["key"])
        public = keys.der_public_key(signer)
        if message["home"] in OWN_HOMES:
            stated = Delegation(1, UNITS, care_of, public)
            return [codec.DelegationOption(stated.signed(keys.private_key(signer), home).octets)]
        if signer == "attacker":
            return []
        octets = self.knowledge.delegation(home, public)
        if octets is None:
            raise Lacking(f"a delegation to {signer}")
        return [codec.DelegationOption(octets)]

    def _parameters(self, message: Fields) -> bytes:
        """CGA Parameters with the key named; all of it is public data (protocol-facts 2.4)."""
        name = message["key"]
        if name == "mn":
            return self.stage.profile.cga_parameters
        if name.startswith("pma"):
            if self.stage.policy.reading("agent_key") == "delegated":
                return self.stage.profile.cga_parameters
            return identity_of(name, "2001:db8:99::")[1].cga_parameters
        prefix = self.stage.addresses[message["home"]].packed[:8]
        return cga.generate(keys.der_public_key("attacker"), prefix, 0, modifier=bytes(16))[1]

    def _signer(self, owner: str) -> rsa.RSAPrivateKey | None:
        """The private key of a principal, if the attacker holds it."""
        return self.knowledge.key(keys.private_key(keys.name_of(owner)).public_key())

    # A captured signature under another authenticator (protocol-facts 2.4: nothing but the MAC binds the two).

    def _rejoined(self, message: Fields, kbm: bytes | None) -> Packet:
        seen = self._signed_alike(message)
        assert seen.signature is not None
        self._secrets.append("a captured signature")
        prefix = through_signature(seen.header)
        header = filled(prefix, self._last_options(message), len(seen.header))
        if kbm is not None:
            care_of = self.stage.addresses[message["care_of"]]
            mac = sealing.mac(self.stage.policy, kbm, care_of, self.stage.named, header)
            header = header[:-AUTHENTICATOR_OCTETS] + mac
        blank, _ = self._frame(message)
        return readdressed(dataclasses.replace(blank, payload=MobilityHeader(header)))

    def _signed_alike(self, message: Fields) -> SeenUpdate:
        """A seen update whose signature covers what the wanted one covers."""
        _, owner, _, care_of, _, signed = message["sig"]
        fields = {part[0]: part[1] for part in signed[1:]}
        at, policy = self.stage.addresses, self.stage.policy
        public = keys.der_public_key(keys.name_of(owner))
        for seen in self.knowledge.updates:
            is_alike = self._is_alike(seen, message, signed[0] == "PBU", fields["seq"], fields["lifetime"])
            if not is_alike or seen.signature is None:
                continue
            bound = seen.care_of_address if care_of is None else at[care_of]
            meant = seen.correspondent if message["sig"][4] == ROGUE_CN else self.stage.named
            covered = sealing.signed_data(policy, bound, meant, codec.signed_part(seen.header))
            if keys.is_signed(public, covered, seen.signature):
                return seen
        raise Lacking(f"a signature of {owner} over number {fields['seq']}")

    # Answers.

    def _test(self, message: Fields) -> Packet:
        """(P)HoT or CoT with a token of its own choice, as if from the correspondent."""
        cookie = self._cookie(message["cookie"])
        token = self.knowledge.random.take(TOKEN_OCTETS)
        index = self.stage.nonces[message["nonce"]]
        at = self.stage.addresses
        answer: codec.KnownMessage
        match message["kind"]:
            case "PHoT":
                answer = codec.ProxyHomeTest(index, cookie, token, care_of_address=at[CN])
            case "HoT":
                answer = codec.HomeTest(index, cookie, token)
            case _:
                answer = codec.CareOfTest(index, cookie, token)
        return plain_packet(answer, at[CN], at[message["address"]])

    def _acknowledgement(self, message: Fields) -> Packet:
        """A refusal without authenticator, or an acceptance with tokens of its own choice."""
        at = self.stage.addresses
        options: list[codec.Option] = []
        for token in message["tokens"]:
            octets = self.knowledge.random.take(TOKEN_OCTETS)
            if token[0] == "enc":
                public = keys.der_public_key(keys.name_of(token[1]))
                octets = tokens.encrypt_token(public, octets, self.knowledge.random.take(32))
            options.append(codec.PermanentHomeKeygenTokenOption(octets))
        if message["care_of_token"] is not None:
            options.append(codec.CareOfTestOption(self.knowledge.random.take(TOKEN_OCTETS)))
            options.append(codec.NonceIndicesOption(0, self.stage.nonces[message["care_of_nonce"]]))
        mac = message["mac"]
        kbm = self._kbm(mac[1], self.token) if mac is not None and mac[0] == "mac" else None
        if kbm is not None:
            options.append(codec.BindingAuthorizationDataOption())
        flags = BindingAcknowledgementFlag.PROXY_REGISTRATION if message["proxy"] else BindingAcknowledgementFlag(0)
        lifetime = 0 if message["status"] else UNITS
        answer = codec.BindingAcknowledgement(
            message["status"], message["seq"], lifetime, flags, options=tuple(options)
        )
        # The address that the authenticator covers is where the receiver is now.
        covered = mac[2] if mac is not None and mac[0] == "mac" else None
        care_of = at[covered or message["care_of"]]
        routed = at[HOA] if not message["proxy"] and care_of != at[HOA] else None
        blank = Packet(self.stage.receiver, care_of, MobilityHeader(b""), routing_home_address=routed)
        return self._sealed(answer, blank, care_of, kbm)
