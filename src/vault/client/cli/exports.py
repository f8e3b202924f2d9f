"""`coach-vault export`: mine, as files, with a manifest."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.acts.downloading import save_attachment
from vault.client.acts.exporting import ExportedAttachment, ExportedFile, NotExported, export_engagement
from vault.client.acts.identities import list_joined
from vault.client.acts.uploading import ignore
from vault.client.cli.choices import choices_of
from vault.client.cli.contracts import EngagementId
from vault.client.cli.files import read_regular_file
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.refusals import REFUSED, problem_of
from vault.client.cli.speaking import advise, progress, say, tell
from vault.client.device.home import replace_file
from vault.client.device.names import name_of
from vault.client.errors import UsageError
from vault.client.showing import one_line
from vault.errors import VaultError

MANIFEST = "manifest.json"
_MANIFEST_MAXIMUM_BYTES = 1024 * 1024 * 1024


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder, or that of an earlier export.")],
    engagement: EngagementId = None,
) -> None:
    """Write everything that you can open as plain files, with a manifest of their hashes and of what failed.

    Run it again to complete an export, or to bring it up to date; a folder that holds anything else is left alone.
    """
    choices = choices_of(context)
    with opened(context) as home:
        require_own(folder, home.session.account)
        if engagement is not None:
            ids = [bytes.fromhex(home.find_engagement(engagement).id)]
        else:
            ids = home.run(list_joined(home.session))
        rows: list[dict[str, Any]] = []
        failures: list[dict[str, Any]] = []
        _write_manifest(home, folder, [], [])  # the folder is known by it, whatever stops this run
        with progress(choices) as bar:
            for one in bar.track(ids, description="exporting"):
                for file in home.run(export_engagement(home.session, one)):
                    failed = file if isinstance(file, NotExported) else _write(home, folder, file, rows)
                    if failed is not None:
                        failures.append(_failure(home, failed))
        _write_manifest(home, folder, rows, failures)
    members = {"folder": str(folder), "files": len(rows), "manifest": MANIFEST, "failures": failures}
    say(choices, f"{len(rows)} files in {folder}", members)
    advise(choices, "These files are not sealed. Whoever reads this disk reads them.")
    for each in failures:
        tell(f"not exported: {one_line(each['what'])}, by {one_line(each['name'])}: {one_line(each['reason'])}")
    if failures:
        raise typer.Exit(REFUSED)


def require_own(folder: Path, account: bytes) -> None:
    """Return for a folder that is new, empty, or holds an earlier export of this account. Raises: UsageError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return
    try:
        manifest = json.loads(read_regular_file(folder / MANIFEST, _MANIFEST_MAXIMUM_BYTES))
    except (UsageError, ValueError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("account") != account.hex():
        raise UsageError("that folder holds something else than an export of yours, so choose a new one")


def _write_manifest(home: OpenHome, folder: Path, rows: list[dict[str, Any]], failures: list[dict[str, Any]]) -> None:
    manifest = {
        "format": 1,
        "account": home.session.account.hex(),
        "server": home.session.deployment.url,
        "made": home.session.now(),
        "people": {person.name: person.account.hex() for person in home.session.identity.people.values()},
        "files": rows,
        "failures": failures,
    }
    _replace(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode("utf-8"))


def _write(
    home: OpenHome, folder: Path, file: ExportedFile | ExportedAttachment, rows: list[dict[str, Any]]
) -> NotExported | None:
    """Write one file and add its row; what cannot be fetched or opened is returned, and the rest goes on."""
    path = folder / file.path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if isinstance(file, ExportedFile):
        _replace(path, file.content)
    elif not path.exists():  # an attachment has its name only when all of it is proven
        try:
            home.run(save_attachment(home.session, file.item, file.attached, path, ignore))
        except VaultError as error:
            return NotExported(file.item.body.engagement, file.attached.header.name, file.item.held.statement, error)
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    rows.append({"path": file.path, "size": path.stat().st_size, "sha256": digest})
    return None


def _replace(path: Path, content: bytes) -> None:
    if not path.is_file() or path.stat().st_size != len(content) or path.read_bytes() != content:
        replace_file(path, content)


def _failure(home: OpenHome, failed: NotExported) -> dict[str, Any]:
    """The row of the manifest: whose it is, and whether that person or the server is to blame."""
    problem = problem_of(failed.error)
    signer = None if failed.statement is None else failed.statement.body.by
    contract = home.session.verified.standing.get(failed.engagement)
    return {
        "engagement": failed.engagement.hex(),
        "what": failed.what,
        "statement": None if failed.statement is None else failed.statement.id.hex(),
        "signer": None if signer is None else signer.hex(),
        "name": "nobody here" if signer is None else name_of(home.session, signer, contract),
        "code": problem["code"],
        "reason": problem["detail"],
    }
