"""What must stay secret, and what an honest registrant may believe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from pmicheck.model.events import EVENT, Believed
from pmicheck.model.readings import BOTH, TYPE1
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.terms import handover_token, permanent_token
from pmicheck.model.topology import VICTIM_HOME
from pmicheck.properties.base import Observation, Property, State
from pmicheck.properties.witnesses import answer_believed, tokens_issued

VICTIM = cells_of(VICTIM_HOME)
MOST_PAIRS = 8
TOKENS = tuple(
    make(VICTIM_HOME, generation) for make in (permanent_token, handover_token) for generation in range(1, MOST_PAIRS)
)


def _tokens(state: State) -> tuple[Observation, ...]:
    known_pt = [i for i in state.read(VICTIM.pt) if permanent_token(VICTIM_HOME, i) in state.known]
    known_ht = [i for i in state.read(VICTIM.ht) if handover_token(VICTIM_HOME, i) in state.known]
    return ({"knows_valid_pt": bool(known_pt), "knows_valid_ht": bool(known_ht)},)


def _secrecy(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), z3.And(z3.Not(o["knows_valid_pt"]), z3.Not(o["knows_valid_ht"]))


TOKEN_SECRECY = Property(
    "token-secrecy",
    "the attacker knows a currently valid permanent or handover token",
    TYPE1,
    (VICTIM.pt, VICTIM.ht),
    _tokens,
    _secrecy,
    tokens_issued,
    lambda o: (
        "The attacker knows a token that the CN accepts for the victim's home address: "
        + " and ".join(name for name, key in (("PT", "knows_valid_pt"), ("HT", "knows_valid_ht")) if o[key])
        + "."
    ),
    terms=TOKENS,
)


def _belief(state: State) -> tuple[Observation, ...]:
    event = state.read(EVENT)
    if not isinstance(event, Believed):
        return ()
    return ({"who": event.who, "what": event.what, "produced_by_peer": False},)


def _acknowledgement_agreement(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), o["produced_by_peer"]


ACKNOWLEDGEMENT_AGREEMENT = Property(
    "acknowledgement-agreement",
    "a PMA or node accepts a (P)BA or (P)HoT content that the right peer did not produce",
    BOTH,
    (EVENT,),
    _belief,
    _acknowledgement_agreement,
    answer_believed,
    lambda o: f"{o['who']} believed an answer ({o['what']}) that the CN did not send.",
)
