"""What each field of a message may hold if anybody may have sent it: declared once per message kind.

Grounding runs a receiver's rule on a message whose fields it chooses as the rule reads them
(`pmicheck.grounding.open`). The domain of a field may depend on fields that are chosen already. Sixteen-bit numbers
(sequence numbers, nonce indices, transaction ids) and addresses can be guessed; tokens, cookies, authenticators and
keys have to be known.

One address stands for all addresses of one kind: "attacker" for those at which the attacker receives besides its home
addresses, "bystander" for those of nodes that take no part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pmicheck.language.message import FORGED, NONE, Message, Term
from pmicheck.model.messages import (
    ACCESS,
    CARE_OF_CN,
    CONTEXT,
    HA,
    HA_CN,
    INTERNET,
    PMA_HA,
    TUNNEL,
    Acknowledgement,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    HandoverToken,
    PeerAcknowledgement,
    PeerUpdate,
    Test,
    TestInit,
    Trigger,
    Update,
)
from pmicheck.model.roles.registration import signer
from pmicheck.model.terms import encrypted, private_key
from pmicheck.model.time import current_nonce
from pmicheck.model.topology import (
    ATTACKER,
    CARE_OF,
    CN_HOME,
    COA1,
    COA2,
    FLOOD,
    MN,
    PMA1,
    PMA3,
    VICTIM_HOME,
    key_owner,
)
from pmicheck.model.world import World


class Choice(NamedTuple):
    """What a field may hold.

    Attributes:
        values: the first one is taken for a field that nobody reads.
        honest: (kind, field): whatever messages of honest nodes have there, too.
        secret: each value is a term, several terms or None, and the sender has to know it.
        own: the value is of the sender's own making, neither a true one nor one that it repeats.
    """

    values: tuple[Any, ...]
    honest: tuple[tuple[type[Message], str], ...] = ()
    secret: bool = False
    own: bool = False


Domain = Callable[[Any, World], Choice]
"""From a message, of which it may read other fields, and the world."""


def one(*values: Any) -> Domain:
    """The same values whatever else the message holds."""
    return lambda message, world: Choice(values)


@cache
def addresses(world: World) -> tuple[str, ...]:
    """Care-of addresses that somebody may name."""
    nodes = (COA1, COA2) if not world.proxied else tuple(CARE_OF[pma] for pma in world.agents)
    peers = (CARE_OF[PMA3],) if world.type2 else ()
    return tuple(dict.fromkeys((*_own_addresses(world), *nodes, *peers, *_tested_homes(world))))


def _own_addresses(world: World) -> tuple[str, ...]:
    """Those at which the attacker receives, and the bystander's."""
    return (ATTACKER, FLOOD, *sorted(CARE_OF[pma] for pma in world.corrupted))


def _tested_homes(world: World) -> tuple[str, ...]:
    """Where T and C are not told apart, a victim's home address can pass a care-of test: its C is its T."""
    return () if world.policy.on("token-domain-octet") else world.victims


@cache
def nonces(world: World) -> tuple[int, ...]:
    """The indices that are handed out within the clock's bound."""
    return tuple(range(1, current_nonce(world.bounds.clock) + 1))


@cache
def keys(world: World, home: str) -> tuple[str | None, ...]:
    """Whose CGA parameters may stand in an update for the home address, None for no CGA options."""
    if not world.enhanced:
        return (None,)
    agents = world.agents if world.policy.reads("agent_key", "delegated") else ()
    if world.proxied and world.policy.reads("key_owner", "pma"):
        agents = world.agents
    return tuple(dict.fromkeys((None, key_owner(home), ATTACKER, *agents)))


def _repeats_signatures(message: Any, world: World) -> bool:
    """Whether the update may hold a signature that an honest node made: its number and its care-of address are those
    that were signed. The first agent, once it acts for the attacker, makes signatures under numbers of its own and has
    its old messages; those of others are left out for it."""
    return isinstance(message, Update) and message.key is not None and PMA1 not in world.corrupted


def _number(message: Any, world: World) -> Choice:
    """Numbers of the attacker's own, and those that were signed; for its own home addresses one that passes."""
    if message.home in world.own_homes:
        return Choice((0,))
    signed = ((Update, "seq"),) if _repeats_signatures(message, world) else ()
    return Choice(world.attacker_numbers, honest=signed)


def _credential(message: Any, world: World) -> Choice:
    proxied = ("T", "PT", "HT")
    return Choice(proxied if world.proxied else ("T", "PT") if world.enhanced else ("T",))


def _home_nonce(message: Any, world: World) -> Choice:
    if message.credential != "T" or (not message.lifetime and world.policy.dereg_unauthenticated):
        return Choice((0,))
    return Choice(nonces(world))


def _registrants(world: World) -> tuple[str, ...]:
    return world.agents if world.proxied else (MN,)


