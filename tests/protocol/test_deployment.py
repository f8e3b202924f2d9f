import pytest

from vault.errors import EncodingError
from vault.protocol.deployment import default_audience, is_loopback, require_base_url


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://vault.example", "vault.example/log"),
        ("https://vault.example:8443", "vault.example:8443/log"),
        ("http://127.0.0.1:8001", "127.0.0.1:8001/log"),
        ("http://localhost", "localhost/log"),
        ("http://[::1]:8001", "[::1]:8001/log"),
    ],
)
def test_the_audience_follows_from_the_base_url(url: str, audience: str) -> None:
    assert require_base_url(url) == url
    assert default_audience(url) == audience


@pytest.mark.parametrize(
    "url",
    [
        "", "vault.example", "ftp://vault.example", "https://vault.example/", "https://vault.example/x", "https://",
        "https://Vault.example", "HTTPS://vault.example", "https://vault.example:443", "https://vault.example:0443",
        "https://vault.example:0", "https://vault.example:65536", "https://vault.example:", "https://user@vault.example",
        "https://vault.example?x", "https://vault.example#x", "https://vault.example\n", "https://väult.example",
        "https://-vault.example", "https://vault.example.", "http://::1:8001", "https://vault.example:٤٤",
    ],
)  # fmt: skip
def test_another_spelling_of_a_base_url_is_refused(url: str) -> None:
    for read in (require_base_url, default_audience, is_loopback):
        with pytest.raises(EncodingError):
            read(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8001", True), ("http://127.0.0.1", True), ("http://127.9.8.7:1", True),
        ("http://[::1]", True), ("http://128.0.0.1", False), ("http://localhost.example", False),
        ("http://[::2]", False), ("http://0.0.0.0", False),
        ("http://127.0.0.1.example", False), ("https://vault.example", False), ("http://127.1", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
