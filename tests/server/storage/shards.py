"""What one query has to look like so that one shard can answer it, and what of a query does not.

A table belongs to engagements, to accounts or to the log. A query that reads or changes rows of it names one of them,
the same for all of its tables: each key column equals one and the same value that the caller bound.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import BindParameter, Column, Delete, Insert, Select, Table, Update
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList, ClauseElement
from sqlalchemy.sql.selectable import Alias, Join

Query = Select[*tuple[object, ...]] | Update | Delete

OWNERS = ("engagement", "account", "to_account", "subject")
MORE = {"leaves": ("subject",), "memberships": ("account", "engagement")}
"""A leaf is found by its journal, too. A membership lies with its account, and a copy of it with its engagement."""

ALONE = {
    "apps": "the operator's list, some rows",
    "enrolments": "found by the hash of a secret, before anybody has an account",
    "challenges": "found by its own bytes, gone after a minute",
    "tokens": "found by the hash of a secret, gone after its time",
    "tlog": "the right edge of a log, one row",
    "tiles": "the upper levels of a log's tree, found by their place in it",
}
"""Tables that belong to nobody's shard: no query names them beside another table."""


def owners_of(table: Table) -> tuple[str, ...]:
    """The columns by which the rows of a table are dealt out: what its primary key begins with, and some more by name.

    What a journal is about is told by its kind and its subject, so the kind is read over. None for other tables.
    """
    first = next(column.name for column in table.primary_key.columns if column.name != "kind")
    return MORE.get(table.name, (first,) if first in OWNERS else ())


EVERY_SHARD = "no value names the shard, so each is asked for its own rows"
_Key = tuple[str, object, object]


def find_crossings(query: Query) -> list[str]:
    """Why more than one shard would have to be asked, as sentences; none where one is enough."""
    elements = list(visitors.iterate(query))
    found = ["an alias hides which table it is" for element in elements if isinstance(element, Alias)]
    tables: set[object] = {element for element in elements if isinstance(element, Table)}
    tables |= {element.table for element in elements if isinstance(element, Column)}
    if isinstance(query, (Update, Delete)):
        tables.add(query.table)
    named = sorted((table for table in tables if isinstance(table, Table)), key=lambda table: table.name)
    alone = [table.name for table in named if table.name in ALONE]
    if alone and len(named) > 1:
        found.append(f"{alone[0]} stands beside another table")
    sharded = [table for table in named if table.name not in ALONE]
    if sharded:
        equal = _Equal(_conditions(elements))
        names = ", ".join(table.name for table in sharded)
        if not equal.are_tied(sharded):
            found.append(f"{names}: nothing keeps their rows within one shard")
        elif not frozenset.intersection(*(equal.values_of(table) for table in sharded)):
            found.append(f"{names}: {EVERY_SHARD}")
    return found


class _Equal:
    """What a query requires to be equal, by AND alone."""

    def __init__(self, conditions: Iterator[ClauseElement]) -> None:
        self._classes: list[set[_Key]] = []
        for condition in conditions:
            for one in _conjuncts(condition):
                if isinstance(one, BinaryExpression) and one.operator is operators.eq:
                    sides = {key for side in (one.left, one.right) if (key := _key(side)) is not None}
                    if len(sides) == 2:
                        self._join(sides)

    def _join(self, sides: set[_Key]) -> None:
        joined = set(sides).union(*(each for each in self._classes if each & sides))
        self._classes = [each for each in self._classes if not each & sides] + [joined]

    def are_tied(self, tables: Sequence[Table]) -> bool:
        """Whether an owner of each is the same as that of all others."""
        first, *others = ({("column", table.name, name) for name in owners_of(table)} for table in tables)
        return not others or any(each & first and all(each & other for other in others) for each in self._classes)

    def values_of(self, table: Table) -> frozenset[_Key]:
        """All bound values that an owner's column of the table equals."""
        columns: set[_Key] = {("column", table.name, name) for name in owners_of(table)}
        return frozenset(key for each in self._classes if each & columns for key in each if key[0] == "bound")


def _conditions(elements: list[visitors.ExternallyTraversible]) -> Iterator[ClauseElement]:
    """Those of the query and of each query within it, which looks its own rows up by them."""
    for element in elements:
        if isinstance(element, (Select, Update, Delete)) and element.whereclause is not None:
            yield element.whereclause
        if isinstance(element, Join) and element.onclause is not None:
            yield element.onclause
        if isinstance(element, Select):
            yield from (onclause for _, onclause, *_ in element._setup_joins if isinstance(onclause, ClauseElement))


def _conjuncts(condition: ClauseElement) -> Iterator[ClauseElement]:
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for each in condition.clauses:
            yield from _conjuncts(each)
    else:
        yield condition


def _key(side: ClauseElement) -> _Key | None:
    if isinstance(side, Column) and isinstance(side.table, Table):
        return "column", side.table.name, side.name
    if isinstance(side, BindParameter):
        return "bound", None if side.unique else side.key, side.value
    return None


def is_read_or_changed(statement: object) -> bool:
    """Whether a statement has rows to find. A row that is inserted carries its own key."""
    return not isinstance(statement, Insert) or statement.select is not None
