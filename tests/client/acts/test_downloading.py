"""What is fetched lies beside the file that is to come, and nowhere else."""

from pathlib import Path

import pytest

from vault.client.acts.downloading import _append
from vault.client.errors import UsageError


def test_a_link_that_stands_where_sealed_bytes_would_go_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "another").write_bytes(b"somebody's")
    sealed = tmp_path / ".photo.png.00000000.sealed"
    sealed.symlink_to(tmp_path / "another")
    with pytest.raises(UsageError, match="cannot be written"):
        _append(sealed, b"sealed")
    assert (tmp_path / "another").read_bytes() == b"somebody's"
    sealed.unlink()
    _append(sealed, b"sealed")
    assert sealed.read_bytes() == b"sealed"
