"""The operator's page tells every setting with its default, and no variable of a client stands in a server's way."""

import re
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tests.architecture.trees import ROOT
from vault.server import settings
from vault.server.settings import LimitSettings, S3Settings, Settings

PAGE = (ROOT / "docs/operations/index.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def test_variables_of_people_and_of_scripts_are_left_alone() -> None:
    settings.require_known_variables(f"COACH_VAULT_{name}" for name in find_variables())


def find_variables() -> set[str]:
    """What programs and scripts of this project read under that prefix, but for the server's settings."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "src/vault/client").rglob("*.py")]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "scripts").glob("*") if path.is_file()]
    found = {name for text in texts for name in re.findall(r"\bCOACH_VAULT_([A-Z_]+)\b", text)}
    assert found >= {"HOME", "PASSPHRASE_FILE", "VENV"}
    return found


def defaults(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every setting with its default as the page spells it."""
    for name, field in model.model_fields.items():
        if isinstance(field.default, LimitSettings | S3Settings):
            yield from defaults(type(field.default), f"{name}.")
        else:
            yield prefix + name, spell(field.default)


def spell(default: object) -> str:
    if default is PydanticUndefined or default in (None, ""):
        return "-"
    return f"{default:,}" if isinstance(default, int) and not isinstance(default, bool) else f"`{str(default).lower()}`"


def test_the_page_tells_every_setting_with_its_default() -> None:
    assert dict(ROW.findall(PAGE)) == dict(defaults(Settings))


def test_the_page_says_that_each_worker_counts_for_itself() -> None:
    assert re.search(r"N workers let pass N times", PAGE)
