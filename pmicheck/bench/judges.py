"""Whether a run ended in the bad state of a property: what the concrete nodes hold, sent and accepted.

One function a property, over the bindings of all nodes; each can say no, and is asked of the counterfactual run too. A
binding does harm where it carries traffic, so payload is really sent and counted where it arrives. What happened in a
trace's prologue is no part of what the trace shows.

Where one node keeps all bindings, sentences call it the CN; agents that shake hands go by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pmicheck.bench.judging.acceptances import (
    VICTIMS,
    accepted_updates,
    is_the_cn,
    last_update,
    lost_binding,
    who_keeps,
)
from pmicheck.bench.judging.departure import (
    former_pma_powerless,
    handover_token_freshness,
    no_retained_binding,
    no_stale_deregistration,
)
from pmicheck.bench.names import ATTACKER, ATTACKER_HOME, BYSTANDER, CN, CN_HOME, HOA, HOMES, PMA1
from pmicheck.bench.payload import PACKET, attacker_addresses, could_send, earn, send
from pmicheck.bench.stage import Stage
from pmicheck.nodes.correspondent.binding_cache import HOME_TEST_INIT
from pmicheck.replay.records import Acceptance, Binding, Finding, Place
from pmicheck.replay.run import Run
from pmicheck.wire.constants import MAX_NONCE_LIFETIME, MAX_RR_BINDING_LIFETIME

BEYOND = 50
"""Packets that are tried after the counted ones, to show whether anything ends the flood."""
FAIR_SECONDS = MAX_NONCE_LIFETIME + MAX_RR_BINDING_LIFETIME
"""Return routability makes certain that a home address was tested as recently as this before traffic falls back."""
UPLINKS = (CN_HOME,)
"""Home addresses for which an agent keeps a binding that carries what its own node sends."""
ACKNOWLEDGEMENTS = frozenset({"accepted-tokens", "accepted-binding-acknowledgement"})
"""What a registrant notes when it takes a token from a (P)BA."""

Judge = Callable[[Run[Stage]], Finding | None]


def judge(run: Run[Any]) -> Finding | None:
    """The bad state of the trace's property in the run's last state, None if it is not there.

    What an update diverts between agents that shake hands is a part of it, so it is sent while packets are captured.
    """
    finding = JUDGES[run.trace.property](run)
    if finding is None or finding.victim_octets is not None or run.bench.keeper:
        return finding
    return replace(finding, victim_octets=_diverted(run))


def cost(run: Run[Any], finding: Finding) -> dict[str, float]:
    """What the bad state took, to be asked right after `judge`.

    Returns:
        packets and octets_sent: all that the attacker sent, headers included; victim_octets: payload that arrived
        at the flooded address, or at the attacker's in place of the node; seconds: from the attacker's first step to
        the bad state, 0 if it takes none.
    """
    sent = run.bench.network.injected
    began = next((run.times[at] for at, step in enumerate(run.trace.steps) if step.attacker), run.now)
    arrived = _diverted(run) if finding.victim_octets is None else finding.victim_octets
    return {
        "packets": len(sent),
        "octets_sent": sum(len(packet) for packet in sent),
        "victim_octets": arrived,
        "seconds": run.now - began,
    }


def _diverted(run: Run[Stage]) -> int:
    """How much of one payload packet the last update of the attacker's diverts to it or to a bystander."""
    for accepted in reversed(run.acceptances):
        if accepted.home_address in VICTIMS and last_update(run, accepted.place) is accepted and not accepted.honest:
            arrived = send(run, accepted.place)
            return sum(arrived[name] for name in {BYSTANDER, *attacker_addresses(run)})
    return 0


# What was accepted.


