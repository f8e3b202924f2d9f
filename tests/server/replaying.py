"""Replay all journals of a database through policy, and compare what policy makes of them with the rows.

The server decides by rows and projects effects into rows; a client and an auditor decide by replaying. Here both are
held against each other, for every test that has written anything.
"""

from collections.abc import Iterable
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from vault.policy.facts import KeysFact
from vault.policy.replay import (
    ReplayedEngagement,
    ReplayedEscalations,
    ReplayedJournal,
    ReplayedKeyring,
    ReplayedKeys,
    append,
)
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.journal import JournalId, Position, seen_mark
from vault.protocol.leaf import leaf_entry
from vault.protocol.naming import find_blob, find_engagement, find_resealed, find_seals
from vault.protocol.statements import Body, Item, Keyring, Keys, Reseal
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, SEAL_PURPOSE_CODES, JournalKind, StatementType
from vault.server.storage import tables
from vault.tlog.checkpoint import SignedCheckpoint
from vault.tlog.frontier import EMPTY
from vault.tlog.hashing import leaf_hash
from vault.tlog.inclusion import verify_inclusion
from vault.tlog.proof import TlogProof

Rows = set[tuple[Any, ...]]
_KINDS = {code: kind for kind, code in JOURNAL_KIND_CODES.items()}


def compare_with_rows(connection: Connection, deployment: KeysFact) -> int:
    """The number of entries that were replayed, every row explained by them."""
    salts = {(row.kind, row.subject): row.salt for row in connection.execute(select(tables.journals))}
    directory: dict[bytes, KeysFact] = {}
    keys: dict[bytes, ReplayedKeys] = {}
    keyrings: list[tuple[ReplayedKeyring, Keyring]] = []
    engagements: dict[bytes, ReplayedEngagement] = {}
    escalations: list[ReplayedEscalations] = []
    bodies: dict[bytes, tuple[int, Body]] = {}
    count = 0
    for (kind, subject), entries in _journals(connection):
        state: ReplayedJournal
        match _KINDS[kind]:
            case JournalKind.KEYS:
                state = keys[subject] = ReplayedKeys(subject)
            case JournalKind.KEYRING:
                state = ReplayedKeyring(keys[subject], salts[kind, subject])
            case JournalKind.ENGAGEMENT:
                state = ReplayedEngagement(subject, salts[kind, subject], deployment, directory.get)
                engagements[subject] = state
            case _:
                state = ReplayedEscalations(engagements[subject])
                escalations.append(state)
        assert salts[kind, subject] == state.salt
        for entry in entries:
            statement = _statement(entry)
            append(state, statement, entry.time)
            _compare_entry(state, statement, entry)
            bodies[statement.id] = (entry.seq, statement.body)
            if isinstance(state, ReplayedKeys) and (current := state.find_current()) is not None:
                directory[current.statement] = current
            count += 1
        if isinstance(state, ReplayedKeyring) and isinstance(statement.body, Keyring):
            keyrings.append((state, statement.body))
        place = (kind, subject, state.position.seq, state.position.time, state.position.head, state.salt)
        assert place in _rows(connection, tables.journals)
    _compare_log(connection, count)
    _compare_people(connection, keys.values(), keyrings, bodies)
    _compare_engagements(connection, engagements.values(), bodies)
    _compare_items(connection, engagements.values(), bodies)
    _compare_disclosures(connection, engagements.values(), escalations, bodies)
    return count


def _compare_log(connection: Connection, count: int) -> None:
    """Every entry of every journal is one leaf, every receipt shows it, and the other rows follow from the leaves."""
    salts = {(row.kind, row.subject): row.salt for row in connection.execute(select(tables.journals))}
    statements = {
        (row.kind, row.subject, row.seq): (row.statement, Position(row.seq, row.time, row.head))
        for row in connection.execute(select(tables.statements))
    }
    rows = connection.execute(select(tables.leaves).order_by(tables.leaves.c.leaf)).all()
    state = connection.execute(select(tables.tlog)).one()
    assert [row.leaf for row in rows] == list(range(count))
    assert {(row.kind, row.subject, row.seq) for row in rows} == statements.keys()
    frontier, hashes, sizes = EMPTY, [leaf_hash(row.entry) for row in rows], set()
    roots = {0: EMPTY.root}
    tile_hashes: set[tuple[int, int, bytes]] = set()
    for value in hashes:
        appended = frontier.append([value])
        frontier = appended.frontier
        roots[frontier.size] = frontier.root
        tile_hashes |= {(one.level, one.number, one.hash) for one in appended.tile_hashes if one.level}
    for row, value in zip(rows, hashes, strict=True):
        statement, position = statements[row.kind, row.subject, row.seq]
        journal = JournalId(_KINDS[row.kind], row.subject)
        assert row.entry == leaf_entry(journal, salts[row.kind, row.subject], position, statement)
        proof = TlogProof.parse(row.receipt)
        checkpoint = proof.signed.checkpoint
        verify_inclusion(value, proof.index, checkpoint.size, checkpoint.root, proof.hashes)
        assert (proof.index, checkpoint.root) == (row.leaf, roots[checkpoint.size])
        sizes.add(checkpoint.size)
    assert _rows(connection, tables.tiles) == tile_hashes
    assert state.frontier == frontier.to_bytes()
    if count:
        assert SignedCheckpoint.parse(state.checkpoint).checkpoint.root == frontier.root
        assert max(sizes) == count
    else:
        assert state.checkpoint is None


