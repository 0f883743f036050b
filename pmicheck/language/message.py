"""What messages and terms are, whatever the protocol."""

from __future__ import annotations

from typing import Any, Protocol

Term = tuple[Any, ...]
"""What a principal can hold, compute or learn: its first element names its constructor."""

FORGED: Term = ("forged",)
"""A term of the sender's own choice, which no honest node makes and nobody waits for."""

NONE: Term = ("none",)
"""Stands where a cookie, an authenticator or a proof should be and is not, or is of no account."""


class Message(Protocol):
    """A named tuple that knows the link it is on and the principal that will process it next."""

    @property
    def link(self) -> str: ...

    @property
    def to(self) -> str: ...

    def _asdict(self) -> dict[str, Any]: ...

    def __hash__(self) -> int: ...
