"""A second implementation, in JavaScript and from docs/protocol.md alone, agrees with every vector."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.vectors.build import BUILDERS, FOLDER
from tests.vectors.reading import read_vectors

HERE = Path(__file__).parent
NODE = shutil.which("node")
INSTALLED = NODE is not None and (HERE / "node_modules").is_dir()

# In CI a missing Node is a failure: then nothing is skipped, and the tests fail to start it.
needs_node = pytest.mark.skipif(
    not INSTALLED and not os.environ.get("CI"), reason="needs Node and `npm ci` in tests/interop; scripts/test does it"
)


def verify(folder: Path = FOLDER) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NODE or "node", HERE / "verify.mjs", folder], capture_output=True, text=True, check=False, timeout=120
    )


@needs_node
def test_the_second_implementation_opens_verifies_and_refuses_every_vector() -> None:
    ran = verify()
    assert ran.returncode == 0, ran.stderr
    checked = json.loads(ran.stdout)["checked"]
    for name in BUILDERS:
        vectors = sum(len(one) for one in read_vectors(name).values() if isinstance(one, list))
        if name == "journals":
            vectors = sum(len(one["entries"]) for one in read_vectors(name)["journals"])
        assert checked[name] == vectors, name


@needs_node
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("journals", '"head": "', '"head": "0'),
        ("leaves", '"b": "', '"b": "0'),
        ("receipts", '"error": "CheckpointError"', '"error": "NoteError"'),
        ("blobs", '"error": "PaddingError"', '"error": "AeadError"'),
        ("codes", '"text": "CVKIT-', '"text": "CVKIT-0'),
    ],
)
def test_a_wrong_vector_makes_the_second_implementation_fail(tmp_path: Path, name: str, old: str, new: str) -> None:
    for path in FOLDER.glob("*.json"):
        shutil.copy(path, tmp_path)
    text = (tmp_path / f"{name}.json").read_text(encoding="ascii")
    assert old in text
    (tmp_path / f"{name}.json").write_text(text.replace(old, new, 1), encoding="ascii")
    ran = verify(tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"{name}: ")
