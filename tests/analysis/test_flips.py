"""Readings and mechanisms: each flips what the scenario files say, or is shown to flip nothing and says why."""

from __future__ import annotations

import decided_cells
import pytest
from decided_cells import Settings, progress_verdict, scenario, violated_in

from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import NAMED, SHIPPED, Expectation
from pmicheck.properties.catalogue import PROGRESS

FLIPS = [
    pytest.param(name, flip, attacker, id=f"{name}-{attacker}-{'-'.join((*dict(flip.settings), *flip.without))}")
    for name in NAMED
    for flip in scenario(name).flips
    for attacker in flip.attackers
]

SAME_WITHOUT_IT = {
    ("type1-initial", "encrypted_careof_token"): "the attacker tests its own care-of address by a plain CoTI",
    ("type1-handover", "ht_survives_dereg"): "nobody makes a rogue PMA deregister",
    ("type1-settled", "pt-replacement"): "the deregistration revoked PT already; the next flip takes both away",
}
"""Entries that argue that a change does not help: the verdict is that of the defaults."""

FLIPS_NOTHING = {
    "encrypted_careof_token": "whoever would read C in a PBA gets it in clear by a plain care-of test",
    "ht_survives_dereg": "whoever profits from HT does not deregister, and an honest handover is over by then",
    "complete_token": "a PBU under a token that is dead is refused, and its agent begins anew with a home test",
    "pt_renewal": "no run within the bounds uses up half the numbers; the lemmas of symbolic/ decide that",
    "handshake_effective": "whoever could send the first message of a handshake can send the third",
}
"""Readings that change no verdict, with the reason."""


def violated_among(
    asked: tuple[str, ...], name: str, attacker: str, settings: Settings = (), without: tuple[str, ...] = ()
) -> frozenset[str]:
    """Like its namesake, for `progress` too, which no attacker touches."""
    stuck = PROGRESS in asked and progress_verdict(name, settings, without)[0] == "violated"
    found = decided_cells.violated_among(asked, name, attacker, settings, without)
    return found | {PROGRESS} if stuck else found


def changes(flip: Expectation) -> set[str]:
    return {name for name, _ in flip.settings} | set(flip.without)


def argues_for_no_change(name: str, flip: Expectation) -> bool:
    return len(changes(flip)) == 1 and (name, *changes(flip)) in SAME_WITHOUT_IT


@pytest.mark.parametrize(("name", "flip", "attacker"), FLIPS)
def test_a_flip_gives_the_verdict_that_the_scenario_file_argues(name: str, flip: Expectation, attacker: str) -> None:
    violated = violated_among(flip.properties, name, attacker, flip.settings, flip.without)
    assert violated == (set(flip.properties) if flip.verdict == "violated" else set())


def one_change_less(flip: Expectation) -> list[tuple[Settings, tuple[str, ...]]]:
    """The defaults, and the flip with every single change taken back: first those that are often flips themselves."""
    fewer_settings = [tuple(s for s in flip.settings if s != setting) for setting in reversed(flip.settings)]
    fewer_mechanisms = [tuple(m for m in flip.without if m != mechanism) for mechanism in flip.without]
    bases = [(flip.settings, without) for without in fewer_mechanisms]
    bases += [(settings, flip.without) for settings in fewer_settings]
    return [((), ()), *bases]


@pytest.mark.parametrize(
    ("name", "flip", "attacker"), [case for case in FLIPS if case.values[2] == case.values[1].attackers[0]]
)
def test_without_a_part_of_the_flip_the_verdict_is_the_other_one(name: str, flip: Expectation, attacker: str) -> None:
    """Of the worlds with less changed one is enough; the scenario file tells of the defaults without a search."""
    same = set(flip.properties)
    for base in one_change_less(flip):
        if same:
            violated = violated_among(tuple(sorted(same)), name, attacker, *base)
            same &= violated if flip.verdict == "violated" else same - violated
    assert same == (set(flip.properties) if argues_for_no_change(name, flip) else set())


@pytest.mark.parametrize(
    ("name", "flip", "attacker"),
    [case for case in FLIPS if case.values[1].verdict == "violated" and len(case.values[1].without) > 1],
)
def test_where_a_flip_takes_several_mechanisms_away_each_alone_would_stop_the_attack(
    name: str, flip: Expectation, attacker: str
) -> None:
    for mechanism in flip.without:
        rest = tuple(other for other in flip.without if other != mechanism)
        assert not violated_among(flip.properties, name, attacker, flip.settings, rest), mechanism


def flipped_somewhere() -> set[str]:
    return {
        change
        for name in SHIPPED
        for flip in scenario(name).flips
        for change in changes(flip)
        if not argues_for_no_change(name, flip)
    }


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_flips_a_verdict_or_says_why_it_is_redundant(mechanism: str) -> None:
    assert (mechanism in flipped_somewhere()) != bool(MECHANISMS[mechanism].redundant)


@pytest.mark.parametrize("reading", [r.name for r in READINGS.values() if not r.amendment])
def test_every_reading_flips_a_verdict_or_is_listed_as_harmless(reading: str) -> None:
    assert (reading in flipped_somewhere()) != (reading in FLIPS_NOTHING)


SA, ATTACHMENT, LATE = (("pma_auth", "sa"),), (("pma_auth", "attachment"),), (("photi_state", "none"),)

SMALL: list[tuple[str, str, Settings]] = [
    *(("type1-initial", a, ()) for a in ("home-path", "careof-path", "malicious-mn")),
    ("type1-handover", "careof-path", ()),
    *(("ero-initial", a, ()) for a in ("home-path", "careof-path", "malicious-mn")),
    *(("data-plane", a, ()) for a in ("home-path", "malicious-mn")),
    *(("type2-rr", a, LATE) for a in ("off-path", "home-path")),
    *(("type2-handshake", "careof-path", way) for way in (SA, ATTACHMENT)),
    ("type2-handshake", "rogue-cn", SA),
    ("type2-handshake-handover", "rogue-previous-pma", SA),
    ("type2-handshake-handover", "rogue-next-pma", ATTACHMENT),
]
"""Cells to try what should change nothing, with the settings under which something holds there."""

THIRD = ("handshake_effective", "third")


def tried(families: frozenset[str]) -> list[tuple[str, str, Settings]]:
    return [(name, attacker, way) for name, attacker, way in SMALL if scenario(name).families & families]


@pytest.mark.parametrize("mechanism", [m.name for m in MECHANISMS.values() if m.redundant])
def test_a_redundant_mechanism_changes_no_verdict(mechanism: str) -> None:
    cells = tried(MECHANISMS[mechanism].families)
    assert cells
    for name, attacker, way in cells:
        asked = (*way, THIRD) if mechanism == "third-handshake-message" else way
        without = violated_in(name, attacker, asked, (mechanism,))
        assert without == violated_in(name, attacker, asked), (name, attacker, asked)


@pytest.mark.parametrize(
    ("reading", "value"), [(name, value) for name in FLIPS_NOTHING for value in READINGS[name].values[1:]]
)
def test_a_harmless_reading_changes_no_verdict(reading: str, value: str) -> None:
    cells = tried(READINGS[reading].families)
    assert cells
    for name, attacker, way in cells:
        changed = violated_in(name, attacker, (*way, (reading, value)))
        assert changed == violated_in(name, attacker, way), (name, attacker, way)
