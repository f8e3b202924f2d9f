"""What contracts, assents and closures write."""

from sqlalchemy import Connection, bindparam, insert, select, update

from vault.policy.facts import Assented, Closed, ContractActivated, ContractProposed, Effect
from vault.protocol.statements import Contract
from vault.protocol.submission import Submission
from vault.server.sequencer.journal import Written
from vault.server.storage.tables import CONTACT, assents, contracts, engagements, memberships, parties

_ENGAGEMENT = select(engagements.c.engagement).where(engagements.c.engagement == bindparam("engagement"))
_MEMBER = select(memberships.c.role).where(
    memberships.c.account == bindparam("account"), memberships.c.engagement == bindparam("engagement")
)


def add_contract(
    connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]
) -> None:
    """A proposal: whom it names, and that its parties may see the engagement. With the first one it begins."""
    (proposed,) = effects
    assert isinstance(proposed, ContractProposed)
    body, statement, seq = proposed.contract.body, written.statement.id, written.position.seq
    place = {"engagement": body.engagement}
    if connection.execute(_ENGAGEMENT, place).one_or_none() is None:
        connection.execute(insert(engagements).values(**place, first_contract=statement))
    connection.execute(insert(contracts).values(**place, statement=statement, seq=seq, supersedes=body.supersedes))
    named = [(party.account, party.role.value) for party in body.parties]
    contacts = [(contact.account, CONTACT) for contact in body.contacts if contact.account is not None]
    rows = [
        {**place, "account": account, "contract": statement, "seq": seq, "role": role}
        for account, role in named + contacts
    ]
    connection.execute(insert(parties), rows)
    for account, role in named:
        _add_member(connection, body, account, role)


def _add_member(connection: Connection, body: Contract, account: bytes, role: str) -> None:
    """The newest contract that names an account as a party says its role."""
    key = {"account": account, "engagement": body.engagement}
    before = connection.execute(_MEMBER, key).scalar_one_or_none()
    if before is None:
        connection.execute(insert(memberships).values(**key, role=role))
    elif before != role:
        connection.execute(
            update(memberships)
            .where(memberships.c.account == account, memberships.c.engagement == body.engagement)
            .values(role=role)
        )


def add_assent(connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]) -> None:
    """An assent, and with the last one that is needed the contract's activation."""
    engagement = written.journal.subject
    for effect in effects:
        match effect:
            case Assented(account, assent):
                connection.execute(
                    insert(assents).values(
                        engagement=engagement,
                        account=account,
                        seq=written.position.seq,
                        contract=assent.contract,
                        keys=assent.keys,
                        time=assent.time,
                    )
                )
            case ContractActivated():
                _activate(connection, engagement, effect)


def _activate(connection: Connection, engagement: bytes, activated: ContractActivated) -> None:
    here = contracts.c.engagement == engagement
    began = update(contracts).where(here, contracts.c.statement == activated.statement)
    connection.execute(began.values(activated=activated.time))
    if activated.supersedes is not None:
        ended = update(contracts).where(here, contracts.c.statement == activated.supersedes)
        connection.execute(ended.values(superseded=activated.time))
    connection.execute(
        update(engagements).where(engagements.c.engagement == engagement).values(active_contract=activated.statement)
    )


def close(connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]) -> None:
    """The engagement's end."""
    (closed,) = effects
    assert isinstance(closed, Closed)
    connection.execute(
        update(engagements).where(engagements.c.engagement == written.journal.subject).values(closed=closed.time)
    )
