"""A state graph in a browser: a box shows what it stands for, by pointer and by keyboard."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "report")]
from page_samples import reviewed_record
from seen import wait_until, write_site

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(reviewed_record(), tmp_path_factory.mktemp("site"))


@pytest.fixture
def opened(browser: Browser, site: Path) -> Iterator[Open]:
    complaints: list[str] = []
    contexts = []

    def open_page(fragment: str = "", width: int = 1400) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 700}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((site / "graphs/type1-initial.html").as_uri() + fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def shown(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.nodes > li')].filter((each) => each.checkVisibility()).map((each) => each.id)"
    )
    return found


def marked(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('a[data-node][aria-current]')].map((each) => each.getAttribute('href'))"
    )
    return found


def test_at_first_each_graph_shows_a_node_in_which_something_breaks(opened: Open) -> None:
    page = opened()
    assert shown(page) == ["q1-0", "q2-0"]
    assert marked(page) == ["#q1-0", "#q2-0"]


def test_a_click_shows_what_a_box_stands_for_and_leaves_the_other_graph_alone(opened: Open) -> None:
    page = opened()
    page.locator("a[href='#q1-1'][data-node]").click()
    wait_until(page, "document.getElementById('q1-1').checkVisibility()")
    assert shown(page) == ["q1-1", "q2-0"]
    assert marked(page) == ["#q1-1", "#q2-0"]
    assert page.url.endswith("#q1-1")
    assert page.locator(".said").first.text_content() == "Shown: attacker / verified"


def test_the_enter_key_does_the_same_and_the_focus_stays(opened: Open) -> None:
    page = opened()
    page.locator("a[href='#q2-1'][data-node]").focus()
    page.keyboard.press("Enter")
    assert shown(page) == ["q1-0", "q2-1"]
    assert page.evaluate("document.activeElement.dataset.node") == "1"


def test_a_way_onward_can_be_followed(opened: Open) -> None:
    page = opened()
    page.locator("#q1-0 summary").click()
    page.locator("#q1-0 details a").click()
    wait_until(page, "document.getElementById('q1-1').checkVisibility()")
    assert shown(page)[0] == "q1-1"


def test_the_address_names_a_node(opened: Open) -> None:
    page = opened("#q2-1")
    assert shown(page) == ["q1-0", "q2-1"]
    page.evaluate("() => { location.hash = '#q1-1'; }")
    wait_until(page, "document.getElementById('q1-1').checkVisibility()")


def test_on_a_small_screen_the_graph_scrolls_in_its_box_and_the_text_comes_into_view(opened: Open) -> None:
    page = opened(width=360)
    box = page.locator(".scroll").first.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.locator("a[href='#q1-1'][data-node]").click()
    wait_until(page, "document.getElementById('q1-1').getBoundingClientRect().top < innerHeight")


def test_a_broken_property_leads_to_its_finding(opened: Open) -> None:
    page = opened("#q1-1")
    page.locator("#q1-1 a", has_text="no-redirection").click()
    page.wait_for_url("**/findings/type1-initial-home-path-no-redirection.html")
