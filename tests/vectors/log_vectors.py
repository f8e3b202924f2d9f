"""Vectors of the transparency log: the story's leaves, the trees that they make, and receipts, good and bad."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.support.authoring import AUDIENCE
from tests.tlog.signers import note_signature
from tests.vectors.chance import chance
from tests.vectors.spelling import Vector
from tests.vectors.story import Entry, Story
from vault import ed25519
from vault.encoding import write_base64
from vault.protocol.journal import JournalId
from vault.protocol.leaf import served_leaf
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from vault.tlog.consistency import consistency_ranges
from vault.tlog.cosignature import cosign
from vault.tlog.frontier import EMPTY, Appended
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof
from vault.tlog.signed_note import NoteSignature, SignatureType, VerifierKey
from vault.tlog.subtrees import range_hash

LOG_SEED = chance("log", 32)
LOG_KEY = VerifierKey(AUDIENCE, SignatureType.ED25519, ed25519.public_key(LOG_SEED))
WITNESS = "witness.example/one"
WITNESS_SEED = chance("witness", 32)
WITNESS_DELAY_SECONDS = 3


def _logged(story: Story) -> list[tuple[JournalId, bytes, Entry]]:
    """Every entry with its journal and salt, in the order of its time, which is that of the log."""
    entries = [
        (journal, story.salts[journal], entry) for journal, entries in story.journals.items() for entry in entries
    ]
    return sorted(entries, key=lambda one: one[2].position.time)


def build_leaves(story: Story) -> Vector:
    """Each journal entry's leaf in the order of the log, with the parts that a sponsor or contact is given of it."""
    return {"leaves": [_leaf(index, *one) for index, one in enumerate(_logged(story))]}


def _leaf(index: int, journal: JournalId, salt: bytes, entry: Entry) -> Vector:
    leaf = served_leaf(journal, salt, entry.position)
    raw = leaf.entry(entry.statement.id)
    return {
        "name": entry.name,
        "kind": journal.kind,
        "subject": journal.subject.hex(),
        "salt": salt.hex(),
        "seq": entry.position.seq,
        "time": entry.position.time,
        "head": entry.position.head.hex(),
        "statement": entry.statement.id.hex(),
        "tag": leaf.tag.hex(),
        "statement_blind": leaf.statement_blind.hex(),
        "b": leaf.head_half.hex(),
        "index": index,
        "entry": raw.hex(),
        "leaf_hash": leaf_hash(raw).hex(),
    }


def _entries(story: Story) -> list[bytes]:
    return [
        served_leaf(journal, salt, entry.position).entry(entry.statement.id) for journal, salt, entry in _logged(story)
    ]