def _journals(connection: Connection) -> Iterable[tuple[tuple[int, bytes], list[Row[*tuple[Any, ...]]]]]:
    table = tables.statements
    rows = connection.execute(select(table).order_by(table.c.kind, table.c.subject, table.c.seq)).all()
    assert len({(row.kind, row.subject) for row in rows}) == len(_rows(connection, tables.journals))
    for key, entries in groupby(rows, key=lambda row: (row.kind, row.subject)):
        yield key, list(entries)


def _statement(row: Row[*tuple[Any, ...]]) -> Statement:
    signatures = tuple(each for each in (row.signature, row.second_signature) if each is not None)
    return Statement.of(Envelope(StatementType(row.type), row.payload, signatures))


def _compare_entry(state: ReplayedJournal, statement: Statement, row: Row[*tuple[Any, ...]]) -> None:
    newest = state.find_newest(statement.body.by)
    assert newest is not None
    assert (row.statement, row.signer, row.uid) == (statement.id, statement.body.by, statement.body.id)
    assert (row.seq, row.time, row.head) == (state.position.seq, state.position.time, state.position.head)
    assert row.seen_mark == seen_mark(state.salt, row.seq, row.head)
    assert (newest.statement, newest.seen) == (row.statement, row.seen_seq)


def _rows(connection: Connection, table: Table, *columns: str) -> Rows:
    picked = [table.c[name] for name in columns] or list(table.c)
    return {tuple(row) for row in connection.execute(select(*picked))}


def _compare_people(
    connection: Connection,
    keys: Iterable[ReplayedKeys],
    keyrings: Iterable[tuple[ReplayedKeyring, Keyring]],
    bodies: dict[bytes, tuple[int, Body]],
) -> None:
    generations = {
        (
            fact.account,
            fact.generation,
            fact.statement,
            fact.sign_key,
            fact.sign_public,
            fact.seal_key,
            fact.reason.value,
        )
        for each in keys
        for fact in each.generations
    }
    names = ("account", "generation", "statement", "sign_key", "sign_public", "seal_key", "reason")
    assert _rows(connection, tables.keys, *names) == generations
    seal_publics = {(id_, body.seal.public) for id_, (_, body) in bodies.items() if isinstance(body, Keys)}
    assert _rows(connection, tables.keys, "statement", "seal_public") == seal_publics
    assert _rows(connection, tables.accounts, "account") == {(each[0],) for each in generations}
    newest = [(state.find_current(), body) for state, body in keyrings]
    assert _rows(connection, tables.keyrings, "account", "sequence", "statement", "generation") == {
        (body.by, body.sequence, fact.statement, fact.generation) for fact, body in newest if fact is not None
    }
    stored = connection.execute(select(tables.keyrings.c.account, tables.keyrings.c.blob))
    assert {(row.account, sha256(row.blob).digest()) for row in stored} == {
        (body.by, body.blob.sha256) for _, body in newest
    }
    slots = connection.execute(select(tables.slots))
    assert {(row.account, row.kind, sha256(row.slot).digest(), row.fetch_public) for row in slots} == {
        (body.by, ref.kind, ref.sha256, ref.fetch) for _, body in newest for ref in body.slots
    }


def _compare_engagements(
    connection: Connection, engagements: Iterable[ReplayedEngagement], bodies: dict[bytes, tuple[int, Body]]
) -> None:
    expected: dict[str, Rows] = {name: set() for name in ("engagements", "contracts", "parties", "assents")}
    for state in engagements:
        subject = state.journal.subject
        first = state.find_first_contract()
        assert first is not None
        expected["engagements"].add((subject, first.statement, state.active, state.closed_at))
        for fact in state.contracts.values():
            seq = bodies[fact.statement][0]
            times = (fact.activated_at, fact.superseded_at)
            expected["contracts"].add((subject, fact.statement, seq, fact.body.supersedes, *times))
            named = [(party.account, party.role.value) for party in fact.body.parties]
            named += [(each.account, tables.CONTACT) for each in fact.body.contacts if each.account is not None]
            expected["parties"] |= {(subject, account, fact.statement, seq, role) for account, role in named}
        for account, assents in state.assents.items():
            expected["assents"] |= {(subject, account, each.contract, each.keys, each.time) for each in assents}
    assert _rows(connection, tables.engagements) == expected["engagements"]
    assert _rows(connection, tables.contracts) == expected["contracts"]
    assert _rows(connection, tables.parties) == expected["parties"]
    names = ("engagement", "account", "contract", "keys", "time")
    assert _rows(connection, tables.assents, *names) == expected["assents"]
    _compare_members(connection, expected["parties"])


