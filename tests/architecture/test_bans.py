"""Each banned name is refused by the real ruff, inside the doors too where the door is not made for it."""

import re
import tomllib
from pathlib import Path

import nacl.bindings
import pytest

from tests.architecture.trees import ROOT, Tree, copy_tree

RUFF = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
BANNED: dict[str, dict[str, str]] = RUFF["flake8-tidy-imports"]["banned-api"]
EXCEPTIONS: dict[str, list[str]] = RUFF["per-file-ignores"]

SERVER = "src/vault/server/sabotage.py"
SABOTAGES = [
    (SERVER, "from nacl.bindings import crypto_box_seal_open"),
    (SERVER, "import nacl.bindings as sodium\n\nsodium.crypto_aead_xchacha20poly1305_ietf_decrypt(b'', b'', b'', b'')"),
    (SERVER, "from nacl import secret"),
    (SERVER, "import nacl.pwhash"),
    (SERVER, "from nacl.signing import SigningKey"),
    (SERVER, "from cryptography.hazmat.primitives import hpke"),
    (SERVER, "from cryptography.hazmat.primitives.hpke import Suite"),
    (SERVER, "import importlib\n\nimportlib.import_module('vault.client.crypto')"),
    (SERVER, "from importlib import import_module"),
    (SERVER, "import runpy"),
    (SERVER, "import time\n\ntime.time()"),
    (SERVER, "from time import time_ns"),
    (SERVER, "from datetime import datetime\n\ndatetime.now(None)"),
    (SERVER, "import os\n\nos.environ['X']"),
    (SERVER, "import os\n\nos.getenv('X')"),
    (SERVER, "import random"),
    (SERVER, "import os\n\nos.urandom(32)"),
    (SERVER, "import uuid"),
    (SERVER, "from . import clock"),
    (SERVER, "import pickle"),
    ("src/vault/client/sabotage.py", "import zlib"),
    ("src/vault/ed25519.py", "sodium.crypto_secretbox_open(b'', b'', b'')"),
    ("src/vault/ed25519.py", "from nacl.public import SealedBox"),
    ("src/vault/client/sabotage.py", "from nacl.bindings import crypto_box_seal_open"),
    ("src/vault/client/sabotage.py", "import time\n\ntime.time()"),
    ("src/vault/policy/sabotage.py", "import time\n\ntime.time()"),
]


def find_bans(tree: Tree, file: str) -> tuple[int, str]:
    ran = tree.run("ruff", "check", "--no-cache", "--output-format=concise", "--select=TID", file)
    return ran.code, ran.output


@pytest.mark.parametrize(("file", "text"), SABOTAGES, ids=[f"{file}: {text}" for file, text in SABOTAGES])
def test_a_banned_name_is_refused(tmp_path: Path, file: str, text: str) -> None:
    tree = copy_tree(tmp_path, "src/vault/ed25519.py")
    tree.write(file, text)
    code, output = find_bans(tree, file)
    assert code == 1
    assert "TID251" in output or "TID252" in output


def test_the_tree_itself_uses_no_banned_name(tmp_path: Path) -> None:
    code, output = find_bans(copy_tree(tmp_path, "src"), "src")
    assert code == 0, output


def test_everything_in_the_bindings_that_opens_or_takes_a_password_is_banned() -> None:
    opening = re.compile(r"crypto_(?!sign_).*(?:open|decrypt|pull|pwhash|scrypt|argon2)")
    offered = {name for name in dir(nacl.bindings) if opening.match(name) and callable(getattr(nacl.bindings, name))}
    assert "crypto_box_seal_open" in offered
    assert {name for name in offered if f"nacl.bindings.{name}" not in BANNED} == set()


def test_only_the_doors_of_the_package_are_excepted_from_the_bans() -> None:
    excepted = {place for place, rules in EXCEPTIONS.items() if "TID251" in rules and place.startswith("src/")}
    assert excepted == {
        "src/vault/client/crypto/**",
        "src/vault/client/device/clock.py",
        "src/vault/server/clock.py",
        "src/vault/server/settings.py",
    }


def test_a_ban_says_where_the_thing_is_done_instead() -> None:
    assert [name for name, ban in BANNED.items() if len(ban["msg"].split()) < 5] == []
