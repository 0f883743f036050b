"""What may stand on the command line: verbs, options, what they accept and what they ask for. Nothing runs here."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from pmicheck.cli.arguments import Once, json_place, no_stdout, path, seconds, setting, whole
from pmicheck.cli.conforming import add_conform
from pmicheck.cluster.place import ALONE
from pmicheck.errors import UsageError

KINDS = ("scenarios", "attackers", "properties", "readings", "mechanisms", "bounds", "statements", "claims")
RECORD = Path("reports/record.json")
BASELINE = Path("baseline.toml")
WEAKEST = "off-path"
GRAPH_KINDS = ("entry", "role", "knowledge", "full")
EXPORTED_TO = ("murphi", "promela")
GRAPH_FORMATS = ("svg", "dot", "graphml", "json")
MOST_STATES = 1_000_000
"""What a verb that explores a scenario in many variants grants each of them."""

EXIT_CODES = """\
exit codes: 0 all decided, witnessed and as the baseline says; 1 a new violation (verify: one that no baseline
entry waives; diff: one that only NEW has); 2 usage, scenario or output error; 3 inconclusive (a limit); 4 not
trustworthy (vacuous, diverged, not replayed); 5 stale or expired baseline entry; 70 crash; 129 hung up; 130
interrupted; 143 terminated. The gravest holds: 4, then 1, 3, 5."""


PROVE_ENDS = "exit codes: 0 all that should hold is proved; 3 some of it is open; 4 what should be violated is proved"


class HelpWanted(Exception):
    """Not an error: the user asked for help, and `text` is it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class Parser(argparse.ArgumentParser):
    """A parser that neither prints nor ends the process: it raises HelpWanted and UsageError."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.register("action", None, Once)
        self.register("type", Path, path)

    def print_help(self, file: object = None) -> None:
        raise HelpWanted(self.format_help())

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; `{self.prog} --help` says more")


Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"


def parser() -> Parser:
    """The parser of the whole command line; `verb` of its result says what to run. It asks for one."""
    top = Parser(
        prog="pmicheck",
        description="Checks draft-qin-mipshop-pmipro-00 exhaustively; replays each attack on real packets.",
        epilog=EXIT_CODES,
    )
    top.add_argument("--version", action="store_true", help="say which version and which kernel this is")
    verbs = top.add_subparsers(metavar="VERB")
    top.set_defaults(verb="", verbs=verbs.choices)
    _add_verify(verbs.add_parser("verify", help="decide properties of scenarios", epilog=EXIT_CODES))
    _add_changes(verbs)
    _add_catalogue(verbs)
    _add_findings(verbs)
    _add_graph(verbs)
    _add_export(verbs)
    _add_prove(verbs)
    add_conform(verbs, RECORD)
    _add_records(verbs)
    _add_baseline(verbs)
    return top


def verbs() -> tuple[str, ...]:
    """The verbs in the order of the help text."""
    choices: Mapping[str, object] = parser().get_default("verbs")
    return tuple(choices)


def _add_verify(verify: argparse.ArgumentParser) -> None:
    add = verify.add_argument
    add("scenarios", nargs="*", metavar="SCENARIO", help="name or .toml file; default: all but the widened")
    _add_choices(verify)
    _add_outputs(verify)
    add("--max-seconds", type=seconds, metavar="S", help="stop after so many seconds")
    settle = "take verdicts that those of weaker or stronger attackers imply, without a run"
    add("--settle", action="store_true", help=settle)
    fewer = "search fewer states: cone-of-influence, symmetry, partial-order, all"
    add("--reduce", action="append", default=[], metavar="R", help=fewer)
    _add_workers(verify)
    _add_cache(verify)
    _add_cluster(verify)
    _add_searching(verify)
    second = "let a second explorer, which shares no code with the first, search each space below 10^6 states as well"
    add("--second-opinion", action="store_true", help=second)
    add("--prove", action="store_true", help="try to prove what holds for any number of sessions as well")
    verify.set_defaults(verb="verify", record=None)


def _add_outputs(verb: argparse.ArgumentParser) -> None:
    """What can be made of a record, and the baseline that it is compared with for that."""
    add = verb.add_argument
    add("--report", type=no_stdout, metavar="DIR", help="write tables, pages, narrations and the record")
    add("--sarif", type=no_stdout, metavar="FILE", help="write SARIF 2.1.0, for code scanning")
    add("--junit", type=no_stdout, metavar="FILE", help="write JUnit XML, for test reports")
    add("--markdown", type=no_stdout, metavar="FILE", help="write a summary in Markdown")
    add("--baseline", type=Path, metavar="FILE", help="the findings that are known")


def _add_workers(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--workers", type=whole, default=1, metavar="N", help="processes at work; default: %(default)s")


def _add_cache(verb: argparse.ArgumentParser) -> None:
    text = "ground everything anew, and keep nothing on disk for the next run"
    verb.add_argument("--no-cache", action="store_false", dest="cache", help=text)


def _add_cluster(verb: argparse.ArgumentParser) -> None:
    add = verb.add_argument
    add("--cluster", metavar="ADDRESS", help="work on a Dask cluster; local:N: on N processes of its own")
    partition = "partition a space among the workers once it has more than so many states; default: %(default)s"
    add("--alone", type=whole, default=ALONE, metavar="N", help=partition)
    for part, what in (("ca-file", "its authority"), ("cert", "a certificate"), ("key", "the certificate's key")):
        add(f"--tls-{part}", type=Path, metavar="FILE", help=f"TLS of the cluster, as PEM: {what}")


def _add_searching(verb: argparse.ArgumentParser) -> None:
    """How a search is done, which changes no verdict."""
    add = verb.add_argument
    add("--threads", type=whole, default=1, metavar="N", help="threads of a search; default: %(default)s")
    add("--spill", type=no_stdout, metavar="DIR", help="large tables lie in files in DIR instead of in memory")
    add("--checkpoint", type=no_stdout, metavar="DIR", help="save searches in DIR; given again, go on from there")


def _add_choices(verb: argparse.ArgumentParser, *, properties: bool = True, most: int | None = None) -> None:
    """What every verb that decides something lets one choose; `most` states are explored unless told otherwise."""
    add = verb.add_argument
    add(
        "--attacker",
        action="append",
        default=[],
        metavar="A",
        help="join two with +; default: all that apply",
    )
    if properties:
        add("--property", action="append", default=[], metavar="P", help="default: all that apply")
    _add_setting(verb, most=most)
    add("--json", type=json_place, metavar="FILE|-", help="write the findings as JSON; - puts them alone on stdout")


def _add_setting(verb: argparse.ArgumentParser, *, most: int | None = None) -> None:
    """What changes a scenario, and cuts its exploration short."""
    _add_variant(verb)
    add = verb.add_argument
    text = "stop an exploration after so many states" + ("" if most is None else "; default: %(default)s")
    add("--max-states", type=whole, default=most, metavar="N", help=text)


def _add_variant(verb: argparse.ArgumentParser) -> None:
    """What changes a scenario."""
    add = verb.add_argument
    add("--set", action="append", default=[], type=setting, metavar="R=V", help="choose a reading, or a bound")
    add("--without", action="append", default=[], metavar="M", help="switch a mechanism off")


def _add_changes(verbs: Verbs) -> None:
    """The verbs that change one scenario: mechanisms off, other readings, repairs."""
    ablate = verbs.add_parser("ablate", help="switch each mechanism off: which verdicts change, and for whom")
    readings = verbs.add_parser("readings", help="try every other reading: which verdicts change, and for whom")
    readings.add_argument("--pairs", action="store_true", help="try every two of them as well")
    repair = verbs.add_parser("repair", help="search the smallest sets of changes that make a property hold")
    for name, verb in (("ablate", ablate), ("readings", readings), ("repair", repair)):
        verb.add_argument("scenarios", nargs=1, metavar="SCENARIO", help="name or .toml file")
        _add_choices(verb, properties=verb is not repair, most=None if verb is repair else MOST_STATES)
        verb.set_defaults(verb=name, max_seconds=None, workers=1)
    repair.add_argument("property", nargs=1, metavar="PROPERTY", help="what is to hold")
    repair.add_argument("--limit", type=whole, default=2, metavar="N", help="changes at once; default: %(default)s")


def _add_catalogue(verbs: Verbs) -> None:
    listing = verbs.add_parser("list", help="name what there is to choose from")
    listing.add_argument("kind", choices=KINDS, help="one of %(choices)s", metavar="KIND")
    listing.add_argument("files", nargs="*", metavar="FILE", help="scenarios: name those of the files that hold one")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.add_argument("--record", type=Path, metavar="FILE", help="claims: verdicts not to be decided again")
    listing.set_defaults(verb="list")


def _add_findings(verbs: Verbs) -> None:
    explain = verbs.add_parser("explain", help="tell what a property means, or how a finding comes about")
    explain.add_argument("what", metavar="PROPERTY|FINDING", help="fingerprint or scenario/attacker/property")
    found = "default: the one of reports/, of this directory or of one in it that has the finding"
    explain.add_argument("--record", type=Path, metavar="FILE", help=found)
    explain.set_defaults(verb="explain")
    replay = verbs.add_parser("replay", help="play a trace on real packets")
    replay.add_argument("trace", type=Path, metavar="TRACE", help="a JSON file with a trace, or a record")
    replay.add_argument("--finding", metavar="FINGERPRINT", help="which trace of a record")
    replay.add_argument("--pcap", type=no_stdout, metavar="FILE", help="write the packets as a capture")
    replay.set_defaults(verb="replay")


def _add_graph(verbs: Verbs) -> None:
    graph = verbs.add_parser("graph", help="draw the states of a scenario, gathered so that a person can read them")
    add = graph.add_argument
    add("scenarios", nargs=1, metavar="SCENARIO", help="name or .toml file")
    add("--attacker", type=lambda name: [name], default=[WEAKEST], metavar="A", help=f"default: {WEAKEST}")
    _add_setting(graph)
    _add_cache(graph)
    kinds = "gather by binding cache entry, by a principal's state or by what the attacker knows; full: every state"
    add("--by", choices=GRAPH_KINDS, default=GRAPH_KINDS[0], help=f"{kinds}; default: %(default)s")
    add("--format", choices=GRAPH_FORMATS, help="default: as the name of FILE says, else svg")
    add("--output", type=Path, default=Path("-"), metavar="FILE|-", help="default: %(default)s, which is stdout")
    graph.set_defaults(verb="graph", property=[], max_seconds=None, workers=1)


def _add_export(verbs: Verbs) -> None:
    export = verbs.add_parser("export", help="write a scenario as source for another model checker")
    add = export.add_argument
    add("scenarios", nargs=1, metavar="SCENARIO", help="name or .toml file")
    add("--to", choices=EXPORTED_TO, required=True, help="murphi is for rumur and CMurphi, promela for SPIN")
    add("--attacker", type=lambda name: [name], default=[WEAKEST], metavar="A", help=f"default: {WEAKEST}")
    add("--property", action="append", default=[], metavar="P", help="an invariant to write; default: all that apply")
    _add_setting(export)
    _add_cache(export)
    add("--output", type=Path, default=Path("-"), metavar="FILE|-", help="default: %(default)s, which is stdout")
    export.set_defaults(verb="export", max_seconds=None, workers=1)


def _add_prove(verbs: Verbs) -> None:
    prove = verbs.add_parser("prove", help="prove properties for any number of sessions", epilog=PROVE_ENDS)
    prove.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="default: all but the widened")
    for name, metavar in (("--attacker", "A"), ("--property", "P")):
        prove.add_argument(name, action="append", default=[], metavar=metavar, help="default: all that apply")
    _add_variant(prove)
    prove.set_defaults(verb="prove", max_states=None, max_seconds=None, workers=1)


def _add_records(verbs: Verbs) -> None:
    """The verbs that work on stored records."""
    report = verbs.add_parser("report", help="render a stored record again; name one output at least")
    report.add_argument("record", type=Path, metavar="RECORD", help="what `verify --json` wrote")
    _add_outputs(report)
    report.set_defaults(verb="report", json=None)
    review = verbs.add_parser(
        "review",
        help="add to a record what further runs tell",
        description="Adds weakest attackers, other readings, repairs, claims and state graphs to RECORD, in its place.",
    )
    review.add_argument("record", type=Path, metavar="RECORD", help="what `verify --json` wrote, of a finished run")
    review.add_argument("--report", type=no_stdout, metavar="DIR", help="render the record as well")
    _add_workers(review)
    review.set_defaults(verb="review")
    diff = verbs.add_parser(
        "diff",
        help="tell how one record differs from another",
        description="Compares verdicts, traces, sizes, coverage and bounds. Times, commands and order do not count.",
        epilog="Ends with 1 if NEW has a violation that OLD lacks, else with 0. A violation that comes about in "
        "another way (another fingerprint) is told, but is no new one.",
    )
    diff.add_argument("old", type=Path, metavar="OLD", help="a record")
    diff.add_argument("new", type=Path, metavar="NEW", help="a record")
    form = diff.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--markdown", action="store_true", help="as Markdown, for a pull request")
    diff.set_defaults(verb="diff")


def _add_baseline(verbs: Verbs) -> None:
    baseline = verbs.add_parser("baseline", help="handle the file of known findings")
    kinds = baseline.add_subparsers(metavar="VERB", required=True)
    write = kinds.add_parser("write", help="make the baseline that knows the violations of a record")
    _add_record(write)
    write.add_argument("--output", type=Path, default=BASELINE, metavar="FILE|-", help="default: %(default)s")
    write.set_defaults(verb="baseline write")
    prune = kinds.add_parser("prune", help="remove the entries whose finding a record looked for in vain")
    _add_record(prune)
    prune.add_argument("--baseline", type=Path, default=BASELINE, metavar="FILE", help="default: %(default)s")
    prune.set_defaults(verb="baseline prune")


def _add_record(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--record", type=Path, default=RECORD, metavar="FILE", help="default: %(default)s")


def asks_for_all(options: argparse.Namespace) -> bool:
    """True for a `verify` that leaves nothing out: what it does not find is not there."""
    return not (options.scenarios or options.attacker or options.property or options.without)


def decided_all(command: Sequence[str]) -> bool:
    """`asks_for_all` of the command line that a record holds; False if that is no command line of today."""
    try:
        options = parser().parse_args(command[1:])
    except (UsageError, HelpWanted):
        return False
    return options.verb == "verify" and asks_for_all(options)
