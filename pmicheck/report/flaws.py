"""Violations gathered into flaws: everything that one and the same gap lets in, whoever uses it, wherever it shows.

Two violations are of one flaw if the attacker's decisive message passed for the same reason (`way_in`). Flaws are
ranked by their weakest attacker, then by their gravest harm, in the orders of `WEAKEST_FIRST` and `GRAVEST_FIRST`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.report.record import Record, Result
from pmicheck.trace import Step, head
from pmicheck.verdict import Verdict

ANCESTORS = tuple(f"{name}{wide}" for name in ("rr-mobile", "ero-initial", "ero-handoff") for wide in ("", "-wide"))
"""Scenarios of RFC 6275 and RFC 4866: what breaks there alone is no flaw of the draft."""

WEAKEST_FIRST = (
    "off-path",
    "malicious-mn",
    "rogue-cn",
    "home-path",
    "careof-path",
    "rogue-next-pma",
    "rogue-previous-pma",
    "dolev-yao",
)
"""What an attacker has to be, the least demanding first."""

GRAVEST_FIRST = (
    "no-redirection",
    "no-careof-flooding",
    "no-home-flooding",
    "no-unauthorised-deregistration",
    "token-secrecy",
    "former-pma-powerless",
    "data-origin",
    "binding-agreement",
    "binding-freshness",
    "acknowledgement-agreement",
    "stateless-before-authentication",
    "progress",
)
"""Harms: traffic to the attacker, floods, loss of service, secrets, authority, then disagreement."""

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

    @property
    def main(self) -> Result:
        """What stands for the flaw: its gravest harm by its weakest attacker in the shortest trace."""
        return self.results[0]

    @property
    def weakest(self) -> str:
        """The weakest attacker that uses it against the draft."""
        own = [each.attacker for each in self.results if each.scenario not in ANCESTORS]
        return min(own, key=place_of_attacker)

    @property
    def inherited(self) -> tuple[str, ...]:
        """The scenarios of the draft's ancestors that have the flaw too."""
        return tuple(dict.fromkeys(each.scenario for each in self.results if each.scenario in ANCESTORS))


def flaws(record: Record) -> tuple[Flaw, ...]:
    """The draft's flaws, worst first. Where the record's review knows the minimal attackers, no others are taken."""
    minimal = {(each.scenario, each.property, each.profile) for each in record.review.weakest}
    groups: dict[str, list[Result]] = {}
    for result in record.results:
        if result.verdict is not Verdict.VIOLATED or result.without:
            continue
        if not minimal or (result.scenario, result.property, result.attacker) in minimal or _alone(result):
            groups.setdefault(way_in(result), []).append(result)
    found = [Flaw(way, tuple(sorted(results, key=_order))) for way, results in groups.items()]
    own = [flaw for flaw in found if flaw.main.scenario not in ANCESTORS]
    return tuple(sorted(own, key=_rank))


def _alone(result: Result) -> bool:
    return result.property == "progress"


def way_in(result: Result) -> str:
    """Why the attacker's decisive message passes, as a clause; the same clause is the same flaw."""
    steps = result.trace.steps if result.trace else ()
    sent = [(at, step) for at, step in enumerate(steps) if step.attacker and step.action == "inject"]
    if not sent:
        return "honest nodes alone lose their way" if _alone(result) else "what it came to hold is still valid"
    at, step = sent[0] if result.property == "no-home-flooding" else sent[-1]
    message = step.content or {}
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


def _order(result: Result) -> tuple[object, ...]:
    steps = len(result.trace.steps) if result.trace else 0
    return (
        result.scenario in ANCESTORS,
        place(GRAVEST_FIRST, result.property),
        place_of_attacker(result.attacker),
        steps,
        result.names(),
    )


def _rank(flaw: Flaw) -> tuple[object, ...]:
    own = [each for each in flaw.results if each.scenario not in ANCESTORS]
    return place_of_attacker(flaw.weakest), min(place(GRAVEST_FIRST, each.property) for each in own), flaw.way


def place_of_attacker(name: str) -> int:
    """Where an attacker stands in `WEAKEST_FIRST`; a combination stands behind all its parts."""
    parts = [place(WEAKEST_FIRST, part) for part in name.split("+")]
    return max(parts) + len(WEAKEST_FIRST) * (len(parts) - 1)


def place(order: tuple[str, ...], name: str) -> int:
    """The position of a name in an order; the end of it for a name that it does not have."""
    return order.index(name) if name in order else len(order)
