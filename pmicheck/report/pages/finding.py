"""One page a finding: the attack step by step, the packets, what it costs, what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

from pmicheck.report.catalogue import Catalogue
from pmicheck.report.characters import one_line
from pmicheck.report.ci.standing import caveat
from pmicheck.report.findings import title_of
from pmicheck.report.flaws import Flaw, way_in
from pmicheck.report.itf import itf
from pmicheck.report.narration import no_return, proper, stopped, was_examined
from pmicheck.report.pages.environment import page
from pmicheck.report.pages.finding_command import replay_command, verify_command
from pmicheck.report.pages.finding_facts import costs, elsewhere, minimal, names_of, numbers, observed, turned
from pmicheck.report.pages.finding_packets import packets
from pmicheck.report.pages.finding_rank import Rank
from pmicheck.report.pages.finding_steps import shown
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.sections import frame
from pmicheck.report.record import Record, Result
from pmicheck.report.sequence.chart import chart
from pmicheck.report.sequence.mermaid import mermaid
from pmicheck.trace import Trace

HEADLINE, SENTENCE = 400, 1000
"""Characters of a text; longer ones are cut, the files have them whole."""
MENTION = re.compile(r"\b(N\d{3})\b|\bstep (\d{1,6})\b")
"""A statement of the draft, or a step of the trace, in a sentence."""


def finding_pages(record: Record, places: Places) -> Iterator[tuple[str, str]]:
    """(path from the report's directory, text) for every finding: its page, and its trace as Mermaid and ITF text."""
    rank = Rank(record, places)
    for position, name in rank.names.items():
        yield f"findings/{name}.html", _page(rank, position, name)
        trace = record.results[position].trace
        if trace is not None:
            yield f"findings/{name}.mmd", mermaid(trace)
            yield f"findings/{name}.itf.json", itf(trace)


def headline(result: Result, words: Catalogue) -> str:
    """One sentence: who does what harm, and why that works."""
    if result.property == "progress":
        return "Nobody attacks, and yet the honest nodes can come to a state from which they cannot go on"
    return title_of(Flaw(way_in(result), (result,), words))


def _page(rank: Rank, position: int, name: str) -> str:
    record, result = rank.record, rank.record.results[position]
    number, before, after = rank.neighbours(position)
    return page(
        "finding.html",
        root="../",
        name=name,
        number=number,
        count=len(rank.order),
        before=before,
        after=after,
        of=rank.places.of,
        fingerprint=result.fingerprint,
        **_head(rank, result),
        **_run(record, result.trace),
        **_rest(rank, result, name),
        **frame(record, f"findings/{name}.html"),
    )


def _head(rank: Rank, result: Result) -> dict[str, Any]:
    """Who, what, where and how sure."""
    record = rank.record
    alone = result.property == "progress" or not result.attacker
    known = record.review.statements
    return {
        "result": result,
        "headline": one_line(headline(result, record.catalogue), HEADLINE),
        "who": "" if alone else record.catalogue.who(result.attacker),
        "harm": record.catalogue.harm(result.property),
        "story": record.titles.get(result.scenario, ""),
        "caveat": caveat(result),
        "flaw": rank.flaw_of(result),
        "flaws": len(rank.flaws),
        "title_of": title_of,
        "one_line": one_line,
        "argument": _linked(result.argument, record, result.trace),
        "sentences": [(each, known[each]) for each in names_of(result.argument) if each in known],
    }


def _run(record: Record, trace: Trace | None) -> dict[str, Any]:
    """The steps, all that the attacker learns, and the packets; nothing of it without a trace."""
    steps = shown(trace) if trace else ()
    return {
        "trace": trace,
        "steps": steps,
        "chart": Markup(chart(trace)) if trace else "",
        "known": [(step.number, *line) for step in steps for line in step.learned],
        "packets": packets(trace) if trace else (),
        "examined": trace is not None and was_examined(trace),
        "no_return": proper(no_return(trace)) if trace and was_examined(trace) else "",
        "linked": lambda text: _linked(text, record, trace),
        "told": lambda text: one_line(stopped(proper(text)), SENTENCE),
    }


def _rest(rank: Rank, result: Result, name: str) -> dict[str, Any]:
    """What it costs, who else can do it, what changes it, how to see it again."""
    record = rank.record
    flaw = rank.flaw_of(result)
    mends = record.review.mends(result.scenario, result.property)
    main = flaw[1].main if flaw and not mends else None
    return {
        "costs": costs(result),
        "minimal": minimal(rank, result),
        "turned": turned(record, result),
        "reviewed": record.review.made,
        "mends": mends,
        "main": main,
        "main_mends": record.review.mends(main.scenario, main.property) if main else (),
        "numbers": numbers(result),
        "observed": observed(result),
        "elsewhere": elsewhere(flaw[1], result) if flaw else (),
        "verify": verify_command(record, result),
        "replay": replay_command(name),
    }


def _linked(text: str, record: Record, trace: Trace | None) -> Markup:
    """`text` with links to the statements that the report tells of, and to the steps of the trace."""
    last = len(trace.steps) if trace else 0

    def link(found: re.Match[str]) -> str:
        statement, step = found.groups()
        if statement and statement in record.review.statements:
            return f'<a href="../statements.html#{statement}">{statement}</a>'
        if step and 1 <= int(step) <= last:
            return f'<a href="#step-{int(step)}">step {step}</a>'
        return found[0]

    return Markup(MENTION.sub(link, str(escape(one_line(text, SENTENCE)))))
