"""Each label of docs/protocol.md section 1 is used by exactly one function, and none is the beginning of another."""

import ast
import re
from collections import defaultdict
from itertools import permutations

from tests.architecture.trees import ROOT, list_modules

LABEL = re.compile(rb"CV\d+ [a-z ]+\0")
DOCUMENTED = re.compile(r"`(CV1 [a-z ]+)\\0`")


def documented() -> list[str]:
    """The labels that section 1 of the page lists, in its order."""
    page = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    section = page.partition("\n## 1. Labels\n")[2].partition("\n## 2. ")[0]
    return DOCUMENTED.findall(section)


def find_labels(source: str) -> list[tuple[str, str]]:
    """(label, name of the function around it) of every label that a module spells; "" outside functions."""
    found: list[tuple[str, str]] = []

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            found.extend((label[:-1].decode(), function) for label in LABEL.findall(node.value))
        for child in ast.iter_child_nodes(node):
            visit(child, function)

    visit(ast.parse(source), "")
    return found


def uses() -> dict[str, set[tuple[str, str]]]:
    """label -> {(module, function)} over the whole package."""
    places: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path in list_modules("src/vault"):
        for label, function in find_labels(path.read_text(encoding="utf-8")):
            places[label].add((str(path.relative_to(ROOT)), function))
    return places


def test_the_page_lists_each_label_once_and_none_begins_another() -> None:
    labels = documented()
    assert len(labels) >= 20
    assert len(set(labels)) == len(labels)
    encoded = [f"{label}\0" for label in labels]
    assert [pair for pair in permutations(encoded, 2) if pair[1].startswith(pair[0])] == []


def test_each_label_is_used_by_exactly_one_function() -> None:
    assert {label: sorted(places) for label, places in uses().items() if len(places) != 1} == {}
    assert [place for places in uses().values() for place in places if not place[1]] == [], "used outside a function"


def test_the_code_uses_the_labels_of_the_page_and_no_others() -> None:
    assert uses().keys() - set(documented()) == set(), "not in docs/protocol.md section 1"
    assert set(documented()) - uses().keys() == set(), "in docs/protocol.md section 1, but used nowhere"


def test_a_label_is_found_where_it_stands() -> None:
    source = 'SALT = b"CV1 salt\\0"\ndef f(x):\n    return h(b"CV1 blob key\\0" + x)\n'
    assert find_labels(source) == [("CV1 salt", ""), ("CV1 blob key", "f")]
