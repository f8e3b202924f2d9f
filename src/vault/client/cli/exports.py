"""`coach-vault export`: mine, as files, with a manifest."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.acts.downloading import save_attachment
from vault.client.acts.exporting import ExportedAttachment, ExportedFile, export_engagement
from vault.client.acts.identities import list_joined
from vault.client.acts.uploading import ignore
from vault.client.cli.choices import choices_of
from vault.client.cli.contracts import EngagementId
from vault.client.cli.files import write_new_file
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.speaking import advise, progress, say
from vault.client.errors import UsageError

MANIFEST = "manifest.json"


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    engagement: EngagementId = None,
) -> None:
    """Write everything that you can open as plain files, with a manifest of their hashes. Nothing is overwritten."""
    choices = choices_of(context)
    require_empty(folder)
    rows: list[dict[str, Any]] = []
    with opened(context) as home:
        if engagement is not None:
            ids = [bytes.fromhex(home.find_engagement(engagement).id)]
        else:
            ids = home.run(list_joined(home.session))
        with progress(choices) as bar:
            for one in bar.track(ids, description="exporting"):
                rows += [_write(home, folder, file) for file in home.run(export_engagement(home.session, one))]
        people = {person.name: person.account.hex() for person in home.session.identity.people.values()}
        manifest = {
            "format": 1,
            "account": home.session.account.hex(),
            "server": home.session.deployment.url,
            "made": home.session.now(),
            "people": people,
            "files": rows,
        }
        _write(home, folder, ExportedFile(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode("utf-8")))
    say(choices, f"{len(rows)} files in {folder}", {"folder": str(folder), "files": len(rows), "manifest": MANIFEST})
    advise(choices, "These files are not sealed. Whoever reads this disk reads them.")


def require_empty(folder: Path) -> None:
    """Return for a folder that is not there, or empty. Raises: UsageError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError("that folder is not empty; nothing is overwritten, so choose a new one")
    except OSError as error:
        raise UsageError(f"that folder cannot be written: {error.strerror}") from None


def _write(home: OpenHome, folder: Path, file: ExportedFile | ExportedAttachment) -> dict[str, Any]:
    path = folder / file.path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if isinstance(file, ExportedFile):
        write_new_file(path, file.content)
    else:
        home.run(save_attachment(home.session, file.item, file.attached, path, ignore))
    with path.open("rb") as written:
        return {
            "path": file.path,
            "size": path.stat().st_size,
            "sha256": hashlib.file_digest(written, "sha256").hexdigest(),
        }
