"""The classes of data that a column may have, each with the only column type and CHECK constraints that it allows.

There is no class for free text: a column that could hold a sentence cannot be declared. The expressions are portable;
SQLite and PostgreSQL get the same constraints under the same names.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    Text,
    TextClause,
    and_,
    cast,
    func,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

from vault.encoding import MAXIMUM_INTEGER
from vault.protocol.leaf import ENTRY_BYTES as LEAF_ENTRY_BYTES
from vault.protocol.limits import (
    ACCOUNT_BYTES,
    BLOB_MAXIMUM_BYTES,
    BLOB_OVERHEAD_BYTES,
    BUCKET_MINIMUM_BYTES,
    HASH_BYTES,
    ID_BYTES,
    KEYRING_MAXIMUM_BYTES,
    KEYRING_OVERHEAD_BYTES,
    PAYLOAD_MAXIMUM_BYTES,
    SALT_BYTES,
    SEAL_BYTES,
    SEAL_KEY_BYTES,
    SLOT_BYTES,
)

SLUG_MAXIMUM_CHARACTERS = 40
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

# SQLite's STRICT tables know INTEGER only (which has 64 bits there), PostgreSQL's INTEGER has 32.
_INTEGER = BigInteger().with_variant(Integer(), "sqlite")

Check = ColumnElement[bool] | TextClause
"""One condition on a column, the same on both databases."""


class DataClass(StrEnum):
    """What a column holds, as docs/data.md names it."""

    ID = "opaque id"
    HASH = "hash"
    SALT = "salt"
    PUBLIC_KEY = "public key"
    SIGNATURE = "signature"
    SEAL = "seal"
    BLOB = "blob"
    SLOT = "slot"
    PAYLOAD = "statement payload"
    WORD = "enumeration"
    COUNTER = "counter"
    TIME = "time"
    TREE = "hashes of the log's tree"
    PROOF = "proof of the log"
    SLUG = "slug of an app"


def _column(
    name: str,
    type_: Any,
    data_class: DataClass,
    checks: Iterable[Check],
    *more: Any,
    nullable: bool = False,
    primary_key: bool = False,
) -> Column[Any]:
    return Column(
        name,
        type_,
        *more,
        CheckConstraint(and_(*checks), name=name),
        nullable=nullable,
        primary_key=primary_key,
        autoincrement=False,
        info={"class": data_class},
    )


def _bytes(name: str, data_class: DataClass, size_bytes: int, *more: Any, **kind: bool) -> Column[Any]:
    return _column(name, LargeBinary(), data_class, [text(f"length({name}) = {size_bytes}")], *more, **kind)


def _starts_with(name: str, ascii_words: str) -> ColumnElement[bool]:
    """A literal of bytes has another spelling on each database, a cast one does not."""
    return func.substr(text(name), 1, len(ascii_words)) == cast(text(f"'{ascii_words}'"), LargeBinary)


def account(name: str = "account", *more: Any, **kind: bool) -> Column[Any]:
    """An account: 32 bytes."""
    return _bytes(name, DataClass.ID, ACCOUNT_BYTES, *more, **kind)


def statement_id(name: str = "statement", *more: Any, **kind: bool) -> Column[Any]:
    """A statement id: 32 bytes."""
    return _bytes(name, DataClass.ID, HASH_BYTES, *more, **kind)


def short_id(name: str, *more: Any, **kind: bool) -> Column[Any]:
    """16 bytes: engagement, item, contact, key id, a statement's own id."""
    return _bytes(name, DataClass.ID, ID_BYTES, *more, **kind)


def journal_subject(primary_key: bool = True) -> Column[Any]:
    """What a journal is about: a 16-byte engagement (kinds 3 and 4) or a 32-byte account."""
    engagements, accounts = f"length(subject) = {ID_BYTES}", f"length(subject) = {ACCOUNT_BYTES}"
    rule = f"(kind IN (3, 4) AND {engagements}) OR (kind IN (1, 2, 5) AND {accounts})"
    return _column("subject", LargeBinary(), DataClass.ID, [text(rule)], primary_key=primary_key)


def hash_(name: str, *more: Any, **kind: bool) -> Column[Any]:
    """A SHA-256 or HMAC-SHA-256: 32 bytes."""
    return _bytes(name, DataClass.HASH, HASH_BYTES, *more, **kind)


def log_entry(name: str) -> Column[Any]:
    """An entry of the transparency log, a tag and a commitment: 64 bytes."""
    return _bytes(name, DataClass.HASH, LEAF_ENTRY_BYTES)


def frontier(name: str) -> Column[Any]:
    """A size of 8 bytes and up to 53 hashes."""
    checks: list[Check] = [
        text(f"length({name}) BETWEEN 8 AND {8 + 53 * HASH_BYTES}"),
        text(f"length({name}) % {HASH_BYTES} = 8"),
    ]
    return _column(name, LargeBinary(), DataClass.TREE, checks)


def receipt(name: str) -> Column[Any]:
    """A tlog-proof: at most 63 hashes and a checkpoint with one signature."""
    checks: list[Check] = [text(f"length({name}) BETWEEN 100 AND 4096"), _starts_with(name, "c2sp.org/tlog-proof@v1")]
    return _column(name, LargeBinary(), DataClass.PROOF, checks)


