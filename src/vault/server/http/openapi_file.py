"""The committed description of the API: beside the sources in a checkout, inside the package in an installed server."""

from functools import cache
from pathlib import Path

from vault.errors import VaultError

_SERVER = Path(__file__).parents[1]
_NAME = "vault.v1.json"
_PLACES = (_SERVER / "_openapi", _SERVER.parents[2] / "openapi")


class OpenApiError(VaultError):
    """A description that is not there, or not that of this server."""


def openapi_path() -> Path:
    """Where the file is. Raises: OpenApiError."""
    for place in _PLACES:
        if (place / _NAME).is_file():
            return place / _NAME
    raise OpenApiError(f"expected {_NAME} inside the package or in openapi/ beside src")


@cache
def read_openapi_file() -> bytes:
    """Its bytes. Raises: OpenApiError."""
    return openapi_path().read_bytes()
