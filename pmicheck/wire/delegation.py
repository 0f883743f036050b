"""A delegation: the mobile node's word that an agent may sign for it (this project's amendment agent_key).

    Serial (4) | Lifetime (2) | Care-of Address (16) | public key of the agent, DER | Signature

The mobile node signs, as RFC 4866 4.5 does it, with a type tag of this project:

    type tag (16) | home address (16) | all that stands before the Signature

The serial number counts the attachments of the node, so that the newest delegation is known without a clock. The
lifetime, in units of four seconds, bounds the bindings that are made with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.wire import keys
from pmicheck.wire.cga import der_length

TYPE_TAG = bytes.fromhex("4abd97c9d878d2045e848fc92a8ee42b")
"""A random CGA message type (RFC 3972 8): no signature of a binding update passes for a delegation."""
KEY_START = 22
"""Offset of the public key of the agent."""


@dataclass(frozen=True)
class Delegation:
    """What a delegation says.

    Args:
        lifetime: in units of four seconds.
        care_of_address: where the agent receives for the node.
        agent_key: DER SubjectPublicKeyInfo.
        signature: of the mobile node.
    """

    serial: int
    lifetime: int
    care_of_address: IPv6Address
    agent_key: bytes
    signature: bytes = b""

    @classmethod
    def read(cls, octets: bytes) -> Delegation:
        """What the octets say; whether the signature is good is another question.

        Raises:
            ValueError: they are too short, or no DER sequence stands where the key should.
        """
        if len(octets) <= KEY_START:
            raise ValueError(f"a delegation must have more than {KEY_START} octets, not {len(octets)}")
        end = KEY_START + der_length(octets[KEY_START:])
        return cls(
            serial=int.from_bytes(octets[:4], "big"),
            lifetime=int.from_bytes(octets[4:6], "big"),
            care_of_address=IPv6Address(octets[6:KEY_START]),
            agent_key=octets[KEY_START:end],
            signature=octets[end:],
        )

    @property
    def statement(self) -> bytes:
        """All that stands before the signature."""
        numbers = self.serial.to_bytes(4, "big") + self.lifetime.to_bytes(2, "big")
        return numbers + self.care_of_address.packed + self.agent_key

    @property
    def octets(self) -> bytes:
        """As it stands in option 247."""
        return self.statement + self.signature

    def signed(self, private_key: rsa.RSAPrivateKey, home_address: IPv6Address) -> Delegation:
        """The same with a signature of the mobile node's; equal octets for equal input."""
        return replace(self, signature=keys.sign(private_key, _signed_data(home_address, self.statement)))

    def is_signed_by(self, public_key_der: bytes, home_address: IPv6Address) -> bool:
        """Whether the private half of this key signed it for this home address; False for a key that is no RSA key."""
        return keys.is_signed(public_key_der, _signed_data(home_address, self.statement), self.signature)


def _signed_data(home_address: IPv6Address, statement: bytes) -> bytes:
    return TYPE_TAG + home_address.packed + statement
