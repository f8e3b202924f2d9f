"""Limits of concurrency: how many attachments a worker hashes, and how many parts it takes in, at the same time.

Hashing takes seconds, and a slow sender minutes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from weakref import WeakValueDictionary

from vault.protocol.problems import Code, Refused
from vault.server.storage.engine import RETRY_AFTER_SECONDS

HASHED_AT_ONCE = 2
INCOMING_OF_ACCOUNT = 8
INCOMING_OF_WORKER = 64


class Hashing:
    """Whose turn it is to hash: one at a time for each upload, and few in all."""

    def __init__(self) -> None:
        """Nobody hashes yet."""
        self._few = asyncio.Semaphore(HASHED_AT_ONCE)
        self._uploads: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, upload: Hashable) -> AsyncIterator[None]:
        """Wait until nobody else hashes the upload; who had to wait looks first at what came of it."""
        own = self._uploads.setdefault(upload, asyncio.Lock())
        async with own, self._few:
            yield


class Incoming:
    """The parts that are on their way in, each from one sender."""

    def __init__(self) -> None:
        """Nothing comes in yet."""
        self._parts: set[Hashable] = set()
        self._of_account: Counter[bytes] = Counter()

    @contextmanager
    def turn(self, account: bytes, part: Hashable) -> Iterator[None]:
        """A place for a part while it comes in.

        Raises: Refused(busy) where the same part is coming already, or too many of the account, or of all.
        """
        is_full = len(self._parts) >= INCOMING_OF_WORKER or self._of_account[account] >= INCOMING_OF_ACCOUNT
        if is_full or part in self._parts:
            raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS)
        self._parts.add(part)
        self._of_account[account] += 1
        try:
            yield
        finally:
            self._parts.remove(part)
            self._of_account[account] -= 1
            if not self._of_account[account]:
                del self._of_account[account]
