"""The data ledger: what each column of each table is for, who is served it, and how long it stays.

What a column can hold at all is its class, which stands beside its type in `columns`. A column that is not declared
here, or that lies in a database without being declared, fails the tests and `coach-vault-server check`.
docs/data.md is made from this file by scripts/data-page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Readers(StrEnum):
    """Who is served a value. The operator holds the database and reads every value that is not sealed."""

    NOBODY = "nobody"
    OPERATOR = "the operator"
    APP = "the app itself"
    OWNER = "the account itself"
    ACQUAINTED = "whoever knows the account"
    ANYONE = "anyone who knows the account, before a login"
    ADDRESSEE = "the account it is addressed to"
    JOURNAL = "who may read that journal"
    PAIR = "coach and coachee"
    MEMBERS = "the members that the contract names, each what concerns it"
    HOLDERS = "the accounts it is sealed to"
    WORLD = "anyone"
    SERVED = "coach and coachee; of what concerns it, the sponsor, supervisor or contact"


class Retention(StrEnum):
    """How long a value stays."""

    ENDED = "gone at the first login after its end"
    REPLACED = "until the next keyring replaces it"
    NEXT = "until the next statement"
    STAYS = "as long as the deployment"
    UPLOADED = "24 hours after the last part; once an item names it, until an erasure names that item"
    DISCARDED = "until the bytes are gone too, minutes later"
    ERASABLE = "until an erasure names it; before there are erasures, as long as the deployment"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `readers` where they are others than the table's."""

    purpose: str
    readers: Readers | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table with every one of its columns."""

    purpose: str
    readers: Readers
    retention: Retention
    columns: Mapping[str, Column]

    def readers_of(self, column: str) -> Readers:
        """Who is served a column. Raises: KeyError for a column that is not declared."""
        return self.columns[column].readers or self.readers


def _engagement() -> Column:
    return Column("the engagement")


def _statement() -> Column:
    return Column("the statement that this row is explained by")


def _seq() -> Column:
    return Column("that statement's place in the journal", Readers.PAIR)


LEDGER: Mapping[str, Table] = {
    "alembic_version": Table(
        "which revision the schema has",
        Readers.OPERATOR,
        Retention.STAYS,
        {"version_num": Column("name of a migration")},
    ),
    "apps": Table(
        "coaching apps that may issue enrolment tokens",
        Readers.OPERATOR,
        Retention.STAYS,
        {
            "app": Column("the operator's word for the app", Readers.APP),
            "key_sha256": Column("recognises the app's key, which is not stored"),
            "disabled": Column("whether the key is worth nothing"),
            "made": Column("when the operator made it"),
        },
    ),
    "enrolments": Table(
        "tokens with which a new account may be made, once each",
        Readers.NOBODY,
        Retention.STAYS,
        {
            "token_sha256": Column("recognises the token, which is not stored"),
            "app": Column("the app that issued it; an app is told how many it issued and how many were used"),
            "expires": Column("until when it can be used"),
            "account": Column("the account that was made with it"),
        },
    ),
    "accounts": Table(
        "which accounts there are",
        Readers.ACQUAINTED,
        Retention.STAYS,
        {
            "account": Column("hash of the person's first sign key"),
            "made": Column("when the account was made", Readers.NOBODY),
        },
    ),
    "keys": Table(
        "public keys of each generation",
        Readers.ACQUAINTED,
        Retention.STAYS,
        {
            "account": Column("whose keys"),
            "generation": Column("1, 2, ... for each change of keys"),
            "statement": _statement(),
            "sign_key": Column("id of the sign key"),
            "sign_public": Column("verifies the person's statements"),
            "seal_key": Column("id of the seal key"),
            "seal_public": Column("seals content keys to the person"),
            "reason": Column("why the keys changed: create, rotate, recover or retire"),
        },
    ),
    "keyrings": Table(
        "the newest sealed keyring of each account",
        Readers.OWNER,
        Retention.REPLACED,
        {
            "account": Column("whose keyring"),
            "sequence": Column("how often it was written"),
            "statement": _statement(),
            "generation": Column("the generation of keys that signed it"),
            "blob": Column("seeds, salts, pins and people, sealed under the keyring key"),
        },
    ),
    "slots": Table(
        "ways to the keyring key: by passphrase, passphrase and kit, or recovery code",
        Readers.OWNER,
        Retention.REPLACED,
        {
            "account": Column("whose slot"),
            "kind": Column("which of the three ways", Readers.ANYONE),
            "slot": Column(
                "parameters and salt, which anyone is served, and the sealed keyring key, which nobody else is"
            ),
            "fetch_key": Column("id of the fetch key"),
            "fetch_public": Column("verifies who asks for the slot, before it is served"),
        },
    ),
    "challenges": Table(
        "challenges that a login answers, 60 seconds each",
        Readers.ANYONE,
        Retention.ENDED,
        {
            "challenge": Column("what the login has to repeat"),
            "account": Column("for which account it was asked; such an account need not exist"),
            "expires": Column("until when it can be answered"),
        },
    ),
    "tokens": Table(
        "login tokens, minutes each",
        Readers.NOBODY,
        Retention.ENDED,
        {
            "token_sha256": Column("recognises the token, which is not stored"),
            "account": Column("who is logged in"),
            "scope": Column("person, or the keyring alone"),
            "slot": Column("which slot a token for the keyring reads"),
            "expires": Column("until when it is worth something"),
        },
    ),
    "introductions": Table(
        "answers to invitations, served for 30 days",
        Readers.ADDRESSEE,
        Retention.STAYS,
        {
            "to_account": Column("the inviter"),
            "statement": Column("id of the introduction"),
            "signer": Column("the invited"),
            "uid": Column("the id that the signer gave it: another statement under it is refused"),
            "payload": Column("what was signed: a mac under a secret that the server never sees"),
            "signature": Column("the signer's signature"),
            "made": Column("when it arrived"),
            "expires": Column("until when it is served"),
        },
    ),
    "journals": Table(
        "where each journal stands",
        Readers.JOURNAL,
        Retention.STAYS,
        {
            "kind": Column("keys, keyring, engagement, escalations or deployment"),
            "subject": Column("the account or the engagement"),
            "seq": Column("how many entries it has"),
            "time": Column("when the newest entry was written"),
            "head": Column("hash over all its entries"),
            "salt": Column("hides seq and head from those who do not read the journal"),
        },
    ),
    "statements": Table(
        "every signed act, in the order of its journal",
        Readers.JOURNAL,
        Retention.STAYS,
        {
            "kind": Column("the journal's kind"),
            "subject": Column("the journal's account or engagement"),
            "seq": Column("its place: 1, 2, ..."),
            "statement": Column("hash of what was signed"),
            "type": Column("what kind of act it is", Readers.SERVED),
            "signer": Column("who signed", Readers.SERVED),
            "uid": Column("the id that the signer gave it: another statement under it is refused", Readers.SERVED),
            "time": Column("when it was written, by the server's clock"),
            "head": Column("hash over the journal up to here"),
            "seen_mark": Column("what a later statement writes in `seen` to name this entry"),
            "seen_seq": Column("which entry this statement names in `seen`"),
            "payload": Column("ids, words, times, hashes and sizes: the exact bytes that were signed", Readers.SERVED),
            "signature": Column("the signer's signature", Readers.SERVED),
            "second_signature": Column("that of the new key where a statement changes keys", Readers.SERVED),
        },
    ),
    "memberships": Table(
        "which engagements an account takes part in",
        Readers.OWNER,
        Retention.STAYS,
        {
            "account": Column("the person"),
            "engagement": _engagement(),
            "role": Column("in which role"),
        },
    ),
    "leaves": Table(
        "the transparency log: one leaf for each entry of each journal, in the order in which they were written",
        Readers.JOURNAL,
        Retention.STAYS,
        {
            "leaf": Column("place in the log, from 0"),
            "kind": Column("which kind of journal"),
            "subject": Column("whose or which journal"),
            "seq": Column("place in that journal"),
            "entry": Column("tag and commitment, blinded by the journal's salt", Readers.WORLD),
            "receipt": Column("the proof that the entry is in the log, as it was first answered", Readers.SERVED),
        },
    ),
    "tiles": Table(
        "the inner hashes of the log's tree",
        Readers.WORLD,
        Retention.STAYS,
        {
            "level": Column("level of the tile"),
            "number": Column("place within the level, from 0"),
            "hash": Column("hash of a complete subtree"),
        },
    ),
    "tlog": Table(
        "where the log stands",
        Readers.WORLD,
        Retention.NEXT,
        {
            "id": Column("always 1: there is one row", Readers.NOBODY),
            "frontier": Column("the hashes on the right edge of the tree"),
            "checkpoint": Column("size and root, signed by the log"),
        },
    ),
    "engagements": Table(
        "the state of each engagement",
        Readers.PAIR,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "first_contract": Column("the contract it began with", Readers.MEMBERS),
            "active_contract": Column("the contract in force", Readers.MEMBERS),
            "closed": Column("when it was closed; never served to a sponsor"),
        },
    ),
    "contracts": Table(
        "the terms that were proposed, and which were in force when",
        Readers.MEMBERS,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "statement": _statement(),
            "seq": _seq(),
            "supersedes": Column("the contract it is to replace"),
            "activated": Column("when the last assent came"),
            "superseded": Column("when another replaced it"),
        },
    ),
    "parties": Table(
        "whom each contract names",
        Readers.MEMBERS,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "account": Column("the person"),
            "contract": Column("the contract"),
            "seq": _seq(),
            "role": Column("in which role"),
        },
    ),
    "assents": Table(
        "who agreed to which contract, under which keys",
        Readers.MEMBERS,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "account": Column("who agreed"),
            "seq": _seq(),
            "contract": Column("to which contract"),
            "keys": Column("the keys under which that person acts from here on"),
            "time": Column("when it was written", Readers.PAIR),
        },
    ),
    "items": Table(
        "the versions of each item",
        Readers.HOLDERS,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "item": Column("the item's random id"),
            "version": Column("1, 2, ..."),
            "seq": _seq(),
            "statement": _statement(),
            "kind": Column("note, goal, action, assessment, draft, private or summary"),
            "author": Column("who wrote this version"),
            "erased": Column("whether it was erased"),
        },
    ),
    "holdings": Table(
        "the newest version of each item that an account holds a seal of",
        Readers.OWNER,
        Retention.ERASABLE,
        {
            "engagement": _engagement(),
            "account": Column("the reader"),
            "item": Column("the item"),
            "version": Column("its newest version for that reader"),
            "seq": _seq(),
            "kind": Column("the item's kind"),
        },
    ),
    "blobs": Table(
        "sealed content: items, contract texts, disclosures, escalations",
        Readers.HOLDERS,
        Retention.ERASABLE,
        {
            "engagement": _engagement(),
            "statement": Column("the statement that names this content"),
            "sha256": Column("its hash, which that statement signs"),
            "blob": Column("titles, names, tags and text, padded, sealed under a content key"),
        },
    ),
    "seals": Table(
        "content keys, each sealed to one reader",
        Readers.OWNER,
        Retention.ERASABLE,
        {
            "engagement": _engagement(),
            "statement": Column("the statement that carries the seal"),
            "account": Column("for whom"),
            "purpose": Column("item, disclosure, contract or escalation"),
            "of": Column("the statement whose content it opens"),
            "key": Column("for which of that person's seal keys"),
            "seal": Column("the content key, sealed; that of a disclosure is served only while it is live"),
        },
    ),
    "attachments": Table(
        "large content of items, and uploads that no item names yet",
        Readers.OWNER,
        Retention.UPLOADED,
        {
            "engagement": _engagement(),
            "attachment": Column("the attachment's random id"),
            "uploader": Column("who uploads it, and alone can name it"),
            "touched": Column("when the last part came", Readers.NOBODY),
            "uploaded": Column("how many bytes of parts were told of, for the uploader's quota", Readers.NOBODY),
            "size": Column("of all parts together, once they were hashed", Readers.HOLDERS),
            "sha256": Column("of all parts together, which a statement signs", Readers.HOLDERS),
            "item": Column("the one item whose versions name it", Readers.PAIR),
        },
    ),
    "attachment_parts": Table(
        "the parts of an attachment, each in a place of its own in the blob store",
        Readers.OWNER,
        Retention.UPLOADED,
        {
            "engagement": _engagement(),
            "attachment": Column("the attachment"),
            "number": Column("1, 2, ..."),
            "place": Column("under which name its sealed bytes lie in the blob store", Readers.NOBODY),
            "size": Column("how many bytes"),
            "sha256": Column("their hash"),
            "stored": Column("whether they are in the blob store", Readers.NOBODY),
        },
    ),
    "attachment_namings": Table(
        "which versions name an attachment: whoever holds a seal of one is served its bytes",
        Readers.HOLDERS,
        Retention.ERASABLE,
        {
            "engagement": _engagement(),
            "attachment": Column("the attachment"),
            "statement": Column("the version that names it"),
        },
    ),
    "discarded_parts": Table(
        "bytes in the blob store that nothing names any more",
        Readers.NOBODY,
        Retention.DISCARDED,
        {
            "engagement": _engagement(),
            "place": Column("under which name they lie there"),
        },
    ),
    "disclosures": Table(
        "what a coachee showed to a sponsor, and whether it still counts",
        Readers.PAIR,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "statement": _statement(),
            "seq": _seq(),
            "recipient": Column("the sponsor"),
            "expires": Column("until when it is served"),
            "withdrawn": Column("whether the coachee took it back"),
            "erased": Column("whether it was erased"),
        },
    ),
    "withdrawals": Table(
        "which disclosures were taken back, known here or not",
        Readers.PAIR,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "disclosure": Column("the disclosure"),
            "seq": _seq(),
        },
    ),
    "openings": Table(
        "who fetched a disclosure or an escalation: access receipts",
        Readers.PAIR,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "of": Column("the disclosure or escalation"),
            "signer": Column("who fetched it"),
            "statement": _statement(),
            "seq": _seq(),
        },
    ),
    "escalations": Table(
        "statements of serious danger, to one contact each",
        Readers.PAIR,
        Retention.STAYS,
        {
            "engagement": _engagement(),
            "statement": _statement(),
            "seq": _seq(),
            "contract": Column("the contract that names the contact"),
            "contact": Column("which contact"),
            "account": Column("its account, if it has one"),
            "shown": Column("from when on the coachee is shown it"),
        },
    ),
}
