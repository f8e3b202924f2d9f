"""Pages of contents: exact bytes, and nothing but what the head tells."""

import pytest

from vault.protocol.contents import ContentsError, join_contents, split_blobs, split_head

RAW = b"\0\0\0\2{}abc"


def test_a_page_has_exactly_these_bytes() -> None:
    assert join_contents(b"{}", [b"ab", b"c"]) == RAW


def test_a_page_is_split_as_it_was_joined() -> None:
    head, behind = split_head(RAW)
    assert (head, split_blobs(behind, [2, 1])) == (b"{}", [b"ab", b"c"])
    assert split_blobs(split_head(b"\0\0\0\0")[1], []) == []


@pytest.mark.parametrize("raw", [b"", b"\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff{}"])
def test_a_head_that_is_not_all_there_is_refused(raw: bytes) -> None:
    with pytest.raises(ContentsError):
        split_head(raw)


@pytest.mark.parametrize("sizes", [[], [2], [2, 2], [3, 1], [4]])
def test_other_bytes_than_the_head_tells_are_refused(sizes: list[int]) -> None:
    with pytest.raises(ContentsError):
        split_blobs(split_head(RAW)[1], sizes)
