"""The packets of a trace as a capture file, for Wireshark and tshark: a function of the record alone."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.report.octets.table import octets_of
from pmicheck.trace import Trace
from pmicheck.wire import pcap

LATEST = (1 << 32) - 1 - pcap.EPOCH
"""Seconds from the beginning of a trace that a capture can tell."""


def capture(trace: Trace) -> bytes:
    """A classic pcap file (LINKTYPE_IPV6) of the packets of a trace, at their times; one without packets is valid, too.

    A step whose time is not known, or is none that a capture can hold, has that of the packet before it.
    """
    return pcap.encode(_packets(trace))


def _packets(trace: Trace) -> Iterator[tuple[float, bytes]]:
    at = 0.0
    for step in trace.steps:
        if step.time is not None and 0 <= step.time < LATEST:
            at = step.time
        if octets := octets_of(step):
            yield pcap.EPOCH + at, octets
