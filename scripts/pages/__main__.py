"""`scripts/docs` builds the site; `--write` makes docs/sdk.md and docs/cli.md anew, `--check` says when it is due."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.pages.cli import render_cli
from scripts.pages.sdk import render_sdk
from scripts.pages.site import SiteError, build_site, clear

PAGES = {Path("docs/sdk.md"): render_sdk, Path("docs/cli.md"): render_cli}


def main(arguments: list[str]) -> str | None:
    """What to say at the end, with exit code 1."""
    match arguments:
        case ["--write"]:
            for page, render in PAGES.items():
                page.write_text(render(), encoding="utf-8")
                print(page)
        case ["--check"]:
            stale = [str(page) for page, render in PAGES.items() if read(page) != render()]
            return (
                f"{' and '.join(stale)} say something else than the code: run scripts/docs --write" if stale else None
            )
        case [target] if not target.startswith("-"):
            return build(Path(target))
        case _:
            return "expected a folder for the site, --write or --check"
    return None


def read(page: Path) -> str:
    """What stands there."""
    return page.read_text(encoding="utf-8") if page.exists() else ""


def build(target: Path) -> str | None:
    """Build the site into `target`; what is wrong with it."""
    try:
        clear(target)
        with TemporaryDirectory() as work:
            print(f"{build_site(target.resolve(), Path(work))} pages in {target}")
    except SiteError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
