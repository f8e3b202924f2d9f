"""`type: ignore`, `noqa`, `pragma: no cover` and skips are counted against a ceiling, and each has a reason."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.silencers import count_silencers, find_silencers
from tests.architecture.trees import ROOT, list_modules

DECLARED = tomllib.loads(Path(__file__).with_name("silencers.toml").read_text(encoding="utf-8"))


def test_every_silencer_is_declared_and_every_declared_one_exists() -> None:
    found = count_silencers(list(list_modules("src", "tests", "scripts", "migrations")), ROOT)
    declared = Counter({(one["file"], one["silencer"]): one.get("count", 1) for one in DECLARED["silencer"]})
    assert found - declared == Counter(), "not declared in tests/architecture/silencers.toml"
    assert declared - found == Counter(), "declared, but gone"


def test_the_silencers_stay_below_their_ceiling() -> None:
    assert sum(one.get("count", 1) for one in DECLARED["silencer"]) <= DECLARED["ceiling"]


def test_every_silencer_has_a_reason() -> None:
    assert [one for one in DECLARED["silencer"] if len(one["reason"].split()) < 4] == []


@pytest.mark.parametrize(
    ("source", "silencers"),
    [
        ("x = 1  # type: ignore[arg-type]", ["type: ignore[arg-type]"]),
        ("x = 1  #type:ignore", ["type:ignore"]),
        ("x = 1  # why # noqa: S608, E501", ["noqa: S608, E501"]),
        ("# ruff: noqa", ["ruff: noqa"]),
        ("# mypy: disable-error-code", ["mypy: disable-error-code"]),
        ("if x:  # pragma: no cover\n    pass", ["pragma: no cover"]),
        ("if x:  # pragma: no mutate\n    pass", ["pragma: no mutate"]),
        ("@pytest.mark.skipif(x)\ndef f(): pass", ["pytest.skipif"]),
        ("def f():\n    pytest.skip('no')", ["pytest.skip"]),
        ("x = '# noqa'", []),
        ("x = 'pytest.skip'", []),
    ],
)
def test_each_silencer_is_found(source: str, silencers: list[str]) -> None:
    assert find_silencers(source) == silencers
