"""Vectors of the story: statements, journals, blobs and seals as they belong together."""

from tests.vectors.spelling import Vector, spell_blob_context, spell_seal_context
from tests.vectors.story import Entry, Story
from vault.encoding import write_base64
from vault.protocol.blob import bucket_bytes
from vault.protocol.journal import JournalId, after_mark, salt_sha256, seen_mark
from vault.protocol.limits import ZERO32
from vault.protocol.vocabulary import StatementType

LENGTHS = (
    *(1, 2, 100, 4_095, 4_096, 4_097, 8_192, 8_193, 16_385, 32_768, 32_769, 65_535, 65_536, 65_537, 67_584, 67_585),
    *(70_001, 100_000, 131_071, 131_072, 131_073, 200_000, 262_143, 262_144, 262_145, 1_000_000, 10**9, 2**40 + 1),
)


def build_statements(story: Story) -> Vector:
    """Each statement: its envelope, what was signed, by which keys, and its id."""
    entries = [entry for entries in story.journals.values() for entry in entries] + story.unjournaled
    assert {entry.statement.body.TYPE for entry in entries} == set(StatementType)
    return {"statements": [_statement(entry) for entry in entries]}


def _statement(entry: Entry) -> Vector:
    envelope, body = entry.statement.envelope, entry.statement.body
    return {
        "name": entry.name,
        "type": body.TYPE,
        "signer": entry.signer,
        "publics": [write_base64(public) for public in entry.publics],
        "payload": envelope.payload.decode("ascii"),
        "signed_bytes": envelope.signed_bytes.decode("ascii"),
        "envelope": envelope.to_json(body.key),
        "id": entry.statement.id.hex(),
    }


def build_journals(story: Story) -> Vector:
    """Each journal with its salt, its entries' heads, and the marks that the entries' signers wrote."""
    return {
        "journals": [_journal(journal, story.salts[journal], entries) for journal, entries in story.journals.items()],
    }


def _journal(journal: JournalId, salt: bytes, entries: list[Entry]) -> Vector:
    return {
        "kind": journal.kind,
        "subject": journal.subject.hex(),
        "subject32": journal.subject32.hex(),
        "salt": salt.hex(),
        "salt_sha256": salt_sha256(salt).hex(),
        "start": {
            "seen": seen_mark(salt, 0, ZERO32).hex(),
            "after_with_salt": after_mark(salt, None).hex(),
            "after_without_salt": after_mark(None, None).hex(),
        },
        "entries": [
            {
                "seq": entry.position.seq,
                "time": entry.position.time,
                "name": entry.name,
                "statement": entry.statement.id.hex(),
                "head": entry.position.head.hex(),
                "seen": seen_mark(salt, entry.position.seq, entry.position.head).hex(),
                "after_with_salt": after_mark(salt, entry.statement.id).hex(),
            }
            for entry in entries
        ],
    }


def build_padding() -> Vector:
    """The bucket of each length, and lengths that are no bucket."""
    return {
        "buckets": [{"length": length, "bucket": bucket_bytes(length)} for length in LENGTHS],
        "not_buckets": [0, 1, 4_095, 4_097, 8_191, 12_288, 65_537, 67_583, 67_585, 262_145],
    }


def build_blobs(story: Story) -> Vector:
    """Each blob beside its statement's name, content key, header and body."""
    return {
        "blobs": [
            {
                "statement": name,
                "context": spell_blob_context(one.context),
                "content_key": one.content_key.hex(),
                "salt": one.salt.hex(),
                "header": one.header.to_bytes().decode("utf-8"),
                "body": write_base64(one.body),
                "blob": write_base64(one.blob),
            }
            for name, one in story.blobs.items()
        ]
    }


def build_seals(story: Story) -> Vector:
    """Each seal beside its statement, recipient and context; `ekm` is null where the SDK made it."""
    return {
        "seals": [
            {
                "statement": one.statement,
                "blob_of": one.blob,
                "recipient": one.recipient,
                "context": spell_seal_context(one.context),
                "content_key": one.content_key.hex(),
                "ekm": None if one.ekm is None else one.ekm.hex(),
                "seal": write_base64(one.seal),
            }
            for one in story.seals
        ]
    }
