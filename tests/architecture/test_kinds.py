"""What is true of a type of statement stands in its row and nowhere else, and what stands in a row is read."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, list_modules
from vault.protocol.kinds import Kind
from vault.protocol.statements import MODELS

ROWS = ROOT / "src/vault/protocol/kinds.py"
WORDS = {model.__name__ for model in MODELS.values()}


def list_tables(tree: ast.AST) -> Iterator[int]:
    """Lines of the dictionaries that are keyed by more than one type of statement, by its word or by its model."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            types = [key for key in node.keys if key is not None and is_type(key)]
            if len(types) > 1:
                yield node.lineno
        elif isinstance(node, ast.DictComp) and names_all_types(node.generators[0].iter):
            yield node.lineno


def is_type(key: ast.expr) -> bool:
    if isinstance(key, ast.Attribute):
        return isinstance(key.value, ast.Name) and key.value.id == "StatementType"
    return isinstance(key, ast.Name) and key.id in WORDS


def names_all_types(iterated: ast.expr) -> bool:
    return isinstance(iterated, ast.Name) and iterated.id == "StatementType"


def test_nobody_but_the_rows_keeps_a_table_of_types() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in list_modules("src")
        if path != ROWS
        for line in list_tables(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_the_rows_are_such_a_table() -> None:
    assert len(list(list_tables(ast.parse(ROWS.read_text(encoding="utf-8"))))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "FIRST = {StatementType.KEYS: 0, StatementType.CONTRACT: 1}",
        "PURPOSES = {Item: 1, Reseal: 1}",
        "PATHS = {word: f'/{word}' for word in StatementType}",
    ],
)
def test_a_table_elsewhere_is_seen(text: str) -> None:
    assert list(list_tables(ast.parse(text))) == [1]


@pytest.mark.parametrize("name", [*(field.name for field in fields(Kind)), "carries_content"])
def test_every_member_of_a_row_is_read_by_somebody(name: str) -> None:
    readers = [path for path in list_modules("src") if path != ROWS and reads(path, name)]
    assert readers != []


def reads(path: Path, name: str) -> bool:
    """Whether the module reads that member of a row: of `row`, of `body.row` or of `KINDS[...]`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr == name:
            of = node.value
            if isinstance(of, ast.Subscript):
                of = of.value
            if (isinstance(of, ast.Attribute) and of.attr == "row") or (
                isinstance(of, ast.Name) and of.id in ("row", "KINDS")
            ):
                return True
    return False
