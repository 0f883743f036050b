"""`findings.md`: the draft's flaws for a reviewer, worst first, as Markdown. A pure function of the record.

Nothing in it depends on clock or machine: the same verdicts give the same octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Change, Review, Table, Weakest
from pmicheck.report.text.causes import root_causes
from pmicheck.report.words.characters import legible
from pmicheck.report.words.flaws import Flaw, flaws
from pmicheck.report.words.narration import capital, citation, proper, sentence, stopped
from pmicheck.verdict import Replay

OUTCOMES = {
    Replay.CONFIRMED: "Confirmed on real packets.",
    Replay.DIVERGED: "DIVERGED on real packets: not to be trusted.",
    Replay.NOT_APPLICABLE: "Nothing to replay.",
}
HEADING = """\
# Findings

The flaws of draft-qin-mipshop-pmipro-00 that `pmicheck verify` found, the worst first: by the weakest attacker that
succeeds, then by the gravest harm. A flaw gathers every violation that comes in by the same way; its trace is that of
the gravest.

- Attackers, the weakest first: {attackers}.
- Harms, the gravest first: {harms}.
- Cost: packets and octets that the attacker sends, payload that arrives where it should not, and the time from the
  attacker's first packet to the harm, all counted on the replay.
"""


def render(record: Record) -> str:
    """The whole document. A record's own words are Markdown's to read, but never HTML's."""
    return legible("\n".join(_parts(record)), keep="\n").replace("<", "&lt;")


def _parts(record: Record) -> list[str]:
    review = record.review
    found = flaws(record)
    attackers, harms = ", ".join(record.catalogue.weakest_first), ", ".join(record.catalogue.gravest_first)
    parts = [HEADING.format(attackers=attackers, harms=harms)]
    if review.causes:
        parts.append("\n".join(root_causes(record)))
    if not found:
        parts.append("No violation was found.\n")
    else:
        parts.append(_overview(found))
    parts += ["\n".join(_flaw(number, flaw, review)) + "\n" for number, flaw in enumerate(found, 1)]
    hidden = [change for change in review.changes if change.verdict == "violated"]
    if hidden:
        parts.append("\n".join(_under_readings(record, hidden)) + "\n")
    if review.claims:
        parts.append("\n".join(_claims(review)) + "\n")
    parts += ["\n".join(_comparison(table)) + "\n" for table in review.tables if table.rows]
    return parts


def title_of(flaw: Flaw) -> str:
    """One sentence: who does what, and why that works."""
    main, words = flaw.main, flaw.catalogue
    return f"{capital(words.who(main.attacker))} {words.harm(main.property) or main.property}: {flaw.way}"


def _overview(found: Sequence[Flaw]) -> str:
    lines = ["| | flaw | weakest attacker | harms | cost |", "|---|---|---|---|---|"]
    for number, flaw in enumerate(found, 1):
        harms = ", ".join(dict.fromkeys(each.property for each in flaw.results))
        lines.append(f"| {number} | {capital(flaw.way)} | {flaw.weakest} | {harms} | {cost(flaw.main)} |")
    return "\n".join(lines) + "\n"


def _flaw(number: int, flaw: Flaw, review: Review) -> Iterator[str]:
    main = flaw.main
    yield f"## {number}. {title_of(flaw)}"
    yield ""
    yield f"- **Who:** {'; '.join(mounted_by(flaw, review))}."
    yield f"- **Cost:** {cost(main)}."
    yield f"- **Harm:** {_harm(flaw)}"
    yield from _labelled("Sentence", _sentences(main, review))
    yield from _labelled("Reading", _readings(flaw, review))
    yield f"- **Replay:** {_replay(main)}"
    yield from _labelled("Smallest repair", repairs(main, review))
    if flaw.inherited:
        yield f"- **Inherited:** the ancestors have it too ({', '.join(flaw.inherited)})."
    yield ""
    yield "What comes in this way:"
    yield ""
    yield "| harm | attacker | scenarios | cost |"
    yield "|---|---|---|---|"
    yield from _table(flaw)
    yield ""
    yield f"Trace ({'/'.join(main.names())}, fingerprint `{main.fingerprint}`):"
    yield ""
    yield from _trace(main)


def mounted_by(flaw: Flaw, review: Review) -> Iterator[str]:
    """Each attacker once, with what it needs of its powers."""
    for name in dict.fromkeys(each.attacker for each in flaw.own):
        mine = [each for each in flaw.results if each.attacker == name]
        needs = [w for w in review.weakest if any(_about(w, each) for each in mine)]
        powers = list(dict.fromkeys(" + ".join(w.powers) for w in needs if w.powers))
        phases = sorted({w.phase for w in needs if w.phase}, key=_seconds_of)
        several = name == "dolev-yao" or "+" in name
        told = [f"of its powers it needs {' or '.join(powers)}"] if powers and several else []
        told += [f"not before {phases[0]}" if _seconds_of(phases[0]) else "from the start on"] if phases else []
        yield f"{flaw.catalogue.who(name)} (`{name}`{', ' + ', '.join(told) if told else ''})"


def _about(weakest: Weakest, result: Result) -> bool:
    named = (weakest.scenario, weakest.profile, weakest.property)
    return named == result.names()


def _seconds_of(phase: str) -> float:
    number, unit = phase.split()
    return float(number) * (3600 if unit == "h" else 1)


