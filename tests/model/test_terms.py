"""Authenticator and signature cover exactly the fields of protocol-facts 2.2 and 2.4; numbers follow RFC 6275 9.5.1."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_worlds import world

from pmicheck.model.messages import Update
from pmicheck.model.roles.authorisation import expected_authenticator, expected_signature, tokens_of
from pmicheck.model.roles.binding_cache import accepts
from pmicheck.model.roles.registration import build_update
from pmicheck.model.terms import ZERO, care_of_token, home_token, management_key, permanent_token
from pmicheck.model.topology import ATTACKER, ATTACKER_HOME, COA1, COA2, MN, VICTIM_HOME

HERE = world()
T, C = home_token(VICTIM_HOME, 1), care_of_token(COA1, 1)
PBU = build_update(HERE, COA1, 5, "T", nonce=1, care_of_nonce=1, key=MN)
BU = PBU._replace(proxy=False, key=None, sig=None)
DEREGISTRATION = build_update(HERE, COA1, 5, "PT", generation=1, lifetime=False)

CHANGES: dict[str, dict[str, Any]] = {
    "P flag": {"proxy": False},
    "home address": {"home": ATTACKER_HOME},
    "care-of address": {"care_of": COA2},
    "sequence number": {"seq": 6},
    "lifetime": {"lifetime": False},
    "home nonce index": {"nonce": 2},
    "care-of nonce index": {"care_of_nonce": 2},
    "CGA parameters": {"key": ATTACKER},
    "care-of test init option": {"test": True},
    "signature": {"sig": ("another",)},
    "authenticator": {"mac": ("another",)},
    "link": {"link": "internet"},
}


def mac(update: Update, here: Any = HERE) -> object:
    """The authenticator under one and the same key, so that only what the MAC itself covers can differ."""
    return expected_authenticator(here.policy, update, T, C)


def covered(base: Update, term: Any) -> set[str]:
    return {name for name, change in CHANGES.items() if term(base._replace(**change)) != term(base)}


def test_the_authenticator_of_a_pbu_covers_the_whole_header_and_the_care_of_address() -> None:
    """With hoa_conveyance=option the home address stands in an option inside the header (A-04)."""
    assert covered(PBU, mac) == set(CHANGES) - {"authenticator", "link"}


def test_the_home_address_is_not_in_the_authenticator_of_a_plain_bu() -> None:
    """It is bound through the token alone (protocol-facts 2.2)."""
    assert "home address" not in covered(BU, mac)
    assert "care-of address" in covered(BU, mac)
    assert mac(BU._replace(home=ATTACKER_HOME)) == mac(BU)


def test_the_authenticator_of_a_deregistration_holds_the_home_address_in_place_of_the_care_of_address() -> None:
    assert mac(DEREGISTRATION)[2] == VICTIM_HOME  # type: ignore[index]
    assert "care-of address" not in covered(DEREGISTRATION, mac)


def test_the_signature_covers_the_header_up_to_the_cga_parameters_and_no_nonce_index() -> None:
    """What makes a captured signature of use with other nonces (protocol-facts 2.4)."""
    assert covered(PBU, lambda update: expected_signature(HERE.policy, update)) == {
        "P flag",
        "home address",
        "care-of address",
        "sequence number",
        "lifetime",
        "CGA parameters",
    }


def test_the_signature_of_a_plain_bu_does_not_cover_the_home_address() -> None:
    signed = PBU._replace(proxy=False)
    assert "home address" not in covered(signed, lambda update: expected_signature(HERE.policy, update))


def test_a_signature_for_one_correspondent_is_none_for_another() -> None:
    assert expected_signature(HERE.policy, PBU, "rogue-cn") != expected_signature(HERE.policy, PBU)
    loose = world(without=("cn-in-signature",)).policy
    assert expected_signature(loose, PBU, "rogue-cn") == expected_signature(loose, PBU)


@pytest.mark.parametrize(
    ("mechanism", "field"),
    [("coa-in-mac", "care-of address")],
)
def test_without_the_mechanism_the_authenticator_leaves_the_field_out(mechanism: str, field: str) -> None:
    loose = world(without=(mechanism,))
    assert field not in covered(PBU, lambda update: mac(update, loose))


def test_without_the_mechanism_the_signature_leaves_the_care_of_address_out() -> None:
    loose = world(without=("coa-in-signature",))
    assert "care-of address" not in covered(PBU, lambda update: expected_signature(loose.policy, update))


def test_where_the_source_names_the_home_address_the_care_of_address_is_an_option_of_the_header() -> None:
    source = world(settings={"hoa_conveyance": "source"})
    assert covered(PBU, lambda update: expected_signature(source.policy, update)) >= {"care-of address"}
    assert "home address" not in covered(PBU, lambda update: mac(update, source))


@pytest.mark.parametrize(
    ("update", "generation", "home", "care_of"),
    [
        (PBU, 0, T, C),
        (PBU._replace(care_of_nonce=0), 0, T, ZERO),
        (PBU._replace(credential="PT", nonce=0), 2, permanent_token(VICTIM_HOME, 2), C),
        (DEREGISTRATION, 1, permanent_token(VICTIM_HOME, 1), None),
    ],
    ids=["complete", "early", "with PT", "deregistration"],
)
def test_the_key_is_made_of_home_token_and_care_of_token(
    update: Update, generation: int, home: Any, care_of: Any
) -> None:
    """protocol-facts 2.1: C is zero in an early update and absent from a deregistration."""
    assert tokens_of(HERE.policy, update, generation) == (home, care_of)
    assert management_key(home, care_of) == ("Kbm", home, care_of)


@given(
    modulus=st.sampled_from([16, 32, 64]) | st.just(65536),
    last=st.integers(0, 65535),
    number=st.integers(0, 65535),
)
def test_a_number_is_greater_if_it_lies_in_the_half_space_after_the_last(modulus: int, last: int, number: int) -> None:
    last, number = last % modulus, number % modulus
    ahead = {(last + step) % modulus for step in range(1, modulus // 2)} if modulus < 65536 else None
    greater = number in ahead if ahead is not None else 1 <= (number - last) % modulus <= 32767
    assert accepts(last, number, modulus) == greater


def test_the_example_of_rfc_6275_is_met_number_by_number() -> None:
    """9.5.1: if the last one was 15, then 0 to 15 and 32783 to 65535 are not greater."""
    refused = {number for number in range(65536) if not accepts(15, number, 65536)}
    assert refused == {*range(16), *range(32783, 65536)}


def test_without_an_entry_every_number_is_accepted() -> None:
    assert all(accepts(None, number, 32) for number in range(32))


def test_the_attackers_own_numbers_are_greater_than_every_honest_one_but_one_that_is_less() -> None:
    honest = range(1, 9)
    *greater, less = world().attacker_numbers
    assert all(accepts(last, number, 32) for number in greater for last in honest)
    assert all(accepts(less, number, 32) for number in honest)
    first, second = greater
    assert accepts(first, second, 32)
