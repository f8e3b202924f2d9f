"""How a table is declared: what each column is for, who is served it, how long it stays, and what explains it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Readers(StrEnum):
    """Who is served a value. The operator holds the database and reads every value that is not sealed."""

    NOBODY = "nobody"
    OPERATOR = "the operator"
    APP = "the app itself"
    OWNER = "the account itself"
    ACQUAINTED = "whoever knows the account"
    ANYONE = "anyone who knows the account, before a login"
    ADDRESSEE = "the account it is addressed to"
    JOURNAL = "who may read that journal"
    PAIR = "coach and coachee"
    MEMBERS = "the members that the contract names, each what concerns it"
    HOLDERS = "the accounts it is sealed to"
    WORLD = "anyone"
    SERVED = "coach and coachee; of what concerns it, the sponsor, supervisor or contact"


class Retention(StrEnum):
    """How long a value stays."""

    ENDED = "gone at the first login after its end"
    REPLACED = "until the next keyring replaces it"
    NEXT = "until the next statement"
    STAYS = "as long as the deployment"
    UPLOADED = "24 hours after the last part; once an item names it, until an erasure names that item"
    DISCARDED = "until the bytes are gone too, minutes later"
    ERASABLE = "until an erasure names it; before there are erasures, as long as the deployment"


class Explained(StrEnum):
    """What a value follows from, so that one that was changed is found."""

    VALUE = "statements"
    HASH = "its hash in a statement"
    LOG = "the leaves and the signed checkpoints of the log"
    CONTENT = "the bytes in the blob store"
    ROW = "the rest of its row"
    SCHEMA = "the schema of this version"
    OPERATOR = "nothing: it is the operator's own"
    PASSING = "nothing: tokens and challenges are random and end by themselves"
    UPLOAD = "nothing: it is about uploads and what is left of them, until the sweep"


UNEXPLAINED = frozenset({Explained.OPERATOR, Explained.PASSING, Explained.UPLOAD})
"""Of these a changed value is not found."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `readers` and `explained` where they are others than the table's."""

    purpose: str
    readers: Readers | None = None
    explained: Explained | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table with every one of its columns.

    `key` are the columns that tell its rows apart; `silent` is what no check of the table can find.
    """

    purpose: str
    readers: Readers
    retention: Retention
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    explained: Explained = Explained.VALUE
    silent: str | None = None

    def readers_of(self, column: str) -> Readers:
        """Who is served a column. Raises: KeyError for a column that is not declared."""
        return self.columns[column].readers or self.readers

    def explained_by(self, column: str) -> Explained:
        """What a column follows from. Raises: KeyError for a column that is not declared."""
        return self.columns[column].explained or self.explained


def engagement_column() -> Column:
    """The engagement that a row belongs to."""
    return Column("the engagement")


def statement_column() -> Column:
    """The statement that made a row."""
    return Column("the statement that this row is explained by")


def seq_column() -> Column:
    """The place of that statement, for who may know it."""
    return Column("that statement's place in the journal", Readers.PAIR)
