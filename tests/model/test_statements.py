"""The list of the draft's statements: complete, and what it names exists."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.readings import READINGS
from pmicheck.model.statements import KEYWORDS, Statement, load_statements

ROOT = Path(__file__).parents[2]
STATEMENTS = load_statements()


def each(*fields: str) -> pytest.MarkDecorator:
    """Once for every statement that says something in any of these fields."""
    chosen = [one for one in STATEMENTS.values() if any(getattr(one, field) for field in fields)]
    return pytest.mark.parametrize("statement", chosen, ids=lambda one: one.name)


def test_every_statement_is_there_once_and_in_order() -> None:
    assert list(STATEMENTS) == [f"N{number:03}" for number in range(1, 180)]


@each("name")
def test_a_statement_has_section_keyword_and_sentence(statement: Statement) -> None:
    assert re.fullmatch(r"[1-9](\.\d){0,2}", statement.section)
    assert statement.keyword in KEYWORDS
    assert statement.says.endswith(".")


@each("mechanisms", "readings", "given")
def test_the_switches_of_a_statement_exist(statement: Statement) -> None:
    assert set(statement.mechanisms) <= set(MECHANISMS)
    for name, value in (*statement.settings, *statement.given.items()):
        assert value in READINGS[name].values


@each("readings")
def test_a_reading_breaks_a_statement_only_where_it_is_not_the_default(statement: Statement) -> None:
    assert all(value != READINGS[name].values[0] for name, value in statement.settings)


@each("concrete", "test")
def test_what_implements_a_statement_exists_and_so_does_its_test(statement: Statement) -> None:
    assert resolved(statement.concrete)
    path, function = statement.test.split("::")
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert function in [node.name for node in module.body if isinstance(node, ast.FunctionDef)]


def resolved(name: str) -> object:
    """The function, method or class that a dotted name under `pmicheck` stands for."""
    found: object = importlib.import_module("pmicheck")
    path = "pmicheck"
    for part in name.split("."):
        path += f".{part}"
        if isinstance(found, ModuleType) and not hasattr(found, part):
            importlib.import_module(path)
        found = getattr(found, part)
    return found


@each("outside")
def test_what_is_outside_is_nowhere_else(statement: Statement) -> None:
    assert {statement.mechanisms, statement.readings} == {()}
    assert {statement.concrete, statement.structural} == {""}


@pytest.mark.parametrize("folder", ["pmicheck", "tests"])
def test_every_statement_that_is_cited_exists(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".toml")]
    cited = {name for path in files for name in re.findall(r"\bN\d{3}\b", path.read_text(encoding="utf-8"))}
    assert cited <= set(STATEMENTS)
