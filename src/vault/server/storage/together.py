"""A connection to PostgreSQL that batches queries into one round trip.

The way to the server and back takes longer than most answers. Those who decide in one transaction therefore ask in
step: what each of them asks next is sent at once, and they go on when all have their answers. What they then write is
sent when next something is asked.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from greenlet import getcurrent, greenlet

from vault.server.storage.driver import Value, Values
from vault.server.storage.exchange import Exchanging, Question


class TogetherConnection(Exchanging):
    """As `Driver`; everything else that is executed comes after what was put off."""

    _hub: greenlet | None = None
    _later: list[Question] | None = None

    def ask(self, words: str, values: Values) -> list[Any]:
        """All rows of the answer. Raises: psycopg.Error."""
        if self._hub is not None and getcurrent() is not self._hub:
            rows: list[Any] = self._hub.switch((words, values))
            return rows
        return self._ask_all([(words, values)])[0]

    def write(self, words: str, rows: Sequence[Values]) -> None:
        """Write once for each of `rows`, or later. Raises: psycopg.Error."""
        questions = [(words, values) for values in rows]
        if self._later is None:
            self.exchange(questions)
        else:
            self._later += questions

    def call_together(self, callers: Sequence[Callable[[], Value]]) -> list[Value]:
        """What they return, in their order. Raises: what one of them does, and then nobody is called further."""
        if len(callers) == 1:
            return [callers[0]()]
        values: dict[int, Value] = {}

        def call(number: int) -> None:
            values[number] = callers[number]()

        outer, self._hub = self._hub, getcurrent()
        running = [greenlet(partial(call, number)) for number in range(len(callers))]
        try:
            asked = [(each, each.switch()) for each in running]
            while asked := [(each, question) for each, question in asked if not each.dead]:
                answers = self._ask_all([question for _, question in asked])
                asked = [(each, each.switch(rows)) for (each, _), rows in zip(asked, answers, strict=True)]
        finally:
            self._hub = outer
            for each in running:
                each.throw()
        return [values[number] for number in range(len(callers))]

    @contextmanager
    def writing_later(self) -> Iterator[None]:
        """What is written inside is sent with the next question, or at the end. Raises: psycopg.Error."""
        self._later = []
        try:
            yield
            self._catch_up()
        finally:
            self._later = None

    def cursor(self, *arguments: Any, **named: Any) -> Any:
        """As psycopg's. Raises: psycopg.Error."""
        self._catch_up()
        return super().cursor(*arguments, **named)

    def _catch_up(self) -> None:
        if self._later:
            self._ask_all([])

    def _ask_all(self, questions: Sequence[Question]) -> list[list[Any]]:
        """The rows of each answer; what was put off is sent ahead. A question that stands there twice is asked once."""
        later = self._later or []
        places = {question: place for place, question in enumerate(dict.fromkeys(questions), len(later))}
        answers = self.exchange([*later, *places])
        if later:
            self._later = []  # only now: what could not be sent is not lost
        return [answers[places[question]] for question in questions]
