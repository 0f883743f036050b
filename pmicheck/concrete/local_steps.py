"""Two nodes of one agent in a replay: what they and the agent do, and what crosses the link that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pmicheck.concrete.attack import Lacking
from pmicheck.concrete.data_steps import note_receipts
from pmicheck.concrete.local_stage import SharedAgent
from pmicheck.concrete.matching import is_data
from pmicheck.concrete.network import ACCESS_LINK
from pmicheck.concrete.payload import PACKET
from pmicheck.concrete.records import Wish
from pmicheck.concrete.stage import AWAY, CN_HOME, HOA, PMA1, other_end
from pmicheck.concrete.telling import WORDS, Sighting
from pmicheck.trace import Step
from pmicheck.wire.packet import Packet, UdpDatagram

if TYPE_CHECKING:
    from pmicheck.concrete.execution import Run


def act_at_shared_agent(run: Run, shared: SharedAgent, step: Step) -> None:
    """Does what the agent or one of its nodes does of its own accord (the draft's 4.1).

    Raises:
        Divergence: the act is not known.
        UsageError: the agent has not registered the node that it is to forget.
    """
    at, name = run.stage.addresses, step.arguments.get("home")
    if name not in (HOA, CN_HOME):
        raise run.divergence(f"no node of the agent has the home address {name!r}")
    home, peer = at[name], at[other_end(name)]
    match step.act:
        case "register":
            shared.register(home, run.now)
        case "forget":
            shared.forget(home)
        case "send data":
            shared.packets.append((home, Packet(home, peer, UdpDatagram(bytes(PACKET)))))
        case "ask for route optimisation":
            shared.wishes.append((home, peer))
        case "move":
            shared.gone.add(home)
            run.stage.move(AWAY, run.now)
        case _:
            raise run.divergence(f"the act {step.act!r} of {step.actor} is not known")


def deliver_on_access_link(run: Run, message: Mapping[str, Any]) -> None:
    """The agent gets what one of its nodes has sent on their link: payload, or a wish for route optimisation.

    Raises:
        Divergence: no node has sent it, or the agent does not take it.
    """
    if message["type"] == "Trigger":
        _deliver_wish(run, message)
        return
    shared = _shared(run)
    found = next((item for item in shared.packets if is_data(run.stage, item[1], message)), None)
    if found is None:
        raise run.divergence("no such packet is on the access link")
    shared.packets.remove(found)
    source, packet = found
    octets, logged = packet.to_bytes(), len(shared.agent.log)
    name = run.stage.name_of(source)
    run.sightings[run.step] = Sighting(octets, name, PMA1, WORDS[ACCESS_LINK], run.now)
    run.stage.network.capture.append((run.now, octets))
    shared.agent.from_node(packet, run.now)
    events = shared.agent.log[logged:]
    refused = next((event for event in events if event.kind == "rejected"), None)
    if refused is not None:
        raise run.divergence(f"{PMA1} refuses the packet by its check {refused.detail['check']!r}")
    note_receipts(run, events, PMA1, name, octets)


def _deliver_wish(run: Run, message: Mapping[str, Any]) -> None:
    shared, home = _shared(run), run.stage.addresses[message["home"]]
    waiting = next((wish for wish in shared.wishes if wish[0] == home), None)
    if waiting is None:
        raise run.divergence(f"{message['home']} has not asked for route optimisation")
    shared.wishes.remove(waiting)
    _keep_wish(run, shared, message["home"], honest=True)


def inject_on_access_link(run: Run, message: Mapping[str, Any]) -> None:
    """An attacker on the link asks in the name of another node: nothing in a trigger vouches for it (N101).

    Raises:
        Lacking: the attacker is no node of the agent, or it wants to send something else than a trigger there.
    """
    if not run.powers.own_home:
        raise Lacking(f"a place on the access link of {PMA1}")
    if message["type"] != "Trigger":
        raise Lacking(f"a way past the ingress filter of {PMA1}")
    _keep_wish(run, _shared(run), message["home"], honest=False)


def _keep_wish(run: Run, shared: SharedAgent, name: str, *, honest: bool) -> None:
    at = run.stage.addresses
    home, peer = at[name], at[other_end(name)]
    known = shared.agent.is_triggered(home, peer)
    shared.agent.trigger(home, peer, run.now)
    if known or not shared.agent.is_triggered(home, peer):
        raise run.divergence(f"{PMA1} keeps nothing new upon the trigger")
    run.wishes.append(Wish(run.step, name, honest))


def _shared(run: Run) -> SharedAgent:
    if run.stage.shared is None:
        raise run.divergence("no agent is shared by two nodes here")
    return run.stage.shared
