"""What an operator sets is not misread in silence."""

import pytest

from tests.server.operating import Operator
from vault.server.settings import SettingsError, load_settings


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("COACH_VAULT_WROKERS", "COACH_VAULT_WORKERS"),
        ("COACH_VAULT_LIMITS__WRITES_PER_MINUT", "COACH_VAULT_LIMITS__WRITES_PER_MINUTE"),
        ("COACH_VAULT_S3__REGOIN", "COACH_VAULT_S3__REGION"),
        ("coach_vault_wrokers", "COACH_VAULT_WORKERS"),
        ("COACH_VAULT_ZZZZZZZZ", "docs/operations"),
    ],
)
def test_a_variable_that_is_no_setting_is_refused_with_the_nearest_one(
    ready: Operator, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    monkeypatch.setenv(name, "very-private-words")
    with pytest.raises(SettingsError) as refused:
        load_settings(ready.folder)
    assert name in str(refused.value)
    assert hint in str(refused.value)
    assert "very-private-words" not in str(refused.value)
