"""Paragraphs and tables of a given width, as plain text and as a terminal shows them."""

from __future__ import annotations

import io
import re

import pytest
import record_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pmicheck.report.text.layout import GAP, Block, Part, folded, plain, tables, wrap
from pmicheck.report.text.screen import ALARMING, STYLES, renderable
from pmicheck.report.text.tables import verdict_parts
from pmicheck.verdict import Verdict

NAMES = st.text(min_size=1, max_size=80)
ROWS, COLUMNS = ["first-property", "second"], ["off-path", "rogue-previous-pma"]


def drawn(*parts: Part, width: int, colour: bool = True) -> str:
    stream = io.StringIO()
    system = "standard" if colour else None
    console = Console(file=stream, width=width, force_terminal=True, color_system=system, markup=False, highlight=False)
    for part in parts:
        console.print(renderable(part), end="", soft_wrap=True)
    return stream.getvalue()


def uncoloured(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def table(cell: str, width: int = 80) -> Block:
    (block,) = tables(["row"], ["column"], {("row", "column"): cell}, width)
    return block


def test_a_table_has_its_cells_where_they_belong() -> None:
    (block,) = tables(ROWS, COLUMNS, {("second", "off-path"): "holds"}, 80)
    assert plain([block]) == (
        "                            rogue-\n"
        "                            previous-\n"
        "                off-path    pma\n"
        "--------------------------------------\n"
        "first-property  -           -\n"
        "second          holds       -\n"
    )


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.lists(NAMES, min_size=1, max_size=9, unique=True))
def test_every_column_stands_in_one_block_whatever_its_name(rows: list[str], columns: list[str]) -> None:
    blocks = list(tables(rows, columns, {}, 80))
    assert sum(len(block.heads) - 1 for block in blocks) == len(columns)
    assert all(len(block.rows) == len(rows) for block in blocks)
    for line in plain(blocks).splitlines():
        assert line.isprintable()
        assert len(line) <= 80


def test_a_name_of_absurd_length_widens_no_table() -> None:
    (block,) = tables(["p" * 10_000], ["a" * 10_000], {}, 80)
    assert max(map(len, plain([block]).splitlines())) <= 80


@given(NAMES, st.integers(5, 40))
def test_folding_loses_nothing_but_blanks(name: str, width: int) -> None:
    def letters(text: str) -> str:
        return "".join(text.split())

    escaped = plain([table(name)]) if not name.isprintable() else name
    if name.isprintable() and name.strip():
        assert letters("".join(folded(name, width))) == letters(escaped)


@pytest.mark.parametrize("width", [40, 80, 120, 160])
def test_a_terminal_shows_the_words_of_the_file_in_the_same_places(width: int) -> None:
    parts = verdict_parts(samples.full_record(), width=width)
    shown = uncoloured(drawn(*parts, width=width)).replace("─", "-")
    assert [line.rstrip() for line in shown.splitlines()] == plain(parts).splitlines()


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_its_colour_and_a_doubtful_one_alarms(verdict: Verdict) -> None:
    def style_of(cell: str) -> str:
        (text,) = renderable(table(cell)).columns[1].cells  # type: ignore[union-attr]
        return str(text.style)  # type: ignore[union-attr]

    for marks in ("", "+", "=", "*", "+*"):
        assert style_of(f"{verdict}{marks}") == STYLES[verdict]
    for marks in ("!", "?", "!*", "?*"):
        assert style_of(f"{verdict}{marks}") == ALARMING
    assert style_of("-") == "dim"


def test_verdicts_are_coloured_in_columns_and_not_in_sentences() -> None:
    assert "\x1b[1;31mviolated" in drawn("mac   violated  off-path\n", width=80)
    assert "\x1b[1;31m" not in drawn("what is violated here\n", width=80)
    assert "\x1b[33mholds-to-bound" in drawn("mac   holds-to-bound\n", width=80)


def test_nothing_steers_a_terminal() -> None:
    hostile = "\x1b[41m\u202e\ud800\r\x07[red]x[/red]"
    shown = drawn(hostile + "\n", table(hostile), width=80, colour=False)
    assert "[red]x[/red]" in shown
    assert not re.search("\x1b\\[41m|\u202e|\ud800|\r|\x07", shown)
    assert shown.count("\\x1b[41m\\u202e\\ud800") == 2


@given(st.text(max_size=300), st.integers(20, 120))
def test_a_paragraph_keeps_to_its_width_and_stays_one_text(text: str, width: int) -> None:
    lines = wrap(text, width, rest="  ")
    assert all(line.isprintable() for line in lines)
    assert all(len(line) <= width or " " not in line.strip() for line in lines)


def test_a_paragraph_keeps_names_whole_but_not_absurd_ones() -> None:
    name = "type1-handover-reactive/rogue-previous-pma/no-unauthorised-deregistration"
    assert f"  {name}" in wrap(f"about {name}", 40, rest="  ")
    assert max(map(len, wrap("x" * 10_000, 40))) == 40


def test_the_gap_between_cells_is_the_same_in_a_terminal() -> None:
    assert "row" + " " * (GAP + 0) + "holds" in uncoloured(drawn(table("holds"), width=80))
