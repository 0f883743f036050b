"""Whether a run ended in the bad state of a property: what the concrete nodes hold, sent and accepted.

One function a property; each can say no, and is asked of the counterfactual run too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any

from pmicheck.concrete.data_steps import could_send
from pmicheck.concrete.execution import Run
from pmicheck.concrete.payload import PACKET, earn, send_payload
from pmicheck.concrete.records import Acceptance
from pmicheck.concrete.stage import (
    AT_HOME,
    ATTACKER,
    ATTACKER_HOME,
    BYSTANDER,
    CARE_OF,
    CN,
    HOA,
    HOMES,
    PMA1,
)
from pmicheck.nodes.correspondent.binding_cache import HOME_TEST_INIT, Entry
from pmicheck.wire.constants import MAX_NONCE_LIFETIME, MAX_RR_BINDING_LIFETIME

BEYOND = 50
"""Packets that are tried after the counted ones, to show whether anything ends the flood."""
FAIR_SECONDS = MAX_NONCE_LIFETIME + MAX_RR_BINDING_LIFETIME
"""Return routability makes certain that a home address was tested as recently as this before traffic falls back."""


@dataclass(frozen=True)
class Finding:
    """The bad state is there: what it consists of, in a sentence, and the figures.

    `victim_octets` counts the payload that arrived where it should not: at a flooded address, or at the attacker's in
    place of the node. None if the judge sent none.
    """

    sentence: str
    details: Mapping[str, Any] = field(default_factory=dict)
    victim_octets: int | None = None


def judge(run: Run) -> Finding | None:
    """The bad state of the trace's property in the run's last state, None if it is not there."""
    return JUDGES[run.trace.property](run)


def cost(run: Run, finding: Finding) -> dict[str, float]:
    """What the bad state took, to be asked right after `judge`.

    Returns:
        packets and octets_sent: all that the attacker sent, headers included; victim_octets: payload that arrived
        at the flooded address, or at the attacker's in place of the node; seconds: from the attacker's first step to
        the bad state, 0 if it takes none.
    """
    sent = run.stage.network.injected
    began = next((run.times[at] for at, step in enumerate(run.trace.steps) if step.attacker), run.now)
    arrived = _diverted(run) if finding.victim_octets is None else finding.victim_octets
    return {
        "packets": len(sent),
        "octets_sent": sum(len(packet) for packet in sent),
        "victim_octets": arrived,
        "seconds": run.now - began,
    }


def _diverted(run: Run) -> int:
    """How much of one payload packet to the victim an update of the attacker's diverts to it or to a bystander."""
    last = _last(run, HOA)
    if last is None or last.honest:
        return 0
    left, towards = send_payload(run, HOA, PACKET)
    return left if towards in {BYSTANDER, *_attacker_addresses(run)} else 0


def _attacker_addresses(run: Run) -> set[str]:
    return {ATTACKER, *(CARE_OF[pma] for pma in run.powers.corrupts)} if run.attacked else set()


def _last(run: Run, home: str, before: int | None = None) -> Acceptance | None:
    """The last accepted update for a home address, if it is of a step before the one given."""
    found = [a for a in run.acceptances if a.home_address == home and (before is None or a.step < before)]
    return found[-1] if found else None


def _no_redirection(run: Run) -> Finding | None:
    entry, last = run.stage.cn.entry(run.stage.addresses[HOA]), _last(run, HOA)
    if entry is None or last is None or last.honest:
        return None
    care_of = run.stage.name_of(entry.care_of_address)
    if care_of not in _attacker_addresses(run):
        return None
    verified, credit = entry.verified, entry.credit
    left, towards = send_payload(run, HOA, PACKET)
    details = {"care_of_address": str(entry.care_of_address), "verified": verified, "octets_received": left}
    if left and towards == care_of:
        return Finding(
            f"The CN's entry for HoA holds {care_of}, and {left} octets that the CN sent to HoA arrived there.",
            details,
            left,
        )
    if not verified and credit < PACKET:
        return Finding(
            f"The CN's entry for HoA holds {care_of}; it is unverified and without credit, so no payload follows yet.",
            details,
            0,
        )
    return None


