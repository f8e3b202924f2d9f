"""Items as a supervisor reads them: those that the coachee sealed for supervision, one by one, without the journal.

Source: docs/protocol.md section 4 rule 5 and "Who is served what".
"""

from vault.client.acts.items import ItemView, list_items, read_item, unopened
from vault.client.device.session import Session
from vault.client.errors import KeyRollbackError, SignedBadlyError, VerificationError
from vault.client.log.receipts import Receipt, verify_served_receipt
from vault.client.log.verifying import read_envelope
from vault.client.network.calls import Act
from vault.client.reading.asking import get, goes_on
from vault.client.reading.contents import FIRST, fetch_page, keep_blob
from vault.client.reading.keys_of import fetch_keys
from vault.client.reading.reading import blaming, fetch_blob, find_own_seal, open_blob, read_key
from vault.client.reading.served import Served, fetch_served, require_not_older, verify_under
from vault.client.reading.views import Held, refresh
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.policy.facts import find_party, find_role
from vault.policy.parties import JOURNAL_READERS
from vault.protocol.api import Entry
from vault.protocol.api import ItemView as ItemAnswer
from vault.protocol.envelope import Statement
from vault.protocol.naming import find_engagement
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Item, Reseal, SealRef
from vault.protocol.vocabulary import ItemKind, Role


def list_readable(session: Session, engagement: bytes, *kinds: ItemKind) -> Act[list[ItemView]]:
    """The newest versions that this person can open: from the journal, or as they are served to a supervisor.

    Raises: Refused(not-found); VerificationError.
    """
    try:
        return (yield from list_items(session, engagement, *kinds))
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
    return (yield from list_supervised(session, engagement, *kinds))


def read_readable(session: Session, engagement: bytes, item: bytes) -> Act[ItemView]:
    """The newest version of one item: from the journal, or as it is served to a supervisor.

    Raises: Refused(not-found); SignedBadlyError; VerificationError.
    """
    try:
        return (yield from read_item(session, engagement, item))
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
    served = yield from fetch_served(session, engagement)
    path = f"/v1/engagements/{engagement.hex()}/items/{item.hex()}"
    answer = yield from get(session, path, ItemAnswer)
    view = yield from _read_supervised(session, served, item, answer.versions)
    if view.unopened is not None:
        raise view.unopened
    return view


def list_readable_ids(session: Session, engagement: bytes) -> Act[list[bytes]]:
    """The items of an engagement by which a person can mean one; what they hold was not read.

    Raises: Refused(not-found); VerificationError.
    """
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        return [shown.body.item for shown in (yield from list_supervised(session, engagement, *ItemKind))]
    return list(view.replay.versions)


def list_supervised(session: Session, engagement: bytes, *kinds: ItemKind) -> Act[list[ItemView]]:
    """The newest versions that were sealed for this supervisor, verified, in the order in which they came."""
    served = yield from fetch_served(session, engagement)
    views: dict[bytes, ItemView] = {}
    seen: set[str] = set()
    after: str | None = FIRST
    while after is not None:
        page, blobs = yield from fetch_page(session, engagement, after)
        for content, blob in zip(page.data, blobs, strict=True):
            body = read_envelope(session, content.item.envelope, content.item.statement).body
            if isinstance(body, Item) and body.kind in kinds and body.item not in views:
                keep_blob(session, body.blob, blob)
                versions = (content.item,) if content.reseal is None else (content.item, content.reseal)
                views[body.item] = yield from _read_supervised(session, served, body.item, versions)
        after = page.next if goes_on(page, seen) else None
    return list(views.values())


def _read_supervised(session: Session, served: Served, item: bytes, versions: tuple[Entry, ...]) -> Act[ItemView]:
    statements = [(entry, read_envelope(session, entry.envelope, entry.statement)) for entry in versions]
    items = [(entry, one) for entry, one in statements if isinstance(one.body, Item)]
    if not items:
        raise VerificationError("schema", "expected at least one version of the item")
    entry, statement = max(items, key=lambda pair: getattr(pair[1].body, "version", 0))
    body = statement.body
    if not isinstance(body, Item) or body.item != item:
        raise VerificationError("schema", "expected the item that was asked for")
    yield from _require_party(session, served, statement)
    receipt = _verify_receipt(session, entry, statement)
    blamed: SignedBadlyError | None = None
    for carrier_entry, carrier in statements:
        found = _own_reseal(session, carrier, statement, carrier_entry)
        if found is None:
            continue
        yield from _require_party(session, served, carrier)
        require_resealed_by_coachee(served, carrier)
        _verify_receipt(session, carrier_entry, carrier)
        ref, seal = found
        try:
            with blaming(session, carrier.body.by):
                content_key = read_key(session, body, _reseal_of(carrier), ref, seal)
                blob = yield from fetch_blob(session, served.engagement, body.blob)
                content = open_blob(body, content_key, blob)
        except SignedBadlyError as error:
            blamed = blamed or error
        else:
            return ItemView(Held(entry.seq, entry.time, statement, seal, receipt), content)
    if blamed is None:
        raise VerificationError("seals", "expected a seal for this supervisor")
    return unopened(Held(entry.seq, entry.time, statement, None, receipt), blamed)


def _verify_receipt(session: Session, entry: Entry, statement: Statement) -> Receipt:
    return verify_served_receipt(session, entry.leaf, entry.time, statement.id, entry.receipt)


def _own_reseal(
    session: Session, carrier: Statement, statement: Statement, entry: Entry
) -> tuple[SealRef, bytes] | None:
    body = carrier.body
    if not isinstance(body, Reseal) or body.statement != statement.id or entry.seal is None:
        return None
    ref = find_own_seal(session, body.seals)
    try:
        return None if ref is None else (ref, read_base64(entry.seal))
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error


def _reseal_of(carrier: Statement) -> Reseal:
    if not isinstance(carrier.body, Reseal):
        raise VerificationError("schema", "expected a reseal")
    return carrier.body


def require_resealed_by_coachee(served: Served, carrier: Statement) -> None:
    """Nobody but the coachee lets a supervisor in. Raises: VerificationError."""
    if carrier.body.by != find_party(served.standing().body, Role.COACHEE):
        raise VerificationError("policy", "expected a seal by the coachee")


def _require_party(session: Session, served: Served, statement: Statement) -> Act[None]:
    """Signed by coach or coachee of the contract, under keys that are no older than the contract's."""
    body = statement.body
    contract = served.standing().body
    if find_role(contract, body.by) not in JOURNAL_READERS or find_engagement(body) != served.engagement:
        raise VerificationError("policy", "expected a statement of the coach or the coachee of this engagement")
    replay = yield from fetch_keys(session, body.by)
    keys = next((each for each in replay.generations if each.sign_key == body.key), None)
    if keys is None:
        raise KeyRollbackError("keys", "expected keys of the signer")
    require_not_older(session, contract, keys)
    verify_under(statement, keys)
