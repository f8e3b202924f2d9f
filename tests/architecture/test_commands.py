"""Every command that a document names exists, with the options that it is shown with."""

import re
import shlex

import pytest
from typer import Typer
from typer.core import TyperGroup
from typer.main import get_command

from tests.architecture.trees import ROOT
from vault.client.cli.application import app as client
from vault.client.cli.application import hoist
from vault.server.__main__ import app as server

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PROGRAMS: dict[str, Typer] = {"coach-vault": client, "coach-vault-server": server}
INLINE = re.compile(r"`(coach-vault(?:-server)? [^`]+)`")
SHOWN = re.compile(r"^ {4,}(?:\$ )?(?:[\w ]+=\$\()?(coach-vault(?:-server)? [^\n|>)]+)", re.MULTILINE)


def find_commands(text: str) -> list[str]:
    """The command lines that a document shows, without what a shell adds after them."""
    found = [*INLINE.findall(text), *SHOWN.findall(text)]
    return [re.sub(r"\s+#.*|\s*\\$|;.*", "", line).strip() for line in found]


def find_fault(line: str) -> str | None:
    """What in a command line this package does not offer."""
    program, *words = shlex.split(line)
    if program == "coach-vault":
        words = hoist(words)
    command = get_command(PROGRAMS[program])
    offered = {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            name = word.partition("=")[0]
            if name not in offered and name != "--help":
                return f"no option {name}"
            if "=" not in word and name in offered and not getattr(offered[name], "is_flag", False) and words:
                words.pop(0)
        elif isinstance(command, TyperGroup):
            if word not in command.commands:
                return None if word.isupper() or word == "..." else f"no command {word}"
            command = command.commands[word]
            offered |= {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}
    return None


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_document_exists(page: object) -> None:
    text = (ROOT / str(page)).read_text(encoding="utf-8")
    assert {line: fault for line in find_commands(text) if (fault := find_fault(line))} == {}


def test_the_readme_and_the_operators_page_show_commands() -> None:
    for name in ("README.md", "docs/operations/index.md"):
        assert len(find_commands((ROOT / name).read_text(encoding="utf-8"))) >= 3


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("coach-vault-server init x --url https://vault.example", None),
        ("coach-vault-server init x --no-tls", "no option --no-tls"),
        ("coach-vault-server decrypt", "no command decrypt"),
        ("coach-vault-server apps grant acme", "no command grant"),
        ("coach-vault --home lena identity new --enrolment cve_x", None),
        ("coach-vault note publish x", "no command publish"),
        ("coach-vault note add x --for-hr", "no option --for-hr"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, fault: str | None) -> None:
    assert find_fault(line) == fault


def test_commands_are_found_in_code_and_in_sentences() -> None:
    text = "Run `coach-vault-server check`.\n\n    $ coach-vault inbox | less\n    E=$(coach-vault people list)\n"
    assert find_commands(text) == ["coach-vault-server check", "coach-vault inbox", "coach-vault people list"]


@pytest.mark.parametrize(
    "script", re.findall(r"(?<![\w/])\.?/?(scripts/[a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
)
def test_every_script_that_the_readme_names_can_be_run(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111
