"""Apps, accounts and all that lets a person in: what each column is for."""

from collections.abc import Mapping

from vault.reconcile.ledger.declaring import Column, Explained, Readers, Retention, Table, statement_column

PEOPLE: Mapping[str, Table] = {
    "alembic_version": Table(
        "which revision the schema has",
        Readers.OPERATOR,
        Retention.STAYS,
        ("version_num",),
        {"version_num": Column("name of a migration")},
        Explained.SCHEMA,
    ),
    "apps": Table(
        "coaching apps that may issue enrolment tokens",
        Readers.OPERATOR,
        Retention.STAYS,
        ("app",),
        {
            "app": Column("the operator's word for the app", Readers.APP),
            "key_sha256": Column("recognises the app's key, which is not stored"),
            "disabled": Column("whether the key is worth nothing"),
            "made": Column("when the operator made it"),
        },
        Explained.OPERATOR,
    ),
    "enrolments": Table(
        "tokens with which a new account may be made, once each",
        Readers.NOBODY,
        Retention.STAYS,
        ("token_sha256",),
        {
            "token_sha256": Column("recognises the token, which is not stored"),
            "app": Column("the app that issued it; an app is told how many it issued and how many were used"),
            "expires": Column("until when it can be used"),
            "account": Column("the account that was made with it"),
        },
        Explained.OPERATOR,
    ),
    "accounts": Table(
        "which accounts there are",
        Readers.ACQUAINTED,
        Retention.STAYS,
        ("account",),
        {
            "account": Column("hash of the person's first sign key"),
            "made": Column("when the account was made", Readers.NOBODY),
        },
    ),
    "keys": Table(
        "public keys of each generation",
        Readers.ACQUAINTED,
        Retention.STAYS,
        ("account", "generation"),
        {
            "account": Column("whose keys"),
            "generation": Column("1, 2, ... for each change of keys"),
            "statement": statement_column(),
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
        ("account",),
        {
            "account": Column("whose keyring"),
            "sequence": Column("how often it was written"),
            "statement": statement_column(),
            "generation": Column("the generation of keys that signed it"),
            "blob": Column("seeds, salts, pins and people, sealed under the keyring key", explained=Explained.HASH),
        },
    ),
    "slots": Table(
        "ways to the keyring key: by passphrase, passphrase and kit, or recovery code",
        Readers.OWNER,
        Retention.REPLACED,
        ("account", "kind"),
        {
            "account": Column("whose slot"),
            "kind": Column("which of the three ways", Readers.ANYONE),
            "slot": Column(
                "parameters and salt, which anyone is served, and the sealed keyring key, which nobody else is",
                explained=Explained.HASH,
            ),
            "fetch_key": Column("id of the fetch key"),
            "fetch_public": Column("verifies who asks for the slot, before it is served"),
        },
    ),
    "challenges": Table(
        "challenges that a login answers, 60 seconds each",
        Readers.ANYONE,
        Retention.ENDED,
        ("challenge",),
        {
            "challenge": Column("what the login has to repeat"),
            "account": Column("for which account it was asked; such an account need not exist"),
            "expires": Column("until when it can be answered"),
        },
        Explained.PASSING,
    ),
    "tokens": Table(
        "login tokens, minutes each",
        Readers.NOBODY,
        Retention.ENDED,
        ("token_sha256",),
        {
            "token_sha256": Column("recognises the token, which is not stored"),
            "account": Column("who is logged in"),
            "scope": Column("person, or the keyring alone"),
            "slot": Column("which slot a token for the keyring reads"),
            "expires": Column("until when it is worth something"),
        },
        Explained.PASSING,
    ),
    "introductions": Table(
        "answers to invitations, served for 30 days",
        Readers.ADDRESSEE,
        Retention.STAYS,
        ("to_account", "statement"),
        {
            "to_account": Column("the inviter"),
            "statement": Column("id of the introduction"),
            "signer": Column("the invited"),
            "uid": Column("the id that the signer gave it: another statement under it is refused"),
            "payload": Column("what was signed: a mac under a secret that the server never sees"),
            "signature": Column("the signer's signature"),
            "made": Column("when it arrived", explained=Explained.ROW),
            "expires": Column("until when it is served", explained=Explained.ROW),
        },
        silent="a row that is gone: introductions end by themselves",
    ),
}
