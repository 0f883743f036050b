"""Whatever is taken from the attacker, the oracle misses it: each mutant is caught in one small cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import pytest
from decided_cells import scenario
from mutants import (
    Mutation,
    first_tests_only,
    never_sends,
    no_authenticators,
    no_building,
    no_opening,
    no_supply,
    nothing_honest,
    only,
    starts_without,
    without,
)
from oracle import ground_system, walked

from pmicheck.grounding.layout import Grounded
from pmicheck.grounding.open import Built, FieldOf, Holds, OpenPlace, Repeated, Whole
from pmicheck.model import messages
from pmicheck.model.limits import BOUNDS
from pmicheck.model.messages import (
    Acknowledgement,
    CacheAnswer,
    ContextData,
    Data,
    HandoverToken,
    PeerAcknowledgement,
    PeerUpdate,
    Trigger,
    Update,
)
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.scenario import Scenario
from pmicheck.model.topology import ATTACKER, CARE_OF, COA1, FLOOD, MN, PMA3, VICTIM_HOME

SEED = 1


class Cell(NamedTuple):
    """Where the oracle looks: `settings` are readings and bounds, `without` mechanisms."""

    scenario: str
    attacker: str
    states: int
    settings: tuple[tuple[str, str | int], ...] = ()
    without: tuple[str, ...] = ()

    def world(self) -> tuple[Scenario, Policy]:
        """The scenario within its bounds, with one number of the attacker's own, and the policy."""
        whole, settings = scenario(self.scenario), dict(self.settings)
        bounds: dict[str, Any] = {name: settings.pop(name) for name in BOUNDS if name in settings}
        small = replace(whole, bounds=replace(whole.bounds, attacker_updates=1, **bounds))
        readings = {name: str(value) for name, value in settings.items()}
        return small, make_policy(readings, self.without, whole.families, whole.name)


def is_signature_of_the_node(place: OpenPlace, value: Any) -> bool:
    return isinstance(place, Holds) and place.name == "sig" and place.term is not None and place.term[1] == MN


T_OF_VICTIM = "home-path"
UNDER_ONE_CLOCK = (("clock", 1), ("retransmissions", 0))
SIGNED_FOR_ANOTHER = Cell("type1-initial", "rogue-cn+home-path", 2, without=("cn-in-signature",))
UNCHECKED_DATA = Cell("data-plane", "off-path", 4, without=("outer-source-check",))
ASSOCIATED = Cell("type2-handshake", "rogue-cn", 4, (("pma_auth", "sa"),))
TESTED = Cell("type1-initial", T_OF_VICTIM, 8)
REGISTERS = Cell("type1-initial", T_OF_VICTIM, 2)
OWN_HOME = Cell("type1-initial", "malicious-mn", 2)
OWN_ENTRY = Cell("ero-initial", "malicious-mn", 4)
WATCHES = Cell("type1-initial", "careof-path", 8)
LEFT_BEHIND = Cell("type1-refresh", "rogue-previous-pma", 12, UNDER_ONE_CLOCK)
HANDED_OVER = Cell("type1-handover-reactive", "rogue-previous-pma", 12, (("clock", 0), ("retransmissions", 0)))
MOVED = Cell("type2-handshake-handover", "rogue-previous-pma", 12)
SHAKES = Cell("type2-handshake", "off-path", 8)
ANSWERED = Cell("type1-initial", "off-path", 12, without=("mac-of-ack",))

