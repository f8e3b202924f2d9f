"""A finding names its row and says what is wrong, in words and for programs."""

from vault.reconcile.findings import WORDS, Code, Finding


def test_every_code_has_words_of_its_own() -> None:
    assert WORDS.keys() == set(Code)
    assert len(set(WORDS.values())) == len(WORDS)


def test_a_finding_is_one_line_that_names_table_row_column_and_code() -> None:
    finding = Finding(Code.VALUE_DIFFERS, "slots", {"account": b"\x01\x02", "kind": 2}, "fetch_key")
    assert finding.sentence == (
        "slots account=0102 kind=2, column fetch_key: "
        "the value is not the one that follows from what was signed (value-differs)"
    )
    assert finding.members() == {
        "code": "value-differs",
        "table": "slots",
        "key": {"account": "0102", "kind": 2},
        "column": "fetch_key",
        "says": "the value is not the one that follows from what was signed",
    }


def test_a_word_more_stands_behind() -> None:
    finding = Finding(Code.POLICY_REFUSES, "statements", {"seq": 3}, detail="key-stale")
    assert finding.sentence == (
        "statements seq=3: policy does not allow this statement at its place: key-stale (policy-refuses)"
    )
    assert str(finding.members()["says"]).endswith(": key-stale")
