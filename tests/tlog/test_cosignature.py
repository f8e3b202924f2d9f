"""Cosignatures: the examples of C2SP tlog-cosignature and tlog-witness, exact bytes, and words that do not hold."""

import pytest

from tests.tlog.examples import CHECKPOINT, CHECKPOINT_TEXT, COSIGNATURE, COSIGNED_BYTES, WITNESS_ANSWER
from tests.tlog.signers import ORIGIN, TIME, cosignature, log_key, seed, signed_checkpoint, witness_key
from vault import ed25519
from vault.errors import SignatureError
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.cosignature import cosign, cosigned_bytes, verified_times
from vault.tlog.errors import NoteError
from vault.tlog.signed_note import NoteSignature, SignatureType, VerifierKey, parse_signatures, print_signatures

W1 = "witness.example/w1"


def test_the_example_is_read_and_printed_as_it_stands() -> None:
    signature = NoteSignature.parse(COSIGNATURE)
    assert signature.to_text() == COSIGNATURE
    assert (signature.name, len(signature.signature)) == ("witness.example.com/w1", 72)
    time = int.from_bytes(signature.signature[:8], "big")
    assert time == 1_679_315_147
    assert cosigned_bytes(CHECKPOINT_TEXT, time) == COSIGNED_BYTES


def test_a_witness_answer_is_read_and_put_under_the_checkpoint() -> None:
    signatures = parse_signatures(WITNESS_ANSWER)
    assert print_signatures(signatures) == WITNESS_ANSWER
    assert [one.name for one in signatures] == ["witness.example/w1", "witness.example/w1", "witness.example/w2"]
    signed = SignedCheckpoint.parse(CHECKPOINT).with_signatures(*signatures)
    assert signed.to_bytes() == CHECKPOINT + WITNESS_ANSWER.encode()
    assert SignedCheckpoint.parse(signed.to_bytes()) == signed


def test_a_cosignature_is_these_bytes() -> None:
    signed = signed_checkpoint()
    signature = cosignature(signed, W1)
    assert (signature.name, signature.key_id) == (W1, witness_key(W1).id)
    assert signature.signature[:8] == (1_800_000_000).to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1800000000\n" + signed.checkpoint.to_text().encode()
    ed25519.verify(witness_key(W1).public, message, signature.signature[8:])
    assert VerifierKey.parse(witness_key(W1).to_text()) == witness_key(W1)
    with pytest.raises(NoteError):
        cosign(signed, "two words", seed(W1), TIME)


def test_a_witness_is_heard_at_each_time_it_cosigned() -> None:
    signed = signed_checkpoint()
    assert verified_times(signed, witness_key(W1)) == ()
    twice = signed.with_signatures(
        cosignature(signed, W1, TIME + 5), cosignature(signed, W1), cosignature(signed, "w2")
    )
    assert verified_times(twice, witness_key(W1)) == (TIME, TIME + 5)
    assert verified_times(twice, witness_key("w2")) == (TIME,)
    assert twice.verify([log_key()]) == signed.checkpoint


def test_a_cosignature_of_another_checkpoint_condemns_this_one() -> None:
    signed = signed_checkpoint()
    for other in (signed_checkpoint(size=6), signed_checkpoint(bytes(32)), signed_checkpoint(origin="other.example")):
        with pytest.raises(SignatureError):
            verified_times(signed.with_signatures(cosignature(other, W1)), witness_key(W1))


def test_the_time_is_signed() -> None:
    signed = signed_checkpoint()
    signature = cosignature(signed, W1)
    for time in (TIME + 1, 0, 2**63, 2**64 - 1):
        moved = NoteSignature(W1, signature.key_id, time.to_bytes(8, "big") + signature.signature[8:])
        with pytest.raises(SignatureError):
            verified_times(signed.with_signatures(moved), witness_key(W1))


@pytest.mark.parametrize("time", [0, 2**63])
def test_a_time_that_cannot_be_is_refused_even_when_signed(time: int) -> None:
    signed = signed_checkpoint()
    with pytest.raises(SignatureError):
        verified_times(signed.with_signatures(cosignature(signed, W1, time)), witness_key(W1))


def test_the_latest_time_that_can_be_is_accepted() -> None:
    signed = signed_checkpoint()
    latest = signed.with_signatures(cosignature(signed, W1, 2**63 - 1), cosignature(signed, W1, 1))
    assert verified_times(latest, witness_key(W1)) == (1, 2**63 - 1)


@pytest.mark.parametrize("keep", [slice(0, 1), slice(0, 8), slice(0, 71), slice(8, 72)])
def test_a_cut_cosignature_is_refused(keep: slice) -> None:
    signed = signed_checkpoint()
    signature = cosignature(signed, W1)
    cut = NoteSignature(W1, signature.key_id, signature.signature[keep])
    with pytest.raises(SignatureError):
        verified_times(signed.with_signatures(cut), witness_key(W1))


def test_a_plain_signature_is_no_cosignature_and_a_cosignature_no_signature_of_a_log() -> None:
    signed = signed_checkpoint()
    with pytest.raises(SignatureError):
        verified_times(signed, log_key())
    plain = VerifierKey(ORIGIN, SignatureType.COSIGNATURE, log_key().public)
    assert verified_times(signed, plain) == ()
    under_the_logs_id = NoteSignature(ORIGIN, log_key().id, cosign(signed, ORIGIN, seed(ORIGIN), TIME).signature)
    with pytest.raises(SignatureError):
        SignedCheckpoint(signed.checkpoint, (under_the_logs_id,)).verify([log_key()])
    only_cosigned = SignedCheckpoint(signed.checkpoint, (cosign(signed, ORIGIN, seed(ORIGIN), TIME),))
    with pytest.raises(SignatureError):
        only_cosigned.verify([log_key()])


def test_a_checkpoint_cannot_be_made_to_read_as_a_cosigned_one() -> None:
    with pytest.raises(Exception, match="expected three lines"):
        Checkpoint.parse(cosigned_bytes(CHECKPOINT_TEXT, TIME).decode())
