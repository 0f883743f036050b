"""The sequence chart: what it tells of a trace, that no text meets another, that nothing breaks out of its place."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
import sequence_traces as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sequence_traces import clock, deliver, inject, start, trace
from told import changed, known, said, untold

from pmicheck.report.charts import chart as sequence
from pmicheck.report.charts.chart import chart
from pmicheck.report.charts.layout import lay_out
from pmicheck.report.charts.pen import Box, Drawing, Shape
from pmicheck.report.charts.story import ATTACKER, Event, tell
from pmicheck.report.charts.text import LINE_HEIGHT, clean, width, wrap
from pmicheck.trace import Trace

SVG = "{http://www.w3.org/2000/svg}"
STYLES = Path(sequence.__file__).parents[1].joinpath("assets") / "chart.css"
ALL = pytest.mark.parametrize("told", samples.SAMPLES.values(), ids=samples.SAMPLES.keys())


def drawing(told: Trace) -> Drawing:
    return lay_out(told, tell(told))


def root(told: Trace) -> ElementTree.Element:
    return ElementTree.fromstring(chart(told))


def texts(element: ElementTree.Element, kind: str = "") -> list[str]:
    """What is written below `element`, in texts of the class `kind`."""
    found = element.iter(f"{SVG}text")
    return [
        "".join(each.itertext()).replace("\N{NO-BREAK SPACE}", " ")
        for each in found
        if kind in ("", *(each.get("class") or "").split())
    ]


def groups(element: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in element.iter(f"{SVG}g") if kind in (each.get("class") or "").split()]


def step_of(told: Trace, number: int) -> ElementTree.Element:
    (found,) = [each for each in groups(root(told), "step") if each.get("data-step") == str(number)]
    return found


def event(told: Trace, number: int) -> Event:
    return tell(told).events[number - 1]


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.w <= other.x or other.x + other.w <= one.x or one.y + one.h <= other.y or other.y + other.h <= one.y
    )


def assert_clear(drawn: Drawing) -> None:
    """No text meets another or leaves the chart; no arrow runs through a text but the label that it carries."""
    boxes = drawn.boxes()
    assert [pair for pair in combinations(boxes, 2) if not apart(*pair)] == []
    assert [b for b in boxes if b.x < 0 or b.y < 0 or b.x + b.w > drawn.width or b.y + b.h > drawn.height] == []
    items = [item for group in drawn.groups for item in group.items if isinstance(item, Shape)]
    for line in (item.attributes for item in items if item.tag == "line" and item.kind.startswith("arrow ")):
        x1, x2 = sorted((float(line["x1"]), float(line["x2"])))
        across = Box(x1, float(line["y1"]) - 1.5, x2 - x1, 3, "arrow", 0)
        assert [b for b in boxes if not apart(across, b) and b.kind != "claim"] == []


# What a trace tells


def test_a_packet_comes_from_whoever_sent_it_last_also_where_its_source_is_another() -> None:
    arrows = [(packet.source, packet.target) for each in tell(samples.HONEST).events for packet in each.packets]
    assert arrows == [("pma1", "ha"), ("ha", "cn")]


def test_what_the_same_node_gets_twice_is_a_repetition() -> None:
    assert [event(samples.UNRULY, number).packets[0].again for number in (2, 3)] == [None, 2]
    assert "once more, as in step 2" in texts(step_of(samples.UNRULY, 3))


def test_a_repetition_is_not_taken_for_what_its_receiver_sent_on() -> None:
    told = trace(start("mn", "HoTI(1)"), deliver("mn", "ha", "HoTI", sends=("HoTI(1)",)), deliver("mn", "ha", "HoTI"))
    assert event(told, 3).packets[0].source == "mn"
    assert event(told, 3).packets[0].again == 2
    assert [each.lane for each in event(told, 2).lost] == ["ha"]


def test_two_packets_of_the_same_text_are_no_repetition() -> None:
    told = trace(start("mn", "BU(1)"), start("mn", "BU(1)"), *2 * [deliver("mn", "cn", "BU")])
    assert [event(told, number).packets[0].again for number in (3, 4)] == [None, None]


def test_a_message_is_the_same_by_its_fields_whatever_it_is_called_and_wherever_it_is() -> None:
    first, second = ({"type": "TestInit", "cookie": ["cookie", "pma1", number]} for number in (1, 2))
    told = trace(
        start("pma1", said("PHoTI(HoA)", **first)),
        start("pma1", said("PHoTI(HoA)", **second)),
        deliver("x", "ha", "PHoTI", term="PHoTI(HoA)", content={**second, "link": "tunnel", "to": "ha"}),
        deliver("x", "ha", "PHoTI", term="PHoTI(by another name)", content={**first, "link": "ha-cn", "tries": 1}),
        deliver("x", "ha", "PHoTI", term="PHoTI(HoA)", content={**first, "cookie": ["cookie", "pma2", 1]}),
    )
    assert [event(told, number).packets[0].source for number in (3, 4, 5)] == ["pma1", "pma1", "x"]
    assert [event(told, number).packets[0].sent for number in (3, 4)] == [None, 1], "the second overtook the first"
    assert [event(told, number).lost for number in (1, 2)] == [(), ()]


def test_a_packet_is_late_when_a_later_one_or_the_clock_overtook_it() -> None:
    assert event(samples.UNRULY, 5).packets[0].sent is None
    assert event(samples.UNRULY, 6).packets[0].sent == 1
    waited = trace(start("mn", "BU(1)"), clock("clock reaches 24 h"), deliver("mn", "cn", "BU"))
    assert event(waited, 3).packets[0].sent == 1
    assert "late: sent in step 1" in texts(step_of(waited, 3))


def test_what_no_step_delivers_is_not_delivered_or_still_on_its_way_at_the_end() -> None:
    lost = [
        (each.number, gone.lane, gone.name, gone.ended) for each in tell(samples.ATTACK).events for gone in each.lost
    ]
    assert lost == [(2, "cn", "BA", False), (6, "cn", "BA", True)]
    assert "not delivered" in texts(step_of(samples.ATTACK, 2))
    assert "on its way" in texts(step_of(samples.ATTACK, 6))
    assert all(not each.lost for each in tell(samples.LONG).events)


def test_only_those_who_take_part_have_lanes_and_the_attacker_stands_last() -> None:
    assert tell(samples.HONEST).lanes == ("pma1", "ha", "cn")
    assert tell(samples.ATTACK).lanes == ("mn", "cn", ATTACKER)
    many = trace(
        *(start(name) for name in ("network", "attacker", "cn", "zz", "pma3", "ha2", "ha", "aa", "pma1", "mn"))
    )
    assert tell(many).lanes == ("mn", "pma1", "ha", "ha2", "pma3", "cn", "zz", "aa", "network", "attacker")


def test_a_forged_source_is_named_and_an_own_address_is_not() -> None:
    claims = {number: event(samples.UNRULY, number).packets[0].claim for number in (7, 8, 9)}
    assert claims == {7: "", 8: "", 9: "bystander"}
    assert texts(step_of(samples.ATTACK, 6), "claim") == ["as mobile node"]
    assert texts(step_of(samples.UNRULY, 7), "claim") == []
    assert "as bystander" in texts(step_of(samples.UNRULY, 9))


def test_an_own_test_is_drawn_with_its_answer_and_what_it_taught() -> None:
    init, answer = event(samples.ATTACK, 4).packets
    assert (init.source, init.target, init.claim) == (ATTACKER, "cn", "HoA")
    assert (answer.name, answer.source, answer.target, answer.answer) == ("HoT", "cn", ATTACKER, True)
    written = texts(step_of(samples.ATTACK, 4))
    assert written[-3:] == ["Learns", "T(HoA, nonce 1)", "from a test of its own"]


def test_a_packet_that_the_attacker_lets_through_says_so() -> None:
    assert "let through by the attacker" in texts(step_of(samples.UNRULY, 6))


def test_changes_stand_in_the_lane_of_their_cell_with_the_value_before() -> None:
    assert texts(step_of(samples.ATTACK, 2), "subject") == ["for HoA"]
    assert " ".join(texts(step_of(samples.ATTACK, 2), "change-text")) == (
        "entry: none → CoA1, verified sequence number: none → 1"
    )
    context = changed("pma2.registration", "idle, last number 2", "context, last number 2")
    (change,) = event(trace(start("pma1", cells=(context,))), 1).changes
    assert (change.lane, change.text) == ("pma2", "registration: idle →\N{NO-BREAK SPACE}context")
    same = trace(start("pma1", cells=(changed("pma1.registration", "testing", "testing"),)))
    assert event(same, 1).changes == ()


def test_a_cell_that_says_no_keeper_changes_where_the_step_is_processed() -> None:
    cell = replace(changed("cn[HoA].entry", "none", "CoA1, verified"), of={})
    (change,) = event(trace(start("mn", "BU(1)"), deliver("mn", "cn", "BU", cells=(cell,))), 2).changes
    assert (change.lane, change.subject) == ("cn", "")


def test_an_act_is_told_without_its_actor_if_the_step_says_what_it_does() -> None:
    assert event(trace(start("pma1", does="hands HT to pma2")), 1).act == "hands HT to PMA2"
    assert event(trace(start("pma1", does="", rule="pma1 does it")), 1).act == "PMA1 does it"


def test_a_record_without_values_before_is_told_all_the_same() -> None:
    old = trace(*map(untold, samples.ATTACK.steps))
    assert "entry: CoA1, verified" in texts(step_of(old, 2))


def test_the_clock_runs_across_and_has_no_lane() -> None:
    step = step_of(samples.ATTACK, 3)
    assert texts(step, "clock-text") == ["Clock reaches 240 s"]
    assert texts(step, "change-text") == []
    assert "clock" not in tell(samples.ATTACK).lanes


def test_the_prologue_and_the_point_of_no_return_stand_where_they_belong() -> None:
    drawn = drawing(samples.ATTACK)
    areas = {g.step: i.attributes for g in drawn.groups for i in g.items if getattr(i, "kind", "") == "step-area"}
    (region,) = [i.attributes for g in drawn.groups for i in g.items if getattr(i, "kind", "") == "prologue-area"]
    bottom = float(region["y"]) + float(region["height"])
    assert float(region["y"]) < float(areas[1]["y"])
    assert float(areas[2]["y"]) < bottom <= float(areas[3]["y"])
    order = [each.get("class") for each in root(samples.ATTACK).iter(f"{SVG}g")]
    after = order.index("no-return")
    assert [kind for kind in order[:after] if kind and kind.startswith("step")] == [
        "step prologue",
        "step prologue",
        "step essential clock",
        "step attacker",
    ]
    first = [each.get("class") for each in root(samples.UNRULY).iter(f"{SVG}g")]
    assert first.index("no-return") < first.index("step")
    assert "no honest node has to act" in " ".join(texts(root(samples.UNRULY), "no-return-caption"))
    assert groups(root(samples.HONEST), "no-return") == []
    between = [each.get("class") for each in root(replace(samples.ATTACK, no_return=2)).iter(f"{SVG}g")]
    assert between.index("step essential clock") - between.index("no-return") == 2, "the line and its caption"


def test_essential_and_faint_steps_differ_and_others_are_neither() -> None:
    kinds = [(each.get("class") or "").split() for each in groups(root(samples.ATTACK), "step")]
    assert ["essential" in kind for kind in kinds] == [False, False, True, False, False, True]
    assert ["faint" in kind for kind in kinds] == [False, False, False, False, True, False]


def test_the_violated_property_and_the_conclusion_stand_at_the_end() -> None:
    assert texts(root(samples.ATTACK), "verdict-name") == ["Violated: no-redirection"]
    assert texts(root(samples.ATTACK), "verdict-text") == ["the traffic goes astray"]
    assert groups(root(trace(start("mn"), conclusion="")), "verdict-box") == []


# How it is written


@ALL
def test_every_step_can_be_found_by_number(told: Trace) -> None:
    found = [(each.get("id"), each.get("data-step")) for each in groups(root(told), "step")]
    assert found == [(f"chart-step-{number}", str(number)) for number in range(1, len(told.steps) + 1)]
    ids = re.findall(r' id="([^"]*)"', chart(told, identifier="other"))
    assert len(set(ids)) == len(ids)
    assert all(each == "other" or each.startswith("other-") for each in ids)


@ALL
def test_the_element_is_an_image_with_a_name_and_a_description(told: Trace) -> None:
    element = root(told)
    named = {each.get("id"): each.text for each in element if each.tag in (f"{SVG}title", f"{SVG}desc")}
    assert element.get("role") == "img"
    assert all(named[each] for each in (element.get("aria-labelledby") or "").split())
    assert element.get("viewBox") == f"0 0 {element.get('width')} {element.get('height')}"


@ALL
def test_looks_come_from_classes_alone_and_each_is_documented(told: Trace) -> None:
    documented = set(re.findall(r"`([a-z-]+)`", sequence.__doc__ or ""))
    for each in root(told).iter():
        assert each.tag not in (f"{SVG}style", f"{SVG}script")
        assert [name for name in each.attrib if name == "style" or name.startswith("on") or "href" in name] == []
        assert set((each.get("class") or "").split()) <= documented
    styled = re.findall(r"\.([a-z-]+)", re.sub(r"/\*.*?\*/", "", STYLES.read_text(encoding="utf-8"), flags=re.DOTALL))
    assert set(styled) <= documented


@ALL
def test_the_same_trace_from_a_record_gives_the_same_chart(told: Trace) -> None:
    assert chart(msgspec.convert(msgspec.to_builtins(told), Trace)) == chart(told)


# No text meets another


@ALL
def test_no_text_of_a_sample_meets_another(told: Trace) -> None:
    assert_clear(drawing(told))


@settings(deadline=None, max_examples=150)
@given(samples.traces)
def test_no_text_meets_another_whatever_the_names(told: Trace) -> None:
    assert_clear(drawing(told))


@settings(deadline=None, max_examples=150)
@given(samples.traces)
def test_hostile_names_stay_text_in_a_well_formed_element(told: Trace) -> None:
    written = chart(told)
    assert written.count("<svg ") == 1
    assert "<script" not in written
    assert [c for c in written if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Co")] == []
    assert len(groups(ElementTree.fromstring(written), "step")) == len(told.steps)


def test_what_is_cut_in_the_chart_stands_in_full_in_the_title_of_its_group() -> None:
    keys = ("actor", "rule", "sent", "name", "link", "cell", "term", "learnt")
    long = {key: f"{key} is a very long text " * 40 for key in keys}
    entry, learnt = changed("cn[HoA].entry", "", long["cell"]), known(long["learnt"], "it computes it")
    told = trace(
        start(long["actor"], f"{long['sent']}(1)", does=long["rule"]),
        deliver("mn", "cn", long["name"], link=long["link"], cells=(entry,)),
        inject(long["actor"], "cn", "BU", term=long["term"], learned=(learnt,)),
        conclusion=long["name"],
    )
    expected = {
        "heads": ["actor"],
        "1": ["sent", "rule"],
        "2": ["name", "link", "cell"],
        "3": ["actor", "term", "learnt"],
    }
    found = {each.get("data-step") or each.get("class"): each for each in root(told).iter(f"{SVG}g")}
    for place, keys in {**expected, "verdict-box": ["name"]}.items():
        assert any(text.endswith("…") for text in texts(found[place]))
        title = (found[place].findtext(f"{SVG}title") or "").lower()
        assert [key for key in keys if clean(long[key]) not in title] == []


def test_text_that_no_table_measures_is_squeezed_into_its_box() -> None:
    told = trace(start("mn", does="漢字"), start("cn", does="plain"))
    squeezed = [each.get("textLength") for each in root(told).iter(f"{SVG}text") if each.get("class") == "act-text"]
    assert squeezed == [f"{width('漢字', 11):.1f}", None]


def test_a_wide_packet_gets_no_more_room_than_its_arrow() -> None:
    told = trace(inject("mn", "cn", "W" * 10_000, link="W" * 10_000, attacker=True))
    lanes = [b for b in drawing(told).boxes() if b.kind in ("name attack", "link")]
    assert len(lanes) == 5
    assert max(b.w for b in lanes) < 190


# Text without metrics


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_clean_text_is_one_line_without_steering_characters_and_stays_so(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert [c for c in once if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")] == []
    once.encode("utf-8")


@given(st.text(max_size=120).map(clean), st.floats(60, 400), st.integers(1, 4), st.booleans())
def test_wrapped_lines_fit_and_hold_the_text_unless_an_ellipsis_says_otherwise(
    text: str, room: float, most: int, bold: bool
) -> None:
    lines = wrap(text, room, 12, bold=bold, lines=most)
    assert len(lines) <= most
    assert all(lines)
    assert all(width(line, 12, bold=bold) <= room for line in lines)
    whole = "".join(lines).replace(" ", "")
    if text and not whole.endswith("…"):
        assert whole == text.replace(" ", "")
    assert text.replace(" ", "").startswith(whole.removesuffix("…")[: len(whole) - 1])


def test_lines_are_high_enough_for_tall_faces() -> None:
    assert LINE_HEIGHT >= 1.36, "Noto Sans needs 1.36 em from line to line"


# Colours


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(scheme: int) -> None:
    blocks = re.findall(r"\.sequence \{([^}]*--chart-bg[^}]*)\}", STYLES.read_text(encoding="utf-8"))
    colours = dict(re.findall(r"--chart-([a-z]+):.*?(#[0-9a-f]{6})", blocks[scheme]))
    for ground in ("bg", "surface"):
        for ink in ("fg", "muted", "bad", "warn", "accent"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["bg"], colours["bad"]) >= 4.5, "the attacker's head and forged sources"
