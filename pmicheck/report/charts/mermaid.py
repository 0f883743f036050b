"""The sequence chart of a trace as Mermaid text, for readers whose tools draw it (a forge's Markdown, an editor).

Syntax: the page "Sequence diagrams" of Mermaid's documentation. Characters that mean something there are written as
entity codes ("#59;" is a semicolon), so a hostile name stays a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from pmicheck.report.charts.story import ATTACKER, Event, Packet, Story, tell, title
from pmicheck.report.charts.text import clean
from pmicheck.trace import Trace

PLAIN = frozenset(" .,()[]/'=+|→…")
PROLOGUE = "rect rgba(128, 128, 128, 0.15)"
LONGEST = 200
"""Characters of a text that are told; Mermaid refuses charts of more than 50,000."""


def mermaid(trace: Trace) -> str:
    """The chart of `trace` as a Mermaid sequence diagram: the story that `sequence.chart` draws."""
    story = tell(trace)
    return "\n".join(_lines(trace, story)) + "\n"


def _lines(trace: Trace, story: Story) -> Iterator[str]:
    names = {lane: f"p{number}" for number, lane in enumerate(story.lanes)}
    yield "sequenceDiagram"
    for lane, name in names.items():
        yield f"    {'actor' if lane == ATTACKER else 'participant'} {name} as {_escaped(title(lane))}"
    across = f"{names[story.lanes[0]]},{names[story.lanes[-1]]}" if len(names) > 1 else "".join(names.values())
    if not across:
        return
    if story.no_return == 0:
        yield f"    Note over {across}: {_escaped(story.warning)}"
    for inside, events in groupby(story.events, key=lambda event: event.prologue):
        if inside:
            yield f"    {PROLOGUE}"
            yield f"    Note over {across}: Prologue"
        for event in events:
            yield from (f"    {line}" for line in _event(event, names, across))
            if story.no_return == event.number:
                yield f"    Note over {across}: {_escaped(story.warning)}"
        if inside:
            yield "    end"
    if trace.conclusion:
        yield f"    Note over {across}: {_escaped(f'Violated: {trace.property}. {trace.conclusion}')}"


def _event(event: Event, names: dict[str, str], across: str) -> Iterator[str]:
    if event.clock:
        yield f"Note over {across}: {event.number}. {_escaped(event.clock)}"
    if event.act:
        yield f"Note over {names[event.lane]}: {event.number}. {_escaped(event.act)}"
    for packet in event.packets:
        yield _packet(event.number, packet, names)
    for lost in event.lost:
        fate = "on its way" if lost.ended else "not delivered"
        yield f"{names[lost.lane]}{'-)' if lost.ended else '-x'}{names[lost.lane]}: {_escaped(lost.name)} ({fate})"
    for lane, changes in groupby(event.changes, key=lambda change: change.lane):
        told = (f"{each.subject} {each.text}".strip() for each in changes)
        yield f"Note over {names[lane]}: {'<br/>'.join(map(_escaped, told))}"
    if event.learned:
        terms = "<br/>".join(_escaped(term) for term, _ in event.learned)
        yield f"Note over {names[ATTACKER]}: learns<br/>{terms}"


def _packet(number: int, packet: Packet, names: dict[str, str]) -> str:
    arrow = "-->>" if packet.hostile or packet.released else "->>"
    remarks = [packet.link] if packet.link else []
    if packet.claim:
        remarks.append(f"forged source {title(packet.claim)}")
    if packet.released:
        remarks.append("let through by the attacker")
    if packet.again:
        remarks.append(f"once more, as in step {packet.again}")
    elif packet.sent:
        remarks.append(f"sent in step {packet.sent}")
    text = f"{number}. {_escaped(packet.name)}" + "".join(f"<br/>{_escaped(remark)}" for remark in remarks)
    return f"{names[packet.source]}{arrow}{names[packet.target]}: {text}"


def _escaped(text: str) -> str:
    """`text` on one line, cut if need be, as entity codes wherever Mermaid might see syntax."""
    shown = clean(text)
    shown = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
    return "".join(each if each.isalnum() or each in PLAIN else f"#{ord(each)};" for each in shown)
