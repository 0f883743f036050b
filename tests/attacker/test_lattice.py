"""Attackers are sets of powers: what one can do, everybody with more powers can do too."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from decided_cells import expected_among, fits, properties_of, violated_among

from pmicheck.attacker.profiles import ATTACKERS, attacker_named, weaker_or_equal
from pmicheck.errors import UsageError
from pmicheck.model.messages import CARE_OF_CN, CONTEXT, HA_CN, TUNNEL
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.scenario import SHIPPED
from pmicheck.model.topology import ATTACKER, COA1, COA2, PMA1, PMA2

COMBINED = (
    ("type1-initial", "home-path+careof-path"),
    ("type1-initial", "malicious-mn+home-path"),
    ("type1-initial", "rogue-cn+home-path"),
    ("type1-refresh", "rogue-cn+careof-path"),
    ("type1-handover", "rogue-next-pma+home-path"),
    ("type1-settled", "rogue-previous-pma+home-path"),
    ("type1-settled", "malicious-mn+careof-path"),
    ("type1-settled", "home-path+careof-path"),
    ("rr-mobile", "home-path+careof-path"),
    ("ero-initial", "malicious-mn+home-path"),
    ("ero-handoff", "home-path+careof-path"),
    ("type2-local", "malicious-mn+home-path"),
    ("type2-handshake", "malicious-mn+careof-path"),
    ("type2-handshake-handover", "rogue-previous-pma+careof-path"),
    ("type2-handshake-handover", "rogue-next-pma+malicious-mn"),
    ("type2-rr", "home-path+careof-path"),
    ("data-plane", "malicious-mn+home-path"),
    ("data-plane", "home-path+careof-path"),
)

PAIRS = [
    (name, weak, strong)
    for name in SHIPPED
    for weak, strong in product(ATTACKERS, ATTACKERS)
    if weak != strong and weaker_or_equal(ATTACKERS[weak], ATTACKERS[strong])
    if fits(name, weak) and fits(name, strong)
] + [(name, part, both) for name, both in COMBINED for part in both.split("+")]

HANDSHAKE = "type2-handshake-handover"
DECEIVED_IS_CORRUPT = {
    ("type1-handover", "home-path", "rogue-next-pma+home-path"): {"acknowledgement-agreement"},
    (HANDSHAKE, "off-path", "rogue-next-pma"): {"acknowledgement-agreement"},
    (HANDSHAKE, "malicious-mn", "rogue-next-pma+malicious-mn"): {"acknowledgement-agreement"},
}
"""With PMA2 corrupt nobody is left to wait for the answer that the weaker attacker forges."""


def violated_by(name: str, attacker: str) -> set[str]:
    """All that the attacker breaks: what the scenario file says, which other tests hold it to."""
    return set(expected_among(properties_of(name, attacker), name, attacker))


@cache
def of_what_weaker_ones_break(name: str, strong: str) -> frozenset[str]:
    """What the attacker breaks of all that a weaker one does."""
    asked = {prop for there, weak, more in PAIRS if (there, more) == (name, strong) for prop in violated_by(name, weak)}
    return violated_among(asked, name, strong)


@pytest.mark.parametrize(("name", "weak", "strong"), PAIRS)
def test_what_the_weaker_attacker_breaks_the_stronger_breaks_too(name: str, weak: str, strong: str) -> None:
    assert weaker_or_equal(attacker_named(weak), attacker_named(strong))
    missing = violated_by(name, weak) - of_what_weaker_ones_break(name, strong)
    assert missing == DECEIVED_IS_CORRUPT.get((name, weak, strong), set())


def policy(**settings: str) -> Policy:
    return make_policy(settings, (), frozenset({"type1", "handover", "rr"}), "test")


LINKS = (HA_CN, CARE_OF_CN, TUNNEL, CONTEXT, "internet", "everywhere")

READS = {
    "off-path": set(),
    "home-path": {HA_CN},
    "careof-path": {CARE_OF_CN},
    "dolev-yao": {HA_CN, CARE_OF_CN, "internet", "everywhere"},
    "malicious-mn": set(),
    "rogue-previous-pma": set(),
    "rogue-next-pma": set(),
    "rogue-cn": set(),
}


@pytest.mark.parametrize("name", ATTACKERS)
def test_every_attacker_reads_just_the_links_of_its_position(name: str) -> None:
    assert {link for link in LINKS if ATTACKERS[name].sees(link, policy())} == READS[name]


@pytest.mark.parametrize("name", ATTACKERS)
def test_every_attacker_holds_just_what_its_corruption_hands_over(name: str) -> None:
    attacker = ATTACKERS[name]
    assert attacker.corrupts == {"rogue-previous-pma": {PMA1}, "rogue-next-pma": {PMA2}}.get(name, set())
    assert attacker.own_home == (name == "malicious-mn")
    assert attacker.is_correspondent == (name == "rogue-cn")
    assert attacker.addresses == {ATTACKER} | {"rogue-previous-pma": {COA1}, "rogue-next-pma": {COA2}}.get(name, set())


@pytest.mark.parametrize(
    ("reading", "value", "link"),
    [
        ("tunnel_protected", "no", TUNNEL),
        ("context_transfer", "readable", CONTEXT),
        ("context_transfer", "unauthenticated", CONTEXT),
    ],
)
def test_a_reading_that_protects_no_link_opens_it_to_the_dolev_yao_attacker_alone(
    reading: str, value: str, link: str
) -> None:
    readers = {name for name, attacker in ATTACKERS.items() if attacker.sees(link, policy(**{reading: value}))}
    assert readers == {"dolev-yao"}


def test_a_plus_joins_the_powers_of_both() -> None:
    both = attacker_named("rogue-previous-pma+home-path")
    assert both.taps == {HA_CN}
    assert both.corrupts == {PMA1}
    assert both.needs == {"leave"}
    assert attacker_named("home-path+careof-path").taps == {HA_CN, CARE_OF_CN}


def test_off_path_is_below_every_attacker_and_none_is_below_it() -> None:
    assert [name for name, other in ATTACKERS.items() if not weaker_or_equal(ATTACKERS["off-path"], other)] == []
    below = [name for name, other in ATTACKERS.items() if weaker_or_equal(other, ATTACKERS["off-path"])]
    assert below == ["off-path"]


def test_a_corruption_is_no_position_and_a_position_no_corruption() -> None:
    assert not weaker_or_equal(ATTACKERS["rogue-previous-pma"], ATTACKERS["dolev-yao"])
    assert not weaker_or_equal(ATTACKERS["malicious-mn"], ATTACKERS["dolev-yao"])
    assert not weaker_or_equal(ATTACKERS["home-path"], ATTACKERS["careof-path"])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("home-paht", "home-path"),
        ("dolevyao", "dolev-yao"),
        ("off-path+rogue_cn", "rogue-cn"),
        ("Home-Path", "home-path"),
    ],
)
def test_an_unknown_attacker_is_answered_with_the_nearest_name(name: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{meant}'"):
        attacker_named(name)


def test_an_attacker_like_none_that_exists_is_answered_with_all_names() -> None:
    with pytest.raises(UsageError, match=r"known are: careof-path, .*rogue-previous-pma"):
        attacker_named("zzz")


def test_the_same_powers_twice_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="same powers twice"):
        attacker_named("home-path+home-path")
