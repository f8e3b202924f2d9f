"""A person's folder on one device: one file, one lock, replaced whole or not at all.

What stands in the file in the clear is what a server may know as well; the rest is sealed under the keyring key.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from vault.client.errors import UsageError
from vault.encoding import read_base64, write_base64
from vault.errors import FormatError
from vault.protocol.fields import AccountHex, Audience, BaseUrl, Closed, SlotKind
from vault.protocol.ids import Account
from vault.protocol.strict_json import read_json

FILE_NAME = "vault.json"
KIT_NAME = "kit"
JOURNALS_NAME = "journals"
ATTACHMENTS_NAME = "attachments"
SENT_NAME = "sent"
EVIDENCE_NAME = "evidence"
IGNORED_NAME = "ignored"
FILE_MAXIMUM_BYTES = 512 * 1024 * 1024


class StoredSlot(Closed):
    """A slot as the file keeps it: base64 of its 144 bytes."""

    kind: SlotKind
    slot: str


class StoredVault(Closed):
    """The file: where the deployment is, who this is, the newest keyring with its slots, and the sealed state."""

    format: Annotated[int, Field(ge=1, le=1)]
    url: BaseUrl
    audience: Audience
    account: AccountHex
    keyring: str
    slots: tuple[StoredSlot, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The file, read: raw bytes of keyring, slots by kind, and state."""

    url: str
    audience: str
    account: Account
    keyring: bytes
    slots: dict[int, bytes]
    state: bytes


class Home:
    """The folder, held by one process at a time."""

    def __init__(self, folder: Path | str) -> None:
        """Take the folder. Raises: UsageError where another process holds it, or it cannot be written."""
        self.folder = Path(folder).expanduser()
        self._sent: dict[str, str] | None = None
        self._sent_count = 0
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FileLock(self.folder / "lock", timeout=0, thread_local=False)
            self._lock.acquire()
        except Timeout:
            raise UsageError("another program has this folder open; close it, or choose another folder") from None
        except OSError:
            raise UsageError("this folder cannot be written; choose another one") from None

    @property
    def file(self) -> Path:
        """The one file."""
        return self.folder / FILE_NAME

    def exists(self) -> bool:
        """Whether someone lives here."""
        return self.file.exists()

    def read(self) -> Contents:
        """The file. Raises: UsageError where there is none, or it is damaged."""
        try:
            raw = self.file.read_bytes()
            stored = StoredVault.model_validate(read_json(raw))
            return Contents(
                url=stored.url,
                audience=stored.audience,
                account=stored.account,
                keyring=read_base64(stored.keyring),
                slots={each.kind: read_base64(each.slot) for each in stored.slots},
                state=read_base64(stored.state),
            )
        except FileNotFoundError:
            raise UsageError("nobody lives in this folder yet; make an identity or recover one first") from None
        except (FormatError, ValidationError):
            raise UsageError("the file in this folder is damaged; recover the identity into a new folder") from None

    def write(self, contents: Contents) -> None:
        """Replace the file; after a crash it is the old one or the new one. Raises: OSError."""
        replace_file(self.file, _spell(contents))

    def holds(self, contents: Contents) -> bool:
        """Whether the file is just this one."""
        try:
            return self.file.read_bytes() == _spell(contents)
        except OSError:
            return False

    def find_kit(self) -> str | None:
        """The kit's text, where this device keeps it."""
        try:
            return (self.folder / KIT_NAME).read_text(encoding="ascii").strip()
        except OSError:
            return None

    def write_kit(self, text: str) -> None:
        """Keep the kit's text beside the file: without the passphrase it opens nothing."""
        replace_file(self.folder / KIT_NAME, text.encode("ascii") + b"\n")

    def keep_journal(self, name: str, content: bytes) -> None:
        """Keep a journal as it was served, unless it is kept so already."""
        folder = self.folder / JOURNALS_NAME
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.find_journal(name) != content:
            replace_file(folder / name, content)

    def find_journal(self, name: str) -> bytes | None:
        """A journal that was kept."""
        try:
            return (self.folder / JOURNALS_NAME / name).read_bytes()
        except OSError:
            return None

    def keep_sent(self, made: int, statement: str, content: bytes) -> None:
        """Keep a submission, unless that of this statement is kept; `made` is when it was signed, Unix seconds."""
        folder = self.folder / SENT_NAME
        kept = self._sent_names()
        if statement not in kept:
            folder.mkdir(mode=0o700, exist_ok=True)
            self._sent_count += 1
            name = kept[statement] = f"{made:012}-{self._sent_count:08}-{statement}"
            # Not flushed: it is missed only where this device loses power in the very seconds that a server forgets.
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)

    def list_sent(self) -> list[bytes]:
        """The submissions that are kept, in the order in which they were kept."""
        names = sorted(self._sent_names().values(), key=lambda name: int(name.split("-")[1]))
        return [(self.folder / SENT_NAME / name).read_bytes() for name in names]

    def drop_sent(self, statement: str) -> None:
        """Let go of one of them."""
        name = self._sent_names().pop(statement, None)
        if name is not None:
            (self.folder / SENT_NAME / name).unlink()

    def drop_sent_before(self, made: int) -> None:
        """Let go of all that were signed before that time."""
        for statement, name in list(self._sent_names().items()):
            if int(name.split("-")[0]) < made:
                self.drop_sent(statement)

    def _sent_names(self) -> dict[str, str]:
        """The names of the files by their statements; the folder is read once."""
        if self._sent is None:
            found = (path.name for path in (self.folder / SENT_NAME).glob("*-*"))
            self._sent = {name.rpartition("-")[2]: name for name in found}
            self._sent_count = max((int(name.split("-")[1]) for name in self._sent.values()), default=0)
        return self._sent

    def keep_evidence(self, name: str, content: bytes) -> str:
        """Keep what shows that a server misbehaved; the path, for people."""
        folder = self.folder / EVIDENCE_NAME
        folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(folder / name, content)
        return str(folder / name)

    def list_ignored(self) -> frozenset[str]:
        """The engagements, hex, that this person wants to hear nothing of; a server knows them anyway."""
        try:
            return frozenset((self.folder / IGNORED_NAME).read_text(encoding="ascii").split())
        except FileNotFoundError:
            return frozenset()

    def ignore(self, engagement: str) -> None:
        """Hear nothing of that engagement any more, on this device."""
        lines = sorted({*self.list_ignored(), engagement})
        replace_file(self.folder / IGNORED_NAME, "".join(f"{line}\n" for line in lines).encode("ascii"))

    def sealed_file(self, attachment: bytes) -> Path:
        """Where the sealed bytes of an attachment lie while they are on their way; the folder is there."""
        folder = self.folder / ATTACHMENTS_NAME
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / attachment.hex()

    def close(self) -> None:
        """Give the folder back."""
        self._lock.release()


def _spell(contents: Contents) -> bytes:
    stored = StoredVault(
        format=1,
        url=contents.url,
        audience=contents.audience,
        account=contents.account,
        keyring=write_base64(contents.keyring),
        slots=tuple(StoredSlot(kind=kind, slot=write_base64(slot)) for kind, slot in sorted(contents.slots.items())),
        state=write_base64(contents.state),
    )
    return stored.model_dump_json().encode("ascii")


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write `content` beside `path`, flush it, and rename it into place."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
