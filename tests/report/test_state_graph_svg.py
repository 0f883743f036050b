"""Drawings of state graphs: well-formed, without styles or scripts, and no text on another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree

import pytest
import state_graph_samples as samples
from hypothesis import given, settings
from msgspec.structs import replace

from pmicheck.errors import LimitReached, OutputError
from pmicheck.report.charts.text import width
from pmicheck.report.graphs import layout as state_graph_layout
from pmicheck.report.graphs.data import FullEdge, Quotient, StateGraph
from pmicheck.report.graphs.layout import Box, Link, Size, place
from pmicheck.report.graphs.svg import TREE, Drawing, of_quotient, of_states, svg, tree

SVG = "{http://www.w3.org/2000/svg}"


def elements(text: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(text).iter())


def apart(one: Box, other: Box) -> bool:
    return (
        abs(one.x - other.x) * 2 >= one.width + other.width - 0.2
        or abs(one.y - other.y) * 2 >= one.height + other.height - 0.2
    )


def boxes(drawing: Drawing) -> list[Box]:
    return [*drawing.placed.boxes, *(way.label for way in drawing.placed.ways if way.label)]


def assert_readable(drawing: Drawing) -> None:
    """No two boxes share room, all are within the picture, and every line fits into its box."""
    for one, other in combinations(boxes(drawing), 2):
        assert apart(one, other)
    for box in boxes(drawing):
        assert box.width / 2 - 0.2 <= box.x <= drawing.placed.size.width - box.width / 2 + 0.2
        assert box.height / 2 - 0.2 <= box.y <= drawing.placed.size.height - box.height / 2 + 0.2
    for card, box in zip(drawing.cards, drawing.placed.boxes, strict=True):
        for kind, text in card.lines:
            bold = kind in ("name", "start", "head")
            assert width(text, 12 if kind == "name" else 11, bold=bold) <= box.width
    for arrow, way in zip(drawing.arrows, drawing.placed.ways, strict=True):
        assert all(way.label and width(text, 11) <= way.label.width for _, text in arrow.lines)


def points(curve: tuple[tuple[float, float], ...]) -> Iterator[tuple[float, float]]:
    """Some points of a run of cubic curves."""
    for at in range(0, len(curve) - 1, 3):
        for step in range(21):
            t, u = step / 20, 1 - step / 20
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            piece = curve[at : at + 4]
            yield (
                sum(w * x for w, (x, _) in zip(weights, piece, strict=True)),
                sum(w * y for w, (_, y) in zip(weights, piece, strict=True)),
            )


def crossed(drawing: Drawing) -> int:
    """How many lines run through a box that they do not belong to."""
    count = 0
    for number, (arrow, way) in enumerate(zip(drawing.arrows, drawing.placed.ways, strict=True)):
        strange = [box for at, box in enumerate(drawing.placed.boxes) if at not in (arrow.source, arrow.target)]
        strange += [w.label for at, w in enumerate(drawing.placed.ways) if at != number and w.label]
        inside = (
            abs(x - box.x) < box.width / 2 - 1 and abs(y - box.y) < box.height / 2 - 1
            for curve in way.curves
            for x, y in points(curve)
            for box in strange
        )
        count += any(inside)
    return count


def test_a_drawing_has_a_link_for_each_node_and_a_group_for_each_edge_between_two() -> None:
    drawn = elements(svg(samples.ENTRY, identifier="entry-0"))
    links = [each for each in drawn if each.tag == f"{SVG}a"]
    assert [(each.get("href"), each.get("data-node")) for each in links] == [
        (f"#entry-0-{number}", f"{number}") for number in range(4)
    ]
    edges = [each for each in drawn if "edge" in (each.get("class") or "").split()]
    assert len(edges) == sum(edge.source != edge.target for edge in samples.ENTRY.edges)
    assert all(each.find(f"{SVG}title") is not None for each in (*links, *edges))


def test_what_breaks_a_property_is_told_by_shape_and_words() -> None:
    nodes = [each for each in elements(svg(samples.ENTRY, identifier="x")) if each.tag == f"{SVG}a"]
    kinds = [set((each.get("class") or "").split()) for each in nodes]
    assert kinds == [
        {"node", "initial", "breaking"},
        {"node"},
        {"node", "violating", "breaking"},
        {"node", "violating"},
    ]
    frames = [
        [each.tag.removeprefix(SVG) for each in node if each.get("class") in ("frame", "inner")] for node in nodes
    ]
    assert frames == [["path"], ["rect"], ["path", "path"], ["rect", "rect"]]
    words = ["|".join(each.text or "" for each in node.iter(f"{SVG}text")) for node in nodes]
    breaks = "a step from here breaks"
    assert words == [
        f"start|no entry|5 states|{breaks}|binding-agreement",
        "CoA1|unverified|1,530 states",
        f"attacker|verified|1,530 states|all break|no-redirection|{breaks}|no-unauthorised-deregistration",
        "CoA1|verified|5 states|1 breaks|no-redirection|token-secrecy|a|and 3 more",
    ]


def test_an_edge_says_whose_it_is_and_how_many_rules_it_stands_for() -> None:
    edges = [each for each in elements(svg(samples.ENTRY, identifier="x")) if "edge" in (each.get("class") or "")]
    told = [(each.get("class"), " ".join(text.text or "" for text in each.iter(f"{SVG}text"))) for each in edges]
    assert told == [
        ("edge honest w2", "cn receives early PBU"),
        ("edge attacker w3", "attacker: 2 rules"),
        ("edge either w4", "2 rules 1 the attacker's"),
        ("edge attacker w5", "attacker: cn receives complete BU"),
        ("edge honest w3", "cn receives complete PBU"),
        ("edge honest w3", "entry of HoA ends"),
        ("edge attacker w3", "attacker: cn receives early BU"),
        ("edge honest w2", "2 rules"),
    ]
    hint = edges[2].findtext(f"{SVG}title")
    assert hint == (
        "cell: CoA1, unverified → cell: no entry\nentry of HoA ends: 3 transitions\n"
        "attacker: cn receives deregistration BU: 1,950 transitions"
    )


@pytest.mark.parametrize("text", samples.HOSTILE, ids=range(len(samples.HOSTILE)))
def test_hostile_words_stay_text_and_fit(text: str) -> None:
    graph = samples.hostile(text)
    for quotient in graph.quotients:
        assert_readable(of_quotient(quotient))
        drawn = svg(quotient, identifier="q")
        tags = {each.tag.removeprefix(SVG) for each in elements(drawn)}
        assert tags <= {"svg", "g", "a", "title", "path", "rect", "text"}
        attributes = {name for each in elements(drawn) for name in each.attrib}
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        assert not re.search("[\N{RIGHT-TO-LEFT OVERRIDE}\x00\x1b\ud800-\udfff\ufffe]", drawn)
    assert_readable(of_states(graph))


@settings(max_examples=60, deadline=None)
@given(samples.quotients())
def test_in_no_drawing_does_a_text_stand_on_another(quotient: Quotient) -> None:
    assert_readable(of_quotient(quotient))
    ElementTree.fromstring(svg(quotient, identifier="q"))


@settings(max_examples=60, deadline=None)
@given(samples.quotients())
def test_no_line_runs_through_a_box_or_a_label_that_it_does_not_belong_to(quotient: Quotient) -> None:
    assert crossed(of_quotient(quotient)) == 0


def test_every_arrow_begins_and_ends_at_its_boxes() -> None:
    drawing = of_quotient(samples.ENTRY)

    def touches(point: tuple[float, float], box: Box) -> bool:
        return abs(point[0] - box.x) <= box.width / 2 + 2 and abs(point[1] - box.y) <= box.height / 2 + 2

    for arrow, way in zip(drawing.arrows, drawing.placed.ways, strict=True):
        assert touches(way.curves[0][0], drawing.placed.boxes[arrow.source])
        assert touches(way.tip, drawing.placed.boxes[arrow.target])


def test_the_initial_node_stands_above_all_others() -> None:
    placed = of_quotient(samples.ENTRY).placed
    assert placed.boxes[0].y == min(box.y for box in placed.boxes)


def test_the_same_graph_gives_the_same_octets() -> None:
    assert svg(samples.ENTRY, identifier="a") == svg(samples.ENTRY, identifier="a")


def test_no_program_has_to_be_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    with_path = svg(samples.ENTRY, identifier="a")
    monkeypatch.setenv("PATH", "")
    assert svg(samples.ENTRY, identifier="a") == with_path


def test_the_systems_program_stands_in_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_graph_layout, "PROGRAM", "no-such-package")
    assert svg(samples.ENTRY, identifier="a").startswith("<svg")


def test_a_missing_or_failing_layout_program_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_graph_layout, "PROGRAM", "no-such-package")
    with monkeypatch.context() as nothing:
        nothing.setenv("PATH", "")
        with pytest.raises(OutputError, match="neither the package no-such-package nor Graphviz is installed"):
            svg(samples.ENTRY, identifier="a")
    monkeypatch.undo()
    monkeypatch.setattr(state_graph_layout, "_program", lambda: "/bin/false")
    with pytest.raises(OutputError, match="the drawing cannot be laid out: graphviz-pure failed"):
        svg(samples.ENTRY, identifier="a")
    monkeypatch.setattr(state_graph_layout, "_program", lambda: "/no/such/file")
    with pytest.raises(OutputError, match="cannot be laid out"):
        svg(samples.ENTRY, identifier="a")


def test_an_edge_upwards_points_to_its_target() -> None:
    placed = place([Size(50, 20), Size(50, 20)], [Link(0, 1, Size(30, 10)), Link(1, 0, Size(30, 10)), Link(1, 0)])
    down, up, bare = placed.ways
    assert placed.boxes[0].y < placed.boxes[1].y
    assert down.curves[0][0][1] < down.tip[1]
    assert up.curves[0][0][1] > up.tip[1]
    assert bare.curves[0][0][1] > bare.tip[1]
    assert all(curve[0][1] > curve[-1][1] for curve in (*up.curves, *bare.curves))


def test_a_single_node_is_drawn() -> None:
    assert_readable(of_quotient(replace(samples.ENTRY, nodes=samples.ENTRY.nodes[:1], edges=())))


def test_all_states_are_drawn_with_their_numbers() -> None:
    drawing = of_states(samples.GRAPH)
    assert [card.lines[-1].text for card in drawing.cards] == ["0", "1", "2", "3", "4"]
    assert [("violating" in card.kinds) for card in drawing.cards] == [False, False, True, True, True]
    assert [(arrow.source, arrow.target) for arrow in drawing.arrows] == [(0, 1), (0, 2), (0, 4), (1, 3), (2, 3)]
    assert drawing.cards[3].hint.split("\n") == [
        "state 3, depth 2",
        "cell: attacker, verified",
        "cell: 210 s",
        "breaks no-redirection",
        "breaks binding-agreement",
    ]


def chain(states: int) -> StateGraph:
    """States in a row, each with a way back to the one before."""
    edges = (f"0:{min(number + 1, states - 1)},{max(number - 1, 0)}" for number in range(states))
    full = replace(samples.FULL, states=("0 0,0 -",) * states, edges=tuple(edges))
    return replace(samples.GRAPH, states=states, full=full)


def test_beyond_some_size_only_shortest_ways_are_drawn_and_beyond_another_nothing() -> None:
    assert len(of_states(chain(300)).arrows) == 299 + 299
    assert len(of_states(chain(301)).arrows) == 300
    with pytest.raises(
        LimitReached, match="type1-initial under home-path has 2,001 states, and a drawing shows each of"
    ):
        of_states(chain(TREE + 1))
    with pytest.raises(LimitReached):
        of_states(replace(samples.GRAPH, full=None))


def test_the_tree_has_the_first_edge_to_each_state() -> None:
    links = [FullEdge(0, 1, "a"), FullEdge(0, 0, "b"), FullEdge(1, 2, "c"), FullEdge(1, 2, "d"), FullEdge(2, 1, "e")]
    assert list(tree(links)) == [FullEdge(0, 1, "a"), FullEdge(1, 2, "c")]
