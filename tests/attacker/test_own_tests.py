"""The tokens of its own tests are given to the attacker beforehand; one that runs each test itself breaks the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from decided_cells import DECIDER, properties_of, scenario

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.ground import ground
from pmicheck.grounding.run import begin, laid_out
from pmicheck.model.policy import make_policy
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.verdict import Verdict
from pmicheck.verify.deciding import search

CELLS = (
    ("type1-initial", "off-path", {}),
    ("type1-initial", "home-path", {}),
    ("type1-initial", "malicious-mn", {}),
    ("type1-initial", "rogue-cn", {}),
    ("type1-initial", "off-path", {"dereg_auth": "none"}),
    ("type1-settled", "home-path", {}),
    ("type1-settled", "rogue-previous-pma", {}),
    ("type1-handover", "rogue-next-pma", {}),
    ("rr-mobile", "off-path", {}),
    ("rr-mobile", "home-path", {}),
    ("ero-initial", "home-path", {}),
    ("ero-handoff", "off-path", {}),
    ("data-plane", "home-path", {}),
    ("data-plane", "malicious-mn", {}),
)


def violated(name: str, attacker: str, settings: dict[str, str], *, eager: bool) -> tuple[set[str], int]:
    """What is violated, and by how many transitions the attacker asks for a test."""
    whole, who = scenario(name), attacker_named(attacker)
    start, adversary = begin(whole, make_policy(settings, (), whole.families, name), who)
    assert adversary is not None
    properties = tuple(INVARIANTS[prop] for prop in properties_of(name, attacker, tuple(settings.items())))
    prepared = laid_out(start, ground(start, replace(adversary, eager=eager)), properties, witnesses=False)
    verdicts = search(prepared, DECIDER, whole=True).verdicts(vacuity=False)
    assert set(verdicts.values()) <= {Verdict.HOLDS, Verdict.VIOLATED}
    broken = {prop for prop, verdict in verdicts.items() if verdict is Verdict.VIOLATED}
    asks = ("receives HoTI", "receives CoTI")
    return broken, sum(
        leaf.instance.act.name.endswith(asks) for leaf in prepared.grounded.leaves if leaf.instance.by_attacker
    )


@pytest.mark.parametrize(("name", "attacker", "settings"), CELLS)
def test_an_attacker_that_runs_its_own_tests_breaks_what_one_does_that_has_their_tokens(
    name: str, attacker: str, settings: dict[str, str]
) -> None:
    given, asked_beforehand = violated(name, attacker, settings, eager=True)
    found, asked = violated(name, attacker, settings, eager=False)
    assert found == given
    assert asked >= asked_beforehand
    if attacker == "home-path":
        assert asked > asked_beforehand, "T of the victim is not asked for"
