"""The comparison of rows with replayed journals, and that it finds what it is for."""

import pytest
from sqlalchemy import text

from tests.server.replaying import compare_with_rows
from tests.server.world import World
from vault.errors import FormatError
from vault.protocol.problems import Refused
from vault.protocol.vocabulary import ItemKind

TAMPERINGS = (
    "UPDATE journals SET head = zeroblob(32) WHERE kind = 3",
    "UPDATE statements SET time = time + 1 WHERE kind = 3 AND seq = 1",
    "UPDATE statements SET seen_seq = 1 WHERE kind = 3 AND seq = 2",
    "UPDATE statements SET signature = zeroblob(64) WHERE kind = 3 AND seq = 2",
    "UPDATE statements SET uid = zeroblob(16) WHERE kind = 3 AND seq = 2",
    "UPDATE keys SET seal_public = zeroblob(1216)",
    "UPDATE keys SET seal_key = zeroblob(16)",
    "UPDATE keyrings SET generation = 2",
    "UPDATE slots SET fetch_public = zeroblob(32)",
    "UPDATE engagements SET closed = NULL",
    "UPDATE engagements SET active_contract = NULL",
    "UPDATE contracts SET superseded = 1",
    "UPDATE parties SET role = 'supervisor' WHERE role = 'sponsor'",
    "UPDATE memberships SET role = 'supervisor' WHERE role = 'sponsor'",
    "INSERT INTO memberships VALUES (randomblob(32), (SELECT engagement FROM engagements), 'coach')",
    "UPDATE assents SET time = time + 1",
    "UPDATE items SET erased = 1",
    "UPDATE items SET kind = 'goal' WHERE kind = 'note'",
    "DELETE FROM holdings WHERE kind = 'note'",
    "UPDATE blobs SET sha256 = zeroblob(32)",
    "DELETE FROM blobs",
    "UPDATE seals SET purpose = 1 WHERE purpose = 2",
    "UPDATE seals SET seal = zeroblob(1168)",
    "UPDATE disclosures SET withdrawn = 0",
    "UPDATE disclosures SET expires = 1",
    "DELETE FROM withdrawals",
    "DELETE FROM openings",
)


async def test_all_journals_of_a_full_life_agree_with_the_rows(three: World) -> None:
    await _live(three)
    with three.deployment.context.storage.reading() as connection:
        assert compare_with_rows(connection, three.deployment.context.deployment) == 16


async def test_every_row_that_no_statement_explains_is_found(three: World) -> None:
    await _live(three)
    for tampering in TAMPERINGS:
        with pytest.raises((AssertionError, Refused, FormatError)):
            _compare_after(three, tampering)


def _compare_after(three: World, tampering: str) -> None:
    """Raises whatever the comparison finds; nothing of the tampering stays."""
    with three.deployment.context.storage.writing() as connection:
        if connection.execute(text(tampering)).rowcount < 1:
            raise RuntimeError(f"nothing to tamper with: {tampering}")
        compare_with_rows(connection, three.deployment.context.deployment)
        raise RuntimeError(f"nothing found: {tampering}")


async def _live(three: World) -> None:
    await three.write(three.keyring("coachee"))
    await three.write(three.item())
    await three.write(three.item("coachee", ItemKind.SUMMARY))
    disclosure = await three.write(three.disclosure())
    await three.write(three.opening(disclosure))
    await three.write(three.withdrawal(disclosure))
    await three.write(three.closure())
