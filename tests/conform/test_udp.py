"""A node in another process, by datagrams on loopback."""

from __future__ import annotations

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from pmicheck.bench.names import addresses
from pmicheck.conform.answers import Lean
from pmicheck.conform.playing import play
from pmicheck.conform.udp import factory_over_udp
from pmicheck.errors import UsageError
from pmicheck.report.record.record import load_trace
from pmicheck.trace import Trace

ROOT = Path(__file__).parents[2]
PRINTED = (ROOT / "docs" / "your-own-node.md").read_text()
PATIENCE = 5.0


@pytest.fixture(scope="module")
def trace() -> Trace:
    path = Path(__file__).parent / "traces" / "rr-mobile-no-redirection.json"
    return load_trace(json.loads(path.read_text()), path)


@pytest.fixture
def port() -> int:
    """Where the printed node is served by the printed loop."""
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", PRINTED, re.DOTALL):
        exec(code, names)
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("127.0.0.1", 0))
    threading.Thread(target=names["serve"], args=(names["Correspondent"], link), daemon=True).start()
    return int(link.getsockname()[1])


def test_a_node_over_udp_agrees_as_far_as_its_clock_allows(port: int, trace: Trace) -> None:
    played = play(trace, factory_over_udp(f"127.0.0.1:{port}", PATIENCE))
    assert played.differences == ()
    assert played.packets > 15
    assert not played.in_time  # nonces get too old after minutes


def test_where_nobody_answers_there_is_no_agreement(trace: Trace) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    (difference,) = play(trace, factory_over_udp(f"127.0.0.1:{port}", PATIENCE)).differences
    assert difference.found.lean is Lean.BROKEN


def test_the_printed_address_is_the_one_of_the_traces() -> None:
    assert PRINTED.count(str(addresses()["cn"])) == 2


@pytest.mark.parametrize("place", ["localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "::1:9", "[::1:9"])
def test_a_place_that_is_none_is_a_usage_error(place: str) -> None:
    with pytest.raises(UsageError):
        factory_over_udp(place, PATIENCE)
