"""Seals that are kept as they were made: HPKE draws its own randomness, so Python cannot make the same seal twice.

Most were made by the second implementation with a fixed `ekm`, which makes them again byte for byte; those whose `ekm`
is null were made by the SDK and prove the other direction.
"""

import base64
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.vectors.chance import chance
from vault.client.crypto.sealing import seal_content_key
from vault.protocol.seal import SealContext

FILE = Path(__file__).with_name("frozen_seals.json")
MAKER = Path(__file__).parents[1] / "interop" / "seal.mjs"


@dataclass(frozen=True)
class FrozenSeal:
    """A seal and the 64 bytes of randomness that it was made with, where they are known."""

    seal: bytes
    ekm: bytes | None


@dataclass
class FrozenSeals:
    """The kept seals by name; with `may_make`, a seal whose context changed is made anew."""

    may_make: bool = False
    kept: dict[str, dict[str, str | None]] = field(default_factory=lambda: json.loads(FILE.read_text(encoding="ascii")))
    used: dict[str, dict[str, str | None]] = field(default_factory=dict)

    def find(self, name: str, content_key: bytes, context: SealContext, public: bytes, by_sdk: bool) -> FrozenSeal:
        """The seal of that name. Raises: LookupError where there is none for these bytes."""
        kept = self.kept.get(name)
        if kept is None or kept["info"] != context.info.hex():
            if not self.may_make:
                raise LookupError(f"no frozen seal {name!r} for this context: run python -m tests.vectors.build")
            kept = self._make(name, content_key, context, public, by_sdk)
        self.used[name] = kept
        seal, ekm = kept["seal"], kept["ekm"]
        assert seal is not None
        return FrozenSeal(base64.b64decode(seal), None if ekm is None else bytes.fromhex(ekm))

    def write(self) -> None:
        """Keep what was used."""
        FILE.write_text(json.dumps(dict(sorted(self.used.items())), indent=1) + "\n", encoding="ascii")

    def _make(
        self, name: str, content_key: bytes, context: SealContext, public: bytes, by_sdk: bool
    ) -> dict[str, str | None]:
        if by_sdk:
            seal = base64.b64encode(seal_content_key(content_key, context, public)).decode()
            return {"ekm": None, "info": context.info.hex(), "seal": seal}
        ekm = chance(f"ekm of {name}", 64).hex()
        question = {
            "public": public.hex(),
            "info": context.info.hex(),
            "content_key": content_key.hex(),
            "ekm": ekm,
        }
        answer = subprocess.run(["node", MAKER], input=json.dumps(question), capture_output=True, text=True, check=True)
        return {"ekm": ekm, "info": context.info.hex(), "seal": answer.stdout.strip()}