def _binding_freshness(run: Run) -> Finding | None:
    for accepted in run.acceptances:
        if accepted.again and accepted.changed:
            what = " and ".join(accepted.again)
            sentence = f"The CN accepted the octets of an old {what} a second time, and its entry changed."
            return Finding(sentence, {"step": accepted.step + 1})
    return None


def _binding_agreement(run: Run) -> Finding | None:
    for accepted in run.acceptances:
        if accepted.home_address == HOA and not accepted.honest and accepted.method != HOME_TEST_INIT:
            sentence = (
                "The CN accepted octets a second time that an honest node sent once."
                if accepted.emitted
                else "The CN accepted an update whose octets no honest node ever emitted."
            )
            return Finding(sentence, {"step": accepted.step + 1})
    return None


def _token_secrecy(run: Run) -> Finding | None:
    home = run.stage.addresses[HOA]
    valid = {
        "PT": [t for t in run.stage.cn.permanent_tokens(home) if run.knowledge.holds(t)],
        "HT": [t for t in run.stage.cn.handover_tokens(home) if run.knowledge.holds(t)],
    }
    names = [name for name, held in valid.items() if held]
    if not names:
        return None
    how = {name: run.knowledge.how(valid[name][0]) for name in names}
    sentence = f"The attacker holds the octets of {' and '.join(names)} that the CN accepts for HoA."
    return Finding(sentence, {"how": how})


def _no_unauthorised_deregistration(run: Run) -> Finding | None:
    for accepted in run.acceptances:
        earlier = _last(run, HOA, accepted.step)
        stage, before, after = run.stage, accepted.before, accepted.after
        if accepted.home_address != HOA or accepted.honest or before is None or earlier is None:
            continue
        serving = HOA if accepted.serving == AT_HOME else accepted.serving
        if not earlier.honest or stage.name_of(before.care_of_address) != serving:
            continue
        if after is None or after.care_of_address != before.care_of_address:
            what = "is gone" if after is None else f"now holds {stage.name_of(after.care_of_address)}"
            sentence = f"The honest entry of HoA with {serving} {what} after a packet that nobody entitled sent."
            return Finding(sentence, {"step": accepted.step + 1})
    return None


def _former_pma_powerless(run: Run) -> Finding | None:
    for accepted in run.acceptances:
        rogues = sorted(pma for pma in run.powers.corrupts if CARE_OF[pma] != accepted.serving)
        own = run.attacked and rogues and not accepted.honest
        if own and accepted.home_address == HOA and accepted.secrets is not None and accepted.changed:
            rogue = " and ".join(rogues)
            sentence = f"The CN changed the entry of HoA upon a packet of {rogue}, which does not serve the node."
            return Finding(sentence, {"step": accepted.step + 1, "made_with": list(accepted.secrets)})
    return None


def _stateless(run: Run) -> Finding | None:
    policy = run.stage.policy
    for accepted in run.acceptances:
        created = accepted.before is None and accepted.after is not None
        if not created or accepted.home_address != HOA:
            continue
        made_with = _what_vouches(run, accepted)
        if not made_with:
            sentence = "The CN made an entry upon a packet in which nothing that it checks takes a secret."
            checks = [name for name in ("mac", "home-test", "signature", "cga") if policy.has(name)]
            return Finding(sentence, {"step": accepted.step + 1, "checks_in_force": checks})
    return _unfounded_wish(run)


def _what_vouches(run: Run, accepted: Acceptance) -> list[str]:
    """What of the packet's secrets the correspondent's checks tie to the home address."""
    policy = run.stage.policy
    found: list[str] = []
    if accepted.method == HOME_TEST_INIT:
        return found  # N130, N148
    if policy.has("mac") and policy.has("home-test"):
        found.append("home token")
    signed = accepted.method in ("cga", "signed")
    if signed and policy.has("signature") and policy.has("cga"):
        found.append("signature")
    return found


def data_origin(run: Run) -> Finding | None:
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


def _unfounded_wish(run: Run) -> Finding | None:
    """An agent keeps a wish for route optimisation that the mobile node never sent (N101)."""
    for wish in run.wishes:
        if not wish.honest:
            sentence = f"{PMA1} keeps that {wish.home_address} wants an optimised path, upon a message without secrets."
            return Finding(sentence, {"step": wish.step + 1, "checks_in_force": []})
    return None