def cost(result: Result) -> str:
    """Packets, octets and seconds, as the replay counted them."""
    spent = result.replay.details.get("cost") if result.replay else None
    if not spent:
        return "not measured"
    if not spent["packets"]:
        return "no packet"
    arrived = f", {spent['victim_octets']:,} octets arrive" if spent["victim_octets"] else ""
    packets = f"{spent['packets']} packet{'s' if spent['packets'] > 1 else ''}"
    return f"{packets}, {spent['octets_sent']:,} octets sent{arrived}, {_duration(spent['seconds'])}"


def _duration(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"


def _harm(flaw: Flaw) -> str:
    main = flaw.main
    conclusion = main.trace.conclusion if main.trace else ""
    return stopped(proper(conclusion or flaw.catalogue.harm(main.property) or main.property))


def _sentences(result: Result, review: Review) -> list[str]:
    """The statements that the argument names; where it names none, those behind the last of the attacker's steps."""
    named = list(dict.fromkeys(re.findall(r"\bN\d{3}\b", result.argument)))
    steps = [step for step in result.trace.steps if step.statements] if result.trace else []
    decisive = [step for step in steps if step.attacker] or steps
    if not named and decisive:
        named = list(decisive[-1].statements)
    told = [_statement(name, review) for name in named] or [citation(step) for step in decisive[-1:]]
    return [*told, *([f"Why it lets this in: {result.argument}"] if result.argument else [])]


def _statement(name: str, review: Review) -> str:
    known = review.statements.get(name)
    return f"{name} (draft {known.section}): {stopped(known.says)}" if known else name


def _readings(flaw: Flaw, review: Review) -> list[str]:
    """The readings under which one of its violations is gone."""
    lines = []
    for change in review.changes:
        if change.verdict != "holds":
            continue
        gone = [each for each in flaw.results if change.speaks_of(*each.names())]
        if gone:
            names = ", ".join(dict.fromkeys(f"{each.property} in {each.scenario}" for each in gone))
            lines.append(f"with {_settings(change)} no more: {names}. {stopped(change.argument)}".rstrip())
    if not review.made:
        return ["none was tried; `pmicheck review` tries them"]
    return lines or ["none of those that were tried changes it"]


def _settings(change: Change) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in change.settings)


def _replay(result: Result) -> str:
    if result.replay is None:
        return "Not replayed."
    parts = [OUTCOMES[result.replay.outcome], stopped(result.replay.sentence), stopped(result.replay.counterfactual)]
    return " ".join(part for part in parts if part)


def repairs(result: Result, review: Review) -> list[str]:
    return ["; ".join(change_set) for change_set in review.mends(result.scenario, result.property)]


def _table(flaw: Flaw) -> Iterator[str]:
    """One line per harm and attacker."""
    rows: dict[tuple[str, str], list[Result]] = {}
    for each in flaw.results:
        rows.setdefault((each.property, each.attacker), []).append(each)
    for (prop, attacker), results in rows.items():
        scenarios = ", ".join(each.scenario for each in results)
        yield f"| {prop} | {attacker} | {scenarios} | {cost(results[0])} |"


def _trace(result: Result) -> Iterator[str]:
    """The steps as a numbered list, the attacker's in bold; the prologue and the clock are told like the rest."""
    for number, step in enumerate(result.trace.steps if result.trace else (), 1):
        told = proper(sentence(step))
        yield f"{number}. {f'**{told}**' if step.attacker else told}"
        for change in step.cells if step.attacker else ():
            yield f"   - effect: {change.line}"


def _under_readings(record: Record, changes: Iterable[Change]) -> Iterator[str]:
    """What holds by default and breaks under another reading: flaws of the text rather than of the protocol."""
    known = {each.names() for each in record.results if each.verdict == "violated"}
    yield "## What only another reading lets in"
    yield ""
    yield "| reading | harm | attacker | scenario | why |"
    yield "|---|---|---|---|---|"
    for change in changes:
        for prop in change.properties:
            new = [a for a in change.attackers if (change.scenario, a, prop) not in known]
            if new:
                cells = (_settings(change), prop, ", ".join(new), change.scenario, change.argument)
                yield f"| {' | '.join(cells)} |"


def _claims(review: Review) -> Iterator[str]:
    yield "## What the draft claims"
    yield ""
    yield "| claim | section | in our words | |"
    yield "|---|---|---|---|"
    for each in review.claims:
        yield f"| {each.claim} | {each.section} | {capital(each.text)} | **{each.word}** |"
    yield ""
    for each in review.claims:
        yield f"- {each.claim} is {each.word}:"
        yield from (f"  - {stopped(capital(reason))}" for reason in each.because)


def _comparison(table: Table) -> Iterator[str]:
    """The table of protocols; the last columns say how the draft stands against each ancestor."""
    ancestors = table.columns[:-1]
    heads = ["property", "attacker", *table.columns, *(f"against {name}" for name in ancestors)]
    yield f"## {capital(table.title)}"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in table.rows:
        yield f"| {' | '.join((row.property, row.attacker, *row.cells, *row.relations))} |"


def _labelled(label: str, items: Sequence[str]) -> Iterator[str]:
    """One bullet, or a bullet with a list under it; nothing if there is nothing to say."""
    if len(items) == 1:
        yield f"- **{label}:** {stopped(items[0])}"
    elif items:
        yield f"- **{label}:**"
        yield from (f"  - {stopped(item)}" for item in items)
