"""Read the vectors: what tests of other parts take real blobs, seals and statements from."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def read_vectors(name: str) -> dict[str, Any]:
    """The content of the file `name`.json."""
    value: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
    return value


def raw(text: str) -> bytes:
    """The bytes that base64 in a vector spells."""
    return base64.b64decode(text, validate=True)
