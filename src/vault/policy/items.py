"""Who may write an item, who can open it, and to whom it may be sealed again.

Never to a sponsor and never to a contact, by anyone's signature. Source: docs/protocol.md section 4 rules 4 and 5.
"""

from vault.policy.facts import EngagementFacts, SealsAdded, VersionAdded, VersionFact, find_party
from vault.policy.parties import (
    JOURNAL_READERS,
    find_current_keys,
    require_active,
    require_current_key,
    require_role,
    require_sealed_to_exactly,
)
from vault.protocol.ids import Account, StatementId
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Contract, Item, Reseal
from vault.protocol.vocabulary import SESSION_KINDS, ItemKind, Role

FIRST_AUTHORS: dict[ItemKind, frozenset[Role]] = {
    ItemKind.NOTE: JOURNAL_READERS,
    ItemKind.ASSESSMENT: JOURNAL_READERS,
    ItemKind.GOAL: JOURNAL_READERS,
    ItemKind.ACTION: JOURNAL_READERS,
    ItemKind.DRAFT: frozenset({Role.COACH}),
    ItemKind.PRIVATE: JOURNAL_READERS,
    ItemKind.SUMMARY: frozenset({Role.COACHEE}),
}
"""Who writes version 1 of each kind."""

SHARED_KINDS = frozenset({ItemKind.GOAL, ItemKind.ACTION})
"""Kinds whose later versions either of the two may write; of all others, who wrote version 1."""


def decide_item(
    facts: EngagementFacts, statement: StatementId, body: Item, time: int
) -> tuple[VersionAdded, SealsAdded]:
    """A version of an item.

    Raises: Refused(contract-inactive | role-refused | key-stale | engagement-closed | not-found | class-refused |
    author-refused | version-taken | seals-refused).
    """
    contract = require_active(facts, body.contract).body
    role = require_role(contract, body.by, *JOURNAL_READERS)
    require_current_key(facts, body, contract)
    if body.kind is ItemKind.NOTE and (facts.closed_at is not None or time >= contract.ends):
        raise Refused(Code.ENGAGEMENT_CLOSED)
    author = _require_author(facts.find_version(body.item), body, role)
    _require_readers(facts, body, author, contract)
    version = VersionFact(body.item, body.version, statement, body.kind, author, erased=False)
    seals = tuple((seal.account, seal.key) for seal in body.seals)
    return VersionAdded(version), SealsAdded(body.item, body.version, seals)


def _require_author(newest: VersionFact | None, body: Item, role: Role) -> Account:
    """The author of version 1. Raises: Refused."""
    if newest is None:
        if body.version != 1:
            raise Refused(Code.NOT_FOUND)
        if role not in FIRST_AUTHORS[body.kind]:
            raise Refused(Code.AUTHOR_REFUSED)
        return body.by
    if newest.erased:
        raise Refused(Code.NOT_FOUND)
    if newest.kind is not body.kind:
        raise Refused(Code.CLASS_REFUSED)
    if newest.author != body.by and body.kind not in SHARED_KINDS:
        raise Refused(Code.AUTHOR_REFUSED)
    if (body.version, body.previous) != (newest.version + 1, newest.statement):
        raise Refused(Code.VERSION_TAKEN, current={"version": newest.version, "statement": newest.statement.hex()})
    return newest.author


def list_reader_sets(kind: ItemKind, author: Account, contract: Contract) -> tuple[frozenset[bytes], ...]:
    """The sets of accounts to which a version of this kind may be sealed; one of them exactly."""
    coachee = find_party(contract, Role.COACHEE)
    pair = frozenset(party.account for party in contract.parties if party.role in JOURNAL_READERS)
    if kind is ItemKind.PRIVATE:
        return (frozenset({author}),)
    if kind is ItemKind.SUMMARY:
        return (frozenset(account for account in pair if account == coachee), pair)
    return (pair,)


def _require_readers(facts: EngagementFacts, body: Item, author: Account, contract: Contract) -> None:
    accounts = frozenset(seal.account for seal in body.seals)
    if accounts not in list_reader_sets(body.kind, author, contract):
        raise Refused(Code.SEALS_REFUSED)
    require_sealed_to_exactly(facts, body.seals, accounts, contract)


def decide_reseal(facts: EngagementFacts, body: Reseal) -> tuple[SealsAdded]:
    """Further seals of a version: for a rotated key, or the coachee's for the supervisor.

    Raises: Refused(contract-inactive | role-refused | key-stale | not-found | seals-refused).
    """
    contract = require_active(facts, body.contract).body
    role = require_role(contract, body.by, *JOURNAL_READERS)
    require_current_key(facts, body, contract)
    version = facts.find_version(body.item, body.version)
    if version is None or version.erased or version.statement != body.statement:
        raise Refused(Code.NOT_FOUND)
    if not facts.is_sealed_to(body.item, body.version, body.by):
        raise Refused(Code.ROLE_REFUSED)
    allowed = list_reader_sets(version.kind, version.author, contract)[-1]
    supervisor = find_party(contract, Role.SUPERVISOR)
    if (
        supervisor is not None
        and role is Role.COACHEE
        and version.kind in SESSION_KINDS
        and version.kind is not ItemKind.PRIVATE
    ):
        allowed = allowed | {supervisor}
    _require_adds(facts, body, allowed, contract)
    seals = tuple((seal.account, seal.key) for seal in body.seals)
    return (SealsAdded(body.item, body.version, seals),)


def _require_adds(facts: EngagementFacts, body: Reseal, allowed: frozenset[bytes], contract: Contract) -> None:
    if not body.seals:
        raise Refused(Code.SEALS_REFUSED)
    for seal in body.seals:
        if seal.account not in allowed:
            raise Refused(Code.SEALS_REFUSED)
        keys = find_current_keys(facts, seal.account, contract)
        if keys is None or keys.seal_key != seal.key:
            raise Refused(Code.KEY_STALE)
        if facts.is_sealed_to(body.item, body.version, seal.account, seal.key):
            raise Refused(Code.SEALS_REFUSED)
