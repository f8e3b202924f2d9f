"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MAXIMUM = 2**53 - 1


def _column(name, type_, *checks, nullable=False):
    rules = [sa.text(check) if isinstance(check, str) else check for check in checks]
    shape = sa.CheckConstraint(sa.and_(*rules), name=name)
    return sa.Column(name, type_, shape, nullable=nullable, autoincrement=False)


def _bytes(name, shortest, longest=None, starts_with=None, nullable=False):
    size = f"= {shortest}" if longest is None else f"BETWEEN {shortest} AND {longest}"
    checks = [f"length({name}) {size}"]
    if starts_with is not None:
        start = sa.func.substr(sa.text(name), 1, len(starts_with))
        checks.append(start == sa.cast(sa.text(f"'{starts_with}'"), sa.LargeBinary))
    return _column(name, sa.LargeBinary(), *checks, nullable=nullable)


def _number(name, lowest=0, nullable=False):
    return _column(name, _integer(), f"{name} BETWEEN {lowest} AND {_MAXIMUM}", nullable=nullable)


def _code(name, *codes, nullable=False):
    listed = ", ".join(str(code) for code in codes)
    return _column(name, _integer(), f"{name} IN ({listed})", nullable=nullable)


def _word(name, *words):
    listed = ", ".join(f"'{word}'" for word in words)
    return _column(name, sa.Text(), f"{name} IN ({listed})")


def _integer():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _slug(name):
    letters = "abcdefghijklmnopqrstuvwxyz"
    checks = (
        f"length({name}) BETWEEN 1 AND 40",
        f"ltrim({name}, '{letters}0123456789-') = ''",
        f"ltrim(substr({name}, 1, 1), '{letters}') = ''",
    )
    return _column(name, sa.Text(), *checks)


def _subject():
    rule = "(kind IN (3, 4) AND length(subject) = 16) OR (kind IN (1, 2, 5) AND length(subject) = 32)"
    return _column("subject", sa.LargeBinary(), rule)


def _create(name, *parts, rowid=True):
    op.create_table(name, *parts, sqlite_strict=True, sqlite_with_rowid=rowid)


