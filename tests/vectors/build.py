"""Write all vectors anew: `python -m tests.vectors.build`. Needs Node only where a seal's context changed."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.vectors.attachment_vectors import build_attachments
from tests.vectors.hostile_payloads import build_payloads
from tests.vectors.identity_vectors import build_codes, build_keys_refused, build_people, build_signatures
from tests.vectors.log_vectors import build_leaves, build_receipts
from tests.vectors.recovery_vectors import build_keyrings, build_slots
from tests.vectors.refused_content import build_refused_blobs, build_refused_seals
from tests.vectors.spelling import Vector
from tests.vectors.story_vectors import build_blobs, build_journals, build_padding, build_seals, build_statements
from tests.vectors.telling import tell

FOLDER = Path(__file__).parent

BUILDERS: dict[str, Callable[[], Vector]] = {
    "people": build_people,
    "keys": build_keys_refused,
    "codes": build_codes,
    "signatures": build_signatures,
    "statements": lambda: build_statements(tell()),
    "payloads": lambda: build_payloads(tell()),
    "journals": lambda: build_journals(tell()),
    "leaves": lambda: build_leaves(tell()),
    "receipts": lambda: build_receipts(tell()),
    "padding": build_padding,
    "blobs": lambda: build_blobs(tell()) | build_refused_blobs(tell()),
    "seals": lambda: build_seals(tell()) | build_refused_seals(tell()),
    "attachments": build_attachments,
    "slots": build_slots,
    "keyrings": build_keyrings,
}


def build(name: str) -> str:
    """The text of the file `name`.json."""
    return json.dumps(BUILDERS[name](), indent=1, ensure_ascii=True) + "\n"


def path(name: str) -> Path:
    """Where the file is."""
    return FOLDER / f"{name}.json"


def main() -> None:
    """Write every file."""
    tell(may_make=True).frozen.write()
    tell.cache_clear()
    for name in BUILDERS:
        path(name).write_text(build(name), encoding="ascii")


if __name__ == "__main__":
    main()
