"""Large content passes through in little memory, on either side: two real processes, watched from outside."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.worlds import passphrase
from vault.client import Vault, terms
from vault.protocol import slot

MEBIBYTE = 1024 * 1024
SIZE = 96 * MEBIBYTE
LIMIT = 32 * MEBIBYTE
"""What either side may take for an attachment of any size (PERFORMANCE: 1 GiB)."""


@dataclass
class Peak:
    """How much more memory a process held than it did before, in bytes."""

    bytes: int = 0


@contextmanager
def watched(process: int) -> Iterator[Peak]:
    """Watch how much more the process holds at any moment of the block than at its beginning."""
    Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew
    before, peak = held(process, "VmRSS"), Peak()
    yield peak
    peak.bytes = held(process, "VmHWM") - before


def held(process: int, name: str) -> int:
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"expected {name}")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is watched through /proc")
def test_an_attachment_passes_both_sides_in_at_most_32_mib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)
    block = os.urandom(MEBIBYTE)
    large, small, out = tmp_path / "large", tmp_path / "small", tmp_path / "out"
    small.write_bytes(block)
    with large.open("wb") as file:
        for _ in range(SIZE // MEBIBYTE):
            file.write(block)
    command = [str(Path(sys.executable).with_name("coach-vault-server")), "try", "--port", "8017", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            told = json.loads(server.stdout.readline())
            first, second = told["enrolments"][:2]
            with Vault.join(told["url"], tmp_path / "lena", enrolment=first, passphrase=passphrase) as lena:
                code = lena.invite("Marek")
                join = {"enrolment": second, "passphrase": passphrase, "invitation": code, "inviter": "Lena"}
                with Vault.join(told["url"], tmp_path / "marek", **join) as marek:
                    engagement = lena.propose(terms.two_way(coachee="Marek"))
                    marek.engagements.get(engagement.id).assent()
                engagement.reload()
                note = engagement.notes.add("warm", attachments=[small])
                note.save_attachment(None, tmp_path / "warm")
                with watched(os.getpid()) as sending, watched(server.pid) as taking:
                    note = engagement.notes.add("large", attachments=[large])
                with watched(os.getpid()) as fetching, watched(server.pid) as serving:
                    note.save_attachment(None, out)
        finally:
            server.terminate()
    assert digest(out) == digest(large)
    peaks = {"sending": sending, "taking": taking, "fetching": fetching, "serving": serving}
    print({name: f"{peak.bytes / MEBIBYTE:.1f} MiB" for name, peak in peaks.items()})
    assert {name: peak.bytes for name, peak in peaks.items() if peak.bytes > LIMIT} == {}
