"""The work itself: notes sealed and read back, a draft, a summary, a disclosure, its opening and its withdrawal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from scripts.demonstration.deployment import DemonstrationError
from scripts.demonstration.people import COACH, COACHEE, SPONSOR, Circle
from scripts.demonstration.reading import InputFile, Say
from vault.client.errors import ContentTooLargeError
from vault.client.sdk.synchronous.disclosures import DisclosureHandle
from vault.client.sdk.values import Opened

DRAFT = """A proposal for your half page.

Marek set out to lead his team's meetings without dreading them, and he does.
He asked two colleagues how he comes across, took in what they answered, and changed how a meeting begins.
Two people now read every appeal, which was his decision.
"""
SUMMARY = """Half a page on where I stand.

I wanted Thursday's meeting to be a meeting again, and it is one.
I say what I expect before I say what is missing, and I ask before I answer.
Two of us read every appeal now. I would like to keep it that way.
"""
_EXPIRES = timedelta(days=30)

Progress = Callable[[Iterable[InputFile]], Iterable[InputFile]]


@dataclass(slots=True)
class Sealed:
    """The files that became notes, by the item that holds them."""

    files: dict[str, InputFile] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """How many bytes were sealed."""
        return sum(len(file.content) for file in self.files.values())


def seal_notes(circle: Circle, files: list[InputFile], progress: Progress, say: Say) -> Sealed:
    """Every file as a note of the coach's, sealed on the coach's device for coach and coachee.

    Raises: DemonstrationError where not one could be sealed.
    """
    sealed = Sealed()
    notes = circle.engagement_of(circle.coach).notes
    for file in progress(files):
        try:
            note = notes.add(file.content, title=file.name, media_type=file.media_type)
        except ContentTooLargeError:
            say(f"{file.name}: too large for a note once its name stands beside it: left out")
            continue
        sealed.files[note.id] = file
    if not sealed.files:
        raise DemonstrationError("expected a folder with at least one file that can be a note")
    return sealed


def read_notes(circle: Circle, sealed: Sealed) -> None:
    """The coachee fetches, verifies and opens them all. Raises: DemonstrationError unless every byte is the same."""
    read = {note.id: note for note in circle.engagement_of(circle.coachee).notes}
    if read.keys() != sealed.files.keys():
        raise DemonstrationError("the coachee was not served the notes that the coach sealed")
    for item, file in sealed.files.items():
        if read[item].content != file.content or read[item].title != file.name:
            raise DemonstrationError(f"{file.name} came back other than it was sealed")
        readers = {reader.account for reader in read[item].readers}
        if readers != {circle.coach.account.hex(), circle.coachee.account.hex()}:
            raise DemonstrationError(f"{file.name} is sealed to somebody else")


def disclose_summary(circle: Circle, say: Say) -> DisclosureHandle:
    """From the coach's draft to what the coachee seals for the sponsor: previewed first, signed as it was shown."""
    circle.engagement_of(circle.coach).drafts.add(DRAFT, title="A proposal")
    at_coachees = circle.engagement_of(circle.coachee)
    draft = at_coachees.drafts[0]
    say(f"{COACHEE} reads {COACH}'s draft ({len(draft.body.split())} words) and writes a summary of his own")
    summary = at_coachees.summaries.add(SUMMARY, title="Where I stand")
    preview = summary.preview(recipient=SPONSOR, share_kind="progress", purpose="own_words", expires=_EXPIRES)
    if (preview.body, preview.title, preview.recipient) != (SUMMARY, "Where I stand", SPONSOR):
        raise DemonstrationError("the preview shows something other than the summary")
    say(f"{COACHEE} sees exactly what {SPONSOR} will see, for his own words, until 30 days from now, and seals it")
    return preview.disclose()


def open_summary(circle: Circle, disclosure: DisclosureHandle) -> Opened:
    """The sponsor opens what was sealed for her. Raises: DemonstrationError unless it is the summary."""
    received = circle.sponsor.vault.inbox()
    if [each.id for each in received] != [disclosure.id]:
        raise DemonstrationError("the sponsor's inbox holds something other than the disclosure")
    opened = received[0].open()
    if opened.body != SUMMARY:
        raise DemonstrationError("the sponsor opened something other than the summary")
    return opened


def withdraw(circle: Circle, disclosure: DisclosureHandle) -> str:
    """The coachee sees who opened it and takes it back; what that cannot undo, in words.

    Raises: DemonstrationError where the opening is not there, or the sponsor is still served.
    """
    if [opening.name for opening in disclosure.openings()] != [SPONSOR]:
        raise DemonstrationError("the coachee does not see the one opening by the sponsor")
    receipt = disclosure.withdraw()
    if circle.sponsor.vault.inbox():
        raise DemonstrationError("the sponsor's inbox still holds what was withdrawn")
    return receipt.limits
