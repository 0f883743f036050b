"""What a correspondent answered to a packet, in the terms in which two correspondents are compared.

Tokens, nonces and ciphertexts are random, so of a token only its length counts. Of an authenticator counts whether it
is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from pmicheck.errors import WireError
from pmicheck.wire import codec
from pmicheck.wire.constants import TOKEN_OCTETS
from pmicheck.wire.packet import MobilityHeader, Packet

FIRST_REFUSAL = 128
"""The least status of a Binding Acknowledgement that refuses (RFC 6275 6.1.8)."""
ANSWERED = (codec.HomeTest, codec.CareOfTest, codec.ProxyHomeTest)


class Lean(StrEnum):
    """What a difference means for whoever is protected by the node under test."""

    WEAKER = "weaker"
    BROKEN = "broken"
    OTHER = "other"
    SAFER = "safer"


@dataclass(frozen=True)
class Answer:
    """One packet of an answer.

    Attributes:
        message: what it holds; None if it is no Mobility Header that can be decoded.
        shown: what is compared, by name.
    """

    octets: bytes
    packet: Packet
    message: codec.Message | None
    shown: Mapping[str, Any]

    @property
    def accepts(self) -> bool:
        """Whether it grants what was asked for."""
        if isinstance(self.message, codec.BindingAcknowledgement):
            return self.message.status < FIRST_REFUSAL
        return isinstance(self.message, ANSWERED)


IsSealed = Callable[[bytes, bytes], bool]
"""Whether an authenticator is right for a Mobility Header."""


def answer_in(octets: bytes, is_sealed: IsSealed) -> Answer:
    """The answer in a packet.

    Raises:
        WireError: it is no IPv6 packet, or its Mobility Header cannot be decoded.
    """
    packet = Packet.from_bytes(octets)
    shown: dict[str, Any] = {
        "source": packet.source,
        "destination": packet.destination,
        "routing header": packet.routing_home_address,
        "home address option": packet.home_address,
    }
    if not isinstance(packet.payload, MobilityHeader):
        return Answer(octets, packet, None, {"message": type(packet.payload).__name__, **shown})
    header = packet.payload.octets
    message = codec.decode(header, source=packet.checksum_source, destination=packet.checksum_destination)
    shown = {"message": type(message).__name__, **shown}
    if isinstance(message, codec.KnownMessage):
        names = (field.name for field in fields(message) if field.name not in ("options", "token"))
        shown |= {name.replace("_", " "): getattr(message, name) for name in names}
    if isinstance(message, ANSWERED):
        shown["token"] = f"{len(message.token)} octets"
    for option in message.options:
        _show_option(shown, option, header, is_sealed)
    return Answer(octets, packet, message, shown)


def _show_option(shown: dict[str, Any], option: codec.Option, header: bytes, is_sealed: IsSealed) -> None:
    name = type(option).__name__
    if isinstance(option, codec.BindingAuthorizationDataOption):
        shown[name] = "right" if is_sealed(header, option.authenticator) else "wrong"
        return
    for field in fields(option):
        value = getattr(option, field.name)
        shown[f"{name} {field.name}"] = f"{len(value)} octets" if isinstance(value, bytes) else value


def answers_in(packets: Iterable[bytes], is_sealed: IsSealed) -> tuple[Answer, ...]:
    """All answers. Raises WireError if one cannot be decoded."""
    return tuple(answer_in(octets, is_sealed) for octets in packets)


def garbled(error: WireError) -> str:
    """What is said of an answer that cannot be decoded."""
    return f"an answer that cannot be decoded ({error})"


@dataclass(frozen=True)
class Disagreement:
    """Two answers that differ: what each correspondent does, in words, and what that means."""

    lean: Lean
    ours: str
    theirs: str


def disagreement(ours: tuple[Answer, ...], theirs: tuple[Answer, ...], *, accepted: bool) -> Disagreement | None:
    """How the answers to one packet differ, None if they do not.

    Args:
        ours: those of the packet node; theirs: those of the node under test.
        accepted: the packet node did what the packet asks for.
    """
    if [answer.shown for answer in ours] == [answer.shown for answer in theirs]:
        return None
    grants = any(answer.accepts for answer in theirs)
    if grants and not accepted:
        lean = Lean.WEAKER
    elif accepted and ours and not theirs:
        lean = Lean.BROKEN
    elif accepted and theirs and not grants:
        lean = Lean.SAFER
    else:
        lean = _lean_of_contents(ours, theirs) if accepted else Lean.OTHER
    return Disagreement(lean, _said(ours, theirs, accepted), _said(theirs, ours, accepted=grants))


def _lean_of_contents(ours: tuple[Answer, ...], theirs: tuple[Answer, ...]) -> Lean:
    """Of two acceptances: the one with the longer lifetime is weaker, and the one that shows a token in clear."""
    if len(ours) != 1 or len(theirs) != 1:
        return Lean.OTHER
    if _in_clear(theirs[0]) - _in_clear(ours[0]):
        return Lean.WEAKER
    differs = {name for name in ours[0].shown.keys() | theirs[0].shown.keys() if _differ(ours[0], theirs[0], name)}
    if differs != {"lifetime"}:
        return Lean.OTHER
    return Lean.WEAKER if theirs[0].shown["lifetime"] > ours[0].shown["lifetime"] else Lean.SAFER


def _in_clear(answer: Answer) -> set[str]:
    """The options of an acknowledgement in which a token can be read: only a ciphertext is longer."""
    return (
        {type(option).__name__ for option in answer.message.options if _shows_token(option)}
        if answer.message
        else set()
    )


def _shows_token(option: codec.Option) -> bool:
    hidden = getattr(option, "ciphertext", None)
    return isinstance(option, codec.CareOfTestOption) or (hidden is not None and len(hidden) == TOKEN_OCTETS)


def _differ(one: Answer, other: Answer, name: str) -> bool:
    return bool(one.shown.get(name) != other.shown.get(name))


def _said(answers: tuple[Answer, ...], others: tuple[Answer, ...], accepted: bool) -> str:
    """The answers in words, as far as they differ from the others."""
    if not answers:
        return "accepts without an answer" if accepted else "is silent"
    told = []
    for number, answer in enumerate(answers):
        other = others[number] if number < len(others) else None
        names = [name for name in answer.shown if other is not None and _differ(answer, other, name)]
        missing = [name for name in (other.shown if other is not None else {}) if name not in answer.shown]
        parts = [f"{name} {_plain(answer.shown[name])}" for name in names if name != "message"]
        status = f" {_plain(answer.shown['status'])}" if "status" in answer.shown and "status" not in names else ""
        told.append(f"{answer.shown['message']}{status}" + "".join(f", {part}" for part in parts + _without(missing)))
    return "; ".join(told)


def _without(missing: list[str]) -> list[str]:
    return [f"no {name}" for name in missing]


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, int) else value.hex() if isinstance(value, bytes) else str(value)
