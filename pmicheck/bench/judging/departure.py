"""Judges of what a PMA does and leaves at correspondents when it does not serve the node."""

from __future__ import annotations

from pmicheck.bench.judging.acceptances import accepted_updates, is_the_cn, last_update, lost_binding, who_keeps
from pmicheck.bench.names import CARE_OF, HOA
from pmicheck.bench.payload import send
from pmicheck.bench.stage import Stage
from pmicheck.nodes.correspondent.nonces import HANDOVER_INDEX
from pmicheck.replay.knowledge import update_in
from pmicheck.replay.records import Finding
from pmicheck.replay.run import Run
from pmicheck.wire.constants import MAX_CGA_BINDING_LIFETIME, MAX_RR_BINDING_LIFETIME
from pmicheck.wire.packet import Packet


def former_pma_powerless(run: Run[Stage]) -> Finding | None:
    """A packet of the attacker's changes a binding while a PMA of its own does not serve the node."""
    for accepted in accepted_updates(run):
        rogues = sorted(pma for pma in run.powers.corrupts if CARE_OF[pma] != accepted.serving)
        own = run.attacked and rogues and not accepted.honest
        if own and accepted.secrets is not None and accepted.changed:
            whose = "the" if is_the_cn(run, accepted.place) else "its"
            sentence = (
                f"{who_keeps(run, accepted.place)} changed {whose} entry of {accepted.home_address} upon a packet of "
                f"{' and '.join(rogues)}, which does not serve the node."
            )
            return Finding(sentence, {"step": accepted.step + 1, "made_with": list(accepted.secrets)})
    return None


def no_retained_binding(run: Run[Stage]) -> Finding | None:
    """Payload is sent once every binding of return routability would have ended (RFC 6275 12: 420 s)."""
    rogues = {CARE_OF[pma] for pma in run.powers.corrupts} if run.attacked else set()
    waited = MAX_RR_BINDING_LIFETIME + 1
    run.now += waited
    run.bench.advance(run.now)
    for place, binding in run.bench.bindings(run.now).items():
        last = last_update(run, place)
        if binding is None or last is None or not last.honest or place[1] != HOA:
            continue
        if binding.care_of not in rogues or binding.care_of == run.bench.serving:
            continue
        arrived = send(run, place)[binding.care_of]
        if arrived:
            sentence = (
                f"{who_keeps(run, place)} still had {binding.care_of} in the entry for {place[1]} {waited} s after the "
                f"node had left it, and {arrived} octets of payload arrived there."
            )
            return Finding(sentence, {"care_of_address": binding.care_of, "seconds_waited": waited}, arrived)
    return None


def no_stale_deregistration(run: Run[Stage]) -> Finding | None:
    """An honest update, accepted for the first time, ends or replaces the binding of where the node is now."""
    for accepted in accepted_updates(run):
        lost = lost_binding(run, accepted) if accepted.honest else None
        if lost is not None:
            return Finding(f"{lost} after a packet of an honest agent that came late.", {"step": accepted.step + 1})
    return None


def handover_token_freshness(run: Run[Stage]) -> Finding | None:
    """A token is at least as old as the last honest update before, since only one that is accepted brings a token."""
    for accepted in accepted_updates(run):
        earlier, sighting = last_update(run, accepted.place, accepted.step), run.sightings.get(accepted.step)
        update = None if sighting is None else update_in(Packet.from_bytes(sighting.packet))
        if accepted.honest or earlier is None or not earlier.honest or update is None:
            continue
        age = run.time_of(accepted.step) - run.time_of(earlier.step)
        if update.indices[0] == HANDOVER_INDEX and age > MAX_CGA_BINDING_LIFETIME:
            sentence = (
                f"{who_keeps(run, accepted.place)} accepted an update by a handover token that is {age:.0f} s old or "
                f"more; no binding lasts longer than {MAX_CGA_BINDING_LIFETIME} s."
            )
            return Finding(sentence, {"step": accepted.step + 1, "made_with": list(accepted.secrets or ())})
    return None
