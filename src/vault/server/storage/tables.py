"""Every table of the server: what it can hold, and nothing else.

Whatever grows carries its account or its engagement first in its key, and nothing joins across engagements, so that
shards can come later. What each column is for and who can read it stands in `ledger`; docs/data.md is made from both.
"""

from functools import partial

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint

from vault.protocol.kinds import JOURNALED
from vault.protocol.vocabulary import (
    JOURNAL_KIND_CODES,
    SEAL_PURPOSE_CODES,
    SLOT_KINDS,
    ItemKind,
    KeysReason,
    Role,
)
from vault.server.storage.columns import (
    account,
    blob,
    checkpoint,
    code,
    counter,
    flag,
    frontier,
    hash_,
    journal_subject,
    keyring_blob,
    log_entry,
    payload,
    receipt,
    salt,
    seal,
    seal_public,
    short_id,
    sign_public,
    signature,
    slot,
    slug,
    statement_id,
    time,
    word,
)
from vault.server.storage.naming import new_metadata, strict_table

metadata = new_metadata()

CONTACT = "contact"
MEMBER_ROLES = (*Role, CONTACT)
TOKEN_SCOPES = ("person", "keyring")


_table = partial(strict_table, metadata)

# The operator's data: which coaching apps there are. Nothing about people.

apps = _table(
    "apps",
    slug("app", primary_key=True),
    hash_("key_sha256"),
    flag("disabled"),
    time("made"),
    UniqueConstraint("key_sha256"),
)

# People: enrolment, login, keys, keyring.

enrolments = _table(
    "enrolments",
    hash_("token_sha256", primary_key=True),
    slug("app", ForeignKey("apps.app")),
    time("expires"),
    account("account", nullable=True),
    Index(None, "app"),
)

accounts = _table("accounts", account(primary_key=True), time("made"))

keys = _table(
    "keys",
    account("account", ForeignKey("accounts.account"), primary_key=True),
    counter("generation", primary_key=True),
    statement_id(),
    short_id("sign_key"),
    sign_public("sign_public"),
    short_id("seal_key"),
    seal_public("seal_public"),
    word("reason", KeysReason),
    UniqueConstraint("statement"),
    Index(None, "account", "sign_key"),
)

keyrings = _table(
    "keyrings",
    account("account", ForeignKey("accounts.account"), primary_key=True),
    counter("sequence"),
    statement_id(),
    counter("generation"),
    keyring_blob("blob"),
)

slots = _table(
    "slots",
    account("account", ForeignKey("accounts.account"), primary_key=True),
    code("kind", SLOT_KINDS, primary_key=True),
    slot("slot"),
    short_id("fetch_key"),
    sign_public("fetch_public"),
)

challenges = _table(
    "challenges",
    hash_("challenge", primary_key=True),
    account(),
    time("expires"),
    Index(None, "expires"),
)

tokens = _table(
    "tokens",
    hash_("token_sha256", primary_key=True),
    account("account", ForeignKey("accounts.account")),
    word("scope", TOKEN_SCOPES),
    code("slot", SLOT_KINDS, nullable=True),
    time("expires"),
    Index(None, "expires"),
)

introductions = _table(
    "introductions",
    account("to_account", primary_key=True),
    statement_id(primary_key=True),
    account("signer"),
    short_id("uid"),
    payload("payload"),
    signature("signature"),
    time("made"),
    time("expires"),
    UniqueConstraint("signer", "uid"),
    Index(None, "to_account", "made", "statement"),
)

# Journals: every signed statement that anything else is explained by.

journals = _table(
    "journals",
    code("kind", JOURNAL_KIND_CODES.values(), primary_key=True),
    journal_subject(),
    counter("seq"),
    time("time"),
    hash_("head"),
    salt("salt"),
)

statements = _table(
    "statements",
    code("kind", JOURNAL_KIND_CODES.values(), primary_key=True),
    journal_subject(),
    counter("seq", primary_key=True),
    statement_id(),
    word("type", JOURNALED),
    account("signer"),
    short_id("uid"),
    time("time"),
    hash_("head"),
    hash_("seen_mark"),
    counter("seen_seq", minimum=0, nullable=True),
    payload("payload"),
    signature("signature"),
    signature("second_signature", nullable=True),
    ForeignKeyConstraint(["kind", "subject"], ["journals.kind", "journals.subject"]),
    UniqueConstraint("kind", "subject", "statement"),
    UniqueConstraint("kind", "subject", "signer", "uid"),
    UniqueConstraint("kind", "subject", "seen_mark"),
    Index(None, "kind", "subject", "signer", "seq"),
)

# The transparency log: one order over all journals, which says nothing to who holds no journal's salt.

leaves = _table(
    "leaves",
    counter("leaf", minimum=0, primary_key=True),
    code("kind", JOURNAL_KIND_CODES.values()),
    journal_subject(primary_key=False),
    counter("seq"),
    log_entry("entry"),
    receipt("receipt"),
    UniqueConstraint("kind", "subject", "seq"),
)

# Level 1 and above: the hashes of level 0 are those of the leaves' entries.
tiles = _table(
    "tiles",
    counter("level", primary_key=True),
    counter("number", minimum=0, primary_key=True),
    hash_("hash"),
    rowid=False,
)

