"""What the others try, with their own keys and tokens or with stolen ones; every line says what must come back."""

import hashlib
import json
import secrets
from pathlib import Path

from scripts.demonstration.bench import Bench, signed, signed_again, with_parts
from scripts.demonstration.deployment import DemonstrationError
from scripts.demonstration.people import Circle, Person
from scripts.demonstration.wire import Request
from vault.client.acts import joining
from vault.client.crypto.identity import SecretKeys, new_secret_keys
from vault.encoding import read_base64
from vault.protocol.envelope import Envelope, sign
from vault.protocol.limits import ZERO32
from vault.protocol.statements import Body, Contract, Item, SealKey, SealRef, SignKey
from vault.protocol.terms import Contact
from vault.protocol.vocabulary import Affiliation, Clause, ItemKind, KeysReason, ShareKind, StatementType


class Recorded:
    """What was sent when the people did their lawful work."""

    def __init__(self, circle: Circle) -> None:
        """The newest request of each kind that somebody sent."""
        self.contract = circle.coach.tap.newest(StatementType.CONTRACT)
        self.note = _newest_item(circle.coach, ItemKind.NOTE)
        self.draft = _newest_item(circle.coach, ItemKind.DRAFT)
        self.summary = _newest_item(circle.coachee, ItemKind.SUMMARY)
        self.disclosure = circle.coachee.tap.newest(StatementType.DISCLOSURE)
        self.login = circle.coachee.tap.newest(StatementType.LOGIN)
        self.keys = circle.coachee.tap.newest(StatementType.KEYS)


def _newest_item(person: Person, kind: ItemKind) -> Request:
    for request in reversed(person.tap.requests):
        if request.method == "POST" and request.path.endswith("/items"):
            body = request.statement.body
            if isinstance(body, Item) and body.kind is kind:
                return request
    raise LookupError("expected an item of this kind among what was sent")


def before_the_opening(bench: Bench, circle: Circle, recorded: Recorded) -> None:
    """The sponsor reads without leaving a trace."""
    content = f"{_at(circle)}/disclosures/{recorded.disclosure.statement.id.hex()}/content"
    sponsor = circle.sponsor
    bench.refuse(
        "opening-required",
        sponsor.title,
        "reads the summary before she signs an opening",
        sponsor.token(),
        "GET",
        content,
    )


def by_the_sponsor(bench: Bench, circle: Circle, recorded: Recorded) -> None:
    """Everything else: reading what is not hers, and signing what is not hers to sign.

    Raises: DemonstrationError where a list that she may ask for holds anything.
    """
    ana, token, at = circle.sponsor, circle.sponsor.token(), _at(circle)
    note = _item(recorded.note)

    def read(what: str, path: str) -> None:
        bench.refuse("not-found", ana.title, what, token, "GET", path)

    if bench.send("GET", f"{at}/items", token).json() != {"data": [], "next": None}:
        raise DemonstrationError("the sponsor's list of items is not empty")
    read("asks for the journal", f"{at}/journal")
    read("asks for a note by its id", f"{at}/items/{note.item.hex()}")
    read("asks who can read a note", f"{at}/items/{note.item.hex()}/readers")
    read("asks for a note's sealed bytes by their hash", f"{at}/blobs/{note.blob.sha256.hex()}")
    read("asks for the full summary's sealed bytes", f"{at}/blobs/{_item(recorded.summary).blob.sha256.hex()}")
    read("asks for the coachee's keyring", f"/v1/accounts/{circle.coachee.account.hex()}/keyring")

    def write(code: str, what: str, collection: str, body: bytes) -> None:
        bench.refuse(code, ana.title, what, token, "POST", f"{at}/{collection}", body)

    write("role-refused", "signs a disclosure to herself", "disclosures", signed_again(ana, recorded.disclosure))
    write("role-refused", "signs a note of her own", "items", signed_again(ana, recorded.note, item=_new_id()))
    write(
        "role-refused", "seals a note to herself once more", "reseals", _reseal_to_sponsor(ana, circle, recorded.note)
    )
    write(
        "role-refused",
        "proposes a contract of more sharing",
        "contracts",
        _contract(ana, recorded, share_kinds=tuple(sorted(ShareKind))),
    )
    made_up = signed(ana, StatementType.OPENING, circle.engagement, of=secrets.token_bytes(32))
    write("not-found", "opens a disclosure that nobody made", "openings", with_parts(made_up))


