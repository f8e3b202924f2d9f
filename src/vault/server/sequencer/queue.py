"""Group commit: what has queued is written in one transaction, and all are answered once it is durable.

Writes stand in one line, first come, first served. One thread takes what has queued; each decides and then writes,
those of different journals in step. Who is refused has written nothing; where a write breaks in the middle all are
taken back and made again, each within a savepoint of its own. Nobody is answered before the commit, not even who is
refused: what the refusal rests on might not have been kept. A worker that dies on the way has acknowledged nothing,
and the same bytes sent again get their first answer.

What the writes append to journals goes into the transparency log together, under one checkpoint, before the commit.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar

from anyio import to_thread
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from vault.protocol.problems import Code, Refused
from vault.server.metrics import count_batch, count_queued
from vault.server.sequencer.places import Turn
from vault.server.sequencer.tlog import Leaf, append_leaves
from vault.server.storage.engine import RETRY_AFTER_SECONDS, Again, Storage
from vault.server.storage.prepared import call_together, writing_later
from vault.server.tlog_key import TlogKey

Value = TypeVar("Value")
Write = Callable[[], tuple[Value, Leaf | None]]
"""Writes, and returns a value of its own and what the log shall take of it."""
Decide = Callable[[Connection], Write[Value]]
"""Reads and writes nothing; returns what is then to be written, or raises why not."""

QUEUE_MAXIMUM = 256
"""How many may wait: a fraction of a second's work. Whoever comes later is served sooner by coming again."""
OF_ACCOUNT_MAXIMUM = 64
"""How many of them may be one account's: whoever floods it leaves room for others, and delays them by a batch."""
BATCH_MAXIMUM = 64
"""How many one transaction takes: enough to share its commit, few enough that nobody waits long for the others."""
_PAUSES_SECONDS = (0.0, 0.0, 0.05, 0.2, 0.5, 1.0)
"""Before each attempt: transactions that cross are made again at once, a database that restarts is given a moment."""
_ATTEMPTS_SECONDS = 5.0
"""No attempt is begun later than that: who asked is better told."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    account: bytes
    turn: Turn
    decide: Decide[Any]
    answer: "asyncio.Future[Any]"


class Queue:
    """The line of one worker, for any number of event loops."""

    def __init__(self, storage: Storage, key: TlogKey) -> None:
        """Nothing runs until somebody comes."""
        self._storage = storage
        self._key = key
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._lock = Lock()
        self._waiting: deque[_Waiting] = deque()
        self._of_account: Counter[bytes] = Counter()
        self._is_writing = False
        self._is_closed = False

    async def put(self, account: bytes, turn: Turn, decide: Decide[Value]) -> tuple[Value, bytes | None]:
        """What was written for `account`, in the transaction of its batch, and the receipt of its leaf; durable then.

        Writes of one turn are made in the order in which they came. `decide` may be run again from its beginning.

        Raises: what `decide` raises, with nothing of it written; Refused(storage-away) where the commit failed;
        Refused(busy) at once where too many wait, in all or of this account, or the queue is closed.
        """
        answer: asyncio.Future[tuple[Value, bytes | None]] = asyncio.get_running_loop().create_future()
        with self._lock:
            is_full = len(self._waiting) >= QUEUE_MAXIMUM or self._of_account[account] >= OF_ACCOUNT_MAXIMUM
            if self._is_closed or is_full:
                raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS)
            self._waiting.append(_Waiting(account, turn, decide, answer))
            self._of_account[account] += 1
            count_queued()
            if not self._is_writing:
                self._is_writing = True
                self._thread.submit(self._write_all)
        return await answer

    async def close(self) -> None:
        """Take nobody from here on, and return when all who waited are answered."""
        with self._lock:
            self._is_closed = True
        await to_thread.run_sync(self._thread.shutdown)

    def _write_all(self) -> None:
        """Batch after batch until nobody waits; a loop is woken once for each."""
        while batch := self._take_batch():
            outcomes = write_together(self._storage, self._key, [(each.turn, each.decide) for each in batch])
            answers: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
            for each, outcome in zip(batch, outcomes, strict=True):
                answers.setdefault(each.answer.get_loop(), []).append((each.answer, outcome))
            for loop, theirs in answers.items():
                with suppress(RuntimeError):  # a loop that has ended: nobody is there to be answered
                    loop.call_soon_threadsafe(_give_answers, theirs)

    def _take_batch(self) -> list[_Waiting]:
        """The next who wait, by their turns: so all workers lock in one order. Equal turns stay as they came."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAXIMUM))]
            self._of_account -= Counter(each.account for each in batch)  # what comes to nothing is forgotten
            self._is_writing = bool(batch)
        count_batch(len(batch))
        return sorted(batch, key=lambda each: each.turn)


