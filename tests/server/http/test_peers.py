import pytest
from fastapi import Request

from vault.server.http.peers import peer_of


def peer(host: str | None) -> str:
    return peer_of(Request({"type": "http", "client": None if host is None else (host, 40_000), "headers": []}))


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unix", "unix", True),
    ],
)
def test_one_person_is_one_peer_whatever_address_she_takes(one: str, other: str, are_same: bool) -> None:
    assert (peer(one) == peer(other)) is are_same


def test_a_peer_without_an_address_is_one_peer() -> None:
    assert peer(None) == peer("")
