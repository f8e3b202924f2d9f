"""The outbox as a value: what was signed and has no answer yet, which files became what, and files on their way.

A value of it never changes; each method gives the next one. `Session.change` makes that durable before anybody sees it.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from vault.client.device.state import Upload
from vault.protocol.envelope import Statement
from vault.protocol.journal import JournalId
from vault.protocol.naming import list_named
from vault.protocol.problems import Code
from vault.protocol.submission import Parts
from vault.protocol.vocabulary import StatementType


class WaitingState(StrEnum):
    """Why a statement is in the outbox."""

    UNSENT = "unsent"
    """It has no answer yet, and is sent again."""
    REFUSED = "refused"
    """The person decides; the code is beside it."""
    DISCLOSE_AGAIN = "disclose-again"
    """It fits no more: the person discloses the summary again, after its preview, or does not."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission that has no answer yet, or that was refused: the exact bytes, what they say, and where they go.

    `signed` and `parts` are what `body` spells; `made` is when it was signed, Unix seconds of this device. `refused` is
    the code of what is in the state REFUSED, and None in the others.
    """

    path: str
    body: bytes = field(repr=False)
    signed: Statement
    parts: Parts = field(repr=False)
    journal: JournalId | None
    made: int
    enrolment: str | None = field(default=None, repr=False)
    state: WaitingState = WaitingState.UNSENT
    refused: Code | None = None

    @property
    def statement(self) -> bytes:
        """The id of the statement."""
        return self.signed.id

    def names(self, statement: bytes) -> bool:
        """Whether what was signed stands on that statement."""
        return statement in list_named(self.signed.body).values()

    @property
    def type(self) -> StatementType:
        """The type of the statement."""
        return self.signed.body.TYPE

    @property
    def is_unsent(self) -> bool:
        """Whether it is sent again by itself."""
        return self.state is WaitingState.UNSENT

    def refuse(self, code: Code) -> Self:
        """It waits for its person, with the code of a no."""
        return replace(self, state=WaitingState.REFUSED, refused=code)

    def leave_to_disclose_again(self) -> Self:
        """It waits for its person, who discloses again or does not."""
        return replace(self, state=WaitingState.DISCLOSE_AGAIN, refused=None)

    def wait_again(self) -> Self:
        """It waits to be sent, as if nobody had said no."""
        return replace(self, state=WaitingState.UNSENT, refused=None)


@dataclass(frozen=True, slots=True)
class FileKey:
    """A file in an engagement: its absolute path and the SHA-256 of what it holds."""

    engagement: bytes
    path: str
    sha256: bytes

    @classmethod
    def of(cls, engagement: bytes, path: str, content: bytes) -> Self:
        """The key of a file that was read."""
        return cls(engagement, path, hashlib.sha256(content).digest())


@dataclass(frozen=True, slots=True)
class Outbox:
    """What waits, oldest first; `progress` says which statement a file became; `uploads` are files on their way.

    `renewing` are engagements in which the newest own keys were not assented to yet: in them the old ones still act.
    """

    waiting: tuple[Waiting, ...] = ()
    progress: Mapping[FileKey, bytes] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    renewing: frozenset[bytes] = frozenset()

    def of(self, journal: JournalId | None) -> tuple[Waiting, ...]:
        """What waits for this journal, in the order in which it was signed."""
        return tuple(each for each in self.waiting if each.journal == journal)

    def of_type(self, word: StatementType) -> tuple[Waiting, ...]:
        """The statements of this type."""
        return tuple(each for each in self.waiting if each.type is word)

    def add(self, waiting: Waiting) -> Self:
        """With one more at its end."""
        return replace(self, waiting=(*self.waiting, waiting))

    def drop(self, *statements: bytes) -> Self:
        """Without these statements."""
        return self.keep(lambda each: each.statement not in statements)

    def keep(self, is_kept: Callable[[Waiting], bool]) -> Self:
        """With those of which it is so."""
        return replace(self, waiting=tuple(each for each in self.waiting if is_kept(each)))

    def put(self, statement: bytes, waiting: Waiting) -> Self:
        """With another one at the place of this statement; what names its files by it follows."""
        places = tuple(waiting if each.statement == statement else each for each in self.waiting)
        return replace(self, waiting=places).rename(statement, waiting.statement)

    def forget(self, statement: bytes) -> Self:
        """Files whose note was refused were not added, and what it named can be named again."""
        return self._named(statement, None)

    def rename(self, before: bytes, after: bytes) -> Self:
        """A note that was signed anew is still the note of its file."""
        return self if before == after else self._named(before, after)

    def _named(self, before: bytes, after: bytes | None) -> Self:
        progress = {
            key: after if value == before else value
            for key, value in self.progress.items()
            if value != before or after is not None
        }
        uploads = (
            each.model_copy(update={"statement": after}) if each.statement == before else each for each in self.uploads
        )
        return replace(self, progress={k: v for k, v in progress.items() if v is not None}, uploads=tuple(uploads))

    def note_file(self, key: FileKey, statement: bytes) -> Self:
        """This file became that statement."""
        return replace(self, progress={**self.progress, key: statement})

    def name_uploads(self, attachments: Iterable[bytes], statement: bytes) -> Self:
        """The statement that names these attachments is signed."""
        named = set(attachments)
        return replace(
            self,
            uploads=tuple(
                each.model_copy(update={"statement": statement}) if each.header.id in named else each
                for each in self.uploads
            ),
        )

    def renew(self, engagements: Iterable[bytes]) -> Self:
        """New keys are to be assented to in these engagements too."""
        return replace(self, renewing=self.renewing | set(engagements))

    def renewed(self, engagement: bytes) -> Self:
        """In this one they are in force."""
        return replace(self, renewing=self.renewing - {engagement})

    def add_upload(self, upload: Upload) -> Self:
        """With one more file on its way."""
        return replace(self, uploads=(*self.uploads, upload))

    def drop_uploads(self, attachments: Iterable[bytes]) -> Self:
        """Without these files."""
        gone = set(attachments)
        return replace(self, uploads=tuple(each for each in self.uploads if each.header.id not in gone))
