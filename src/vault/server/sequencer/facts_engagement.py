"""The facts of an engagement's journal, read from rows: one look-up for each fact, however long the journal is."""

from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, func, select

from vault.policy.facts import AssentFact, ContractFact, DisclosureFact, KeysFact, VersionFact, find_party
from vault.policy.parties import find_standing_contract
from vault.protocol.journal import JournalId
from vault.protocol.statements import Contract, parse_body
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, ItemKind, JournalKind, Role, StatementType
from vault.server.sequencer.facts_journal import JournalRows
from vault.server.sequencer.facts_keys import find_keys
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import (
    CONTACT,
    assents,
    contracts,
    disclosures,
    engagements,
    holdings,
    items,
    parties,
    seals,
    statements,
    withdrawals,
)

_KIND = JOURNAL_KIND_CODES[JournalKind.ENGAGEMENT]
_CONTRACTS_KEPT = 1_024

_ENGAGEMENT = Prepared(
    select(engagements.c.first_contract, engagements.c.active_contract, engagements.c.closed).where(
        engagements.c.engagement == bindparam("engagement")
    )
)
_CONTRACT = Prepared(
    select(contracts.c.statement, contracts.c.activated, contracts.c.superseded, statements.c.payload)
    .join(
        statements,
        and_(
            statements.c.kind == _KIND,
            statements.c.subject == contracts.c.engagement,
            statements.c.statement == contracts.c.statement,
        ),
    )
    .where(contracts.c.engagement == bindparam("engagement"), contracts.c.statement == bindparam("statement"))
)
_PAST_ROLES = Prepared(
    select(parties.c.role)
    .distinct()
    .join(
        contracts,
        and_(contracts.c.engagement == parties.c.engagement, contracts.c.statement == parties.c.contract),
    )
    .where(
        parties.c.engagement == bindparam("engagement"),
        parties.c.account == bindparam("account"),
        contracts.c.activated.is_not(None),
    )
)
_ASSENTS = Prepared(
    select(assents.c.contract, assents.c["keys"], assents.c.time)
    .where(assents.c.engagement == bindparam("engagement"), assents.c.account == bindparam("account"))
    .order_by(assents.c.seq)
)
_OF_ITEM = (
    select(items.c.item, items.c.version, items.c.statement, items.c.kind, items.c.author, items.c.erased)
    .where(items.c.engagement == bindparam("engagement"), items.c.item == bindparam("item"))
    .order_by(items.c.version.desc())
    .limit(1)
)
_NEWEST_VERSION = Prepared(_OF_ITEM)
_VERSION = Prepared(_OF_ITEM.where(items.c.version == bindparam("version")))
_HOLDS = Prepared(
    select(holdings.c.version).where(
        holdings.c.engagement == bindparam("engagement"),
        holdings.c.account == bindparam("account"),
        holdings.c.item == bindparam("item"),
    )
)
_SEALED_TO = (
    select(seals.c.key)
    .join(items, and_(items.c.engagement == seals.c.engagement, items.c.statement == seals.c.of))
    .where(
        items.c.engagement == bindparam("engagement"),
        items.c.item == bindparam("item"),
        items.c.version == bindparam("version"),
        seals.c.account == bindparam("account"),
    )
    .limit(1)
)
_SEALED = Prepared(_SEALED_TO)
_SEALED_TO_KEY = Prepared(_SEALED_TO.where(seals.c.key == bindparam("key")))
_DISCLOSURE = (
    select(
        disclosures.c.statement,
        statements.c.uid,
        disclosures.c.recipient,
        disclosures.c.expires,
        disclosures.c.withdrawn,
        disclosures.c.erased,
    )
    .join(
        statements,
        and_(
            statements.c.kind == _KIND,
            statements.c.subject == disclosures.c.engagement,
            statements.c.statement == disclosures.c.statement,
        ),
    )
    .where(disclosures.c.engagement == bindparam("engagement"))
)
_BY_STATEMENT = Prepared(_DISCLOSURE.where(disclosures.c.statement == bindparam("statement")))
_BY_ID = Prepared(_DISCLOSURE.where(statements.c.signer == bindparam("signer"), statements.c.uid == bindparam("uid")))
_WITHDRAWN = Prepared(
    select(withdrawals.c.seq).where(
        withdrawals.c.engagement == bindparam("engagement"), withdrawals.c.disclosure == bindparam("disclosure")
    )
)
_REQUESTS = Prepared(
    select(func.count().label("requests")).where(
        statements.c.kind == _KIND,
        statements.c.subject == bindparam("engagement"),
        statements.c.signer == bindparam("signer"),
        statements.c.type == StatementType.REQUEST.value,
        statements.c.time > bindparam("since"),
    )
)


@lru_cache(maxsize=_CONTRACTS_KEPT)
def read_contract(payload: bytes) -> Contract:
    """The contract that a stored payload spells; the same bytes are parsed once."""
    body = parse_body(payload, StatementType.CONTRACT)
    assert isinstance(body, Contract)
    return body


