"""Which deployment a client talks to: from its own configuration, never from what a server says.

Source: docs/protocol.md sections 3.2 and 9.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from vault.client.errors import UsageError
from vault.errors import EncodingError
from vault.protocol.deployment import default_audience, require_base_url


@dataclass(frozen=True, slots=True)
class Deployment:
    """The base URL that is called and the audience that statements are signed for."""

    url: str
    audience: str


def find_deployment(url: str, audience: str | None = None) -> Deployment:
    """The deployment at `url`; its audience is host, port and `/log` unless another name is given.

    Raises: UsageError for a URL with a path, or for plain http to anything but this machine.
    """
    try:
        base = require_base_url(url.rstrip("/"))
    except EncodingError:
        raise UsageError("expected a base URL such as https://vault.example, without a path") from None
    if urlsplit(base).scheme == "http" and not _is_loopback(urlsplit(base).hostname or ""):
        raise UsageError("expected https: plain http is for this machine alone")
    return Deployment(base, audience if audience is not None else default_audience(base))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
