"""The committed description of the API: beside the sources in a checkout, inside the package in an installed server."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from vault.errors import VaultError

_SERVER = Path(__file__).parents[1]
_NAME = "vault.v1.json"
_EXAMPLES = "examples.json"
_PLACES = (_SERVER / "_openapi", _SERVER.parents[2] / "openapi")


class OpenApiError(VaultError):
    """A description that is not there, or not that of this server."""


def openapi_path(name: str = _NAME) -> Path:
    """Where the description is, or the file of another name beside it. Raises: OpenApiError."""
    for place in _PLACES:
        if (place / name).is_file():
            return place / name
    raise OpenApiError(f"expected {name} inside the package or in openapi/ beside src")


def read_examples() -> dict[str, Any]:
    """Path, status, and request and answer where there are any, by operationId. Raises: OpenApiError."""
    members: dict[str, Any] = json.loads(openapi_path(_EXAMPLES).read_bytes())
    return members


@cache
def read_openapi_file() -> bytes:
    """Its bytes. Raises: OpenApiError."""
    return openapi_path().read_bytes()
