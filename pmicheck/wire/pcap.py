"""Classic pcap files of IPv6 packets, for Wireshark and tshark (draft-ietf-opsawg-pcap)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

from pmicheck.errors import OutputError

EPOCH = 1_000_000_000.0
"""Where a trace begins in a capture: a fixed moment, so that two captures of one trace are alike."""
LINK_TYPE_IPV6 = 229
"""LINKTYPE_IPV6: a record begins with the IPv6 header."""

_MAGIC = 0xA1B2C3D4
"""Microsecond time stamps; little-endian, as all numbers of the file."""
_VERSION = (2, 4)
_SNAP_LENGTH = 262_144
_MICROSECONDS = 1_000_000


def encode(packets: Iterable[tuple[float, bytes]]) -> bytes:
    """The capture that holds (seconds since 1970, IPv6 packet) records, in the order given.

    Raises:
        ValueError: a time lies before 1970 or after 2106.
    """
    header = struct.pack("<IHHiIII", _MAGIC, *_VERSION, 0, 0, _SNAP_LENGTH, LINK_TYPE_IPV6)
    return header + b"".join(_record(seconds, octets) for seconds, octets in packets)


def write(path: str | os.PathLike[str], packets: Iterable[tuple[float, bytes]]) -> None:
    """Write what `encode` makes of the packets.

    The file appears under its name only when it is whole: it is written beside it and renamed.

    Raises:
        OutputError: the file cannot be written.
        ValueError: a time lies before 1970 or after 2106.
    """
    target = Path(path)
    octets = encode(packets)
    temporary = target.parent / f".{target.name}.{os.getpid()}.tmp"
    try:
        try:
            temporary.write_bytes(octets)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"the capture {target} cannot be written: {error.strerror}") from error


def _record(seconds: float, octets: bytes) -> bytes:
    microseconds = round(seconds * _MICROSECONDS)
    whole, fraction = divmod(microseconds, _MICROSECONDS)
    if not 0 <= whole < 1 << 32:
        raise ValueError(f"a time in a capture must lie between 0 and {(1 << 32) - 1} seconds, not {seconds}")
    return struct.pack("<IIII", whole, fraction, len(octets), len(octets)) + octets