def _binding_agreement(run: Run[Stage]) -> Finding | None:
    for accepted in accepted_updates(run):
        if accepted.honest or accepted.method == HOME_TEST_INIT:
            continue
        who, sender = who_keeps(run, accepted.place), "node" if is_the_cn(run, accepted.place) else "agent"
        sentence = (
            f"{who} accepted octets a second time that an honest {sender} sent once."
            if accepted.emitted
            else f"{who} accepted an update whose octets no honest {sender} ever emitted."
        )
        return Finding(sentence, {"step": accepted.step + 1})
    return None


def _binding_freshness(run: Run[Stage]) -> Finding | None:
    for accepted in accepted_updates(run):
        if accepted.again and accepted.changed:
            who, what = who_keeps(run, accepted.place), " and ".join(accepted.again)
            sentence = f"{who} accepted the octets of an old {what} a second time, and its entry changed."
            return Finding(sentence, {"step": accepted.step + 1})
    return None


def _no_unauthorised_deregistration(run: Run[Stage]) -> Finding | None:
    for accepted in accepted_updates(run):
        lost = None if accepted.honest else lost_binding(run, accepted)
        if lost is not None:
            return Finding(f"{lost} after a packet that nobody entitled sent.", {"step": accepted.step + 1})
    return None


def _stateless(run: Run[Stage]) -> Finding | None:
    for accepted in accepted_updates(run):
        created = accepted.before is None and accepted.after is not None
        if created and not run.bench.vouched_for(accepted):
            who = who_keeps(run, accepted.place)
            sentence = f"{who} made an entry upon a packet in which nothing that it checks takes a secret."
            return Finding(sentence, {"step": accepted.step + 1, "checks_in_force": run.bench.checks_in_force()})
    for wish in run.wishes:
        if not wish.honest:
            sentence = f"{PMA1} keeps that {wish.home_address} wants an optimised path, upon a message without secrets."
            return Finding(sentence, {"step": wish.step + 1, "checks_in_force": []})
    return None


# What was believed, held, and handed upwards.


def _acknowledgement_agreement(run: Run[Stage]) -> Finding | None:
    for belief in run.beliefs:
        if not belief.emitted:
            sentence = f"{belief.who} acted upon {run.bench.words_of(belief.what)} emitted."
            return Finding(sentence, {"step": belief.step + 1, "who": belief.who})
    return None


def _acknowledged_token_agreement(run: Run[Stage]) -> Finding | None:
    """Acknowledgements alone: an answer to a test is the other property's."""
    for belief in run.beliefs:
        if belief.what in ACKNOWLEDGEMENTS and not belief.emitted:
            sentence = f"{belief.who} took a token from {run.bench.words_of(belief.what)} emitted."
            return Finding(sentence, {"step": belief.step + 1, "who": belief.who})
    return None


def _token_secrecy(run: Run[Stage]) -> Finding | None:
    """Agents that shake hands issue no tokens."""
    knowledge = run.bench.knowledge
    valid = {
        kind: [token for token in issued if knowledge.holds(token)] for kind, issued in run.bench.tokens(HOA).items()
    }
    names = [name for name, held in valid.items() if held]
    if not names:
        return None
    how = {name: knowledge.how(valid[name][0]) for name in names}
    sentence = f"The attacker holds the octets of {' and '.join(names)} that the CN accepts for HoA."
    return Finding(sentence, {"how": how})


def _data_origin(run: Run[Stage]) -> Finding | None:
    """Payload that its real sender could not have sent under that source (BCP 38) and that was handed upwards."""
    for receipt in run.receipts:
        if receipt.source in could_send(run, receipt.sender):
            continue
        who = CN if receipt.who == CN else f"the node of {receipt.who}"
        sender = "the attacker" if receipt.sender == ATTACKER else receipt.sender
        sentence = (
            f"{receipt.octets} octets of payload reached the upper layers of {who} as from {receipt.source}; "
            f"{sender} sent them, and ingress filtering would stop every packet of its own with that source."
        )
        details = {
            "step": receipt.step + 1,
            "who": receipt.who,
            "as_from": receipt.source,
            "sent_by": receipt.sender,
            "outer_source": receipt.sent_from,
            "octets": receipt.octets,
        }
        return Finding(sentence, details, receipt.octets)
    return None


