"""The facts of keys journals and keyring journals, read from rows."""

from typing import Literal

from sqlalchemy import Connection, bindparam, select

from vault.policy.facts import KeyringFact, KeysFact
from vault.protocol.journal import JournalId
from vault.protocol.limits import ZERO32
from vault.protocol.statements import Keyring, parse_body
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind, KeysReason, StatementType
from vault.server.sequencer.facts_journal import JournalRows
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import keyrings, keys, statements

_COLUMNS = (
    keys.c.statement,
    keys.c.account,
    keys.c.generation,
    keys.c.sign_key,
    keys.c.sign_public,
    keys.c.seal_key,
    keys.c.reason,
)
_BY_STATEMENT = Prepared(select(*_COLUMNS).where(keys.c.statement == bindparam("statement")))
_OF_ACCOUNT = (
    select(*_COLUMNS).where(keys.c.account == bindparam("account")).order_by(keys.c.generation.desc()).limit(1)
)
_CURRENT = Prepared(_OF_ACCOUNT)
_BEFORE = Prepared(_OF_ACCOUNT.where(keys.c.generation < bindparam("generation")))
_BY_SIGN_KEY = Prepared(_OF_ACCOUNT.where(keys.c.sign_key == bindparam("sign_key")))
_KEYRING = Prepared(
    select(keyrings.c.statement, keyrings.c.generation, statements.c.payload)
    .join(statements, statements.c.statement == keyrings.c.statement)
    .where(
        keyrings.c.account == bindparam("account"),
        statements.c.kind == JOURNAL_KIND_CODES[JournalKind.KEYRING],
        statements.c.subject == bindparam("account"),
    )
)


def find_keys(connection: Connection, statement: bytes) -> KeysFact | None:
    """The `keys` statement with this id, of any account."""
    return _find(connection, _BY_STATEMENT, {"statement": statement})


def find_current_keys(connection: Connection, account: bytes) -> KeysFact | None:
    """The newest generation of the account."""
    return _find(connection, _CURRENT, {"account": account})


def find_keys_before(connection: Connection, account: bytes, generation: int) -> KeysFact | None:
    """The newest generation of the account below `generation`: the one that a statement of that generation follows."""
    return _find(connection, _BEFORE, {"account": account, "generation": generation})


def find_sign_key(connection: Connection, account: bytes, sign_key: bytes) -> KeysFact | None:
    """The newest generation of the account whose sign key has this id."""
    return _find(connection, _BY_SIGN_KEY, {"account": account, "sign_key": sign_key})


def _find(connection: Connection, query: Prepared, values: dict[str, bytes | int]) -> KeysFact | None:
    row = query.find(connection, values)
    if row is None:
        return None
    return KeysFact(
        statement=row.statement,
        account=row.account,
        generation=row.generation,
        sign_key=row.sign_key,
        sign_public=row.sign_public,
        seal_key=row.seal_key,
        reason=KeysReason(row.reason),
    )


class KeysRows(JournalRows):
    """A keys journal."""

    kind: Literal[JournalKind.KEYS] = JournalKind.KEYS

    def __init__(self, connection: Connection, account: bytes) -> None:
        """The keys journal of a 32-byte account."""
        super().__init__(connection, JournalId(JournalKind.KEYS, account), ZERO32)

    def find_current(self) -> KeysFact | None:
        """The newest generation."""
        return find_current_keys(self.connection, self.journal.subject)


class KeyringRows(JournalRows):
    """A keyring journal."""

    kind: Literal[JournalKind.KEYRING] = JournalKind.KEYRING

    def __init__(self, connection: Connection, account: bytes, salt: bytes) -> None:
        """The keyring journal of a 32-byte account with its salt."""
        super().__init__(connection, JournalId(JournalKind.KEYRING, account), salt)

    def find_key(self, sign_key: bytes) -> KeysFact | None:
        """The generation of the owner's whose sign key has this id."""
        return find_sign_key(self.connection, self.journal.subject, sign_key)

    def find_current(self) -> KeyringFact | None:
        """The newest keyring."""
        row = _KEYRING.find(self.connection, {"account": self.journal.subject})
        if row is None:
            return None
        body = parse_body(row.payload, StatementType.KEYRING)
        assert isinstance(body, Keyring)
        return KeyringFact(row.statement, row.generation, body)
