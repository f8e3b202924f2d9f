"""A new type of statement costs its row, its model, its rule, its words in SQL, its route and its act: here is one.

It is written into a copy of the tree by small edits, and nothing else there is touched: the agenda of a meeting, sealed
by the coach for the coachee. The first migration is changed in place, as long as nothing was released.
"""

from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, Tree, copy_tree

TEXTS = ROOT / "tests/architecture/new_kind"
NEW = {
    "src/vault/policy/agendas.py": "policy_agendas.txt",
    "src/vault/server/resources/agendas/routes.py": "server_routes.txt",
    "src/vault/client/acts/agendas.py": "client_agendas.txt",
    "tests/system/test_agendas.py": "test_agendas.txt",
}
ROW = """
    StatementType.AGENDA: Kind(
        journal=JournalKind.ENGAGEMENT,
        parts=_SEALED,
        content=BlobKind.AGENDA,
        bound=("contract",),
        purpose=SealPurpose.AGENDA,
        names=("contract",),
    ),"""
MODEL = '''

class Agenda(Body):
    """What the next meeting is about."""

    TYPE = StatementType.AGENDA

    engagement: Id
    contract: Hash
    blob: BlobRef
    seals: Seals
'''
RULE = """
        case Agenda():
            return decide_agenda(facts, body)"""
IMPORTED_RULE = "\nfrom vault.policy.agendas import decide_agenda"
IMPORTED_ROUTE = "\nfrom vault.server.resources.agendas.routes import router as agendas"
VOCABULARY, KINDS = "src/vault/protocol/vocabulary.py", "src/vault/protocol/kinds.py"
DECIDE, APP = "src/vault/policy/decide.py", "src/vault/server/app.py"
TABLES = "migrations/versions/0001_first_tables.py"
AFTER = (
    (VOCABULARY, '    ERASURE = "erasure"', '\n    AGENDA = "agenda"'),
    (VOCABULARY, '    CONTRACT_TEXT = "contract_text"', '\n    AGENDA = "agenda"'),
    (VOCABULARY, "    BlobKind.ESCALATION: 34,", "\n    BlobKind.AGENDA: 35,"),
    (VOCABULARY, '    """Which statement a seal stands in."""', '\n\n    AGENDA = "agenda"'),
    (VOCABULARY, "    SealPurpose.ESCALATION: 4,", "\n    SealPurpose.AGENDA: 5,"),
    (KINDS, "    StatementType.ERASURE: Kind(journal=JournalKind.ENGAGEMENT, again=Again.ENDING),", ROW),
    ("src/vault/protocol/statements.py", "    reason: ErasureReason\n", MODEL),
    (DECIDE, "from vault.policy import contracts, disclosures, escalations, items, keys", IMPORTED_RULE),
    (DECIDE, "            return disclosures.decide_erasure(facts, body, time)", RULE),
    (DECIDE, "from vault.protocol.statements import (", "\n    Agenda,"),
    (APP, "from vault.server.resources.accounts.routes import router as accounts", IMPORTED_ROUTE),
    (APP, "ROUTERS = (", "\n    agendas,"),
    (TABLES, '            "erasure",', '\n            "agenda",'),
    (TABLES, '_code("purpose", 1, 2, 3, 4', ", 5"),
)
"""Where in which file, and what is put behind it."""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """The copy, with the new type in it."""
    tests = ("conftest.py", "engines.py", "support", "server", "system")
    tree = copy_tree(tmp_path, "src", "migrations", "openapi", "alembic.ini", *(f"tests/{name}" for name in tests))
    for name, text in NEW.items():
        tree.write(name, (TEXTS / text).read_text(encoding="utf-8"))
    for name, after, text in AFTER:
        tree.replace(name, after, after + text)
    return tree


def play(tree: Tree) -> str:
    """What pytest says of the tests of agendas in the copy."""
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly")
    return tree.run("pytest", *options, "tests/system/test_agendas.py").output


@pytest.mark.slow
def test_a_new_type_is_accepted_stored_served_replayed_and_opened(tree: Tree) -> None:
    assert "3 passed" in play(tree)


def test_a_type_without_a_row_stops_everything_as_soon_as_its_model_is_read(tree: Tree) -> None:
    tree.replace("src/vault/protocol/kinds.py", ROW, "")
    for module in ("vault.client", "vault.server.app"):
        ran = tree.run("python", "-c", f"import {module}")
        assert ran.code == 1
        assert "KeyError: <StatementType.AGENDA: 'agenda'>" in ran.output


@pytest.mark.slow
def test_a_type_whose_row_leaves_out_its_parts_is_refused_with_them(tree: Tree) -> None:
    tree.replace(KINDS, "        parts=_SEALED,\n        content=BlobKind.AGENDA,", "        content=BlobKind.AGENDA,")
    ran = play(tree)
    assert "2 failed" in ran
    assert "part-surplus" in ran


@pytest.mark.slow
def test_a_type_without_a_rule_is_refused_by_policy(tree: Tree) -> None:
    tree.replace(DECIDE, RULE, "")
    ran = play(tree)
    assert "2 failed" in ran
    assert "statement-malformed" in ran
