"""No option, setting or variable turns security off: nothing can be set by mistake, or under pressure."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, list_modules

# Words of a switch that makes something look away. `quiet` and `again` do not.
WEAKENING = re.compile(
    r"(?:^|[-_.])(?:allow|bypass|debug|dev|disable|force|ignore|insecure|lax|legacy|loose|no|permissive|relax|relaxed|skip"
    r"|trust|unchecked|unsafe|unverified|weak|without|yes)(?:$|[-_.])"
)
# Names that these words stand in, each with the reason why nothing is weakened by it.
HARMLESS = {
    "disable": "coach-vault-server apps disable ends a key",
    "yes": "answers the question that was printed; what it asks about is shown and signed all the same",
}
VARIABLE = re.compile(r"^COACH_VAULT_[A-Z_]+$")
OPTION = re.compile(r"^--?[a-z][a-z-]*(?:/--[a-z-]+)?$")


def spelled(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def find_options(source: str) -> Iterator[str]:
    """The names of options, commands and variables that a module offers, and of the fields of its settings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if VARIABLE.match(node.value):
                yield node.value.removeprefix("COACH_VAULT_").lower()
            elif OPTION.match(node.value):
                yield from (part.lstrip("-") for part in node.value.split("/"))
        elif isinstance(node, ast.ClassDef) and re.search("Settings$", node.name):
            yield from (
                field.target.id
                for field in node.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            )
        elif isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            yield from (one.arg for one in arguments if one.annotation and is_option(one.annotation))


def is_option(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation)
    return "typer.Option" in text or "typer.Argument" in text


def find_switches(source: str) -> set[str]:
    return {name for name in find_options(source) if WEAKENING.search(name) and name not in HARMLESS}


def test_there_are_options_to_look_at() -> None:
    offered = {name for path in list_modules("src/vault") for name in find_options(path.read_text(encoding="utf-8"))}
    assert offered >= {"data", "json", "behind_tls_proxy", "writes_per_minute", "port"}


@pytest.mark.parametrize("path", list(list_modules("src/vault")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_option_of_the_package_turns_security_off(path: Path) -> None:
    assert find_switches(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("path", [ROOT / "scripts/test", ROOT / "scripts/_venv", ROOT / ".ci/run", ROOT / "Dockerfile"])
def test_no_script_offers_such_a_switch_either(path: Path) -> None:
    offered = re.findall(r"--([a-z-]+)\)|\bCOACH_VAULT_([A-Z_]+)", path.read_text(encoding="utf-8"))
    assert [name for pair in offered for name in pair if WEAKENING.search(name.lower())] == []


@pytest.mark.parametrize(
    ("source", "switch"),
    [
        ("typer.Option('--insecure')", "insecure"),
        ("typer.Option('--no-verify')", "no-verify"),
        ("typer.Option('--verify/--no-verify')", "no-verify"),
        ("os.environ['COACH_VAULT_SKIP_SIGNATURES']", "skip_signatures"),
        ("class Settings(BaseSettings):\n    allow_http: bool = False", "allow_http"),
        ("def f(skip_checks: Annotated[bool, typer.Option()] = False): pass", "skip_checks"),
    ],
)
def test_each_kind_of_switch_is_found(source: str, switch: str) -> None:
    assert find_switches(source) == {switch}