def _proxy(message: Any, world: World) -> Choice:
    return Choice(((True,) if world.type2 else (True, False)) if world.proxied else (False,))


def _issued_tokens(message: Any, world: World) -> Choice:
    """A token of the sender's own choice; where answers to the attacker are followed (`Bounds.answers`) also none, or
    what was issued: such an answer may be a true one."""
    chosen: Term = FORGED
    if world.enhanced and world.policy.on("token-encryption"):
        chosen = encrypted(signer(world.policy, message.to, message.home), FORGED)
    if not world.bounds.answers:
        return Choice(((chosen,),), secret=True)
    return Choice(((), (chosen,)), honest=((Acknowledgement, "tokens"),), secret=True)


TESTS = {"PHoTI": "PHoT", "HoTI": "HoT", "CoTI": "CoT"}


def _test_inits(message: Any, world: World) -> Choice:
    if world.type2:
        return Choice(("PHoTI",))
    return Choice(("PHoTI", "HoTI", "CoTI") if world.proxied else ("HoTI", "CoTI"))


def _tests(message: Any, world: World) -> Choice:
    kinds = ("PHoTI",) if world.proxied else ("HoTI",) if world.enhanced else ("HoTI", "CoTI")
    return Choice(tuple(TESTS[kind] for kind in kinds))


def _tested(message: Any, world: World) -> Choice:
    return Choice(addresses(world) if message.kind in ("CoTI", "CoT") else world.homes)


def _asked_for(message: Any, world: World) -> Choice:
    return Choice((COA1, COA2) if message.kind == "CoT" else world.victims)


def _test_link(message: Any, world: World) -> Choice:
    return Choice((CARE_OF_CN if message.kind in ("CoTI", "CoT") else HA_CN,))


def _answer_link(message: Any, world: World) -> Choice:
    return Choice((CARE_OF_CN if message.kind == "CoT" else TUNNEL,))


def _named_in_test(message: Any, world: World) -> Choice:
    return Choice(addresses(world) if world.type2 else (None,))


def _own_first(message: Any, world: World) -> Choice:
    """The outer source of payload; "" for none."""
    return Choice((ATTACKER, "", *(address for address in addresses(world) if address != ATTACKER)))


def _tested_token(message: Any, world: World) -> Choice:
    """A true token beside the right address makes a true answer, which is followed as `Bounds.answers` says."""
    true_address = message.care_of in (None, CARE_OF[PMA3])
    return Choice((FORGED,), secret=True, own=true_address and not world.bounds.answers)


def _homes(message: Any, world: World) -> Choice:
    return Choice(world.homes)


def _victims(message: Any, world: World) -> Choice:
    return Choice(world.victims)


def _peers_nodes(message: Any, world: World) -> Choice:
    """Home addresses that a handshake may be about at this agent."""
    return Choice((CN_HOME,) if message.to in world.agents else world.homes)


def _correspondents(message: Any, world: World) -> Choice:
    return Choice(world.correspondents)


def _addresses(message: Any, world: World) -> Choice:
    return Choice(addresses(world))


def _bound_addresses(message: Any, world: World) -> Choice:
    """Care-of addresses for a home address: the attacker's own, those that were signed or are waited for, and the
    bystander's, which stands for those of all honest nodes: no rule asks whose it is."""
    if message.home in world.own_homes:
        return Choice((ATTACKER, FLOOD, *_tested_homes(world)))
    answering = isinstance(message, PeerUpdate) and message.answers
    named = addresses(world) if answering or _repeats_signatures(message, world) else _own_addresses(world)
    return Choice(tuple(address for address in named if address != message.home))


def _agents(message: Any, world: World) -> Choice:
    return Choice(world.agents)


def _all_agents(message: Any, world: World) -> Choice:
    return Choice((*world.agents, PMA3))


def _ends(message: Any, world: World) -> Choice:
    """Addresses that may stand in payload as its source or destination."""
    peers = (CN_HOME,) if world.type2 else world.correspondents
    return Choice((*world.victims, *peers, ATTACKER, *world.own_homes))


def _receivers_of_data(message: Any, world: World) -> Choice:
    if world.course.reverse_tunnel:
        return Choice((HA,))
    return Choice(tuple(dict.fromkeys((*world.agents, *world.correspondents))))


def _routed_homes(message: Any, world: World) -> Choice:
    return Choice(("", *_ends(message, world).values))


def _reached_at(message: Any, world: World) -> Choice:
    """Where an answer goes to: an agent is at its address, a mobile node at one of those on its way."""
    return Choice((CARE_OF[message.to],) if message.to in CARE_OF else (COA1, COA2, VICTIM_HOME))


_COOKIE = Choice((NONE,), honest=((TestInit, "cookie"),), secret=True)
_PEER_NUMBERS = ((PeerUpdate, "seq"),)
"""An answer names the number of what it answers."""

