"""Where the boxes of a drawing go: positions from Graphviz.

The layout program comes with the package `graphviz-pure`: the same graph then gets the same picture on every machine,
to the octet, whichever `dot` is installed there or none. Only where there is no such package (no wheel for the
platform) the system's `dot` is used. Boxes come with their sizes, so the
fonts of the machine have no say either. The label of an edge is a box between its ends, which Graphviz keeps apart from
all others.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from pmicheck.errors import OutputError

PROGRAM = "graphviz-pure"
SECONDS = 120
"""Time that a layout may take; those of the shipped scenarios take up to two."""

EFFORT = 2
"""How long Graphviz improves on a layout (its `nslimit`): a dense graph of 300 states takes seconds, not minutes."""

POINTS = 72
"""Units of a drawing in an inch, Graphviz' measure of sizes."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Size:
    """Width and height in points, which are pixels of the drawing."""

    width: float
    height: float


@dataclass(frozen=True)
class Link:
    """An edge between two boxes (by position), with the size of its label if it has one."""

    source: int
    target: int
    label: Size | None = None


@dataclass(frozen=True)
class Box:
    """A placed box: its middle and its size, y downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Way:
    """A placed edge: runs of cubic curves (a point, then three for each piece), the arrow's tip, the label's box."""

    curves: tuple[tuple[Point, ...], ...]
    tip: Point
    label: Box | None


@dataclass(frozen=True)
class Placed:
    """A drawing of `size`: boxes and edges in the order given."""

    size: Size
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]


def place(boxes: Sequence[Size], links: Sequence[Link]) -> Placed:
    """Positions for boxes and edges. Edges lead downwards where the target comes after the source, else upwards.

    Raises:
        OutputError: the layout program is missing, fails, answers with something else or takes longer than `SECONDS`.
    """
    try:
        return _placed(json.loads(_run("\n".join(_source(boxes, links)))), boxes, links)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(f"the drawing cannot be laid out: {PROGRAM} answered with what is no layout") from error


def _placed(laid: Any, boxes: Sequence[Size], links: Sequence[Link]) -> Placed:
    """The answer of the layout program as a drawing."""
    width, height = (float(each) for each in laid["bb"].split(",")[2:])
    middles = {each["name"]: _point(each["pos"], height) for each in laid["objects"]}
    legs: dict[int, list[str]] = {}
    for each in laid.get("edges", ()):
        legs.setdefault(int(each["id"]), []).append(each["pos"])
    return Placed(
        Size(width, height),
        tuple(Box(*middles[f"n{number}"], box.width, box.height) for number, box in enumerate(boxes)),
        tuple(
            Way(
                *_curves(legs[number], height),
                Box(*middles[f"e{number}"], link.label.width, link.label.height) if link.label else None,
            )
            for number, link in enumerate(links)
        ),
    )


def _source(boxes: Sequence[Size], links: Sequence[Link]) -> Iterator[str]:
    """The graph in the DOT language, with sizes and no text at all; every edge is written from upper to lower box."""
    yield f"digraph {{ graph [nodesep=0.3 ranksep=0.3 nslimit={EFFORT}]; edge [arrowsize=0.7];"
    yield 'node [shape=box fixedsize=true label=""];'
    for number, box in enumerate(boxes):
        yield f"n{number} {_sized(box)};"
    for number, link in enumerate(links):
        upper, lower = sorted((link.source, link.target))
        arrow = "forward" if link.target == lower else "back"
        if link.label is None:
            yield f"n{upper} -> n{lower} [id={number} dir={arrow}];"
        else:
            yield f"e{number} {_sized(link.label)};"
            yield f"n{upper} -> e{number} [id={number} dir={'none' if arrow == 'forward' else arrow}];"
            yield f"e{number} -> n{lower} [id={number} dir={'none' if arrow == 'back' else arrow}];"
    yield "}"


def _sized(size: Size) -> str:
    return f"[width={size.width / POINTS:.4f} height={size.height / POINTS:.4f}]"


def _run(source: str) -> str:
    try:
        done = subprocess.run(
            [_program(), "-Tjson0"], input=source, capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise OutputError(f"the drawing cannot be laid out: {PROGRAM} took longer than {SECONDS} s") from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise OutputError(f"the drawing cannot be laid out: {PROGRAM} failed: {error}") from error
    return done.stdout


def _program() -> str:
    """The path of the layout program as pip installed it; of the system's `dot` where there is no such package."""
    try:
        files = metadata.files(PROGRAM) or []
    except metadata.PackageNotFoundError as error:
        dot = shutil.which("dot")
        if dot is None:
            missing = f"neither the package {PROGRAM} nor Graphviz is installed"
            raise OutputError(f"the drawing cannot be laid out: {missing}") from error
        return dot
    return next(str(file.locate()) for file in files if file.stem == PROGRAM and file.suffix in ("", ".exe"))


def _curves(positions: Sequence[str], height: float) -> tuple[tuple[tuple[Point, ...], ...], Point]:
    """The curves of an edge, each from source to target, and the tip of its arrow; Graphviz marks that by a letter."""
    tip, curves = (0.0, 0.0), []
    for position in positions:
        words = position.split()
        if words[0][0] in "se":
            tip = _point(words.pop(0)[2:], height)
        curves.append(tuple(_point(word, height) for word in words))
    if any(position.startswith("s,") for position in positions):
        curves = [curve[::-1] for curve in reversed(curves)]
    return tuple(curves), tip


def _point(word: str, height: float) -> Point:
    x, y = (float(each) for each in word.split(","))
    return round(x, 1), round(height - y, 1)