# Where traffic goes: payload is really sent.


def _no_redirection(run: Run[Stage], homes: Collection[str] = VICTIMS) -> Finding | None:
    for place, binding in run.bench.bindings(run.now).items():
        last = last_update(run, place)
        if binding is None or not binding.used or last is None or last.honest or place[1] not in homes:
            continue
        found = _redirected(run, last, binding) if binding.care_of in attacker_addresses(run) else None
        if found is not None:
            return found
    return _impersonated(run)


def _redirected(run: Run[Stage], last: Acceptance, binding: Binding) -> Finding | None:
    """Whether payload goes to the attacker by a binding that was changed `last`, or goes there once credit is earned.

    The entry of a PHoTI never earns any: it is unverified, and to verify it takes an update.
    """
    place = last.place
    credit = run.bench.credit(place, run.now)
    left = send(run, place)[binding.care_of]
    address = str(run.bench.addresses[binding.care_of])
    one = is_the_cn(run, place)
    holds = f"{who_keeps(run, place)}'s entry for {place[1]} holds {binding.care_of}"
    details: dict[str, Any] = {} if one else {"agent": place[0]}
    details |= {"care_of_address": address} | ({"verified": binding.verified} if one else {})
    details["octets_received"] = left
    if left:
        source = "the CN" if one else "its node"
        sentence = f"{holds}, and {left} octets that {source} sent to {place[1]} arrived there."
        return Finding(sentence, details, left)
    if not binding.verified and credit < PACKET and last.method != HOME_TEST_INIT:
        return Finding(f"{holds}; it is unverified and without credit, so no payload follows yet.", details, 0)
    return None


def _impersonated(run: Run[Stage]) -> Finding | None:
    """No update makes the binding of a registrant that was misled. It carries traffic at once (N133), or once the
    attacker has completed the registration in the correspondent's place (N138)."""
    place = run.bench.misled(run)
    binding = None if place is None else run.bench.bindings(run.now)[place]
    if place is None or binding is None or binding.care_of != ATTACKER:
        return None
    answered = ""
    left = send(run, place)[ATTACKER]
    if not left and run.bench.impersonate(run):
        answered = "the attacker answered the updates that went there, and "
        left = send(run, place)[ATTACKER]
    if not left:
        return None
    sentence = (
        f"{place[0]}'s entry for {place[1]} holds {ATTACKER}; {answered}{left} octets that the mobile node sent to "
        f"{place[1]} arrived at its address."
    )
    details = {"care_of_address": str(run.bench.addresses[ATTACKER]), "octets_received": left}
    return Finding(sentence, details, left)


def _no_careof_flooding(run: Run[Stage], homes: Collection[str] = (*HOMES, CN_HOME)) -> Finding | None:
    for place, binding in run.bench.bindings(run.now).items():
        aimed = binding is not None and binding.care_of == BYSTANDER and place[1] in homes
        found = _flood(run, place, binding) if binding is not None and aimed else None
        if found is not None:
            return found
    return None


def _flood(run: Run[Stage], place: Place, binding: Binding) -> Finding | None:
    """Earns what the trace's numbers say, sends what they say, and counts at the bystander.

    Agents that shake hands count no credit (4.2), so what would be fair is said of them, and there is no limit to try.
    """
    numbers, limited, knowledge = run.trace.numbers, is_the_cn(run, place), run.bench.knowledge
    earned = run.bench.earned
    if binding.verified:
        earned += earn(run, place, BYSTANDER, int(numbers.get("octets_earned", 0)))
    else:
        earn(run, place, BYSTANDER, int(numbers.get("octets_sent_unverified", 0)))
    received = send(run, place, int(numbers.get("octets_to_bystander", PACKET)))[BYSTANDER]
    details: dict[str, Any] = {"octets_to_bystander": received}
    if limited:
        details["octets_that_could_follow"] = send(run, place, BEYOND * PACKET).total()
    allowed = earned * 7 // 8
    details |= {"octets_earned": earned, "octets_allowed": allowed, "octets_attacker_sent": knowledge.octets_sent}
    if limited:
        details["verified"] = binding.verified
    if received <= allowed:
        return None
    payload, fair = ("", "of credit had been earned") if limited else (f" for {place[1]}", "would be fair")
    sentence = (
        f"The bystander received {received} octets of payload{payload} that it never asked for, where {allowed} octets "
        f"{fair}; the attacker sent {knowledge.octets_sent} octets in all."
    )
    return Finding(sentence, details, received)


