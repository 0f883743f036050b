"""Hypothesis strategies: every message and option the wire format knows, with values that fit."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from pmicheck.concrete import wire
from pmicheck.concrete.constants import BindingAcknowledgementFlag, BindingUpdateFlag, OptionType
from pmicheck.concrete.wire_messages import KINDS

addresses = st.integers(0, 2**128 - 1).map(IPv6Address)
octet = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
eight = st.binary(min_size=8, max_size=8)
data = st.binary(max_size=255)

unknown_option_types = octet.filter(lambda number: number not in set(OptionType) or number == OptionType.EXPERIMENTAL)

plain_options: st.SearchStrategy[wire.Option] = st.one_of(
    st.builds(wire.BindingRefreshAdviceOption, word),
    st.builds(wire.AlternateCareOfAddressOption, addresses),
    st.builds(wire.NonceIndicesOption, word, word),
    st.builds(wire.MobileNodeIdentifierOption, st.binary(max_size=254), octet),
    st.just(wire.CgaParametersRequestOption()),
    st.builds(wire.SignatureOption, data),
    st.builds(wire.PermanentHomeKeygenTokenOption, data),
    st.just(wire.CareOfTestInitOption()),
    st.builds(wire.CareOfTestOption, eight),
    st.builds(wire.HandoverHomeKeygenTokenOption, data),
    st.builds(wire.MobileNodeHomeAddressOption, addresses),
    st.builds(wire.EncryptedCareOfTestOption, data),
    st.builds(wire.IPv4HomeAddressOption, word, st.integers(0, 2**32 - 1).map(IPv4Address)),
    st.builds(wire.CorrespondentHomeAddressOption, addresses),
    st.builds(wire.BindingUpdateListEntryOption, addresses, addresses, word, st.none() | eight),
    st.just(wire.ExplicitTriggerOption()),
    st.builds(wire.UnknownOption, unknown_option_types, data),
)


@st.composite
def option_tuples(draw: st.DrawFn) -> tuple[wire.Option, ...]:
    """Options in any order, sliced ones at most once, Binding Authorization Data last or not at all."""
    options = draw(st.lists(plain_options, max_size=3))
    if draw(st.booleans()):
        cga_parameters = wire.CgaParametersOption(draw(st.binary(min_size=1, max_size=600)))
        options.insert(draw(st.integers(0, len(options))), cga_parameters)
    if draw(st.booleans()):
        delegation = wire.DelegationOption(draw(st.binary(min_size=1, max_size=600)))
        options.insert(draw(st.integers(0, len(options))), delegation)
    if draw(st.booleans()):
        private_key = wire.PrivateKeyOption(draw(st.binary(min_size=1, max_size=600)))
        options.insert(draw(st.integers(0, len(options))), private_key)
    if draw(st.booleans()):
        options.append(wire.BindingAuthorizationDataOption(draw(st.binary(min_size=12, max_size=12))))
    return tuple(options)


_options = option_tuples()
unknown_messages = st.builds(
    wire.UnknownMessage,
    octet.filter(lambda number: number not in KINDS),
    st.integers(0, 20).flatmap(lambda units: st.binary(min_size=8 * units + 2, max_size=8 * units + 2)),
)
known_messages: st.SearchStrategy[wire.KnownMessage] = st.one_of(
    st.builds(wire.BindingRefreshRequest, _options),
    st.builds(wire.HomeTestInit, eight, _options),
    st.builds(wire.CareOfTestInit, eight, _options),
    st.builds(wire.HomeTest, word, eight, eight, _options),
    st.builds(wire.CareOfTest, word, eight, eight, _options),
    st.builds(wire.BindingUpdate, word, word, word.map(BindingUpdateFlag), _options),
    st.builds(wire.BindingAcknowledgement, octet, word, word, octet.map(BindingAcknowledgementFlag), _options),
    st.builds(wire.BindingError, octet, addresses, _options),
    st.builds(wire.ProxyHomeTestInit, eight, addresses, _options),
    st.builds(wire.ProxyHomeTest, word, eight, eight, addresses, _options),
    st.builds(wire.BindingCacheRequest, word, addresses, _options),
    st.builds(wire.BindingCacheAcknowledgement, word, addresses, addresses, _options),
    st.builds(wire.ContextTransferRequest, word, addresses, _options),
    st.builds(wire.ContextTransferData, word, addresses, _options),
)
messages: st.SearchStrategy[wire.Message] = st.one_of(known_messages, unknown_messages)
