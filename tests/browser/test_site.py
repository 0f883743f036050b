"""Every kind of page in a browser: quiet, within its window, readable in light and dark, reachable by keyboard."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "report")]
from page_samples import every_kind, hostile_record, reviewed_record
from record_samples import empty
from seen import faint_texts, overflow, write_site

from pmicheck.report.record.record import Record

KINDS = (
    "index.html",
    "statements.html",
    "claims.html",
    "graphs/index.html",
    "graphs/type1-initial.html",
    "findings/type1-initial-home-path-no-redirection.html",
)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(reviewed_record(), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(hostile_record(), tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a file; in the end nothing may have been complained of or asked for beside the report."""
    complaints: list[str] = []
    asked: list[str] = []
    contexts = []
    roots: set[str] = set()

    def open_page(directory: Path, path: str, width: int = 1000, **context: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **context))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(f"{path}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"{path}: dialog {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        roots.add(directory.as_uri())
        page.goto((directory / path).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
    assert all(url.startswith(tuple(roots)) for url in asked)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [360, 800, 1600])
def test_no_page_is_wider_than_its_window(opened: Open, site: Path, kind: str, width: int) -> None:
    assert overflow(opened(site, kind, width)) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(opened: Open, site: Path, kind: str, scheme: str) -> None:
    assert faint_texts(opened(site, kind, color_scheme=scheme)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_verdict_stands_out_too(opened: Open, tmp_path: Path, scheme: str) -> None:
    page = opened(write_site(every_kind(), tmp_path), "index.html", color_scheme=scheme)
    assert faint_texts(page) == []


def test_a_faint_text_would_be_found(opened: Open, site: Path) -> None:
    page = opened(site, "index.html")
    page.evaluate("() => { document.querySelector('h1').style.color = '#ccc'; }")
    assert any("What holds" in each for each in faint_texts(page))


@pytest.mark.parametrize(("width", "kinds"), [(360, "**/*.html"), (1600, "index.html")])
def test_hostile_values_are_text_and_break_no_layout(opened: Open, hostile: Path, width: int, kinds: str) -> None:
    for path in sorted(hostile.glob(kinds)):
        page = opened(hostile, str(path.relative_to(hostile)), width)
        assert overflow(page) == 0, path
        assert page.evaluate("document.querySelectorAll('script:not([src], [type=\"application/json\"])').length") == 0
        assert page.evaluate("getComputedStyle(document.body).direction") == "ltr"
        page.close()


def test_filters_cope_with_hostile_names(opened: Open, hostile: Path) -> None:
    page = opened(hostile, "index.html")
    for name in ("scenario", "attacker", "property"):
        options = page.locator(f"select[name={name}] option").count()
        for number in range(1, options):
            page.locator(f"select[name={name}]").select_option(index=number)
            told = page.locator("#count").inner_text()
            assert not told.startswith("0 of"), (name, number)
        page.get_by_role("button", name="Show all").click()
    assert overflow(page) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_stop_skips_to_the_content(opened: Open, site: Path, kind: str) -> None:
    page = opened(site, kind)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


STOPS = """() => [...document.querySelectorAll("a[href], button, select, input, summary, [tabindex='0']")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true })).length"""

HERE = """() => {
    const here = document.activeElement;
    const frame = here.querySelector(".frame");
    const style = getComputedStyle(here);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const marked = outlined || (frame && getComputedStyle(frame).strokeWidth === "4px");
    window.stops ??= [];
    if (!window.stops.includes(here)) window.stops.push(here);
    return [here.tagName, marked];
}"""


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_everything_is_reached_by_the_tab_key_and_shows_that_it_is(opened: Open, site: Path, kind: str) -> None:
    page = opened(site, kind)
    stops = page.evaluate(STOPS)
    assert stops > 5
    for _ in range(stops):
        page.keyboard.press("Tab")
        tag, marked = page.evaluate(HERE)
        assert tag != "BODY"
        assert marked, tag
    assert page.evaluate("window.stops.length") == stops


@pytest.mark.parametrize("kind", KINDS)
def test_without_scripts_all_is_there_and_nothing_offers_what_would_not_work(
    opened: Open, site: Path, kind: str
) -> None:
    page = opened(site, kind, java_script_enabled=False)
    assert page.locator("h1").is_visible()
    for form in page.locator("form").all():
        assert not form.is_visible()
    for node in page.locator(".nodes > li, .matrix td, .items > li").all():
        assert node.is_visible()


def test_on_paper_there_are_no_controls_and_all_nodes(opened: Open, site: Path) -> None:
    page = opened(site, "index.html")
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    assert not page.locator("header nav").is_visible()
    graph = opened(site, "graphs/type1-initial.html")
    assert graph.locator(".nodes > li:visible").count() == 2
    graph.emulate_media(media="print")
    assert graph.locator(".nodes > li:visible").count() == 4


@pytest.mark.parametrize("record", [empty(), empty(partial=True)], ids=["empty", "partial"])
def test_a_record_of_nothing_opens_quietly(opened: Open, tmp_path: Path, record: Record) -> None:
    page = opened(write_site(record, tmp_path), "index.html", 360)
    assert "Nothing was decided." in page.locator("main").inner_text()
    assert overflow(page) == 0


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_over_http_every_request_is_answered(browser: Browser, site: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    complaints: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("response", lambda got: complaints.append(f"{got.url}: {got.status}") if got.status != 200 else None)
    for kind in KINDS:
        page.goto(f"http://127.0.0.1:{server.server_port}/{kind}")
        icon = page.evaluate("fetch => document.querySelector('link[rel=icon]').href")
        assert (site / icon.split("/", 3)[3]).is_file()
    page.close()
    server.shutdown()
    server.server_close()
    assert not complaints
