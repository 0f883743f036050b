"""What a sequence chart is made of: texts with the room that they take, shapes, groups, and a pen that goes downwards.

Units are those of the SVG's view box, which are CSS pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pmicheck.report.charts.canvas import number
from pmicheck.report.charts.text import ASCENT, LINE_HEIGHT, shorten, width, wrap

NAME, SMALL, HEAD = 12, 11, 13
"""Font sizes."""


class Box(NamedTuple):
    """Room that a text takes at most; `kind` is its class, `step` its step (0 if it belongs to none)."""

    x: float
    y: float
    w: float
    h: float
    kind: str
    step: int


@dataclass(frozen=True)
class Text:
    """One line. `x` is the point that `anchor` ("start", "middle", "end") names, `y` the base line."""

    x: float
    y: float
    text: str
    size: float
    bold: bool
    anchor: str
    kind: str
    box: Box


@dataclass(frozen=True)
class Shape:
    """An SVG element without content."""

    tag: str
    kind: str
    attributes: Mapping[str, float | str]


@dataclass(frozen=True)
class Group:
    """Elements that belong together; `hint` is what a reader gets on asking for more."""

    kind: str
    step: int
    hint: str
    items: tuple[Text | Shape, ...]


@dataclass(frozen=True)
class Drawing:
    """A chart, ready to be written down. Groups stand in the order of painting."""

    width: float
    height: float
    groups: tuple[Group, ...]

    def boxes(self) -> list[Box]:
        """The room of every text."""
        return [item.box for group in self.groups for item in group.items if isinstance(item, Text)]


class Column(NamedTuple):
    """The part of the width that one lane has for itself; its line stands in the middle."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def room(self) -> float:
        return self.right - self.left


@dataclass
class Pen:
    """Draws one group from top to bottom; `y` is how far it has come."""

    step: int
    y: float
    items: list[Text | Shape] = field(default_factory=list)

    def shape(self, tag: str, kind: str, **attributes: float | str) -> None:
        self.items.append(Shape(tag, kind, attributes))

    def line(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
        self.shape("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)

    def rect(self, kind: str, x: float, y: float, w: float, h: float, round_: float = 0) -> None:
        self.shape("rect", kind, x=x, y=y, width=w, height=h, rx=round_)

    def head(self, kind: str, x: float, y: float, to_right: bool) -> None:
        """The head of an arrow, its point at (x, y)."""
        back = x - 9 if to_right else x + 9
        self.shape("path", kind, d=f"M{number(x)} {number(y)}L{number(back)} {number(y - 4.5)}V{number(y + 4.5)}Z")

    def cross(self, kind: str, x: float, y: float) -> None:
        self.line(kind, x - 5, y - 5, x + 5, y + 5)
        self.line(kind, x - 5, y + 5, x + 5, y - 5)

    def text(
        self,
        text: str,
        kind: str,
        at: tuple[float, float],
        *,
        size: float = SMALL,
        bold: bool = False,
        anchor: str = "middle",
        halo: bool = False,
    ) -> float:
        """One line of text whose box begins at height `at[1]`; returns where the box ends.

        `halo`: paper behind the text, so that lanes do not run through it.
        """
        x, y = at
        w, h = width(text, size, bold=bold), size * LINE_HEIGHT
        left = {"start": x, "middle": x - w / 2, "end": x - w}[anchor]
        if halo:
            self.rect("halo", left - 3, y, w + 6, h)
        box = Box(left, y, w, h, kind, self.step)
        self.items.append(Text(x, y + size * ASCENT, text, size, bold, anchor, kind, box))
        return y + h

    def lines(
        self,
        text: str,
        kind: str,
        at: tuple[float, float],
        room: float,
        *,
        most: int = 2,
        size: float = SMALL,
        bold: bool = False,
        anchor: str = "middle",
        halo: bool = False,
    ) -> float:
        """Text wrapped into at most `most` lines of width `room`; returns where it ends."""
        x, y = at
        for part in wrap(text, room, size, bold=bold, lines=most):
            y = self.text(part, kind, (x, y), size=size, bold=bold, anchor=anchor, halo=halo)
        return y

    def pill(self, text: str, kind: str, right: float, middle: float, room: float) -> None:
        """A short text in a box around the height `middle`, ending at `right`."""
        shown = shorten(text, room - 12, SMALL, bold=True)
        w, h = width(shown, SMALL, bold=True) + 12, SMALL * LINE_HEIGHT + 2
        self.rect(f"{kind}-box", right - w, middle - h / 2, w, h, h / 2)
        self.text(shown, kind, (right - w / 2, middle - h / 2 + 1), bold=True)

    def box(self, *, kind: str, column: Column, lines: Sequence[tuple[str, str, bool, int]]) -> float:
        """A box in a lane with (text, kind, bold, most lines) entries; returns where it ends."""
        room = column.room - 12
        inside = Pen(self.step, self.y + 4)
        for text, of, bold, most in lines:
            at = (column.left + 12, inside.y)
            inside.y = inside.lines(text, of, at, room - 12, most=most, bold=bold, anchor="start")
        self.rect(kind, column.left + 6, self.y, room, inside.y + 4 - self.y, 4)
        self.items += inside.items
        return inside.y + 4

    def side_by_side(self, stacks: Mapping[str, Iterable[Callable[[Pen], float]]]) -> None:
        """Draw the stack of each lane from the present height on; ends under the tallest."""
        top = lowest = self.y
        for stack in stacks.values():
            self.y = top
            for draw in stack:
                self.y = draw(self) + 4
            lowest = max(lowest, self.y)
        self.y = lowest

    def group(self, kind: str, hint: str = "") -> Group:
        return Group(kind, self.step, hint, tuple(self.items))
