"""What the tests of formats for machines share: comparisons, and records of hostile text. No test lives here."""

from __future__ import annotations

import dataclasses
import datetime

import record_samples as samples
from hypothesis import strategies as st
from msgspec.structs import replace
from told import cells, hostile_cell, hostile_message, hostile_term, messages, terms

from pmicheck.report.gate.baseline import Baseline, Comparison, Finding, compare
from pmicheck.report.record.record import Record, ReplayOutcome, Result
from pmicheck.verdict import Replay, Verdict

TODAY = datetime.date(2030, 6, 15)
NEW = samples.result(verdict=Verdict.VIOLATED)
HOLDS = samples.result("off-path")
VACUOUS = samples.result("off-path", "binding-freshness", Verdict.VACUOUS)
UNDECIDED = samples.result("off-path", "token-secrecy", Verdict.UNDECIDED)
TO_BOUND = samples.result("off-path", "data-origin", Verdict.HOLDS_TO_BOUND)
DIVERGED = replace(
    samples.result("dolev-yao", verdict=Verdict.VIOLATED), replay=ReplayOutcome(Replay.DIVERGED, "the nodes drop it")
)
UNREPLAYED = replace(samples.result("rogue-cn", verdict=Verdict.VIOLATED), replay=None)

HOSTILE = (
    "<script>alert(1)</script>",
    "a\n::error::b\r\n| c |\n",
    "[x](https://evil.example) ![y](z) <https://evil.example> www.evil.example",
    "@octocat #12 GH-3 owner/repo#4",
    "`code` **bold** _it_ ~~s~~ $m$ | cell || \\| \\",
    "{0} {{1}} %0A %25 , : :: ]]> &amp; &lt; \" '",
    "\u202etxt.exe\u2066 \u200f \u2028",
    "\x00\x07\x1b[31m\x7f\x85",
    "\ud800 \udfff \ufffe \uffff",
    "../../etc/passwd",
    "/home/someone/secret.toml",
    "x" * 10_000,
    "",
    " ",
)


def named(text: str) -> str:
    """What a test case about `text` is called."""
    return ascii(text)[:30]


texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=()), max_size=40))


def finding(result: Result = NEW, **changes: object) -> Finding:
    entry = Finding(*result.names(), result.fingerprint, "it is argued", "draft 3.3, N041", line=3)
    return dataclasses.replace(entry, **changes)


def compared(record: Record, *findings: Finding, file: str = "baseline.toml") -> Comparison:
    return compare(record, Baseline(file, findings), TODAY)


def everything() -> tuple[Record, Comparison]:
    """Each standing at least once, an entry that is stale and one that is expired."""
    known = samples.result("careof-path", verdict=Verdict.VIOLATED)
    late = samples.result("malicious-mn", verdict=Verdict.VIOLATED)
    record = samples.record(NEW, HOLDS, VACUOUS, UNDECIDED, TO_BOUND, DIVERGED, UNREPLAYED, known, late)
    entries = (
        finding(known, line=3),
        finding(late, line=11, expires=TODAY - datetime.timedelta(days=1)),
        finding(HOLDS, line=19),
    )
    return record, compared(record, *entries)


def poisoned(text: str) -> tuple[Record, Comparison]:
    """`everything` with `text` wherever a record or a baseline holds text, and with a violation that has it too."""
    record, comparison = everything()
    steps = tuple(
        replace(
            step,
            action=action,
            actor=text,
            rule=text,
            message=text,
            source=text,
            destination=text,
            link=text,
            section=text,
            term=text,
            does=text,
            content={text: text},
            parts=((text, text),),
            sends=(hostile_message(text),),
            cells=(hostile_cell(text), hostile_cell(text, text)),
            known=(hostile_term(text),),
            learned=(hostile_term(text),),
            passed=(text,),
        )
        for step in samples.STEPS
        for action in ("start", "deliver", "inject", "test", text)
    )
    trace = replace(samples.trace(), steps=steps, conclusion=text, observation={text: text}, numbers={text: [text]})
    evil = replace(
        NEW,
        scenario=text,
        attacker=text,
        property=text,
        readings={text: text},
        without=(text,),
        bounds=text,
        argument=text,
        trace=trace,
        replay=ReplayOutcome(Replay.CONFIRMED, text, text),
    )
    known, doubtful = replace(evil, scenario=f"{text}2"), replace(evil, verdict=Verdict.UNDECIDED, trace=None)
    record = replace(
        record,
        results=(*record.results, evil, known, doubtful),
        pmicheck=text,
        settings={text: text},
        files={text: text},
        partial=True,
    )
    entries = [
        finding(known, reason=text, cite=text, without=(text,)),
        finding(HOLDS, fingerprint="0" * 12, reason=text),
    ]
    comparison = compared(replace(record, partial=False, settings={}), *entries, file=text)
    return record, comparison


@st.composite
def steps(draw: st.DrawFn) -> object:
    step = draw(st.sampled_from(samples.STEPS))
    return replace(
        step,
        actor=draw(texts),
        rule=draw(texts),
        message=draw(texts),
        source=draw(texts),
        destination=draw(texts),
        link=draw(texts),
        section=draw(texts),
        sends=draw(messages(texts)),
        cells=draw(cells(texts, texts)),
        known=draw(terms(texts)),
        learned=draw(terms(texts)),
        essential=draw(st.sampled_from((True, False, None))),
    )


@st.composite
def results(draw: st.DrawFn) -> Result:
    result = samples.result(draw(texts), draw(texts), draw(st.sampled_from(Verdict)), draw(texts))
    if result.trace is not None:
        trace = replace(result.trace, steps=tuple(draw(st.lists(steps(), max_size=3))), conclusion=draw(texts))
        replay = draw(st.sampled_from((None, *Replay)))
        outcome = None if replay is None else ReplayOutcome(replay, draw(texts), draw(texts))
        result = replace(result, trace=trace, replay=outcome)
    without = tuple(draw(st.lists(texts, max_size=2)))
    return replace(
        result, argument=draw(texts), bounds=draw(texts), without=without, readings={draw(texts): draw(texts)}
    )


@st.composite
def hostile(draw: st.DrawFn) -> tuple[Record, Comparison]:
    """A record of hostile text, and a baseline that knows some of it."""
    found = draw(st.lists(results(), max_size=4))
    record = replace(
        samples.record(),
        results=tuple(found),
        pmicheck=draw(texts),
        settings={draw(texts): draw(texts)},
        partial=draw(st.booleans()),
        files={result.scenario: draw(texts) for result in found},
    )
    entries = [
        finding(
            result, reason=draw(texts), cite=draw(texts), without=result.without, line=draw(st.sampled_from((None, 7)))
        )
        for result in found
        if draw(st.booleans())
    ]
    return record, compared(record, *(dataclasses.replace(entry, settings={}) for entry in entries), file=draw(texts))


def slower(record: Record) -> Record:
    """The same run on a slow machine under another name."""
    later = tuple(replace(result, seconds=result.seconds + 60) for result in record.results)
    command = ("/home/someone/.venv/bin/pmicheck", "verify")
    return replace(record, results=later, explorations=(), seconds=3600.0, stages={}, command=command, kernel="c")
