"""Where a finding is shown: the file of its scenario, as a path from the project's root, never one of a machine."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote

from pmicheck.report.names import safe_name
from pmicheck.report.record.record import Record

SHIPPED = "pmicheck/model/scenarios"
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""The scheme of a URI (RFC 3986 3.1), or a drive."""


def scenario_path(record: Record, scenario: str) -> str:
    """The file of `scenario` as the record knows it; else where it would be if it were shipped."""
    return relative(record.files.get(scenario, "")) or f"{SHIPPED}/{safe_name(scenario)}.toml"


def relative(path: str) -> str:
    """`path` without steps upwards. Of an absolute one nothing is left but the last name: the rest is one machine's."""
    slashes = path.replace("\\", "/")
    scheme = SCHEME.match(slashes)
    within = posixpath.normpath(slashes[scheme.end() if scheme else 0 :])
    parts = [part for part in within.split("/") if part not in ("", ".", "..")]
    return "/".join(parts[-1:] if scheme or within.startswith("/") else parts)


def uri(path: str) -> str:
    """A path from `relative` as a relative reference (RFC 3986 4.2); all but unreserved characters are encoded.

    Octets that are no text stand in Python's paths as surrogates, and are encoded as the octets that they are.
    """
    try:
        octets = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no octet
        octets = path.encode("utf-8", "replace")
    return quote(octets, safe="/")
