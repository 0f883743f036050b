"""The acts of the model that need no message, as calls on nodes that register with a correspondent.

Each is found by the key of the act. An act gets the run, who acts, and the arguments that the model names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pmicheck.bench.links import CONTEXT, TUNNEL
from pmicheck.bench.names import AGENTS, CARE_OF, CN, HA, HOA, PMA1, ROGUE_CN, identity_of
from pmicheck.bench.payload import PACKET
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode
from pmicheck.nodes.registrant.registration import Context, CorrespondentContext
from pmicheck.replay.bench import Fields
from pmicheck.replay.knowledge import update_in
from pmicheck.replay.run import Run
from pmicheck.wire.constants import TOKEN_OCTETS
from pmicheck.wire.packet import Packet

if TYPE_CHECKING:
    from pmicheck.bench.registering import Registering
    from pmicheck.bench.stage import Act, Stage
    from pmicheck.bench.type1 import PlainStage

# Time and place.


def _tick(run: Run[Stage], _actor: str, given: Fields) -> None:
    run.bench.tick(given["phase"], run.now)


def _end_entry(run: Run[Stage], _actor: str, given: Fields) -> None:
    run.bench.end_entry(run, (given.get("at", run.bench.keeper), given["home"]))


def _end_handover_token(run: Run[Registering], _actor: str, given: Fields) -> None:
    home = given["home"]
    if run.bench.kept.usable_handover_tokens(run.bench.addresses[home]):
        raise run.divergence(f"the handover token of {home} is still valid at {run.now} s")


def _move(run: Run[Stage], _actor: str, given: Fields) -> None:
    """The node moves; what a rogue previous agent held is the attacker's from now on (DESIGN section 4)."""
    bench, left = run.bench, run.bench.serving
    bench.move(given["target"], run.now)
    if left == CARE_OF[PMA1] and PMA1 in run.powers.corrupts and PMA1 in bench.pmas:
        bench.take_agent(run, PMA1)
    bench.moved(run)


def _send_data(run: Run[PlainStage], _actor: str, given: Fields) -> None:
    """A packet of payload by the cache of its sender (N117, N161, N164)."""
    bench, by, ends = run.bench, given["by"], run.bench.ends
    if by == CN:
        if not bench.emit((CN, HOA), PACKET, run.now):
            raise run.divergence("the credit of the entry is too small")
    elif by == PMA1:
        registration = bench.registration(by)
        if registration is None or not registration.is_bound(run.now):
            raise run.divergence(f"{PMA1} holds no registration with {CN}")
        bench.pmas[by].send_payload(*ends, PACKET, run.now)
    else:
        raise run.divergence(f"{by!r} sends no data of its own")


MOVING: Mapping[str, Act] = {"tick": _tick, "end entry": _end_entry, "move": _move}
"""What time and movement do."""

WORLD: Mapping[str, Act] = {**MOVING, "end handover token": _end_handover_token, "send data": _send_data}
"""The same, with tokens and upper layers."""

# A registrant of its own accord.


def _start_tests(run: Run[Registering], name: str, _given: Fields) -> None:
    bench = run.bench
    if bench.mn is not None:
        bench.mn.start_tests(bench.tested, run.now)
    else:
        bench.pmas[name].start_home_test(*bench.ends, run.now)
    _number_cookies(run, name)


def _repeat(run: Run[Registering], name: str, _given: Fields) -> None:
    bench = run.bench
    if bench.mn is not None:
        bench.mn.retransmit(bench.tested, run.now)
    else:
        bench.pmas[name].retransmit(*bench.ends, run.now)
    _number_cookies(run, name)


def _number_cookies(run: Run[Registering], name: str) -> None:
    """Numbers the cookies that a node has just begun to use, as the model does."""
    registration, bench = run.bench.registration(name), run.bench
    if registration is None or registration.cookie is None:
        return
    attempt = bench.attempts[name] = bench.attempts.get(name, 0) + 1
    bench.cookies[name, "home test", attempt] = registration.cookie
    if registration.care_of_cookie is not None:
        bench.cookies[name, "care-of test", attempt] = registration.care_of_cookie


def _deregister(run: Run[Registering], name: str, _given: Fields) -> None:
    run.bench.pmas[name].deregister(*run.bench.ends, run.now)


def _refresh(run: Run[Registering], name: str, _given: Fields) -> None:
    run.bench.pmas[name].refresh(*run.bench.ends, run.now)


def _register_with_handover_token(run: Run[Registering], name: str, _given: Fields) -> None:
    run.bench.pmas[name].start_handover_registration(*run.bench.ends, run.now)


def _transfer(run: Run[Registering], name: str, _given: Fields) -> None:
    """Predictive handover (N068, N082); the attacker learns the context as a rogue next agent, or where it reads it."""
    context = run.bench.pmas[name].context(run.bench.addresses[HOA])
    following = AGENTS[AGENTS.index(name) + 1]
    run.bench.pmas[following].install(context, run.now)
    if run.attacked and CONTEXT in run.powers.taps:
        _learn_context(run, context, "read from the context transfer")
    if following in run.powers.corrupts:
        run.bench.take_agent(run, following)


def _learn_context(run: Run[Registering], context: Context, how: str) -> None:
    """HT and the key pair: what Figure 4 puts into a context, and E-10 adds."""
    how, knowledge = f"{how} at step {run.step + 1}", run.bench.knowledge
    if run.bench.policy.reading("key_owner") == "mn" and context.profile.private_key is not None:
        knowledge.take_key(context.profile.private_key, how)
    for item in context.correspondents:
        if item.handover_token is not None:
            knowledge.take_token(item.handover_token, how)


