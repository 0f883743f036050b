"""What an attacker holds, in octets: read from packets, decrypted with keys it has, or taken from a corrupted node.

Nothing comes in but by `see`, `take_key`, `take_token` and its own randomness, so a packet that `forge` builds from
here consists of what the attacker legitimately has.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.errors import PmicheckError, WireError
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.node import Randomness
from pmicheck.wire import codec, keys, tokens
from pmicheck.wire.constants import TOKEN_OCTETS, BindingUpdateFlag
from pmicheck.wire.delegation import Delegation
from pmicheck.wire.packet import MobilityHeader, Packet


class Lacking(PmicheckError):
    """The attacker does not have what a packet needs; the text names it."""


def innermost(packet: Packet) -> Packet:
    """The packet inside all tunnels."""
    while isinstance(packet.payload, Packet):
        packet = packet.payload
    return packet


def message_in(packet: Packet) -> codec.Message | None:
    """The mobility message in the innermost packet; None if there is none or it cannot be read."""
    inner = innermost(packet)
    if not isinstance(inner.payload, MobilityHeader):
        return None
    try:
        return codec.decode(inner.payload.octets, source=inner.checksum_source, destination=inner.checksum_destination)
    except WireError:
        return None


@dataclass(frozen=True)
class SeenUpdate:
    """A (proxy) binding update as anybody can read it off the wire.

    Args:
        care_of_address: by the Alternate Care-of Address option or the source; in a deregistration the source.
        correspondent: where it goes.
    """

    packet: Packet
    header: bytes
    message: codec.BindingUpdate
    home_address: IPv6Address
    care_of_address: IPv6Address
    correspondent: IPv6Address

    @property
    def proxy(self) -> bool:
        return bool(self.message.flags & BindingUpdateFlag.PROXY_REGISTRATION)

    @property
    def identity(self) -> tuple[bytes, IPv6Address, IPv6Address]:
        """The message as a whole: its octets but the checksum, and the addresses that they leave to the packet."""
        return self.header[:4] + self.header[6:], self.home_address, self.care_of_address

    @property
    def proofs(self) -> dict[str, bytes]:
        """What vouches for it: authenticator and signature, as far as they are there."""
        found = {"authenticator": self.authenticator, "signature": self.signature}
        return {name: octets for name, octets in found.items() if octets is not None}

    @property
    def indices(self) -> tuple[int, int]:
        """Home and care-of nonce index."""
        option = codec.option_of(self.message, codec.NonceIndicesOption)
        return (0, 0) if option is None else (option.home, option.care_of)

    @property
    def authenticator(self) -> bytes | None:
        option = codec.option_of(self.message, codec.BindingAuthorizationDataOption)
        return None if option is None else option.authenticator

    @property
    def signature(self) -> bytes | None:
        option = codec.option_of(self.message, codec.SignatureOption)
        return None if option is None else option.signature

    @property
    def cga_parameters(self) -> bytes | None:
        option = codec.option_of(self.message, codec.CgaParametersOption)
        return None if option is None else option.parameters

    @property
    def delegation(self) -> bytes | None:
        option = codec.option_of(self.message, codec.DelegationOption)
        return None if option is None else option.delegation


def update_in(packet: Packet) -> SeenUpdate | None:
    """The binding update in a packet, None if it holds none."""
    inner = innermost(packet)
    message = message_in(inner)
    if not isinstance(message, codec.BindingUpdate):
        return None
    assert isinstance(inner.payload, MobilityHeader)
    conveyed = codec.option_of(message, codec.MobileNodeHomeAddressOption)
    alternate = codec.option_of(message, codec.AlternateCareOfAddressOption)
    home = inner.home_address or (inner.source if conveyed is None else conveyed.address)
    care_of = inner.source if alternate is None else alternate.address
    return SeenUpdate(inner, inner.payload.octets, message, home, care_of, inner.destination)


class Knowledge:
    """All that one attacker knows.

    Attributes:
        seen: packets in the order in which it saw them.
        updates: the binding updates among them.
        octets_sent: size of all packets that it has sent.
    """

    def __init__(self, seed: bytes) -> None:
        self.random = Randomness(seed, b"attacker")
        self.seen: list[bytes] = []
        self.updates: list[SeenUpdate] = []
        self.octets_sent = 0
        self._keys: dict[int, tuple[str, rsa.RSAPrivateKey]] = {}
        self._held: dict[bytes, str] = {}
        self._ciphertexts: list[tuple[bytes, str]] = []
        self._delegations: dict[tuple[IPv6Address, bytes], bytes] = {}
        self.take_key(keys.private_key("attacker"), "its own")

    # What comes in.

    def see(self, packet: bytes, how: str) -> None:
        """Reads a packet: keeps it, and every token and cookie in it that it can read."""
        self.seen.append(packet)
        try:
            parsed = Packet.from_bytes(packet)
        except WireError:
            return
        update = update_in(parsed)
        if update is not None:
            self.updates.append(update)
            self._take_delegation(update.home_address, update.delegation)
            return
        match message_in(parsed):
            case codec.HomeTestInit(cookie) | codec.CareOfTestInit(cookie) | codec.ProxyHomeTestInit(cookie):
                self.take_token(cookie, how)
            case codec.HomeTest() | codec.CareOfTest() | codec.ProxyHomeTest() as test:
                self.take_token(test.cookie, how)
                self.take_token(test.token, how)
            case codec.BindingAcknowledgement() as message:
                self._see_acknowledgement(message, how)

    def _see_acknowledgement(self, message: codec.BindingAcknowledgement, how: str) -> None:
        for option in message.options:
            match option:
                case codec.CareOfTestOption(token):
                    self.take_token(token, how)
                case (
                    codec.PermanentHomeKeygenTokenOption(hidden)
                    | codec.HandoverHomeKeygenTokenOption(hidden)
                    | codec.EncryptedCareOfTestOption(hidden)
                ):
                    if len(hidden) == TOKEN_OCTETS:
                        self.take_token(hidden, how)
                    self._ciphertexts.append((hidden, how))
                    for _, key in self._keys.values():
                        self._open(key, hidden, how)

    def _open(self, key: rsa.RSAPrivateKey, ciphertext: bytes, how: str) -> None:
        token = tokens.decrypt_token(key, ciphertext) if len(ciphertext) == (key.key_size + 7) // 8 else None
        if token is not None:
            self.take_token(token, f"{how}, and decrypted")

    def take_token(self, octets: bytes, how: str) -> None:
        """Comes to hold a token or cookie."""
        self._held.setdefault(octets, how)

    def take_key(self, key: rsa.RSAPrivateKey, how: str) -> None:
        """Comes to hold a private key, and opens with it what it has kept."""
        modulus = key.public_key().public_numbers().n
        if modulus in self._keys:
            return
        self._keys[modulus] = how, key
        for ciphertext, origin in self._ciphertexts:
            self._open(key, ciphertext, origin)

    def take_agent(self, agent: ProxyMobileAgent, home_address: IPv6Address, how: str) -> None:
        """Everything that a corrupted proxy agent holds of a mobile node, read from the agent itself."""
        for key in agent.private_keys(home_address):
            self.take_key(key, how)
        self._take_delegation(home_address, agent.delegation(home_address))
        for registration in agent.registrations(home_address):
            for token in (registration.permanent, registration.handover):
                if token is not None:
                    self.take_token(token, how)
            for keygen in (registration.temporary, registration.care_of):
                if keygen is not None:
                    self.take_token(keygen.token, how)

    def _take_delegation(self, home_address: IPv6Address, octets: bytes | None) -> None:
        """Comes to hold a delegation; of two to the same key it keeps the newer one."""
        if octets is None:
            return
        try:
            new = Delegation.read(octets)
        except ValueError:
            return
        held = self._delegations.get((home_address, new.agent_key))
        if held is None or Delegation.read(held).serial <= new.serial:
            self._delegations[home_address, new.agent_key] = octets

    # What it can give.

    def holds(self, octets: bytes | None) -> bool:
        """Whether it has these octets, as token or cookie."""
        return octets is not None and octets in self._held

    def how(self, octets: bytes) -> str:
        """How it came to hold a token."""
        return self._held[octets]

    def delegation(self, home_address: IPv6Address, agent_key: bytes) -> bytes | None:
        """The delegation of a home address to a public key (DER), if it holds one."""
        return self._delegations.get((home_address, agent_key))

    def key(self, public: rsa.RSAPublicKey) -> rsa.RSAPrivateKey | None:
        """The private half of a public key, if it holds that."""
        held = self._keys.get(public.public_numbers().n)
        return None if held is None else held[1]
