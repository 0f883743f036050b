"""The concrete nodes against the model, on random honest and attacked walks of all scenarios.

Every walk compares after every step; what differs by design is listed with its reason in `walk_explained`.
"""

from __future__ import annotations

import ast
import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from walk import Walk
from walk_explained import EXEMPT
from walk_pair import Difference, Tally

from pmicheck import model
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import Scenario, load_scenario
from pmicheck.nodes.correspondent import authorisation, effect
from pmicheck.nodes.registrant import answer_check

WALKED = (
    "rr-mobile",
    "type1-initial",
    "type1-refresh",
    "type1-handover",
    "type1-handover-reactive",
    "type1-settled",
)
"""Scenarios of one mobile node and one type 1 correspondent, whose rules `walk` knows as calls on nodes."""
CHUNK, CHUNKS = 60, 4
"""4 times 60 walks of each of six scenarios: 1,440. Every fourth is honest, every second has a random policy."""
ASKED = {name: reading for name, reading in READINGS.items() if name not in ("agent_key", "signed_nonces")}
"""Without the two amendments that bring options of their own: `walk_octets` writes the draft's formats."""
RECEIVERS = (
    "roles/authorisation.py",
    "roles/correspondent_node.py",
    "roles/home_agent.py",
    "roles/proxy_mobile_agent.py",
    "roles/registration.py",
    "ancestors/mobile_node.py",
)


def random_policy(scenario: Scenario, seed: int) -> Policy:
    """Up to three readings and two mechanisms switched off, of those that apply."""
    rng = random.Random(f"policy {scenario.name} {seed}")
    readings = [name for name, reading in ASKED.items() if reading.families & scenario.families]
    mechanisms = [name for name, mechanism in MECHANISMS.items() if mechanism.families & scenario.families]
    chosen = rng.sample(readings, rng.randint(0, min(3, len(readings))))
    settings = {name: rng.choice(ASKED[name].values) for name in chosen}
    return make_policy(settings, rng.sample(mechanisms, rng.randint(0, 2)), scenario.families, scenario.name)


def take_walk(scenario: Scenario, seed: int, tally: Tally) -> None:
    policy = random_policy(scenario, seed) if seed % 2 else make_policy({}, (), scenario.families, scenario.name)
    Walk(scenario, policy, seed, attacked=seed % 8 < 6, tally=tally).run(20 + seed % 21)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", WALKED)
def test_nodes_do_what_the_model_does(name: str, chunk: int) -> None:
    scenario, tally = load_scenario(name), Tally()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        take_walk(scenario, seed, tally)
    assert tally.walks == CHUNK
    assert tally.steps > 20 * CHUNK
    kinds = ("complete BU", "deregistration BU") if name == "rr-mobile" else ("early PBU", "complete PBU", "PBA")
    for kind in kinds:
        assert tally.accepted[kind] >= 5, f"{kind} was accepted {tally.accepted[kind]} times"
        assert tally.refused[kind] >= 5, f"{kind} was refused {tally.refused[kind]} times"


def checks_of_the_model() -> set[str]:
    """The names in every `require(..., name)` and `Refused(name)` of what receives messages."""
    found = set()
    for path in RECEIVERS:
        tree = ast.parse((Path(str(model.__path__[0])) / path).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("require", "Refused")
            ):
                names = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                found.update(names)
    return found


def single_policies(scenario: Scenario) -> Iterator[Policy]:
    """Each reading's other values and each mechanism that applies, one at a time."""
    for name, reading in ASKED.items():
        for value in reading.values[1:] if reading.families & scenario.families else ():
            yield make_policy({name: value}, (), scenario.families, scenario.name)
    for name, mechanism in MECHANISMS.items():
        if mechanism.families & scenario.families:
            yield make_policy({}, (name,), scenario.families, scenario.name)


