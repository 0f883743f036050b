"""Records that fill every page of a report. No test lives here."""

from __future__ import annotations

from msgspec.structs import replace
from record_samples import ATTACKERS, PROPERTIES, SCENARIO, exploration, full_record, record, result, trace

from pmicheck.report.graphs.data import Edge, Node, Quotient, StateGraph
from pmicheck.report.record.record import Cited, Record
from pmicheck.report.record.review import (
    Cause,
    Change,
    Decision,
    Explained,
    Mends,
    Review,
    Row,
    Statement,
    Table,
    Weakest,
)
from pmicheck.verdict import Verdict

TURNED = "‮"
"""The mark that lets what follows run from right to left."""

SCRIPT = "<script>alert(1)</script>"
LONG = "A" * 10_000


def graph(scenario: str = SCENARIO) -> StateGraph:
    """Two nodes, the second of which breaks something."""
    start = Node(
        ("no entry",), "cn[HoA].entry: none", 3, 0, (), {"binding-agreement": ("cn receives BU",)}, 0, (), True
    )
    bad = Node(
        ("attacker", "verified"),
        "cn[HoA].entry: attacker, verified",
        5,
        5,
        ("no-redirection",),
        {},
        2,
        ("The attacker asks.", "The attacker registers."),
    )
    edges = (Edge(0, 1, {}, {"cn receives BU": 4}), Edge(1, 0, {"entry ends": 2}, {}), Edge(0, 0, {"clock": 1}, {}))
    parts = (
        Quotient("entry", "binding cache entry of HoA at the CN", (start, bad), edges),
        Quotient("role", "clock", (start, replace(bad, label=("210 s",))), edges),
    )
    return StateGraph(scenario, "home-path", states=8, transitions=7, quotients=parts)


def review(scenario: str = SCENARIO) -> Review:
    """Something of everything that a review knows."""
    return Review(
        weakest=(Weakest(scenario, "no-redirection", "home-path", ("reads HA-CN",), "0 s"),),
        changes=(
            Change(scenario, ("home-path",), ("no-redirection",), (("tombstone", "none"),), "holds", "No tombstone."),
            Change(scenario, ("off-path",), ("progress",), (("key_owner", "pma"),), "violated"),
            Change(scenario, ("a+b",), ("progress",), (("key_owner", "pma"),), "violated", "Both powers."),
        ),
        claims=(
            Decision("S01", "1", "the path is safe", "refuted", (f"violated: {scenario}/home-path/no-redirection",)),
            Decision(
                "S02",
                "2",
                "nothing is slow",
                "conditional",
                tuple(f"holds: {scenario}/off-path/progress ({name}=x)" for name in ("tombstone", *"abcdefgh")),
            ),
        ),
        tables=(
            Table(
                "draft beside RFC 6275",
                ("RFC 6275", "draft"),
                (
                    Row("no-redirection", "off-path", ("holds", "holds"), ("equal",)),
                    Row("no-redirection", "rogue-cn", ("holds", "holds"), ("equal",)),
                    Row("no-redirection", "home-path", ("holds", "violated"), ("worse",)),
                    Row("progress", "off-path", ("-", "holds"), ("-",)),
                ),
            ),
        ),
        repairs=(Mends(scenario, "no-redirection", (("tombstone=none",),)),),
        statements={
            "N035": Statement("3.2", "The token goes home.", "MUST", "modelled", "cn-answers-hoti", {scenario: 3}),
            "N041": Statement("3.3", "Tokens suffice.", "st", "modelled", "x", {scenario: 0}, ("progress",), "by y"),
            "N099": Statement("9", "Nobody does this.", "lc", "outside", "No rule is made by it."),
            "N100": Statement("9", "Octets alone.", "MAY", "concrete", "nodes.cn (tests/x.py)"),
        },
        causes=causes(scenario),
    )


