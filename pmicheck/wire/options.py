"""Mobility options as octets: the TLVs after the fixed part of a header (RFC 6275 6.2, RFC 4866 5).

Padding is no option here: the encoder puts it in where the alignment column of protocol-facts 1.3 asks for
it, the decoder takes it out. Alignment is the sender's duty; the decoder does not insist on it. It does
insist that every length fits, and that nothing follows the Binding Authorization Data, since a MAC that is
not last does not cover what follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pmicheck.errors import WireError
from pmicheck.wire.constants import MAX_OPTION_DATA_OCTETS
from pmicheck.wire.fields import FORMATS, Format, read, write
from pmicheck.wire.option_kinds import (
    OPTIONS,
    PAD1,
    PADN,
    BindingAuthorizationDataOption,
    Option,
    UnknownOption,
)

_UNKNOWN = Format("unknown option", "RFC 6275 6.2.1")


def encode_options(options: Sequence[Option], start: int) -> bytes:
    """The options in the order given, aligned and padded so that the header ends on a multiple of 8 octets.

    Args:
        start: offset of the first option in the mobility header.

    Raises:
        WireError: a value does not fit, or the order is one that no receiver could read back.
    """
    written = bytearray()
    previous: Option | None = None
    for index, option in enumerate(options):
        at = start + len(written)
        if isinstance(option, BindingAuthorizationDataOption) and index != len(options) - 1:
            raise WireError(at, "the Binding Authorization Data as the last option", f"option {index + 1}")
        format = FORMATS.get(type(option), _UNKNOWN)
        if format.further and type(option) is type(previous):
            raise WireError(at, f"one {format.title}, since receivers join adjacent ones", "two")
        modulus, remainder = format.alignment
        written += _padding((remainder - at) % modulus)
        written += _encode_option(option, start + len(written))
        previous = option
    written += _padding(-(start + len(written)) % 8)
    return bytes(written)


def _padding(octets: int) -> bytes:
    if octets < 2:
        return bytes([PAD1] * octets)
    return bytes([PADN, octets - 2]) + bytes(octets - 2)


def _encode_option(option: Option, at: int) -> bytes:
    if isinstance(option, UnknownOption):
        if option.option_type in (PAD1, PADN) or OPTIONS.get(option.option_type, _UNKNOWN).kind is not None:
            raise WireError(at, "a type that has no class of its own in an UnknownOption", str(option.option_type))
        if not 0 <= option.option_type <= 255:
            raise WireError(at, "an option type between 0 and 255", str(option.option_type))
        return _tlv(option.option_type, option.data, at)
    format = FORMATS[type(option)]
    data = write(option, format.rows, at + 2)
    if not format.further:
        return _tlv(format.number, data, at)
    if not data:
        raise _empty(format, at)
    step = MAX_OPTION_DATA_OCTETS
    return b"".join(_tlv(format.number, data[i : i + step], at) for i in range(0, len(data), step))


def _empty(format: Format, at: int) -> WireError:
    """What is wrong with a sliced option without data."""
    return WireError(at + 1, f"{format.rows[0].name} of at least one octet", "none")


def _tlv(option_type: int, data: bytes, at: int) -> bytes:
    if len(data) > MAX_OPTION_DATA_OCTETS:
        raise WireError(at + 1, f"at most {MAX_OPTION_DATA_OCTETS} octets of option data", f"{len(data)} octets")
    return bytes([option_type, len(data)]) + data


@dataclass(frozen=True, slots=True)
class RawOption:
    """One TLV as it stands in a header: offset of its Type octet, and where its data begins and ends."""

    option_type: int
    offset: int
    data_start: int
    data_end: int


def walk_options(header: bytes, start: int) -> Iterator[RawOption]:
    """Every TLV from `start` to the end of the header, padding included, in order.

    Raises:
        WireError: an option does not fit into the header.
    """
    at = start
    while at < len(header):
        option_type = header[at]
        if option_type == PAD1:
            yield RawOption(option_type, at, at + 1, at + 1)
            at += 1
            continue
        if at + 2 > len(header):
            raise WireError(at + 1, "a length octet", "the end of the header")
        end = at + 2 + header[at + 1]
        if end > len(header):
            raise WireError(at + 1, f"at most {len(header) - at - 2} octets of option data", f"{header[at + 1]} octets")
        yield RawOption(option_type, at, at + 2, end)
        at = end


def decode_options(header: bytes, start: int) -> tuple[Option, ...]:
    """The options of a header without padding, slices of one sliced option joined.

    Raises:
        WireError: an option does not fit, has a wrong length, or follows the Binding Authorization Data.
    """
    options: list[Option] = []
    previous: RawOption | None = None
    for raw in walk_options(header, start):
        if options and isinstance(options[-1], BindingAuthorizationDataOption):
            raise WireError(raw.offset, "nothing after the Binding Authorization Data", f"option {raw.option_type}")
        if raw.option_type not in (PAD1, PADN):
            option = _decode_option(header, raw)
            options.append(_joined(options.pop(), option) if _continues(raw, previous) else option)
        previous = raw
    return tuple(options)


def _continues(raw: RawOption, previous: RawOption | None) -> bool:
    """Whether `raw` is a further slice of what it follows; only a full slice may have one (RFC 4866 5.1)."""
    format = OPTIONS.get(raw.option_type, _UNKNOWN)
    if previous is None or raw.option_type != previous.option_type or not format.further:
        return False
    length = previous.data_end - previous.data_start
    if length != MAX_OPTION_DATA_OCTETS:
        expected = f"{MAX_OPTION_DATA_OCTETS} octets in a {format.title} that another one follows"
        raise WireError(previous.offset + 1, expected, f"{length} octets")
    return True


def _joined(first: Option, second: Option) -> Option:
    """Two slices as one option, whose one field holds the octets of both."""
    (row,) = FORMATS[type(first)].rows
    octets = b"".join(getattr(each, row.value) for each in (first, second))
    return type(first)(**{row.value: octets})


def _decode_option(header: bytes, raw: RawOption) -> Option:
    format = OPTIONS.get(raw.option_type, _UNKNOWN)
    if format.kind is None:
        return UnknownOption(raw.option_type, header[raw.data_start : raw.data_end])
    values, end = read(header, raw.data_start, raw.data_end, format.rows)
    found = raw.data_end - raw.data_start
    if end != raw.data_end:
        raise WireError(raw.offset + 1, f"length {end - raw.data_start} of option {raw.option_type}", str(found))
    if format.further and not found:
        raise _empty(format, raw.offset)
    option: Option = format.kind(**values)
    return option
