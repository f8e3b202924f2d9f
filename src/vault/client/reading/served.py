"""An engagement as its sponsor or supervisor is served it: contracts and assents that are signed, no journal.

What cannot be replayed is verified by itself: whose signature, under which keys, in which contract.
Source: docs/protocol.md section 4.1, last paragraph.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from vault.client.crypto.content import Content
from vault.client.device.session import Session
from vault.client.errors import KeyRollbackError, RollbackError, VerificationError
from vault.client.log.receipts import verify_served_receipt
from vault.client.log.verifying import read_envelope
from vault.client.network.calls import Act
from vault.client.reading.asking import get
from vault.client.reading.keys_of import ensure_keys, fetch_keys
from vault.client.reading.reading import blaming, fetch_blob, find_own_seal, open_blob, read_key
from vault.client.reading.views import engagement_journal, list_named_keys
from vault.encoding import read_base64
from vault.errors import FormatError, SignatureError
from vault.policy.facts import KeysFact, find_party, find_role
from vault.policy.parties import JOURNAL_READERS
from vault.protocol.api import ContractRow, EngagementView
from vault.protocol.envelope import Statement
from vault.protocol.ids import Account
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Assent, Contract, Disclosure
from vault.protocol.vocabulary import SPONSOR_CLAUSES, Affiliation, Role


@dataclass(frozen=True, slots=True)
class ServedContract:
    """A contract that names this person: what was signed, its state by that, who has assented, the reader's seal."""

    statement: Statement
    body: Contract
    state: str
    assented: frozenset[bytes]
    seal: bytes | None


@dataclass(frozen=True, slots=True)
class Served:
    """An engagement by its contracts, oldest first."""

    engagement: bytes
    contracts: tuple[ServedContract, ...]

    def standing(self) -> ServedContract:
        """The newest that all have assented to, before that the first. Raises: Refused(not-found)."""
        complete = [each for each in self.contracts if each.state == "active"]
        if not self.contracts:
            raise Refused(Code.NOT_FOUND)
        return complete[-1] if complete else self.contracts[-1]

    def find_agreed(self, account: Account) -> ServedContract | None:
        """The contract that an account acts under: the standing one where it needs no yes or has one, else its last."""
        standing = self.standing()
        if find_role(standing.body, account) is Role.SUPERVISOR and standing.state == "active":
            return standing
        agreed = [each for each in self.contracts if account in each.assented]
        return standing if standing in agreed else agreed[-1] if agreed else None


def fetch_served(session: Session, engagement: bytes) -> Act[Served]:
    """The contracts of an engagement that name this person, verified. Raises: Refused(not-found); VerificationError."""
    answer = yield from get(session, f"/v1/engagements/{engagement.hex()}", EngagementView)
    contracts: list[ServedContract] = []
    for row in answer.contracts:
        contract = yield from _verify_contract(session, engagement, row)
        contracts.append(contract)
    served = Served(engagement, tuple(_by_assents(contracts)))
    require_known_contract(session, served)
    standing = served.standing()
    session.verified.saw_contract(engagement, standing.statement.id, standing.body)
    return served


def _by_assents(contracts: list[ServedContract]) -> Iterator[ServedContract]:
    """Each with the state that follows from the verified assents; a server's word of it is no proof."""
    complete = [each for each in contracts if is_complete(each.body, each.assented)]
    for each in contracts:
        state = each.state if each.state == "dead" else "proposed"
        if each in complete:
            state = "active" if each is complete[-1] else "superseded"
        yield replace(each, state=state)


def require_known_contract(session: Session, served: Served) -> None:
    """A contract that this device has seen is still there, and none before it counts again. Raises: RollbackError."""
    known = session.verified.contracts.get(served.engagement)
    if known is None:
        return
    contracts: dict[bytes, ServedContract] = {each.statement.id: each for each in served.contracts}
    if known not in contracts:
        raise RollbackError("policy", "expected the contract that this device has seen")
    standing = served.standing().statement.id
    before = contracts[known].body.supersedes
    while before is not None and before in contracts:
        if before == standing:
            raise RollbackError("policy", "expected no contract from before the one that this device has seen")
        before = contracts[before].body.supersedes


def _verify_contract(session: Session, engagement: bytes, row: ContractRow) -> Act[ServedContract]:
    statement = read_envelope(session, row.envelope, row.statement)
    body = statement.body
    if not isinstance(body, Contract) or body.engagement != engagement:
        raise VerificationError("schema", "expected a contract of this engagement")
    named = list_named_keys(body)
    yield from ensure_keys(session, [each for each in named if each[0] == body.by])
    require_party_signature(session, statement, body)
    yield from ensure_keys(session, named)  # nobody is asked for whom no party has named
    require_terms(body)
    require_served_role(body, session.account)
    verify_served_receipt(session, row.leaf, row.time, statement.id, row.receipt)
    assented = set()
    for envelope in row.assents:
        assented.add((yield from _verify_assent(session, statement.id, body, envelope)))
    if row.state == "active":
        require_complete(body, assented)
    try:
        seal = None if row.seal is None else read_base64(row.seal)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    return ServedContract(statement, body, row.state, frozenset(assented), seal)


def require_served_role(contract: Contract, account: Account) -> None:
    """Return for a sponsor or supervisor. Coach and coachee read the journal, whatever a server says of their role.

    Raises: VerificationError.
    """
    role = find_role(contract, account)
    if role is None or role in JOURNAL_READERS:
        raise VerificationError("policy", "expected a contract that names this account as sponsor or supervisor")