def causes(scenario: str = SCENARIO) -> tuple[Cause, ...]:
    """An accepted risk without a change, and a flaw of the draft's own with a repair."""
    shown = Explained(scenario=scenario, attacker="home-path", property="no-redirection", alone="holds")
    left = replace(shown, alone="", together="violated")
    return (
        Cause(name="old", says="the ancestors allow it", statements=("N041",), inherited="RFC 4866 4.2", cells=(left,)),
        Cause(
            name="own",
            says="nothing is checked",
            statements=("N035",),
            readings=("tombstone",),
            change="Everything MUST be checked.",
            settings=(("tombstone", "none"),),
            cells=(shown,),
        ),
    )


def reviewed_record() -> Record:
    """A violated, a holding and an unexpected verdict, with a review and a graph."""
    results = (
        result("home-path", "no-redirection", Verdict.VIOLATED),
        result("off-path", "no-redirection"),
        result("home-path", "progress"),
        replace(result("off-path", "progress"), expected="violated"),
    )
    return replace(
        record(*results),
        statements={"N035": Cited(("cn-accepts-bu",), 12), "N041": Cited(("attacker: cn-accepts-bu",), 4)},
        titles={SCENARIO: "Draft 3.2: first registration"},
        files={SCENARIO: "scenarios/type1-initial.toml"},
        review=review(),
        graphs=(graph(),),
    )


def every_kind() -> Record:
    """Every verdict and replay outcome, with a review and a graph."""
    return replace(full_record(), titles={SCENARIO: "first registration"}, review=review(), graphs=(graph(),))


def hostile_record() -> Record:
    """Names and texts that would be markup, turn the text around, or overflow."""
    results = []
    for scenario in (SCRIPT, TURNED + "txet", LONG, "a/b\"'&\n\x00\udc00"):
        for attacker in ("off-path", SCRIPT, LONG):
            for prop in ("no-redirection", TURNED + LONG):
                one = result(attacker, prop, Verdict.VIOLATED, scenario)
                results.append(replace(one, bounds=SCRIPT + LONG, argument=SCRIPT + TURNED + LONG, expected=LONG))
    made = replace(record(*results), titles={SCRIPT: SCRIPT, LONG: LONG + TURNED}, settings={SCRIPT: LONG})
    text = SCRIPT + TURNED + LONG
    statement = Statement(text, text, text, text, text, {text: 0}, (text,), text)
    return replace(
        made,
        statements={"N001": Cited((text, SCRIPT), 1)},
        review=replace(
            review(SCRIPT),
            claims=(Decision("S01", text, text, text, (text, f"violated: {SCRIPT}/off-path/no-redirection")),),
            statements={"N001": statement},
            changes=(Change(SCRIPT, (LONG,), (text,), ((SCRIPT, LONG),), "violated", text),),
            tables=(Table(text, (text, text), (Row(text, text, (text, "holds"), (text,)),)),),
            causes=(hostile_cause(text), *causes(SCRIPT)),
        ),
        graphs=(replace(graph(SCRIPT), attacker=LONG, reason=text), replace(graph(LONG), quotients=())),
    )


def hostile_cause(text: str) -> Cause:
    cell = Explained(scenario=text, attacker=text, property=text, settings=((text, text),), together=text)
    words = dict.fromkeys(("name", "says", "inherited", "change"), text)
    return Cause(
        **words, statements=(text, "N001"), readings=(text,), settings=((text, text),), cells=(cell,), stuck=(text,)
    )


def many_findings(number: int) -> Record:
    """A record of so many violated results, spread over scenarios of the usual size, and twice as many others."""
    results = []
    scenarios = -(-number * 3 // (len(ATTACKERS) * len(PROPERTIES)))
    cells = [
        (f"scenario-{n}", attacker, prop) for n in range(scenarios) for prop in PROPERTIES for attacker in ATTACKERS
    ]
    for position, (scenario, attacker, prop) in enumerate(cells):
        violated = position % 3 == 0 and position // 3 < number
        one = result(attacker, prop, Verdict.VIOLATED if violated else Verdict.HOLDS, scenario)
        results.append(replace(one, trace=trace(scenario, attacker, prop)) if violated else one)
    names = dict.fromkeys(each.scenario for each in results)
    searches = tuple(exploration(attacker, scenario) for scenario in names for attacker in ATTACKERS)
    return replace(record(*results), explorations=searches, review=review("scenario-0"))
