"""Whatever a test has written: every row of the database has to be explained by the statements in it."""

from sqlalchemy import Connection

from vault.reconcile.everything import Deployment, reconcile
from vault.server.context import AppContext
from vault.server.storage.records import DatabaseRecords


def deployment_of(context: AppContext) -> Deployment:
    """Who the server is, as whoever checks it knows it."""
    return Deployment(context.settings.audience, context.deployment, context.tlog.verifier)


def silent(_what: str, _done: int, _total: int) -> None:
    """Nobody looks how far it has come."""


def compare_with_rows(connection: Connection, context: AppContext) -> int:
    """The number of statements that were replayed, every row explained by them."""
    records = DatabaseRecords(connection)
    found = reconcile(records, deployment_of(context), silent)
    assert [finding.sentence for finding in found] == []
    return records.count("statements")
