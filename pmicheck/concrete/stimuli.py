"""What makes the honest nodes act in a replay: the acts that need no message, as calls on concrete nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pmicheck.concrete.attack import update_in
from pmicheck.concrete.data_steps import send_data
from pmicheck.concrete.local_steps import act_at_shared_agent
from pmicheck.concrete.mobile_steps import act_as_mobile_node
from pmicheck.concrete.network import TUNNEL
from pmicheck.concrete.stage import AGENTS, CARE_OF, CN, CONTEXT, HA, HOA, MN, PMA1, ROGUE_CN, identity_of
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.registrant.registration import Context, CorrespondentContext
from pmicheck.trace import Step
from pmicheck.wire.constants import TOKEN_OCTETS
from pmicheck.wire.packet import Packet

if TYPE_CHECKING:
    from pmicheck.concrete.execution import Run


def start(run: Run, step: Step, entries: Mapping[Any, Entry]) -> None:
    """Does what a step without a message says.

    Args:
        entries: the correspondent's bindings before this step.

    Raises:
        Divergence: the nodes do not do it, or the act is not known.
        UsageError: an agent is asked for something that it has nothing for.
    """
    stage, at, given = run.stage, run.stage.addresses, step.arguments
    if step.act == "tick":
        stage.tick(given["phase"], run.now)
    elif stage.shared is not None:
        act_at_shared_agent(run, stage.shared, step)
    elif step.act == "move":
        _move(run, given["target"])
    elif step.act == "send data":
        send_data(run, given["by"])
    elif step.act in ("end entry", "end handover token"):
        _end(run, step.act, given["home"], entries)
    elif step.act == "ask for context" and step.attacker:
        _learn_context(run, stage.pmas[given["agent"]].context(at[HOA]), "asked for")
    elif step.actor == MN and stage.mn is not None:
        act_as_mobile_node(run, step.act)
    elif step.actor in stage.pmas:
        _agent(run, step.actor, step.act)
    else:
        raise run.divergence(f"the act {step.act!r} of {step.actor} is not known")
    if step.act in ("start tests", "repeat"):
        _label_cookies(run, step.actor)


def _agent(run: Run, name: str, act: str) -> None:
    stage = run.stage
    agent, home, correspondent = stage.pmas[name], stage.addresses[HOA], stage.tested
    match act:
        case "start tests":
            agent.start_home_test(home, correspondent, run.now)
        case "repeat":
            agent.retransmit(home, correspondent, run.now)
        case "refresh":
            agent.refresh(home, correspondent, run.now)
        case "register with HT":
            agent.start_handover_registration(home, correspondent, run.now)
        case "deregister":
            agent.deregister(home, correspondent, run.now)
        case "transfer context":
            _transfer(run, name, agent.context(home))
        case "hand over HT":
            _hand_over(run, name)
        case _:
            raise run.divergence(f"{name} has no act {act!r}")


def _transfer(run: Run, name: str, context: Context) -> None:
    """Predictive handover (N068, N082); a rogue next agent and who reads the context learn what it holds."""
    following = AGENTS[AGENTS.index(name) + 1]
    run.stage.pmas[following].install(context, run.now)
    if run.attacked and CONTEXT in run.powers.taps:
        _learn_context(run, context, "read from the context transfer")
    if following in run.powers.corrupts:
        _corrupt(run, following)


def _learn_context(run: Run, context: Context, how: str) -> None:
    """HT and the key pair: what Figure 4 puts into a context, and E-10 adds."""
    how = f"{how} at step {run.step + 1}"
    if run.stage.policy.reading("key_owner") == "mn" and context.profile.private_key is not None:
        run.knowledge.take_key(context.profile.private_key, how)
    for item in context.correspondents:
        if item.handover_token is not None:
            run.knowledge.take_token(item.handover_token, how)


def _hand_over(run: Run, name: str) -> None:
    """HT goes to the home agent (N070); the draft has no format for it, so no packet shows it (A-27)."""
    registration = run.stage.pmas[name].registration(run.stage.addresses[HOA], run.stage.addresses[CN])
    if registration is None or registration.handover is None:
        raise run.divergence(f"{name} holds no handover token")
    run.stage.handing_over.append((registration.handover, registration.sequence, HA))
    if run.attacked and TUNNEL in run.powers.taps:
        run.knowledge.take_token(registration.handover, f"read in the tunnel at step {run.step + 1}")


def _move(run: Run, target: str) -> None:
    """The node moves; what a rogue previous agent held is the attacker's from now on (DESIGN section 4)."""
    left = run.stage.serving
    run.stage.move(target, run.now)
    if left == CARE_OF[PMA1] and PMA1 in run.powers.corrupts and run.stage.proxied:
        _corrupt(run, PMA1)
    following = next((name for name in AGENTS if CARE_OF[name] == target), None)
    if run.attacked and run.powers.rogue_cn and run.stage.proxied and following is not None:
        rogue_registration(run, following, (run.now,) * 3)


