"""Hypothesis strategies: every message and option the wire format knows, with values that fit."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from pmicheck.wire import codec
from pmicheck.wire.constants import BindingAcknowledgementFlag, BindingUpdateFlag
from pmicheck.wire.messages import MESSAGES
from pmicheck.wire.option_kinds import EXPERIMENTAL, OPTIONS

addresses = st.integers(0, 2**128 - 1).map(IPv6Address)
octet = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
eight = st.binary(min_size=8, max_size=8)
data = st.binary(max_size=255)

unknown_option_types = octet.filter(lambda number: number not in OPTIONS or number == EXPERIMENTAL)

plain_options: st.SearchStrategy[codec.Option] = st.one_of(
    st.builds(codec.BindingRefreshAdviceOption, word),
    st.builds(codec.AlternateCareOfAddressOption, addresses),
    st.builds(codec.NonceIndicesOption, word, word),
    st.builds(codec.MobileNodeIdentifierOption, st.binary(max_size=254), octet),
    st.just(codec.CgaParametersRequestOption()),
    st.builds(codec.SignatureOption, data),
    st.builds(codec.PermanentHomeKeygenTokenOption, data),
    st.just(codec.CareOfTestInitOption()),
    st.builds(codec.CareOfTestOption, eight),
    st.builds(codec.HandoverHomeKeygenTokenOption, data),
    st.builds(codec.MobileNodeHomeAddressOption, addresses),
    st.builds(codec.EncryptedCareOfTestOption, data),
    st.builds(codec.IPv4HomeAddressOption, word, st.integers(0, 2**32 - 1).map(IPv4Address)),
    st.builds(codec.CorrespondentHomeAddressOption, addresses),
    st.builds(codec.BindingUpdateListEntryOption, addresses, addresses, word, st.none() | eight),
    st.just(codec.ExplicitTriggerOption()),
    st.builds(codec.UnknownOption, unknown_option_types, data),
)


@st.composite
def option_tuples(draw: st.DrawFn) -> tuple[codec.Option, ...]:
    """Options in any order, sliced ones at most once, Binding Authorization Data last or not at all."""
    options = draw(st.lists(plain_options, max_size=3))
    if draw(st.booleans()):
        cga_parameters = codec.CgaParametersOption(draw(st.binary(min_size=1, max_size=600)))
        options.insert(draw(st.integers(0, len(options))), cga_parameters)
    if draw(st.booleans()):
        delegation = codec.DelegationOption(draw(st.binary(min_size=1, max_size=600)))
        options.insert(draw(st.integers(0, len(options))), delegation)
    if draw(st.booleans()):
        private_key = codec.PrivateKeyOption(draw(st.binary(min_size=1, max_size=600)))
        options.insert(draw(st.integers(0, len(options))), private_key)
    if draw(st.booleans()):
        options.append(codec.BindingAuthorizationDataOption(draw(st.binary(min_size=12, max_size=12))))
    return tuple(options)


_options = option_tuples()
unknown_messages = st.builds(
    codec.UnknownMessage,
    octet.filter(lambda number: number not in MESSAGES),
    st.integers(0, 20).flatmap(lambda units: st.binary(min_size=8 * units + 2, max_size=8 * units + 2)),
)
known_messages: st.SearchStrategy[codec.KnownMessage] = st.one_of(
    st.builds(codec.BindingRefreshRequest, options=_options),
    st.builds(codec.HomeTestInit, eight, options=_options),
    st.builds(codec.CareOfTestInit, eight, options=_options),
    st.builds(codec.HomeTest, word, eight, eight, options=_options),
    st.builds(codec.CareOfTest, word, eight, eight, options=_options),
    st.builds(codec.BindingUpdate, word, word, word.map(BindingUpdateFlag), options=_options),
    st.builds(codec.BindingAcknowledgement, octet, word, word, octet.map(BindingAcknowledgementFlag), options=_options),
    st.builds(codec.BindingError, octet, addresses, options=_options),
    st.builds(codec.ProxyHomeTestInit, eight, addresses, options=_options),
    st.builds(codec.ProxyHomeTest, word, eight, eight, addresses, options=_options),
    st.builds(codec.BindingCacheRequest, word, addresses, options=_options),
    st.builds(codec.BindingCacheAcknowledgement, word, addresses, addresses, options=_options),
    st.builds(codec.ContextTransferRequest, word, addresses, options=_options),
    st.builds(codec.ContextTransferData, word, addresses, options=_options),
)
messages: st.SearchStrategy[codec.Message] = st.one_of(known_messages, unknown_messages)
