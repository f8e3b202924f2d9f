"""Statements, checkpoints and cosignatures are signed, nothing else: one function each, over an encoding that no other
has, and what they stand on offers signing and point checks alone.

A key that signs bytes which somebody else chose signs whatever those bytes mean elsewhere.
"""

import ast
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, list_modules

DOOR = Path("src/vault/ed25519.py")
# Where something is signed, by which function, and by which call. The three encodings begin with `DSSEv1` and a space,
# with a whole line of an origin, and with `cosignature/v1` and a line that is no size: none reads as another.
SIGNERS = {
    Path("src/vault/protocol/envelope.py"): ("sign", "ed25519.sign(seed, encoded)"),
    Path("src/vault/tlog/checkpoint.py"): (
        "sign_checkpoint",
        "ed25519.sign(seed, checkpoint.to_text().encode('utf-8'))",
    ),
    Path("src/vault/tlog/cosignature.py"): (
        "cosign",
        "ed25519.sign(seed, cosigned_bytes(signed.checkpoint.to_text(), now))",
    ),
}
ENVELOPE = Path("src/vault/protocol/envelope.py")
BINDINGS = {
    "crypto_sign_seed_keypair",
    "crypto_sign",
    "crypto_sign_open",
    "crypto_core_ed25519_is_valid_point",
}


def parse(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def find_signers(source: ast.Module) -> set[str]:
    """How a module reaches for signing: as `ed25519.sign`, by importing it, or past the door."""
    found = set()
    for node in ast.walk(source):
        match node:
            case ast.Attribute(value=ast.Name(id="ed25519"), attr="sign"):
                found.add("ed25519.sign")
            case ast.Attribute(value=ast.Attribute(attr="ed25519"), attr="sign"):
                found.add("ed25519.sign")
            case ast.ImportFrom(module="vault.ed25519", names=names):
                found |= {"import of ed25519.sign" for alias in names if alias.name in {"sign", "*"}}
            case ast.Import(names=names):
                found |= {"ed25519 by another name" for alias in names if alias.name == "vault.ed25519"}
            case ast.ImportFrom(module="vault", names=names):
                found |= {"ed25519 by another name" for alias in names if alias.name == "ed25519" and alias.asname}
            case ast.Attribute(attr=attr) if attr.startswith("crypto_sign"):
                found.add(attr)
            case ast.Name(id=name) if name.startswith("crypto_sign") or name in {"SigningKey", "Ed25519PrivateKey"}:
                found.add(name)
    return found


def find_signatures(source: ast.AST) -> list[str]:
    """Each call that signs, as it stands there."""
    calls = (ast.unparse(node) for node in ast.walk(source) if isinstance(node, ast.Call))
    return [call for call in calls if call.startswith("ed25519.sign(")]


def test_three_functions_sign_and_each_signs_its_own_encoding() -> None:
    signers = {
        path.relative_to(ROOT): found
        for path in list_modules("src/vault")
        if path != ROOT / DOOR and (found := find_signers(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert signers == {path: {"ed25519.sign"} for path in SIGNERS}
    for path, (name, call) in SIGNERS.items():
        function = next(node for node in parse(path).body if isinstance(node, ast.FunctionDef) and node.name == name)
        assert find_signatures(function) == find_signatures(parse(path)) == [call], path
    sign = next(node for node in parse(ENVELOPE).body if isinstance(node, ast.FunctionDef) and node.name == "sign")
    assert "encoded = pre_authentication_encoding(body.TYPE, payload)" in ast.unparse(sign)


@pytest.mark.parametrize(
    "source",
    [
        "from vault import ed25519\ned25519.sign(seed, challenge)",
        "from vault.ed25519 import sign",
        "import vault.ed25519\nvault.ed25519.sign(seed, challenge)",
        "import vault.ed25519 as keys\nkeys.sign(seed, challenge)",
        "from vault import ed25519 as keys\nkeys.sign(seed, challenge)",
        "sodium.crypto_sign(message, secret)",
        "sodium.crypto_sign_detached(message, secret)",
        "SigningKey(seed).sign(message)",
    ],
)
def test_every_way_to_sign_raw_bytes_is_found(source: str) -> None:
    assert find_signers(ast.parse(source))


def test_the_door_to_nacl_uses_signing_and_point_checks_alone() -> None:
    used = {
        node.attr
        for node in ast.walk(parse(DOOR))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sodium"
    }
    assert used == BINDINGS
    imported = [ast.unparse(node) for node in parse(DOOR).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [line for line in imported if "nacl" in line] == ["import nacl.bindings as sodium", "import nacl.exceptions"]


def test_the_door_stores_no_64_byte_secret() -> None:
    functions = [node for node in parse(DOOR).body if isinstance(node, ast.FunctionDef)]
    arguments = {argument.arg for function in functions for argument in function.args.args}
    assert not arguments & {"secret", "private", "secret_key", "keypair"}
    returned = {
        ast.unparse(node.value) for node in ast.walk(parse(DOOR)) if isinstance(node, ast.Return) and node.value
    }
    assert "secret" not in returned
