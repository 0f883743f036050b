"""Drawings of state graphs as inline SVG: classes and attributes only, so that a page may forbid styles and scripts.

`assets/graph.css` gives the classes their looks. What a class of states is shows in its shape and words, not in colour
alone: a double frame around states some of which break a property, an octagon where a step breaks one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import NamedTuple

from pmicheck.errors import LimitReached
from pmicheck.report.charts.canvas import element, line_of_text
from pmicheck.report.charts.text import ASCENT, LINE_HEIGHT, clean, shorten, width, wrap
from pmicheck.report.graphs.data import Edge, FullEdge, Node, Quotient, StateGraph
from pmicheck.report.graphs.layout import Box, Link, Placed, Size, Way, place

LARGE, SMALL = 12, 11
HEADINGS = {"title": 14, "subtitle": 13, "legend": 11}
"""Font sizes."""

ROOM, RULE, SHORT = 250, 200, 120
"""Most that a line of text in a box is wide, and in the label of an edge; what is wider than the last has two lines."""

MARGIN = 8

PROPERTIES = 3
"""Broken properties that a box names; how many more there are it says, and which, its hint."""

WHOSE = "A solid line is an honest node's doing or the clock's, a dashed one the attacker's, a dash-dotted one either's"
LEGEND = (
    "A box stands for all states that agree in what the title names. A double frame means that some of them break a "
    f"property, cut corners that a step from some of them does. {WHOSE}; the thicker, the more transitions. What "
    "changes nothing in the title's respect is not drawn."
)
STATES_LEGEND = (
    "A box is a state, numbered in the order of discovery. A double frame means that it, or the step that it stands "
    f"for, breaks a property. {WHOSE}."
)

ALL_EDGES, TREE = 300, 2_000
"""States up to which every state is drawn: with all edges, with those of a shortest way to each."""


class Line(NamedTuple):
    """A line of text; `kind` is its class."""

    kind: str
    text: str


@dataclass(frozen=True)
class Card:
    """What is drawn as a box: its lines, its classes, what a reader gets on asking for more."""

    lines: tuple[Line, ...]
    kinds: tuple[str, ...]
    hint: str

    @property
    def size(self) -> Size:
        return _size(self.lines, 20, 12)


@dataclass(frozen=True)
class Arrow:
    """What is drawn as an edge between two cards (by position), likewise."""

    source: int
    target: int
    lines: tuple[Line, ...]
    kinds: tuple[str, ...]
    hint: str

    @property
    def link(self) -> Link:
        return Link(self.source, self.target, _size(self.lines, 6, 2) if self.lines else None)


@dataclass(frozen=True)
class Drawing:
    """What is drawn, and where."""

    title: str
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]
    placed: Placed

    @property
    def size(self) -> Size:
        """Of the whole, with a margin."""
        return Size(self.placed.size.width + 2 * MARGIN, self.placed.size.height + 2 * MARGIN)


def svg(quotient: Quotient, *, identifier: str) -> str:
    """The drawing of a quotient as an element of a page.

    Each box is a link to `#IDENTIFIER-K` with `data-node="K"`, its position in the quotient: the place for its trace.

    Args:
        identifier: letters, digits and hyphens; tells the drawings of one page apart.

    Raises:
        OutputError: the layout program is missing or fails.
    """
    drawing = of_quotient(quotient)
    return opening(drawing.size, drawing.title) + content(drawing, identifier) + "</svg>\n"


def opening(size: Size, title: str) -> str:
    """The start tag of a drawing."""
    width, height = f"{size.width:.0f}", f"{size.height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="state-graph" role="group" aria-label="{_quoted(title)}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
    )


def of_quotient(quotient: Quotient) -> Drawing:
    """The drawing of a quotient; raises as `svg`."""
    cards = [_card(node) for node in quotient.nodes]
    arrows = [_arrow(edge, quotient) for edge in quotient.edges if edge.source != edge.target]
    return _placed(quotient.title, cards, arrows)


def of_states(graph: StateGraph) -> Drawing:
    """The drawing of every state of a small graph: with all edges, or with those of a shortest way to each state.

    Raises:
        LimitReached: there are more than `TREE` states.
        OutputError: the layout program is missing or fails.
    """
    if graph.full is None or graph.states > TREE:
        where = f"{graph.scenario} under {graph.attacker} has {graph.states:,} states"
        raise LimitReached(f"{where}, and a drawing shows each of {TREE:,} at most: choose another format")
    cards = []
    for number, state in enumerate(graph.full.unpacked()):
        texts = [q.nodes[k].text for q, k in zip(graph.quotients, state.nodes, strict=True) if k is not None]
        hint = [f"state {number}, depth {state.depth}", *texts, *(f"breaks {name}" for name in state.violated)]
        kinds = (*(("violating",) if state.violated else ()), *(("initial",) if not number else ()))
        start = (Line("start", "start"),) if not number else ()
        cards.append(Card((*start, Line("count", f"{number}")), kinds, "\n".join(map(clean, hint))))
    links = graph.full.links() if graph.states <= ALL_EDGES else tree(graph.full.links())
    attacking = {graph.full.rules[number] for number in graph.full.attacking}
    part = "states" if graph.states <= ALL_EDGES else "states, each with a shortest way to it,"
    return _placed(f"{part} of {graph.scenario} under {graph.attacker}", cards, list(_plain_arrows(links, attacking)))


def _placed(title: str, cards: Sequence[Card], arrows: Sequence[Arrow]) -> Drawing:
    placed = place([card.size for card in cards], [arrow.link for arrow in arrows])
    return Drawing(title, tuple(cards), tuple(arrows), placed)


def tree(links: Iterable[FullEdge]) -> Iterator[FullEdge]:
    """Of all edges, by source, the first to each state: together a shortest way from the initial state to each."""
    reached = {0}
    for link in links:
        if link.target not in reached:
            reached.add(link.target)
            yield link


def _plain_arrows(links: Iterable[FullEdge], attacking: set[str]) -> Iterator[Arrow]:
    """One arrow between two states, without words, for all that leads from one to the other."""
    gathered: dict[tuple[int, int], dict[str, None]] = {}
    for link in links:
        if link.source != link.target:
            gathered.setdefault(link[:2], {})[link.rule] = None
    for (source, target), rules in gathered.items():
        kind = _whose(sum(rule in attacking for rule in rules), len(rules))
        yield Arrow(source, target, (), (kind,), "\n".join([f"{source} → {target}", *map(clean, rules)]))


def _card(node: Node) -> Card:
    lines = [Line("start", "start")] if node.initial else []
    lines += [Line("name", text) for text in node.label]
    count = f"{node.states:,} state{'s' if node.states > 1 else ''}"
    lines.append(Line("count", count))
    hint = [clean(node.text), f"{count}, the nearest {node.depth} steps from the start"]
    kinds = ["initial"] if node.initial else []
    if node.violated:
        share = f"{node.violating:,}" if node.violating < node.states else "all"
        lines += [Line("head", f"{share} break{'s' * (share == '1')}"), *_listed(node.violated)]
        hint.append(f"{node.violating:,} of them break {', '.join(map(clean, node.violated))}")
        kinds.append("violating")
    if node.steps:
        lines += [Line("head", "a step from here breaks"), *_listed(tuple(node.steps))]
        hint += [f"{clean(prop)} is broken by: {', '.join(map(clean, rules))}" for prop, rules in node.steps.items()]
        kinds.append("breaking")
    return Card(_fitted(lines), tuple(kinds), "\n".join(hint))


def _listed(properties: Sequence[str]) -> list[Line]:
    """The properties, cut where there are many."""
    more = len(properties) - PROPERTIES
    shown = properties if more <= 1 else properties[:PROPERTIES]
    return [Line("broken", name) for name in shown] + ([Line("broken", f"and {more} more")] if more > 1 else [])


def _arrow(edge: Edge, quotient: Quotient) -> Arrow:
    rules = [*edge.honest, *edge.attacker]
    ends = f"{clean(quotient.nodes[edge.source].text)} → {clean(quotient.nodes[edge.target].text)}"
    counts = {**edge.honest, **edge.attacker}
    hint = [ends, *(f"{clean(rule)}: {number:,} transition{'s' * (number > 1)}" for rule, number in counts.items())]
    thickness = f"w{1 + min(4, int(log10(max(1, edge.transitions))))}"
    kinds = (_whose(len(edge.attacker), len(rules)), thickness)
    return Arrow(edge.source, edge.target, _short_name(edge.honest, edge.attacker), kinds, "\n".join(hint))


def _short_name(honest: Mapping[str, int], attacker: Mapping[str, int]) -> tuple[Line, ...]:
    """The rule in two lines, or how many there are."""
    rules = [*honest, *attacker]
    if len(rules) == 1:
        return tuple(Line("rule", shorten(part, RULE, SMALL)) for part in _halves(clean(rules[0])))
    if not honest:
        return (Line("rule", f"attacker: {len(rules)} rules"),)
    more = (Line("rule", f"{len(attacker)} the attacker's"),) if attacker else ()
    return (Line("rule", f"{len(rules)} rules"), *more)


def _halves(text: str) -> tuple[str, ...]:
    """A text that is wide, as two lines of about the same width, if it has a blank."""
    words = text.split(" ")
    ways = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    if width(text, SMALL) <= SHORT or not ways:
        return (text,)
    return min(ways, key=lambda way: max(width(part, SMALL) for part in way))


def _whose(attacker: int, rules: int) -> str:
    return "honest" if not attacker else "attacker" if attacker == rules else "either"


def _fitted(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(Line(kind, shorten(clean(text), ROOM, _font(kind), bold=_bold(kind))) for kind, text in lines)


def _size(lines: Sequence[Line], across: float, down: float) -> Size:
    """The room for the lines, with so much around them."""
    widest = max(width(text, _font(kind), bold=_bold(kind)) for kind, text in lines)
    return Size(round(widest + across, 1), round(sum(_font(kind) * LINE_HEIGHT for kind, _ in lines) + down, 1))


def _font(kind: str) -> int:
    return LARGE if kind == "name" else SMALL


def _bold(kind: str) -> bool:
    return kind in ("name", "start", "head")


def content(drawing: Drawing, identifier: str = "") -> str:
    """The edges and boxes; without an identifier the boxes are no links."""
    edges = (_edge(arrow, way) for arrow, way in zip(drawing.arrows, drawing.placed.ways, strict=True))
    boxes = zip(drawing.cards, drawing.placed.boxes, strict=True)
    nodes = (_node(number, card, box, identifier) for number, (card, box) in enumerate(boxes))
    return "\n".join((f'<g transform="translate({MARGIN} {MARGIN})">', *edges, *nodes, "</g>")) + "\n"


def _edge(arrow: Arrow, way: Way) -> str:
    parts = [f'<g class="edge {" ".join(arrow.kinds)}"><title>{_quoted(arrow.hint)}</title>']
    parts += [element("path", "line", {"d": _path(curve)}) for curve in way.curves]
    parts.append(element("path", "tip", {"d": _tip(way)}))
    if way.label:
        parts += _texts(arrow.lines, way.label)
    return "".join(parts) + "</g>"


def _node(number: int, card: Card, box: Box, identifier: str) -> str:
    kinds = " ".join(("node", *card.kinds))
    link = f'<a class="{kinds}" href="#{_quoted(identifier)}-{number}" data-node="{number}">'
    opening, closing = (link, "</a>") if identifier else (f'<g class="{kinds}" data-node="{number}">', "</g>")
    parts = [opening, f"<title>{_quoted(card.hint)}</title>", *_frames(card, box), *_texts(card.lines, box), closing]
    return "".join(parts)


def _frames(card: Card, box: Box) -> Iterator[str]:
    cut = 9 if "breaking" in card.kinds else 0
    yield _frame("frame", box, 0, cut)
    if "violating" in card.kinds:
        yield _frame("inner", box, 3, cut)


def _frame(kind: str, box: Box, inset: float, cut: float) -> str:
    """A box with its corners cut, or rounded."""
    w, h = box.width / 2 - inset, box.height / 2 - inset
    if not cut:
        place = {"x": box.x - w, "y": box.y - h, "width": 2 * w, "height": 2 * h}
        return element("rect", kind, {**{name: f"{value:.1f}" for name, value in place.items()}, "rx": 6 - inset})
    upper = ((cut - w, -h), (w - cut, -h), (w, cut - h))
    lower = ((w, h - cut), (w - cut, h), (cut - w, h), (-w, h - cut), (-w, cut - h))
    points = "L".join(f"{box.x + x:.1f} {box.y + y:.1f}" for x, y in (*upper, *lower))
    return element("path", kind, {"d": f"M{points}Z"})


def _path(curve: Sequence[tuple[float, float]]) -> str:
    start, *rest = (f"{x:.1f} {y:.1f}" for x, y in curve)
    return f"M{start}C{' '.join(rest)}"


def _tip(way: Way) -> str:
    """A triangle from the end of the last curve to the tip."""
    (x, y), (to_x, to_y) = way.curves[-1][-1], way.tip
    across, down = (to_y - y) * 0.45, (x - to_x) * 0.45
    return f"M{to_x:.1f} {to_y:.1f}L{x + across:.1f} {y + down:.1f}L{x - across:.1f} {y - down:.1f}Z"


def _texts(lines: Sequence[Line], box: Box) -> Iterator[str]:
    """The lines in the middle of the box, one below the other; what no table measures is squeezed into its room."""
    y = box.y - sum(_font(kind) * LINE_HEIGHT for kind, _ in lines) / 2
    for kind, text in lines:
        size, room = _font(kind), width(text, _font(kind), bold=_bold(kind))
        place = {"x": f"{box.x:.1f}", "y": f"{y + size * ASCENT:.1f}"}
        yield line_of_text(kind, clean(text), place, f"{room:.1f}")
        y += size * LINE_HEIGHT


def _quoted(text: str) -> str:
    """`text` as it stands in an element or an attribute; the line breaks in it are ours."""
    return escape("\n".join(map(clean, text.split("\n"))))


def heading(kind: str, text: str, y: float, room: float) -> tuple[str, float]:
    """Text at the left of a document of this width, as a paragraph from `y` down; and where it ends."""
    size, lines = HEADINGS[kind], []
    for part in wrap(clean(text), room - 2 * MARGIN, size, bold=True, lines=20):
        place: dict[str, float | str] = {"x": MARGIN, "y": f"{y + size * ASCENT:.1f}"}
        lines.append(element("text", kind, place, _quoted(part)) + "\n")
        y += size * LINE_HEIGHT
    return "".join(lines), y + MARGIN
