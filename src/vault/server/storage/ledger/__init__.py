"""The data ledger: what each column of each table is for, who is served it, and how long it stays.

What a column can hold at all is its class, which stands beside its type in `columns`. A column that is not declared
here, or that lies in a database without being declared, fails the tests and `coach-vault-server check`.
docs/data.md is made from this folder by scripts/data-page.
"""

from collections.abc import Mapping

from vault.server.storage.ledger.declaring import Table
from vault.server.storage.ledger.engagements import ENGAGEMENTS
from vault.server.storage.ledger.journals import JOURNALS
from vault.server.storage.ledger.people import PEOPLE

LEDGER: Mapping[str, Table] = {**PEOPLE, **JOURNALS, **ENGAGEMENTS}
