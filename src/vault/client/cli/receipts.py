"""Verify the receipt of a statement in a file: by the leaf beside it, or by the salt of a journal of one's own."""

from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from vault.client.cli.opening import opened
from vault.client.errors import NoReceipt, UsageError
from vault.encoding import MAXIMUM_INTEGER, read_hex
from vault.errors import FormatError
from vault.protocol.api import Leaf
from vault.protocol.envelope import Statement
from vault.protocol.journal import JournalId, Position
from vault.protocol.leaf import ServedLeaf, leaf_entry
from vault.protocol.limits import HASH_BYTES, ZERO32
from vault.protocol.naming import find_journal
from vault.protocol.strict_json import read_json
from vault.protocol.vocabulary import JournalKind
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof
from vault.tlog.signed_note import VerifierKey

_WHOLE = "expected the whole answer or entry: its time, and its leaf or its seq and head"


def verify_receipt_of(
    context: typer.Context, found: Statement, around: dict[str, Any], receipt: Path | None, log_key: str
) -> dict[str, int]:
    """Leaf and size of the tree that the log has signed; `around` is what stands beside the statement in its file.

    Raises: NoReceipt; UsageError where something is missing that is needed to compute the leaf, or is no receipt.
    """
    told = around if receipt is None else around | _read(receipt)
    text = told.get("receipt")
    if not isinstance(text, str):
        raise UsageError("expected a receipt beside the statement; or give --receipt FILE")
    try:
        key = VerifierKey.parse(log_key)
    except FormatError:
        raise UsageError("expected the log's key as its operator prints it: name+hex+base64") from None
    try:
        proof = TlogProof.parse(text.encode("utf-8"))
    except FormatError as error:
        raise UsageError(f"that is not a receipt: {error}") from None
    entry = _entry(context, found, told)
    try:
        checkpoint = proof.verify(leaf_hash(entry), [key])
    except FormatError as error:
        raise NoReceipt("expected a receipt by that log that names this very statement") from error
    return {"leaf": proof.index, "size": checkpoint.size}


def _entry(context: typer.Context, found: Statement, around: dict[str, Any]) -> bytes:
    if around.get("leaf") is not None:
        try:
            leaf = Leaf.model_validate(around["leaf"])
        except ValidationError:
            raise UsageError(_WHOLE) from None
        return ServedLeaf(leaf.tag, leaf.blind, _read_number(around.get("time")), leaf.half).entry(found.id)
    position = read_position(around)
    journal = _journal_of(found)
    salt = ZERO32 if journal.kind is JournalKind.KEYS else _salt(context, journal)
    return leaf_entry(journal, salt, position, found.id)


def read_position(around: dict[str, Any]) -> Position:
    """The place that is told beside a statement. Raises: UsageError."""
    place = around.get("journal")
    told = place if isinstance(place, dict) else around
    try:
        head = read_hex(str(told.get("head")), HASH_BYTES)
    except FormatError:
        raise UsageError(_WHOLE) from None
    return Position(_read_number(told.get("seq")), _read_number(around.get("time")), head)


def _read_number(value: object) -> int:
    """A number that a journal can have. Raises: UsageError."""
    if type(value) is not int or not 0 <= value <= MAXIMUM_INTEGER:
        raise UsageError(_WHOLE)
    return value


def _salt(context: typer.Context, journal: JournalId) -> bytes:
    with opened(context) as home:
        salt = home.session.find_salt(journal)
    if salt is None:
        raise UsageError("expected a journal of yours: its salt is needed to compute the leaf")
    return salt


def _journal_of(found: Statement) -> JournalId:
    journal = find_journal(found.body)
    if journal is None:
        raise UsageError("statements of this type are not in the log")
    return journal


def _read(file: Path) -> dict[str, Any]:
    """The receipt alone, however many newlines a tool has put behind it; or the whole answer to the write."""
    try:
        text = file.read_text(encoding="utf-8")
        found = read_json(text.strip().encode("utf-8")) if text.lstrip().startswith("{") else {"receipt": _trim(text)}
    except (OSError, UnicodeDecodeError, FormatError):
        raise UsageError("the receipt cannot be read") from None
    return found if isinstance(found, dict) else {}


def _trim(text: str) -> str:
    return text.rstrip("\n") + "\n"
