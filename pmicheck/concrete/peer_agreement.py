"""Whether agents that shake hands are in the state that a step of a trace tells (the draft's 4.2, 4.2.1).

The trace numbers the requests of an agent; packets have 16-bit numbers of their own. `PeerMatcher` knows which of the
one stands for which of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pmicheck.concrete.agreement import Check, attachment_disagrees, clock_disagrees
from pmicheck.concrete.stage import CN_HOME, HOA
from pmicheck.nodes.peer.peer_agent import PeerAgent
from pmicheck.trace import Changed

if TYPE_CHECKING:
    from pmicheck.concrete.peer_run import PeerRun

CONTEXT, DEREGISTERED = "context", "deregistered"


def entry_disagrees(run: PeerRun, change: Changed) -> str | None:
    """Where an agent's entry leads and whether traffic goes by it; nothing tests an address, so all are verified."""
    keeper, home, value = change.of["keeper"], change.of["home"], change.value
    if keeper not in run.stage.agents:
        return f"there is no agent {keeper}"
    entry, told = run.entry(keeper, home), value.get("care_of", "none")
    leads = "none" if entry is None else run.stage.name_of(entry.care_of_address)
    if leads != told:
        return f"the entry of {home} at {keeper} is {leads}, not {told}"
    if entry is None:
        return None
    if not value["verified"]:
        return f"the entry of {home} at {keeper} is verified"
    if value.get("used", entry.effective) != entry.effective:
        return f"the entry of {home} at {keeper} is {'' if entry.effective else 'not '}used"
    return None


def number_disagrees(run: PeerRun, change: Changed) -> str | None:
    """The number that the next one has to exceed; an entry that is gone has none."""
    keeper, home, wanted = change.of["keeper"], change.of["home"], change.value["value"]
    entry = run.entry(keeper, home)
    shown = None if entry is None else run.matcher.told(entry.home_address, entry.sequence)
    return None if shown == wanted else f"the last number of {home} at {keeper} is {shown}, not {wanted}"


def registration_disagrees(run: PeerRun, change: Changed) -> str | None:
    """What an agent waits for, whom it has registered with, and the number that it sent last.

    An agent sends its update with the arrival of the context (N122), the model one step later: what is "context" there
    has been sent here, under the next number.
    """
    keeper, value = change.of["keeper"], change.value
    if keeper not in run.stage.agents:
        return f"there is no agent {keeper}"
    agent = run.stage.agents[keeper]
    stages = _stages(run, agent)
    if value["stage"] not in stages:
        return f"the registration of {keeper} is {' or '.join(stages)}, not {value['stage']}"
    if value["pt"] or value["ht"]:
        return f"{keeper} holds no token"
    sent = run.matcher.sent.get(keeper, 0) - (value["stage"] == CONTEXT)
    if sent != value["seq"]:
        return f"the last number of {keeper} is {sent}, not {value['seq']}"
    registration = agent.peer_registration(run.stage.addresses[HOA], run.stage.addresses[CN_HOME])
    peer = registration.peer if registration is not None else None
    if value.get("peer") and (peer is None or run.stage.name_of(peer) != value["peer"]):
        return f"{keeper} registers with {peer and run.stage.name_of(peer)}, not {value['peer']}"
    return None


def tokens_disagree(run: PeerRun, change: Changed) -> str | None:
    """A handshake issues no tokens, so there are none to be valid."""
    numbers = change.value["value"]
    return f"{change.of['keeper']} has issued no tokens to {change.of['home']}" if numbers else None


def _stages(run: PeerRun, agent: PeerAgent) -> tuple[str, ...]:
    """The stages of the model that an agent may be in."""
    home, correspondent = run.stage.addresses[HOA], run.stage.addresses[CN_HOME]
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


PEER_CHECKS: Mapping[str, Check] = {
    "clock": clock_disagrees,
    "attachment": attachment_disagrees,
    "registration": registration_disagrees,
    "entry": entry_disagrees,
    "sequence number": number_disagrees,
    "permanent tokens": tokens_disagree,
    "handover tokens": tokens_disagree,
}
"""The comparisons of a run between agents."""