def _compare_members(connection: Connection, named: Rows) -> None:
    """A party's role is that of the newest contract that names it; a contact is one once an escalation stands."""
    newest: dict[tuple[bytes, bytes], tuple[int, str]] = {}
    for subject, account, _, seq, role in named:
        if role != tables.CONTACT:
            newest[account, subject] = max(newest.get((account, subject), (0, "")), (seq, role))
    members = {(account, subject, role) for (account, subject), (_, role) in newest.items()}
    told = _rows(connection, tables.escalations, "account", "engagement")
    members |= {(*each, tables.CONTACT) for each in told if each[0] is not None and each not in newest}
    assert _rows(connection, tables.memberships) == members


def _compare_items(
    connection: Connection,
    engagements: Iterable[ReplayedEngagement],
    bodies: dict[bytes, tuple[int, Body]],
) -> None:
    items: Rows = set()
    erased: set[bytes] = set()
    for state in engagements:
        for versions in state.versions.values():
            for fact in versions:
                items.add((
                    state.journal.subject, fact.item, fact.version, bodies[fact.statement][0], fact.statement,
                    fact.kind.value, fact.author, int(fact.erased),
                ))  # fmt: skip
                erased |= {fact.statement} if fact.erased else set()
        erased |= {fact.statement for fact in state.disclosures.values() if fact.erased}
    assert _rows(connection, tables.items) == items
    kept = {id_: body for id_, (_, body) in bodies.items()}
    stored = connection.execute(select(tables.blobs))
    assert {(row.engagement, row.statement, row.sha256, sha256(row.blob).digest()) for row in stored} == {
        (find_engagement(body), id_, ref.sha256, ref.sha256)
        for id_, body in kept.items()
        if body.row.carries_content and id_ not in erased and (ref := find_blob(body)) is not None
    }
    seals = connection.execute(select(tables.seals))
    assert {
        (row.engagement, row.statement, row.account, row.purpose, row.of, row.key, sha256(row.seal).digest())
        for row in seals
    } == {
        (find_engagement(body), id_, ref.account, SEAL_PURPOSE_CODES[body.row.purpose], of, ref.key, ref.sha256)
        for id_, body in kept.items()
        if body.row.purpose is not None and (of := find_resealed(body) or id_) not in erased
        for ref in find_seals(body) or ()
    }
    assert _rows(connection, tables.holdings) == _holdings(items, kept, bodies)


def _holdings(items: Rows, kept: dict[bytes, Body], bodies: dict[bytes, tuple[int, Body]]) -> Rows:
    """For each holder and item the newest version sealed to it, and the first entry that did so."""
    versions = {row[4]: row for row in items}
    newest: dict[tuple[bytes, bytes, bytes], tuple[int, int, str]] = {}
    for id_, body in kept.items():
        if not isinstance(body, Item | Reseal):
            continue
        subject, item, version, _, _, kind, _, erased = versions[body.statement if isinstance(body, Reseal) else id_]
        for ref in () if erased else body.seals:
            found = (version, -bodies[id_][0], kind)
            newest[subject, ref.account, item] = max(newest.get((subject, ref.account, item), found), found)
    return {(*key, version, -seq, kind) for key, (version, seq, kind) in newest.items()}


def _compare_disclosures(
    connection: Connection,
    engagements: Iterable[ReplayedEngagement],
    escalations: Iterable[ReplayedEscalations],
    bodies: dict[bytes, tuple[int, Body]],
) -> None:
    disclosures: Rows = set()
    withdrawals: Rows = set()
    openings: list[tuple[bytes, bytes, bytes]] = []
    for state in engagements:
        subject = state.journal.subject
        for fact in state.disclosures.values():
            flags = (int(fact.withdrawn), int(fact.erased))
            seq = bodies[fact.statement][0]
            disclosures.add((subject, fact.statement, seq, fact.recipient, fact.expires, *flags))
        withdrawals |= {(subject, disclosure) for disclosure in state.withdrawn}
    states: list[ReplayedEngagement | ReplayedEscalations] = [*engagements, *escalations]
    for each in states:
        openings += [(each.journal.subject, of, by) for of, signers in each.openings.items() for by in signers]
    assert _rows(connection, tables.disclosures) == disclosures
    assert _rows(connection, tables.withdrawals, "engagement", "disclosure") == withdrawals
    table = tables.openings
    found = connection.execute(select(table.c.engagement, table.c.of, table.c.signer))
    assert sorted(map(tuple, found)) == sorted(openings)
    names = ("engagement", "statement", "contract", "contact", "account")
    assert _rows(connection, tables.escalations, *names) == {
        (state.journal.subject, fact.statement, fact.contract, fact.contact, fact.account)
        for state in escalations
        for fact in state.escalations.values()
    }
