"""Contracts as each party is served them: state, assents, and the party's own seal of the text.

What coachee and coach do without a sponsor changes nothing of what the sponsor is served. So to whoever does not read
the journal a proposal that can no longer win stays a proposal, a contact's assent is not shown, and an assent to new
keys comes with the next disclosure. Source: docs/protocol.md section 4.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from vault.encoding import write_base64
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind
from vault.server.storage.entries import ENTRY_COLUMNS, ENVELOPE_COLUMNS, OWN_SEAL, Found, HiddenJournal, write_envelope
from vault.server.storage.tables import CONTACT, assents, contracts, disclosures, journals, parties, seals, statements

_KIND = JOURNAL_KIND_CODES[JournalKind.ENGAGEMENT]
_HERE = and_(statements.c.kind == _KIND, statements.c.subject == bindparam("engagement"))

_CONTRACTS = (
    select(
        *ENTRY_COLUMNS,
        seals.c.seal,
        contracts.c.supersedes,
        contracts.c.activated,
        contracts.c.superseded,
    )
    .join(contracts, and_(contracts.c.engagement == statements.c.subject, contracts.c.seq == statements.c.seq))
    .join(
        parties,
        and_(parties.c.engagement == contracts.c.engagement, parties.c.contract == contracts.c.statement),
    )
    .outerjoin(seals, OWN_SEAL)
    .where(_HERE, parties.c.account == bindparam("reader"), parties.c.role != CONTACT)
    .order_by(statements.c.seq)
)
_ASSENTS = (
    select(assents.c.seq, assents.c.account, parties.c.role, *ENVELOPE_COLUMNS)
    .join(statements, and_(statements.c.subject == assents.c.engagement, statements.c.seq == assents.c.seq))
    .outerjoin(
        parties,
        and_(
            parties.c.engagement == assents.c.engagement,
            parties.c.account == assents.c.account,
            parties.c.contract == assents.c.contract,
        ),
    )
    .where(_HERE, assents.c.contract == bindparam("contract"))
    .order_by(assents.c.seq)
)
_NEWEST_DISCLOSURE = select(func.max(disclosures.c.seq)).where(
    disclosures.c.engagement == bindparam("engagement"), disclosures.c.recipient == bindparam("reader")
)
_SALT = select(journals.c.salt).where(journals.c.kind == _KIND, journals.c.subject == bindparam("engagement"))


def list_contracts(
    connection: Connection, engagement: bytes, reader: bytes, reads_journal: bool, active: bytes | None
) -> list[dict[str, Any]]:
    """The contracts that name the reader as a party, oldest first, as `api.ContractRow` has them."""
    values = {"engagement": engagement, "reader": reader}
    disclosed = connection.execute(_NEWEST_DISCLOSURE, values).scalar_one() or 0
    hidden = None if reads_journal else HiddenJournal.of(connection, engagement)
    listed = []
    for row in connection.execute(_CONTRACTS, values).all():
        found = connection.execute(_ASSENTS, {"engagement": engagement, "contract": row.statement}).all()
        shown = found if reads_journal else _served(found, reader, disclosed)
        listed.append(
            {
                "state": _state(row, active, reads_journal),
                "statement": row.statement.hex(),
                "envelope": write_envelope(row.type, row.payload, row.signature, row.second_signature),
                "time": row.time,
                "assents": [
                    write_envelope(each.type, each.payload, each.signature, each.second_signature) for each in shown
                ],
                "seal": None if row.seal is None else write_base64(row.seal),
                "receipt": row.receipt.decode(),
                "leaf": None if hidden is None else hidden.leaf(row),
            }
        )
    return listed


def find_salt(connection: Connection, engagement: bytes) -> str:
    """The salt of the engagement's journal, base64."""
    return write_base64(connection.execute(_SALT, {"engagement": engagement}).scalar_one())


def _state(row: Found, active: bytes | None, reads_journal: bool) -> str:
    if row.activated is not None:
        return "active" if row.superseded is None else "superseded"
    return "dead" if reads_journal and row.supersedes != active else "proposed"


def _served(found: Iterable[Found], reader: bytes, disclosed: int) -> list[Found]:
    """The first assent of each party, all of the reader's own, and later ones that a disclosure has followed."""
    shown: list[Found] = []
    known: set[bytes] = set()
    for row in found:
        if row.role in (None, CONTACT):
            continue
        if row.account not in known or row.account == reader or row.seq < disclosed:
            shown.append(row)
        known.add(row.account)
    return shown
