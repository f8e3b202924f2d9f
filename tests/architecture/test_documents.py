"""The documents tell what is there: links lead somewhere, named commands and files exist, generated pages are fresh."""

import re
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT
from vault.server.storage.data_page import render_page

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
CODE = re.compile(r"^( {4}.*|```.*?^```)$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def without_code(text: str) -> str:
    return CODE.sub("", text)


def anchors(page: Path) -> set[str]:
    """What `#...` of a link may name, as forges make it from headings."""
    found = set()
    for heading in HEADING.findall(page.read_text(encoding="utf-8")):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        found.add(plain.replace(" ", "-"))
    return found


def find_dead_links(page: Path, text: str) -> list[str]:
    """The links of `text`, as it would stand in `page`, that lead nowhere in this tree."""
    dead = []
    for target in LINK.findall(without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        leads_somewhere = place.is_relative_to(ROOT) and place.exists()
        if not leads_somewhere or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            dead.append(target)
    return dead


def test_there_are_documents_to_look_at() -> None:
    named = {str(path.relative_to(ROOT)) for path in DOCUMENTS}
    assert named >= {
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
        *("docs/protocol.md", "docs/data.md", "docs/threat-model.md", "docs/limits.md"),
        *("docs/operations/index.md", "docs/glossary.md"),
    }


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_relative_link_is_dead(page: Path) -> None:
    assert find_dead_links(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "target", ["nowhere.md", "#nowhere", "docs/protocol.md#nowhere", "../shared/PROTOCOL.md", "docs/adr"]
)
def test_a_dead_link_is_found(target: str) -> None:
    expected = [] if target == "docs/adr" else [target]
    assert find_dead_links(ROOT / "README.md", f"see [there]({target}).") == expected


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_document_leans_on_what_is_not_in_the_repository(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert (
        re.findall(r"\.\./shared|\b(?:PROTOCOL|DESIGN|DOMAIN|ATTACKS|AUDIT|LIBRARIES|PERFORMANCE|API)\.md\b", text)
        == []
    )
    assert re.findall(r"<!--[A-Z-]+-->", text) == [], "a marker that nobody filled in"
    assert re.findall(r"\b(?:TODO|FIXME|TBD|XXX)\b", text) == []


NAMED_FILE = re.compile(r"`((?:src|tests|scripts|docs|openapi|migrations|requirements)/[\w./*-]+)(?:::\w+)?`")


def test_every_test_and_file_that_a_document_names_exists() -> None:
    named = {(page.name, name) for page in DOCUMENTS for name in NAMED_FILE.findall(page.read_text(encoding="utf-8"))}
    assert len(named) >= 10
    assert {one for one in named if not any(ROOT.glob(one[1]))} == set()


NAMED_TEST = re.compile(r"`(tests/[\w./-]+\.py)::(test_\w+)`")


def test_every_test_that_a_document_names_is_there() -> None:
    named = {one for page in DOCUMENTS for one in NAMED_TEST.findall(page.read_text(encoding="utf-8"))}
    assert len(named) >= 15
    assert {one for one in named if not (ROOT / one[0]).exists() or not defines(*one)} == set()


def defines(file: str, test: str) -> bool:
    return (
        re.search(rf"^\s*(?:async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE) is not None
    )


def test_the_page_on_data_is_what_the_ledger_says() -> None:
    assert (ROOT / "docs/data.md").read_text(encoding="utf-8") == render_page(), "run scripts/data-page"


def test_decisions_are_numbered_without_gaps_or_doubles() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("[0-9]*.md"))]
    assert len(numbers) >= 8
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("page", sorted((ROOT / "docs/adr").glob("[0-9]*.md")), ids=lambda page: str(page.name))
def test_a_decision_fits_on_a_page_and_says_why_what_and_what_follows(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert HEADING.findall(text)[1:4] == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 60
