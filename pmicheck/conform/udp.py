"""A node under test in a process of its own: each UDP datagram is one IPv6 packet.

An empty datagram asks the node to forget everybody; it answers with an empty one. The node has its own clock, so the
seconds of a trace pass in fact.
"""

from __future__ import annotations

import re
import socket
import time
from ipaddress import IPv6Address

from pmicheck.conform.node import Factory, OutOfTime
from pmicheck.errors import UsageError

LARGEST = 65535
"""Octets of a datagram at most."""
ANSWER = 2.0
"""Seconds within which the node has to say that it has forgotten everybody."""
QUIET = 0.02
"""Seconds without a packet after which a node has nothing more to send."""


class NodeOverUdp:
    """See the module.

    Args:
        where: host and port of the node.
        patience: seconds that a trace may take.

    Raises:
        OSError: there is no answer; TimeoutError if it does not come in time.
    """

    def __init__(self, where: tuple[str, int], address: IPv6Address, patience: float) -> None:
        self.address = address
        self._patience = patience
        self._socket = _connected(where)
        self._socket.settimeout(ANSWER)
        self._socket.send(b"")
        while self._socket.recv(LARGEST):
            pass  # a late answer to the trace before
        self._began = time.monotonic()

    def receive(self, octets: bytes, now: float) -> None:
        """Sends the node a packet at its time."""
        self.advance(now)
        self._socket.send(octets)

    def packets_to_send(self) -> list[bytes]:
        """What the node sends until it is quiet."""
        packets = []
        self._socket.settimeout(QUIET)
        while True:
            try:
                packets.append(self._socket.recv(LARGEST))
            except TimeoutError:
                return packets

    def advance(self, now: float) -> None:
        """Waits until so many seconds have passed. Raises OutOfTime if the trace takes too long."""
        if now > self._patience:
            raise OutOfTime(f"it takes more than {self._patience:g} s")
        time.sleep(max(0.0, self._began + now - time.monotonic()))


def _connected(where: tuple[str, int]) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
    connected = socket.socket(family, kind, protocol)
    connected.connect(place)
    return connected


def factory_over_udp(place: str, patience: float) -> Factory:
    """The node at HOST:PORT, or at [ADDRESS]:PORT. Raises UsageError for anything else."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+)):([0-9]{1,5})", place, re.ASCII)
    if found is None or not 0 < int(found[3]) <= LARGEST:
        raise UsageError(f"a node over UDP is at HOST:PORT, not {place!r}")
    where = (found[1] or found[2], int(found[3]))
    return lambda address: NodeOverUdp(where, address, patience)
