"""Where everything in a sequence chart stands, from the heads of the lanes down to the legend.

Each step takes a band of its own from top to bottom. Within it each part stacks under the part before; only the boxes
of different lanes share a height, and those are as wide as their lane at most. So no text can meet another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby

from pmicheck.report.charts.pen import HEAD, NAME, Column, Drawing, Group, Pen
from pmicheck.report.charts.story import ATTACKER, Change, Event, Lost, Packet, Story, title
from pmicheck.report.charts.text import clean
from pmicheck.report.words.narration import sentence
from pmicheck.trace import Trace

NUMBERS = 44
"""Width of the column of step numbers."""
LANE, ATTACKERS_LANE, MARGIN = 172, 204, 12
LEAST = 520
"""Width of the narrowest chart: captions need it."""
REPEAT = 8
"""Steps after which the names of the lanes are told again."""
TERMS = 4
"""Terms told in one note; the hint of the step tells all."""

Line = tuple[str, str, bool, int]


def lay_out(trace: Trace, story: Story) -> Drawing:
    """The drawing of `story`, which is the story of `trace`."""
    return _Chart(trace, story).draw()


class _Chart:
    """One drawing in the making: columns fixed at the start, then groups from top to bottom."""

    def __init__(self, trace: Trace, story: Story) -> None:
        self.trace, self.story = trace, story
        self.columns: dict[str, Column] = {}
        left: float = NUMBERS
        for lane in story.lanes:
            right = left + (ATTACKERS_LANE if lane == ATTACKER else LANE)
            self.columns[lane] = Column(left, right)
            left = right
        self.width = max(left + MARGIN, LEAST)
        self.regions: list[Group] = []
        self.groups: list[Group] = []
        self.y: float = MARGIN

    def draw(self) -> Drawing:
        top = self._heads("heads")
        self._no_return(0)
        for inside, events in groupby(self.story.events, key=lambda event: event.prologue):
            (self._prologue if inside else self._steps)(list(events))
        self.y += 8
        bottom = self.y
        self._heads("heads")
        lifelines = self._lifelines(top, bottom)
        self._verdict()
        self._legend()
        return Drawing(self.width, self.y + MARGIN, (*self.regions, lifelines, *self.groups))

    def _prologue(self, events: list[Event]) -> None:
        """Steps on a ground of their own, with a caption."""
        begin = self.y
        self._caption("prologue-caption", "Prologue: what went before, all of it honest.", "caption prologue")
        self._steps(events[:-1])
        self._step(events[-1])
        region = Pen(0, begin)
        region.rect("prologue-area", 4, begin, self.width - 8, self.y - begin, 6)
        self.regions.append(region.group("region"))
        self._no_return(events[-1].number)

    def _steps(self, events: list[Event]) -> None:
        for event in events:
            self._step(event)
            self._no_return(event.number)

    def _close(self, pen: Pen, kind: str, hint: str = "") -> None:
        self.groups.append(pen.group(kind, hint))
        self.y = pen.y

    def _heads(self, kind: str) -> float:
        """Boxes with the names of the lanes; returns where they end."""
        pen = Pen(0, self.y)
        full = {lane: title(lane) for lane in self.story.lanes}
        pen.side_by_side({lane: [partial(self._head, lane, text)] for lane, text in full.items()})
        self._close(pen, kind, "\n".join(full.values()))
        return self.y - 4

    def _head(self, lane: str, text: str, pen: Pen) -> float:
        column, side = self.columns[lane], "attacker" if lane == ATTACKER else "honest"
        room = column.room - 16
        inside = Pen(0, pen.y + 5)
        end = inside.lines(text, f"head-name {side}", (column.middle, inside.y), room - 10, size=HEAD, bold=True) + 5
        pen.rect(f"head {side}", column.left + 8, pen.y, room, end - pen.y, 5)
        pen.items += inside.items
        return end

    def _lifelines(self, top: float, bottom: float) -> Group:
        pen = Pen(0, top)
        for lane, column in self.columns.items():
            pen.line(
                f"lifeline {'attacker' if lane == ATTACKER else 'honest'}", column.middle, top, column.middle, bottom
            )
        return pen.group("lifelines")

    def _caption(self, kind: str, text: str, group: str = "caption") -> None:
        pen = Pen(0, self.y + 6)
        at = (NUMBERS + 4, pen.y)
        pen.y = pen.lines(text, kind, at, self.width - NUMBERS - 3 * MARGIN, most=4, anchor="start", halo=True) + 4
        self._close(pen, group)

    def _no_return(self, number: int) -> None:
        """The line across after the step from which on nobody can help any more, if this is it."""
        if self.story.no_return != number:
            return
        pen = Pen(0, self.y + 5)
        pen.line("no-return-line", 4, pen.y, self.width - 4, pen.y)
        self.y = pen.y
        self.groups.append(pen.group("no-return"))
        self._caption("no-return-caption", self.story.warning)

    def _step(self, event: Event) -> None:
        if event.number > 1 and event.number % REPEAT == 1:
            self._names_again(event)
        top = self.y
        pen = Pen(event.number, top + 7)
        pen.text(str(event.number), "number", (NUMBERS - 10, pen.y), size=NAME, bold=True, anchor="end")
        if event.clock:
            self._clock(pen, event.clock)
        for packet in event.packets:
            self._packet(pen, packet)
        self._boxes(pen, event)
        pen.y = max(pen.y, top + 28) + 3
        area = Pen(event.number, top)
        area.rect("step-area", 4, top, self.width - 8, pen.y - top, 4)
        if event.step.essential:
            area.rect("essential-mark", 6, top + 4, 3, pen.y - top - 8, 1.5)
        pen.items = area.items + pen.items
        self._close(pen, _classes(event), "\n".join(_details(event)))

    def _names_again(self, event: Event) -> None:
        pen = Pen(0, self.y + 4)
        stacks: dict[str, list[Callable[[Pen], float]]] = {
            lane: [partial(self._again, lane)] for lane in self.story.lanes
        }
        pen.side_by_side(stacks)
        self._close(pen, "heads again prologue" if event.prologue else "heads again")

    def _again(self, lane: str, pen: Pen) -> float:
        column = self.columns[lane]
        kind = f"head-name {'attacker' if lane == ATTACKER else 'honest'}"
        return pen.lines(title(lane), kind, (column.middle, pen.y), column.room - 16, most=1, bold=True, halo=True)

    def _clock(self, pen: Pen, text: str) -> None:
        middle = (NUMBERS + self.width) / 2
        room = self.width - NUMBERS - 6 * MARGIN
        line = pen.y + NAME * 0.7
        pen.line("clock-line", NUMBERS, line, self.width - MARGIN, line)
        shown = text[:1].upper() + text[1:]
        pen.y = pen.lines(shown, "clock-text", (middle, pen.y), room, size=NAME, bold=True, halo=True) + 4

    def _packet(self, pen: Pen, packet: Packet) -> None:
        kind = "attack" if packet.hostile or packet.released else "answer" if packet.answer else "honest"
        source, target = self.columns[packet.source], self.columns[packet.target]
        if packet.source == packet.target:
            middle, room = source.middle, source.room - 16
        else:
            middle, room = (source.middle + target.middle) / 2, abs(source.middle - target.middle) - 28
        pen.y = pen.lines(packet.name, f"name {kind}", (middle, pen.y), room, most=3, size=NAME, bold=True, halo=True)
        if packet.source == packet.target:
            self._loop(pen, kind, middle)
        else:
            self._arrow(pen, kind, packet, source.middle, target.middle)
        if packet.claim and packet.source == packet.target:
            pen.y = pen.lines(f"as {_claim(packet.claim)}", "fate", (middle, pen.y), room, halo=True)
        for text, of in _under(packet):
            pen.y = pen.lines(text, of, (middle, pen.y), room, halo=True)
        pen.y += 4

    def _arrow(self, pen: Pen, kind: str, packet: Packet, begin: float, end: float) -> None:
        to_right = end > begin
        pen.y += 12 if packet.claim else 6
        pen.line(f"arrow {kind}", begin, pen.y, end - 8 if to_right else end + 8, pen.y)
        pen.head(f"arrow-head {kind}", end, pen.y, to_right)
        if packet.claim:
            pen.pill(f"as {_claim(packet.claim)}", "claim", begin - 14, pen.y, abs(end - begin) - 36)
        pen.y += 11 if packet.claim else 5

    def _loop(self, pen: Pen, kind: str, x: float) -> None:
        pen.y += 4
        pen.shape("path", f"arrow {kind}", d=f"M{x:g} {pen.y:.1f}h40v14h-32", fill="none")
        pen.head(f"arrow-head {kind}", x, pen.y + 14, False)
        pen.y += 20

    def _boxes(self, pen: Pen, event: Event) -> None:
        """What happens on single lanes: own acts, lost packets, changes, what the attacker learns."""
        stacks: dict[str, list[Callable[[Pen], float]]] = {}
        if event.act:
            column = self.columns[event.lane]
            stacks[event.lane] = [
                partial(Pen.box, kind="act", column=column, lines=[(event.act, "act-text", False, 3)])
            ]
        for lost in event.lost:
            stacks.setdefault(lost.lane, []).append(partial(self._lost, lost))
        for lane, changes in groupby(event.changes, key=lambda change: change.lane):
            told = list(changes)
            kind = "change entry" if any(change.is_entry for change in told) else "change"
            box = partial(Pen.box, kind=kind, column=self.columns[lane], lines=list(_changes(told)))
            stacks.setdefault(lane, []).append(box)
        if event.learned:
            box = partial(Pen.box, kind="note", column=self.columns[ATTACKER], lines=list(_note(event)))
            stacks.setdefault(ATTACKER, []).append(box)
        pen.side_by_side(stacks)

    def _lost(self, lost: Lost, pen: Pen) -> float:
        column = self.columns[lost.lane]
        middle, room, kind = column.middle, column.room - 16, "underway" if lost.ended else "lost"
        line = pen.y + 8
        pen.line(f"arrow {kind}", middle, line, middle + 40, line)
        if lost.ended:
            pen.head(f"arrow-head {kind}", middle + 46, line, True)
        else:
            pen.cross("cross", middle + 45, line)
        y = pen.lines(lost.name, f"name {kind}", (middle, line + 8), room, bold=True, halo=True)
        return pen.text("on its way" if lost.ended else "not delivered", "fate", (middle, y), halo=True)

    def _verdict(self) -> None:
        if not self.trace.conclusion:
            return
        pen = Pen(0, self.y + 6)
        inside = Pen(0, pen.y + 8)
        room = self.width - NUMBERS - 4 * MARGIN
        for text, kind, bold in (
            (f"Violated: {clean(self.trace.property)}", "verdict-name", True),
            (clean(self.trace.conclusion), "verdict-text", False),
        ):
            inside.y = inside.lines(
                text, kind, (NUMBERS + 4, inside.y), room, most=4, size=HEAD, bold=bold, anchor="start"
            )
        bottom = inside.y + 8
        pen.rect("verdict", 4, pen.y, self.width - 8, bottom - pen.y, 4)
        pen.shape("path", "flag", d=f"M18 {bottom - 7:.1f}V{pen.y + 8:.1f}h16l-5 6l5 6h-16")
        pen.items += inside.items
        pen.y = bottom
        self._close(pen, "verdict-box", clean(self.trace.conclusion))

    def _legend(self) -> None:
        pen = Pen(0, self.y + 10)
        for kind, text in _legend(self.story):
            top = pen.y
            middle = top + 8
            at, room = (NUMBERS + 34, top), self.width - NUMBERS - 34 - 2 * MARGIN
            if kind == "essential-mark":
                pen.rect(kind, NUMBERS, top + 1, 3, 13, 1.5)
            elif kind in ("act", "change", "note"):
                pen.rect(kind, NUMBERS, top + 1, 22, 13, 3)
            else:
                pen.line(f"arrow {kind}", NUMBERS, middle, NUMBERS + 16, middle)
                if kind == "lost":
                    pen.cross("cross", NUMBERS + 17, middle)
                else:
                    pen.head(f"arrow-head {kind}", NUMBERS + 24, middle, True)
            pen.y = pen.lines(text, "legend-text", at, room, most=3, anchor="start") + 3
        self._close(pen, "legend")


def _classes(event: Event) -> str:
    step = event.step
    weight = {True: "essential", False: "faint", None: ""}[step.essential]
    marks = ("attacker" if step.attacker else "", "prologue" if event.prologue else "", "clock" if event.clock else "")
    return " ".join(each for each in ("step", weight, *marks) if each)


def _details(event: Event) -> Iterator[str]:
    """All that the band of a step tells in short, in full."""
    step = event.step
    yield f"{event.number}. {clean(sentence(step))}"
    if step.term:
        yield clean(step.term)
    for packet in event.packets:
        if packet.again or packet.sent:
            yield _under(packet)[-1][0]
    yield from (f"Sends {clean(said.term)}" for said in step.sends)
    yield from (f"Effect: {clean(each.line)}" for each in step.cells)
    yield from (f"The attacker learns {clean(each.line)}" for each in step.learned)


def _under(packet: Packet) -> list[tuple[str, str]]:
    """What stands under an arrow, with its class."""
    told = [(packet.link, "link")] if packet.link else []
    if packet.released:
        told.append(("let through by the attacker", "fate"))
    if packet.again:
        told.append((f"once more, as in step {packet.again}", "fate"))
    elif packet.sent:
        told.append((f"late: sent in step {packet.sent}", "fate"))
    return told


def _claim(name: str) -> str:
    return "mobile node" if name == "mn" else title(name)


def _changes(changes: list[Change]) -> Iterator[Line]:
    for subject, group in groupby(changes, key=lambda change: change.subject):
        if subject:
            yield f"for {subject}", "subject", False, 1
        for change in group:
            yield change.text, "change-text", False, 5


def _note(event: Event) -> Iterator[Line]:
    yield "Learns", "note-head", True, 1
    for how, pairs in groupby(event.learned[:TERMS], key=lambda pair: pair[1]):
        for term, _ in pairs:
            yield term, "note-term", False, 2
        if how:
            yield how, "note-how", False, 2
    if len(event.learned) > TERMS:
        yield f"and {len(event.learned) - TERMS} more", "note-how", False, 1


def _legend(story: Story) -> Iterator[tuple[str, str]]:
    """A sample and a sentence for every sign in use."""
    events = story.events
    packets = [packet for event in events for packet in event.packets]
    lost = [each for event in events for each in event.lost]
    forged = "; “as …” is the source that it forges" if any(packet.claim for packet in packets) else ""
    signs = (
        ("honest", "packet of an honest node", any(not (p.hostile or p.answer or p.released) for p in packets)),
        ("attack", f"packet of the attacker{forged}", any(p.hostile for p in packets)),
        ("attack", "honest packet that the attacker lets through", any(p.released for p in packets)),
        ("answer", "answer to a test of the attacker's own, which it can read", any(p.answer for p in packets)),
        ("lost", "packet that no later step delivers: lost, held back or late", any(not each.ended for each in lost)),
        ("underway", "packet still on its way when the trace ends", any(each.ended for each in lost)),
        ("act", "what a node does of its own accord", any(event.act for event in events)),
        ("change", "state of a node that changes", any(event.changes for event in events)),
        ("note", "what the attacker did not know before", any(event.learned for event in events)),
        ("essential-mark", "step without which the others do not lead there", any(e.step.essential for e in events)),
    )
    yield from ((kind, text) for kind, text, used in signs if used)
