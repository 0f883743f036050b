"""What steps say as values, made from few words for samples, or of hostile texts. No test lives here."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from pmicheck.trace import Changed, Known, Said, Step

CELL = re.compile(r"(?P<keeper>(?:mn|pma|ha|cn)\d*)(?:\[(?P<home>.+?)\])?\.(?P<words>.+)", re.DOTALL)
"""What a trace calls a cell of a principal: pma1.registration, cn[HoA].entry."""
KINDS = ("entry", "sequence number", "registration", "attachment", "local list", "wish", "clock")
WAYS = {
    "it ": "derived",
    "read from ": "read",
    "from a test of its own": "tested",
    "handed over": "handed over",
    "came to it": "prologue",
    "public": "public",
}
"""By how the words for it begin, how the attacker came by a term; its "own" for all others."""

Texts = st.SearchStrategy[str]


def said(term: str, **content: object) -> Said:
    """A message by its term and, if they matter, its fields."""
    return Said(term.partition("(")[0], term, content)


def changed(cell: str, was: str, now: str) -> Changed:
    """A cell as a trace calls it, with its values in words; `was` is "" if nobody recorded it."""
    if found := CELL.fullmatch(cell):
        kind = words = found["words"]
        of = {"keeper": found["keeper"], "home": found["home"] or "HoA"}
    elif cell == "mobile node attached to":
        kind, words, of = "attachment", "attached to", {"keeper": "mn", "home": "HoA"}
    else:
        kind, words, of = cell, cell, {}
    remarks = was.split(", ") if was else [], now.split(", ")
    before, after = (_value(kind, each) for each in remarks)
    return Changed(cell, kind, of, words, before, after, *map(tuple, remarks))


def _value(kind: str, remarks: list[str]) -> Any:
    match remarks:
        case [] | ["none"]:
            return None
        case [care_of, state] if kind == "entry":
            return {"care_of": care_of, "verified": state == "verified"}
        case [number] if number.isdecimal():
            return int(number)
        case _:
            return ", ".join(remarks)


def known(words: str, how: str, when: str = "", *premises: int) -> Known:
    """A term with how and when the attacker came by it, and the positions of what it was derived from."""
    way = next((way for begins, way in WAYS.items() if how.startswith(begins)), "own")
    constructor = "sig" if words.startswith("signature of ") else re.split(r"[\d(\[]", words)[0]
    return Known([constructor], words, way, how, when, premises)


def untold(step: Step) -> Step:
    """The step as a record of schema 1 or 2 has it: no value before, no premises, nothing learned."""
    cells = tuple(replace(each, before=None, was=()) for each in step.cells)
    return replace(step, cells=cells, known=tuple(replace(each, premises=()) for each in step.known), learned=())


# Hostile texts in every place for words.


def hostile_message(text: str) -> Said:
    return Said(text, text, {text: text})


def hostile_cell(text: str, kind: str = "entry") -> Changed:
    of = {"keeper": text, "home": text, text: text}
    return Changed(text, kind, of, text, text, {text: text}, (text, text), (text,))


def hostile_term(text: str, *premises: int) -> Known:
    return Known([text], text, "derived", text, text, premises)


def several(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


def messages(texts: Texts) -> st.SearchStrategy[tuple[Said, ...]]:
    """Messages of any words; some have the same fields, others none."""
    content = st.dictionaries(texts, texts, max_size=2) | st.just({"type": "Update", "seq": 1})
    return several(st.builds(Said, texts, texts, content))


def cells(texts: Texts, keepers: Texts) -> st.SearchStrategy[tuple[Changed, ...]]:
    """Cells that anybody keeps, of any words."""
    values = st.none() | st.booleans() | st.integers() | texts | st.dictionaries(texts, texts, max_size=2)
    of = st.fixed_dictionaries({}, optional={"keeper": keepers, "home": texts | st.integers(), "at": values})
    change = st.builds(
        Changed,
        cell=texts,
        kind=st.sampled_from(KINDS) | texts,
        of=of,
        words=texts,
        before=values,
        after=values,
        was=several(texts),
        now=several(texts),
    )
    return several(change)


def terms(texts: Texts) -> st.SearchStrategy[tuple[Known, ...]]:
    """Terms of any words, come by in any way, derived from whatever."""
    nested = st.lists(texts | st.lists(texts, max_size=2), max_size=2) | texts | st.none()
    ways = st.sampled_from([*WAYS.values(), "own"])
    premises = several(st.integers(0, 4))
    return several(st.builds(Known, term=nested, words=texts, way=ways, how=texts, when=texts, premises=premises))


def parts(texts: Texts) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """Parts of a term that tell any field."""
    return several(st.tuples(texts, texts))
