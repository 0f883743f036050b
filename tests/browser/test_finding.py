"""The page of a finding in a browser: stepping through, derivations; without a script, on a small screen, on paper."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page

from pmicheck.report.directory import write_reports
from pmicheck.report.record.record import Record

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "report")]
import finding_samples as samples
from seen import wait_until

HOSTILE = '<script>document.title = "taken"</script><b>‮' + "x" * 10_000
STEPS = len(samples.STEPS)

Open = Callable[..., Page]

CONTRAST = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1)
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const luminance = (colour) => {
        const [r, g, b] = colour.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor)
            if (colour[3] === 255) return colour
        }
        return [255, 255, 255, 255]
    }
    const low = new Set()
    for (const element of document.querySelectorAll('main *')) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
        if (!text || !element.checkVisibility() || element.closest('svg')) continue
        const [one, other] = [rgba(getComputedStyle(element).color), ground(element)].map(luminance)
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
        if (ratio < 4.5) low.add(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`)
    }
    return [...low]
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of several findings of one flaw."""
    directory = tmp_path_factory.mktemp("report")
    write_reports(samples.reviewed(), directory)
    return directory


@pytest.fixture
def opened(browser: Browser, report: Path, tmp_path: Path) -> Iterator[Open]:
    """Opens a finding's page; afterwards nothing may have been complained of or asked for outside the report."""
    pages: list[Page] = []
    complaints: list[str] = []
    asked: list[str] = []

    def open_page(fragment: str = "", *, record: Record | None = None, number: int = 0, **context: Any) -> Page:
        directory = report
        if record is not None:
            directory = tmp_path
            write_reports(record, directory)
        page = browser.new_page(**context)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        found = sorted(directory.glob("findings/*.html"))[number]
        page.goto(found.as_uri() + fragment)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not complaints
    assert all(url.startswith((report.as_uri(), tmp_path.as_uri())) for url in asked)


def shown(page: Page) -> list[int]:
    """The numbers of the steps that can be seen."""
    found: list[int] = page.evaluate(
        "[...document.querySelectorAll('.steps > li')].filter((step) => step.checkVisibility())"
        ".map((step) => Number(step.id.slice(5)))"
    )
    return found


def in_chart(page: Page) -> list[str]:
    """The steps that the chart marks."""
    found: list[str] = page.evaluate("[...document.querySelectorAll('svg .current')].map((step) => step.dataset.step)")
    return found


def test_one_step_at_a_time_by_click(opened: Open) -> None:
    page = opened()
    assert shown(page) == [1]
    seen = []
    for button in ("Forward", "Forward", "Back", "Last", "Forward", "First", "Back"):
        page.get_by_role("button", name=button).click(force=True)
        seen += shown(page)
        assert in_chart(page) == [str(seen[-1])]
        assert page.locator("#position").inner_text() == f"Step {seen[-1]} of {STEPS}"
    assert seen == [2, 3, 2, STEPS, STEPS, 1, 1]


def test_one_step_at_a_time_by_keyboard(opened: Open) -> None:
    page = opened()
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        seen += shown(page)
    page.get_by_role("button", name="Forward").focus()
    for key in ("End", "Home", "PageDown", "PageUp", "ArrowRight", "Enter"):
        page.keyboard.press(key)
        seen += shown(page)
    assert seen == [2, 3, 2, STEPS, 1, STEPS, 1, 2, 3]


@pytest.mark.parametrize("key", ["Home", "End", "PageUp", "PageDown", "ArrowDown", "ArrowUp", " "])
def test_keys_that_scroll_the_page_scroll_it_unless_the_steps_have_the_focus(opened: Open, key: str) -> None:
    page = opened("#step-2")
    press = "(key) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}))"
    assert page.evaluate(press, key), "the browser may no longer scroll"
    assert shown(page) == [2]


@pytest.mark.parametrize("place", ["<input>", "<textarea></textarea>", "<select><option>a</select>"])
def test_keys_belong_to_the_field_that_has_the_focus(opened: Open, place: str) -> None:
    page = opened()
    page.evaluate("(html) => document.getElementById('stepper').insertAdjacentHTML('beforeend', html)", place)
    page.locator("#stepper > :last-child").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert shown(page) == [1]


def test_keys_with_a_modifier_belong_to_the_browser(opened: Open) -> None:
    page = opened()
    page.keyboard.press("Control+ArrowRight")
    assert shown(page) == [1]


def test_the_address_names_the_step_and_a_reload_restores_it(opened: Open) -> None:
    page = opened()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.url.endswith("#step-3")
    page.reload()
    assert shown(page) == [3]


@pytest.mark.parametrize(
    ("fragment", "step"), [("#step-4", 4), ("#step-0", 1), ("#step-999", 1), ("#%zz", 1), ("#x", 1)]
)
def test_a_fragment_that_names_no_step_is_none(opened: Open, fragment: str, step: int) -> None:
    assert shown(opened(fragment)) == [step]


def test_a_link_to_a_step_shows_it(opened: Open) -> None:
    page = opened("#step-5")
    page.locator(".derivation a").click()
    page.locator("#step-4").wait_for()
    assert shown(page) == [4]
    assert page.evaluate("document.activeElement.closest('li').id") == "step-4"


def test_a_step_in_the_chart_can_be_clicked(opened: Open) -> None:
    page = opened()
    page.locator("svg [data-step='4'] text").first.click()
    assert shown(page) == [4]


