"""Open messages: a field is chosen when it is read first; what is passed on is what was read; no cycle is left."""

from __future__ import annotations

import gc

import pytest
from decided_cells import grounded

from pmicheck.model.messages import Data


def test_a_receiver_that_passes_the_attackers_packet_on_sends_what_it_got() -> None:
    """In explicit mode the agent hands payload to the home agent until one of its two nodes has asked (N100)."""
    prepared, _ = grounded("type2-local", "malicious-mn", (("ro_trigger", "explicit"),))
    passed_on = [
        (leaf.instance.message, sent)
        for leaf in prepared.grounded.ground.leaves
        if leaf.instance.by_attacker
        for sent in leaf.sends
        if isinstance(sent, Data)
    ]
    assert passed_on
    for got, sent in passed_on:
        assert sent == got._replace(link=sent.link, to=sent.to)


@pytest.mark.parametrize(("name", "attacker"), [("type1-initial", "home-path"), ("data-plane", "malicious-mn")])
def test_grounding_leaves_no_garbage_that_only_a_search_for_cycles_frees(name: str, attacker: str) -> None:
    gc.collect()
    gc.disable()
    try:
        grounded(name, attacker)
        assert gc.collect() < 1000
    finally:
        gc.enable()