def _acknowledgement_agreement(run: Run) -> Finding | None:
    for belief in run.beliefs:
        if not belief.emitted:
            sentence = f"{belief.who} acted upon an answer ({belief.what}) whose octets the CN never emitted."
            return Finding(sentence, {"step": belief.step + 1, "who": belief.who})
    return None


# Flooding: payload is really sent.


def _no_careof_flooding(run: Run) -> Finding | None:
    for home in HOMES:
        entry = run.stage.cn.entry(run.stage.addresses[home])
        if entry is not None and entry.care_of_address == run.stage.addresses[BYSTANDER]:
            return _flood(run, home, entry)
    return None


def _flood(run: Run, home: str, entry: Entry) -> Finding | None:
    """Earns what the trace's numbers say, sends what they say, and counts at the bystander."""
    numbers = run.trace.numbers
    stage, sink = run.stage, run.stage.sinks[BYSTANDER]
    earned = run.earned
    if entry.verified:
        earned += earn(run, home, BYSTANDER, int(numbers.get("octets_earned", 0)))
    else:
        earn(run, home, BYSTANDER, int(numbers.get("octets_sent_unverified", 0)))
    already = sink.payload_octets
    wanted = int(numbers.get("octets_to_bystander", PACKET))
    send_payload(run, home, wanted)
    received = sink.payload_octets - already
    beyond, _ = send_payload(run, home, BEYOND * PACKET)
    allowed = earned * 7 // 8
    details = {
        "octets_to_bystander": received,
        "octets_that_could_follow": beyond,
        "octets_earned": earned,
        "octets_allowed": allowed,
        "octets_attacker_sent": run.knowledge.octets_sent,
        "verified": entry.verified,
    }
    if not received or received <= allowed or stage.addresses[BYSTANDER] != sink.address:
        return None
    sentence = (
        f"The bystander received {received} octets of payload that it never asked for, where {allowed} octets of "
        f"credit had been earned; the attacker sent {run.knowledge.octets_sent} octets in all."
    )
    return Finding(sentence, details, received)


def _no_home_flooding(run: Run) -> Finding | None:
    for home in HOMES:
        finding = _fallback(run, home)
        if finding is not None:
            return finding
    return None


def _fallback(run: Run, home: str) -> Finding | None:
    """An entry that the attacker made is gone, and what the correspondent sends goes to the home address."""
    stage = run.stage
    made = [a for a in run.acceptances if a.home_address == home and not a.honest and a.after is not None]
    if not made or stage.cn.entry(stage.addresses[home]) is not None:
        return None
    taken = made[-1].care_of_address in _attacker_addresses(run)
    own = home == ATTACKER_HOME
    if not own and not taken:
        return None
    since = run.now - max(run.home_tests.get(home, [float("-inf")])) if own else None
    if since is not None and since <= FAIR_SECONDS:
        return None
    left, towards = send_payload(run, home, PACKET)
    if not left or (towards != home and _address(run, towards) != stage.addresses[home]):
        return None
    details = {"home_address": str(stage.addresses[home]), "octets_to_home_address": left, "fallback_at": run.now}
    if since is None:
        sentence = f"After the attacker's entry ended, {left} octets went to {home}, where the attacker never was."
        return Finding(sentence, details, left)
    sentence = (
        f"{left} octets went to {home} {since:g} s after its last home test, longer than the {FAIR_SECONDS} s that "
        "return routability allows; the attacker's host has left it."
    )
    return Finding(sentence, {**details, "seconds_since_home_test": since}, left)


def _address(run: Run, name: str | None) -> IPv6Address | None:
    return None if name is None else run.stage.addresses.get(name)


JUDGES: Mapping[str, Callable[[Run], Finding | None]] = {
    "no-redirection": _no_redirection,
    "binding-freshness": _binding_freshness,
    "no-careof-flooding": _no_careof_flooding,
    "no-home-flooding": _no_home_flooding,
    "binding-agreement": _binding_agreement,
    "token-secrecy": _token_secrecy,
    "no-unauthorised-deregistration": _no_unauthorised_deregistration,
    "former-pma-powerless": _former_pma_powerless,
    "stateless-before-authentication": _stateless,
    "acknowledgement-agreement": _acknowledgement_agreement,
    "data-origin": data_origin,
}
