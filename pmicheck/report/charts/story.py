"""What a sequence chart of a trace shows, before anything is drawn: who takes part, what crosses, what changes.

A trace tells of a packet twice: the step that sends it has it among its `sends`, the step that processes it carries it.
Both are joined here; whoever forwards a packet sends the same message again, to another receiver. What one receiver
gets twice is a repetition; what no later step delivers was lost, held back or is late.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pmicheck.report.charts.text import clean
from pmicheck.trace import Changed, Said, Step, Trace

ATTACKER = "attacker"
CLOCK = "clock"
NETWORK = "network"
TITLES = {"mn": "Mobile node", ATTACKER: "Attacker", NETWORK: "Network"}
PRINCIPAL = re.compile(r"\b(?:pma|ha|cn)\d*\b")
OWN = (ATTACKER, "attacker's HoA")
"""Source addresses that are no lie of the attacker's."""
SAY_WHOSE = ("attachment", "registration", "local list", "wish")
"""Kinds of cells whose lane or words say what home address they are about."""
ORDER = (r"mn\d*", r"pma[1245]", r"ha", r"ha\d+", r"pma\d*", r"cn\d*")
"""Principals from left to right: the node and its agents, home agents, the correspondent's agent, correspondents."""


@dataclass(frozen=True)
class Packet:
    """An arrow from lane to lane.

    Attributes:
        claim: the forged source that the attacker's packet carries, "" if it is honest about it.
        hostile: the attacker sent it.
        released: the attacker let an honest packet through.
        answer: what the attacker's own test brought back.
        sent: the step that sent it, if later ones overtook it; again: the step that delivered it before.
    """

    name: str
    source: str
    target: str
    link: str = ""
    claim: str = ""
    hostile: bool = False
    released: bool = False
    answer: bool = False
    sent: int | None = None
    again: int | None = None


@dataclass(frozen=True)
class Change:
    """A cell of a principal that changed; `subject` is the home address that the cell is about, if it is."""

    lane: str
    subject: str
    text: str
    is_entry: bool


@dataclass(frozen=True)
class Lost:
    """A packet that no later step delivers; `ended`: the trace ends with the step that sent it."""

    lane: str
    name: str
    ended: bool


@dataclass(frozen=True)
class Event:
    """What one step shows. `act` is what its lane does of its own accord, `clock` what time it becomes."""

    number: int
    step: Step
    lane: str = ""
    act: str = ""
    clock: str = ""
    packets: tuple[Packet, ...] = ()
    changes: tuple[Change, ...] = ()
    learned: tuple[tuple[str, str], ...] = ()
    lost: tuple[Lost, ...] = ()
    prologue: bool = False

    def lanes(self) -> Iterator[str]:
        """Whoever this event draws something on."""
        if self.lane:
            yield self.lane
        for packet in self.packets:
            yield packet.source
            yield packet.target
        yield from (change.lane for change in self.changes)
        yield from (lost.lane for lost in self.lost)
        if self.learned:
            yield ATTACKER


@dataclass(frozen=True)
class Story:
    """Lanes from left to right (names as in the trace, cleaned), and one event a step.

    `no_return` is the number of the step (0: the beginning) after which no honest node can help, None if there is none
    or nobody looked; `warning` says it.
    """

    lanes: tuple[str, ...]
    events: tuple[Event, ...]
    no_return: int | None
    warning: str


@dataclass
class _Sent:
    """A packet on the wire: sent by whom in which step, and the (step, receiver) pairs of its deliveries."""

    number: int
    by: str
    said: Said
    reached: list[tuple[int, str]] = field(default_factory=list)

    def may_reach(self, receiver: str) -> bool:
        """A packet is for one receiver, who did not send it."""
        return self.by != receiver and all(before == receiver for _, before in self.reached)


def tell(trace: Trace) -> Story:
    """The story of `trace`: who takes part, and what each step shows."""
    wire, given = _join(trace.steps)
    last = len(trace.steps)
    events = [
        _event(number, step, given.get(number), _undelivered(wire, number, last))
        for number, step in enumerate(trace.steps, start=1)
    ]
    events = [_late(event, given.get(event.number), wire, trace.steps) for event in events]
    lanes = _ordered(lane for event in events for lane in event.lanes())
    no_return = None if trace.no_return is None else min(trace.no_return, last)
    return Story(lanes, tuple(events), no_return, _warning(trace.waits))


def title(name: str) -> str:
    """A principal or address as the chart writes it."""
    return TITLES.get(name) or (name.upper() if PRINCIPAL.fullmatch(name) else name)


def _warning(waits: bool) -> str:
    tail = (
        "no honest node has to act any more; the attacker and time can bring the violation about."
        if waits
        else "no honest node can prevent the violation; the attacker alone can bring it about at once."
    )
    return f"Point of no return: from here on {tail}"


