"""What was found and can never change, kept for those who ask again: so many facts, and the one unused longest goes."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Fact = TypeVar("Fact")


class Known(Generic[Key, Fact]):
    """A worker's memory of such facts; several threads may share it."""

    def __init__(self, maximum: int) -> None:
        """Nothing is known yet."""
        self._maximum = maximum
        self._facts: OrderedDict[Key, Fact] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Key) -> Fact | None:
        """The fact, where it is known."""
        with self._lock:
            fact = self._facts.get(key)
            if fact is not None:
                self._facts.move_to_end(key)
            return fact

    def keep(self, key: Key, fact: Fact) -> None:
        """Know it from now on."""
        with self._lock:
            self._facts[key] = fact
            if len(self._facts) > self._maximum:
                self._facts.popitem(last=False)
