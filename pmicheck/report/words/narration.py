"""A trace told in numbered sentences: who sends what to whom, what the attacker knew, what let it through."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pmicheck.report.record.record import ReplayOutcome, Result
from pmicheck.report.text.layout import wrap
from pmicheck.report.words.groups import unexpected
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay, Verdict

SHOWN_OCTETS = 12
LEGEND = (
    "Steps marked * are essential: the others alone do not lead there without it. The steps of a prologue and the "
    "attacker's own tests are not marked either way."
)
ROLES = (
    "attacker",
    "clock",
    "correspondent node",
    "home agent",
    "mobile node",
    "network",
    "next PMA",
    "previous PMA",
    "victim",
)

REPLAY_SENTENCES = {
    Replay.CONFIRMED: "Confirmed on real packets",
    Replay.DIVERGED: "DIVERGED: real packets do not end in the bad state, so this trace must not be trusted",
    Replay.NOT_APPLICABLE: "There is nothing to replay",
}


def narrate(trace: Trace, *, replay: ReplayOutcome | None = None, width: int = 80) -> str:
    """The story of `trace`, one numbered paragraph a step, then what it shows, the numbers, the replay."""
    lines = wrap(_opening(trace), width)
    marked = any(step.essential for step in trace.steps)
    if marked:
        lines += wrap(LEGEND, width)
    lines.append("")
    room = len(str(len(trace.steps))) + 2 + marked
    for number, step in enumerate(trace.steps, start=1):
        label = f"{number}{'*' if step.essential else ''}."
        lines += wrap(sentence(step), width, first=label.ljust(room), rest=" " * room)
        for label, text in _details(step):
            lead = " " * room + f"{label}: "
            lines += wrap(text, width, first=lead, rest=" " * (room + 4))
    lines.append("")
    lines += _labelled("Conclusion", stopped(trace.conclusion or "none was recorded"), width)
    if was_examined(trace):
        lines += _labelled("Point of no return", no_return(trace), width)
    if trace.numbers:
        lines += _labelled("Numbers", _pairs(trace.numbers) + ".", width)
    if trace.observation:
        lines += _labelled("Last state", _pairs(trace.observation) + ".", width)
    lines += _labelled("Replay", _replay(replay), width)
    if replay is not None and replay.counterfactual:
        lines += _labelled("Without the attacker's packets", stopped(replay.counterfactual), width)
    return "\n".join(lines) + "\n"


def tell(result: Result, *, width: int = 80) -> str:
    """One result told in full: its names, verdict, bounds and expectation, then its trace if it has one."""
    where = f"{result.property} in {result.scenario} under {result.attacker}"
    lines = wrap(f"pmicheck finding {result.fingerprint}: {where}", width)
    lines += _labelled("Verdict", verdict_sentence(result), width)
    if result.bounds:
        lines += _labelled("Bounds", stopped(result.bounds), width)
    if result.never_known:
        lines += _labelled("The attacker never gets", "; ".join(result.never_known) + ".", width)
    if result.argument:
        lines += _labelled("Why this is expected", stopped(result.argument), width)
    if result.without:
        lines += _labelled("Switched off", ", ".join(result.without) + ".", width)
    lines += _labelled("Readings", _pairs(dict(sorted(result.readings.items()))) + ".", width)
    lines.append("")
    if result.trace is not None:
        return "\n".join(lines) + "\n" + narrate(result.trace, replay=result.replay, width=width)
    lines += wrap(_witness(result), width)
    return "\n".join(lines) + "\n"


def verdict_sentence(result: Result) -> str:
    """The verdict in words: what it means, how it compares with what was expected, who is needed for it."""
    meaning = {
        Verdict.VIOLATED: "violated: the steps below lead to a state that breaks the property",
        Verdict.HOLDS: "holds in every reachable state within the bounds",
        Verdict.PROVED: "proved: it holds in every run, of whatever length",
        Verdict.HOLDS_TO_BOUND: "holds-to-bound: no violation was found before a limit cut the search",
        Verdict.VACUOUS: "vacuous: what the property speaks of never happens, so nothing was checked",
        Verdict.UNDECIDED: "undecided",
    }[result.verdict]
    parts = [meaning + "."]
    if unexpected(result):
        parts.append(f"The scenario file expects: {result.expected}.")
    if result.settled_by:
        parts.append(f"It took no run: the verdict under {result.settled_by} implies it.")
    if result.verdict is Verdict.VIOLATED and result.needs_attacker is False:
        parts.append("No attacker is needed: the honest network alone gets there.")
    return " ".join(parts)


def stopped(text: str) -> str:
    """`text` with a full stop at its end."""
    return text if text.endswith((".", "!", "?", ":")) or not text else text + "."


def _witness(result: Result) -> str:
    witness = result.witness
    if witness is None:
        return "There is no trace to tell, and no witness was asked for."
    if not witness.found and result.verdict in (Verdict.HOLDS_TO_BOUND, Verdict.UNDECIDED):
        return f"The witness {witness.name} was not found before a limit cut the search."
    if not witness.found:
        return f"The witness {witness.name} was not found: the situation the property speaks of never happens."
    depth = "" if witness.depth is None else f" after {witness.depth} steps"
    found = f"The witness {witness.name} was found{depth}, so the property was put to the test."
    return f"There is no trace to tell. {found}"


def _opening(trace: Trace) -> str:
    without = f", with {', '.join(trace.without)} switched off" if trace.without else ""
    own = sum(step.attacker for step in trace.steps)
    count = f"{len(trace.steps)} step" + ("s" if len(trace.steps) != 1 else "")
    return (
        f"How {trace.property} fails in {trace.scenario} under {trace.attacker}{without}: "
        f"{count}, of which {own} {'is' if own == 1 else 'are'} the attacker's."
    )


def was_examined(trace: Trace) -> bool:
    """Whether it was asked which steps are essential, and from when on it is too late."""
    return any(step.essential is not None for step in trace.steps)


def no_return(trace: Trace) -> str:
    """From when on it is too late, as far as that is known."""
    if trace.no_return is None:
        return "none was found before the last step, which is an honest node's own."
    when = f"after step {trace.no_return}" if trace.no_return else "from the beginning"
    if trace.waits:
        return f"{when} no honest node has to act any more; the attacker and time can bring it about."
    return f"{when} no honest node can prevent it; the attacker alone can bring it about at once."


def sentence(step: Step) -> str:
    """What happens in this step, as one sentence."""
    who = _principal(step)
    article = "the " if " " in step.link or step.link == "Internet" else ""
    over = f" over {article}{step.link}" if step.link else ""
    what = _named(step.message) if step.message else "a packet"
    target = _spoken(step.destination) if step.destination else "the network"
    match step.action:
        case "start":
            text = proper(step.rule) if not step.message else f"{who} begins with {what}"
        case "deliver" if step.attacker:
            text = f"The attacker lets {what} from {_from(step)} reach {target}{over}"
        case "deliver":
            text = f"{capital(_from(step))} sends {what} to {target}{over}"
        case "inject":
            text = f"The attacker sends {what} to {_for(step)}{target}{over}{_claim(step)}"
        case "test":
            text = f"The attacker sends {what} to {target}{over}{_claim(step)}, and reads the answer"
        case _:
            text = f"{who}: {step.action} {step.message}".rstrip()
    return text + (f", at {_seconds(step.time)}." if step.time is not None else ".")


def proper(text: str) -> str:
    """A sentence whose principals are written as abbreviations are: PMA1, not pma1."""
    return capital(re.sub(r"\b(pma|ha|mn|cn)(\d?)\b", lambda found: found[0].upper(), text, flags=re.IGNORECASE))


def _details(step: Step) -> Iterable[tuple[str, str]]:
    """What stands under the sentence, as (label, text)."""
    if step.term:
        yield "message", step.term
    for number, known in enumerate(step.known):
        yield ("attacker knows" if number == 0 else "and then"), known.line
    if step.passed:
        yield "let through by", "; ".join(step.passed)
    for change in step.cells:
        yield "effect", change.line
    for sent in step.sends:
        yield "sends", sent.term
    yield "by", citation(step) + f" (rule {step.rule})"
    if step.octets:
        yield "packet", short_octets(step.octets)


def citation(step: Step) -> str:
    """The sentence of the draft or RFC that orders the step: section, then statement IDs."""
    section = step.section or "no section"
    if re.match(r"\d", section):
        section = f"draft {section}"
    return section + (f", {' '.join(step.statements)}" if step.statements else "")


def short_octets(digits: str) -> str:
    """How long the packet is, and how it begins."""
    count = len(digits) // 2
    shown = " ".join(digits[at : at + 2] for at in range(0, 2 * min(count, SHOWN_OCTETS), 2))
    return f"{count} octets: {shown}" + (" ..." if count > SHOWN_OCTETS else "")


def _principal(step: Step) -> str:
    return "The attacker" if step.attacker else capital(_spoken(step.actor))


def _from(step: Step) -> str:
    return _spoken(step.source) if step.source else "somebody"


def _claim(step: Step) -> str:
    """The source of a packet of the attacker's making, which may be its own address, as far as it is known."""
    if not step.source:
        return ""
    return ", from its own address" if step.source == "attacker" else f", with {_from(step)} as its source"


