"""State graphs as a browser draws them: no text meets another or leaves its box, and all can be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pmicheck.report.graphs import svg as state_graph_svg
from pmicheck.report.graphs.data import Quotient, StateGraph
from pmicheck.report.graphs.files import render
from pmicheck.report.graphs.svg import svg
from pmicheck.review.graphs import graph_of
from pmicheck.verify.matrix import Request

sys.path.append(str(Path(__file__).parents[1] / "report"))
import state_graph_samples as samples

STYLES = (Path(state_graph_svg.__file__).parents[1].joinpath("assets") / "graph.css").read_text(encoding="utf-8")
REAL = (
    ("rr-mobile", "careof-path"),
    ("type1-initial", "home-path"),
    ("type1-handover", "rogue-next-pma"),
    ("type1-settled", "home-path"),
    ("type2-handshake-handover", "rogue-next-pma"),
    ("type2-rr", "off-path"),
    ("data-plane", "home-path"),
)
FACES = ("system-ui", "DejaVu Sans", "Liberation Sans", "sans-serif")
POLICY = "default-src 'none'; style-src 'nonce-test'"
TOLERANCE = 0.5
"""Pixels: browsers round."""

MEASURE = """() => [...document.querySelectorAll('svg.state-graph text')].filter(text => text.textContent).map(text => {
    const place = text.getBoundingClientRect()
    const frame = text.closest('.node')?.querySelector('.frame').getBoundingClientRect()
    const box = (r) => ({x: r.x, y: r.y, w: r.width, h: r.height})
    return {text: text.textContent, ...box(place), frame: frame ? box(frame) : null}
})"""

LUMINANCES = """() => {
    const channel = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    const luminance = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((each) => channel(Number(each) / 255))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const paper = luminance(getComputedStyle(document.body).backgroundColor)
    return [...document.querySelectorAll('svg.state-graph text')].map(text => {
        const frame = text.closest('.node')?.querySelector('.frame')
        const below = frame ? luminance(getComputedStyle(frame).fill) : paper
        return [text.textContent, luminance(getComputedStyle(text).fill), below]
    })
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    complaints: list[str] = []
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    opened.on("console", lambda message: complaints.append(message.text))
    yield opened
    opened.close()
    assert not complaints


def show(page: Page, quotient: Quotient, face: str = "system-ui") -> None:
    """The drawing in a page that forbids every style and script but its own style sheet."""
    head = f'<meta http-equiv=content-security-policy content="{POLICY}"><style nonce=test>{STYLES}</style>'
    face_style = f"<style nonce=test>:root {{ --sans: '{face}' }}</style>" if face != "system-ui" else ""
    drawn = svg(quotient, identifier="q")
    page.set_content(f"<!doctype html><meta charset=utf-8>{head}{face_style}<body>{drawn}")


def measured(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(MEASURE)
    return found


def meet(one: dict[str, Any], other: dict[str, Any]) -> bool:
    across = min(one["x"] + one["w"], other["x"] + other["w"]) - max(one["x"], other["x"])
    down = min(one["y"] + one["h"], other["y"] + other["h"]) - max(one["y"], other["y"])
    return across > TOLERANCE and down > TOLERANCE


def outside(text: dict[str, Any]) -> bool:
    frame = text["frame"]
    return frame is not None and (
        text["x"] < frame["x"]
        or text["y"] < frame["y"]
        or text["x"] + text["w"] > frame["x"] + frame["w"]
        or text["y"] + text["h"] > frame["y"] + frame["h"]
    )


def assert_readable(page: Page) -> None:
    texts = measured(page)
    assert texts
    pairs = [(one, other) for one, other in combinations(texts, 2) if meet(one, other)]
    assert [(one["text"], other["text"]) for one, other in pairs] == []
    assert [text["text"] for text in texts if outside(text)] == []


@pytest.fixture(scope="module", params=REAL, ids="/".join)
def graph(request: pytest.FixtureRequest) -> StateGraph:
    scenario, attacker = request.param
    return graph_of(Request((scenario,)), attacker, progress=lambda _: None)


def test_no_text_meets_another_or_leaves_its_box(page: Page, graph: StateGraph) -> None:
    for quotient in graph.quotients:
        show(page, quotient)
        assert_readable(page)


@pytest.mark.parametrize("face", FACES)
def test_whatever_face_the_machine_has(page: Page, face: str) -> None:
    show(page, samples.ENTRY, face)
    assert_readable(page)


@pytest.mark.parametrize("text", samples.HOSTILE, ids=range(len(samples.HOSTILE)))
def test_hostile_words_keep_to_their_boxes(page: Page, text: str) -> None:
    for quotient in samples.hostile(text).quotients:
        show(page, quotient)
        assert_readable(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("medium", ["screen", "print"])
def test_all_text_has_the_contrast_of_wcag_aa(page: Page, scheme: str, medium: str) -> None:
    page.emulate_media(color_scheme=scheme, media=medium)  # type: ignore[arg-type]
    show(page, samples.ENTRY)
    page.evaluate(
        "document.body.style.background = "
        "getComputedStyle(document.querySelector('.state-graph')).getPropertyValue('--graph-bg')"
    )
    for text, ink, paper in page.evaluate(LUMINANCES):
        light, dark = max(ink, paper), min(ink, paper)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, text


def test_boxes_are_links_that_the_keyboard_reaches_with_a_name(page: Page) -> None:
    show(page, samples.ENTRY)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("[document.activeElement.dataset.node, document.activeElement.getAttribute('href')]")
    assert focused == ["1", "#q-1"]
    link = page.get_by_role("link", name="cell: CoA1, unverified")
    assert link.count() == 1


def test_a_picture_by_itself_has_its_looks(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "graph.svg"
    file.write_text(render(samples.GRAPH, by="entry", format="svg"), encoding="utf-8")
    page.goto(file.as_uri())
    assert_readable(page)
    fills = page.evaluate("[...document.querySelectorAll('.node .frame')].map((each) => getComputedStyle(each).fill)")
    assert len(set(fills)) == 2