def test_walks_meet_every_check_and_every_message() -> None:
    tally, rules = Tally(), set[str]()
    for name in WALKED:
        scenario = load_scenario(name)
        policies = list(single_policies(scenario))
        for seed in range(max(80, 2 * len(policies))):
            attacked = seed % 4 < 3
            walk = Walk(scenario, policies[seed % len(policies)], 10_000 + seed, attacked=attacked, tally=tally)
            walk.run(40 if attacked else 80)
            rules.update(act.name for act in walk.acts if "'s HoA" not in act.name)
    scenario = load_scenario("type1-initial")
    signed = make_policy({"cn_cga_on_pba": "on"}, (), scenario.families, scenario.name)
    mortal = make_policy({"ht_lifetime": "finite"}, (), scenario.families, scenario.name)
    handover = load_scenario("type1-handover-reactive")
    once = make_policy({"ht_use": "once"}, (), handover.families, handover.name)
    for seed in range(20_000, 20_080):
        Walk(handover, once, seed, attacked=True, tally=tally).run(40)
        Walk(scenario, signed, seed, attacked=True, tally=tally).run(40)
        Walk(scenario, mortal, seed, attacked=False, tally=tally).run(80)
    never = checks_of_the_model() - set(EXEMPT) - set(tally.checks)
    assert not never, f"no walk was refused by {sorted(never)}"
    for kind in (
        *("HoTI", "PHoTI", "HoT", "CoT", "PHoT", "BA", "PBA", "handover token"),
        *(f"{step} {update}" for step in ("early", "complete", "deregistration") for update in ("BU", "PBU")),
    ):
        assert tally.accepted[kind] >= 10, f"{kind} was accepted {tally.accepted[kind]} times"
        assert tally.refused[kind] >= 5, f"{kind} was refused {tally.refused[kind]} times"
    assert tally.accepted["CoTI"] >= 10  # no check refuses it
    assert rules <= set(tally.rules), f"no walk met {sorted(rules - set(tally.rules))}"


def _is_found(names: tuple[str, ...] = WALKED, walks: int = 150) -> str:
    """The first difference that walks find, "" if they find none."""
    for seed in range(walks):
        for name in names:
            try:
                take_walk(load_scenario(name), seed, Tally())
            except Difference as difference:
                return str(difference)
    return ""


MADE_CHECKS = [
    check
    for check in authorisation.CHECKS
    if check.__name__
    not in (
        "_addresses_are_unicast",
        "_is_for_a_correspondent",
        "_care_of_address_is_another_nodes",
        "delegation_is_valid",
    )
]


@pytest.mark.parametrize("check", MADE_CHECKS, ids=lambda check: check.__name__)
def test_a_check_that_the_node_leaves_out_is_found(check: authorisation.Check, monkeypatch: pytest.MonkeyPatch) -> None:
    if check is authorisation._mac_is_valid:
        monkeypatch.setattr(authorisation, "_seals", lambda here, update, kbm: True)
    else:
        left = tuple(other for other in authorisation.CHECKS if other is not check)
        monkeypatch.setattr(authorisation, "CHECKS", left)
    difference = _is_found()
    assert difference.splitlines()[1].startswith("1. [")


def test_a_number_that_may_repeat_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        authorisation, "is_greater", lambda sequence, last: (last - sequence) % 65536 >= 32768 or sequence == last
    )
    assert "the model refuses it by 'sequence-number', the node accepts it" in _is_found()


def test_an_entry_that_stays_verified_at_a_new_address_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = effect.changed

    def wrong(entry, update, expires_at, now):  # type: ignore[no-untyped-def]
        made = right(entry, update, expires_at, now)
        return made if entry is None else dataclasses.replace(made, verified=entry.verified or made.verified)

    monkeypatch.setattr("pmicheck.nodes.correspondent.bindings.changed", wrong)
    assert "the entry of" in _is_found()


def test_an_agent_that_believes_any_acknowledgement_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_check, "refused_by", lambda *_: None)
    assert "the node" in _is_found()