def _join(steps: Iterable[Step]) -> tuple[list[_Sent], dict[int, _Sent]]:
    """All that was sent, and for the number of each step that delivers something of it, what that was."""
    wire: list[_Sent] = []
    given: dict[int, _Sent] = {}
    for number, step in enumerate(steps, start=1):
        if step.action == "deliver" and step.term:
            same = [sent for sent in wire if sent.said.is_same(step.said) and sent.may_reach(step.destination)]
            if same:
                given[number] = min(same, key=lambda sent: (bool(sent.reached), sent.by != step.source))
                given[number].reached.append((number, step.destination))
        if step.action != "test":
            by = step.processor if step.attacker and step.message else step.actor
            wire += (_Sent(number, by, said) for said in step.sends)
    return wire, given


def _undelivered(wire: Iterable[_Sent], number: int, last: int) -> tuple[Lost, ...]:
    return tuple(
        Lost(_lane(sent.by), _name_of(sent.said), number == last)
        for sent in wire
        if sent.number == number and not sent.reached
    )


def _event(number: int, step: Step, sent: _Sent | None, lost: tuple[Lost, ...]) -> Event:
    receiver = _lane(step.destination if step.message else step.actor)
    is_act = step.action == "start" or not (step.message or step.destination)
    is_clock = is_act and step.actor == CLOCK
    changes = [change for each in step.cells if (change := _change(step, each, receiver)) is not None]
    return Event(
        number,
        step,
        lane=_lane(step.actor) if is_act and not is_clock else "",
        act=_act(step) if is_act and not is_clock else "",
        clock=(clean(step.rule) or "time passes") if is_clock else "",
        packets=() if is_act else tuple(_packets(step, sent)),
        changes=tuple(changes),
        learned=tuple((clean(each.words), clean(each.how)) for each in step.learned if clean(each.words)),
        lost=lost,
        prologue=step.prologue,
    )


def _act(step: Step) -> str:
    """The rule without the name of who acts, which the lane says."""
    if step.message:
        return f"begins with {clean(step.message)}"
    return PRINCIPAL.sub(lambda name: name[0].upper(), clean(step.does or step.rule)) or "acts"


def _packets(step: Step, sent: _Sent | None) -> Iterator[Packet]:
    name, link = clean(step.message) or "a packet", clean(step.link)
    target = _lane(step.destination)
    if step.attacker and step.action != "deliver":
        own = step.source in OWN
        yield Packet(name, ATTACKER, target, link, claim="" if own else clean(step.source), hostile=True)
        if step.action == "test":
            for said in step.sends:
                yield Packet(_name_of(said), target, ATTACKER, link, answer=True)
    else:
        yield Packet(name, _lane(sent.by if sent else step.source), target, link, released=step.attacker)


def _late(event: Event, sent: _Sent | None, wire: Iterable[_Sent], steps: tuple[Step, ...]) -> Event:
    """`event`, its packet marked if it was delivered before, or overtaken on its way by others or by the clock."""
    if sent is None or not event.packets:
        return event
    before = [number for number, _ in sent.reached if number < event.number]
    to = event.step.destination
    overtaken = any(
        other.by == sent.by and other.number > sent.number and (number, where) < (event.number, "") and where == to
        for other in wire
        for number, where in other.reached
    )
    waited = any(step.actor == CLOCK for step in steps[sent.number : event.number])
    (packet,) = event.packets
    again, late = (before[-1] if before else None), (sent.number if overtaken or waited else None)
    return replace(event, packets=(replace(packet, again=again, sent=None if again else late),))


def _change(step: Step, changed: Changed, receiver: str) -> Change | None:
    """The change in few words; None if it shows nothing (a part of the cell changed that is not told; the clock)."""
    was, now = changed.was, changed.now
    if was == now or (step.actor == CLOCK and changed.kind == CLOCK):
        return None
    if changed.kind == "registration":
        was, now = tuple(each for each in was if each not in now), tuple(each for each in now if each not in was)
    before, after = clean(", ".join(was)), clean(", ".join(now))
    new = f"{before} →\N{NO-BREAK SPACE}{after}" if before else after
    subject = "" if changed.kind in SAY_WHOSE else clean(str(changed.of.get("home", "")))
    lane = _lane(str(changed.of.get("keeper", receiver)))
    return Change(lane, subject, f"{clean(changed.words)}: {new}", changed.kind == "entry")


def _name_of(said: Said) -> str:
    return clean(said.message) or "a packet"


def _lane(name: str) -> str:
    return clean(name) or NETWORK


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once: known principals in their order, others as they come, then the network and the attacker."""
    ranks = {name: _rank(name) for name in names}
    return tuple(sorted(ranks, key=ranks.__getitem__))


def _rank(name: str) -> tuple[int, str]:
    for rank, pattern in enumerate(ORDER):
        if re.fullmatch(pattern, name):
            return rank, name
    return {NETWORK: len(ORDER) + 1, ATTACKER: len(ORDER) + 2}.get(name, len(ORDER)), ""
