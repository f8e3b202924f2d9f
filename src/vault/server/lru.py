"""A cache of facts that can never change: it holds so many, and the least recently used one goes first."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Fact = TypeVar("Fact")


class LruCache(Generic[Key, Fact]):
    """A least-recently-used cache of a worker, shared by its threads."""

    def __init__(self, maximum: int) -> None:
        """An empty cache of at most `maximum` facts."""
        self._maximum = maximum
        self._facts: OrderedDict[Key, Fact] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Key) -> Fact | None:
        """The fact, where it is in the cache; it counts as used."""
        with self._lock:
            fact = self._facts.get(key)
            if fact is not None:
                self._facts.move_to_end(key)
            return fact

    def keep(self, key: Key, fact: Fact) -> None:
        """Put the fact into the cache."""
        with self._lock:
            self._facts[key] = fact
            if len(self._facts) > self._maximum:
                self._facts.popitem(last=False)
