"""One round trip of several prepared queries to PostgreSQL, in libpq's pipeline mode.

psycopg's cursors send and look for answers once for each query; here that happens once for many. Values are bytes,
integers, words and null, as of `Prepared`. Source: PostgreSQL's documentation, "Pipeline Mode" of libpq.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

Question = tuple[str, Sequence[object]]
"""A query whose parameters are counted ($1), and their values."""
_Written = tuple[str, list[bytes | None], list[Format]]

_WORDS = (25, 1043)
_INTEGERS = (20, 23, 21)
_BYTES, _BOOLEAN = 17, 16
_READERS: dict[int, Callable[[bytes], Any]] = {
    _BYTES: bytes,
    _BOOLEAN: lambda value: value == b"\x01",
    **dict.fromkeys(_INTEGERS, lambda value: int.from_bytes(value, "big", signed=True)),
    **dict.fromkeys(_WORDS, bytes.decode),
}
"""How a value of each type is read, by the number of the type, in the binary format."""
_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Exchanging(psycopg.Connection[Any]):
    """A connection with such exchanges beside its cursors, in the same transactions."""

    _names: dict[str, bytes] | None = None
    """Of the queries that are prepared in this session, by their words."""
    _names_given = 0

    def exchange(self, questions: Sequence[Question]) -> list[list[tuple[Any, ...]]]:
        """The rows of each answer, in order. Raises: psycopg.Error of the first that fails; the later are not run."""
        written = [(words, *_write(values)) for words, values in questions]
        with self.lock:
            return self.wait(self._exchange(written))

    def _exchange(self, questions: Sequence[_Written]) -> Generator[Wait, Ready | int, list[list[tuple[Any, ...]]]]:
        connection, names, is_answer = self.pgconn, dict(self._names or {}), list[bool]()
        if connection.status != ConnStatus.OK:
            raise psycopg.OperationalError("the connection is closed")
        begin = self._find_begin()
        new: dict[int, str] = {}
        try:
            connection.enter_pipeline_mode()
            if begin is not None:
                connection.send_query_params(begin, [])
                is_answer.append(False)
            for words, values, formats in questions:
                if words not in names:
                    self._names_given += 1
                    names[words] = b"vault_%d" % self._names_given
                    connection.send_prepare(names[words], words.encode())
                    new[len(is_answer)] = words
                    is_answer.append(False)
                connection.send_query_prepared(names[words], values, formats, result_format=Format.BINARY)
                is_answer.append(True)
            connection.pipeline_sync()
            results = yield from _collect(connection)
            connection.exit_pipeline_mode()
        except BaseException:
            connection.finish()  # nobody knows what of it was taken
            raise
        lost = {words for place, words in new.items() if results[place].status not in _DONE}
        self._names = {words: name for words, name in names.items() if words not in lost}
        for result in results:
            if result.status not in _DONE:
                raise error_from_result(result)
        return [_read(result) for result, is_one in zip(results, is_answer, strict=True) if is_one]

    def _find_begin(self) -> bytes | None:
        """What begins a transaction, where none is open and one is wanted."""
        if self.autocommit or self.pgconn.transaction_status != TransactionStatus.IDLE:
            return None
        level = "" if self.isolation_level is None else f" ISOLATION LEVEL {self.isolation_level.name}"
        mode = "" if self.read_only is None else " READ ONLY" if self.read_only else " READ WRITE"
        return f"BEGIN{level.replace('_', ' ')}{mode}".encode()


def _collect(connection: PGconn) -> Generator[Wait, Ready | int, list[PGresult]]:
    """All results up to the end of the pipeline, while what is still to be sent is sent."""
    results: list[PGresult] = []
    while True:
        is_sent = connection.flush() == 0
        ready = yield Wait.R if is_sent else Wait.RW
        if ready & Ready.R:
            connection.consume_input()
            while not connection.is_busy():
                result = connection.get_result()
                if result is None:  # the end of one query's answer
                    continue
                if result.status == ExecStatus.PIPELINE_SYNC:
                    return results
                results.append(result)


def _write(values: Sequence[object]) -> tuple[list[bytes | None], list[Format]]:
    """The values as they are sent, and how. Raises: psycopg.DataError for any that is not of the few kinds."""
    sent = [value if isinstance(value, bytes) or value is None else _spell(value) for value in values]
    return sent, [Format.BINARY if isinstance(value, bytes) else Format.TEXT for value in values]


def _spell(value: object) -> bytes:
    if isinstance(value, int) and not isinstance(value, bool):
        return b"%d" % value
    if isinstance(value, str) and "\0" not in value:
        try:
            return value.encode()
        except UnicodeEncodeError:
            pass
    raise psycopg.DataError("expected bytes, an integer, null, or words without NUL")


def _read(result: PGresult) -> list[tuple[Any, ...]]:
    readers = [_READERS[result.ftype(column)] for column in range(result.nfields)]
    return [
        tuple(
            None if (value := result.get_value(row, column)) is None else read(value)
            for column, read in enumerate(readers)
        )
        for row in range(result.ntuples)
    ]
