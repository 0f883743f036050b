"""Imports point one way (DESIGN section 3), read from the source; who prints, who ends, how long files are."""

from __future__ import annotations

import ast
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "pmicheck"
FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "_kernel.py")

LAYERS = {
    "__main__": -1,
    "cli": 0,
    "review": 1,
    "verify": 2,
    "cluster": 3,
    "second": 3,
    "prove": 3,
    "conform": 3,
    "report": 4,
    "bench": 4,
    "symbolic": 4,
    "explore": 4,
    "reduce": 4,
    "export": 4,
    "grounding": 5,
    "replay": 5,
    "nodes": 6,
    "properties": 6,
    "attacker": 6,
    "model": 7,
    "wire": 7,
    "language": 8,
    "shipped": 9,
    "trace": 9,
    "verdict": 9,
    "errors": 9,
}
"""cli -> review -> verify -> {cluster, conform, prove} -> {report, bench, symbolic, explore, export, reduce} -> ...
-> {model, wire} -> base."""

BASE = 9
"""The layer whose modules may import each other; in the others only the modules of one package."""

NOT_EVEN_BELOW = {
    "explore": {"language", "model", "attacker", "properties"},
    "reduce": {"language", "model", "attacker", "properties"},
    "export": {"language", "model", "attacker", "properties"},
    "second": {"language", "model", "attacker", "properties"},
    "symbolic": {"language", "model", "attacker"},
    "bench": {"grounding", "properties", "attacker", "model", "language"},
    "replay": {"grounding", "properties", "attacker", "model", "language"},
    "nodes": {"grounding", "properties", "attacker", "model", "language"},
    "report": {"grounding", "properties", "attacker", "model", "language", "nodes"},
}
"""Engines know only TransitionSystem, the second implementation knows no role, renderers read records only."""

SIDEWAYS = {("properties", "attacker"), ("reduce", "explore")}
"""A property may ask for an address whether it is the attacker's; what was found in a reduced system is unfolded."""


def part_of(module: str) -> str:
    """`pmicheck.model.terms` -> model."""
    return module.split(".")[1]


def name_of(path: Path) -> str:
    return ".".join(("pmicheck", *path.relative_to(ROOT).with_suffix("").parts))


MODULES_BY_NAME = {name_of(path) for path in FILES}


def of_module(name: str) -> str:
    """The module that a name is or is defined in."""
    return name if name in MODULES_BY_NAME else name.rpartition(".")[0]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def for_types_only(module: ast.Module) -> set[ast.AST]:
    """What stands under `if TYPE_CHECKING`, and is never run."""
    guards = (
        node for node in ast.walk(module) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {node for guard in guards for statement in guard.body for node in ast.walk(statement)}


def imported(path: Path, *, when_run: bool = False) -> Iterator[str]:
    """Modules of pmicheck that a file imports, wherever in it; or those only that it imports when it is run."""
    module_of_file = tree(path)
    ignored = for_types_only(module_of_file) if when_run else set()
    for node in ast.walk(module_of_file):
        if node in ignored:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            if module.split(".")[0] == "pmicheck":
                yield from (of_module(f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("pmicheck."))


MODULES = [pytest.param(path, id=name_of(path)) for path in FILES if path.name != "__init__.py"]


@pytest.mark.parametrize("path", MODULES)
def test_a_module_imports_only_from_the_layers_below_it(path: Path) -> None:
    here = part_of(name_of(path))
    for module in imported(path):
        there = part_of(module)
        if here == there or (here, there) in SIDEWAYS:
            continue
        if LAYERS[here] == LAYERS[there]:
            assert LAYERS[here] == BASE, f"{here} imports its sibling {module}"
        else:
            assert LAYERS[here] < LAYERS[there], f"{here} imports {module}, which is above it"


@pytest.mark.parametrize("path", MODULES)
def test_engines_know_no_role_and_reports_read_records_only(path: Path) -> None:
    here = part_of(name_of(path))
    forbidden = NOT_EVEN_BELOW.get(here, set())
    assert [module for module in imported(path) if part_of(module) in forbidden] == []


def test_a_run_knows_no_kind_of_node() -> None:
    """Of the second implementation it knows what all nodes have in common; which nodes there are, a bench says."""
    found = {module for path in FILES if part_of(name_of(path)) == "replay" for module in imported(path)}
    assert {module for module in found if part_of(module) == "nodes"} == {"pmicheck.nodes.node"}


OF_WIRE = {"constants", "dissection", "fields", "headers", "messages", "option_kinds", "pcap", "places", "words"}


@pytest.mark.parametrize("path", MODULES)
def test_reports_know_of_octets_the_table_of_formats_and_captures_only(path: Path) -> None:
    for module in imported(path):
        if part_of(name_of(path)) == "report" and part_of(module) == "wire":
            assert module.split(".")[2] in OF_WIRE


def test_every_module_has_its_layer() -> None:
    assert {part_of(name_of(path)) for path in FILES if path != ROOT / "__init__.py"} <= set(LAYERS)


def test_packages_are_empty_so_that_importing_one_imports_nothing_else() -> None:
    for path in FILES:
        if path.name == "__init__.py":
            assert list(imported(path)) == []


def circle_in(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """The nodes of some circle of the graph; none if there is no circle."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Also where an import is inside a function. A stage and the acts on it know each other's types, and no more."""
    graph = {
        name_of(path): [module for module in imported(path, when_run=True) if module != name_of(path)]
        for path in FILES
        if path.name != "__init__.py"
    }
    assert circle_in(graph) == []


def test_no_folder_has_more_than_20_files() -> None:
    files = Counter(path.parent.relative_to(ROOT).as_posix() for path in FILES)
    assert [folder for folder, count in files.items() if count > 20] == []


PRINTS, ENDS = ROOT / "cli" / "console.py", ROOT / "__main__.py"


@pytest.mark.parametrize("path", MODULES)
def test_only_the_command_line_prints_or_ends_the_process(path: Path) -> None:
    streams = {
        node.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys"
    } & {"stdout", "stderr", "__stdout__", "__stderr__"}
    assert bool(streams) == (path == PRINTS)
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    names = {call.id for call in calls if isinstance(call, ast.Name)}
    attributes = {
        f"{call.value.id}.{call.attr}"
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name)
    }
    raised = {
        node.exc.id if isinstance(node.exc, ast.Name) else getattr(getattr(node.exc, "func", None), "id", "")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Raise)
    }
    assert names & {"print", "exit", "quit", "input"} == set()
    assert attributes & {"sys.exit", "os._exit", "os.abort"} == ({"sys.exit"} if path == ENDS else set())
    assert "SystemExit" not in raised


@pytest.mark.parametrize("path", MODULES)
def test_a_file_has_one_subject_and_at_most_300_lines_of_code(path: Path) -> None:
    assert len(lines_of_code(path)) <= 300


def lines_of_code(path: Path) -> set[int]:
    """Lines that hold more than a comment or a docstring."""
    told = {
        number
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    idle = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    with path.open("rb") as file:
        tokens = [token for token in tokenize.tokenize(file.readline) if token.type not in {*idle, tokenize.ENCODING}]
    return {number for token in tokens for number in range(token.start[0], token.end[0] + 1)} - told


@pytest.mark.parametrize("path", MODULES)
def test_a_module_says_what_it_is_and_keeps_no_global_state(path: Path) -> None:
    """Two analyses in one process must not meet: no `global` statement, no mutable module variable that is written."""
    module = tree(path)
    assert ast.get_docstring(module)
    assert [node for node in ast.walk(module) if isinstance(node, ast.Global)] == []
