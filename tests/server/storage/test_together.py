"""What is sent to PostgreSQL together: in few exchanges, in order, and with the same rows and errors as one by one."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from tests.support.databases import POSTGRESQL, only_on
from vault.protocol.problems import Refused
from vault.server.sequencer.places import Turn
from vault.server.sequencer.queue import Decide, Write, write_together
from vault.server.storage.engine import Conflict, Storage
from vault.server.storage.exchange import Exchanging, Question
from vault.server.storage.prepared import Prepared, call_together, writing_later
from vault.server.tlog_key import TlogKey

pytestmark = only_on(POSTGRESQL)

THINGS = Table(
    "things",
    MetaData(),
    Column("number", BigInteger, primary_key=True),
    Column("content", LargeBinary),
    Column("word", Text),
)
KEY = TlogKey("vault.example", bytes(32))
PUT = Prepared(insert(THINGS))
FIND = Prepared(select(THINGS).where(THINGS.c.number == bindparam("number")))
LOCK = Prepared(select(THINGS.c.word).where(THINGS.c.number == bindparam("number")).with_for_update(nowait=True))


@pytest.fixture
def storage(storage: Storage) -> Storage:
    """A database with four things in it."""
    with storage.writing() as connection:
        THINGS.create(connection)
        PUT.run_each(connection, [{"number": n, "content": bytes([n]), "word": None} for n in range(4)])
    return storage


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many questions each exchange took, from here on."""
    counts: list[int] = []
    exchange = Exchanging.exchange

    def count(self: Exchanging, questions: "list[Question]") -> "list[list[tuple[Any, ...]]]":
        counts.append(len(questions))
        return exchange(self, questions)

    monkeypatch.setattr(Exchanging, "exchange", count)
    return counts


@pytest.mark.parametrize(
    "row",
    [
        {"number": -(2**63), "content": bytes(range(256)), "word": "Zürich 東京"},
        {"number": 2**63 - 1, "content": b"", "word": ""},
        {"number": 256, "content": None, "word": None},
    ],
)
def test_what_is_written_is_read_as_it_was(storage: Storage, row: dict[str, Any]) -> None:
    with storage.writing() as connection:
        PUT.run(connection, row)
        assert FIND.find(connection, {"number": row["number"]})._asdict() == row
        assert connection.execute(select(THINGS).where(THINGS.c.number == row["number"])).one()._asdict() == row


def test_callers_ask_in_step_and_the_same_question_once(storage: Storage, exchanges: list[int]) -> None:
    def ask(first: int, second: int) -> tuple[bytes, bytes]:
        return tuple(FIND.find(connection, {"number": number}).content for number in (first, second))

    with storage.writing() as connection:
        answers = call_together(
            connection, [lambda: ask(0, 1), lambda: ask(1, 2), lambda: ask(2, 3), lambda: ask(0, 3), lambda: (b"", b"")]
        )
    assert answers == [(b"\0", b"\1"), (b"\1", b"\2"), (b"\2", b"\3"), (b"\0", b"\3"), (b"", b"")]
    assert exchanges == [3, 3]


def test_a_caller_may_call_others_together(storage: Storage) -> None:
    def find(number: int) -> bytes:
        return bytes(FIND.find(connection, {"number": number}).content)

    def find_two(number: int) -> list[bytes]:
        find(0)
        return [*call_together(connection, [partial(find, number), partial(find, number + 1)]), find(3)]

    with storage.writing() as connection:
        answers = call_together(connection, [partial(find_two, 0), partial(find_two, 1)])
    assert answers == [[b"\0", b"\1", b"\3"], [b"\1", b"\2", b"\3"]]


def test_what_is_put_off_goes_ahead_of_whatever_is_asked(storage: Storage, exchanges: list[int]) -> None:
    with storage.writing() as connection, writing_later(connection):
        PUT.run(connection, {"number": 10, "content": b"", "word": "first"})
        assert FIND.find(connection, {"number": 10}).word == "first"
        PUT.run(connection, {"number": 11, "content": b"", "word": "second"})
        assert connection.execute(select(THINGS.c.word).where(THINGS.c.number == 11)).scalar_one() == "second"
        PUT.run(connection, {"number": 12, "content": b"", "word": "third"})
        assert exchanges == [2, 1]
    assert exchanges == [2, 1, 1]
    with storage.reading() as connection:
        assert FIND.find(connection, {"number": 12}).word == "third"


def test_what_cannot_be_written_is_told_at_the_end_and_nothing_stands(storage: Storage) -> None:
    def write() -> None:
        with storage.writing() as connection, writing_later(connection):
            PUT.run(connection, {"number": 20, "content": b"", "word": None})
            PUT.run(connection, {"number": 0, "content": b"", "word": None})

    with pytest.raises(IntegrityError):
        write()
    with storage.writing() as connection:
        assert FIND.find(connection, {"number": 20}) is None, "prepared queries outlive a rollback"