def _for(step: Step) -> str:
    """Who processes a packet of the attacker's making, if that is not who gets it first."""
    return f"{_spoken(step.processor)} by way of " if step.processor != step.destination else ""


def _spoken(name: str) -> str:
    """`name` as a sentence says it: an abbreviation in capitals, a role with its article."""
    if re.fullmatch(r"(pma|ha|cn|mn)[0-9]*", name):
        return name.upper()
    return f"the {name}" if name in ROLES else name


def _named(message: str) -> str:
    """`message` with its article, that of an abbreviation by the sound of its first letter."""
    word = next(iter(message.split()), message)
    spelt = len(word) > 1 and word[1].isupper() and word[1] not in "AEIOU"
    vowel = word[0] in "AEFHILMNORSX" if spelt else word[0].lower() in "aeiou"
    return f"{'an' if vowel else 'a'} {message}"


def capital(text: str) -> str:
    """`text` with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def _seconds(time: float) -> str:
    return f"{time:.3f}".rstrip("0").rstrip(".") + " s"


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {in_words(value)}" for name, value in values.items())


def in_words(value: Any) -> str:
    """A JSON value as text for people."""
    if isinstance(value, Mapping):
        return "{" + _pairs(value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(in_words(each) for each in value) + "]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _seconds(value)[:-2] if isinstance(value, float) else str(value)


def _replay(replay: ReplayOutcome | None) -> str:
    if replay is None:
        return "not replayed."
    tail = f": {replay.sentence}" if replay.sentence else ""
    return stopped(REPLAY_SENTENCES[replay.outcome] + tail)


def _labelled(label: str, text: str, width: int) -> list[str]:
    return wrap(text, width, first=f"{label}: ", rest="  ")


def listing(entries: Sequence[tuple[str, str]], *, width: int = 80) -> str:
    """Names with their descriptions, in two columns if there is room."""
    room = max((len(name) for name, _ in entries), default=0) + 2
    lines: list[str] = []
    for name, sentence in entries:
        if width - room < 30:
            lines += [name, *wrap(sentence, width, first="  ", rest="  ")]
        else:
            lines += wrap(sentence, width, first=name.ljust(room), rest=" " * room)
    return "\n".join(lines) + "\n"