def _corrupt(run: Run, name: str) -> None:
    """From now on the agent is the attacker's: it takes all that the agent holds."""
    if not run.attacked:
        return
    run.corrupted.add(name)
    run.knowledge.take_agent(run.stage.pmas[name], run.stage.addresses[HOA], f"held by {name} at step {run.step + 1}")
    late, run.late_tests = run.late_tests, []
    for index, data in late:
        run.test(data, index)


def _end(run: Run, act: str, home: str, entries: Mapping[Any, Entry]) -> None:
    """The lifetime of an entry or token is over."""
    address = run.stage.addresses[home]
    if act == "end entry":
        if address not in entries or run.stage.cn.entry(address) is not None:
            raise run.divergence(f"the entry of {home} does not end at {run.now} s")
        run.ended.append((run.step, home, entries[address]))
    elif run.stage.cn.handover_tokens(address):
        raise run.divergence(f"the handover token of {home} is still valid at {run.now} s")


def _label_cookies(run: Run, owner: str) -> None:
    """Numbers the cookies that a node has just begun to use, as the model does."""
    registration = (
        run.stage.mn.registration(run.stage.addresses[CN])
        if run.stage.mn is not None
        else run.stage.pmas[owner].registration(run.stage.addresses[HOA], run.stage.tested)
    )
    if registration is None or registration.cookie is None:
        return
    attempt = run.attempts[owner] = run.attempts.get(owner, 0) + 1
    run.stage.cookies[owner, "home test", attempt] = registration.cookie
    if registration.care_of_cookie is not None:
        run.stage.cookies[owner, "care-of test", attempt] = registration.care_of_cookie


def deliver_handover_token(run: Run, message: Mapping[str, Any]) -> None:
    """HT goes on to the agent that serves the node, or arrives there with the last number sent (N070)."""
    stage = run.stage
    waiting = next((item for item in stage.handing_over if item[2] == message["to"]), None)
    if waiting is None:
        raise run.divergence(f"no handover token is under way to {message['to']}")
    stage.handing_over.remove(waiting)
    token, sequence, _ = waiting
    if message["to"] == HA:
        receiver = next(pma for pma, care_of in CARE_OF.items() if care_of == stage.serving)
        stage.handing_over.append((token, sequence, receiver))
        return
    item = CorrespondentContext(
        correspondent=stage.addresses[CN], handover_token=token, permanent_token=None, sequence=sequence
    )
    stage.pmas[message["to"]].install(Context(stage.profile, (item,)), run.now)


def inject_handover_token(run: Run, message: Mapping[str, Any]) -> None:
    """A rogue previous agent hands over what it likes; the home agent passes it on to the agent that serves the node.

    Raises:
        Lacking: the attacker does not hold the token.
    """
    stage, token = run.stage, message["token"]
    octets = run.forger.token(token) if token[0] == "HT" else run.knowledge.random.take(TOKEN_OCTETS)
    item = CorrespondentContext(
        correspondent=stage.addresses[CN], handover_token=octets, permanent_token=None, sequence=int(message["seq"])
    )
    stage.pmas[message["to"]].install(Context(stage.profile, (item,)), run.now)


def rogue_registration(run: Run, name: str, moments: Sequence[float]) -> None:
    """The agent, or the mobile node, registers with a correspondent of the attacker's, which answers the home test and
    is then silent, so that it gets updates with several numbers (RFC 6275 11.8).

    Args:
        moments: when the home test runs, and when each update comes.
    """
    stage = run.stage
    home, rogue = stage.addresses[HOA], stage.addresses[ROGUE_CN]
    own = identity_of("attacker", "2001:db8:bad::")[1]
    stage.network.nodes.setdefault(ROGUE_CN, CorrespondentNode(rogue, stage.policy, b"rogue", identity=own))
    if stage.mn is not None:
        stage.mn.start_tests(rogue, moments[0])
    else:
        stage.pmas[name].start_home_test(home, rogue, moments[0])
    for moment in moments:
        for _ in range(5):
            for flight in stage.network.collect(moment):
                if update_in(Packet.from_bytes(flight.packet)) is None:
                    stage.network.deliver(flight.flight_id, moment)
                else:
                    run.knowledge.see(stage.network.drop(flight.flight_id), f"sent to its correspondent by {name}")
        if stage.mn is not None:
            stage.mn.retransmit(rogue, moment)
        else:
            stage.pmas[name].retransmit(home, rogue, moment)
    for flight in stage.network.collect(moments[-1]):
        stage.network.drop(flight.flight_id)
