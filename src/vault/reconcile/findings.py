"""Findings: what is wrong, in which row, under a code that stays the same, in words for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = bytes | int | str | None
"""What a column holds."""


class Code(StrEnum):
    """What is wrong; programs may rely on these words."""

    ROW_MISSING = "row-missing"
    ROW_UNEXPLAINED = "row-unexplained"
    VALUE_DIFFERS = "value-differs"
    CONTENT_DIFFERS = "content-differs"
    CONTENT_LOST = "content-lost"
    PARTS_INCOMPLETE = "parts-incomplete"
    PLACE_DISCARDED = "place-discarded"
    STATEMENT_ID = "statement-id"
    STATEMENT_MALFORMED = "statement-malformed"
    SIGNATURE_WRONG = "signature-wrong"
    POLICY_REFUSES = "policy-refuses"
    HEAD_BROKEN = "head-broken"
    NOT_REPLAYED = "not-replayed"
    RECEIPT_WRONG = "receipt-wrong"
    LOG_GAP = "log-gap"
    ROOT_DIFFERS = "root-differs"
    CHECKPOINT_UNSIGNED = "checkpoint-unsigned"


WORDS: Mapping[Code, str] = {
    Code.ROW_MISSING: "the signed statements make this row, and it is not there",
    Code.ROW_UNEXPLAINED: "no signed statement explains this row",
    Code.VALUE_DIFFERS: "the value is not the one that follows from what was signed",
    Code.CONTENT_DIFFERS: "the stored bytes are not those whose hash was signed",
    Code.CONTENT_LOST: "the blob store does not have these bytes",
    Code.PARTS_INCOMPLETE: "the parts together are not the attachment that a statement names",
    Code.PLACE_DISCARDED: "the next sweep would delete bytes that an attachment needs",
    Code.STATEMENT_ID: "the id is not the hash of payload and type",
    Code.STATEMENT_MALFORMED: "the payload is not a statement of this type for this deployment",
    Code.SIGNATURE_WRONG: "the signature does not verify under the key that signs here",
    Code.POLICY_REFUSES: "policy does not allow this statement at its place",
    Code.HEAD_BROKEN: "the head does not follow from the entries up to here",
    Code.NOT_REPLAYED: "the journal could not be replayed to its end, so the rows that hang on it were not compared",
    Code.RECEIPT_WRONG: "the receipt does not prove this leaf under a checkpoint that this log signed",
    Code.LOG_GAP: "the log has no leaf with this number",
    Code.ROOT_DIFFERS: "the log signed a root of this size that is not the root of these leaves",
    Code.CHECKPOINT_UNSIGNED: "the checkpoint is not signed by this deployment's log",
}
"""What each code says to a person."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of one table, in one column where it is one, and what is wrong with it.

    `key` names the row: the columns that tell the table's rows apart. `detail` is a word more, such as policy's code.
    """

    code: Code
    table: str
    key: Mapping[str, Value]
    column: str | None = None
    detail: str | None = None

    @property
    def sentence(self) -> str:
        """Where, what, and the code, in one line."""
        row = " ".join(f"{name}={write_value(value)}" for name, value in self.key.items())
        place = " ".join(part for part in (self.table, row) if part)
        column = f", column {self.column}" if self.column else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{place}{column}: {WORDS[self.code]}{detail} ({self.code})"

    def members(self) -> dict[str, object]:
        """The same for a program: bytes as hex."""
        return {
            "code": self.code.value,
            "table": self.table,
            "key": {name: value.hex() if isinstance(value, bytes) else value for name, value in self.key.items()},
            "column": self.column,
            "says": f"{WORDS[self.code]}{f': {self.detail}' if self.detail else ''}",
        }


def write_value(value: Value) -> str:
    """A value of a key: bytes as hex."""
    return value.hex() if isinstance(value, bytes) else str(value)
