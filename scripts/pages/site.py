"""The site: every page of this repository in one place, built strictly, so that no link leads nowhere.

Pages link to one another as they lie in the repository. On the site the README is the first page, and what is no page
is named without a link.
"""

import logging
import re
import shutil
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

ROOT = Path(__file__).parents[2]
TOP = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
TOP["CHANGELOG.md"] = "changelog.md"
NAV: list[dict[str, list[str]]] = [
    {"Coach Vault": ["index.md"]},
    {"A walk in curl": ["rest.md"]},
    {"SDK": ["sdk.md"]},
    {"Commands": ["cli.md"]},
    {"Protocol": ["protocol.md", "data.md", "glossary.md"]},
    {"Promises": ["threat-model.md", "limits.md", "security.md"]},
]
_LINK = re.compile(r"\[([^\[\]]+)\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```[\s\S]*?^```$|^ {4}.*$", re.MULTILINE)
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


class SiteError(Exception):
    """The site cannot be built as it stands; the message says where."""


def build_site(target: Path, work: Path) -> int:
    """Build all pages into `target`, in `work` beside it; how many. Raises: SiteError for a link that leads nowhere."""
    pages = gather(ROOT)
    sources = work / "docs"
    for place, source in pages.items():
        (sources / place).parent.mkdir(parents=True, exist_ok=True)
        (sources / place).write_text(rewrite(source.read_text(encoding="utf-8"), source, pages), encoding="utf-8")
    decisions = [place for place in pages if place.startswith("adr/")]
    listed = "\n".join(f"- [{_title(pages[place])}]({Path(place).name})" for place in decisions)
    (sources / "adr").mkdir(exist_ok=True)
    (sources / "adr/index.md").write_text(f"# Decisions\n\n{listed}\n", encoding="utf-8")
    config = work / "mkdocs.yml"
    config.write_text("site_name: Coach Vault\n", encoding="utf-8")
    heard = _Heard()
    logging.getLogger("mkdocs").addHandler(heard)
    try:
        build(
            load_config(
                str(config),
                docs_dir=str(sources),
                site_dir=str(target),
                nav=[
                    {title: places[0] if len(places) == 1 else places}
                    for one in _nav(pages, decisions)
                    for title, places in one.items()
                ],
                theme={"name": "mkdocs", "highlightjs": False},
                plugins=["search"],
                use_directory_urls=False,
                markdown_extensions=[
                    {"toc": {"slugify": slug, "permalink": True}},
                    "tables",
                    "fenced_code",
                    "sane_lists",
                ],
                validation={
                    "nav": {"omitted_files": "warn", "not_found": "warn", "absolute_links": "warn"},
                    "links": dict.fromkeys(("not_found", "anchors", "absolute_links", "unrecognized_links"), "warn"),
                },
            )
        )
    except MkDocsException as error:
        raise SiteError("\n".join([*heard.messages, str(error)])) from None
    finally:
        logging.getLogger("mkdocs").removeHandler(heard)
    if heard.messages:
        raise SiteError("\n".join(heard.messages))
    return len(pages) + 1


def gather(root: Path) -> dict[str, Path]:
    """Every page by its place on the site."""
    top = {place: root / name for name, place in TOP.items()}
    return top | {str(path.relative_to(root / "docs")): path for path in sorted((root / "docs").rglob("*.md"))}


def rewrite(text: str, source: Path, pages: dict[str, Path]) -> str:
    """The page with links as they have to be on the site."""
    places = {path: place for place, path in pages.items()}
    here = places[source]

    def one(match: re.Match[str]) -> str:
        words, target = match[1], match[2]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        name, mark, anchor = target.partition("#")
        led = (source.parent / name).resolve()
        place = "adr/index.md" if led == ROOT / "docs/adr" else places.get(led)
        if place is None:
            if not led.exists():
                raise SiteError(f"{source.relative_to(ROOT)}: {target} leads nowhere")
            return words
        up = "../" * here.count("/")
        return f"[{words}]({up}{place}{mark}{anchor})"

    pieces, last = [], 0
    for code in _CODE.finditer(text):
        pieces += [_LINK.sub(one, text[last : code.start()]), code[0]]
        last = code.end()
    return "".join([*pieces, _LINK.sub(one, text[last:])])


def slug(heading: str, separator: str) -> str:
    """The anchor of a heading, as forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", separator)


def clear(target: Path) -> None:
    """Take away what an earlier build has left there; nothing else may be in it. Raises: SiteError."""
    if target.exists() and any(target.iterdir()) and not (target / "sitemap.xml").exists():
        raise SiteError(f"{target} holds something that is no site")
    shutil.rmtree(target, ignore_errors=True)


def _nav(pages: dict[str, Path], decisions: list[str]) -> list[dict[str, list[str]]]:
    operations = [place for place in pages if place.startswith("operations/")]
    operations.sort(key=lambda place: (place != "operations/index.md", place))
    placed = {
        place for one in NAV for places in one.values() for place in ([places] if isinstance(places, str) else places)
    }
    others = sorted(pages.keys() - placed - {*operations, *decisions, *TOP.values()})
    return [
        *NAV,
        {"Operations": operations},
        {"Figures": others},
        {"Decisions": ["adr/index.md", *decisions]},
        {"Project": ["contributing.md", "changelog.md"]},
    ]


def _title(page: Path) -> str:
    found = _TITLE.search(page.read_text(encoding="utf-8"))
    return page.stem if found is None else found[1]


class _Heard(logging.Handler):
    """Keeps what mkdocs warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