TLOG_ROW = 1
tlog = _table(
    "tlog",
    code("id", (TLOG_ROW,), primary_key=True),
    frontier("frontier"),
    checkpoint("checkpoint", nullable=True),
    rowid=False,
)

# Engagements: what policy decides by, projected from the journal.

memberships = _table(
    "memberships",
    account(primary_key=True),
    short_id("engagement", primary_key=True),
    word("role", MEMBER_ROLES),
    rowid=False,
)

engagements = _table(
    "engagements",
    short_id("engagement", primary_key=True),
    statement_id("first_contract"),
    statement_id("active_contract", nullable=True),
    time("closed", nullable=True),
)

contracts = _table(
    "contracts",
    short_id("engagement", primary_key=True),
    statement_id(primary_key=True),
    counter("seq"),
    statement_id("supersedes", nullable=True),
    time("activated", nullable=True),
    time("superseded", nullable=True),
    Index(None, "engagement", "seq"),
)

# Everybody whom a contract names, contacts with an account included.
parties = _table(
    "parties",
    short_id("engagement", primary_key=True),
    account(primary_key=True),
    statement_id("contract", primary_key=True),
    counter("seq"),
    word("role", MEMBER_ROLES),
    rowid=False,
)

assents = _table(
    "assents",
    short_id("engagement", primary_key=True),
    account(primary_key=True),
    counter("seq", primary_key=True),
    statement_id("contract"),
    statement_id("keys"),
    time("time"),
    Index(None, "engagement", "contract", "seq"),
    rowid=False,
)

items = _table(
    "items",
    short_id("engagement", primary_key=True),
    short_id("item", primary_key=True),
    counter("version", primary_key=True),
    counter("seq"),
    statement_id(),
    word("kind", ItemKind),
    account("author"),
    flag("erased"),
    UniqueConstraint("engagement", "statement"),
    rowid=False,
)

holdings = _table(
    "holdings",
    short_id("engagement", primary_key=True),
    account(primary_key=True),
    short_id("item", primary_key=True),
    counter("version"),
    counter("seq"),
    word("kind", ItemKind),
    Index(None, "engagement", "account", "seq"),
    Index(None, "engagement", "account", "kind", "seq"),
    Index(None, "engagement", "item"),
    rowid=False,
)

blobs = _table(
    "blobs",
    short_id("engagement", primary_key=True),
    statement_id(primary_key=True),
    hash_("sha256"),
    blob("blob"),
    Index(None, "engagement", "sha256"),
)

seals = _table(
    "seals",
    short_id("engagement", primary_key=True),
    statement_id(primary_key=True),
    account(primary_key=True),
    code("purpose", SEAL_PURPOSE_CODES.values()),
    statement_id("of"),
    short_id("key"),
    seal("seal"),
    Index(None, "engagement", "of", "account", "key"),
)

# Large content: what is told of it here; the sealed bytes lie in the blob store, under places that are used once.

attachments = _table(
    "attachments",
    short_id("engagement", primary_key=True),
    short_id("attachment", primary_key=True),
    account("uploader"),
    time("touched"),
    counter("uploaded", minimum=0),
    counter("size", nullable=True),
    hash_("sha256", nullable=True),
    short_id("item", nullable=True),
    Index(None, "uploader", "item"),
    Index(None, "item", "touched"),
    Index(None, "engagement", "item"),
    rowid=False,
)

attachment_parts = _table(
    "attachment_parts",
    short_id("engagement", primary_key=True),
    short_id("attachment", primary_key=True),
    counter("number", primary_key=True),
    short_id("place"),
    counter("size"),
    hash_("sha256"),
    flag("stored"),
    rowid=False,
)

attachment_namings = _table(
    "attachment_namings",
    short_id("engagement", primary_key=True),
    short_id("attachment", primary_key=True),
    statement_id(primary_key=True),
    rowid=False,
)

discarded_parts = _table(
    "discarded_parts",
    short_id("engagement", primary_key=True),
    short_id("place", primary_key=True),
    rowid=False,
)

disclosures = _table(
    "disclosures",
    short_id("engagement", primary_key=True),
    statement_id(primary_key=True),
    counter("seq"),
    account("recipient"),
    time("expires", nullable=True),
    flag("withdrawn"),
    flag("erased"),
    Index(None, "engagement", "seq"),
    Index(None, "engagement", "recipient", "withdrawn", "erased", "seq"),
)

withdrawals = _table(
    "withdrawals",
    short_id("engagement", primary_key=True),
    statement_id("disclosure", primary_key=True),
    counter("seq"),
    rowid=False,
)

openings = _table(
    "openings",
    short_id("engagement", primary_key=True),
    statement_id("of", primary_key=True),
    account("signer", primary_key=True),
    statement_id("statement", primary_key=True),
    counter("seq"),
    rowid=False,
)

escalations = _table(
    "escalations",
    short_id("engagement", primary_key=True),
    statement_id(primary_key=True),
    counter("seq"),
    statement_id("contract"),
    short_id("contact"),
    account("account", nullable=True),
    time("shown"),
    Index(None, "engagement", "account", "seq"),
)
