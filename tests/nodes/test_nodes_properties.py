"""Whatever arrives, a node never raises, keeps only what the draft or an RFC orders, and answers only where it has to.

Packets are valid ones with any field changed and good checksums, and updates that their sender could authenticate. What
a node may send and keep is stated here once more, from the texts and not from the nodes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Any

from exchanges import UNUSABLE, ask, correspondent, message, plain_update, return_routability
from hypothesis import assume, given
from hypothesis import strategies as st
from mutations import mutated, some_address
from peer_world import CN_HOME, HOME_AGENT_2, PMA3, PeerWorld
from type2_world import CN4, Type2World
from wire_strategies import option_tuples, word
from world import (
    ATTACKER,
    CARE_OF_1,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    PLAIN_HOME,
    PMA1,
    PMA2,
    ProxyWorld,
    mobile_world,
    policy,
)

from pmicheck.bench.links import Links
from pmicheck.errors import WireError
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.correspondent.bindings import Bindings
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.node import Node
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingErrorStatus, BindingUpdateFlag, Status
from pmicheck.wire.packet import MobilityHeader, Packet, UdpDatagram

STRICT = policy()
OPEN = policy(
    "mac", "mac-of-ack", "cookie", "sequence-number", "tunnel-esp", "ha-outer-source-check", "outer-source-check"
)
"""With checks switched off that a changed packet would fail: what lies behind them is reached."""
policies = st.sampled_from([STRICT, OPEN])
WITHOUT_MAC = {Status.EXPIRED_HOME_NONCE_INDEX, Status.EXPIRED_CARE_OF_NONCE_INDEX, Status.EXPIRED_NONCES}


def _corpus(*networks: Links) -> list[Packet]:
    return [Packet.from_bytes(octets) for network in networks for _, octets in network.capture]


def _routable(address: IPv6Address) -> bool:
    """RFC 6275 6.1.7, written down a second time."""
    first = int(address) >> 112
    return int(address) > 1 and first < 0xFF00 and first & 0xFFC0 != 0xFE80


def _happened(node: Node, since: int) -> set[str]:
    return {event.kind for event in node.log[since:]}


# A type 1 correspondent.


def _bound_correspondent(chosen: Policy) -> CorrespondentNode:
    """One with a binding by return routability and one by proxy, tokens and all."""
    world = ProxyWorld(chosen)
    world.register()
    ask(world.cn, plain_update(return_routability(world.cn)))
    return world.cn


def _lives() -> list[Packet]:
    world = ProxyWorld()
    world.register()
    world.pma1.send_payload(HOME, CORRESPONDENT, 10, 0)
    world.pma1.refresh(HOME, CORRESPONDENT, 0)
    world.network.settle(0)
    world.pma1.deregister(HOME, CORRESPONDENT, 0)
    world.network.settle(0)
    network, mn, _, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    mn.send_payload(CORRESPONDENT, 10, 0)
    network.settle(0)
    return _corpus(world.network, network)


LIVES = _lives()


def _kept(bindings: Bindings) -> Any:
    """All that a correspondent remembers of others, credit left out."""
    parts = {**vars(bindings.cache), **vars(bindings.handover_tokens), **vars(bindings._here.memory)}
    entries = {home: _without_credit(entry) for home, entry in parts.pop("_entries").items()}
    del parts["_policy"], parts["_nonces"]
    return copy.deepcopy((entries, parts))


def _without_credit(entry: Entry) -> dict[str, object]:
    return {name: value for name, value in vars(entry).items() if not name.startswith("credit")}


def _assert_entries_are_bindings(entries: Iterable[Entry], own: IPv6Address) -> None:
    """RFC 6275 3.2, 6.1.7, 9.5.1."""
    for entry in entries:
        assert _routable(entry.home_address)
        assert _routable(entry.care_of_address)
        assert entry.care_of_address not in (entry.home_address, own)


ANSWERS: dict[type[codec.Message], type[codec.Message]] = {
    codec.HomeTestInit: codec.HomeTest,
    codec.CareOfTestInit: codec.CareOfTest,
    codec.ProxyHomeTestInit: codec.ProxyHomeTest,
    codec.BindingUpdate: codec.BindingAcknowledgement,
    codec.UnknownMessage: codec.BindingError,
}


def _assert_answer_is_due(cn: CorrespondentNode, packet: Packet, answer: Packet) -> None:
    """RFC 6275 9.2, 9.3.3, 9.4, 9.5.4; RFC 4866 4.3."""
    assert (answer.source, answer.destination) == (CORRESPONDENT, packet.source)
    assert _routable(packet.source)
    assert packet.source != CORRESPONDENT
    assert packet.routing_home_address is answer.home_address is None
    said = message(answer)
    if isinstance(packet.payload, UdpDatagram):
        assert packet.home_address is not None
        assert said == codec.BindingError(BindingErrorStatus.UNKNOWN_BINDING, packet.home_address)
        return
    assert isinstance(packet.payload, MobilityHeader)
    asked = message(packet)
    assert type(said) is ANSWERS[type(asked)]
    if isinstance(asked, codec.BindingUpdate) and isinstance(said, codec.BindingAcknowledgement):
        assert answer.routing_home_address == packet.home_address
        _assert_acknowledgement_is_due(cn, asked, said, answer.destination)
    else:
        assert answer.routing_home_address is None
        assert packet.home_address is None or isinstance(asked, codec.UnknownMessage)


def _assert_acknowledgement_is_due(
    cn: CorrespondentNode, asked: codec.BindingUpdate, said: codec.BindingAcknowledgement, destination: IPv6Address
) -> None:
    has = {type(option) for option in asked.options}
    indices = codec.option_of(asked, codec.NonceIndicesOption)
    if said.status == Status.ACCEPTED:
        early = asked.lifetime and indices is not None and indices.care_of == 0
        asks = codec.CareOfTestInitOption in has and early
        assert asked.flags & BindingUpdateFlag.ACKNOWLEDGE or codec.CgaParametersOption in has or asks
        assert said.lifetime <= asked.lifetime
        assert codec.option_of(said, codec.BindingAuthorizationDataOption) is not None
    elif said.status in WITHOUT_MAC:
        assert said.options == ()
    token = codec.option_of(said, codec.CareOfTestOption)
    if token is not None:
        named = codec.option_of(said, codec.NonceIndicesOption)
        assert named is not None
        assert asked.lifetime
        assert token.token == cn.care_of_keygen_token(named.care_of, destination)


def _give(cn: CorrespondentNode, packet: Packet) -> None:
    before, since = _kept(cn._bindings), len(cn.log)
    answers = ask(cn, packet)
    assert len(answers) <= 1
    for answer in answers:
        _assert_answer_is_due(cn, packet, answer)
    _assert_entries_are_bindings(cn.entries(), CORRESPONDENT)
    if "accepted-binding-update" not in _happened(cn, since):
        assert _kept(cn._bindings) == before


@given(st.data(), policies)
def test_a_correspondent_takes_changed_packets(data: st.DataObject, chosen: Policy) -> None:
    packet = data.draw(st.sampled_from(LIVES).flatmap(mutated))
    _give(_bound_correspondent(chosen), packet)


@given(
    source=some_address(),
    home=st.sampled_from([PLAIN_HOME, ATTACKER, HOME]) | some_address(),
    named=st.booleans(),
    alternate=st.none() | some_address(),
    sequence=word,
    lifetime=st.sampled_from([0, 1, 105, 0xFFFF]),
    flags=st.sampled_from([0, 0x8000, 0x4000, 0xC000]) | word,
    way=st.sampled_from(["complete", "early", "deletes"]),
    others=option_tuples(),
    bound=st.booleans(),
)
def test_a_correspondent_takes_updates_whose_mac_is_right(
    source: IPv6Address,
    home: IPv6Address,
    named: bool,
    alternate: IPv6Address | None,
    sequence: int,
    lifetime: int,
    flags: int,
    way: str,
    others: tuple[codec.Option, ...],
    bound: bool,
) -> None:
    """The tokens are those of the addresses in the update, wherever the sender has them from."""
    cn = _bound_correspondent(STRICT) if bound else correspondent()
    home = home if named else source
    care_of_address = alternate or source
    index = cn.rotate_nonce(0)
    tests = return_routability(cn)
    tests = type(tests)(
        codec.HomeTest(index, b"", cn.home_keygen_token(index, home) or b""),
        codec.CareOfTest(index, b"", cn.care_of_keygen_token(index, care_of_address) or b""),
    )
    _give(
        cn,
        _or_nothing(
            tests,
            source=source,
            home=home,
            home_address_option=named,
            alternate=alternate,
            sequence=sequence,
            lifetime=lifetime,
            flags=BindingUpdateFlag(flags),
            early=way == "early",
            deletes=way == "deletes",
            others=tuple(option for option in others if not isinstance(option, codec.BindingAuthorizationDataOption)),
        ),
    )


def _or_nothing(*args: Any, **options: Any) -> Packet:
    try:
        return plain_update(*args, **options)
    except WireError:
        assume(False)
        raise


# A home agent.


@given(st.data(), policies)
def test_a_home_agent_passes_on_or_answers_and_learns_nothing(data: st.DataObject, chosen: Policy) -> None:
    """RFC 6275 10.4; N112, N126, N127."""
    packet = data.draw(st.sampled_from(LIVES + PEERS).flatmap(mutated))
    world = ProxyWorld(chosen)
    before = dict(world.ha._bindings)
    sent = ask(world.ha, packet, protected=data.draw(st.booleans()))
    assert world.ha._bindings == before
    assert len(sent) <= 1
    for each in sent:
        assert _routable(packet.source)
        if packet.destination == HOME:
            assert each == Packet(HOME_AGENT, PMA1, packet)
        elif isinstance(packet.payload, Packet):
            assert each == packet.payload
            assert _routable(each.source)
            assert _routable(each.destination)
        else:
            assert (each.source, each.destination) == (HOME_AGENT, packet.source)
            assert isinstance(message(each), codec.BindingCacheAcknowledgement | codec.BindingError)


# Agents and mobile nodes, which wait for answers.


@given(st.data(), policies)
def test_an_agent_sends_to_whom_it_has_begun_to_talk_to(data: st.DataObject, chosen: Policy) -> None:
    packet = data.draw(st.sampled_from(LIVES).flatmap(mutated))
    world = ProxyWorld(chosen)
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    world.step_until(world.pma1, data.draw(st.sampled_from(["started-home-test", "sent-early", "sent-complete"])), 0)
    agent = world.pma1
    known = [item.correspondent for item in agent.registrations(HOME)]
    for sent in ask(agent, packet, protected=data.draw(st.booleans())):
        if isinstance(sent.payload, Packet):
            assert sent.destination == HOME_AGENT
        elif isinstance(message(sent), codec.BindingError):
            assert sent.destination == packet.source
            assert _routable(sent.destination)
        else:
            assert sent.destination == CORRESPONDENT
    assert [item.correspondent for item in agent.registrations(HOME)] == known
    assert list(agent._profiles) == [HOME]


@given(st.data(), policies)
def test_a_mobile_node_sends_to_whom_it_has_begun_to_talk_to(data: st.DataObject, chosen: Policy) -> None:
    packet = data.draw(st.sampled_from(LIVES).flatmap(mutated))
    network, mn, _, ha = mobile_world(chosen)
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.collect(0)
    for sent in ask(mn, packet, protected=data.draw(st.booleans())):
        inner = sent.payload if isinstance(sent.payload, Packet) else sent
        if isinstance(message(inner), codec.BindingError):
            assert _routable(inner.destination)
        else:
            assert inner.destination == CORRESPONDENT
        assert inner is sent or sent.destination == HOME_AGENT
    assert list(mn._registrations) == [CORRESPONDENT]


# Agents among agents.


def _peers(chosen: Policy) -> PeerWorld:
    world = PeerWorld(chosen)
    world.handshake()
    world.move_to_pma2(1)
    world.pma3.start_handshake(CN_HOME, HOME, HOME_AGENT, 1)
    world.network.collect(1)
    return world


def _handover() -> list[Packet]:
    world = _peers(policy(context_transfer="unauthenticated"))
    world.network.settle(1)
    return _corpus(world.network)


PEERS = _handover()
PLAIN_PEERS = policy(context_transfer="unauthenticated")
SURE_PEERS = policy(pma_auth="attachment", handshake_effective="third")


@given(st.data(), st.sampled_from([PLAIN_PEERS, SURE_PEERS]))
def test_an_agent_among_agents_keeps_bindings_and_speaks_to_agents(data: st.DataObject, chosen: Policy) -> None:
    packet = data.draw(st.sampled_from(PEERS).flatmap(lambda each: mutated(each, PMA3, CN_HOME, HOME_AGENT_2)))
    world = _peers(chosen)
    for agent in (world.pma1, world.pma2, world.pma3):
        profiles, bindings, since = set(agent._profiles), dict(agent._proxy_bindings._bindings), len(agent.log)
        peers = {PMA1, PMA2, PMA3, HOME_AGENT, HOME_AGENT_2}
        for sent in ask(agent, packet, 1, protected=data.draw(st.booleans())):
            named = {item.peer for item in agent._peers.values()}
            assert sent.destination in peers | named | {packet.source}
            assert _routable(sent.destination)
        happened = _happened(agent, since)
        if "installed-context" not in happened:
            assert set(agent._profiles) == profiles
        if not happened & {"accepted-peer-update", "accepted-peer-acknowledgement"}:
            assert agent._proxy_bindings._bindings == bindings
        for binding in agent._proxy_bindings._bindings.values():
            assert _routable(binding.home_address)
            assert _routable(binding.care_of_address)
            assert binding.care_of_address != binding.home_address


# Type 2 correspondents.


def _both_sides() -> list[Packet]:
    world = Type2World()
    world.register()
    world.pma3.send_payload(CN4, HOME, 10, 0)
    world.network.settle(0)
    return _corpus(world.network)


BOTH_SIDES = _both_sides()


@given(st.data(), policies, st.sampled_from(["pma", "cn"]), st.booleans())
def test_a_type_2_correspondent_keeps_bindings_and_learns_where_to_send(
    data: st.DataObject, chosen: Policy, scope: str, registered: bool
) -> None:
    packet = data.draw(st.sampled_from(BOTH_SIDES).flatmap(lambda each: mutated(each, CN4)))
    world = Type2World(Policy({"kcn_scope": scope}, chosen.without))
    if registered:
        world.register()
    else:
        world.pma1.start_home_test(HOME, CN4, 0)
        world.network.collect(0)
    bindings = world.pma3.bindings(CN4)
    before, since = _kept(bindings), len(world.pma3.log)
    for agent in (world.pma3, world.pma1):
        for sent in ask(agent, packet, protected=data.draw(st.booleans())):
            assert _routable(sent.destination)
            assert not isinstance(sent.payload, Packet) or _routable(sent.payload.destination)
    own = CN4 if scope == "cn" else world.pma3.address
    _assert_entries_are_bindings((e for e in bindings.cache.entries() if e.method != "home-test-init"), own)
    for entry in bindings.cache.entries():
        assert _routable(entry.home_address)
        assert _routable(entry.care_of_address)
    if not _happened(world.pma3, since) & {"accepted-binding-update", "made-by-home-test-init"}:
        assert _kept(bindings) == before
    assert all(_routable(address) for address in world.pma1._care_of.values())


def test_the_second_writing_agrees_about_addresses_of_each_kind() -> None:
    assert [address for address in UNUSABLE if _routable(address)] == []
    assert all(map(_routable, (HOME, CORRESPONDENT, ATTACKER, IPv6Address("fec0::1"), IPv6Address("fe00::1"))))