class EngagementRows(JournalRows):
    """An engagement's journal."""

    kind: Literal[JournalKind.ENGAGEMENT] = JournalKind.ENGAGEMENT

    def __init__(self, connection: Connection, engagement: bytes, salt: bytes, deployment: KeysFact) -> None:
        """The journal of a 16-byte engagement with its salt."""
        super().__init__(connection, JournalId(JournalKind.ENGAGEMENT, engagement), salt)
        self.deployment = deployment
        row = self._one(_ENGAGEMENT)
        self.first: bytes | None = None if row is None else row.first_contract
        self.active: bytes | None = None if row is None else row.active_contract
        self.closed_at: int | None = None if row is None else row.closed
        self._contracts: dict[bytes, ContractFact | None] = {}
        self._assents: dict[bytes, tuple[AssentFact, ...]] = {}
        self._keys: dict[bytes, KeysFact | None] = {}

    def _one(self, query: Prepared, **values: object) -> Any:
        return query.find(self.connection, {"engagement": self.journal.subject, **values})

    def find_keys(self, statement: bytes) -> KeysFact | None:
        """The `keys` statement with this id, of any account."""
        if statement not in self._keys:
            self._keys[statement] = find_keys(self.connection, statement)
        return self._keys[statement]

    def find_first_contract(self) -> ContractFact | None:
        """The contract with which the journal begins."""
        return None if self.first is None else self.find_contract(self.first)

    def find_active_contract(self) -> ContractFact | None:
        """The contract that was activated last."""
        return None if self.active is None else self.find_contract(self.active)

    def find_contract(self, statement: bytes) -> ContractFact | None:
        """The contract with this id."""
        if statement not in self._contracts:
            row = self._one(_CONTRACT, statement=statement)
            self._contracts[statement] = (
                None
                if row is None
                else ContractFact(row.statement, read_contract(row.payload), row.activated, row.superseded)
            )
        return self._contracts[statement]

    def list_past_roles(self, account: bytes) -> frozenset[Role | None]:
        """The roles in which contracts that are or were active name the account; None stands for a contact."""
        values = {"engagement": self.journal.subject, "account": account}
        rows = _PAST_ROLES.list(self.connection, values)
        return frozenset(None if row.role == CONTACT else Role(row.role) for row in rows)

    def list_assents(self, account: bytes) -> tuple[AssentFact, ...]:
        """All assents of one account, oldest first."""
        if account not in self._assents:
            values = {"engagement": self.journal.subject, "account": account}
            rows = _ASSENTS.list(self.connection, values)
            self._assents[account] = tuple(AssentFact(*row) for row in rows)
        return self._assents[account]

    def find_version(self, item: bytes, version: int | None = None) -> VersionFact | None:
        """That version of the item, or its newest."""
        row = (
            self._one(_NEWEST_VERSION, item=item)
            if version is None
            else self._one(_VERSION, item=item, version=version)
        )
        if row is None:
            return None
        return VersionFact(
            row.item, row.version, row.statement, ItemKind(row.kind), row.author, erased=bool(row.erased)
        )

    def is_sealed_to(self, item: bytes, version: int | None, account: bytes, key: bytes | None = None) -> bool:
        """Whether that version (None: any) is sealed to the account, and to that key of it where one is named."""
        if version is None:
            return self._one(_HOLDS, item=item, account=account) is not None
        named = {"item": item, "version": version, "account": account}
        row = self._one(_SEALED, **named) if key is None else self._one(_SEALED_TO_KEY, **named, key=key)
        return row is not None

    def find_disclosure(self, statement: bytes) -> DisclosureFact | None:
        """The disclosure with this id."""
        return _disclosure(self._one(_BY_STATEMENT, statement=statement))

    def find_disclosure_by_id(self, identifier: bytes) -> DisclosureFact | None:
        """The disclosure whose payload has this 16-byte `id`; the coachee, who signs them all, never changes."""
        standing = find_standing_contract(self)
        coachee = None if standing is None else find_party(standing.body, Role.COACHEE)
        return _disclosure(self._one(_BY_ID, signer=coachee, uid=identifier))

    def is_withdrawn(self, disclosure: bytes) -> bool:
        """Whether a withdrawal names this id."""
        return self._one(_WITHDRAWN, disclosure=disclosure) is not None

    def count_requests(self, by: bytes, since: int) -> int:
        """How many requests of the account have a time greater than `since`."""
        return int(self._one(_REQUESTS, signer=by, since=since).requests)


def _disclosure(row: Any) -> DisclosureFact | None:
    if row is None:
        return None
    return DisclosureFact(
        statement=row.statement,
        id=row.uid,
        recipient=row.recipient,
        expires=row.expires,
        withdrawn=bool(row.withdrawn),
        erased=bool(row.erased),
    )