def checkpoint(name: str, **kind: bool) -> Column[Any]:
    """A checkpoint signed by the log alone; none before its first entry."""
    return _column(name, LargeBinary(), DataClass.PROOF, [text(f"length({name}) BETWEEN 100 AND 1024")], **kind)


def salt(name: str, **kind: bool) -> Column[Any]:
    """A journal's salt: 32 bytes."""
    return _bytes(name, DataClass.SALT, SALT_BYTES, **kind)


def sign_public(name: str, **kind: bool) -> Column[Any]:
    """An Ed25519 public key: 32 bytes."""
    return _bytes(name, DataClass.PUBLIC_KEY, 32, **kind)


def seal_public(name: str, **kind: bool) -> Column[Any]:
    """An X-Wing public key: 1216 bytes."""
    return _bytes(name, DataClass.PUBLIC_KEY, SEAL_KEY_BYTES, **kind)


def signature(name: str, **kind: bool) -> Column[Any]:
    """An Ed25519 signature: 64 bytes."""
    return _bytes(name, DataClass.SIGNATURE, 64, **kind)


def seal(name: str) -> Column[Any]:
    """A content key sealed to one recipient: 1168 bytes."""
    return _bytes(name, DataClass.SEAL, SEAL_BYTES)


def blob(name: str, **kind: bool) -> Column[Any]:
    """Sealed content: magic CVB1, then 4,096 to 262,144 padded bytes with their 80 bytes of overhead."""
    checks: list[Check] = [
        text(f"length({name}) BETWEEN {BUCKET_MINIMUM_BYTES + BLOB_OVERHEAD_BYTES} AND {BLOB_MAXIMUM_BYTES}"),
        _starts_with(name, "CVB1"),
    ]
    return _column(name, LargeBinary(), DataClass.BLOB, checks, **kind)


def keyring_blob(name: str) -> Column[Any]:
    """A sealed keyring: magic CVR1."""
    checks: list[Check] = [
        text(f"length({name}) BETWEEN {BUCKET_MINIMUM_BYTES + KEYRING_OVERHEAD_BYTES} AND {KEYRING_MAXIMUM_BYTES}"),
        _starts_with(name, "CVR1"),
    ]
    return _column(name, LargeBinary(), DataClass.BLOB, checks)


def slot(name: str) -> Column[Any]:
    """A slot of a keyring: magic CVK1, 144 bytes."""
    checks: list[Check] = [text(f"length({name}) = {SLOT_BYTES}"), _starts_with(name, "CVK1")]
    return _column(name, LargeBinary(), DataClass.SLOT, checks)


def payload(name: str) -> Column[Any]:
    """The signed bytes of a statement: a JSON object of at most 65,536 bytes with the members of its type alone."""
    checks: list[Check] = [
        text(f"length({name}) BETWEEN 2 AND {PAYLOAD_MAXIMUM_BYTES}"),
        _starts_with(name, "{"),
    ]
    return _column(name, LargeBinary(), DataClass.PAYLOAD, checks)


def word(name: str, words: Iterable[str], **kind: bool) -> Column[Any]:
    """One word of a closed enumeration."""
    listed = ", ".join(f"'{each}'" for each in words)
    return _column(name, Text(), DataClass.WORD, [text(f"{name} IN ({listed})")], **kind)


def code(name: str, codes: Iterable[int], **kind: bool) -> Column[Any]:
    """One number of a closed enumeration."""
    listed = ", ".join(str(each) for each in codes)
    return _column(name, _INTEGER, DataClass.WORD, [text(f"{name} IN ({listed})")], **kind)


def flag(name: str) -> Column[Any]:
    """0 or 1."""
    return code(name, (0, 1))


def counter(name: str, minimum: int = 1, **kind: bool) -> Column[Any]:
    """A number that counts something: `minimum` .. 2^53-1."""
    checks: list[Check] = [text(f"{name} BETWEEN {minimum} AND {MAXIMUM_INTEGER}")]
    return _column(name, _INTEGER, DataClass.COUNTER, checks, **kind)


def time(name: str, **kind: bool) -> Column[Any]:
    """Unix seconds of the server's clock, or of a signer's where docs/data.md says so: 0 .. 2^53-1."""
    return _column(name, _INTEGER, DataClass.TIME, [text(f"{name} BETWEEN 0 AND {MAXIMUM_INTEGER}")], **kind)


def slug(name: str, *more: Any, **kind: bool) -> Column[Any]:
    """The operator's word for an app: a letter, then letters, digits and hyphens; at most 40."""
    checks: list[Check] = [
        text(f"length({name}) BETWEEN 1 AND {SLUG_MAXIMUM_CHARACTERS}"),
        text(f"ltrim({name}, '{_LETTERS}0123456789-') = ''"),
        text(f"ltrim(substr({name}, 1, 1), '{_LETTERS}') = ''"),
    ]
    return _column(name, Text(), DataClass.SLUG, checks, *more, **kind)