def test_a_fault_of_a_caller_ends_all_and_the_connection_serves_on(storage: Storage) -> None:
    ended: list[str] = []

    def ask() -> None:
        try:
            FIND.find(connection, {"number": 1})
            FIND.find(connection, {"number": 2})
        finally:
            ended.append("ended")

    def break_off() -> None:
        FIND.find(connection, {"number": 3})
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"), storage.writing() as connection:
        call_together(connection, [ask, break_off, ask])
    assert ended == ["ended", "ended"]
    with storage.writing() as connection:
        assert FIND.find(connection, {"number": 1}).content == b"\1"


def test_an_error_of_the_database_is_the_same_together(storage: Storage) -> None:
    def lock() -> object:
        FIND.find(second, {"number": 1})
        return LOCK.find(second, {"number": 1})

    with storage.writing() as first:
        LOCK.find(first, {"number": 1})
        with pytest.raises(Conflict), storage.writing() as second:
            call_together(second, [lock, lock])
    with storage.writing() as second:
        assert call_together(second, [lock, lock]) == [(None,), (None,)]


def test_a_transaction_is_of_its_kind_when_a_prepared_query_begins_it(storage: Storage) -> None:
    asked = text("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
    with storage.reading() as connection:
        FIND.find(connection, {"number": 0})
        assert connection.execute(asked).one() == ("repeatable read", "on")
    with storage.writing() as connection:
        FIND.find(connection, {"number": 0})
        assert connection.execute(asked).one() == ("read committed", "off")
    with storage.looking() as connection:
        FIND.find(connection, {"number": 0})
        connection.execute(text("VACUUM things"))  # which no transaction allows


def test_much_goes_both_ways_at_once(storage: Storage) -> None:
    content, numbers = bytes(200_000), range(100, 160)
    with storage.writing() as connection:
        PUT.run_each(connection, [{"number": number, "content": content, "word": None} for number in numbers])
        found = call_together(connection, [partial(FIND.find, connection, {"number": number}) for number in numbers])
    assert [each.content for each in found] == [content] * len(numbers)


def test_a_batch_takes_as_many_exchanges_however_many_are_in_it(storage: Storage, exchanges: list[int]) -> None:
    def decide(connection: Connection, number: int) -> Write[str]:
        FIND.find(connection, {"number": number % 3})
        FIND.find(connection, {"number": number % 3 + 1})

        def write() -> tuple[str, None]:
            PUT.run(connection, {"number": 1_000 + number, "content": None, "word": "new"})
            return "written", None

        return write

    def write(numbers: range) -> int:
        exchanges.clear()
        turns = [((bytes([number]), False), partial(decide, number=number)) for number in numbers]
        assert write_together(storage, KEY, turns) == [("written", None)] * len(numbers)
        return len(exchanges)

    assert write(range(1)) == write(range(1, 3)) == write(range(3, 23)) == 3


@pytest.mark.parametrize("odd", [1.5, True, bytearray(b"x"), memoryview(b"x"), "NUL \0", "half \ud800"])
def test_a_value_of_another_kind_is_refused_and_never_changed(storage: Storage, odd: object) -> None:
    def put() -> None:
        with storage.writing() as connection:
            PUT.run(connection, {"number": 30, "content": b"", "word": odd})

    with pytest.raises(Refused):
        put()
    with storage.reading() as connection:
        assert FIND.find(connection, {"number": 30}) is None


@pytest.mark.parametrize("asked", [2**70, "half \ud800"])
def test_what_one_cannot_ask_takes_nothing_from_the_others(storage: Storage, asked: object) -> None:
    """Their writes were put off when it asked."""

    def decide(connection: Connection, number: int) -> Write[str]:
        def write() -> tuple[str, None]:
            PUT.run(connection, {"number": number, "content": None, "word": None})
            return "written", None

        return write

    def ask(connection: Connection) -> Write[str]:
        FIND.find(connection, {"number": asked})
        raise AssertionError("expected no answer")

    turn = (b"one", False)
    decisions: list[tuple[Turn, Decide[str]]] = [
        (turn, partial(decide, number=40)),
        ((b"two", False), partial(decide, number=41)),
        (turn, ask),
    ]
    first, second, third = write_together(storage, KEY, decisions)
    assert (first, second) == (("written", None), ("written", None))
    assert isinstance(third, Refused)
    with storage.reading() as connection:
        assert FIND.find(connection, {"number": 40}) is not None
        assert FIND.find(connection, {"number": 41}) is not None