def upgrade():
    _create(
        "accounts",
        _bytes("account", 32),
        _number("made"),
        sa.PrimaryKeyConstraint("account"),
    )
    _create(
        "apps",
        _slug("app"),
        _bytes("key_sha256", 32),
        _code("disabled", 0, 1),
        _number("made"),
        sa.PrimaryKeyConstraint("app"),
        sa.UniqueConstraint("key_sha256"),
    )
    _create(
        "assents",
        _bytes("engagement", 16),
        _bytes("account", 32),
        _number("seq", 1),
        _bytes("contract", 32),
        _bytes("keys", 32),
        _number("time"),
        sa.PrimaryKeyConstraint("engagement", "account", "seq"),
        rowid=False,
    )
    op.create_index("ix_assents_engagement_contract_seq", "assents", ["engagement", "contract", "seq"])
    _create(
        "blobs",
        _bytes("engagement", 16),
        _bytes("statement", 32),
        _bytes("sha256", 32),
        _bytes("blob", 4176, 262224, starts_with="CVB1"),
        sa.PrimaryKeyConstraint("engagement", "statement"),
    )
    op.create_index("ix_blobs_engagement_sha256", "blobs", ["engagement", "sha256"])
    _create(
        "challenges",
        _bytes("challenge", 32),
        _bytes("account", 32),
        _number("expires"),
        sa.PrimaryKeyConstraint("challenge"),
    )
    op.create_index("ix_challenges_expires", "challenges", ["expires"])
    _create(
        "contracts",
        _bytes("engagement", 16),
        _bytes("statement", 32),
        _number("seq", 1),
        _bytes("supersedes", 32, nullable=True),
        _number("activated", nullable=True),
        _number("superseded", nullable=True),
        sa.PrimaryKeyConstraint("engagement", "statement"),
    )
    op.create_index("ix_contracts_engagement_seq", "contracts", ["engagement", "seq"])
    _create(
        "disclosures",
        _bytes("engagement", 16),
        _bytes("statement", 32),
        _number("seq", 1),
        _bytes("recipient", 32),
        _number("expires", nullable=True),
        _code("withdrawn", 0, 1),
        _code("erased", 0, 1),
        sa.PrimaryKeyConstraint("engagement", "statement"),
    )
    op.create_index(
        "ix_disclosures_engagement_recipient_withdrawn_erased_seq",
        "disclosures",
        ["engagement", "recipient", "withdrawn", "erased", "seq"],
    )
    op.create_index("ix_disclosures_engagement_seq", "disclosures", ["engagement", "seq"])
    _create(
        "engagements",
        _bytes("engagement", 16),
        _bytes("first_contract", 32),
        _bytes("active_contract", 32, nullable=True),
        _number("closed", nullable=True),
        sa.PrimaryKeyConstraint("engagement"),
    )
    _create(
        "escalations",
        _bytes("engagement", 16),
        _bytes("statement", 32),
        _number("seq", 1),
        _bytes("contract", 32),
        _bytes("contact", 16),
        _bytes("account", 32, nullable=True),
        _number("shown"),
        sa.PrimaryKeyConstraint("engagement", "statement"),
    )
    op.create_index("ix_escalations_engagement_account_seq", "escalations", ["engagement", "account", "seq"])
    _create(
        "holdings",
        _bytes("engagement", 16),
        _bytes("account", 32),
        _bytes("item", 16),
        _number("version", 1),
        _number("seq", 1),
        _word("kind", "note", "goal", "action", "assessment", "draft", "private", "summary"),
        sa.PrimaryKeyConstraint("engagement", "account", "item"),
        rowid=False,
    )
    op.create_index("ix_holdings_engagement_account_kind_seq", "holdings", ["engagement", "account", "kind", "seq"])
    op.create_index("ix_holdings_engagement_account_seq", "holdings", ["engagement", "account", "seq"])
    op.create_index("ix_holdings_engagement_item", "holdings", ["engagement", "item"])
    _create(
        "introductions",
        _bytes("to_account", 32),
        _bytes("statement", 32),
        _bytes("signer", 32),
        _bytes("uid", 16),
        _bytes("payload", 2, 65536, starts_with="{"),
        _bytes("signature", 64),
        _number("made"),
        _number("expires"),
        sa.PrimaryKeyConstraint("to_account", "statement"),
        sa.UniqueConstraint("signer", "uid"),
    )
    op.create_index("ix_introductions_to_account_made_statement", "introductions", ["to_account", "made", "statement"])
    _create(
        "items",
        _bytes("engagement", 16),
        _bytes("item", 16),
        _number("version", 1),
        _number("seq", 1),
        _bytes("statement", 32),
        _word("kind", "note", "goal", "action", "assessment", "draft", "private", "summary"),
        _bytes("author", 32),
        _code("erased", 0, 1),
        sa.PrimaryKeyConstraint("engagement", "item", "version"),
        sa.UniqueConstraint("engagement", "statement"),
        rowid=False,
    )
    _create(
        "journals",
        _code("kind", 1, 2, 3, 4, 5),
        _subject(),
        _number("seq", 1),
        _number("time"),
        _bytes("head", 32),
        _bytes("salt", 32),
        sa.PrimaryKeyConstraint("kind", "subject"),
    )
    _create(
        "memberships",
        _bytes("account", 32),
        _bytes("engagement", 16),
        _word("role", "coach", "coachee", "sponsor", "supervisor", "contact"),
        sa.PrimaryKeyConstraint("account", "engagement"),
        rowid=False,
    )
    _create(
        "openings",
        _bytes("engagement", 16),
        _bytes("of", 32),
        _bytes("signer", 32),
        _bytes("statement", 32),
        _number("seq", 1),
        sa.PrimaryKeyConstraint("engagement", "of", "signer", "statement"),
        rowid=False,
    )
    _create(
        "parties",
        _bytes("engagement", 16),
        _bytes("account", 32),
        _bytes("contract", 32),
        _number("seq", 1),
        _word("role", "coach", "coachee", "sponsor", "supervisor", "contact"),
        sa.PrimaryKeyConstraint("engagement", "account", "contract"),
        rowid=False,
    )
    _create(
        "seals",
        _bytes("engagement", 16),
        _bytes("statement", 32),
        _bytes("account", 32),
        _code("purpose", 1, 2, 3, 4),
        _bytes("of", 32),
        _bytes("key", 16),
        _bytes("seal", 1168),
        sa.PrimaryKeyConstraint("engagement", "statement", "account"),
    )
    op.create_index("ix_seals_engagement_of_account_key", "seals", ["engagement", "of", "account", "key"])
    _create(
        "withdrawals",
        _bytes("engagement", 16),
        _bytes("disclosure", 32),
        _number("seq", 1),
        sa.PrimaryKeyConstraint("engagement", "disclosure"),
        rowid=False,
    )
    _create(
        "enrolments",
        _bytes("token_sha256", 32),
        _slug("app"),
        _number("expires"),
        _bytes("account", 32, nullable=True),
        sa.PrimaryKeyConstraint("token_sha256"),
        sa.ForeignKeyConstraint(["app"], ["apps.app"]),
    )
    op.create_index("ix_enrolments_app", "enrolments", ["app"])
    _create(
        "keyrings",
        _bytes("account", 32),
        _number("sequence", 1),
        _bytes("statement", 32),
        _number("generation", 1),
        _bytes("blob", 4184, 262232, starts_with="CVR1"),
        sa.PrimaryKeyConstraint("account"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"]),
    )
    _create(
        "keys",
        _bytes("account", 32),
        _number("generation", 1),
        _bytes("statement", 32),
        _bytes("sign_key", 16),
        _bytes("sign_public", 32),
        _bytes("seal_key", 16),
        _bytes("seal_public", 1216),
        _word("reason", "create", "rotate", "recover", "retire"),
        sa.PrimaryKeyConstraint("account", "generation"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"]),
        sa.UniqueConstraint("statement"),
    )
    op.create_index("ix_keys_account_sign_key", "keys", ["account", "sign_key"])
    _create(
        "slots",
        _bytes("account", 32),
        _code("kind", 1, 2, 3),
        _bytes("slot", 144, starts_with="CVK1"),
        _bytes("fetch_key", 16),
        _bytes("fetch_public", 32),
        sa.PrimaryKeyConstraint("account", "kind"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"]),
    )
    _create(
        "leaves",
        _number("leaf"),
        _code("kind", 1, 2, 3, 4, 5),
        _subject(),
        _number("seq", 1),
        _bytes("entry", 64),
        _bytes("receipt", 100, 4096, starts_with="c2sp.org/tlog-proof@v1"),
        sa.PrimaryKeyConstraint("leaf"),
        sa.UniqueConstraint("kind", "subject", "seq"),
    )
    _create(
        "tiles",
        _number("level", 1),
        _number("number"),
        _bytes("hash", 32),
        sa.PrimaryKeyConstraint("level", "number"),
        rowid=False,
    )
    _create(
        "tlog",
        _code("id", 1),
        _column(
            "frontier",
            sa.LargeBinary(),
            "length(frontier) BETWEEN 8 AND 1704",
            "length(frontier) % 32 = 8",
        ),
        _bytes("checkpoint", 100, 1024, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        rowid=False,
    )
    # The tree without leaves: its size, and no hash.
    op.bulk_insert(
        sa.table("tlog", sa.column("id"), sa.column("frontier")),
        [{"id": 1, "frontier": bytes(8)}],
    )
    _create(
        "statements",
        _code("kind", 1, 2, 3, 4, 5),
        _subject(),
        _number("seq", 1),
        _bytes("statement", 32),
        _word(
            "type",
            "keys",
            "keyring",
            "contract",
            "assent",
            "item",
            "reseal",
            "disclosure",
            "withdrawal",
            "request",
            "opening",
            "escalation",
            "closure",
            "erasure",
        ),
        _bytes("signer", 32),
        _bytes("uid", 16),
        _number("time"),
        _bytes("head", 32),
        _bytes("seen_mark", 32),
        _number("seen_seq", nullable=True),
        _bytes("payload", 2, 65536, starts_with="{"),
        _bytes("signature", 64),
        _bytes("second_signature", 64, nullable=True),
        sa.PrimaryKeyConstraint("kind", "subject", "seq"),
        sa.ForeignKeyConstraint(["kind", "subject"], ["journals.kind", "journals.subject"]),
        sa.UniqueConstraint("kind", "subject", "seen_mark"),
        sa.UniqueConstraint("kind", "subject", "signer", "uid"),
        sa.UniqueConstraint("kind", "subject", "statement"),
    )
    op.create_index("ix_statements_kind_subject_signer_seq", "statements", ["kind", "subject", "signer", "seq"])
    _create(
        "tokens",
        _bytes("token_sha256", 32),
        _bytes("account", 32),
        _word("scope", "person", "keyring"),
        _code("slot", 1, 2, 3, nullable=True),
        _number("expires"),
        sa.PrimaryKeyConstraint("token_sha256"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"]),
    )
    op.create_index("ix_tokens_expires", "tokens", ["expires"])
    _create(
        "attachments",
        _bytes("engagement", 16),
        _bytes("attachment", 16),
        _bytes("uploader", 32),
        _number("touched"),
        _number("uploaded"),
        _number("size", 1, nullable=True),
        _bytes("sha256", 32, nullable=True),
        _bytes("item", 16, nullable=True),
        sa.PrimaryKeyConstraint("engagement", "attachment"),
        rowid=False,
    )
    op.create_index("ix_attachments_uploader_item", "attachments", ["uploader", "item"])
    op.create_index("ix_attachments_item_touched", "attachments", ["item", "touched"])
    op.create_index("ix_attachments_engagement_item", "attachments", ["engagement", "item"])
    _create(
        "attachment_parts",
        _bytes("engagement", 16),
        _bytes("attachment", 16),
        _number("number", 1),
        _bytes("place", 16),
        _number("size", 1),
        _bytes("sha256", 32),
        _code("stored", 0, 1),
        sa.PrimaryKeyConstraint("engagement", "attachment", "number"),
        rowid=False,
    )
    _create(
        "attachment_namings",
        _bytes("engagement", 16),
        _bytes("attachment", 16),
        _bytes("statement", 32),
        sa.PrimaryKeyConstraint("engagement", "attachment", "statement"),
        rowid=False,
    )
    _create(
        "discarded_parts",
        _bytes("engagement", 16),
        _bytes("place", 16),
        sa.PrimaryKeyConstraint("engagement", "place"),
        rowid=False,
    )


def downgrade():
    for table in (
        "discarded_parts",
        "attachment_namings",
        "attachment_parts",
        "attachments",
        "tokens",
        "tlog",
        "tiles",
        "leaves",
        "statements",
        "slots",
        "keys",
        "keyrings",
        "enrolments",
        "withdrawals",
        "seals",
        "parties",
        "openings",
        "memberships",
        "journals",
        "items",
        "introductions",
        "holdings",
        "escalations",
        "engagements",
        "disclosures",
        "contracts",
        "challenges",
        "blobs",
        "assents",
        "apps",
        "accounts",
    ):
        op.drop_table(table)