def require_party_signature(session: Session, statement: Statement, contract: Contract) -> None:
    """Signed by the coach or coachee of the contract, under the keys that it names. Raises: VerificationError."""
    named = {party.account: party for party in contract.parties if party.role in (Role.COACH, Role.COACHEE)}
    party = named.get(statement.body.by)
    keys = None if party is None else session.find_keys(party.keys)
    if keys is None or keys.account != statement.body.by or keys.sign_key != statement.body.key:
        raise VerificationError("signature", "expected the signature of the coach or the coachee")
    verify_under(statement, keys)


def verify_under(statement: Statement, keys: KeysFact) -> None:
    """The signature verifies under these keys. Raises: VerificationError."""
    try:
        statement.envelope.verify(keys.sign_public)
    except SignatureError as error:
        raise VerificationError("signature", str(error)) from error


def require_terms(body: Contract) -> None:
    """What a contract with a sponsor must say, it says. Raises: VerificationError."""
    roles = [party.role for party in body.parties]
    independent = any(contact.affiliation is Affiliation.INDEPENDENT for contact in body.contacts)
    if roles.count(Role.COACHEE) != 1 or roles.count(Role.COACH) != 1 or roles.count(Role.SPONSOR) > 1:
        raise VerificationError("policy", "expected one coach, one coachee and at most one sponsor")
    if Role.SPONSOR in roles and not (set(body.clauses) >= SPONSOR_CLAUSES and independent):
        raise VerificationError("policy", "expected the clauses and the contact that a sponsor needs")


def is_complete(body: Contract, assented: AbstractSet[bytes]) -> bool:
    """Whether all have assented whose yes a contract needs."""
    return {party.account for party in body.parties if party.role is not Role.SUPERVISOR} <= assented


def require_complete(body: Contract, assented: AbstractSet[bytes]) -> None:
    """Coach, coachee and sponsor have assented. Raises: VerificationError."""
    if not is_complete(body, assented):
        raise VerificationError("policy", "expected the assents of coach, coachee and sponsor")


def _verify_assent(session: Session, contract: bytes, body: Contract, envelope: dict[str, object]) -> Act[bytes]:
    statement = read_envelope(session, envelope, None)
    assent = statement.body
    accounts = {party.account for party in body.parties} | {contact.account for contact in body.contacts}
    if not isinstance(assent, Assent) or assent.contract != contract or assent.by not in accounts:
        raise VerificationError("schema", "expected an assent to this contract by a party of it")
    yield from ensure_keys(session, [(assent.by, assent.keys)])
    keys = session.find_keys(assent.keys)
    if keys is None or keys.account != assent.by or keys.sign_key != assent.key:
        raise VerificationError("signature", "expected an assent under the keys that it names")
    verify_under(statement, keys)
    if assent.by == session.account:
        journal = engagement_journal(body.engagement)
        session.verified.saw_assent(body.engagement, journal, statement.id, assent.key)
    return assent.by


def read_words(session: Session, served: Served, contract: ServedContract) -> Act[Content]:
    """The author's own words beside a contract, sealed to each party. Raises: Refused(not-found); SignedBadlyError."""
    ref = find_own_seal(session, contract.body.seals)
    if ref is None or contract.seal is None:
        raise Refused(Code.NOT_FOUND)
    with blaming(session, contract.body.by):
        content_key = read_key(session, contract.body, contract.body, ref, contract.seal)
        blob = yield from fetch_blob(session, served.engagement, contract.body.text)
        return open_blob(contract.body, content_key, blob)


def verify_disclosure(session: Session, served: Served, statement: Statement) -> Act[Disclosure]:
    """A disclosure to this person, by the coachee of a contract that names both. Raises: VerificationError."""
    body = statement.body
    contract = None
    if isinstance(body, Disclosure):
        contract = next((each for each in served.contracts if each.statement.id == body.contract), None)
    if not isinstance(body, Disclosure) or contract is None:
        raise VerificationError("schema", "expected a disclosure under a contract of this engagement")
    require_disclosed_by_coachee(body, contract.body, served.engagement, session.account)
    keys = next((each for each in _generations(session, body.by) if each.sign_key == body.key), None)
    if keys is None:
        yield from fetch_keys(session, body.by)
        keys = next((each for each in _generations(session, body.by) if each.sign_key == body.key), None)
    if keys is None:
        raise KeyRollbackError("keys", "expected keys of the coachee")
    require_not_older(session, contract.body, keys)
    verify_under(statement, keys)
    return body


def _generations(session: Session, account: bytes) -> list[KeysFact]:
    replay = session.verified.keys.get(account)
    return [] if replay is None else replay.generations


def require_disclosed_by_coachee(body: Disclosure, contract: Contract, engagement: bytes, recipient: bytes) -> None:
    """By the coachee, to the sponsor, of a listed kind, sealed to these two alone. Raises: VerificationError."""
    sealed = {seal.account for seal in body.seals}
    if (
        body.engagement != engagement
        or body.by != find_party(contract, Role.COACHEE)
        or body.recipient != recipient
        or find_party(contract, Role.SPONSOR) != recipient
        or body.share_kind not in contract.share_kinds
        or sealed != {body.by, recipient}
    ):
        raise VerificationError("policy", "expected a disclosure by the coachee to this sponsor")


def require_not_older(session: Session, contract: Contract, keys: KeysFact) -> None:
    """Keys of the coachee that are no older than those the contract names. Raises: KeyRollbackError."""
    named = next((session.find_keys(party.keys) for party in contract.parties if party.account == keys.account), None)
    if named is None or keys.generation < named.generation:
        raise KeyRollbackError("keys", "expected keys no older than those of the contract")
