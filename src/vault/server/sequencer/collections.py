"""A collection of statements: the few things that differ between the writes of two types."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from vault.policy.facts import Effect
from vault.protocol.problems import Code
from vault.protocol.statements import Body
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import StatementType
from vault.server.sequencer.journal import Written

Admit = Callable[[Connection, Body], None]
"""Returns if the signer may see what the statement is about; raises Refused otherwise, before policy is asked."""
Project = Callable[[Connection, Written, Submission, tuple[Effect, ...]], None]
"""Writes the rows that follow from a decision."""
AnswerMore = Callable[[Connection, Written], dict[str, Any]]
"""Further members of the answer, the same ones whenever it is given."""


def _nothing_more(_connection: Connection, _written: Written) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of statements of one type.

    `taken` is the refusal where the collection opens a journal that exists already, None where it continues one.
    """

    type: StatementType
    admit: Admit
    project: Project
    taken: Code | None = None
    more: AnswerMore = _nothing_more
