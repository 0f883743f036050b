"""Every check that a correspondent node makes of an update refuses by its name, and not when it is switched off."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from model_worlds import Make, complete, deregistered, early, fire, plain, registered, sealed, unregistered, world

from pmicheck.language.cells import Cell
from pmicheck.model import messages
from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.registration import FORGED, build_update, registration_of
from pmicheck.model.rules.protocol import spontaneous
from pmicheck.model.scenario import load_scenario
from pmicheck.model.terms import cookie, home_token
from pmicheck.model.time import CLOCK, PHASES
from pmicheck.model.topology import ATTACKER, COA1, COA2, MN, PMA1, VICTIM_HOME
from pmicheck.model.world import World

ENTRY = cells_of(VICTIM_HOME).entry


class Case(NamedTuple):
    """`make` builds an update that `check` alone refuses in the state of `start`."""

    check: str
    start: Callable[[World], Interpreter]
    make: Make
    settings: dict[str, str] = {}  # noqa: RUF012
    also: tuple[tuple[Cell, object], ...] = ()


MECHANISMS_THAT_REFUSE = {
    "hao-rejection-in-pbu": Case("hao-rejection-in-pbu", unregistered, lambda w: early(w, hao=True)),
    "rule-149": Case("rule-149", registered, plain),
    "rule-150": Case(
        "rule-150", registered, lambda w: build_update(w, COA1, 9, "PT", generation=1, key=MN, proxy=False)
    ),
    "nonce-freshness": Case("nonce-freshness", unregistered, early, also=((CLOCK, 2),)),
    "mac": Case("mac", unregistered, lambda w: early(w, mac=("none",))),
    "sequence-number": Case("sequence-number", registered, lambda w: early(w, seq=2)),
    "tombstone": Case("tombstone", deregistered, complete),
    "cga": Case("cga", unregistered, lambda w: build_update(w, COA1, 9, "T", nonce=1, key=ATTACKER)),
    "signature": Case("signature", unregistered, lambda w: sealed(w, early(w)._replace(sig=FORGED))),
    "cga-in-early": Case("cga-in-early", unregistered, lambda w: build_update(w, COA1, 9, "T", nonce=1)),
    "cga-in-complete": Case(
        "cga-in-complete", unregistered, lambda w: build_update(w, COA1, 9, "T", nonce=1, care_of_nonce=1)
    ),
    "dereg-auth": Case(
        "dereg-auth", registered, lambda w: build_update(w, COA1, 9, "HT", generation=1, lifetime=False)
    ),
}

READINGS_THAT_REFUSE = [
    ("plain_rr_fallback", "yes", Case("plain-rr-fallback", unregistered, plain, {"plain_rr_fallback": "no"})),
    ("cga_in_early", "no", MECHANISMS_THAT_REFUSE["cga-in-early"]),
    ("key_owner", "pma", MECHANISMS_THAT_REFUSE["cga"]),
    ("tombstone", "none", MECHANISMS_THAT_REFUSE["tombstone"]),
    ("dereg_auth", "any", MECHANISMS_THAT_REFUSE["dereg-auth"]),
    (
        "dereg_auth",
        "none",
        Case("rule-149", registered, lambda w: build_update(w, COA1, 9, "T", nonce=1, lifetime=False)),
    ),
]

ALWAYS_REFUSED = {
    "PT where the CN has none (147)": Case(
        "rule-147", unregistered, lambda w: build_update(w, COA1, 9, "PT", generation=1)
    ),
    "HT where the CN has none": Case(
        "rule-147", unregistered, lambda w: build_update(w, COA1, 9, "HT", generation=1, key=MN)
    ),
    "HT in a plain BU": Case(
        "handover-token-needs-proxy-flag",
        registered,
        lambda w: build_update(w, COA1, 9, "HT", generation=1, key=MN, proxy=False),
    ),
    "a PT that was never issued": Case("mac", registered, lambda w: build_update(w, COA1, 9, "PT", generation=2)),
    "an HT that was never issued": Case(
        "mac", registered, lambda w: build_update(w, COA1, 9, "HT", generation=2, key=MN)
    ),
    "an authenticator made with another token": Case(
        "mac", unregistered, lambda w: early(w)._replace(mac=build_update(w, COA1, 9, "T", nonce=2, key=MN).mac)
    ),
    "a nonce that the CN has not made yet": Case(
        "nonce-freshness", unregistered, lambda w: build_update(w, COA1, 9, "T", nonce=2, key=MN)
    ),
    "a deregistration of nothing": Case(
        "no-entry", unregistered, lambda w: build_update(w, COA1, 9, "T", nonce=1, lifetime=False)
    ),
    "T where PT exists, to deregister": Case(
        "rule-149", registered, lambda w: build_update(w, COA1, 9, "T", nonce=1, lifetime=False)
    ),
}


def offered(case: Case, here: World) -> tuple[str | None, Interpreter]:
    """What the CN says to the update of the case, and the run after it."""
    run = case.start(here)
    for cell, value in case.also:
        run.set(cell, value)
    return run.offer(case.make(here)), run


@pytest.mark.parametrize("mechanism", MECHANISMS_THAT_REFUSE)
def test_a_check_refuses_by_its_name_and_the_state_stays(mechanism: str) -> None:
    case = MECHANISMS_THAT_REFUSE[mechanism]
    here = world(settings=case.settings)
    before = case.start(here).values
    refusal, run = offered(case, here)
    assert refusal == case.check
    changed = {cell for cell in run.values if run.values[cell] != before.get(cell, run.values[cell])}
    assert changed <= {cell for cell, _ in case.also}


@pytest.mark.parametrize("mechanism", MECHANISMS_THAT_REFUSE)
def test_with_the_mechanism_off_the_very_same_update_is_accepted(mechanism: str) -> None:
    case = MECHANISMS_THAT_REFUSE[mechanism]
    refusal, run = offered(case, world(settings=case.settings, without=(mechanism,)))
    assert refusal is None
    assert [done.act.name for done in run.history][-1].startswith("cn receives")


@pytest.mark.parametrize(("reading", "other", "case"), READINGS_THAT_REFUSE)
def test_under_the_other_reading_the_very_same_update_is_accepted(reading: str, other: str, case: Case) -> None:
    assert offered(case, world(settings=case.settings))[0] == case.check
    assert offered(case, world(settings={**case.settings, reading: other}))[0] is None


@pytest.mark.parametrize("what", ALWAYS_REFUSED)
def test_the_correspondent_node_refuses(what: str) -> None:
    case = ALWAYS_REFUSED[what]
    assert offered(case, world())[0] == case.check


def test_well_formed_updates_are_accepted() -> None:
    here = world()
    for make in (early, complete, plain):
        assert unregistered(here).offer(make(here)) is None, make.__name__
    for update in (
        build_update(here, COA1, 9, "PT", generation=1),
        build_update(here, COA1, 9, "HT", generation=1, key=MN),
        build_update(here, COA1, 9, "PT", generation=1, care_of_nonce=1, key=MN),
        build_update(here, COA1, 9, "PT", generation=1, lifetime=False),
    ):
        assert registered(here).offer(update) is None, update.step


def test_an_update_with_t_and_a_signature_is_accepted_although_a_permanent_token_exists() -> None:
    """RFC 4866 5.7: a lost token is recovered by the CGA."""
    here = world()
    assert registered(here).offer(early(here)) is None


def test_an_early_update_makes_an_unverified_entry_and_a_complete_one_verifies_it() -> None:
    here = world()
    run = unregistered(here)
    run.offer(early(here, seq=1))
    assert run.get(ENTRY)[:2] == (COA1, False)
    assert run.get(cells_of(VICTIM_HOME).pt) == ()
    run.offer(complete(here, seq=2))
    assert run.get(ENTRY)[:2] == (COA1, True)
    assert run.get(cells_of(VICTIM_HOME).pt) == run.get(cells_of(VICTIM_HOME).ht) == (1,)


@pytest.mark.parametrize(
    ("settings", "without", "pt", "ht"),
    [
        ({}, (), (2,), (2,)),
        ({"ht_rotation": "keep"}, (), (2,), (1, 2)),
        ({"rotation_grace": "until-used"}, (), (2,), (1, 2)),
        ({}, ("ht-rotation",), (2,), (1, 2)),
        ({}, ("pt-replacement",), (1, 2), (2,)),
    ],
)
def test_a_new_pair_replaces_the_old_one_unless_told_otherwise(
    settings: dict[str, str], without: tuple[str, ...], pt: tuple[int, ...], ht: tuple[int, ...]
) -> None:
    here = world(settings=settings, without=without)
    run = registered(here)
    assert run.offer(complete(here)) is None
    assert (run.get(cells_of(VICTIM_HOME).pt), run.get(cells_of(VICTIM_HOME).ht)) == (pt, ht)


@pytest.mark.parametrize(
    ("settings", "without", "pt", "ht", "seq"),
    [
        ({}, (), (), (1,), None),
        ({"ht_survives_dereg": "no"}, (), (), (), None),
        ({"sequence_scope": "home-address"}, (), (), (1,), 3),
        ({}, ("pt-revocation",), (1,), (1,), None),
    ],
)
def test_a_deregistration_forgets_pt_and_number_and_keeps_ht_unless_told_otherwise(
    settings: dict[str, str], without: tuple[str, ...], pt: tuple[int, ...], ht: tuple[int, ...], seq: int | None
) -> None:
    run = deregistered(world(settings=settings, without=without))
    cells = cells_of(VICTIM_HOME)
    assert run.get(ENTRY) is None
    assert (run.get(cells.pt), run.get(cells.ht), run.get(cells.seq)) == (pt, ht, seq)


def test_a_burnt_pair_of_nonces_is_refused_and_with_full_tombstones_the_home_nonce_alone() -> None:
    for reading, refusal in (("rr", None), ("full", "tombstone")):
        here = world(settings={"tombstone": reading})
        assert deregistered(here).offer(early(here)) == refusal


@pytest.mark.parametrize(("reading", "refusal"), [("kept", "sequence-number"), ("forgotten", None)])
def test_an_ancestor_keeps_the_number_of_a_deleted_binding_until_its_nonces_are_dead(
    reading: str, refusal: str | None
) -> None:
    """RFC 6275 5.2.8: from CoA1, from CoA2, at home; and then the first one again."""
    here = world("rr-mobile", {"deleted_number": reading})
    run, cells = unregistered(here), cells_of(VICTIM_HOME)
    first = build_update(here, COA1, 1, "T", nonce=1, care_of_nonce=1, proxy=False)
    second = build_update(here, COA2, 2, "T", nonce=1, care_of_nonce=1, proxy=False)
    home = build_update(here, VICTIM_HOME, 3, "T", nonce=1, lifetime=False, proxy=False)
    assert [run.offer(update) for update in (first, second, home)] == [None, None, None]
    assert run.offer(first) == refusal
    if reading == "kept":
        for phase, last in ((1, 3), (2, None)):
            assert fire(run, f"clock reaches {PHASES[phase]}") is None
            assert run.get(cells.seq) == last


def test_test_inits_with_a_home_address_option_are_dropped_unless_told_otherwise() -> None:
    init = messages.TestInit("HoTI", ATTACKER, ("none",), "internet", "cn", hao=VICTIM_HOME)
    assert unregistered(world()).offer(init) == "hao-rejection-in-hoti"
    run = unregistered(world(without=("hao-rejection-in-hoti",)))
    assert run.offer(init) is None
    assert run.sent[-1].token == home_token(VICTIM_HOME, 1)  # type: ignore[union-attr]


def test_the_home_agent_drops_hoti_of_a_proxied_address_and_forwards_photi() -> None:
    def init(kind: str) -> messages.TestInit:
        return messages.TestInit(kind, VICTIM_HOME, cookie(PMA1, "home test", 1), messages.TUNNEL, messages.HA)

    assert unregistered(world()).offer(init("HoTI")) == "ha-drops-hoti"
    assert unregistered(world()).offer(init("PHoTI")) is None
    assert unregistered(world(without=("ha-drops-hoti",))).offer(init("HoTI")) is None


def test_a_proxy_home_test_with_a_wrong_cookie_is_refused_unless_cookies_are_off() -> None:
    for without, refusal in (((), "cookie"), (("cookie",), None)):
        run = unregistered(world(without=without))
        run.fire(next(act for act in spontaneous(run.world) if act.name == "pma1 starts the proxy home test"))
        for _ in range(3):
            run.deliver(run.in_flight[0])
        (answer,) = run.in_flight
        assert run.offer(answer._replace(cookie=("none",))) == refusal  # type: ignore[call-arg]


def test_an_acknowledgement_with_a_wrong_authenticator_is_refused_unless_that_check_is_off() -> None:
    for without, refusal in (((), "mac-of-ack"), (("mac-of-ack",), None)):
        run = unregistered(world(without=without))
        run.fire(next(act for act in spontaneous(run.world) if act.name == "pma1 starts the proxy home test"))
        while run.get(registration_of(PMA1)).stage != "early" or run.in_flight[0].to != PMA1:
            run.deliver(run.in_flight[0])
        assert run.offer(run.in_flight[0]._replace(mac=("none",))) == refusal  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["type1-refresh", "type1-handover", "type1-handover-reactive", "type1-settled"])
def test_the_prologue_of_a_scenario_ends_with_an_honest_verified_entry(name: str) -> None:
    here = world(name)
    run = play(here, load_scenario(name).prologue)
    entry = run.get(ENTRY)
    assert (entry.verified, entry.registrant) == (True, "honest")
    assert entry.care_of == run.get(ATTACHED)
    assert run.in_flight == []
    assert any(run.get(registration_of(pma)).stage == "registered" for pma in ("pma1", "pma2"))


def test_a_prologue_that_names_no_rule_or_one_that_does_not_apply_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no rule 'pma1 dances'"):
        play(world(), ("pma1 dances",))
    with pytest.raises(ValueError, match="'pma1 deregisters' is refused by 'still-serving'"):
        play(world(), ("pma1 deregisters",))
