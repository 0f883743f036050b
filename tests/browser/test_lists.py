"""The lists of statements and claims in a browser: what is chosen is shown, and the address keeps it."""

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

    def open_page(path: str) -> Page:
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        file, _, fragment = path.partition("#")
        page.goto((site / file).as_uri() + (f"#{fragment}" if fragment else ""))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def shown(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.items > li')].filter((each) => each.checkVisibility()).map((each) => each.id)"
    )
    return found


def told(page: Page) -> str:
    return page.locator("#count").inner_text()


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("section", "9", ["N099", "N100"]),
        ("keyword", "MUST", ["N035"]),
        ("disposition", "modelled", ["N035", "N041"]),
    ],
)
def test_one_choice_leaves_the_statements_that_fit(opened: Open, name: str, value: str, left: list[str]) -> None:
    page = opened("statements.html")
    assert shown(page) == ["N035", "N041", "N099", "N100"]
    page.locator(f"select[name={name}]").select_option(value)
    assert shown(page) == left
    assert told(page) == f"{len(left)} of 4 statements"
    assert page.url.endswith(f"#{name}={value}")


@pytest.mark.parametrize(
    ("text", "left"),
    [("token", ["N035", "N041"]), ("TOKEN home", ["N035"]), ("n100", ["N100"]), ("no rule", ["N099"]), ("zz", [])],
)
def test_words_are_looked_for_in_name_statement_and_place(opened: Open, text: str, left: list[str]) -> None:
    page = opened("statements.html")
    page.get_by_label("Text").type(text)
    assert shown(page) == left


def test_choices_together_and_back_from_the_address(opened: Open) -> None:
    page = opened("statements.html#section=9&text=octets")
    assert shown(page) == ["N100"]
    page.reload()
    assert shown(page) == ["N100"]
    assert page.get_by_label("Text").input_value() == "octets"
    page.get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 4
    assert "#" not in page.url


def test_an_anchor_shows_its_statement_whatever_was_chosen(opened: Open) -> None:
    page = opened("statements.html#section=9")
    page.evaluate("() => { location.hash = '#N035'; }")
    wait_until(page, "document.getElementById('N035').checkVisibility()")
    assert len(shown(page)) == 4


def test_a_finding_is_a_fold_away(opened: Open) -> None:
    page = opened("statements.html#N041")
    page.locator("#N041 summary").click()
    page.locator("#N041 details a").first.click()
    page.wait_for_url("**/findings/type1-initial-home-path-no-redirection.html")


def test_claims_are_chosen_by_their_outcome(opened: Open) -> None:
    page = opened("claims.html")
    page.get_by_label("Outcome").select_option("refuted")
    assert shown(page) == ["S01"]
    assert told(page) == "1 of 2 claims"
    page.get_by_label("Outcome").select_option("")
    page.get_by_label("Text").fill("slow")
    assert shown(page) == ["S02"]
