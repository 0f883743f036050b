"""Violations gathered into flaws: everything that one and the same gap lets in, whoever uses it, wherever it shows.

Two violations are of one flaw if the attacker's decisive message passed for the same reason (`way_in`). Flaws are
ranked by their weakest attacker, then by their gravest harm, in the orders of the record's catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.record import Record, Result
from pmicheck.trace import Step, Trace, head
from pmicheck.verdict import Verdict

TOKENS = {
    "T": "the home token",
    "PT": "the permanent token",
    "HT": "the handover token",
}


@dataclass(frozen=True)
class Flaw:
    """One gap: `way` says what lets it in; `results` has what it breaks, gravest and weakest attacker first."""

    way: str
    results: tuple[Result, ...]
    catalogue: Catalogue = field(repr=False, compare=False)

    @property
    def own(self) -> tuple[Result, ...]:
        """What it breaks in the draft, and not in its ancestors."""
        return tuple(each for each in self.results if each.scenario not in self.catalogue.ancestors)

    @property
    def main(self) -> Result:
        """What stands for the flaw: its gravest harm by its weakest attacker in the shortest trace."""
        return self.results[0]

    @property
    def weakest(self) -> str:
        """The weakest attacker that uses it against the draft."""
        return min((each.attacker for each in self.own), key=self.catalogue.rank)

    @property
    def inherited(self) -> tuple[str, ...]:
        """The scenarios of the draft's ancestors that have the flaw too."""
        ancestors = self.catalogue.ancestors
        return tuple(dict.fromkeys(each.scenario for each in self.results if each.scenario in ancestors))


def flaws(record: Record) -> tuple[Flaw, ...]:
    """The draft's flaws, worst first. Where the record's review knows the minimal attackers, no others are taken."""
    minimal = {(each.scenario, each.property, each.profile) for each in record.review.weakest}
    groups: dict[str, list[Result]] = {}
    for result in record.results:
        if result.verdict is not Verdict.VIOLATED or result.without:
            continue
        if not minimal or (result.scenario, result.property, result.attacker) in minimal or _alone(result):
            groups.setdefault(way_in(result), []).append(result)
    words = record.catalogue
    found = [
        Flaw(way, tuple(sorted(results, key=lambda each: _order(each, words))), words)
        for way, results in groups.items()
    ]
    return tuple(sorted((flaw for flaw in found if flaw.own), key=_rank))


def _alone(result: Result) -> bool:
    return result.property == "progress"


def decisive_step(trace: Trace) -> tuple[int, Step] | None:
    """The message of the attacker on which a violation turns, with its place in the trace; None if it sends none."""
    sent = [(at, step) for at, step in enumerate(trace.steps) if step.attacker and step.action == "inject"]
    if not sent:
        return None
    return sent[0] if trace.property == "no-home-flooding" else sent[-1]


def way_in(result: Result) -> str:
    """Why the attacker's decisive message passes, as a clause; the same clause is the same flaw."""
    found = decisive_step(result.trace) if result.trace else None
    if found is None:
        return "honest nodes alone lose their way" if _alone(result) else "what it came to hold is still valid"
    at, step = found
    steps, message = result.trace.steps if result.trace else (), step.content or {}
    if message.get("type") != "Update":
        return f"{step.message} of the attacker's making passes for genuine"
    if any(step.said.is_same(sent) for earlier in steps[:at] for sent in earlier.sends):
        return f"{'a proxy' if message['proxy'] else 'an'} update that was seen before is accepted again"
    return _vouched(step)


def _vouched(step: Step) -> str:
    """What the attacker had to show for a binding update of its own."""
    message = step.content or {}
    kind = "a proxy update" if message["proxy"] else "a plain update"
    if message["home"] != "HoA":
        return "an update for a home address of its own is never tested again"
    needs = TOKENS.get(str(message["credential"]), "no token")
    if message["key"] is None:
        return f"{kind} needs {needs} and nothing else of the node's"
    seen = any(each.way == "read" and head(each.term) == "sig" for each in step.known)
    if seen:
        return f"{kind} passes with {needs} and a signature of the node that was seen"
    return f"{kind} passes with {needs} and the node's private key, whoever holds them"


def _order(result: Result, words: Catalogue) -> tuple[object, ...]:
    steps = len(result.trace.steps) if result.trace else 0
    return (
        result.scenario in words.ancestors,
        words.gravity(result.property),
        words.rank(result.attacker),
        steps,
        result.names(),
    )


def _rank(flaw: Flaw) -> tuple[object, ...]:
    words = flaw.catalogue
    return words.rank(flaw.weakest), min(words.gravity(each.property) for each in flaw.own), flaw.way
