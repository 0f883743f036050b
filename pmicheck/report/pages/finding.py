"""One page a finding: the attack step by step, the packets, what it costs, what mends it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from pmicheck.report.charts.chart import chart
from pmicheck.report.charts.itf import itf
from pmicheck.report.charts.mermaid import mermaid
from pmicheck.report.ci.locations import SHIPPED
from pmicheck.report.ci.standing import caveat
from pmicheck.report.pages.environment import page
from pmicheck.report.pages.finding_packets import packets
from pmicheck.report.pages.finding_rank import Rank
from pmicheck.report.pages.finding_steps import shown
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.sections import frame
from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Change, Weakest
from pmicheck.report.text.findings import title_of
from pmicheck.report.words.characters import one_line
from pmicheck.report.words.flaws import Flaw, way_in
from pmicheck.report.words.narration import in_words, no_return, proper, stopped, was_examined
from pmicheck.trace import Trace

HEADLINE, SENTENCE = 400, 1000
"""Characters of a text; longer ones are cut, the files have them whole."""
Pairs = tuple[tuple[str, str], ...]
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


@dataclass(frozen=True)
class Minimal:
    """A weakest attacker that breaks the property in the scenario: `result` is its finding, `own` if this is it."""

    weakest: Weakest
    result: Result | None
    own: bool


def names_of(argument: str) -> tuple[str, ...]:
    """The statements that a text names, each once."""
    return tuple(dict.fromkeys(re.findall(r"\bN\d{3}\b", argument)))


def costs(result: Result) -> Pairs:
    """What the replay counted, as (what, how much); empty if nothing was measured."""
    spent = result.replay.details.get("cost") if result.replay else None
    return tuple(_costs(spent)) if spent else ()


def _costs(spent: dict[str, float]) -> Iterator[tuple[str, str]]:
    yield "packets of the attacker", f"{spent['packets']:,}"
    if spent["packets"]:
        yield "octets that it sends", f"{spent['octets_sent']:,}"
    if spent["victim_octets"]:
        yield "octets of payload that arrive where they should not", f"{spent['victim_octets']:,}"
    if spent["victim_octets"] and spent["octets_sent"]:
        yield "octets that arrive for each that it sends", f"{spent['victim_octets'] / spent['octets_sent']:.1f}"
    if spent["packets"]:
        yield "from its first packet to the harm", f"{in_words(float(spent['seconds']))} s"


def minimal(rank: Rank, result: Result) -> tuple[Minimal, ...]:
    """The weakest attackers of the property in the scenario, this finding's own first."""
    names = result.scenario, result.property
    found = [each for each in rank.record.review.weakest if (each.scenario, each.property) == names]
    told = (
        Minimal(each, rank.places.find(each.scenario, each.profile, each.property), each.profile == result.attacker)
        for each in found
    )
    return tuple(sorted(told, key=lambda each: not each.own))


def turned(record: Record, result: Result) -> tuple[tuple[str, Change], ...]:
    """The other readings under which the violation is gone, as ("reading=value, …", what was found)."""
    gone = (each for each in record.review.changes if each.verdict == "holds" and each.speaks_of(*result.names()))
    return tuple((", ".join(f"{name}={value}" for name, value in each.settings), each) for each in gone)


def numbers(result: Result) -> Pairs:
    """The quantities that z3 chose, as (what, how much with its unit)."""
    return tuple(_quantity(name, value) for name, value in result.trace.numbers.items()) if result.trace else ()


def _quantity(name: str, value: object) -> tuple[str, str]:
    for prefix, unit in (("s_", "s"), ("octets_", "octets")):
        if name.startswith(prefix):
            return name.removeprefix(prefix).replace("_", " "), f"{in_words(value)} {unit}"
    return name.replace("_", " "), in_words(value)


def observed(result: Result) -> Pairs:
    """The observables of the last state."""
    seen = result.trace.observation if result.trace else {}
    return tuple((name.replace("_", " "), in_words(value)) for name, value in seen.items())


def elsewhere(flaw: Flaw, result: Result) -> tuple[tuple[str, str, tuple[Result, ...]], ...]:
    """What else the flaw lets in, as (harm, attacker, results)."""
    rows: dict[tuple[str, str], list[Result]] = {}
    for each in flaw.results:
        if each is not result:
            rows.setdefault((each.property, each.attacker), []).append(each)
    return tuple((prop, attacker, tuple(results)) for (prop, attacker), results in rows.items())


def verify_command(record: Record, result: Result) -> str:
    """The `pmicheck verify …` that decides this cell alone, quoted for a POSIX shell."""
    return shlex.join(["pmicheck", "verify", *_verify(record, result)])


def replay_command(name: str) -> str:
    """The `pmicheck replay …` for the trace in NAME.json, to be run where that file is."""
    return shlex.join(["pmicheck", "replay", _path(f"{name}.json"), "--pcap", _path(f"{name}.pcap")])


def _verify(record: Record, result: Result) -> Iterator[str]:
    file = record.files.get(result.scenario, "")
    own = file and file != f"{SHIPPED}/{result.scenario}.toml"
    yield _path(file) if own else result.scenario
    if result.attacker:
        yield from _option("--attacker", result.attacker)
    yield from _option("--property", result.property)
    for reading, value in sorted(record.settings.items()):
        yield from _option("--set", f"{reading}={value}")
    for mechanism in result.without:
        yield from _option("--without", mechanism)


def _option(name: str, value: str) -> tuple[str, ...]:
    """A value that looks like an option has to stand in one word with its own."""
    return (f"{name}={value}",) if value.startswith("-") else (name, value)


def _path(path: str) -> str:
    return f"./{path}" if path.startswith("-") else path