def by_the_coach(bench: Bench, circle: Circle, recorded: Recorded) -> None:
    """A coach who would pass something on to the sponsor, or rewrite what was agreed."""
    lena, token, at = circle.coach, circle.coach.token(), _at(circle)

    def write(code: str, what: str, collection: str, body: bytes) -> None:
        bench.refuse(code, lena.title, what, token, "POST", f"{at}/{collection}", body)

    def again(request: Request, **changes: object) -> bytes:
        return signed_again(lena, request, **changes)

    withdrawal = signed(lena, StatementType.WITHDRAWAL, circle.engagement, disclosure=recorded.disclosure.statement.id)
    write("role-refused", "signs a disclosure to the sponsor", "disclosures", again(recorded.disclosure))
    write("seals-refused", "seals a note to the sponsor too", "items", _note_to_sponsor(circle, recorded.note))
    write(
        "seals-refused", "seals an old note to the sponsor", "reseals", _reseal_to_sponsor(lena, circle, recorded.note)
    )
    write("author-refused", "writes a summary in the coachee's place", "items", again(recorded.summary, item=_new_id()))
    write(
        "author-refused",
        "writes a new version of the coachee's summary",
        "items",
        _next_version(lena, recorded.summary),
    )
    write("role-refused", "withdraws what the coachee disclosed", "withdrawals", with_parts(withdrawal))
    no_clauses: dict[str, object] = {"clauses": (Clause.PRIVATE_NOTES_EXIST,)}
    write(
        "parties-refused",
        "proposes a contract without a sponsor's promises",
        "contracts",
        _contract(lena, recorded, **no_clauses),
    )
    dependent = tuple(_dependent(each) for each in _contract_of(recorded).contacts)
    write(
        "contact-not-independent",
        "proposes a contract with a dependent contact only",
        "contracts",
        _contract(lena, recorded, contacts=dependent),
    )
    write("version-taken", "writes a note's first version a second time", "items", again(recorded.note))
    stale = _item(recorded.note).after
    write(
        "not-newest",
        "signs a note into an old place of the journal",
        "items",
        again(recorded.note, item=_new_id(), after=stale),
    )
    write(
        "id-taken",
        "signs other words under a used statement id",
        "items",
        again(recorded.draft, item=_new_id(), id=_item(recorded.draft).id),
    )


def by_the_app(bench: Bench, circle: Circle, recorded: Recorded, app_key: str) -> None:
    """The coaching app's own server, or whoever stole its key."""
    at, who = _at(circle), "the coaching app's key"
    note = _item(recorded.note)
    bench.refuse("credential-wrong", who, "asks for the engagement", app_key, "GET", at)
    bench.refuse(
        "credential-wrong",
        who,
        "asks for a note's sealed bytes",
        app_key,
        "GET",
        f"{at}/blobs/{note.blob.sha256.hex()}",
    )
    keyring = f"/v1/accounts/{circle.coachee.account.hex()}/keyring"
    bench.refuse("credential-wrong", who, "asks for the coachee's keyring", app_key, "GET", keyring)
    bench.refuse(
        "credential-wrong",
        who,
        "sends the coachee's disclosure again",
        app_key,
        "POST",
        recorded.disclosure.path,
        recorded.disclosure.body,
    )


def by_the_contact(bench: Bench, circle: Circle) -> None:
    """The ombudsperson, to whom nobody has written."""
    ilse, at = circle.contact, _at(circle)
    bench.refuse("not-found", ilse.title, "asks for the engagement", ilse.token(), "GET", at)
    bench.refuse("not-found", ilse.title, "asks for the journal", ilse.token(), "GET", f"{at}/journal")


def with_a_stolen_token(bench: Bench, circle: Circle, recorded: Recorded) -> None:
    """Somebody who holds the coachee's login token and none of his keys."""
    who, token, at = "a thief of the coachee's token", circle.coachee.token(), _at(circle)
    withdrawals = f"{at}/withdrawals"
    withdrawal = signed(
        circle.coachee, StatementType.WITHDRAWAL, circle.engagement, disclosure=recorded.disclosure.statement.id
    )
    forged = sign(withdrawal.body, [secrets.token_bytes(32)])
    sponsors = signed_again(circle.sponsor, recorded.disclosure)
    stranger = new_secret_keys(secrets.token_bytes)

    def post(code: str, what: str, path: str, body: bytes) -> None:
        bench.refuse(code, who, what, token, "POST", path, body)

    post("statement-required", "withdraws without a statement", withdrawals, b"{}")
    post("signature-invalid", "withdraws with a signature of his own", withdrawals, with_parts(forged))
    post("not-signer", "sends a statement that the sponsor signed", f"{at}/disclosures", sponsors)
    keys = with_parts(sign(_rotation(recorded, stranger), [stranger.sign_seed, stranger.sign_seed]))
    post(
        "signature-invalid",
        "puts new keys into the coachee's place",
        f"/v1/accounts/{circle.coachee.account.hex()}/keys",
        keys,
    )
    post(
        "signature-invalid",
        "changes a word of the recorded disclosure",
        recorded.disclosure.path,
        _altered(recorded.disclosure),
    )


def with_recordings(bench: Bench, circle: Circle, recorded: Recorded, enrolment: str, homes: Path) -> None:
    """Somebody who has recorded what was sent."""
    who = "a thief of recorded requests"
    bench.refuse(
        "challenge-ended",
        who,
        "answers an old login challenge again",
        None,
        "POST",
        recorded.login.path,
        recorded.login.body,
    )
    bench.refuse(
        "not-signer",
        who,
        "sends a coachee's disclosure as the sponsor",
        circle.sponsor.token(),
        "POST",
        recorded.disclosure.path,
        recorded.disclosure.body,
    )
    mallory = joining.new_session(bench.url, homes / "mallory", lambda: secrets.token_hex(16))
    try:
        body = mallory.outbox.waiting[0].body
    finally:
        mallory.home.close()
    bench.refuse(
        "enrolment-ended", who, "makes an account with a used enrolment token", enrolment, "POST", "/v1/accounts", body
    )


