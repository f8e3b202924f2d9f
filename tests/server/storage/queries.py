"""All queries that answer requests: those that modules have prepared, and the functions that make their own."""

import ast
import pkgutil
from importlib import import_module
from pathlib import Path

from sqlalchemy import Select, Update

import vault.server
import vault.server.resources
import vault.server.sequencer
import vault.server.storage

_PACKAGES = (vault.server.storage, vault.server.sequencer, vault.server.resources)
_OPERATORS = {
    f"vault.server.storage.{name}" for name in ("backup_parts", "history", "inspection", "records", "snapshots")
}
"""What an operator runs over the whole of one database, and no request ever does."""
_VERBS = frozenset({"select", "update", "delete"})


def list_prepared() -> dict[str, Select[*tuple[object, ...]] | Update]:
    """The queries that stand in the modules that answer requests, as `name of module`."""
    names = [
        module.name
        for package in _PACKAGES
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if module.name not in _OPERATORS
    ]
    return {
        f"{name} of {module}": query
        for module in names
        for name, value in vars(import_module(module)).items()
        if isinstance(query := getattr(value, "query", value), (Select, Update))  # of a Prepared, the one within
    }


def list_makers() -> set[str]:
    """Those of their functions that call one of SQL's verbs, as `name of module`."""
    root = Path(vault.server.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        module = ".".join(("vault.server", *path.relative_to(root).with_suffix("").parts))
        if module in _OPERATORS:
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and any(_is_verb(node) for node in ast.walk(function)):
                found.add(f"{function.name} of {module}")
    return found


def _is_verb(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _VERBS