def _no_home_flooding(run: Run[Stage]) -> Finding | None:
    for place, binding in run.bench.bindings(run.now).items():
        made = [a for a in run.acceptances if a.place == place and not a.honest and a.after is not None]
        found = _fallback(run, place, made[-1].care_of_address) if binding is None and made else None
        if found is not None:
            return found
    misled = run.bench.misled(run)
    if misled is None or run.bench.bindings(run.now)[misled] is not None:
        return None
    return _fallen_back(run, misled, "where it never was")


def _fallback(run: Run[Stage], place: Place, care_of: str) -> Finding | None:
    """A binding that the attacker made is gone, and what is sent goes to the home address.

    A host of the attacker's own has a right to traffic as long after a home test as return routability allows; where
    no home test is made, it has none.
    """
    own = place[1] == ATTACKER_HOME
    if not own and care_of not in attacker_addresses(run):
        return None
    if not own or not is_the_cn(run, place):
        return _fallen_back(run, place, "which its host has left" if own else "where the attacker never was")
    since = run.now - max(run.bench.home_tests.get(place[1], [float("-inf")]))
    found = _fallen_back(run, place, "") if since > FAIR_SECONDS else None
    if found is None:
        return None
    sentence = (
        f"{found.victim_octets} octets went to {place[1]} {since:g} s after its last home test, longer than the "
        f"{FAIR_SECONDS} s that return routability allows; the attacker's host has left it."
    )
    return Finding(sentence, {**found.details, "seconds_since_home_test": since}, found.victim_octets)


def _fallen_back(run: Run[Stage], place: Place, why_not: str) -> Finding | None:
    """What arrives at the home address, and why nobody is there to take it."""
    left, (keeper, home) = send(run, place)[place[1]], place
    if not left:
        return None
    at = "" if is_the_cn(run, place) else f" at {keeper}"
    details: dict[str, Any] = {} if run.bench.keeper else {"agent": keeper}
    details |= {
        "home_address": str(run.bench.addresses[home]),
        "octets_to_home_address": left,
        "fallback_at": run.now,
    }
    sentence = f"After the attacker's entry{at} ended, {left} octets went to {home}, {why_not}."
    return Finding(sentence, details, left)


JUDGES: Mapping[str, Judge] = {
    "no-redirection": _no_redirection,
    "binding-freshness": _binding_freshness,
    "no-careof-flooding": _no_careof_flooding,
    "no-home-flooding": _no_home_flooding,
    "binding-agreement": _binding_agreement,
    "token-secrecy": _token_secrecy,
    "no-unauthorised-deregistration": _no_unauthorised_deregistration,
    "former-pma-powerless": former_pma_powerless,
    "no-retained-binding": no_retained_binding,
    "no-stale-deregistration": no_stale_deregistration,
    "handover-token-freshness": handover_token_freshness,
    "stateless-before-authentication": _stateless,
    "acknowledgement-agreement": _acknowledgement_agreement,
    "acknowledged-token-agreement": _acknowledged_token_agreement,
    "data-origin": _data_origin,
    "no-uplink-redirection": partial(_no_redirection, homes=UPLINKS),
    "no-uplink-flooding": partial(_no_careof_flooding, homes=UPLINKS),
}
