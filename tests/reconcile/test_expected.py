"""Rows that statements make are held against rows that are there, column by column as the ledger has it."""

from hashlib import sha256
from typing import Any

import pytest

from vault.reconcile.expected import COMPARED, Expected
from vault.reconcile.findings import Code

HERE, THERE, STATEMENT = b"e" * 16, b"f" * 16, b"s" * 32


def blob(of: bytes = HERE, content: bytes = b"sealed") -> dict[str, Any]:
    return {"engagement": of, "statement": STATEMENT, "sha256": sha256(b"sealed").digest(), "blob": content}


@pytest.fixture
def expected() -> Expected:
    made = Expected()
    made.put("blobs", engagement=HERE, statement=STATEMENT, sha256=blob()["sha256"], blob=blob()["sha256"])
    return made


def codes(expected: Expected, *rows: dict[str, Any]) -> list[tuple[Code, str | None]]:
    return [(finding.code, finding.column) for finding in expected.compare("blobs", rows)]


def test_a_row_as_it_was_signed_is_good_and_its_bytes_are_hashed(expected: Expected) -> None:
    assert codes(expected, blob()) == []


def test_other_bytes_and_other_values_are_told_by_column(expected: Expected) -> None:
    assert codes(expected, blob(content=b"other") | {"sha256": bytes(32)}) == [
        (Code.VALUE_DIFFERS, "sha256"),
        (Code.CONTENT_DIFFERS, "blob"),
    ]


def test_a_row_too_many_and_a_row_that_is_gone_are_told_by_key(expected: Expected) -> None:
    assert codes(expected, blob(of=THERE)) == [(Code.ROW_UNEXPLAINED, None), (Code.ROW_MISSING, None)]


def test_what_is_excused_is_not_told_and_what_is_expected_is_never_excused(expected: Expected) -> None:
    rows = [blob(of=THERE), blob(content=b"other")]
    found = list(expected.compare("blobs", rows, is_excused=lambda _: True))
    assert [finding.code for finding in found] == [Code.CONTENT_DIFFERS]


def test_a_row_without_a_column_that_statements_explain_cannot_be_expected() -> None:
    with pytest.raises(KeyError):
        Expected().put("blobs", engagement=HERE, statement=STATEMENT, sha256=bytes(32))


def test_rows_change_and_go_as_statements_follow(expected: Expected) -> None:
    expected.change("blobs", (HERE, STATEMENT), sha256=bytes(32))
    assert expected.value("blobs", (HERE, STATEMENT), "sha256") == bytes(32)
    expected.drop("blobs", (HERE, STATEMENT))
    assert not expected.holds("blobs", (HERE, STATEMENT))
    assert codes(expected) == []


def test_what_is_looked_at_elsewhere_or_explained_by_nothing_is_not_compared() -> None:
    assert COMPARED["tokens"] == COMPARED["apps"] == COMPARED["tlog"] == ()
    assert COMPARED["leaves"] == ("entry",)
    assert "touched" not in COMPARED["attachments"]
