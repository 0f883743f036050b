"""Every command line of the user guide is run, in order, in an empty directory; what it quotes must be printed."""

from __future__ import annotations

import re
import resource
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcripts import ELISION, ROOT, Command, File, Sandbox, misquoted, pieces, prose

from pmicheck.cli.options import parser
from pmicheck.errors import UsageError

README = ROOT / "README.md"
TUTORIAL = ROOT / "docs/tutorial.md"
CI = ROOT / "docs/ci.md"
GUIDE = (README, TUTORIAL, CI)
LONGEST = 40
"""Seconds of CPU that a command may take which is not said to take minutes."""


@pytest.mark.parametrize("document", GUIDE, ids=lambda path: path.name)
def test_the_commands_do_and_print_what_the_guide_says(document: Path, sandbox: Sandbox) -> None:
    ran = 0
    for piece in pieces(document):
        if isinstance(piece, File):
            write_or_compare(piece, sandbox)
        elif not piece.minutes:
            holds(piece, sandbox)
            ran += 1
    assert ran > 2


def write_or_compare(file: File, sandbox: Sandbox) -> None:
    if file.of_the_project:
        printed = (ROOT / file.name).read_text(encoding="utf-8").splitlines()
        assert misquoted(file.lines, printed) == "", file.name
    else:
        (sandbox.directory / file.name).write_text("\n".join(file.lines) + "\n", encoding="utf-8")


def holds(command: Command, sandbox: Sandbox) -> None:
    before = seconds_of_children()
    done = sandbox.run(command.text)
    told = f"{command.place}: $ {command.text}\n{done.stdout}"
    assert done.returncode == command.code, f"ended with {done.returncode}\n{told}"
    wrong = misquoted(command.quoted, done.stdout.splitlines())
    assert not wrong, f"not printed there:\n{wrong}\n\n{told}"
    assert seconds_of_children() - before < LONGEST, told


def seconds_of_children() -> float:
    """CPU time of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_what_takes_minutes_is_a_target_of_make_or_a_command_line_that_parses() -> None:
    slow = [piece.text for path in GUIDE for piece in pieces(path) if isinstance(piece, Command) and piece.minutes]
    assert slow
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for line in slow:
        program, *words = shlex.split(line, comments=True)
        if program == "make":
            assert set(words) <= set(targets)
        else:
            assert program == "pmicheck"
            parser().parse_args(words)


@pytest.mark.parametrize("document", GUIDE, ids=lambda path: path.name)
def test_command_lines_within_sentences_and_tables_parse(document: Path) -> None:
    """`pmicheck VERB` alone names the verb; with anything behind it, it must be a whole command line."""
    text = prose(document)
    spans = [" ".join(span.split()) for span in re.findall(r"`((?:\.venv/bin/)?pmicheck [^`]*)`", text)]
    indented = re.findall(r"^ {4}(?:\.venv/bin/)?(pmicheck .*)$", text, re.MULTILINE)
    verbs = parser().get_default("verbs")
    for line in (*spans, *indented):
        _, *words = shlex.split(line, comments=True)
        if len(words) > 1 or words[0] not in verbs:
            try:
                parser().parse_args(words)
            except UsageError as error:
                pytest.fail(f"{document.name}: `{line}`: {error}")


@pytest.mark.parametrize("document", GUIDE, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", prose(document))
    assert targets
    for target in targets:
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings], target


def test_the_readme_is_under_200_lines() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 200


def test_the_readme_shows_the_workflow_and_the_hook() -> None:
    shown = [piece.name for piece in pieces(README) if isinstance(piece, File)]
    assert {"docs/github-actions.yml", "docs/pre-commit-hook.sh"} <= set(shown)
    for name in shown:
        assert f"]({name})" in prose(README)


lines = st.lists(st.text(st.sampled_from("ab$. "), max_size=4), max_size=8)


@given(lines, lines, lines)
def test_a_quotation_may_leave_lines_out_where_it_says_so(
    before: list[str], between: list[str], after: list[str]
) -> None:
    assert misquoted([*before, ELISION, *after], [*before, *between, *after]) == ""


@given(lines.filter(len), st.data())
def test_a_quotation_may_leave_words_out_where_it_says_so(printed: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(printed) - 1))
    start = data.draw(st.integers(0, len(printed[at])))
    quoted = [*printed[:at], printed[at][:start] + ELISION + "a", *printed[at + 1 :]]
    longer = [*printed[:at], printed[at] + "a", *printed[at + 1 :]]
    assert misquoted(quoted, longer) == "" or quoted[at].strip() == ELISION


@given(lines.filter(len), st.data())
def test_a_quotation_with_another_word_in_it_is_found_out(printed: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(printed) - 1))
    assert misquoted([*printed[:at], "another", *printed[at + 1 :]], printed)


@pytest.mark.parametrize(
    ("quoted", "printed"),
    [
        (["a"], ["a", "b"]),
        (["b"], ["a", "b"]),
        (["a", "c"], ["a", "b", "c"]),
        ([ELISION, "a"], ["a", "b"]),
        (["b", ELISION], ["a", "b"]),
        (["a", ELISION, "a"], ["a"]),
        (["b", ELISION, "a"], ["a", "b", "c"]),
        (["a.c"], ["abc"]),
    ],
)
def test_a_quotation_that_hides_what_it_leaves_out_is_found_out(quoted: list[str], printed: list[str]) -> None:
    assert misquoted(quoted, printed)


def test_nothing_quoted_promises_nothing() -> None:
    assert misquoted([], ["a"]) == ""
