"""The sequence chart of a trace: one `<svg>` element, to be put into an HTML page or saved as a file of its own.

It holds no style sheet, script or style attribute; geometry stands in attributes, looks come from `assets/chart.css`.
Classes, from the outside in:

- `sequence`: the svg element.
- `step`: all of one step; its id is "{identifier}-step-N", its `data-step` N. Also `essential` or `faint` (where that
  was asked), `attacker` (its doing), `prologue`, `clock`. A page may add a class of its own, such as `current`.
  `step-area` is a rectangle behind the whole step, `essential-mark` a bar at its left, `number` its number.
- `heads` (`again`: names only), `lifelines`, `region` (the prologue's `prologue-area`), `caption`, `no-return`,
  `verdict-box`, `legend`: the groups beside the steps.
- `arrow`, `arrow-head`, `name` with `honest`, `attack`, `answer`, `lost` or `underway`; `link` and `fate` under an
  arrow; `cross`; `claim` and `claim-box`: the source that the attacker forges.
- `act`, `change` (`entry`), `note`: boxes in a lane; `act-text`, `subject`, `change-text`, `note-head`, `note-term`,
  `note-how`: what stands in them.
- `head`, `head-name`, `lifeline` with `honest` or `attacker`; `clock-line`, `clock-text`; `prologue-caption`;
  `no-return-line`, `no-return-caption`; `verdict`, `verdict-name`, `verdict-text`, `flag`; `legend-text`; `halo`: paper
  behind a text that crosses lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pmicheck.report.charts.canvas import element, line_of_text, number
from pmicheck.report.charts.layout import lay_out
from pmicheck.report.charts.pen import Drawing, Group, Text
from pmicheck.report.charts.story import Story, tell, title
from pmicheck.report.charts.text import clean
from pmicheck.trace import Trace

FACES = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
"""The widths of `text` are upper bounds for these."""


def chart(trace: Trace, *, identifier: str = "chart") -> str:
    """The chart of `trace` as an SVG 2 element, with ids that begin with `identifier` (a name without spaces)."""
    story = tell(trace)
    return "\n".join(_svg(lay_out(trace, story), trace, story, identifier)) + "\n"


def _svg(drawing: Drawing, trace: Trace, story: Story, identifier: str) -> Iterator[str]:
    own = escape(identifier)
    size = f'width="{number(drawing.width)}" height="{number(drawing.height)}"'
    view = f'viewBox="0 0 {number(drawing.width)} {number(drawing.height)}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" class="sequence" id="{own}" {size} {view}'
    yield f' font-family="{FACES}" role="img" aria-labelledby="{own}-title {own}-desc">'
    yield f'<title id="{own}-title">{escape(_title(trace))}</title>'
    yield f'<desc id="{own}-desc">{escape(_description(trace, story))}</desc>'
    for group in drawing.groups:
        yield from _group(group, own)
    yield "</svg>"


def _title(trace: Trace) -> str:
    return clean(f"Sequence chart: {trace.property} in {trace.scenario} under {trace.attacker}")


def _description(trace: Trace, story: Story) -> str:
    lanes = ", ".join(map(title, story.lanes)) or "nobody"
    steps = f"{len(trace.steps)} step" + ("" if len(trace.steps) == 1 else "s")
    return clean(f"{steps}, from top to bottom. Lanes from left to right: {lanes}. {trace.conclusion}")


def _group(group: Group, own: str) -> Iterator[str]:
    step = f' id="{own}-step-{group.step}" data-step="{group.step}"' if group.step else ""
    yield f'<g class="{group.kind}"{step}>'
    if group.hint:
        yield f"<title>{escape(group.hint)}</title>"
    for item in group.items:
        yield _text(item) if isinstance(item, Text) else element(item.tag, item.kind, item.attributes)
    yield "</g>"


def _text(text: Text) -> str:
    weight = {"font-weight": "bold"} if text.bold else {}
    place: dict[str, float | str] = {"x": text.x, "y": text.y, "font-size": text.size, "text-anchor": text.anchor}
    return line_of_text(text.kind, text.text, {**place, **weight}, text.box.w)
