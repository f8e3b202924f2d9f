"""docs/data.md, made from the ledger and the tables."""

from vault.reconcile.ledger import LEDGER
from vault.server.storage.catalogue import class_of
from vault.server.storage.columns import DataClass
from vault.server.storage.tables import metadata

SEALED = frozenset({DataClass.BLOB, DataClass.SEAL, DataClass.SLOT})
"""Classes whose values open for nobody who holds the database."""

_HEAD = """\
<!-- Made by scripts/data-page from src/vault/reconcile/ledger. Edit that folder. -->
# What the server stores

Every column of every table. A test compares this page with the ledger and with the catalogue of a migrated database: a
column that is not declared fails the build, and `coach-vault-server check` finds one in a database that runs.

**Class** says what a column can hold; CHECK constraints hold it to the sizes, words and magics of that class, so that a
text written by mistake is refused. They cannot tell sealed bytes from others behind the same magic. There is no class
for free text: the one text that an operator chooses is the name of an app, of lower-case letters, digits and hyphens.

**Visibility** is *sealed* where whoever holds the whole database still cannot read the value, *public* where the
operator can. **Served to** is who gets the value over the API. The operator, a thief of the database and whoever takes
a backup have every public value, and length and place of the sealed ones. **Explained by** is what a value follows
from: `coach-vault-server check` finds one that was changed, and prints the list of what it cannot find.

Not in any table: names, e-mail addresses, titles, tags, file names, texts. They stand inside sealed blobs, or, like the
nicknames of people, in the keyring. Peers' network addresses are not stored either.

| class | holds |
| --- | --- |
"""

_CLASSES = {
    DataClass.ID: "16 or 32 bytes that name something: random, or a hash",
    DataClass.HASH: "SHA-256 or HMAC-SHA-256, 32 bytes",
    DataClass.SALT: "32 random bytes",
    DataClass.PUBLIC_KEY: "an Ed25519 key of 32 bytes or an X-Wing key of 1,216",
    DataClass.SIGNATURE: "an Ed25519 signature, 64 bytes",
    DataClass.SEAL: "a content key sealed to one person, 1,168 bytes",
    DataClass.BLOB: "sealed, padded bytes behind the magic `CVB1` or `CVR1`",
    DataClass.SLOT: "144 bytes behind the magic `CVK1`: parameters in clear, a sealed keyring key",
    DataClass.PAYLOAD: "JSON without white space or escapes, with the members of docs/protocol.md and no others",
    DataClass.WORD: "one word or number of a closed list",
    DataClass.COUNTER: "a whole number",
    DataClass.TIME: "Unix seconds",
    DataClass.TREE: "a size of 8 bytes, then SHA-256s of subtrees, 32 bytes each",
    DataClass.PROOF: "a checkpoint or a proof of the transparency log, as text: numbers, hashes, a signature",
    DataClass.SLUG: "the operator's word for an app, at most 40 characters",
}


def visibility(data_class: DataClass) -> str:
    """`sealed`, or `public` for what an operator can read: the word of `x-visibility` too."""
    return "sealed" if data_class in SEALED else "public"


def render_page() -> str:
    """The whole page as Markdown. Raises: KeyError for a column of `tables` that the ledger does not declare."""
    classes = "".join(f"| {name} | {_CLASSES[name]} |\n" for name in DataClass)
    return _HEAD + classes + "".join(_render_table(name) for name in ("alembic_version", *metadata.tables))


def _render_table(name: str) -> str:
    declared = LEDGER[name]
    table = metadata.tables.get(name)
    names = list(declared.columns) if table is None else [column.name for column in table.columns]
    rows = "".join(
        f"| `{column}` | {declared.columns[column].purpose} | {class_of(name, column)} |"
        f" {visibility(class_of(name, column))} | {declared.readers_of(column)} | {declared.explained_by(column)} |\n"
        for column in names
    )
    return (
        f"\n## {name}\n\n{declared.purpose[0].upper()}{declared.purpose[1:]}. Stays: {declared.retention}.\n\n"
        "| column | for | class | visibility | served to | explained by |\n"
        f"| --- | --- | --- | --- | --- | --- |\n{rows}"
    )