FIELDS: Mapping[type[Message], Mapping[str, Domain]] = {
    TestInit: {
        "to": _correspondents,
        "kind": _test_inits,
        "address": _tested,
        "cookie": lambda m, w: _COOKIE,
        "link": _test_link,
        "hao": lambda m, w: Choice((None, *w.victims)),
        "at": lambda m, w: Choice((m.to,)),
        "care_of": _named_in_test,
    },
    Test: {
        "to": lambda m, w: Choice(_registrants(w)),
        "kind": _tests,
        "address": _asked_for,
        "nonce": lambda m, w: Choice(nonces(w)),
        "cookie": lambda m, w: _COOKIE,
        "token": _tested_token,
        "link": _answer_link,
        "at": _correspondents,
        "care_of": _named_in_test,
    },
    Update: {
        "to": _correspondents,
        "proxy": _proxy,
        "home": _homes,
        "care_of": _bound_addresses,
        "seq": _number,
        "lifetime": one(True, False),
        "credential": _credential,
        "nonce": _home_nonce,
        "care_of_nonce": lambda m, w: Choice((0, *nonces(w)) if m.lifetime else (0,)),
        "key": lambda m, w: Choice(keys(w, m.home)),
        "test": lambda m, w: Choice((True, False) if w.enhanced else (False,)),
        "sig": lambda m, w: Choice((None,) if m.key is None else (FORGED,), secret=True),
        "mac": lambda m, w: Choice((NONE,), secret=True),
        "link": one(CARE_OF_CN),
        "hao": lambda m, w: Choice((False, True) if m.proxy else (False,)),
    },
    Acknowledgement: {
        "to": lambda m, w: Choice(_registrants(w)),
        "proxy": lambda m, w: Choice((w.proxied,)),
        "care_of": _reached_at,
        "home": _victims,
        "seq": lambda m, w: Choice((0,), honest=((Update, "seq"),)),
        "status": one(0, 138),
        "care_of_token": lambda m, w: Choice((FORGED if m.care_of_nonce else None,), secret=True),
        "care_of_nonce": lambda m, w: Choice((0, *nonces(w)) if w.enhanced else (0,)),
        "tokens": _issued_tokens,
        "mac": lambda m, w: Choice((None,) if m.status else (NONE,), secret=True, own=not w.bounds.answers),
        "link": one(CARE_OF_CN),
        "sig": lambda m, w: Choice((None,), secret=True),
        "at": _correspondents,
    },
    HandoverToken: {
        "to": _agents,
        "home": _victims,
        "token": lambda m, w: Choice((FORGED,), honest=((HandoverToken, "token"),), secret=True),
        "seq": lambda m, w: Choice((0,), honest=((HandoverToken, "seq"),)),
        "tries": one(0),
        "sender": one(PMA1),
        "link": one(TUNNEL),
        "at": _correspondents,
    },
    CacheAnswer: {
        "to": _agents,
        "home": one(CN_HOME),
        "care_of": _addresses,
        "number": lambda m, w: Choice((1,), honest=((CacheRequest, "number"),)),
        "link": one(PMA_HA),
    },
    PeerUpdate: {
        "to": _all_agents,
        "home": _peers_nodes,
        "care_of": _bound_addresses,
        "seq": _number,
        "answers": lambda m, w: Choice((0,), honest=_PEER_NUMBERS if m.to in w.agents else ()),
        "lifetime": one(True, False),
        "proof": lambda m, w: Choice((None,), secret=True),
        "link": lambda m, w: Choice((CARE_OF_CN if m.care_of in CARE_OF.values() else INTERNET,)),
    },
    PeerAcknowledgement: {
        "to": _all_agents,
        "home": _peers_nodes,
        "seq": _number,
        "proof": lambda m, w: Choice((None,), secret=True),
        "link": one(CARE_OF_CN),
    },
    ContextRequest: {
        "to": _agents,
        "home": _victims,
        "asker": lambda m, w: Choice(tuple(agent for agent in w.agents if agent in w.corrupted) or (ATTACKER,)),
        "link": one(CONTEXT),
    },
    ContextData: {
        "to": _agents,
        "home": _victims,
        "peer": lambda m, w: Choice((ATTACKER, CARE_OF[PMA3], FLOOD)),
        "seq": one(1),
        "tries": one(0),
        "key": lambda m, w: Choice((private_key(ATTACKER), private_key(key_owner(m.home))), secret=True),
        "link": one(CONTEXT),
    },
    Data: {
        "to": _receivers_of_data,
        "source": _ends,
        "destination": _ends,
        "outer": _own_first,
        "routing": _routed_homes,
        "link": one(INTERNET),
    },
    Trigger: {"to": one(PMA1), "home": lambda m, w: Choice((*w.victims, CN_HOME)), "link": one(ACCESS)},
}
"""The domains by message kind and field. What home agents and their tunnels pass on is offered to the node behind them:
they keep no state, so whatever they pass on might have come at that moment."""
