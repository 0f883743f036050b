"""Octets for the model's terms and messages: what an attacker who knows everything would send.

A term that stands for nothing real (a nonce that does not exist, a token never issued, a forged one) becomes random
octets; so does an authenticator that is made over other fields than those of the message it stands in.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
from dataclasses import dataclass, field
from typing import Any

from pmicheck.bench.names import ATTACKER, CARE_OF, CN, HA, HOA, identity_of
from pmicheck.bench.type1 import PlainStage
from pmicheck.language.message import Term
from pmicheck.model.messages import Acknowledgement, Test, TestInit, Update
from pmicheck.model.policy import Policy
from pmicheck.model.roles.acknowledgement import acknowledgement_authenticator
from pmicheck.model.roles.authorisation import header_of, signed_part
from pmicheck.nodes import sealing
from pmicheck.nodes.correspondent.nonces import HANDOVER_INDEX, PERMANENT_INDEX
from pmicheck.nodes.node import plain_packet
from pmicheck.replay.knowledge import SeenUpdate
from pmicheck.wire import cga, checksum, codec, keys, tokens
from pmicheck.wire.constants import (
    AUTHENTICATOR_OCTETS,
    COOKIE_OCTETS,
    LIFETIME_UNIT,
    MAX_CGA_BINDING_LIFETIME,
    TOKEN_OCTETS,
    BindingAcknowledgementFlag,
    BindingUpdateFlag,
    NextHeader,
)
from pmicheck.wire.options import encode_options
from pmicheck.wire.packet import MobilityHeader, Packet

KEY_FILES = {"mn": "mobile_node", "attacker": "attacker", "pma1": "pma1", "pma2": "pma2"}
SIGNATURE_OCTETS = 128
NO_SUCH_NONCE = 900
FILLER = 18
"""Option type for experiments (RFC 5096), which a receiver skips."""


@dataclass
class Octets:
    """Names of the model on one stage.

    Attributes:
        permanent, handover: tokens that the correspondent issued, by home address and generation.
    """

    stage: PlainStage
    policy: Policy
    rng: random.Random
    permanent: dict[str, dict[int, bytes]] = field(default_factory=dict)
    handover: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def noise(self, octets: int) -> bytes:
        return self.rng.randbytes(octets)

    def index(self, nonce: int) -> int:
        """The index of a nonce of the model, or one that names none."""
        return self.stage.nonces.get(nonce, NO_SUCH_NONCE + nonce)

    def token(self, term: Term, *, care_of: bool = False) -> bytes:
        """A home or care-of keygen token, PT or HT; without the domain octet C has the form of a T."""
        at, cn = self.stage.addresses, self.stage.cn
        if care_of and term[0] == "T" and not self.policy.on("token-domain-octet"):
            term = ("C", *term[1:])
        found: bytes | None = None
        match term:
            case ("zero",):
                return sealing.ZERO_TOKEN
            case ("T", name, nonce, _) if self.policy.on("home-test") and nonce in self.stage.nonces:
                found = cn.home_keygen_token(self.stage.nonces[nonce], at[name])
            case ("C", name, nonce, _) if self.policy.on("careof-test") and nonce in self.stage.nonces:
                found = cn.care_of_keygen_token(self.stage.nonces[nonce], at[name])
            case ("PT", name, generation, _):
                found = self.permanent.get(name, {}).get(generation)
            case ("HT", name, generation, _):
                found = self.handover.get(name, {}).get(generation)
        return hashlib.sha256(repr(term).encode()).digest()[:TOKEN_OCTETS] if found is None else found

    def key(self, kbm: Term) -> bytes:
        return tokens.binding_management_key(
            self.token(kbm[1]), None if kbm[2] is None else self.token(kbm[2], care_of=True)
        )

    # Binding updates.

    def update(self, update: Update, seen: SeenUpdate | None = None) -> bytes:
        """The packet; `seen` lends it authenticator and signature (where the terms say that they are the seen ones)."""
        at = self.stage.addresses
        blank = self._frame(update)
        options = self._first_options(update)
        if update.key is not None:
            options += [
                codec.CgaParametersOption(self.parameters(update)),
                codec.SignatureOption(bytes(SIGNATURE_OCTETS)),
            ]
        options += self._last_options(update)
        flags = BindingUpdateFlag.ACKNOWLEDGE
        if update.proxy:
            flags |= BindingUpdateFlag.PROXY_REGISTRATION
        lifetime = MAX_CGA_BINDING_LIFETIME // LIFETIME_UNIT if update.lifetime else 0
        lifetime = lifetime if seen is None else seen.message.lifetime
        message = codec.BindingUpdate(update.seq, lifetime, flags, options=tuple(options))

        def sign(covered: bytes) -> bytes:
            term = update.sig
            if seen is not None and seen.signature is not None:
                return seen.signature
            if term is None or term[0] != "sig" or term[5] != signed_part(self.policy, update):
                return self.noise(SIGNATURE_OCTETS)
            care_of = at[update.care_of if term[3] is None else term[3]]
            data = sealing.signed_data(self.stage.policy, care_of, at[term[4] or CN], covered)
            return keys.sign(keys.private_key(KEY_FILES[term[1]]), data)

        def authenticate(header: bytes) -> bytes:
            if seen is not None:
                assert seen.authenticator is not None
                return seen.authenticator
            return self._authenticator(update, header)

        octets = codec.seal(
            message,
            source=blank.checksum_source,
            destination=blank.checksum_destination,
            sign=sign if update.key is not None else None,
            authenticate=authenticate,
        )
        return dataclasses.replace(blank, payload=MobilityHeader(octets)).to_bytes()

    def _authenticator(self, update: Update, header: bytes) -> bytes:
        at, term = self.stage.addresses, update.mac
        if term[0] != "mac" or term[4] != header_of(self.policy, update):
            return self.noise(AUTHENTICATOR_OCTETS)
        care_of = at[term[2] or (update.care_of if update.lifetime else update.home)]
        return sealing.mac(self.stage.policy, self.key(term[1]), care_of, at[term[3] or CN], header)

    def _frame(self, update: Update) -> Packet:
        at = self.stage.addresses
        home, care_of = at[update.home], at[update.care_of]
        by_source = update.proxy and self.policy.reads("hoa_conveyance", "source")
        option = home if update.hao or (not update.proxy and care_of != home) else None
        return Packet(home if by_source else care_of, at[CN], MobilityHeader(b""), home_address=option)

    def _first_options(self, update: Update) -> list[codec.Option]:
        at = self.stage.addresses
        if not update.proxy:
            return []
        if self.policy.reads("hoa_conveyance", "source"):
            return [codec.AlternateCareOfAddressOption(at[update.care_of])]
        return [codec.MobileNodeHomeAddressOption(at[update.home])]

    def _last_options(self, update: Update) -> list[codec.Option]:
        options: list[codec.Option] = [codec.CareOfTestInitOption()] if update.test else []
        if update.proxy and self.policy.reads("cn_cga_on_pba", "on"):
            options.append(codec.CgaParametersRequestOption())
        home = {"PT": PERMANENT_INDEX, "HT": HANDOVER_INDEX}.get(update.credential, self.index(update.nonce))
        care_of = self.index(update.care_of_nonce) if update.care_of_nonce else 0
        return [*options, codec.NonceIndicesOption(home, care_of), codec.BindingAuthorizationDataOption()]

    def parameters(self, update: Update) -> bytes:
        """CGA Parameters with the key that the update names."""
        if update.key == "mn":
            return self.stage.profile.cga_parameters
        if update.key in CARE_OF:
            return identity_of(update.key, "2001:db8:99::")[1].cga_parameters
        prefix = self.stage.addresses[update.home].packed[:8]
        return cga.generate(keys.der_public_key("attacker"), prefix, 0, modifier=bytes(16))[1]

    def rejoined(self, update: Update, seen: SeenUpdate) -> bytes | None:
        """The seen signature with other options after it, in the length that it covers; None if they do not fit."""
        end = len(codec.signed_part(seen.header))
        prefix = seen.header[: end + 2 + seen.header[end + 1]]
        header = None
        for filler in range(-2, 24):
            extra = [] if filler < 0 else [codec.UnknownOption(FILLER, bytes(filler))]
            header = prefix + encode_options([*extra, *self._last_options(update)], len(prefix))
            if len(header) == len(seen.header):
                break
        else:
            return None
        header = header[:-AUTHENTICATOR_OCTETS] + self._authenticator(update, header)
        return _with_checksum(self._frame(update), header)

    # Tests and acknowledgements.

    def test_init(self, init: TestInit) -> bytes:
        at, cookie = self.stage.addresses, self.noise(COOKIE_OCTETS)
        message: codec.KnownMessage
        match init.kind:
            case "HoTI":
                message = codec.HomeTestInit(cookie)
            case "CoTI":
                message = codec.CareOfTestInit(cookie)
            case _:
                message = codec.ProxyHomeTestInit(cookie, at[ATTACKER])
        if init.to == HA:
            inner = plain_packet(message, at[HOA], at[CN])
            return Packet(at[self.stage.serving], at[HA], inner).to_bytes()
        home = None if init.hao is None else at[init.hao]
        source = at[init.address]
        octets = codec.encode(message, source=source if home is None else home, destination=at[CN])
        return Packet(source, at[CN], MobilityHeader(octets), home_address=home).to_bytes()

    def test(self, test: Test) -> bytes:
        at = self.stage.addresses
        known = self.stage.cookies.get(test.cookie[1:]) if test.cookie[0] == "cookie" else None
        cookie = self.noise(COOKIE_OCTETS) if known is None else known
        care_of = test.kind == "CoT"
        token = self.token(test.token, care_of=care_of) if test.token[0] in "TC" else self.noise(TOKEN_OCTETS)
        if test.token[0] == "T" and not self.policy.on("home-test"):
            token = sealing.ZERO_TOKEN
        index = self.index(test.nonce)
        answer: codec.KnownMessage
        match test.kind:
            case "PHoT":
                answer = codec.ProxyHomeTest(index, cookie, token, care_of_address=at[CN])
            case "HoT":
                answer = codec.HomeTest(index, cookie, token)
            case _:
                answer = codec.CareOfTest(index, cookie, token)
        return plain_packet(answer, at[CN], at[test.address]).to_bytes()

    def acknowledgement(self, ack: Acknowledgement) -> bytes:
        at = self.stage.addresses
        options: list[codec.Option] = []
        for term in ack.tokens:
            octets = self.noise(TOKEN_OCTETS)
            if term[0] == "enc":
                octets = tokens.encrypt_token(keys.der_public_key(KEY_FILES[term[1]]), octets, self.noise(32))
            options.append(codec.PermanentHomeKeygenTokenOption(octets))
        if ack.care_of_token is not None:
            real = ack.care_of_token[0] in "TC"
            token = self.token(ack.care_of_token, care_of=True) if real else self.noise(TOKEN_OCTETS)
            options += [codec.CareOfTestOption(token), codec.NonceIndicesOption(0, self.index(ack.care_of_nonce))]
        if ack.mac is not None:
            options.append(codec.BindingAuthorizationDataOption())
        flags = BindingAcknowledgementFlag.PROXY_REGISTRATION if ack.proxy else BindingAcknowledgementFlag(0)
        lifetime = 0 if ack.status else MAX_CGA_BINDING_LIFETIME // LIFETIME_UNIT
        message = codec.BindingAcknowledgement(ack.status, ack.seq, lifetime, flags, options=tuple(options))
        care_of = at[ack.care_of]
        routed = at[HOA] if not ack.proxy and care_of != at[HOA] else None
        blank = Packet(at[CN], care_of, MobilityHeader(b""), routing_home_address=routed)

        def authenticate(header: bytes) -> bytes:
            term: Any = ack.mac
            right = term[0] == "mac" and term == acknowledgement_authenticator(
                self.policy,
                ack.proxy,
                ack.care_of,
                term[1],
                (ack.seq, ack.care_of_token, ack.care_of_nonce, ack.tokens),
            )
            if not right:
                return self.noise(AUTHENTICATOR_OCTETS)
            return sealing.mac(self.stage.policy, self.key(term[1]), care_of, at[CN], header)

        octets = codec.seal(
            message,
            source=blank.checksum_source,
            destination=blank.checksum_destination,
            authenticate=None if ack.mac is None else authenticate,
        )
        return dataclasses.replace(blank, payload=MobilityHeader(octets)).to_bytes()


def _with_checksum(blank: Packet, header: bytes) -> bytes:
    zeroed = header[:4] + bytes(2) + header[6:]
    value = checksum.checksum(blank.checksum_source, blank.checksum_destination, NextHeader.MOBILITY, zeroed)
    payload = MobilityHeader(header[:4] + value.to_bytes(2, "big") + header[6:])
    return dataclasses.replace(blank, payload=payload).to_bytes()
