"""State graphs to draw and store: made up, but of the shape that a review makes. No test lives here."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from pmicheck.report.graphs.data import Edge, Full, Node, Quotient, StateGraph

HOSTILE = (
    '<script>alert("1")</script> & \' ]]> --> \\',
    "a\nb\tc\r\x00\x1b[31m",
    "\N{RIGHT-TO-LEFT OVERRIDE}live\N{POP DIRECTIONAL FORMATTING} \N{LEFT-TO-RIGHT ISOLATE}",
    "\ud800 lone \udfff, \ufffe, \U000e0001",
    "x" * 10_000,
    "名" * 300 + " " + "\N{COMBINING ACUTE ACCENT}" * 200,
    "שלום <b> \\N \\G \\l",
    "",
    " ",
)


def node(*label: str, states: int = 5, **others: object) -> Node:
    plain = Node(label, f"cell: {', '.join(label)}", states, 0, (), {}, 0, ("PMA1 starts.",))
    return replace(plain, **others)  # type: ignore[arg-type]


ENTRY = Quotient(
    "entry",
    "binding cache entry of HoA at the CN",
    (
        node("no entry", initial=True, steps={"binding-agreement": ("attacker: cn receives early BU",)}),
        node("CoA1", "unverified", states=1_530, depth=6),
        node(
            "attacker",
            "verified",
            states=1_530,
            violating=1_530,
            violated=("no-redirection",),
            steps={"no-unauthorised-deregistration": ("attacker: cn receives deregistration BU",)},
            depth=2,
        ),
        node("CoA1", "verified", violating=1, violated=("no-redirection", "token-secrecy", "a", "b", "c", "d")),
    ),
    (
        Edge(0, 0, {"clock reaches 210 s": 7}),
        Edge(0, 1, {"cn receives early PBU": 12}),
        Edge(0, 2, {}, {"attacker: cn receives complete BU": 129, "attacker: cn receives early BU": 1}),
        Edge(1, 0, {"entry of HoA ends": 3}, {"attacker: cn receives deregistration BU": 1_950}),
        Edge(1, 2, {}, {"attacker: cn receives complete BU": 100_000}),
        Edge(1, 3, {"cn receives complete PBU": 131}),
        Edge(2, 0, {"entry of HoA ends": 392}),
        Edge(2, 1, {}, {"attacker: cn receives early BU": 975}),
        Edge(3, 0, {"entry of HoA ends": 76, "pma1 deregisters": 4}),
    ),
)
CLOCK = Quotient(
    "role",
    "clock",
    (node("0 s", initial=True), node("210 s", states=9, depth=1)),
    (Edge(0, 1, {"clock reaches 210 s": 5}),),
)
FULL = Full(
    rules=("clock reaches 210 s", "attacker: cn receives complete BU"),
    attacking=(1,),
    properties=("no-redirection", "binding-agreement"),
    states=("0 0,0 -", "1 0,1 -", "1 2,0 0", "2 2,1 0,1", "2 -,- 1"),
    edges=("0:1 1:2,2,4", "1:3", "0:3", "", ""),
)
GRAPH = StateGraph(
    "type1-initial", "home-path", {"tombstone": "full"}, ("mac",), 5, 6, True, 1, (ENTRY, CLOCK), FULL, ""
)


def hostile(text: str) -> StateGraph:
    """The sample with one text wherever a text can stand."""
    spoilt = tuple(
        replace(
            quotient,
            title=text,
            nodes=tuple(
                replace(
                    each,
                    label=(text, *each.label),
                    text=text + each.text,
                    violated=tuple(text + name for name in each.violated),
                    steps={text + name: (text,) for name in each.steps},
                    trace=(text,),
                )
                for each in quotient.nodes
            ),
            edges=tuple(
                replace(
                    each,
                    honest={text + rule: number for rule, number in each.honest.items()},
                    attacker={text + rule: number for rule, number in each.attacker.items()},
                )
                for each in quotient.edges
            ),
        )
        for quotient in GRAPH.quotients
    )
    full = replace(FULL, rules=(text + "0", text + "1"), properties=(text + "0", text + "1"))
    return replace(GRAPH, scenario=text, attacker=text, settings={text: text}, quotients=spoilt, full=full, reason=text)


@st.composite
def quotients(draw: st.DrawFn) -> Quotient:
    """Any quotient of up to 12 nodes, with whatever edges and words."""
    words = st.text(max_size=40)
    counts = st.dictionaries(words, st.integers(1, 10**7), max_size=3)
    size = draw(st.integers(1, 12))
    nodes = tuple(
        node(
            *draw(st.lists(words, min_size=1, max_size=3)),
            states=draw(st.integers(1, 10**6)),
            violated=tuple(draw(st.lists(words, max_size=5))),
            steps=dict.fromkeys(draw(st.lists(words, max_size=5)), ("rule",)),
            initial=number == 0,
        )
        for number in range(size)
    )
    ends = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    edges = []
    for source, target in draw(st.lists(ends, max_size=20, unique=True)):
        honest, attacker = draw(counts), draw(counts)
        if honest or attacker:
            edges.append(Edge(source, target, honest, attacker))
    return Quotient("entry", draw(words), nodes, tuple(edges))
