"""What stands beside a statement in a file is somebody's word: no number in it ends in anything but a sentence."""

import pytest

from vault.client.cli import receipts
from vault.client.errors import UsageError


@pytest.mark.parametrize("number", [-1, 2**63, 2**64, 10**30, 1.5, True, "7"])
@pytest.mark.parametrize("member", ["time", "seq"])
def test_a_time_or_a_place_that_nobody_could_sign_is_refused(member: str, number: object) -> None:
    around = {"time": 1, "seq": 1, "head": "00" * 32} | {member: number}
    with pytest.raises(UsageError, match="expected the whole answer"):
        receipts.read_position(around)
