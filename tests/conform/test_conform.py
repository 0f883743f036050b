"""Somebody else's correspondent beside the packet node: what agrees, what differs, and what that means.

The node is the one that docs/your-own-node.md prints, sound and with one fault at a time.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from pmicheck.bench.names import identity_at
from pmicheck.conform.answers import Lean
from pmicheck.conform.node import Factory, factory_named
from pmicheck.conform.playing import Played, is_playable, play
from pmicheck.conform.rules import CHECKS, DRAFT_CHECKS, rule_of
from pmicheck.conform.table import table
from pmicheck.errors import UsageError
from pmicheck.model.statements import load_statements
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.policy import Policy
from pmicheck.report.record.record import load_trace
from pmicheck.trace import Trace
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.walking import walks

ROOT = Path(__file__).parents[2]
RETURN_ROUTABILITY = Path(__file__).parent / "traces" / "rr-mobile-no-redirection.json"
PRINTED = ROOT / "docs" / "your-own-node.md"


def stored(path: Path) -> Trace:
    """A trace that the checker has found."""
    return load_trace(json.loads(path.read_text()), path)


def of_replays(name: str) -> Trace:
    """A trace of the tests of replays, with the reading that is younger than it."""
    trace = stored(ROOT / "tests" / "replay" / "traces" / f"{name}.json")
    return structs.replace(trace, readings={"deleted_number": "kept", **trace.readings})


def printed_node(fault: tuple[str, str] = ("", "")) -> Factory:
    """The node of the documentation, with one piece of its code replaced."""
    found = re.search(r"```python\n(.*?)```", PRINTED.read_text(), re.DOTALL)
    assert found is not None
    code, (right, wrong) = found[1], fault
    assert right in code
    names: dict[str, Any] = {}
    exec(code.replace(right, wrong, 1) if right else code, names)
    factory: Factory = names["Correspondent"]
    return factory


def on_return_routability(fault: tuple[str, str] = ("", "")) -> Played:
    return play(stored(RETURN_ROUTABILITY), printed_node(fault))


def test_the_printed_node_agrees_with_the_packet_node() -> None:
    played = on_return_routability()
    assert played.differences == ()
    assert played.packets > 15


FAULTS = {
    "a wrong authenticator": (
        ("if seal(packet.payload.octets) != proof.authenticator:", "if False:"),
        "wrong authenticator",
        Lean.WEAKER,
        "RFC 6275 9.5.1",
    ),
    "a number that is used": (
        ("not 0 < (update.sequence - last)", "not 0 <= (update.sequence - last)"),
        "sent again",
        Lean.WEAKER,
        "RFC 6275 9.5.1",
    ),
    "nonces of a deleted binding": (
        (" and nonces in self.burnt", " and False"),
        "used nonces again",
        Lean.WEAKER,
        "RFC 6275 9.5.3",
    ),
    "nonces that are too old": (("< 240", "< 2400"), "nonces that are too old", Lean.WEAKER, "RFC 6275 9.5.1"),
    "a home registration": (("update.flags & 0x4000", "False"), "home registration", Lean.WEAKER, "RFC 6275 9.5.1"),
    "a longer lifetime": (("min(update.lifetime, 105)", "update.lifetime"), "", Lean.WEAKER, ""),
    "138 for a home nonce of a deleted binding": (
        ("nonces in self.burnt", "any(made[0] == nonces[0] for made in self.burnt)"),
        "used home nonce for another care-of address",
        Lean.SAFER,
        "RFC 6275 9.5.3",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_the_node_does_otherwise_is_told_with_its_rule(name: str) -> None:
    fault, damage, lean, source = FAULTS[name]
    found = [each.found for each in on_return_routability(fault).differences]
    assert (damage, lean) in [(each.damage, each.lean) for each in found]
    (rule,) = {rule_of(each) for each in found if each.damage == damage}
    assert (rule.source if rule else "") == source


@pytest.mark.parametrize(
    "fault",
    [
        ("        self.advance(now)\n        try:", "        return\n        try:"),
        ("            self.on_update(packet, message)", "            1 / 0"),
        ("return out", "return [b'no packet']"),
        ("self.now = now", "raise RuntimeError"),
        ("self.nonces = []", "raise RuntimeError"),
        ("hmac.digest(key, covered + header[:4]", 'hmac.digest(b"", covered + header[:4]'),
    ],
    ids=["silent", "raises", "undecodable", "raises as time passes", "cannot be made", "refuses all updates"],
)
def test_a_node_that_fails_never_agrees(fault: tuple[str, str]) -> None:
    differences = on_return_routability(fault).differences
    assert Lean.BROKEN in {each.found.lean for each in differences}


def test_an_entry_that_is_not_there_is_found_by_payload_and_by_the_view_of_the_node() -> None:
    forgets = ('self.bindings[home] = {"care-of"', 'self.bindings["nobody"] = {"care-of"')
    by_payload = on_return_routability(forgets).differences
    view = "def packets_to_send(self):"
    shown = f"def entry(self, home):\n        return None\n\n    {view}"
    by_view = on_return_routability((view, shown)).differences
    for differences in (by_payload, by_view):
        assert any("no binding for HoA" in each.found.theirs for each in differences)


class Packets:
    """The packet node of pmicheck itself under test, with tokens of its own."""

    def __init__(self, address: Any) -> None:
        self.address = address
        self.node = CorrespondentNode(address, Policy(), b"another seed", identity=identity_at("cn"))
        self.receive, self.packets_to_send = self.node.receive, self.node.packets_to_send
        self.advance = self.node.advance


PLAYED = ("token-secrecy", "binding-freshness", "handover-token-freshness", "no-home-flooding-never", "data-origin")


@pytest.mark.parametrize("name", PLAYED)
def test_a_node_with_other_tokens_takes_the_place_of_the_packet_node(name: str) -> None:
    trace = of_replays(name)
    assert is_playable(trace)
    played = play(trace, Packets)
    assert played.differences == ()
    assert played.packets > 3


def without(mechanism: str) -> Factory:
    """The packet node with a mechanism switched off."""

    def made(address: Any) -> Packets:
        packets = Packets(address)
        packets.node._bindings._here.policy = Policy(without=frozenset({mechanism}))
        return packets

    return made


def test_a_node_that_shows_its_tokens_is_weaker() -> None:
    (difference,) = play(of_replays("token-secrecy"), without("token-encryption")).differences
    assert difference.found.lean is Lean.WEAKER
    assert "8 octets" in difference.found.theirs


def test_a_node_that_takes_any_signature_is_weaker() -> None:
    found = [each.found for each in play(of_replays("token-secrecy"), without("signature")).differences]
    assert {each.damage for each in found if each.lean is Lean.WEAKER} >= {"wrong signature", "no signature"}


def test_traces_of_other_nodes_and_other_readings_are_not_played() -> None:
    assert not is_playable(of_replays("type2-no-redirection"))
    assert not is_playable(of_replays("no-careof-flooding-unverified"))


def test_random_walks_of_the_model_agree_as_well() -> None:
    (cell,) = plan(Request(("rr-mobile",), ("off-path",)))
    sound = printed_node()
    walked = list(walks(cell, 12))
    assert max(len(trace.steps) for trace in walked) > 10
    assert [play(trace, sound).differences for trace in walked] == [()] * len(walked)


def test_the_text_names_both_answers_and_the_rule() -> None:
    fault, *_ = FAULTS["a wrong authenticator"]
    text = "\n".join(table(on_return_routability(fault).differences, 100))
    assert "WEAKER" in text
    assert "packet node: is silent (check 'mac')" in text
    assert "under test:  BindingAcknowledgement 0" in text
    assert "RFC 6275 9.5.1. The authenticator must be valid" in text


def test_each_statement_that_is_cited_exists() -> None:
    assert set(DRAFT_CHECKS.values()) <= set(load_statements())
    assert not set(CHECKS) & set(DRAFT_CHECKS)


@pytest.mark.parametrize("name", ["json", "no.such.module:Node", "json:no_such_name", "json:__name__"])
def test_a_target_that_does_not_exist_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError):
        factory_named(name)
