"""Whether a mobile node or a proxy mobile agent has the registration that a step of a trace tells.

The model names a stage; a node shows it by what it waits for and by what it holds. The two differ on purpose where the
model looks ahead or away:

* "misled": the registrant believed something that the correspondent never sent. What it sends after that no
  correspondent accepts, so the model follows it no further: compared is that it believed such a thing in this step.
* "deregistered": an agent's registration is over for the model when the deregistration is sent, for the node when it is
  answered; what it holds until then is not compared.
* A mobile node of RFC 6275 that deregisters at home is "complete" in the model, one of RFC 4866 "leaving".

`tries`, `done` and `tests` count for the model's bounds and have no counterpart; `credential` is compared as long as an
update under it is outstanding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pmicheck.bench.names import CN_HOME, HOA, MN
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode
from pmicheck.nodes.peer.peer_agent import PeerAgent
from pmicheck.nodes.registrant.registration import Registration, Step, With
from pmicheck.replay.run import Run
from pmicheck.trace import Changed

if TYPE_CHECKING:
    from pmicheck.bench.peer import PeerStage
    from pmicheck.bench.registering import Registering

WAITS = {Step.EARLY: "early", Step.COMPLETE: "complete"}
CREDENTIALS = {"T": With.TEMPORARY, "PT": With.PERMANENT, "HT": With.HANDOVER}
CONTEXT, DEREGISTERED, MISLED = "context", "deregistered", "misled"


def registration_disagrees(run: Run[Registering], change: Changed) -> str | None:
    """What a registrant shows in place of its registration in the trace; None if they agree."""
    keeper, value = change.of["keeper"], change.value
    if value["stage"] == MISLED:
        misled = any(b.step == run.step and b.who == keeper and not b.emitted for b in run.beliefs)
        return None if misled else f"{keeper} believes nothing that the correspondent did not send"
    held, stages = run.bench.registration(keeper), stages_of(run.bench, keeper, run.now)
    if held is None:
        return f"{keeper} has no registration, not one that is {value['stage']}"
    if value["stage"] not in stages:
        return f"the registration of {keeper} is {' or '.join(stages)}, not {value['stage']}"
    if held.sequence != value["seq"]:
        return f"the last number of {keeper} is {held.sequence}, not {value['seq']}"
    if value["stage"] == DEREGISTERED:
        return None
    return _other_tokens(run, keeper, held, value) or _other_tests(run, keeper, held, value)


def stages_of(bench: Registering, keeper: str, now: float) -> tuple[str, ...]:
    """The stages of the model that a registrant may be in, by what it waits for and what it holds."""
    held = bench.registration(keeper)
    if held is None:
        return ("idle",)
    if held.cookie is not None or held.care_of_cookie is not None:
        return ("testing",)
    if held.outstanding is not None:
        if held.outstanding.step is not Step.DEREGISTRATION:
            return (WAITS[held.outstanding.step],)
        if keeper != MN:
            return (DEREGISTERED,)
        return ("leaving",) if isinstance(bench.mn, EnhancedMobileNode) else ("complete",)
    if held.is_bound(now):
        return ("registered",)
    if keeper != MN and held.handover is not None and held.permanent is None:
        return (CONTEXT, DEREGISTERED)
    return ("idle", "moved", DEREGISTERED)


def _other_tokens(run: Run[Registering], keeper: str, held: Registration, value: Mapping[str, Any]) -> str | None:
    """Permanent and handover token: the ones that are told, or none."""
    for kind, number, octets in (("PT", value["pt"], held.permanent), ("HT", value["ht"], held.handover)):
        told = run.bench.forger.octets_of([kind, HOA, number]) if number else None
        if octets != told or (number and told is None):
            return f"{keeper} holds another {kind} than {f'{kind}{number}' if number else 'none'}"
    return None


def _other_tests(run: Run[Registering], keeper: str, held: Registration, value: Mapping[str, Any]) -> str | None:
    """The nonces of T and C that are in use, and what an outstanding update is authenticated with."""
    tokens = (("nonce", held.temporary), ("care_of_nonce", held.care_of))
    for name, token in tokens:
        index = run.bench.nonces.get(value.get(name, 0))
        if value.get(name) and (token is None or token.index != index):
            return f"{keeper} holds no token of nonce {value[name]}"
    using = None if held.outstanding is None else held.outstanding.using
    if using is not None and using is not CREDENTIALS.get(value.get("credential", ""), using):
        return f"{keeper} authenticates with its {using.value} token, not with {value['credential']}"
    return None


# Agents that shake hands.


def peer_registration_disagrees(run: Run[PeerStage], change: Changed) -> str | None:
    """What an agent waits for, whom it has registered with, and the number that it sent last.

    An agent sends its update with the arrival of the context (N122), the model one step later: what is "context" there
    has been sent here, under the next number.
    """
    keeper, value = change.of["keeper"], change.value
    if keeper not in run.bench.agents:
        return f"there is no agent {keeper}"
    agent = run.bench.agents[keeper]
    stages = _peer_stages(run, agent)
    if value["stage"] not in stages:
        return f"the registration of {keeper} is {' or '.join(stages)}, not {value['stage']}"
    if value["pt"] or value["ht"]:
        return f"{keeper} holds no token"
    sent = run.bench.matcher.sent.get(keeper, 0) - (value["stage"] == CONTEXT)
    if sent != value["seq"]:
        return f"the last number of {keeper} is {sent}, not {value['seq']}"
    registration = agent.peer_registration(run.bench.addresses[HOA], run.bench.addresses[CN_HOME])
    peer = registration.peer if registration is not None else None
    if value.get("peer") and (peer is None or run.bench.name_of(peer) != value["peer"]):
        return f"{keeper} registers with {peer and run.bench.name_of(peer)}, not {value['peer']}"
    return None


def _peer_stages(run: Run[PeerStage], agent: PeerAgent) -> tuple[str, ...]:
    """The stages of the model that an agent may be in."""
    home, correspondent = run.bench.addresses[HOA], run.bench.addresses[CN_HOME]
    registration = agent.peer_registration(home, correspondent)
    if agent.context_request(home) is not None:
        return ("waiting",)
    if registration is None:
        return ("idle", DEREGISTERED)
    if registration.transaction is not None:
        return ("asked",)
    if registration.requested is not None:
        return ("sent", CONTEXT)
    lasts = registration.expires_at is not None and run.now < registration.expires_at
    return ("registered",) if lasts else ("idle",)
