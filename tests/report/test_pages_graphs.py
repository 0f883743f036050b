"""State graph pages: each drawing with all that its boxes stand for, and the same graph as files."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from msgspec.structs import replace
from page_reader import Element, read
from page_samples import graph, reviewed_record
from record_samples import SCENARIO

from pmicheck.report.graphs.data import StateGraph
from pmicheck.report.pages.graphs import graph_pages
from pmicheck.report.pages.places import Places

NAME = f"graphs/{SCENARIO}"


def files(*graphs: StateGraph) -> dict[str, str]:
    sample = replace(reviewed_record(), graphs=graphs or (graph(),))
    return dict(graph_pages(sample, Places(sample)))


def page(*graphs: StateGraph) -> Element:
    return read(files(*graphs)[f"{NAME}.html"])


def test_every_box_of_a_drawing_leads_to_what_it_stands_for() -> None:
    tree = page()
    for part in tree.all("section", "graph"):
        boxes = [each for each in part.all("a") if "data-node" in each.attributes]
        texts = [each for each in part.one("ol", "nodes").all("li") if "id" in each.attributes]
        assert [each.attributes["href"] for each in boxes] == [f"#{each.attributes['id']}" for each in texts]
        assert len(boxes) == 2


def test_a_node_tells_its_states_what_they_break_and_a_shortest_run() -> None:
    told = page().with_id("q1-1")
    assert "cn[HoA].entry: attacker, verified" in told.text
    assert "5, all of which break a property; the nearest is 2 steps from the start" in told.text
    assert [each.text for each in told.all("ol")[0].all("li")] == ["The attacker asks.", "The attacker registers."]
    assert "../findings/type1-initial-home-path-no-redirection.html" in [
        each.attributes["href"] for each in told.all("a")
    ]
    assert "breaks" in told.classes


def test_a_node_tells_which_step_from_it_breaks_something_and_where_it_leads() -> None:
    told = page().with_id("q1-0")
    assert "3; the start is one" in told.text
    assert "binding-agreement (by a step from here: cn receives BU)" in told.text
    assert "attacker / verified, by the attacker: cn receives BU (4)" in told.text
    assert "clock" not in told.one("ul").text, "what changes nothing is no way to another node"
    assert "The scenario begins here." in told.text


def test_a_cut_search_and_settings_are_said() -> None:
    told = page(replace(graph(), complete=False, settings={"tombstone": "none"}, without=("mac",), moments=3)).text
    assert "A limit cut the search: there are more." in told
    assert "With tombstone=none without mac" in told
    assert "3 of the states hold nothing but what one step did" in told


def test_files_for_other_programs_hold_the_same_nodes() -> None:
    made = files()
    assert made[f"{NAME}.dot"].count("digraph") == 2
    assert len(ElementTree.fromstring(made[f"{NAME}.graphml"]).findall(".//{*}node")) == 4
    stored = json.loads(made[f"{NAME}.json"])
    assert [len(each["nodes"]) for each in stored["quotients"]] == [2, 2]


def test_a_graph_that_could_not_be_made_has_a_page_with_the_reason_and_no_files() -> None:
    made = files(replace(graph(), quotients=(), reason="Too many states."))
    assert set(made) == {"graphs/index.html", f"{NAME}.html"}
    assert "Too many states." in read(made[f"{NAME}.html"]).text
    assert "Too many states." in read(made["graphs/index.html"]).text


def test_graphs_of_the_same_name_have_pages_of_their_own() -> None:
    made = files(graph(), graph(), replace(graph(), scenario="index"), replace(graph(), scenario="INDEX"))
    stems = {path for path in made if path.endswith(".html")}
    assert stems == {
        "graphs/index.html",
        f"{NAME}.html",
        f"{NAME}-2.html",
        "graphs/index-2.html",
        "graphs/INDEX-3.html",
    }


def test_the_list_leads_to_every_graph_and_each_of_its_parts() -> None:
    listed = read(files()["graphs/index.html"]).one("ul", "graphs")
    assert [each.attributes["href"] for each in listed.all("a")] == [
        "type1-initial.html",
        "type1-initial.html#q1",
        "type1-initial.html#q2",
    ]
    assert "Under home-path: 8 states, 7 transitions." in listed.text
