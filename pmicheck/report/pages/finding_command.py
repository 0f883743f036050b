"""The command lines that find a violation again and play its trace again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pmicheck.report.ci.locations import SHIPPED
from pmicheck.report.record import Record, Result


def verify_command(record: Record, result: Result) -> str:
    """The `pmicheck verify …` that decides this cell alone, quoted for a POSIX shell."""
    return shlex.join(["pmicheck", "verify", *_verify(record, result)])


def replay_command(name: str) -> str:
    """The `pmicheck replay …` for the trace in NAME.json, to be run where that file is."""
    return shlex.join(["pmicheck", "replay", _path(f"{name}.json"), "--pcap", _path(f"{name}.pcap")])


def _verify(record: Record, result: Result) -> Iterator[str]:
    file = record.files.get(result.scenario, "")
    own = file and file != f"{SHIPPED}/{result.scenario}.toml"
    yield _path(file) if own else result.scenario
    if result.attacker:
        yield from _option("--attacker", result.attacker)
    yield from _option("--property", result.property)
    for reading, value in sorted(record.settings.items()):
        yield from _option("--set", f"{reading}={value}")
    for mechanism in result.without:
        yield from _option("--without", mechanism)


def _option(name: str, value: str) -> tuple[str, ...]:
    """A value that looks like an option has to stand in one word with its own."""
    return (f"{name}={value}",) if value.startswith("-") else (name, value)


def _path(path: str) -> str:
    return f"./{path}" if path.startswith("-") else path
