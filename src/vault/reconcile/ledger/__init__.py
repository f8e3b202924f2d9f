"""The data ledger: what each column of each table is for, who is served it, how long it stays, what explains it.

What a column can hold at all is its class, which stands beside its type in `vault.server.storage.columns`. A column
that is not declared here, or that lies in a database without being declared, fails the tests and
`coach-vault-server check`. docs/data.md is made from this folder by scripts/data-page.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vault.reconcile.ledger.declaring import UNEXPLAINED, Table
from vault.reconcile.ledger.engagements import ENGAGEMENTS
from vault.reconcile.ledger.journals import JOURNALS
from vault.reconcile.ledger.people import PEOPLE

LEDGER: Mapping[str, Table] = {**PEOPLE, **JOURNALS, **ENGAGEMENTS}


@dataclass(frozen=True, slots=True)
class Blind:
    """What of a table no check can find: these columns, or, where none is named, what `reason` says."""

    table: str
    columns: tuple[str, ...]
    reason: str


def list_blind() -> list[Blind]:
    """Everything that no statement explains, in the order of the ledger: whoever checks says it too."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, table in LEDGER.items():
        for column in table.columns:
            if table.explained_by(column) in UNEXPLAINED:
                reason = table.explained_by(column).removeprefix("nothing: ")
                found.setdefault((name, reason), []).append(column)
        if table.silent is not None:
            found[name, table.silent] = []
    return [Blind(table, tuple(columns), reason) for (table, reason), columns in found.items()]