def _hand_over(run: Run[Registering], name: str, _given: Fields) -> None:
    """HT goes to the home agent (N070); the draft has no format for it, so no packet shows it (A-27)."""
    registration = run.bench.registration(name)
    if registration is None or registration.handover is None:
        raise run.divergence(f"{name} holds no handover token")
    told = run.bench.pmas[name].number_told(registration.sequence)
    run.bench.handing_over.append((registration.handover, told, HA))
    if run.attacked and TUNNEL in run.powers.taps:
        run.bench.knowledge.take_token(registration.handover, f"read in the tunnel at step {run.step + 1}")


ACTS: Mapping[str, Act] = {
    "start tests": _start_tests,
    "repeat": _repeat,
    "refresh": _refresh,
    "register with HT": _register_with_handover_token,
    "deregister": _deregister,
    "transfer context": _transfer,
    "hand over HT": _hand_over,
}
"""What a proxy agent does."""

MOBILE_ACTS: Mapping[str, Act] = {"start tests": _start_tests, "repeat": _repeat}
"""What a mobile node does that speaks for itself (RFC 6275)."""


def _with_permanent_token(run: Run[Registering], name: str, _given: Fields) -> None:
    registration, node = run.bench.registration(name), run.bench.mn
    if registration is None or registration.permanent is None:
        raise run.divergence(f"{name} holds no permanent token")
    assert isinstance(node, EnhancedMobileNode)
    node.register_with_permanent_token(run.bench.tested, run.now)


ENHANCED_ACTS: Mapping[str, Act] = {
    **MOBILE_ACTS,
    "register with PT": _with_permanent_token,
    "deregister": _with_permanent_token,
}
"""What it does with a permanent token (RFC 4866)."""


# The attacker.


def _ask_for_context(run: Run[Registering], _actor: str, given: Fields) -> None:
    """Reading context_transfer=unauthenticated (A-02)."""
    _learn_context(run, run.bench.pmas[given["agent"]].context(run.bench.addresses[HOA]), "asked for")


ATTACKS: Mapping[str, Act] = {"ask for context": _ask_for_context}
"""What the attacker does without a message."""


def rogue_registration(run: Run[Any], name: str, moments: Sequence[float]) -> None:
    """The agent, or the mobile node, registers with a correspondent of the attacker's, which answers the home test and
    is then silent, so that it gets updates with several numbers (RFC 6275 11.8).

    Args:
        moments: when the home test runs, and when each update comes.
    """
    bench, network = run.bench, run.bench.network
    home, rogue = bench.addresses[HOA], bench.addresses[ROGUE_CN]
    own = identity_of("attacker", "2001:db8:bad::")[1]
    network.nodes.setdefault(ROGUE_CN, CorrespondentNode(rogue, bench.policy, b"rogue", identity=own))
    if bench.mn is not None:
        bench.mn.start_tests(rogue, moments[0])
    else:
        bench.pmas[name].start_home_test(home, rogue, moments[0])
    for moment in moments:
        for _ in range(5):
            for flight in network.collect(moment):
                if update_in(Packet.from_bytes(flight.packet)) is None:
                    network.deliver(flight.flight_id, moment)
                else:
                    bench.knowledge.see(network.drop(flight.flight_id), f"sent to its correspondent by {name}")
        if bench.mn is not None:
            bench.mn.retransmit(rogue, moment)
        else:
            bench.pmas[name].retransmit(home, rogue, moment)
    for flight in network.collect(moments[-1]):
        network.drop(flight.flight_id)


def registered_with_rogue(run: Run[Any], name: str) -> None:
    """Before the first step the attacker has got updates that are signed for its own correspondent."""
    if run.powers.rogue_cn:
        rogue_registration(run, name, (run.now - 8, run.now - 7, run.now - 5, run.now - 1))


# Handover tokens, which no packet carries.


def deliver_handover_token(run: Run[Registering], message: Fields) -> None:
    """HT goes on to the agent that serves the node, or arrives there with the last number sent (N070)."""
    bench = run.bench
    waiting = next((item for item in bench.handing_over if item[2] == message["to"]), None)
    if waiting is None:
        raise run.divergence(f"no handover token is under way to {message['to']}")
    bench.handing_over.remove(waiting)
    token, sequence, _ = waiting
    if message["to"] == HA:
        receiver = next(pma for pma, care_of in CARE_OF.items() if care_of == bench.serving)
        bench.handing_over.append((token, sequence, receiver))
    else:
        _install(run, message["to"], token, sequence)


def inject_handover_token(run: Run[Registering], message: Fields) -> None:
    """A rogue previous agent hands over what it likes; the home agent passes it on to the agent that serves the node.

    Raises:
        Lacking: the attacker does not hold the token.
    """
    term = message["token"]
    token = run.bench.forger.token(term) if term[0] == "HT" else run.bench.knowledge.random.take(TOKEN_OCTETS)
    _install(run, message["to"], token, int(message["seq"]))


def _install(run: Run[Registering], agent: str, token: bytes, sequence: int) -> None:
    cn = run.bench.addresses[CN]
    item = CorrespondentContext(correspondent=cn, handover_token=token, permanent_token=None, sequence=sequence)
    run.bench.pmas[agent].install(Context(run.bench.profile, (item,)), run.now)