def build_receipts(story: Story) -> Vector:
    """The roots of all trees, receipts of some entries, proofs between trees, and what is refused of both."""
    entries = _entries(story)
    hashes = [leaf_hash(entry) for entry in entries]
    whole = EMPTY.append(hashes)
    size = len(entries)
    time = _logged(story)[-1][2].position.time + WITNESS_DELAY_SECONDS
    signed = _signed(whole)
    cosigned = signed.with_signatures(cosign(signed, WITNESS, WITNESS_SEED, time))
    receipts = [("first", 0, signed), ("in the middle", size // 2, cosigned), ("last", size - 1, cosigned)]
    only = EMPTY.append(hashes[:1])
    proofs = {name: TlogProof(index, whole.inclusion_proof(index), one) for name, index, one in receipts}
    proofs["alone"] = TlogProof(0, (), _signed(only))
    return {
        "origin": AUDIENCE,
        "log_seed": LOG_SEED.hex(),
        "log_key": LOG_KEY.to_text(),
        "witness_seed": WITNESS_SEED.hex(),
        "witness_key": VerifierKey(WITNESS, SignatureType.COSIGNATURE, ed25519.public_key(WITNESS_SEED)).to_text(),
        "trees": [
            {"size": count, "root": EMPTY.append(hashes[:count]).frontier.root.hex()} for count in range(size + 1)
        ],
        "receipts": [
            {
                "name": name,
                "index": proof.index,
                "size": proof.signed.checkpoint.size,
                "entry": entries[proof.index].hex(),
                "cosigned": [time] if len(proof.signed.signatures) > 1 else [],
                "text": proof.to_bytes().decode(),
            }
            for name, proof in proofs.items()
        ],
        "consistency": [_consistency(whole, old) for old in sorted({0, 1, 2, 3, size // 2, size & ~7, size - 1, size})],
        "refused": [
            {"name": name, "entry": entries[index].hex(), "text": text, "error": error}
            for name, index, text, error in _refused(proofs["in the middle"], time)
        ],
        "refused_consistency": list(_refused_consistency(whole)),
    }


def empty_checkpoint() -> SignedCheckpoint:
    """What the log signs before its first entry."""
    return sign_checkpoint(Checkpoint(AUDIENCE, EMPTY.size, EMPTY.root), LOG_SEED)


def _signed(appended: Appended) -> SignedCheckpoint:
    return sign_checkpoint(Checkpoint(AUDIENCE, appended.frontier.size, appended.frontier.root), LOG_SEED)


def _consistency(whole: Appended, old: int) -> Vector:
    ranges = consistency_ranges(old, whole.frontier.size)
    hashes = [range_hash(part, whole.known.__getitem__) for part in ranges]
    return {"name": f"from {old}", "old": old, "new": whole.frontier.size, "proof": [one.hex() for one in hashes]}


def _refused(good: TlogProof, time: int) -> Iterator[tuple[str, int, str, str]]:
    """(name, index of the entry that is asked about, text, error) of receipts that are a little wrong."""
    index, hashes, signed = good.index, good.hashes, good.signed
    by_log, by_witness = signed.signatures
    text = good.to_bytes().decode()
    body = signed.checkpoint.to_text()
    lines = body.split("\n")
    flipped = bytes([hashes[0][0] ^ 1]) + hashes[0][1:]

    def moved(**changes: Any) -> str:
        return replace(good, **changes).to_bytes().decode()

    def noted(other: str, *signatures: NoteSignature) -> str:
        """The receipt with a note of this text, signed by the log as it stands, under its hashes."""
        under = [note_signature(other, AUDIENCE, LOG_SEED), *signatures]
        return text.partition("\n\n")[0] + f"\n\n{other}\n" + "".join(f"{one.to_text()}\n" for one in under)

    def with_signatures(*signatures: NoteSignature) -> str:
        return moved(signed=SignedCheckpoint(signed.checkpoint, signatures))

    yield "entry beside it", index + 1, text, "InclusionError"
    yield "next index", index, moved(index=index + 1), "InclusionError"
    yield "without its first hash", index, moved(hashes=hashes[1:]), "InclusionError"
    yield "without its last hash", index, moved(hashes=hashes[:-1]), "InclusionError"
    yield "one hash more", index, moved(hashes=(*hashes, hashes[0])), "InclusionError"
    yield "two hashes swapped", index, moved(hashes=(hashes[1], hashes[0], *hashes[2:])), "InclusionError"
    yield "one bit of a hash flipped", index, moved(hashes=(flipped, *hashes[1:])), "InclusionError"
    yield "index is the size", index, text.replace(f"index {index}\n", f"index {lines[1]}\n"), "TlogProofError"
    yield "index with a zero before it", index, text.replace("index ", "index 0", 1), "TlogProofError"
    yield "index with a space before it", index, text.replace("index ", "index  ", 1), "TlogProofError"
    yield "extra line", index, text.replace("index ", "extra AAAA\nindex ", 1), "TlogProofError"
    yield "another version", index, text.replace("@v1", "@v2", 1), "TlogProofError"
    yield "carriage return in the head", index, text.replace("\n", "\r\n", 1), "TlogProofError"
    hash_text = write_base64(hashes[0])
    yield "hash without padding", index, text.replace(hash_text, hash_text[:-1], 1), "TlogProofError"
    yield "hash of 31 bytes", index, text.replace(hash_text, write_base64(hashes[0][:-1]), 1), "TlogProofError"
    yield "extension line", index, noted(f"{body}extension\n"), "CheckpointError"
    yield "size with a zero before it", index, noted(body.replace("\n", "\n0", 1)), "CheckpointError"
    yield "size past 2^53-1", index, noted(body.replace(f"\n{lines[1]}\n", f"\n{2**53}\n")), "CheckpointError"
    yield "root of 31 bytes", index, noted(body.replace(lines[2], write_base64(bytes(31)))), "CheckpointError"
    yield (
        "root with bits behind its end",
        index,
        noted(f"{body[:-3]}{_with_a_spare_bit(body[-3])}=\n"),
        "CheckpointError",
    )
    yield "root is missing", index, noted("\n".join([*lines[:2], ""])), "CheckpointError"
    yield "no newline at the end", index, text[:-1], "NoteError"
    yield "line behind the signatures", index, f"{text}more\n", "NoteError"
    yield "hyphen for a dash", index, text.replace("\u2014", "-"), "NoteError"
    yield "carriage return in the note", index, text.replace(f"\n{lines[1]}\n", f"\r\n{lines[1]}\n"), "NoteError"
    yield "no signature", index, text.partition("\u2014")[0], "NoteError"
    yield "signature is only a key id", index, with_signatures(replace(by_log, signature=b"")), "NoteError"
    yield "a witness signed and no log", index, with_signatures(by_witness), "SignatureError"
    stranger = note_signature(body, AUDIENCE, WITNESS_SEED)
    yield "another key under the log's name", index, with_signatures(stranger), "SignatureError"
    posing = replace(stranger, key_id=by_log.key_id)
    yield "another key under the log's name and id", index, with_signatures(posing), "SignatureError"
    yield "a wrong signature beside the right one", index, with_signatures(by_log, posing), "SignatureError"
    renamed = replace(by_log, name="other.example/log")
    yield "the log's key under another name", index, with_signatures(renamed), "SignatureError"
    other = sign_checkpoint(replace(signed.checkpoint, origin="other.example/log"), LOG_SEED)
    yield "the checkpoint of another log", index, moved(signed=other), "SignatureError"
    grown = replace(signed.checkpoint, size=signed.checkpoint.size + 1)
    yield "another size than was signed", index, moved(signed=replace(signed, checkpoint=grown)), "SignatureError"
    later = (time + 1).to_bytes(8, "big")
    postdated = replace(by_witness, signature=later + by_witness.signature[8:])
    yield "the witness's time changed", index, with_signatures(by_log, postdated), "SignatureError"
    timeless = cosign(signed, WITNESS, WITNESS_SEED, 0)
    yield "a witness without a time", index, with_signatures(by_log, timeless), "SignatureError"


def _with_a_spare_bit(last: str) -> str:
    """The base64 digit after `last`: of the last digit's six bits, two belong to no byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(last) + 1]


def _refused_consistency(whole: Appended) -> Iterator[Vector]:
    size = whole.frontier.size
    good = _consistency(whole, size // 2)
    proof: list[str] = good["proof"]
    changed = f"{int(proof[0], 16) ^ 1:064x}"
    yield from (
        {**good, "name": name, "proof": other, "error": "ConsistencyError"}
        for name, other in (
            ("without its first hash", proof[1:]),
            ("without its last hash", proof[:-1]),
            ("one hash more", [*proof, proof[0]]),
            ("two hashes swapped", [proof[1], proof[0], *proof[2:]]),
            ("one bit of a hash flipped", [changed, *proof[1:]]),
            ("no hashes", []),
        )
    )
    for name, old, new, other in (
        ("from a tree that is larger", size, size - 1, proof),
        ("from the empty tree with hashes", 0, size, proof),
        ("to the same tree with hashes", size, size, proof),
        ("from the tree before", size // 2 - 1, size, proof),
    ):
        yield {"name": name, "old": old, "new": new, "proof": other, "error": "ConsistencyError"}
