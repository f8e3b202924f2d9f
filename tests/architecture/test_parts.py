"""What lasts of a session is changed in one way: each part writes its own fields, and nobody waits within a change."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.trees import ROOT, list_modules

CLIENT = "src/vault/client"
PARTS = {
    "identity": "src/vault/client/device/identity.py",
    "verified": "src/vault/client/device/verified.py",
    "outbox": "src/vault/client/device/waiting.py",
}
KEEPING = {"src/vault/client/device/keeping.py", "src/vault/client/device/carrying.py"}
"""Between the parts and the file: they fill a part that nobody has seen yet."""
WRITES = {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}


def find_writes(source: str) -> list[str]:
    """Where a field of a part is written from outside, as `line: part.field`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        targets: list[ast.expr] = []
        match node:
            case ast.Assign(targets=many) | ast.Delete(targets=many):
                targets = [one for each in many for one in (each.elts if isinstance(each, ast.Tuple) else [each])]
            case ast.AugAssign(target=one) | ast.AnnAssign(target=one):
                targets = [one]
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in WRITES:
                targets = [value]
        for target in targets:
            while isinstance(target, ast.Subscript):
                target = target.value
            if isinstance(target, ast.Attribute) and (part := _part_of(target.value)) is not None:
                found.append(f"{target.lineno}: {part}.{target.attr}")
    return found


def _part_of(node: ast.expr) -> str | None:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name if name in PARTS else None


def find_waits(source: str) -> list[int]:
    """The lines of each `yield` or `await` within a `with ....change()`."""
    return [
        inner.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.With | ast.AsyncWith) and any(_is_change(item.context_expr) for item in node.items)
        for inner in _within(node)
        if isinstance(inner, ast.Yield | ast.YieldFrom | ast.Await)
    ]


def _is_change(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "change"


def _within(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _within(child)


def test_each_part_of_a_session_is_written_by_its_own_module_alone() -> None:
    found = {}
    for path in list_modules(CLIENT):
        name = path.relative_to(ROOT).as_posix()
        if name not in {*PARTS.values(), *KEEPING} and (writes := find_writes(path.read_text(encoding="utf-8"))):
            found[name] = writes
    assert found == {}


def test_nobody_waits_within_a_change() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): waits
        for path in list_modules(CLIENT)
        if (waits := find_waits(path.read_text(encoding="utf-8")))
    }
    assert found == {}, "other threads wait for the change, and for whatever it waits for"


@pytest.mark.parametrize(
    "source",
    [
        "session.verified.pins[journal] = pin",
        "session.verified.newest.pop(journal)",
        "del draft.verified.views[engagement]",
        "draft.identity.people.update(people)",
        "session.outbox.waiting += (one,)",
        "verified.tlog, other = tlog, 1",
    ],
)
def test_a_write_from_outside_is_seen(source: str) -> None:
    assert find_writes(source) != []


@pytest.mark.parametrize(
    "source",
    ["draft.identity = draft.identity.due()", "session.verified.pin(journal, place)", "session.outbox = outbox"],
)
def test_what_a_part_does_itself_is_no_write_from_outside(source: str) -> None:
    assert find_writes(source) == []


def test_a_wait_within_a_change_is_seen() -> None:
    waiting = "def act(session):\n    with session.change() as draft:\n        answer = yield Call()"
    assert find_waits(waiting) == [3]
    assert find_waits("def act(session):\n    with session.change() as draft:\n        pass\n    yield Call()") == []
