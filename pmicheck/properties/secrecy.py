"""What must stay secret, and what an honest registrant may believe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import z3

from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.events import ACKNOWLEDGEMENT, EVENT, Believed
from pmicheck.model.readings import BINDINGS, CGA
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.terms import handover_token, permanent_token
from pmicheck.model.topology import Flow
from pmicheck.model.world import World
from pmicheck.properties.authorisation import event
from pmicheck.properties.base import Look, Observation, Property, State
from pmicheck.properties.witnesses import answer_believed, tokens_issued


def _each_flow(world: World) -> tuple[Look, ...]:
    """The tokens valid for a node at a correspondent, and every token that it may be issued within the bounds."""
    return tuple(Look((cells_of(*flow).pt, cells_of(*flow).ht), _issued(world, flow)) for flow in world.flows)


def _issued(world: World, flow: Flow) -> tuple[Term, ...]:
    return tuple(
        make(flow.home, generation, flow.at)
        for make in (permanent_token, handover_token)
        for generation in range(1, world.token_pairs + 1)
    )


def _tokens(state: State) -> tuple[Observation, ...]:
    def knows(cell: Cell, make: Callable[[str, int, str], Term], flow: Flow) -> bool:
        return any(make(flow.home, generation, flow.at) in state.known for generation in state.read(cell))

    return tuple(
        {
            "knows_valid_pt": knows(cells_of(*flow).pt, permanent_token, flow),
            "knows_valid_ht": knows(cells_of(*flow).ht, handover_token, flow),
        }
        for flow in state.world.flows
    )


def _secrecy(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), z3.And(z3.Not(o["knows_valid_pt"]), z3.Not(o["knows_valid_ht"]))


TOKEN_SECRECY = Property(
    name="token-secrecy",
    violated_when="the attacker knows a currently valid permanent or handover token",
    harm="holds a token that the correspondent accepts",
    severity="7.1",
    families=CGA,
    looks=_each_flow,
    observe=_tokens,
    formula=_secrecy,
    witness=tokens_issued,
    conclusion=lambda o: (
        "The attacker knows a token that the CN accepts for the victim's home address: "
        + " and ".join(name for name, key in (("PT", "knows_valid_pt"), ("HT", "knows_valid_ht")) if o[key])
        + "."
    ),
)


def _belief(state: State) -> tuple[Observation, ...]:
    event = state.read(EVENT)
    if not isinstance(event, Believed):
        return ()
    return ({"who": event.who, "what": event.what, "produced_by_peer": False},)


def _acknowledgement_agreement(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), o["produced_by_peer"]


ACKNOWLEDGEMENT_AGREEMENT = Property(
    name="acknowledgement-agreement",
    violated_when="a PMA or node accepts a (P)BA or (P)HoT content that the right peer did not produce",
    harm="makes a PMA or node believe an answer that the correspondent did not give",
    severity="5.3",
    families=BINDINGS,
    looks=event,
    observe=_belief,
    formula=_acknowledgement_agreement,
    witness=answer_believed,
    conclusion=lambda o: f"{o['who']} believed an answer ({o['what']}) that the CN did not send.",
)


def _tokens_believed(state: State) -> tuple[Observation, ...]:
    """A forged (P)BA alone: a forged home test, which takes fewer steps, would hide it."""
    return tuple(o for o in _belief(state) if o["what"] == ACKNOWLEDGEMENT)


ACKNOWLEDGED_TOKEN_AGREEMENT = Property(
    name="acknowledged-token-agreement",
    violated_when="a PMA or node takes a token from a (P)BA that the right peer did not produce",
    harm="makes a PMA or node hold a token that the correspondent did not issue",
    severity="5.4",
    families=CGA,
    looks=event,
    observe=_tokens_believed,
    formula=_acknowledgement_agreement,
    witness=answer_believed,
    conclusion=lambda o: f"{o['who']} took a token from a {o['what']} that the CN did not send.",
)
