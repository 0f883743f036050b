"""What a record says of properties and attackers: words and ranks for what it knows, names for what it does not."""

from __future__ import annotations

from pmicheck.attacker.lattice import weaker_or_equal
from pmicheck.attacker.profiles import ATTACKERS, attacker_named
from pmicheck.model.scenario import NAMED, load_scenario
from pmicheck.properties.catalogue import NAMES
from pmicheck.report.record.catalogue import Asked, Catalogue, Opponent
from pmicheck.verify.recording import catalogue_of

WORDS = catalogue_of([load_scenario(name) for name in NAMED])


def test_it_knows_every_property_and_every_attacker() -> None:
    assert set(WORDS.properties) == set(NAMES)
    assert set(WORDS.attackers) == set(ATTACKERS)


def test_an_attacker_that_can_do_more_ranks_higher() -> None:
    for weaker in ATTACKERS:
        for stronger in ATTACKERS:
            if weaker != stronger and weaker_or_equal(attacker_named(weaker), attacker_named(stronger)):
                assert WORDS.rank(weaker) < WORDS.rank(stronger)


def test_a_combination_ranks_behind_its_parts() -> None:
    both = "home-path+rogue-cn"
    assert WORDS.rank(both) > max(WORDS.rank(name) for name in ATTACKERS)
    assert WORDS.who(both) == f"{WORDS.who('home-path')} and {WORDS.who('rogue-cn')}"


def test_the_ancestors_are_the_scenarios_without_agents() -> None:
    assert {name.removesuffix("-wide") for name in WORDS.ancestors} == {"rr-mobile", "ero-initial", "ero-handoff"}


def test_what_a_record_does_not_know_is_called_by_its_name_and_ranked_last() -> None:
    words = Catalogue({"a": Asked("it is", "breaks it", "9.0")}, {"one": Opponent("somebody", 0)})
    assert words.who("other+one") == "other and somebody"
    assert words.harm("other") == ""
    assert (words.gravity("other"), words.rank("other")) == (1, 1)
