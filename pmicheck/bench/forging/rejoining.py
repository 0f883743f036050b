"""A captured signature under options of one's own: what makes room in the octets that it does not cover."""

from __future__ import annotations

from collections.abc import Sequence

from pmicheck.replay.knowledge import Lacking
from pmicheck.wire import codec
from pmicheck.wire.options import encode_options

_FILLER = 18
"""Option type for experiments (RFC 5096), which a receiver skips; tshark takes one without data for malformed."""


def through_signature(header: bytes) -> bytes:
    """The header up to the end of its Signature option, which directly follows the part that is signed."""
    end = len(codec.signed_part(header))
    return header[: end + 2 + header[end + 1]]


def filled(prefix: bytes, options: Sequence[codec.Option], total: int) -> bytes:
    """The prefix with these options, filled up to the length that the signature covers in Header Len.

    Where there is no room a Care-of Test Init stays out, which no correspondent misses in a signed update.

    Raises:
        Lacking: the options do not fit into that length.
    """
    bare = [option for option in options if not isinstance(option, codec.CareOfTestInitOption)]
    for chosen in (options, bare):
        for filler in range(24):
            extra = [codec.UnknownOption(_FILLER, bytes(filler))] if filler else []
            header = prefix + encode_options([*extra, *chosen], len(prefix))
            if len(header) == total:
                return header
    raise Lacking("room for these options in the length that the signature covers")
