"""The help texts: true, complete, quick, and in 80 columns."""

from __future__ import annotations

import re
import resource
import subprocess
import sys

import pytest
from cli_runner import Run, surroundings

from pmicheck.cli import options
from pmicheck.verdict import ExitCode

VERBS = options.verbs()
CALLS = [*((verb,) for verb in VERBS if verb != "baseline"), ("baseline", "write"), ("baseline", "prune")]
SLOW = ("z3", "networkx", "jinja2", "jsonschema", "rich", "cryptography", "graphviz")


def test_what_graph_offers_is_what_there_is() -> None:
    from pmicheck.report.graphs.data import KINDS
    from pmicheck.report.graphs.files import FORMATS, FULL

    assert (*KINDS, FULL) == options.GRAPH_KINDS
    assert FORMATS == options.GRAPH_FORMATS


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_verb_says_how_to_call_it(run: Run, call: tuple[str, ...]) -> None:
    ended = run(*call, "--help")
    assert ended.returncode == ExitCode.AS_EXPECTED
    assert ended.stderr == ""
    assert ended.stdout.startswith(f"usage: pmicheck {' '.join(call)} ")
    assert max(map(len, ended.stdout.splitlines())) <= 80


def test_every_verb_of_the_parser_is_run_by_something() -> None:
    from pmicheck.cli.main import _verb

    named = [" ".join(call) for call in CALLS]
    assert all(callable(_verb(name)) for name in named)


def test_without_a_verb_all_are_named(run: Run) -> None:
    ended = run()
    assert ended.returncode == ExitCode.USAGE
    assert ended.stderr.startswith("pmicheck: name a verb: verify, ablate, ")
    assert set(VERBS) <= set(re.findall("[a-z]+", ended.stderr))
    assert {"verify", "report", "review", "diff", "graph", "baseline"} <= set(VERBS)


@pytest.mark.parametrize("code", ExitCode)
def test_the_help_names_every_exit_code(run: Run, code: ExitCode) -> None:
    for call in ((), ("verify",)):
        told = " ".join(run(*call, "--help").stdout.split())
        assert f"{code.value} " in told[told.index("exit codes:") :]


@pytest.mark.parametrize("call", [(), ("verify",), ("diff",), ("graph",)], ids=" ".join)
def test_help_imports_nothing_slow(call: tuple[str, ...]) -> None:
    code = (
        f"import sys; from pmicheck.cli.main import main; main([*{call!r}, '--help']);"
        f"slow = set({SLOW!r}) & set(sys.modules); sys.exit(f'imported {{slow}}' if slow else 0)"
    )
    subprocess.run([sys.executable, "-c", code], env=surroundings("holds"), check=True, capture_output=True, timeout=60)


def test_a_verdict_without_a_violation_imports_z3_and_nothing_else_that_is_slow() -> None:
    call = ["verify", "type1-settled", "--attacker", "off-path", "--no-cache"]
    told = f"print(*sorted(set({SLOW!r}) & set(sys.modules)))"
    code = f"import sys; from pmicheck.cli.main import main; main({call!r}); {told}"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=surroundings("holds"), check=True, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout.splitlines()[-1] == "z3"


def test_help_is_quick() -> None:
    times = []
    for _ in range(5):  # processor time: the wall clock measures the neighbours
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        call = [sys.executable, "-c", "from pmicheck.cli.main import main; main(['--help'])"]
        subprocess.run(call, env=surroundings("holds"), check=True, capture_output=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.15
