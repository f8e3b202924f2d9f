"""How a table is declared: what each column is for, who is served it, and how long it stays."""

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


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `readers` where they are others than the table's."""

    purpose: str
    readers: Readers | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table with every one of its columns."""

    purpose: str
    readers: Readers
    retention: Retention
    columns: Mapping[str, Column]

    def readers_of(self, column: str) -> Readers:
        """Who is served a column. Raises: KeyError for a column that is not declared."""
        return self.columns[column].readers or self.readers


def engagement_column() -> Column:
    """The engagement that a row belongs to."""
    return Column("the engagement")


def statement_column() -> Column:
    """The statement that made a row."""
    return Column("the statement that this row is explained by")


def seq_column() -> Column:
    """The place of that statement, for who may know it."""
    return Column("that statement's place in the journal", Readers.PAIR)
