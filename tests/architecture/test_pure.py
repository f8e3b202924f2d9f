"""What is pure only computes: what it may import is a short list, and no built-in function reaches outside.

import-linter forbids the known doors; this list has the rest shut, whatever Python comes to offer.
"""

import ast
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, list_modules

PURE = ("src/vault/errors.py", "src/vault/encoding.py", "src/vault/ed25519.py")
PURE_FOLDERS = ("src/vault/protocol", "src/vault/policy", "src/vault/tlog", "src/vault/reconcile")

ALLOWED_IMPORTS = {
    *("abc", "base64", "binascii", "bisect", "collections", "dataclasses", "enum", "functools", "hashlib", "hmac"),
    *("ipaddress", "itertools", "json", "math", "operator", "re", "struct", "types", "typing", "unicodedata"),
    "pydantic",
    "nacl",  # ed25519.py alone: a contract of import-linter
    "vault",
}
BANNED_CALLS = {"__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print"}


def find_impurities(source: str) -> list[str]:
    """What `source` imports or calls that is more than computing, as `line: name`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                imported = [alias.name for alias in names]
            case ast.ImportFrom(module=module, level=level):
                imported = ["." * level + (module or "")]
            case ast.Call(func=ast.Name(id=name)) if name in BANNED_CALLS:
                found.append(f"{node.lineno}: {name}()")
                continue
            case _:
                continue
        found += [f"{node.lineno}: {name}" for name in imported if name.partition(".")[0] not in ALLOWED_IMPORTS]
    return found


def modules() -> list[Path]:
    return [*(ROOT / name for name in PURE), *list_modules(*PURE_FOLDERS)]


def test_there_are_modules_to_look_at() -> None:
    assert len(modules()) > 25


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_pure_only_computes(path: Path) -> None:
    assert find_impurities(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "impurity"),
    [
        ("import os", "1: os"),
        ("import os.path as p", "1: os.path"),
        ("from socket import socket", "1: socket"),
        ("def f():\n    import secrets", "2: secrets"),
        ("from . import facts", "1: ."),
        ("from datetime import datetime", "1: datetime"),
        ("from sqlalchemy import select", "1: sqlalchemy"),
        ("def f():\n    return open('/etc/passwd')", "2: open()"),
        ("print(1)", "1: print()"),
        ("__import__('os')", "1: __import__()"),
    ],
)
def test_each_way_out_is_found(source: str, impurity: str) -> None:
    assert find_impurities(source) == [impurity]
