"""A limit is written once: whoever reads it takes exactly the maximum, and follows where the limit moves."""

import json
import subprocess
import sys

import pytest
from starlette.datastructures import Headers

from tests.architecture.trees import ROOT
from tests.server.limit_readers import READERS, find_wrong
from vault.protocol import limits
from vault.server.http.answers import says_too_large

ELSEWHERE = {
    "HEAD_MAXIMUM_BYTES": "tests/server/http/test_connection.py",
    "HEADERS_MAXIMUM": "tests/server/http/test_connection.py",
    "CONTENTS_MAXIMUM_BYTES": "tests/server/resources/test_contents.py",
    "LOGIN_BODY_MAXIMUM_BYTES": "tests/server/test_before_a_credential.py",
}
MULTIPLIED = """
import json
from vault.protocol import limits
for name, value in list(vars(limits).items()):
    if "_MAXIMUM" in name:
        setattr(limits, name, value * 2)
limits.BLOB_MAXIMUM_BYTES = limits.INLINE_BUCKET_MAXIMUM_BYTES + limits.BLOB_OVERHEAD_BYTES
limits.KEYRING_MAXIMUM_BYTES = limits.INLINE_BUCKET_MAXIMUM_BYTES + limits.KEYRING_OVERHEAD_BYTES
from tests.server.limit_readers import find_wrong
print(json.dumps(find_wrong()))
"""
MORE_SLOTS = """
from vault.protocol import vocabulary
vocabulary.SLOT_KINDS = (1, 2, 3, 4)
from pydantic import TypeAdapter
from vault.protocol.api import SlotHeader
from vault.protocol.statements import Fetch, SlotRef
from vault.server.http.operations import PART_SCHEMAS
from vault.server.http.paths import SlotKindPath
from vault.server.http.schemas import IN_PATHS
kinds = [model.model_json_schema()["properties"][name] for model, name in
         ((SlotHeader, "kind"), (SlotRef, "kind"), (Fetch, "slot"))]
assert [each["maximum"] for each in kinds] == [4] * 3, kinds
assert TypeAdapter(SlotKindPath).validate_python("4") == 4
assert IN_PATHS["kind"]["enum"] == [1, 2, 3, 4]
assert PART_SCHEMAS["slots"]["maxItems"] == 4
"""


def test_every_limit_is_asked_of_its_readers() -> None:
    assert {name for name in vars(limits) if "_MAXIMUM" in name} == READERS.keys() | ELSEWHERE.keys()
    for path in ELSEWHERE.values():
        assert (ROOT / path).is_file()


def test_the_maximum_is_taken_and_one_more_is_not() -> None:
    assert find_wrong() == []


def run(script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_reader_follows_a_limit_that_moves() -> None:
    ran = run(MULTIPLIED)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == []


def test_every_reader_follows_a_new_kind_of_slot() -> None:
    ran = run(MORE_SLOTS)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("length", ["-1", "1.0", "a", "", "9" * 5_000])
def test_a_length_that_is_no_number_is_too_large(length: str) -> None:
    assert says_too_large("PUT", Headers({"content-length": length}))
