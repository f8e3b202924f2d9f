"""Each import contract can fail: a violation is written into a copy of the tree, and the real tool has to name it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.trees import ROOT, Tree, copy_tree

CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]

FLOORS = "Floors: roles stand on policy, policy on formats, formats on bytes"
NACL = "nacl stands behind vault.ed25519 and vault.client.crypto"
CRYPTOGRAPHY = "cryptography stands behind vault.client.crypto"
NETWORK = "The network of clients stands behind its drivers"
PURE = "Reconciling, policy, formats and cryptography do no I/O"
TABLES = "Tables are seen by SQL code alone"
SERVER = "The server from its settings up to its commands"
APART = "Resources do not know one another"
NO_HTTP = "Rows, actions and the write path know no HTTP"
DRIVEN = "Acts are driven, they never drive"
CLIENT = "The client from its cryptography up to its command"
COUNTS = "Counts stand behind the module that names them and the port that tells them"
CYCLES = "No cycles between siblings"

SABOTAGES = [
    (FLOORS, "src/vault/server/sabotage.py", "import vault.client"),
    (FLOORS, "src/vault/policy/decide.py", "import vault.client"),
    (FLOORS, "src/vault/protocol/blob.py", "def late():\n    import vault.client"),
    (FLOORS, "src/vault/ed25519.py", "import vault.client"),
    (FLOORS, "src/vault/client/sabotage.py", "import vault.server.storage.engine"),
    (
        FLOORS,
        "src/vault/server/sabotage.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import vault.client",
    ),
    (FLOORS, "src/vault/protocol/journal.py", "import vault.policy.decide"),
    (FLOORS, "src/vault/encoding.py", "import vault.protocol.ids"),
    (FLOORS, "src/vault/errors.py", "import vault.encoding"),
    (FLOORS, "src/vault/tlog/proof.py", "import vault.protocol.ids"),
    (FLOORS, "src/vault/protocol/leaf.py", "import vault.tlog.hashing"),
    (FLOORS, "src/vault/tlog/proof.py", "import vault.client"),
    (FLOORS, "src/vault/policy/replay.py", "import vault.reconcile.ledger"),
    (FLOORS, "src/vault/reconcile/ledger/declaring.py", "import vault.server.storage.tables"),
    (FLOORS, "src/vault/reconcile/ledger/declaring.py", "def late():\n    import vault.client"),
    (FLOORS, "src/vault/floor_of_its_own.py", ""),
    (NACL, "src/vault/server/storage/engine.py", "import nacl.secret"),
    (NACL, "src/vault/protocol/seal.py", "from nacl.bindings import crypto_box_seal_open"),
    (NACL, "src/vault/client/device/clock.py", "import nacl"),
    (NACL, "src/vault/tlog/cosignature.py", "import nacl.bindings"),
    (CRYPTOGRAPHY, "src/vault/server/storage/engine.py", "from cryptography.hazmat.primitives import hpke"),
    (CRYPTOGRAPHY, "src/vault/protocol/seal.py", "def late():\n    import cryptography"),
    (CRYPTOGRAPHY, "src/vault/client/device/session.py", "import cryptography.exceptions"),
    (NETWORK, "src/vault/client/device/session.py", "import httpx"),
    (NETWORK, "src/vault/server/storage/engine.py", "import httpx"),
    (PURE, "src/vault/client/crypto/padding.py", "from secrets import token_bytes"),
    (PURE, "src/vault/policy/decide.py", "import sqlalchemy"),
    (PURE, "src/vault/policy/facts.py", "def late():\n    import time"),
    (PURE, "src/vault/protocol/times.py", "import datetime"),
    (PURE, "src/vault/reconcile/ledger/declaring.py", "import sqlalchemy"),
    (PURE, "src/vault/reconcile/ledger/declaring.py", "def late():\n    import sqlite3"),
    (PURE, "src/vault/reconcile/ledger/declaring.py", "from pathlib import Path"),
    (PURE, "src/vault/protocol/keys.py", "from secrets import token_bytes"),
    (PURE, "src/vault/ed25519.py", "import os.path"),
    (PURE, "src/vault/tlog/cosignature.py", "import time"),
    (TABLES, "src/vault/server/sabotage.py", "from vault.server.storage.tables import seals"),
    (TABLES, "src/vault/server/resources/sabotage/routes.py", "import vault.server.storage.tables"),
    (TABLES, "src/vault/server/resources/sabotage/actions.py", "from vault.server.storage import tables"),
    (SERVER, "src/vault/server/storage/engine.py", "import vault.server.resources.apps.rows"),
    (SERVER, "src/vault/server/sequencer/journal.py", "import vault.server.http.answers"),
    (SERVER, "src/vault/server/http/answers.py", "import vault.server.resources.apps.routes"),
    (SERVER, "src/vault/server/settings.py", "import vault.server.context"),
    (SERVER, "src/vault/server/place_of_its_own.py", ""),
    (APART, "src/vault/server/resources/apps/rows.py", "import vault.server.resources.logins.rows"),
    (
        APART,
        "src/vault/server/resources/apps/routes.py",
        "from vault.server.resources.enrolments.actions import create_enrolment",
    ),
    (NO_HTTP, "src/vault/server/resources/apps/rows.py", "import fastapi"),
    (NO_HTTP, "src/vault/server/resources/apps/actions.py", "from starlette.requests import Request"),
    (NO_HTTP, "src/vault/server/resources/apps/actions.py", "import vault.server.http.answers"),
    (NO_HTTP, "src/vault/server/sequencer/journal.py", "from fastapi import Response"),
    (CLIENT, "src/vault/client/crypto/padding.py", "import vault.client.device.session"),
    (DRIVEN, "src/vault/client/outbox/writing.py", "import vault.client.network.transport"),
    (DRIVEN, "src/vault/client/acts/items.py", "from vault.client.network.transport import Driver"),
    (CLIENT, "src/vault/client/device/home.py", "import vault.client.log.receipts"),
    (CLIENT, "src/vault/client/reading/views.py", "import vault.client.outbox.writing"),
    (CLIENT, "src/vault/client/outbox/writing.py", "import vault.client.acts.items"),
    (CLIENT, "src/vault/client/acts/items.py", "import vault.client.sdk"),
    (CLIENT, "src/vault/client/place_of_its_own.py", ""),
    (COUNTS, "src/vault/server/sequencer/queue.py", "import prometheus_client"),
    (CYCLES, "src/vault/policy/place.py", "import vault.policy.decide"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """The package alone."""
    return copy_tree(tmp_path, "src")


def test_the_copy_keeps_every_contract_before_it_is_sabotaged(tree: Tree) -> None:
    ran = tree.run("lint-imports", "--no-cache", "--no-logo")
    assert ran.code == 0, ran.output
    assert " 0 broken" in ran.output


@pytest.mark.sampled(20)
@pytest.mark.parametrize(
    ("contract", "file", "violation"), SABOTAGES, ids=[f"{file}: {text}" for _, file, text in SABOTAGES]
)
def test_a_violation_breaks_its_contract(tree: Tree, contract: str, file: str, violation: str) -> None:
    tree.write(file, violation)
    ran = tree.run("lint-imports", "--no-cache", "--no-logo")
    assert ran.code == 1
    assert f"{contract} BROKEN" in ran.output


def test_every_contract_has_been_seen_to_fail() -> None:
    assert {contract["name"] for contract in CONTRACTS} == {contract for contract, _, _ in SABOTAGES}


def test_no_contract_looks_away() -> None:
    for contract in CONTRACTS:
        assert not {"ignore_imports", "exhaustive_ignores", "skip_descendants", "unmatched_ignore_imports_alerting"} & (
            contract.keys()
        ), contract["name"]


def test_layers_leave_no_module_out() -> None:
    assert [one["name"] for one in CONTRACTS if one["type"] == "layers" and not one.get("exhaustive")] == []
