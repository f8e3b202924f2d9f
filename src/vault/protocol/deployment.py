"""A deployment's two names: the base URL that clients are configured with, and the audience that statements carry.

The audience follows from the URL unless the operator chose another, so that a client needs nothing but its own
configuration. Source: docs/protocol.md sections 3 and 9.
"""

import re
from ipaddress import ip_address

from vault.encoding import read_decimal
from vault.errors import EncodingError

BASE_URL_PATTERN = (
    r"^(?P<scheme>http|https)://(?P<host>[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])"
    r"(:(?P<port>[1-9][0-9]{0,4}))?$"
)
_BASE_URL = re.compile(BASE_URL_PATTERN, re.ASCII)
_IMPLIED_PORT = 443
_PORT_MAXIMUM = 65_535


def require_base_url(url: str) -> str:
    """The same text: scheme, host in lower case, port only when not 443, no path and no trailing slash.

    Raises: EncodingError for any other spelling.
    """
    match = _BASE_URL.fullmatch(url)
    port = None if match is None or not match["port"] else read_decimal(match["port"])
    if match is None or (port is not None and (port == _IMPLIED_PORT or port > _PORT_MAXIMUM)):
        raise EncodingError("expected a base URL like https://vault.example or http://127.0.0.1:8001, without a path")
    return url


def default_audience(url: str) -> str:
    """Host, port where the URL has one, and `/log`. Raises: EncodingError, as `require_base_url`."""
    return require_base_url(url).partition("://")[2] + "/log"


def is_loopback(url: str) -> bool:
    """Whether a base URL names this machine: `localhost`, 127.0.0.0/8 or ::1. Raises: as `require_base_url`."""
    match = _BASE_URL.fullmatch(require_base_url(url))
    host = "" if match is None else match["host"]
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