MUTANTS: Mapping[str, tuple[Mutation, Cell]] = {
    # What it computes (attacker/deduction.py).
    "no decryption": (no_opening("enc"), Cell("type1-settled", "careof-path+rogue-previous-pma", 2)),
    "nothing taken from a corrupted agent": (no_opening("held"), LEFT_BEHIND),
    "no authenticators made": (no_authenticators, REGISTERS),
    "no signatures made": (no_building("sig"), OWN_ENTRY),
    "no sealing by an association": (no_building("sealed"), ASSOCIATED),
    # What it has and sees (attacker/adversary.py).
    "no key of its own": (starts_without("sk"), OWN_HOME),
    "no permanent tokens of its own home": (starts_without("PT", "HT"), OWN_HOME),
    "no associations": (without("_associations", ()), ASSOCIATED),
    "no tokens of its own tests": (without("_tokens_of", ()), REGISTERS),
    "no tokens of later phases": (first_tests_only, Cell("type1-initial", T_OF_VICTIM, 12)),
    "no tokens of its own home": (without("_home_tokens", frozenset()), OWN_HOME),
    "no tests from the agent's address as a phase begins": (without("on_phase", None), LEFT_BEHIND),
    "no tests from the agent's address when the node leaves": (without("on_move", None), LEFT_BEHIND),
    "no signatures of those that register with it": (
        without("_signatures_for_rogue_correspondent", frozenset()),
        SIGNED_FOR_ANOTHER,
    ),
    "nothing seen on a link": (without("may_see", False), WATCHES),
    "nothing kept by a corrupted agent": (without("keeps", ()), LEFT_BEHIND),
    # How open messages are supplied (grounding/open.py, ground.py).
    "no authenticators under keys that it knows": (no_supply(lambda _, value: isinstance(value, Built)), REGISTERS),
    "no repeated authenticators": (
        no_supply(lambda _, value: isinstance(value, Repeated)),
        Cell("type1-initial", "careof-path", 12, without=("coa-in-mac", "coa-in-signature")),
    ),
    "no whole messages of honest nodes": (no_supply(lambda place, _: isinstance(place, Whole)), WATCHES),
    "no terms that a receiver expects": (no_supply(lambda place, _: isinstance(place, Holds)), OWN_ENTRY),
    "nothing that honest nodes put into fields": (no_supply(lambda place, _: isinstance(place, FieldOf)), TESTED),
    "no captured signatures under other tokens": (no_supply(is_signature_of_the_node), SIGNED_FOR_ANOTHER),
    # What its updates hold (model/fields.py).
    "no binding to its own address": (only(Update, "care_of", lambda address: address != ATTACKER), REGISTERS),
    "no binding to a bystander": (only(Update, "care_of", lambda address: address != FLOOD), REGISTERS),
    "no binding to an address that was signed": (
        only(Update, "care_of", lambda address: address in (ATTACKER, FLOOD)),
        SIGNED_FOR_ANOTHER,
    ),
    "no binding to a home address that passes for tested": (
        only(Update, "care_of", lambda address: address != VICTIM_HOME),
        Cell("rr-mobile", "malicious-mn+home-path", 4, without=("token-domain-octet",)),
    ),
    "no numbers that were signed": (nothing_honest(Update, "seq"), SIGNED_FOR_ANOTHER),
    "no numbers above honest ones": (only(Update, "seq", lambda number: not number), REGISTERS),
    "no numbers below honest ones": (only(Update, "seq", bool), REGISTERS),
    "no deregistrations": (
        only(Update, "lifetime", bool),
        Cell("type1-settled", "off-path", 4, (("dereg_auth", "none"),)),
    ),
    "no early updates": (only(Update, "care_of_nonce", bool), REGISTERS),
    "no complete updates": (only(Update, "care_of_nonce", lambda nonce: not nonce), REGISTERS),
    "no later nonces": (only(Update, "nonce", lambda nonce: nonce <= 1), Cell("type1-settled", T_OF_VICTIM, 24)),
    "no home test tokens": (only(Update, "credential", lambda token: token != "T"), REGISTERS),
    "no permanent tokens": (only(Update, "credential", lambda token: token != "PT"), Cell(*OWN_ENTRY[:2], 2)),
    "no handover tokens in updates": (
        only(Update, "credential", lambda token: token != "HT"),
        Cell("type1-handover", "rogue-next-pma", 4),
    ),
    "no key of its own in updates": (only(Update, "key", lambda key: key != ATTACKER), OWN_HOME),
    "no care-of test inits in updates": (only(Update, "test", lambda test: not test), REGISTERS),
    "no plain updates": (only(Update, "proxy", bool), REGISTERS),
    "no updates for its own homes": (only(Update, "home", lambda home: home == VICTIM_HOME), OWN_HOME),
    # Which other messages it forges (model/fields.py, attacker/adversary.py).
    "no forged answers to tests": (never_sends(messages.Test), TESTED),
    "no seen cookies in answers to tests": (nothing_honest(messages.Test, "cookie"), TESTED),
    "no forged care-of address in answers to tests": (
        only(messages.Test, "care_of", lambda address: address == COA1),
        Cell("type2-rr", "home-path", 8),
    ),
    "no forged test inits": (never_sends(messages.TestInit), Cell("type2-rr", "off-path", 8)),
    "no forged care-of address in test inits": (
        only(messages.TestInit, "care_of", lambda address: address == CARE_OF[PMA3]),
        Cell("type2-rr", "off-path", 8),
    ),
    "no forged acknowledgements": (never_sends(Acknowledgement), ANSWERED),
    "no forged acceptances": (only(Acknowledgement, "status", bool), ANSWERED),
    "no forged refusals": (
        only(Acknowledgement, "status", lambda status: not status),
        Cell("type1-initial", "off-path", 12),
    ),
    "no forged handover tokens": (never_sends(HandoverToken), HANDED_OVER),
    "no true handover tokens of a rogue agent": (nothing_honest(HandoverToken, "token"), HANDED_OVER),
    "no forged contexts": (never_sends(ContextData), MOVED),
    "no forged cache answers": (never_sends(CacheAnswer), SHAKES),
    "no handshakes": (never_sends(PeerUpdate), SHAKES),
    "no handshake about its own address": (only(PeerUpdate, "care_of", lambda address: address != ATTACKER), SHAKES),
    "no deregistering handshakes": (only(PeerUpdate, "lifetime", bool), SHAKES),
    "no answers to handshakes": (nothing_honest(PeerUpdate, "answers"), SHAKES),
    "no third messages of handshakes": (
        never_sends(PeerAcknowledgement),
        Cell("type2-handshake", "off-path", 24, (("handshake_effective", "third"),)),
    ),
    "no payload": (never_sends(Data), UNCHECKED_DATA),
    "no payload as from the victim": (only(Data, "source", lambda source: source != VICTIM_HOME), UNCHECKED_DATA),
    "no tunnelled payload": (only(Data, "outer", lambda outer: not outer), UNCHECKED_DATA),
    "no routed payload": (
        only(Data, "routing", lambda home: not home),
        Cell("data-plane", "off-path", 12, (("rh2_address", "source"),)),
    ),
    "no triggers": (never_sends(Trigger), Cell("type2-local", "malicious-mn", 4, (("ro_trigger", "explicit"),))),
}


def kinds(cell: Cell, grounded: Grounded) -> set[str]:
    """The kinds of messages that a ground system of the cell lacks."""
    case, policy = cell.world()
    oracle = walked(case, cell.attacker, policy, states=cell.states, seed=SEED, grounded=grounded)
    return {str(entry.kind) for entry in oracle.missing()}


@cache
def kinds_without_a_mutant(cell: Cell) -> set[str]:
    case, policy = cell.world()
    return kinds(cell, ground_system(case, cell.attacker, policy))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_oracle_misses_what_is_taken_from_the_attacker(mutant: str) -> None:
    mutate, cell = MUTANTS[mutant]
    case, policy = cell.world()
    with pytest.MonkeyPatch.context() as patch:
        mutate(patch)
        fewer = ground_system(case, cell.attacker, policy)
    assert kinds(cell, fewer) - kinds_without_a_mutant(cell)