def by_strangers(bench: Bench, circle: Circle) -> None:
    """No credential, and one that was handed back."""
    at = _at(circle)
    bench.refuse("credential-missing", "anybody", "asks for the engagement", None, "GET", at)
    ended = circle.coachee.token()
    bench.send("DELETE", "/v1/login/tokens/current", ended)
    circle.coachee.session.memory.token = None
    bench.refuse("credential-ended", "anybody", "uses a token that was logged out", ended, "GET", f"{at}/journal")


def after_the_withdrawal(bench: Bench, circle: Circle, recorded: Recorded) -> None:
    """The sponsor tries again."""
    ana, at, disclosure = circle.sponsor, _at(circle), recorded.disclosure.statement.id
    opening = with_parts(signed(ana, StatementType.OPENING, circle.engagement, of=disclosure))
    content = f"{at}/disclosures/{disclosure.hex()}/content"
    bench.refuse("disclosure-ended", ana.title, "reads what she has opened before", ana.token(), "GET", content)
    bench.refuse(
        "disclosure-ended",
        ana.title,
        "opens the withdrawn summary again",
        ana.token(),
        "POST",
        f"{at}/openings",
        opening,
    )
    lena = circle.coach
    bench.refuse(
        "role-refused",
        lena.title,
        "discloses it again in the coachee's place",
        lena.token(),
        "POST",
        f"{at}/disclosures",
        signed_again(lena, recorded.disclosure),
    )


def _at(circle: Circle) -> str:
    return f"/v1/engagements/{circle.engagement.hex()}"


def _new_id() -> bytes:
    return secrets.token_bytes(16)


def _item(request: Request) -> Item:
    body = request.statement.body
    assert isinstance(body, Item)
    return body


def _contract_of(recorded: Recorded) -> Contract:
    body = recorded.contract.statement.body
    assert isinstance(body, Contract)
    return body


def _dependent(contact: Contact) -> Contact:
    return contact.model_copy(update={"affiliation": Affiliation.SPONSOR})


def _contract(person: Person, recorded: Recorded, **changes: object) -> bytes:
    """The contract once more, to take the place of the active one."""
    active = recorded.contract.statement.id
    return signed_again(person, recorded.contract, supersedes=active, **changes)


def _next_version(person: Person, request: Request) -> bytes:
    return signed_again(person, request, version=2, previous=request.statement.id)


def _sponsor_ref(circle: Circle, seal: str) -> SealRef:
    """A reference that names the sponsor and her key, for a seal that is as good as any to who cannot open it."""
    key = circle.sponsor.session.current.seal_key
    return SealRef(account=circle.sponsor.account, key=key, sha256=hashlib.sha256(read_base64(seal)).digest())


def _note_to_sponsor(circle: Circle, note: Request) -> bytes:
    members = json.loads(note.body)
    pairs = [
        *zip(_item(note).seals, members["seals"], strict=True),
        (_sponsor_ref(circle, members["seals"][0]), members["seals"][0]),
    ]
    pairs.sort(key=lambda pair: pair[0].account)
    body = json.loads(signed_again(circle.coach, note, item=_new_id(), seals=tuple(ref for ref, _ in pairs)))
    return json.dumps({**body, "seals": [seal for _, seal in pairs]}).encode()


def _reseal_to_sponsor(person: Person, circle: Circle, note: Request) -> bytes:
    seal, item = json.loads(note.body)["seals"][0], _item(note)
    statement = signed(
        person,
        StatementType.RESEAL,
        circle.engagement,
        contract=item.contract,
        item=item.item,
        version=item.version,
        statement=note.statement.id,
        seals=(_sponsor_ref(circle, seal),),
    )
    return with_parts(statement, seals=[seal])


def _rotation(recorded: Recorded, stranger: SecretKeys) -> Body:
    """The next generation of the coachee's keys, were the stranger's keys to be believed."""
    changes = {
        "id": _new_id(),
        "generation": 2,
        "sign": SignKey(key=stranger.sign_key, public=stranger.sign_public),
        "seal": SealKey(key=stranger.seal_key, public=stranger.seal_public),
        "reason": KeysReason.ROTATE,
    }
    return recorded.keys.statement.body.model_copy(update=changes)


def _altered(request: Request) -> bytes:
    """The same signature under a payload that never ends."""
    statement = request.statement
    payload = statement.body.model_copy(update={"expires": None}).payload()
    forged = Envelope(statement.envelope.type, payload, statement.envelope.signatures)
    return json.dumps({**json.loads(request.body), "statement": forged.to_json(ZERO32[:16])}).encode()
