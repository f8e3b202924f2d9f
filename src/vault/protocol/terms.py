"""The parts of a contract: its parties, its contacts for serious concerns, its budget of requests."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from vault.protocol.fields import AccountHex, Closed, Id, StatementHex
from vault.protocol.vocabulary import Affiliation, ContactKind, Role


class Party(Closed):
    """An account in its role, and the `keys` statement under which it joins."""

    account: AccountHex
    role: Role
    keys: StatementHex


class Contact(Closed):
    """Someone to whom a coach may speak of serious danger; with or without an account."""

    contact: Id
    kind: ContactKind
    affiliation: Affiliation
    account: AccountHex | None
    keys: StatementHex | None

    @model_validator(mode="after")
    def _account_with_keys(self) -> Self:
        if (self.account is None) != (self.keys is None):
            raise ValueError("expected account and keys, or neither")
        return self


class RequestBudget(Closed):
    """How many requests a sponsor may make in any `days` days."""

    count: Annotated[int, Field(strict=True, ge=0, le=1_000)]
    days: Annotated[int, Field(strict=True, ge=1, le=3_650)]
