"""A correspondent node of somebody else's, as the tests of `pmicheck conform` see it: IPv6 packets in, IPv6 packets
out."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Protocol, cast

from pmicheck.errors import PmicheckError, UsageError


class ForeignNode(Protocol):
    """The node under test. It may have `entry(home_address)` as well, which returns the care-of address of a binding,
    or None without one; otherwise payload shows which bindings it has."""

    @property
    def address(self) -> IPv6Address:
        """The address that it was made for."""

    def receive(self, octets: bytes, now: float) -> None:
        """Takes a whole IPv6 packet; `now` is in seconds since the beginning of the test."""

    def packets_to_send(self) -> Iterable[bytes]:
        """Takes out all that waits to be sent, as whole IPv6 packets, oldest first."""

    def advance(self, now: float) -> None:
        """Lets time pass without a packet."""


class OutOfTime(PmicheckError):
    """A node whose clock is its own would have to wait for too long, so the rest of a trace is not played."""


Factory = Callable[[IPv6Address], ForeignNode]
"""Makes a node that knows nobody yet, for an address. It is called once for each test."""


def factory_named(name: str) -> Factory:
    """The factory that MODULE:FACTORY names; the module may be in the working directory.

    Raises:
        UsageError: there is no such thing.
    """
    module, colon, factory = name.partition(":")
    if not colon or not module or not factory:
        raise UsageError(f"a target is MODULE:FACTORY, not {name!r}")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), factory)
    except Exception as error:
        raise UsageError(f"the target {name!r} cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise UsageError(f"the target {name!r} is not callable")
    return cast(Factory, found)
