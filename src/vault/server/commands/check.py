"""Look over a deployment without changing it: every row held against what people signed, and all that is around it."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from vault.errors import VaultError
from vault.reconcile.everything import Deployment, Progress, reconcile
from vault.reconcile.findings import Finding
from vault.reconcile.ledger import Blind, list_blind
from vault.server.clock import unix_seconds
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.commands.progress import told
from vault.server.opening import open_blobs
from vault.server.resources.attachments.content import LostContentError, find_wrong_content, require_content
from vault.server.secrets_file import read_secrets
from vault.server.settings import Settings, load_settings
from vault.server.storage.engine import Storage
from vault.server.storage.history import HistoryError, require_log
from vault.server.storage.inspection import InspectionError, require_clock, require_declared, require_integrity
from vault.server.storage.records import DatabaseRecords
from vault.server.storage.schema import require_head
from vault.server.tlog_key import TlogKey

NOT_GOOD, NOT_VERIFIED, STOPPED = 1, 3, 130
"""Exit codes: something around the rows is not good; something stored is not what was signed; stopped by a person."""
_OF_LOG = frozenset({"leaves", "tiles", "tlog"})
_SHOWN, _LISTED = 20, 1_000
"""How many rows are told to a person, and to a program."""

Quick = Annotated[
    bool, typer.Option("--quick", help="Recompute the log alone, and ask the blob store for lengths alone.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


class WrongRowsError(VaultError):
    """Rows that are not what was signed makes them."""


_STORED = (WrongRowsError, InspectionError, HistoryError, LostContentError)
"""What is wrong with the stored itself."""


@dataclass
class _Wrong:
    """The rows that are wrong, and how many of them in all; `failure` is why they were not all looked at."""

    rows: list[Finding] = field(default_factory=list)
    count: int = 0
    failure: VaultError | None = None

    def add(self, finding: Finding) -> None:
        self.count += 1
        if self.count <= _LISTED:
            self.rows.append(finding)

    def require_none(self) -> None:
        """Return if there are none. Raises: WrongRowsError; the failure."""
        if self.failure is not None:
            raise self.failure
        if self.count:
            raise WrongRowsError(f"{self.count} findings, listed below")


def check(data: DataFolder = Path(), quick: Quick = False, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Check secrets, schema, every row and every byte against what was signed, the log, and the clock.

    Exit code 3 where something stored is not as it was signed, 1 where something else is not good.
    """
    settings = load_settings(data)
    wrong = {name: _Wrong() for name in ("statements", "log", "attachments")}
    try:
        with closing(Storage(settings.database)) as storage, told(is_wanted=not quiet and not as_json) as progress:
            if quick:
                checks = _list_quick(data, settings, storage, progress)
            else:
                checks = _list_checks(data, settings, storage, progress, wrong)
            found = _look(checks)
    except KeyboardInterrupt:
        advise("stopped before the end: nothing was changed, and of the rest nothing is said")
        raise typer.Exit(STOPPED) from None
    _tell(found, [] if quick else list_blind(), wrong, as_json)
    if _is_stored_wrong(found):
        raise typer.Exit(NOT_VERIFIED)
    if any(found.values()):
        raise typer.Exit(NOT_GOOD)


_Checks = dict[str, Callable[[], object]]
_Found = dict[str, VaultError | None]


def _list_quick(data: Path, settings: Settings, storage: Storage, progress: Progress) -> _Checks:
    def log() -> None:
        key = TlogKey(settings.audience, read_secrets(data).log_sign_seed).verifier
        with storage.reading() as connection:
            require_log(connection, key, progress)

    return {
        "secrets": lambda: read_secrets(data),
        "schema": lambda: require_head(storage),
        "data ledger": lambda: require_declared(storage),
        "stored rows": lambda: require_integrity(storage),
        "attachments": lambda: asyncio.run(require_content(storage, open_blobs(settings))),
        "log": log,
        "clock": lambda: require_clock(storage, unix_seconds()),
    }


def _list_checks(
    data: Path, settings: Settings, storage: Storage, progress: Progress, wrong: dict[str, _Wrong]
) -> _Checks:
    def statements() -> None:
        try:
            secrets = read_secrets(data)
            deployment = Deployment(settings.audience, secrets.deployment(), secrets.tlog(settings.audience).verifier)
            with storage.reading() as connection:
                for finding in reconcile(DatabaseRecords(connection), deployment, progress):
                    wrong["log" if finding.table in _OF_LOG else "statements"].add(finding)
        except VaultError as error:
            wrong["statements"].failure = wrong["log"].failure = error
        wrong["statements"].require_none()

    def content() -> None:
        for finding in asyncio.run(find_wrong_content(storage, open_blobs(settings), progress)):
            wrong["attachments"].add(finding)
        wrong["attachments"].require_none()

    before = _list_quick(data, settings, storage, progress)
    return {
        **{name: before[name] for name in ("secrets", "schema", "data ledger", "stored rows")},
        "statements": statements,
        "log": wrong["log"].require_none,  # its leaves were read with the statements
        "attachments": content,
        "clock": before["clock"],
    }


def _look(checks: _Checks) -> _Found:
    """What each check found, None where it is good; what stands in another schema cannot be read."""
    found: _Found = {}
    for name, one in checks.items():
        try:
            one()
        except VaultError as error:
            found[name] = error
            if name == "schema":
                break
        else:
            found[name] = None
    return found


def _is_stored_wrong(found: _Found) -> bool:
    """Whether what is stored is wrong; what could not be reached or read is not, nor a clock."""
    return any(isinstance(error, _STORED) for name, error in found.items() if name != "clock")


def _tell(found: _Found, blind: list[Blind], wrong: dict[str, _Wrong], as_json: bool) -> None:
    words = {name: None if error is None else str(error) for name, error in found.items()}
    rows = [finding for each in wrong.values() for finding in each.rows]
    lines = [f"{name}: {'good' if word is None else word}" for name, word in words.items()]
    lines += [finding.sentence for finding in rows[:_SHOWN]]
    left = sum(each.count for each in wrong.values()) - len(rows[:_SHOWN])
    if left:
        lines.append(f"... and {left} more: --json lists up to {_LISTED:,} of each kind")
    if blind:
        lines.append("explained by no statement, and so not looked at:")
        lines += [f"  {each.table}{_list_columns(each)}: {each.reason}" for each in blind]
    members = {
        "good": not any(words.values()),
        "findings": words,
        "rows": [finding.members() for finding in rows],
        "blind": [{"table": each.table, "columns": list(each.columns), "reason": each.reason} for each in blind],
    }
    say("\n".join(lines), members, as_json)


def _list_columns(blind: Blind) -> str:
    return f" ({', '.join(blind.columns)})" if blind.columns else ""
