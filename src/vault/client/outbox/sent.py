"""What this device has sent lately, as it was sent: the one thing that brings back what a server has lost.

A file a submission, in the folder `sent` of the home, with the sealed parts that nobody else holds all of. A server
knows every byte. They go after a month; a backup that is older than that is beyond this.
"""

from dataclasses import replace

from pydantic import ValidationError

from vault.client.device.home import Home
from vault.client.device.keeping import read_waiting, store_waiting
from vault.client.device.session import Session
from vault.client.device.state import StoredWaiting
from vault.client.device.waiting import Waiting
from vault.errors import FormatError
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.strict_json import read_json

KEPT_SECONDS = 31 * DAY_SECONDS


def keep_sent(session: Session, waiting: Waiting) -> None:
    """Keep a submission that was answered; nothing happens to one that is kept already."""
    stored = store_waiting(replace(waiting.wait_again(), enrolment=None))
    content = stored.model_dump_json().encode("ascii")
    session.home.keep_sent(waiting.made, waiting.statement.hex(), content)


def list_sent(home: Home) -> list[Waiting]:
    """Every submission that is kept, in the order in which they were answered."""
    found = []
    for raw in home.list_sent():
        try:
            found.append(read_waiting(StoredWaiting.model_validate(read_json(raw))))
        except (FormatError, ValidationError):
            continue  # cut off by a crash while it was written: the server had answered, and nothing else needs it
    return found


def forget_old(session: Session) -> None:
    """Let go of what was signed more than a month ago, by a clock that the deployment's has borne out."""
    if session.memory.token is not None:
        session.home.drop_sent_before(session.now() - KEPT_SECONDS)
