"""People: accounts, keys, keyrings, slots and introductions, from the journals of keys and of keyrings.

Source: docs/protocol.md sections 2, 4 rule 0, and 8.
"""

from collections.abc import Iterator
from functools import partial

from vault.errors import FormatError
from vault.policy.facts import KeyringAdded, KeysAdded, KeysFact
from vault.policy.keys import keys_fact
from vault.policy.replay import ReplayedJournal, ReplayedKeyring, ReplayedKeys
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.ids import Account, key_id
from vault.protocol.journal import JournalId
from vault.protocol.limits import INTRODUCTION_SECONDS, ZERO32
from vault.protocol.statements import Introduction, Keys
from vault.protocol.vocabulary import KEY_ALGORITHM_ED25519, JournalKind, StatementType
from vault.reconcile.expected import Expected, name_key
from vault.reconcile.findings import Code, Finding
from vault.reconcile.journals import Entry, Journal
from vault.reconcile.records import Record, Source, Stream, list_groups
from vault.reconcile.shelves import Shelf

_TABLES = ("accounts", "keys", "keyrings", "slots")
_SIGNED = ("to_account", "signer", "uid", "statement")


class Directory:
    """The keys of all accounts: half a kilobyte for each generation, and the one thing that grows with people."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._by_statement: dict[bytes, KeysFact] = {}
        self._by_key: dict[tuple[bytes, bytes], KeysFact] = {}

    def add(self, statement: Statement) -> None:
        """Keep a `keys` statement; others are passed over."""
        if isinstance(statement.body, Keys):
            fact = keys_fact(statement.id, statement.body)
            self._by_statement[fact.statement] = fact
            self._by_key[fact.account, fact.sign_key] = fact

    def find(self, statement: bytes) -> KeysFact | None:
        """The keys of the statement with this id."""
        return self._by_statement.get(statement)

    def find_sign_key(self, account: bytes, key: bytes) -> KeysFact | None:
        """A generation of the account with this sign key."""
        return self._by_key.get((account, key))


class _Account:
    """The rows that the journals of one account make."""

    def __init__(self, account: bytes, expected: Expected) -> None:
        self._keys = ReplayedKeys(Account(account))
        self._expected = expected

    def start(self, _salt: bytes) -> ReplayedJournal:
        """The empty state of the keys journal."""
        return self._keys

    def start_keyring(self, salt: bytes) -> ReplayedJournal:
        """The empty state of the keyring journal, beside what was replayed of the keys."""
        return ReplayedKeyring(self._keys, salt)

    def take(self, entry: Entry) -> None:
        for effect in entry.effects:
            match effect:
                case KeysAdded(keys):
                    self._add_keys(entry, keys)
                case KeyringAdded():
                    self._replace_keyring(effect)
                case _:
                    raise TypeError(f"expected an effect of keys or of a keyring, not {type(effect).__name__}")

    def _add_keys(self, entry: Entry, keys: KeysFact) -> None:
        body = entry.statement.body
        assert isinstance(body, Keys)
        if keys.generation == 1:
            self._expected.put("accounts", account=keys.account, made=entry.position.time)
        self._expected.put(
            "keys",
            account=keys.account,
            generation=keys.generation,
            statement=keys.statement,
            sign_key=keys.sign_key,
            sign_public=keys.sign_public,
            seal_key=keys.seal_key,
            seal_public=body.seal.public,
            reason=keys.reason.value,
        )

    def _replace_keyring(self, added: KeyringAdded) -> None:
        body = added.keyring.body
        for key in self._expected.list_keys("slots"):
            self._expected.drop("slots", key)
        self._expected.put(
            "keyrings",
            account=body.by,
            sequence=body.sequence,
            statement=added.keyring.statement,
            generation=added.keyring.generation,
            blob=body.blob.sha256,
        )
        for slot in body.slots:
            self._expected.put(
                "slots",
                account=body.by,
                kind=slot.kind,
                slot=slot.sha256,
                fetch_key=key_id(KEY_ALGORITHM_ED25519, slot.fetch),
                fetch_public=slot.fetch,
            )


def reconcile_accounts(source: Source, audience: str, directory: Directory) -> Iterator[Finding]:
    """What is wrong with accounts, in the order of their ids; their keys are in `directory` afterwards."""
    keys, keyrings = Shelf(source, JournalKind.KEYS), Shelf(source, JournalKind.KEYRING)
    tables = {name: Stream(source.rows(name, ("account",)), "account") for name in _TABLES}
    for account in list_groups([*keys.streams, *keyrings.streams, *tables.values()]):
        expected = Expected()
        rows = _Account(account, expected)
        read = partial(Journal, audience=audience, expected=expected, explain=rows.take)
        first = read(JournalId(JournalKind.KEYS, account), start=rows.start, notice=directory.add)
        yield from keys.read(first, expected, ZERO32)
        second = read(JournalId(JournalKind.KEYRING, account), start=rows.start_keyring)
        second.is_whole = first.is_whole  # which keys there are is a fact of it
        yield from keyrings.read(second, expected)
        if first.is_whole and second.is_whole:
            for name, stream in tables.items():
                yield from expected.compare(name, stream.take(account))


def reconcile_introductions(source: Source, audience: str, directory: Directory) -> Iterator[Finding]:
    """What is wrong with introductions, which stand in no journal: each is a signed statement by itself."""
    for row in source.rows("introductions", ("to_account", "statement")):
        envelope = Envelope(StatementType.INTRODUCTION, row["payload"], (row["signature"],))
        try:
            body = envelope.body()
        except FormatError:
            body = None
        if not isinstance(body, Introduction) or body.audience != audience:
            yield _finding(Code.STATEMENT_MALFORMED, row)
            continue
        signed = dict(zip(_SIGNED, (body.to, body.by, body.id, envelope.id), strict=True))
        for name, value in signed.items():
            if row[name] != value:
                yield _finding(Code.VALUE_DIFFERS, row, name)
        keys = directory.find_sign_key(body.by, body.key)
        try:
            if keys is None:
                raise FormatError("expected a sign key of the signer")
            envelope.verify(keys.sign_public)
        except FormatError:
            yield _finding(Code.SIGNATURE_WRONG, row)
        if row["expires"] != row["made"] + INTRODUCTION_SECONDS:
            yield _finding(Code.VALUE_DIFFERS, row, "expires")


def _finding(code: Code, row: Record, column: str | None = None) -> Finding:
    return Finding(code, "introductions", name_key("introductions", row), column)
