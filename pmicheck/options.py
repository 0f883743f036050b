"""What may stand on the command line: verbs, options and what they accept. Nothing runs here."""

from __future__ import annotations

import argparse
import contextlib
import math
from pathlib import Path
from typing import NoReturn

from pmicheck.verdict import ExitCode

KINDS = ("scenarios", "attackers", "properties", "readings", "mechanisms", "statements")
RECORD = Path("reports/record.json")
BASELINE = Path("baseline.toml")

EXIT_CODES = """\
exit codes: 0 all decided, witnessed and as the baseline says; 1 a new violation; 2 usage, scenario or output
error; 3 inconclusive (a limit); 4 not trustworthy (vacuous, diverged, not replayed); 5 stale or expired
baseline entry; 70 crash; 130 interrupted. The gravest holds: 4, then 1, 3, 5."""


class HelpWanted(Exception):
    """Not an error: the user asked for help, and `text` is it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class Parser(argparse.ArgumentParser):
    """A parser that prints no help (it raises HelpWanted), and whose complaints are one sentence."""

    def print_help(self, file: object = None) -> None:
        raise HelpWanted(self.format_help())

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}; `{self.prog} --help` says more.\n")


def parser() -> Parser:
    """The parser of the whole command line; `verb` of its result says what to run ("" if nothing)."""
    top = Parser(
        prog="pmicheck",
        description="Checks draft-qin-mipshop-pmipro-00 exhaustively; replays each attack on real packets.",
        epilog=EXIT_CODES,
    )
    top.add_argument("--version", action="store_true", help="say which version and which kernel this is")
    top.set_defaults(verb="")
    verbs = top.add_subparsers(metavar="VERB")
    _add_verify(verbs.add_parser("verify", help="decide properties of scenarios", epilog=EXIT_CODES))
    listing = verbs.add_parser("list", help="name what there is to choose from")
    listing.add_argument("kind", choices=KINDS, help="one of %(choices)s", metavar="KIND")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(verb="list")
    explain = verbs.add_parser("explain", help="tell what a property means, or how a finding comes about")
    explain.add_argument("what", metavar="PROPERTY|FINDING", help="fingerprint or scenario/attacker/property")
    explain.add_argument("--record", type=Path, default=RECORD, metavar="FILE", help="default: %(default)s")
    explain.set_defaults(verb="explain")
    replay = verbs.add_parser("replay", help="play a trace on real packets")
    replay.add_argument("trace", type=Path, metavar="TRACE", help="a JSON file with a trace, or a record")
    replay.add_argument("--finding", metavar="FINGERPRINT", help="which trace of a record")
    replay.add_argument("--pcap", type=Path, metavar="FILE", help="write the packets as a capture")
    replay.set_defaults(verb="replay")
    baseline = verbs.add_parser("baseline", help="handle the file of known findings")
    write = baseline.add_subparsers(metavar="VERB", required=True).add_parser(
        "write", help="make the baseline that knows the violations of a record"
    )
    write.add_argument("--record", type=Path, default=RECORD, metavar="FILE", help="default: %(default)s")
    write.add_argument("--output", type=Path, default=BASELINE, metavar="FILE|-", help="default: %(default)s")
    write.set_defaults(verb="baseline write")
    return top


def _add_verify(verify: argparse.ArgumentParser) -> None:
    add = verify.add_argument
    add("scenarios", nargs="*", metavar="SCENARIO", help="name or .toml file; default: all")
    add(
        "--attacker",
        action="append",
        default=[],
        metavar="A",
        help="join two with +; default: all that apply",
    )
    add("--property", action="append", default=[], metavar="P", help="default: all that apply")
    add("--set", action="append", default=[], type=_setting, metavar="R=V", help="choose a reading")
    add("--without", action="append", default=[], metavar="M", help="switch a mechanism off")
    add("--json", metavar="FILE|-", help="write the record; - puts it alone on stdout")
    add("--report", type=Path, metavar="DIR", help="write tables, narrations and the record")
    add("--baseline", type=Path, metavar="FILE", help="the findings that are known")
    add("--max-states", type=_whole, metavar="N", help="stop an exploration after so many states")
    add("--max-seconds", type=_seconds, metavar="S", help="stop after so many seconds")
    add("--workers", type=_whole, default=1, metavar="N", help="processes at work; default: %(default)s")
    verify.set_defaults(verb="verify")


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} should be READING=VALUE")
    return name, value


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be a whole number, 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if math.isfinite(float(text)) and float(text) > 0:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} should be a number of seconds greater than 0")
