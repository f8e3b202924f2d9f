"""Fetch what a journal has beyond what is known of it, page by page, and be sure that nothing is missing at its end.

Source: docs/protocol.md sections 4 (Order) and 10.
"""

from collections.abc import Callable

from vault.client.device.session import Session
from vault.client.log.checkpoints import believe_many, confirm_if_many
from vault.client.log.verifying import require_not_broken, require_not_rolled_back, require_not_withheld
from vault.client.network.calls import Act
from vault.client.reading.asking import PAGE, get, goes_on
from vault.policy.replay import ReplayedJournal
from vault.protocol.api import Entry, Page


def read_on(
    session: Session, replay: ReplayedJournal, path: str, take: Callable[[Session, Entry], Act[None]]
) -> Act[None]:
    """Have `take` verify the next entries, up to what the server has now.

    A journal that is shorter than the log says is asked for once more: somebody may have written in between.

    Raises: RollbackError, WithheldError; what `take` raises.
    """
    require_not_broken(session, replay.journal)
    owed, before = 0, -1
    while owed != before:
        more = True
        while more:
            page = yield from get(session, path, Page, after=replay.position.seq, limit=PAGE)
            yield from believe_many(session, (entry.receipt for entry in page.data))
            for entry in page.data:
                if entry.seq > replay.position.seq:  # another act of this session may have been faster
                    yield from take(session, entry)
            more = goes_on(page)
        require_not_rolled_back(session, replay.journal, replay.position)
        owed, before = session.verified.tlog.owed(replay.journal), owed
        if replay.position.seq >= owed:
            break
    require_not_withheld(session, replay.journal, replay.position, owed)
    yield from confirm_if_many(session)
