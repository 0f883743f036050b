"""A packet under way is the message of a step only if each field of that message says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs
from test_replay import NAMES, replayed, stored, with_fields, with_steps

from pmicheck.bench import matching, peer_matching
from pmicheck.bench.matching import Compare, agrees, as_given, settled
from pmicheck.bench.names import BYSTANDER
from pmicheck.bench.stage import Stage
from pmicheck.errors import UsageError
from pmicheck.verdict import Replay
from pmicheck.wire.packet import Packet

Matched = tuple[Stage, Packet, Mapping[str, Any], dict[str, Compare]]


def another(value: Any, compare: Compare) -> Any:
    """A value that no packet of a stored trace has in its place."""
    if compare is as_given or isinstance(value, bool):
        return not value
    match value:
        case int():
            return value + 7
        case ["cookie", *_]:
            return ["cookie", "somebody", "home test", 1]
        case list():
            return [*value, ["PT", "HoA", 9, "cn"]]
        case _:
            return BYSTANDER


def is_open(message: Mapping[str, Any], field: str) -> bool:
    """Whether the packet of a message may have anything for a field, by the model's words for it."""
    match message["type"], field:
        case "Update", "care_of":
            return not message["lifetime"]
        case "Update", "nonce":
            return message["credential"] != "T"
        case "Update", "hao":
            return not message["proxy"]
        case "PeerUpdate", "seq":
            return bool(message["answers"])
        case "PeerAcknowledgement", "seq":
            return True
    return False


def not_agreed(*matched: *Matched) -> bool:
    """Whether the packet is not the message, or nothing has a name that the message uses."""
    try:
        return not agrees(*matched)
    except UsageError:
        return True


@pytest.mark.parametrize("name", NAMES)
def test_a_message_that_differs_in_one_field_is_another_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: set[str] = set()

    def watched(*matched: *Matched) -> bool:
        found = agrees(*matched)
        stage, packet, message, comparisons = matched
        for field in message if found else ():
            compare = comparisons.get(f"{message['type']}.{field}") or comparisons[field]
            if compare is not settled and not is_open(message, field):
                changed = {**message, field: another(message[field], compare)}
                assert not_agreed(stage, packet, changed, comparisons), (message, field)
                tried.add(field)
        return found

    monkeypatch.setattr(matching, "agrees", watched)
    monkeypatch.setattr(peer_matching, "agrees", watched)
    assert replayed(stored(name)).outcome is Replay.CONFIRMED
    assert tried or all(step.action != "deliver" for step in stored(name).steps)


@pytest.mark.parametrize("name", ["binding-freshness", "handshake-binding-freshness-sa"])
def test_a_field_that_nobody_compares_agrees_with_no_packet(name: str) -> None:
    trace = with_steps(stored(name), lambda step: with_fields(step, surprise=1) if step.content else step)
    report = replayed(trace)
    assert report.outcome is Replay.DIVERGED
    assert "no such packet is under way" in report.sentence


def test_a_packet_without_the_row_of_a_field_agrees_with_no_message_that_has_it() -> None:
    trace = stored("binding-freshness")
    without = structs.replace(trace, steps=tuple(with_fields(s, test=True) if s.content else s for s in trace.steps))
    assert "no such packet is under way" in replayed(without).sentence
