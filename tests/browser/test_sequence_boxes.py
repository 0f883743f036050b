"""Sequence charts as a browser draws them: no text meets another, whatever sans-serif face it has."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pmicheck.report.charts import chart as sequence
from pmicheck.report.charts.chart import chart
from pmicheck.trace import Trace
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request

sys.path.append(str(Path(__file__).parents[1] / "report"))
import sequence_traces as samples
import told

STYLES = (Path(sequence.__file__).parents[1].joinpath("assets") / "chart.css").read_text(encoding="utf-8")
REAL = (
    ("rr-mobile", "home-path"),
    ("type1-handover", "home-path"),
    ("type1-settled", "home-path"),
    ("type2-handshake-handover", "off-path"),
    ("type2-rr", "dolev-yao"),
    ("data-plane", "home-path"),
)
MEASURE = """() => [...document.querySelectorAll('svg.sequence text')].map(text => {
    const box = text.getBoundingClientRect()
    return {text: text.textContent, x: box.x, y: box.y, w: box.width, h: box.height}
})"""
TOLERANCE = 0.5
"""Pixels: browsers round."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    yield opened
    opened.close()


def show(page: Page, told: Trace) -> None:
    page.set_content(f"<!doctype html><meta charset=utf-8><style>{STYLES}</style>{chart(told)}")


def measured(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(MEASURE)
    return found


def meet(one: dict[str, Any], other: dict[str, Any]) -> bool:
    across = min(one["x"] + one["w"], other["x"] + other["w"]) - max(one["x"], other["x"])
    down = min(one["y"] + one["h"], other["y"] + other["h"]) - max(one["y"], other["y"])
    return across > TOLERANCE and down > TOLERANCE


def assert_clear(page: Page) -> None:
    boxes = measured(page)
    assert boxes
    assert [(one["text"], other["text"]) for one, other in combinations(boxes, 2) if meet(one, other)] == []
    edge = page.evaluate("() => document.querySelector('svg.sequence').getBoundingClientRect().toJSON()")
    assert [box["text"] for box in boxes if box["x"] < edge["left"] or box["x"] + box["w"] > edge["right"]] == []


@pytest.mark.parametrize(("scenario", "attacker"), REAL)
def test_no_text_of_a_real_trace_meets_another(page: Page, scenario: str, attacker: str) -> None:
    record = verify(Request((scenario,), (attacker,)), command=[], progress=lambda _: None)
    told = {str(each.trace.steps): each.trace for each in record.results if each.trace}
    assert told
    for trace in told.values():
        show(page, trace)
        assert_clear(page)


@pytest.mark.parametrize("face", ["DejaVu Sans", "DejaVu Sans Condensed", "DejaVu Serif", "sans-serif"])
@pytest.mark.parametrize("told", samples.SAMPLES.values(), ids=samples.SAMPLES.keys())
def test_no_text_of_a_sample_meets_another_in_any_face(page: Page, told: Trace, face: str) -> None:
    show(page, told)
    page.add_style_tag(content=f".sequence text {{ font-family: '{face}' }}")
    if told.steps:
        assert_clear(page)


@pytest.mark.parametrize("name", samples.HOSTILE, ids=range(len(samples.HOSTILE)))
def test_no_hostile_name_leaves_its_place(page: Page, name: str) -> None:
    hostile = samples.trace(
        samples.start(name, f"{name}(1)", rule=name, cells=(told.hostile_cell(name),)),
        samples.deliver(name, "cn", name, term=f"{name}(1)", link=name, learned=(told.hostile_term(name),)),
        samples.inject(name, "cn", name, link=name),
        samples.clock(name),
        conclusion=name,
        property=name,
        no_return=1,
    )
    show(page, hostile)
    assert_clear(page)
    assert page.locator("script").count() == 0
    assert page.locator("svg.sequence g.step").count() == 4


def test_a_narrow_screen_scrolls_the_chart_and_not_the_page(browser: Browser) -> None:
    opened = browser.new_page(viewport={"width": 360, "height": 640})
    inside = f"<div id='box' style='overflow-x: auto'>{chart(samples.ATTACK)}</div>"
    opened.set_content(f"<!doctype html><meta charset=utf-8><style>{STYLES}</style>{inside}")
    wide, page_wide = opened.evaluate(
        "() => [document.getElementById('box').scrollWidth, document.documentElement.scrollWidth]"
    )
    opened.close()
    assert wide > 360 >= page_wide
