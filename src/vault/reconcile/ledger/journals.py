"""Journals, their statements and the transparency log: what each column is for."""

from collections.abc import Mapping

from vault.reconcile.ledger.declaring import Column, Explained, Readers, Retention, Table

JOURNALS: Mapping[str, Table] = {
    "journals": Table(
        "where each journal stands",
        Readers.JOURNAL,
        Retention.STAYS,
        ("kind", "subject"),
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
        ("kind", "subject", "seq"),
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
    "leaves": Table(
        "the transparency log: one leaf for each entry of each journal, in the order in which they were written",
        Readers.JOURNAL,
        Retention.STAYS,
        ("kind", "subject", "seq"),
        {
            "leaf": Column("place in the log, from 0", explained=Explained.LOG),
            "kind": Column("which kind of journal"),
            "subject": Column("whose or which journal"),
            "seq": Column("place in that journal"),
            "entry": Column("tag and commitment, blinded by the journal's salt", Readers.WORLD),
            "receipt": Column(
                "the proof that the entry is in the log, as it was first answered",
                Readers.SERVED,
                explained=Explained.LOG,
            ),
        },
    ),
    "tiles": Table(
        "the inner hashes of the log's tree",
        Readers.WORLD,
        Retention.STAYS,
        ("level", "number"),
        {
            "level": Column("level of the tile"),
            "number": Column("place within the level, from 0"),
            "hash": Column("hash of a complete subtree"),
        },
        Explained.LOG,
    ),
    "tlog": Table(
        "where the log stands",
        Readers.WORLD,
        Retention.NEXT,
        ("id",),
        {
            "id": Column("always 1: there is one row", Readers.NOBODY),
            "frontier": Column("the hashes on the right edge of the tree"),
            "checkpoint": Column("size and root, signed by the log"),
        },
        Explained.LOG,
    ),
}
