"""Which deployment a client talks to is its own configuration: https, or this machine."""

import pytest

from vault.client.device.deployment import find_deployment
from vault.client.errors import UsageError


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://vault.example", "vault.example/log"),
        ("https://vault.example/", "vault.example/log"),
        ("https://vault.example:8443", "vault.example:8443/log"),
        ("http://127.0.0.1:8001", "127.0.0.1:8001/log"),
        ("http://localhost:8001", "localhost:8001/log"),
        ("http://[::1]:8001", "[::1]:8001/log"),
    ],
)
def test_the_audience_follows_from_the_url(url: str, audience: str) -> None:
    assert find_deployment(url).audience == audience


def test_another_audience_is_taken_from_the_own_configuration() -> None:
    assert find_deployment("https://vault.example", "coaching.example/log").audience == "coaching.example/log"


@pytest.mark.parametrize(
    "url",
    [
        "http://vault.example",
        "http://10.0.0.1:8001",
        "http://127.0.0.1.example:8001",
        "http://0.0.0.0:8001",
        "ftp://vault.example",
        "https://vault.example/path",
        "https://user@vault.example",
        "https://VAULT.example",
        "vault.example",
        "",
    ],
)
def test_plain_http_to_another_machine_and_odd_urls_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        find_deployment(url)
