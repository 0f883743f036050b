"""What a step tells of a message and of a cell: values as JSON holds them, and who a message claims to come from."""

from __future__ import annotations

from typing import Any

from pmicheck.language.message import Message
from pmicheck.model.messages import (
    Acknowledgement,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    HandoverToken,
    PeerAcknowledgement,
    PeerUpdate,
    Test,
    TestInit,
    Trigger,
    Update,
)
from pmicheck.model.roles.binding_cache import Entry
from pmicheck.model.roles.registration import Registration
from pmicheck.model.topology import CARE_OF, MN
from pmicheck.trace import listed


def as_json(message: Message) -> dict[str, Any]:
    """The message as JSON values: its class under "type", its fields by name, terms as nested lists."""
    return {
        "type": type(message).__name__,
        **{name: listed(value) for name, value in message._asdict().items()},
    }


def value_as_json(value: Any) -> Any:
    """The value of a cell as JSON: named fields by name, tuples as lists."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: listed(part) for name, part in value._asdict().items()}
    return listed(value)


def sender(message: Message) -> str:
    """Who the message claims to come from, as far as its own fields tell."""
    match message:
        case TestInit(link="ha-cn") if message.kind != "CoTI" and message.to == message.at:
            return "ha" if message.cookie[0] == "cookie" else ""
        case TestInit():
            return str(message.cookie[1]) if message.cookie[0] == "cookie" else message.address
        case Test(link="tunnel") | Acknowledgement(link="tunnel"):
            return "ha"
        case Test() | Acknowledgement():
            return message.at
        case Update():
            owners = {care_of: pma for pma, care_of in CARE_OF.items()}
            return owners.get(message.care_of, message.care_of) if message.proxy else MN
        case HandoverToken():
            return message.sender if message.to == "ha" else "ha"
        case CacheRequest() | ContextRequest():
            return message.asker
        case CacheAnswer():
            return "ha2"
        case PeerUpdate():
            return next((pma for pma, care_of in CARE_OF.items() if care_of == message.care_of), message.care_of)
        case PeerAcknowledgement() | ContextData():
            return "pma1"
        case Data():
            return message.outer or message.source
        case Trigger():
            return MN
    raise TypeError(f"{message!r} is no message of the draft")


def remarks(value: Any) -> tuple[str, ...]:
    """What the value of a cell means, in words."""
    match value:
        case Entry():
            return value.care_of, "verified" if value.verified else "unverified"
        case Registration():
            tokens = " ".join(f"{name}{number}" for name, number in (("PT", value.pt), ("HT", value.ht)) if number)
            return value.stage, f"last number {value.seq}", *((f"holds {tokens}",) if tokens else ())
        case None:
            return ("none",)
        case tuple():
            return tuple(map(str, value)) or ("none",)
        case _:
            return (str(value),)
