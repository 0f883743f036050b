"""Mermaid text: the same story as the chart, one statement a line, and no name that Mermaid could take for syntax."""

from __future__ import annotations

import re

import msgspec
import pytest
import sequence_traces as samples
from hypothesis import given, settings
from sequence_traces import deliver, trace

from pmicheck.report.charts.mermaid import mermaid
from pmicheck.report.charts.story import tell
from pmicheck.trace import Trace

TEXT = r"(?:[^\W_]|[ .,()\[\]/'=+|→…]|#\d+;|<br/>)*"
STATEMENT = re.compile(
    rf"sequenceDiagram|participant p\d+ as {TEXT}|actor p\d+ as {TEXT}|Note over p\d+(,p\d+)?: {TEXT}"
    rf"|p\d+(->>|-->>|-x|-\))p\d+: {TEXT}|rect rgba\(128, 128, 128, 0\.15\)|end"
)
"""The statements in use. A text has no sign that ends one or opens another: those are entity codes."""


def lines(told: Trace) -> list[str]:
    return [line.strip() for line in mermaid(told).splitlines()]


def decoded(line: str) -> str:
    """The line as Mermaid shows it."""
    return re.sub(r"#(\d+);", lambda code: chr(int(code[1])), line).replace("<br/>", " / ")


def test_the_story_of_the_chart_is_told_in_the_order_of_the_steps() -> None:
    assert [decoded(line) for line in lines(samples.ATTACK)] == [
        "sequenceDiagram",
        "participant p0 as Mobile node",
        "participant p1 as CN",
        "actor p2 as Attacker",
        "rect rgba(128, 128, 128, 0.15)",
        "Note over p0,p2: Prologue",
        "Note over p0: 1. begins",
        "p0->>p1: 2. BU / care-of path to the CN",
        "p1-xp1: BA (not delivered)",
        "Note over p1: HoA entry: none → CoA1, verified / HoA sequence number: none → 1",
        "Note over p2: learns / MAC(1)",
        "end",
        "Note over p0,p2: 3. clock reaches 240 s",
        "p2-->>p1: 4. HoTI / forged source HoA",
        "p1->>p2: 4. HoT",
        "Note over p2: learns / T(HoA, nonce 1)",
        "Note over p0,p2: Point of no return: from here on no honest node can prevent the violation; "
        "the attacker alone can bring it about at once.",
        "Note over p0: 5. acts",
        "Note over p0: attached to: CoA1 → CoA2",
        "p2-->>p1: 6. complete BU / care-of path to the CN / forged source Mobile node",
        "p1-)p1: BA (on its way)",
        "Note over p1: HoA entry: CoA1, verified → attacker, verified",
        "Note over p0,p2: Violated: no-redirection. the traffic goes astray",
    ]


def test_repeated_late_and_released_packets_say_so() -> None:
    told = "\n".join(map(decoded, lines(samples.UNRULY)))
    assert "3. BU / care-of path to the CN / once more, as in step 2" in told
    assert "6. BU / care-of path to the CN / let through by the attacker / sent in step 1" in told


def test_a_trace_of_one_lane_or_none_is_a_diagram_too() -> None:
    assert lines(trace(conclusion="")) == ["sequenceDiagram"]
    alone = lines(trace(deliver("cn", "cn", "BU"), conclusion="x"))
    assert alone[-1] == "Note over p0: Violated#58; no#45;redirection. x"


@pytest.mark.parametrize("told", samples.SAMPLES.values(), ids=samples.SAMPLES.keys())
def test_every_lane_and_every_packet_of_the_story_is_there(told: Trace) -> None:
    story, written = tell(told), lines(told)
    assert sum(" as " in line for line in written if line.startswith(("participant ", "actor "))) == len(story.lanes)
    arrows = [line for line in written if re.match(r"p\d+--?>>", line)]
    assert len(arrows) == sum(len(event.packets) for event in story.events)


@settings(deadline=None, max_examples=150)
@given(samples.traces)
def test_no_name_ends_a_statement_or_opens_another(told: Trace) -> None:
    written = lines(told)
    assert [line for line in written if not STATEMENT.fullmatch(line)] == []
    assert sum(line.startswith("rect ") for line in written) == written.count("end")


@settings(deadline=None, max_examples=50)
@given(samples.recorded)
def test_the_same_trace_from_a_record_gives_the_same_text(told: Trace) -> None:
    assert mermaid(msgspec.convert(msgspec.to_builtins(told), Trace)) == mermaid(told)
