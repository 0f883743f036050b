"""Credit that an attacker earns before it floods an address that it cannot verify (RFC 4866 4.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmicheck.bench.names import ATTACKER, BYSTANDER, HOA
from pmicheck.bench.payload import earn
from pmicheck.replay.bench import Fields
from pmicheck.replay.run import Run
from pmicheck.wire.constants import CREDIT_AGING_INTERVAL

if TYPE_CHECKING:
    from pmicheck.bench.registering import Registering


def earn_first(run: Run[Registering], message: Fields) -> Fields:
    """Credit that the trace's numbers say was earned before an unverified flood begins.

    No state of the model holds credit, so its trace lacks the registration that earns it: the attacker registers
    its own care-of address first, by the very token that it uses next, and sends payload from there. An interval of
    ageing passes before it goes on, as the property counts credit.

    Returns:
        The message to go on with: with the handover or permanent token that the earning registration brought, if that
        replaced the one of the trace.
    """
    bench, trace, wanted = run.bench, run.trace, int(run.trace.numbers.get("octets_earned", 0))
    limited = bench.policy.credit_limits and not trace.observation.get("verified", True)
    mine = message["type"] == "Update" and message["care_of"] == BYSTANDER and not message["care_of_nonce"]
    if trace.property != "no-careof-flooding" or not wanted or not limited or not mine:
        return message
    nonce = max(bench.nonces)
    bench.test(run, {"init": "CoTI", "address": ATTACKER, "nonce": nonce})
    mac = message["mac"]
    if mac[0] == "mac":
        mac = ["mac", ["Kbm", mac[1][1], ["C", ATTACKER, nonce]], *mac[2:]]
    number = int(message["seq"]) - 1 if message["home"] == HOA else 0
    first = {**message, "care_of": ATTACKER, "care_of_nonce": nonce, "test": False, "seq": number, "mac": mac}
    forged = bench.forger.forge(first)
    run.send(forged.packet, forged.secrets)
    run.settle()
    bench.earned += earn(run, (bench.keeper, message["home"]), ATTACKER, wanted)
    run.delay += CREDIT_AGING_INTERVAL
    run.now += CREDIT_AGING_INTERVAL
    return _with_newest_token(bench, message)


def _with_newest_token(bench: Registering, message: Fields) -> Fields:
    """The message under the newest pair of tokens instead of the one that it names."""
    mac, issued = message["mac"], bench.pairs.get(message["home"], [])
    if mac[0] != "mac" or mac[1][1][0] not in ("PT", "HT") or not issued:
        return message
    newest = [mac[1][1][0], message["home"], len(issued)]
    return {**message, "mac": ["mac", ["Kbm", newest, mac[1][2]], *mac[2:]]}
