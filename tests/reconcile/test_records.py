"""Rows are taken group by group from many tables at once, in one order, and none is left behind."""

from collections.abc import Iterator

from vault.reconcile.records import Record, Stream, list_groups


def rows(*groups: bytes) -> Iterator[Record]:
    return ({"of": group, "number": number} for number, group in enumerate(groups))


def test_groups_come_ascending_from_whichever_stream_has_them() -> None:
    one, other = Stream(rows(b"a", b"a", b"c"), "of"), Stream(rows(b"b", b"c"), "of")
    taken = {}
    for group in list_groups([one, other]):
        taken[group] = [[row["number"] for row in stream.take(group)] for stream in (one, other)]
    assert taken == {b"a": [[0, 1], []], b"b": [[], [0]], b"c": [[2], [1]]}
    assert (one.group, other.group) == (None, None)


def test_what_nobody_takes_is_passed_over() -> None:
    stream = Stream(rows(b"a", b"a", b"b"), "of")
    assert list(list_groups([stream])) == [b"a", b"b"]


def test_nothing_comes_of_no_rows() -> None:
    assert list(list_groups([Stream(rows(), "of")])) == []
