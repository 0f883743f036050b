"""Traces to draw: made up, each with something of its own, and hostile ones by the thousand. No test lives here."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace
from told import cells, changed, known, messages, parts, said, terms

from pmicheck.trace import Said, Step, Trace

PATH = "care-of path to the CN"


def step(actor: str, action: str, message: str = "", **fields: Any) -> Step:
    """A step whose `term` is its message and whose destination is its actor, unless it says otherwise.

    `sends` are messages, or their terms.
    """
    if action == "deliver":
        fields = {"destination": actor, "term": f"{message}(1)", **fields}
    sends = fields.pop("sends", ())
    fields["sends"] = tuple(said(each) if isinstance(each, str) else each for each in sends)
    return Step(actor=actor, action=action, rule=fields.pop("rule", f"{actor} acts"), message=message, **fields)


def trace(*steps: Step, **fields: Any) -> Trace:
    named = {"scenario": "type1-initial", "attacker": "home-path", "property": "no-redirection", "readings": {}}
    return Trace(**{**named, "without": (), "steps": steps, "conclusion": "the traffic goes astray", **fields})


def start(actor: str, *sends: str | Said, does: str = "acts", **fields: Any) -> Step:
    return step(actor, "start", sends=sends, does=does, **{"rule": f"{actor} {does}", **fields})


def deliver(source: str, actor: str, message: str, **fields: Any) -> Step:
    return step(actor, "deliver", message, source=source, link=fields.pop("link", PATH), **fields)


def inject(source: str, to: str, message: str, **fields: Any) -> Step:
    """The attacker's packet, with `source` as its source address."""
    given = {"source": source, "destination": to, "link": PATH, "term": f"{message}(1)", "attacker": True, **fields}
    return step("attacker", "inject", message, **given)


def probe(source: str, init: str, answer: str, **fields: Any) -> Step:
    """A test of the attacker's own."""
    given = {"source": source, "destination": "cn", "term": f"{init}({source})", "attacker": True, **fields}
    return step("attacker", "test", init, sends=(f"{answer}(token)",), **given)


def clock(rule: str, **fields: Any) -> Step:
    return Step(actor="clock", action="start", rule=rule, cells=(changed("clock", "", "1"),), **fields)


PAST = {"prologue": True}

HONEST = trace(
    start("pma1", "PHoTI(1)", does="starts the proxy home test"),
    deliver("pma1", "ha", "PHoTI", sends=("PHoTI(1)",), link="HA-PMA tunnel"),
    deliver("pma1", "cn", "PHoTI", link="HA-CN path"),
    attacker="off-path",
    property="progress",
    conclusion="the goal is out of reach",
)
"""No attacker takes part, whoever is named; the home agent forwards what it gets."""

ATTACK = trace(
    start("mn", "BU(1)", does="begins", rule="mobile node begins", **PAST),
    deliver(
        "mn",
        "cn",
        "BU",
        sends=("BA(1)",),
        cells=(changed("cn[HoA].entry", "none", "CoA1, verified"), changed("cn[HoA].sequence number", "none", "1")),
        learned=(known("MAC(1)", "read from the BA", " at step 2"),),
        **PAST,
    ),
    clock("clock reaches 240 s", essential=True),
    probe(
        "HoA",
        "HoTI",
        "HoT",
        learned=(known("T(HoA, nonce 1)", "from a test of its own", " at step 4, read at its path"),),
    ),
    start("mn", essential=False, cells=(changed("mobile node attached to", "CoA1", "CoA2"),)),
    inject(
        "mn",
        "cn",
        "complete BU",
        sends=("BA(2)",),
        cells=(changed("cn[HoA].entry", "CoA1, verified", "attacker, verified"),),
        essential=True,
    ),
    no_return=4,
)

UNRULY = trace(
    start("mn", "BU(1)", "BU(2)"),
    deliver("mn", "cn", "BU", term="BU(2)", sends=("BA(2)",)),
    deliver("mn", "cn", "BU", term="BU(2)"),
    start("mn", "BU(3)"),
    deliver("mn", "cn", "BU", term="BU(3)"),
    deliver("mn", "cn", "BU", term="BU(1)", attacker=True),
    inject("attacker", "pma1", "PHoT"),
    inject("attacker's HoA", "attacker", "PHoT"),
    inject("bystander", "attacker", "PHoT"),
    deliver("pma2", "cn", "PBU", term="PBU(9)"),
    no_return=0,
    waits=True,
)
"""Repeated, overtaken, let through, lost; the attacker under its own addresses, and one packet that nobody sent."""

LONG = trace(
    *(each for k in range(12) for each in (start("mn", f"BU({k})"), deliver("mn", "cn", "BU", term=f"BU({k})")))
)

SAMPLES = {"honest": HONEST, "attack": ATTACK, "unruly": UNRULY, "long": LONG, "empty": trace(conclusion="")}

HOSTILE = (
    "",
    " ",
    "<script>alert(1)</script>",
    "]]>",
    "&lt;b&gt;",
    "\"; drop table 'x'",
    "end",
    "two\nlines\tand a tab",
    "\N{RIGHT-TO-LEFT OVERRIDE}drawkcab",
    "שלום וברכה לכולם",
    "\N{ARABIC LIGATURE BISMILLAH AR-RAHMAN AR-RAHEEM}" * 3,
    "\ud800",
    "\x00\x1b[31m",
    "e" + "\N{COMBINING ACUTE ACCENT}" * 40,
    "漢字かな交じり文" * 4,
    "🙂" * 30,
    "W" * 10_000,
    "a word " * 500,
    "%%{init: {}}%%",
    "p0->>p1: hi;#59;",
    "#meta",
)
PRINCIPALS = ("mn", "pma1", "pma2", "ha", "ha2", "pma3", "cn", "attacker", "clock", "network", "HoA")

names = st.sampled_from(PRINCIPALS) | st.sampled_from(HOSTILE) | st.text(max_size=30)
texts = st.sampled_from(("HoT(1)", "HoT(2)", "BU(1)", "BA(1)", *HOSTILE)) | st.text(max_size=60)

steps = st.builds(
    Step,
    actor=names,
    action=st.sampled_from(("start", "deliver", "inject", "test", "")),
    rule=texts,
    does=texts,
    message=texts,
    source=names,
    destination=names,
    link=texts,
    term=texts,
    content=st.none() | st.dictionaries(st.sampled_from(("type", "to", "seq")), names, max_size=3),
    parts=parts(texts),
    sends=messages(texts),
    cells=cells(texts, names),
    known=terms(texts),
    learned=terms(texts),
    attacker=st.booleans(),
    prologue=st.booleans(),
    essential=st.none() | st.booleans(),
)
traces = st.builds(
    Trace,
    scenario=names,
    attacker=names,
    property=names,
    readings=st.just({}),
    without=st.just(()),
    steps=st.lists(steps, max_size=7).map(tuple),
    conclusion=texts,
    numbers=st.dictionaries(names, st.integers() | st.booleans() | st.floats() | texts, max_size=3),
    no_return=st.none() | st.integers(0, 9),
    waits=st.booleans(),
)
recorded = traces.map(lambda told: replace(told, steps=tuple(step for step in told.steps if step.action)))
"""Traces that a record can hold."""