def _give_answers(answers: "list[tuple[asyncio.Future[Any], Any]]") -> None:
    for answer, outcome in answers:
        if answer.done():  # whoever asked is gone; the same bytes get this answer when they come again
            continue
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)


def write_together(storage: Storage, key: TlogKey, decisions: Sequence[tuple[Turn, Decide[Any]]]) -> list[Any]:
    """What each of them wrote, with its receipt, or raised, in their order, once all of it is durable.

    Where the transaction fails as a whole its error is the outcome of each, and nothing is written, unless a commit was
    not answered. Made again after such a commit, each write finds that it stands already, or waits for it at the locks
    of its journal: it is answered with what stands there, by a commit of its own.
    """
    failure: Exception = Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS)
    write_all = _write_in_step
    began = monotonic()
    for pause in _PAUSES_SECONDS:
        sleep(pause)
        if monotonic() - began > _ATTEMPTS_SECONDS:
            break
        try:
            with storage.writing() as connection:
                try:
                    return write_all(connection, key, decisions)
                except (IntegrityError, DataError) as error:
                    raise _OneBroke from error
        except Again as again:
            failure = again
        except _OneBroke:
            write_all = _write_apart
        except Exception as error:
            failure = error
            break
    return [failure] * len(decisions)


class _OneBroke(Exception):
    """One write broke after it had begun to write; which of the others would stand is not known yet."""


def _write_in_step(connection: Connection, key: TlogKey, decisions: Sequence[tuple[Turn, Decide[Any]]]) -> list[Any]:
    """The outcomes: those of different turns decide together, and then write, before the next of the same turns do.

    Raises: _OneBroke, IntegrityError, DataError where one write broke; DBAPIError where the transaction is lost.
    """
    outcomes: list[Any] = [None] * len(decisions)
    with writing_later(connection):
        for wave in _list_waves([turn for turn, _ in decisions]):
            deciding = [partial(_decide_one, connection, decisions[number][1]) for number in wave]
            for number, decided in zip(wave, call_together(connection, deciding), strict=True):
                outcomes[number] = decided if isinstance(decided, Exception) else _write_one(decided)
        return _add_receipts(connection, key, outcomes)


def _list_waves(turns: Sequence[Turn]) -> list[list[int]]:
    """The numbers of the turns: the first of each, then the second of each, and so on."""
    waves: list[list[int]] = []
    counts: Counter[Turn] = Counter()
    for number, turn in enumerate(turns):
        if counts[turn] == len(waves):
            waves.append([])
        waves[counts[turn]].append(number)
        counts[turn] += 1
    return waves


def _decide_one(connection: Connection, decide: Decide[Any]) -> Write[Any] | Exception:
    """What is to be written, or the refusal. Raises: DBAPIError where the transaction is lost."""
    try:
        return decide(connection)
    except DBAPIError:
        raise
    except Exception as refusal:
        return refusal


def _write_one(write: Write[Any]) -> Any:
    try:
        return write()
    except DBAPIError:
        raise
    except Exception as error:
        raise _OneBroke from error


def _write_apart(connection: Connection, key: TlogKey, decisions: Sequence[tuple[Turn, Decide[Any]]]) -> list[Any]:
    """The outcomes: one after another decides and writes, within a savepoint of its own.

    Raises: DBAPIError where the whole transaction is lost.
    """
    return _add_receipts(connection, key, [_write_again(connection, decide) for _, decide in decisions])


def _write_again(connection: Connection, decide: Decide[Any]) -> Any:
    """What was written, or what was raised, taken back.

    Where another worker has just made the same rows, a second look finds them. Raises: as `_write_apart`.
    """
    for _ in range(2):
        try:
            with connection.begin_nested():
                return decide(connection)()
        except (IntegrityError, DataError):
            continue
        except DBAPIError:
            raise
        except Exception as error:
            return error
    return Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS)


def _add_receipts(connection: Connection, key: TlogKey, outcomes: list[Any]) -> list[Any]:
    leaves = [leaf for _, leaf in filter(_is_written, outcomes) if leaf is not None]
    receipts = iter(append_leaves(connection, key, leaves))
    return [
        (outcome[0], None if outcome[1] is None else next(receipts)) if _is_written(outcome) else outcome
        for outcome in outcomes
    ]


def _is_written(outcome: Any) -> bool:
    return not isinstance(outcome, Exception)
