"""The names that a trace uses, and the addresses and identities behind them: "HoA", "attacker's HoA", "stranger's HoA",
"CoA1", "CoA2", "attacker", "bystander", "cn", "ha" and so on, as the model calls them.

Everything is drawn from one seed, so two replays give the same octets.
"""

from __future__ import annotations

from functools import cache
from ipaddress import IPv6Address
from typing import TypeVar

from pmicheck.errors import UsageError
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import cga, keys

SEED = b"pmicheck replay"

HOA, ATTACKER_HOME, STRANGER_HOME = "HoA", "attacker's HoA", "stranger's HoA"
HOMES = (HOA, ATTACKER_HOME, STRANGER_HOME)
CN_HOME = "CN's HoA"
"""Home address of a correspondent node that is a mobile node itself (type 2)."""
COA1, COA2, ATTACKER, BYSTANDER = "CoA1", "CoA2", "attacker", "bystander"
CN, HA, MN, PMA1, PMA2, ROGUE_CN = "cn", "ha", "mn", "pma1", "pma2", "rogue-cn"
HA2, PMA3, COA3 = "ha2", "pma3", "CoA3"
"""The home agent of a type 2 correspondent, its proxy agent, and that agent's address."""
PMA4, COA4, PMA5, COA5 = "pma4", "CoA4", "pma5", "CoA5"
"""The agents after a second and a third handover, and their addresses."""
CARE_OF = {PMA1: COA1, PMA2: COA2, PMA3: COA3, PMA4: COA4, PMA5: COA5}
AGENTS = (PMA1, PMA2, PMA4, PMA5)
"""Who serves the mobile node, one after the other."""
AWAY, AT_HOME = "away", "home"
SINKS = (ATTACKER, BYSTANDER, ATTACKER_HOME, STRANGER_HOME)
"""Where packets end that no node gets."""

_IDENTITIES = {
    HOA: ("mobile_node", "2001:db8:1::"),
    ATTACKER_HOME: ("attacker", "2001:db8:bad:1::"),
    STRANGER_HOME: ("attacker", "2001:db8:3::"),
    CN_HOME: ("correspondent_node", "2001:db8:5::"),
    CN: ("correspondent_node", "2001:db8:2::"),
}
"""Addresses that are made from a key: whose, in which network."""

K = TypeVar("K")
V = TypeVar("V")


class Named(dict[K, V]):
    """What a trace has names for; asking for what is not there is a mistake of the trace.

    Raises:
        UsageError: nothing has that name.
    """

    def __missing__(self, name: K) -> V:
        raise UsageError(f"nothing here has the name {name!r}")


def other_end(home: str) -> str:
    """The home address of the node that the one with this home address talks to (type 2)."""
    return HOA if home == CN_HOME else CN_HOME


@cache
def identity_of(name: str, prefix: str) -> tuple[IPv6Address, CgaIdentity]:
    """An address made from a principal's key in a network, with what proves it (RFC 3972)."""
    network = IPv6Address(prefix).packed[:8]
    address, parameters = cga.generate(keys.der_public_key(name), network, 0, modifier=bytes(16))
    return address, CgaIdentity(keys.private_key(name), parameters)


def identity_at(name: str) -> CgaIdentity:
    """What proves the address of this name."""
    return identity_of(*_IDENTITIES[name])[1]


def identity_of_agent(name: str) -> CgaIdentity:
    """The key pair of a proxy agent; it proves no address that anything is sent from."""
    return identity_of(name, "2001:db8:99::")[1]


def profile_of(home: str) -> MobileProfile:
    """What an agent is told of a node with this home address (N102)."""
    identity = identity_at(home)
    return MobileProfile(identity_of(*_IDENTITIES[home])[0], identity.private_key, identity.cga_parameters)


def addresses() -> Named[str, IPv6Address]:
    """The address of each name."""
    plain = {
        COA1: "2001:db8:11::1",
        COA2: "2001:db8:12::1",
        COA3: "2001:db8:13::1",
        COA4: "2001:db8:15::1",
        COA5: "2001:db8:16::1",
        ATTACKER: "2001:db8:bad::1",
        ROGUE_CN: "2001:db8:bad::2",
        BYSTANDER: "2001:db8:4::1",
        HA: "2001:db8:1::1",
        HA2: "2001:db8:5::1",
    }
    made = {name: identity_of(*identity)[0] for name, identity in _IDENTITIES.items()}
    return Named(made | {name: IPv6Address(address) for name, address in plain.items()})