def test_the_chart_follows_within_its_own_box(opened: Open) -> None:
    page = opened(viewport={"width": 800, "height": 500}, record=samples.reviewed(samples.long_finding(60)))
    page.get_by_role("button", name="First").focus()
    top = page.evaluate("scrollY")
    page.keyboard.press("End")
    inside = page.evaluate("""() => {
        const box = document.getElementById('chart-box').getBoundingClientRect()
        const step = document.querySelector('svg .current').getBoundingClientRect()
        return step.top < box.bottom && step.bottom > box.top
    }""")
    assert inside
    assert page.evaluate("scrollY") == top


def test_a_screen_reader_is_told_of_each_step(opened: Open) -> None:
    page = opened()
    page.keyboard.press("ArrowRight")
    said = page.get_by_role("status").first.text_content() or ""
    assert said.startswith(f"Step 2 of {STEPS}: PMA1 sends a PHoTI to CN")


def test_knowledge_grows_and_what_is_new_is_marked(opened: Open) -> None:
    page = opened()
    known = page.locator("#knowledge > li:visible")
    counts = []
    for _ in range(STEPS):
        counts.append((known.count(), page.locator("#knowledge > li.new:visible").count()))
        page.keyboard.press("ArrowRight")
    assert counts == [(0, 0), (1, 1), (1, 0), (2, 1), (3, 1)]


def test_what_a_term_was_derived_from_stands_below_it_and_can_be_folded(opened: Open) -> None:
    page = opened("#step-5")
    root = page.locator("#step-5 .derivation > li > details")
    assert samples.MAC in root.locator("> summary").inner_text()
    leaves = root.locator("> .derivation > li")
    assert [text.split(",")[0] for text in leaves.all_inner_texts()] == ["T(HoA", "C(attacker"]
    above = root.locator("> summary").bounding_box()
    for leaf in leaves.all():
        below = leaf.bounding_box()
        assert above
        assert below
        assert below["y"] >= above["y"] + above["height"]
        assert below["x"] > above["x"]
    root.locator("> summary").click()
    assert not leaves.first.is_visible()


def test_all_steps_can_be_shown_at_once(opened: Open) -> None:
    page = opened("#step-3")
    page.get_by_role("button", name="Show all").click()
    assert shown(page) == list(range(1, STEPS + 1))
    page.get_by_role("button", name="Show all").click()
    assert shown(page) == [3]


def test_the_link_of_a_packet_opens_its_fields(opened: Open) -> None:
    page = opened("#step-5")
    page.get_by_role("link", name="all fields").click()
    page.get_by_text("Binding Update, RFC 6275 6.1.7").wait_for()
    assert shown(page) == [5]


def test_without_a_script_all_steps_stand_below_each_other(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    steps = page.locator(".steps > li")
    assert [step.is_visible() for step in steps.all()] == [True] * STEPS
    assert not page.get_by_role("button").count()


def test_on_paper_all_steps_stand_below_each_other(opened: Open) -> None:
    page = opened()
    page.emulate_media(media="print")
    assert shown(page) == list(range(1, STEPS + 1))
    assert page.locator("#knowledge > li:visible").count() == 3
    assert not page.locator("button:visible").count()


def test_a_command_can_be_copied(opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Copy").first.click()
    wait_until(page, "document.getElementById('copied').textContent")
    assert page.locator("#copied").text_content() in ("Copied.", "Selected; copy it with the keyboard.")


@pytest.mark.parametrize("width", [360, 800, 1600])
@pytest.mark.parametrize(
    "record",
    [samples.reviewed(), samples.hostile(HOSTILE), samples.reviewed(samples.stuck())],
    ids=["usual", "hostile", "stuck"],
)
def test_the_page_never_scrolls_sideways(opened: Open, width: int, record: Record) -> None:
    page = opened(record=record, viewport={"width": width, "height": 700})
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    page.get_by_role("button", name="Show all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_text_stands_out_from_its_ground(opened: Open, scheme: str, number: int) -> None:
    page = opened(number=number, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    page.get_by_role("button", name="Show all").click()
    assert page.evaluate(CONTRAST) == []


def test_what_can_scroll_can_have_the_focus(opened: Open) -> None:
    page = opened(viewport={"width": 360, "height": 700})
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    stuck = page.evaluate("""() => [...document.querySelectorAll('main *')].filter((each) =>
        each.checkVisibility() && /auto|scroll/.test(getComputedStyle(each).overflowX) && each.tabIndex < 0
    ).map((each) => each.outerHTML.slice(0, 80))""")
    assert stuck == []


def test_hostile_names_stay_text(opened: Open) -> None:
    page = opened(record=samples.hostile(HOSTILE))
    assert page.title() != "taken"
    assert page.locator("main b").count() == 0
    assert not re.search("[‮]", page.locator("main").inner_text())


def test_hostile_names_stay_in_their_boxes(opened: Open) -> None:
    page = opened(record=samples.hostile(HOSTILE), viewport={"width": 360, "height": 700})
    heading = page.locator("h1").bounding_box()
    assert heading
    assert heading["height"] < 1200


def test_a_violation_without_steps_has_no_step_through(opened: Open) -> None:
    page = opened(record=samples.reviewed(replace(samples.finding(), trace=None, replay=None)))
    assert page.get_by_text("The record holds no steps for it.").is_visible()
    assert page.locator(".steps, svg").count() == 0
