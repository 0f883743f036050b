"""A captured signature under other options: the length that it covers is kept, whatever fills the room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from wire_octets import DESTINATION, SOURCE, decode, with_checksum

from pmicheck.bench.forging.rejoining import filled, through_signature
from pmicheck.wire import codec

LAST = [codec.NonceIndicesOption(4, 4), codec.BindingAuthorizationDataOption()]


@given(st.integers(26, 200), st.integers(1, 200), st.booleans())
def test_the_new_header_is_as_long_as_the_captured_one_and_has_no_empty_filler(
    parameters: int, signature: int, test: bool
) -> None:
    """With a Care-of Test Init captured there is room to fill; the signed part and the signature stay."""
    first = [codec.CgaParametersOption(bytes(parameters)), codec.SignatureOption(bytes(signature))]
    captured = codec.BindingUpdate(1, 9, options=(*first, codec.CareOfTestInitOption(), *LAST))
    header = codec.encode(captured, source=SOURCE, destination=DESTINATION)
    options = [codec.CareOfTestInitOption(), *LAST] if test else LAST
    made = filled(through_signature(header), options, len(header))
    assert made[: len(through_signature(header))] == through_signature(header)
    assert len(made) == len(header)
    assert codec.UnknownOption(18, b"") not in decode(with_checksum(made)).options
