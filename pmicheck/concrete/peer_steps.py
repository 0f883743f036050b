"""What makes agents that shake hands act in a replay: the acts that need no message, as calls on concrete nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmicheck.concrete.attack import message_in
from pmicheck.concrete.payload import PACKET
from pmicheck.concrete.stage import ATTACKER, CARE_OF, CN_HOME, COA1, HA2, HOA, PMA1, PMA3
from pmicheck.concrete.telling import own_sighting
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.peer import context_transfer
from pmicheck.trace import Step
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet, UdpDatagram

if TYPE_CHECKING:
    from pmicheck.concrete.peer_run import Entries, PeerRun


def start_at_agents(run: PeerRun, step: Step, before: Entries) -> None:
    """Does what a step without a message says.

    Args:
        before: the agents' entries before this step.

    Raises:
        Divergence: the nodes do not do it, or the act is not known.
        UsageError: an agent is asked for something that it has nothing for.
    """
    given = step.arguments
    if step.act == "tick":
        run.stage.tick(given["phase"], run.now)
    elif step.act == "move":
        run.stage.move(given["target"], run.now)
        if PMA1 in run.powers.corrupts:
            run.corrupt(PMA1)
    elif step.act == "end entry":
        _end(run, given["at"], given["home"], before)
    elif step.act == "ask for context" and step.attacker:
        _ask_for_context(run)
    elif step.actor in run.stage.agents:
        _agent(run, step.actor, step)
    else:
        raise run.divergence(f"the act {step.act!r} of {step.actor} is not known")


def _agent(run: PeerRun, name: str, step: Step) -> None:
    agent, at = run.stage.agents[name], run.stage.addresses
    own, other = (at[CN_HOME], at[HOA]) if name == PMA3 else (at[HOA], at[CN_HOME])
    match step.act:
        case "ask home agent":
            agent.start_handshake(own, other, at[HA2], run.now)
            _number_request(run, name)
        case "repeat":
            agent.retransmit_handshake(own, other, run.now)
        case "register from context":
            _register_from_context(run, name)
        case "deregister":
            agent.end_handshake(own, other, run.now)
        case "send data":
            agent.from_node(Packet(own, other, UdpDatagram(bytes(PACKET))), run.now)
        case "ask for context":
            agent.request_context(own, at[CARE_OF[step.arguments["previous"]]], run.now)
        case _:
            raise run.divergence(f"{name} has no act {step.act!r}")


def _number_request(run: PeerRun, name: str) -> None:
    transaction = run.stage.agents[name].query_about(run.stage.addresses[CN_HOME])
    if transaction is None:
        raise run.divergence(f"{name} asks nobody")
    run.attempts[name] = run.attempts.get(name, 0) + 1
    run.matcher.asked[name, run.attempts[name]] = transaction


def _register_from_context(run: PeerRun, name: str) -> None:
    """The update went out with the arrival of the context (N122); it goes out again if it is lost by now."""
    at = run.stage.addresses
    sent = (f.packet for f in run.stage.network.in_flight.values() if f.sender == name)
    if not any(isinstance(message_in(Packet.from_bytes(packet)), codec.BindingUpdate) for packet in sent):
        run.stage.agents[name].retransmit_handshake(at[HOA], at[CN_HOME], run.now)


def _ask_for_context(run: PeerRun) -> None:
    """Reading context_transfer=unauthenticated: whoever asks is told, keys and all (A-02)."""
    at = run.stage.addresses
    request = codec.ContextTransferRequest(int.from_bytes(run.knowledge.random.take(2), "big"), at[HOA])
    packet = plain_packet(request, at[ATTACKER], at[COA1]).to_bytes()
    run.sightings[run.step] = own_sighting(run, packet)
    run.knowledge.octets_sent += len(packet)
    sink = run.stage.sinks[ATTACKER]
    had = len(sink.packets)
    run.stage.network.inject(packet, run.now)
    run.settle()
    for _, octets in sink.packets[had:]:
        message = message_in(Packet.from_bytes(octets))
        told = context_transfer.read(message, with_key=True) if isinstance(message, codec.ContextTransferData) else None
        if told is not None and told.context.profile.private_key is not None:
            run.knowledge.take_key(told.context.profile.private_key, f"asked for at step {run.step + 1}")
            return
    raise run.divergence("pma1 does not tell the context")


def _end(run: PeerRun, agent: str, home: str, before: Entries) -> None:
    """The lifetime of an entry is over."""
    if before[agent, home] is None or run.entry(agent, home) is not None:
        raise run.divergence(f"the entry of {home} at {agent} does not end at {run.now} s")
