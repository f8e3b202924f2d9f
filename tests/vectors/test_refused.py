"""Every negative vector is refused, with the error that it names."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.vectors.people import COACH, person
from tests.vectors.reading import raw, read_vectors
from tests.vectors.test_vectors import open_vector
from vault import ed25519, errors
from vault.client import errors as client_errors
from vault.client.crypto.content import open_content, require_blob_hash
from vault.client.crypto.identity import SecretKeys
from vault.client.crypto.opening import open_content_key, require_seal_hash
from vault.client.crypto.slots import open_slot, read_slot_header
from vault.client.crypto.state import open_state
from vault.client.device.codes import Prefix, read_code
from vault.client.device.keyring import open_keyring
from vault.protocol.blob import BlobContext, is_bucket
from vault.protocol.envelope import Envelope
from vault.protocol.keys import require_valid_seal_key
from vault.protocol.limits import ZERO32
from vault.protocol.seal import SealContext
from vault.protocol.statements import BlobRef, SealRef
from vault.protocol.vocabulary import BlobKind, SealPurpose, StatementType
from vault.tlog import errors as tlog_errors
from vault.tlog.consistency import verify_consistency
from vault.tlog.cosignature import verified_times
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof
from vault.tlog.signed_note import VerifierKey

Vector = dict[str, Any]


def refused(name: str, key: str = "refused") -> pytest.MarkDecorator:
    """One test for each vector of a list."""
    return pytest.mark.parametrize("vector", read_vectors(name)[key], ids=lambda one: str(one["name"]))


def expect(vector: Vector, act: Callable[[], object]) -> None:
    """Run `act`, which must raise exactly the error that the vector names."""
    name = vector["error"]
    expected = getattr(client_errors, name, None) or getattr(tlog_errors, name, None) or getattr(errors, name)
    with pytest.raises(errors.VaultError) as caught:
        act()
    assert caught.type is expected


def blob_context_of(vector: Vector) -> BlobContext:
    names = ("engagement", "contract", "item", "author", "previous")
    return BlobContext(
        kind=BlobKind(vector["kind"]),
        version=vector["version"],
        **{name: bytes.fromhex(vector[name]) for name in names},
    )


@refused("payloads")
def test_a_hostile_payload(vector: Vector) -> None:
    envelope = Envelope(StatementType(vector["type"]), raw(vector["payload"]), (raw(vector["sig"]),))
    envelope.verify(person(COACH).keys.sign_public)
    expect(vector, envelope.body)


def test_there_are_enough_hostile_payloads() -> None:
    assert len(read_vectors("payloads")["refused"]) >= 80


@refused("payloads", "refused_envelopes")
def test_a_hostile_envelope(vector: Vector) -> None:
    expect(vector, lambda: Envelope.parse(raw(vector["envelope"])))


@refused("signatures")
def test_a_signature(vector: Vector) -> None:
    message = bytes.fromhex(vector["message"])
    expect(vector, lambda: ed25519.verify(raw(vector["public"]), message, raw(vector["sig"])))


@refused("keys")
def test_a_public_key(vector: Vector) -> None:
    check = ed25519.require_valid_point if vector["algorithm"] == 1 else require_valid_seal_key
    expect(vector, lambda: check(raw(vector["public"])))


@refused("codes")
def test_a_code(vector: Vector) -> None:
    expect(vector, lambda: read_code(vector["text"], Prefix(vector["prefix"])))


def test_lengths_that_are_no_bucket() -> None:
    assert [length for length in read_vectors("padding")["not_buckets"] if is_bucket(length)] == []


@refused("blobs")
def test_a_blob(vector: Vector) -> None:
    context = blob_context_of(vector["context"])
    expect(vector, lambda: open_content(context, bytes.fromhex(vector["content_key"]), raw(vector["blob"])))


@refused("blobs", "refused_by_hash")
def test_a_blob_by_its_hash(vector: Vector) -> None:
    ref = BlobRef(sha256=vector["sha256"], size=vector["size"])
    expect(vector, lambda: require_blob_hash(ref, raw(vector["blob"])))


@refused("seals")
def test_a_seal(vector: Vector) -> None:
    given = vector["context"]
    context = SealContext(
        purpose=SealPurpose(given["purpose"]),
        blob=blob_context_of(given["blob"]),
        **{name: bytes.fromhex(given[name]) for name in ("sender", "recipient", "recipient_key", "blob_sha256")},
    )
    keys = SecretKeys(bytes(32), bytes.fromhex(vector["seal_seed"]))
    expect(vector, lambda: open_content_key(raw(vector["seal"]), context, keys))


@refused("seals", "refused_by_hash")
def test_a_seal_by_its_hash(vector: Vector) -> None:
    ref = SealRef(account=ZERO32, key=bytes(16), sha256=vector["sha256"])
    expect(vector, lambda: require_seal_hash(ref, raw(vector["seal"])))


@refused("slots", "refused_headers")
def test_a_slot_header(vector: Vector) -> None:
    raw_header, account = bytes.fromhex(vector["header"]), bytes.fromhex(vector["account"])
    expect(vector, lambda: read_slot_header(raw_header, account, vector["kind"]))


@refused("slots")
def test_a_slot(vector: Vector) -> None:
    ikm, keyring_sha256 = bytes.fromhex(vector["ikm"]), bytes.fromhex(vector["keyring_sha256"])
    expect(vector, lambda: open_slot(raw(vector["slot"]), ikm, keyring_sha256))


@refused("keyrings")
def test_a_keyring(vector: Vector) -> None:
    account, key = bytes.fromhex(vector["account"]), bytes.fromhex(vector["keyring_key"])
    expect(vector, lambda: open_keyring(raw(vector["keyring"]), account, vector["sequence"], key))


@refused("keyrings", "refused_states")
def test_a_state_file(vector: Vector) -> None:
    account, key = bytes.fromhex(vector["account"]), bytes.fromhex(vector["keyring_key"])
    expect(vector, lambda: open_state(key, account, raw(vector["state"])))


@refused("attachments")
def test_an_attachment(vector: Vector) -> None:
    whole = next(one for one in read_vectors("attachments")["attachments"] if one["name"] == "three chunks")
    stored = bytearray(raw(whole["stored"]))
    if vector["flip_lowest_bit_at"] is not None:
        stored[vector["flip_lowest_bit_at"]] ^= 1
    pieces = b"".join(bytes(stored[start:end]) for start, end in vector["pieces"])
    expect(vector, lambda: open_vector(vector, pieces))


def verify_receipt(vectors: Vector, text: str, entry: bytes) -> tuple[int, ...]:
    """Verify a receipt as a client does, witness included; the times at which the witness cosigned."""
    proof = TlogProof.parse(text.encode())
    proof.verify(leaf_hash(entry), [VerifierKey.parse(vectors["log_key"])])
    return verified_times(proof.signed, VerifierKey.parse(vectors["witness_key"]))


def verify_growth(vectors: Vector, vector: Vector) -> None:
    """Verify a consistency proof between two of the vectors' trees."""
    roots = {one["size"]: bytes.fromhex(one["root"]) for one in vectors["trees"]}
    old, new = vector["old"], vector["new"]
    verify_consistency(old, roots[old], new, roots[new], [bytes.fromhex(one) for one in vector["proof"]])


@refused("receipts")
def test_a_receipt(vector: Vector) -> None:
    expect(vector, lambda: verify_receipt(read_vectors("receipts"), vector["text"], bytes.fromhex(vector["entry"])))


@refused("receipts", "refused_consistency")
def test_a_consistency_proof(vector: Vector) -> None:
    expect(vector, lambda: verify_growth(read_vectors("receipts"), vector))


@pytest.mark.parametrize("vector", read_vectors("receipts")["receipts"], ids=lambda one: str(one["name"]))
def test_a_good_receipt_is_not_refused(vector: Vector) -> None:
    times = verify_receipt(read_vectors("receipts"), vector["text"], bytes.fromhex(vector["entry"]))
    assert list(times) == vector["cosigned"]


@pytest.mark.parametrize("vector", read_vectors("receipts")["consistency"], ids=lambda one: str(one["name"]))
def test_a_good_consistency_proof_is_not_refused(vector: Vector) -> None:
    verify_growth(read_vectors("receipts"), vector)
