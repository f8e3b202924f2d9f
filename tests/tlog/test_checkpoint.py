"""Checkpoints: the example of C2SP tlog-checkpoint byte for byte, and everything that is not quite one."""

import pytest

from tests.tlog.examples import CHECKPOINT, CHECKPOINT_TEXT
from tests.tlog.signers import ORIGIN, log_key, note_signature, seed, signed_checkpoint, witness_key
from vault import ed25519
from vault.errors import SignatureError
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from vault.tlog.errors import CheckpointError, NoteError
from vault.tlog.hashing import EMPTY_ROOT
from vault.tlog.signed_note import SignatureType, VerifierKey

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_example_is_read_and_printed_as_it_stands() -> None:
    signed = SignedCheckpoint.parse(CHECKPOINT)
    assert (signed.checkpoint.origin, signed.checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert signed.checkpoint.to_text() == signed.note.text == CHECKPOINT_TEXT
    assert signed.to_bytes() == CHECKPOINT


def test_a_checkpoint_is_these_bytes() -> None:
    signed = signed_checkpoint(bytes(32), 10)
    assert signed.checkpoint.to_text() == f"vault.example/log\n10\n{'A' * 43}=\n"
    (signature,) = signed.signatures
    assert signature.name == ORIGIN
    ed25519.verify(log_key().public, signed.checkpoint.to_text().encode(), signature.signature)
    assert SignedCheckpoint.parse(signed.to_bytes()) == signed


def test_a_checkpoint_is_that_of_the_log_whose_name_is_its_origin() -> None:
    signed = signed_checkpoint()
    assert signed.verify([log_key("other.example"), log_key()]) == signed.checkpoint
    same_key_other_name = VerifierKey("other.example", SignatureType.ED25519, log_key().public)
    for keys in ([], [log_key("other.example")], [same_key_other_name], [witness_key(ORIGIN)]):
        with pytest.raises(SignatureError):
            signed.verify(keys)


def test_a_log_that_changes_its_key_is_believed_under_both() -> None:
    new = VerifierKey(ORIGIN, SignatureType.ED25519, ed25519.public_key(seed("new")))
    signed = signed_checkpoint()
    assert signed.verify([log_key(), new]) == signed.checkpoint
    both = signed.with_signatures(note_signature(signed.checkpoint.to_text(), ORIGIN, seed("new")))
    assert both.verify([new]) == both.verify([log_key()]) == both.verify([log_key(), new])


def test_another_logs_signature_makes_no_checkpoint() -> None:
    checkpoint = signed_checkpoint().checkpoint
    foreign = SignedCheckpoint(
        checkpoint, (note_signature(checkpoint.to_text(), "other.example", seed("other.example")),)
    )
    with pytest.raises(SignatureError):
        foreign.verify([log_key(), log_key("other.example")])


def test_a_checkpoint_of_another_size_or_root_is_not_what_was_signed() -> None:
    signed = signed_checkpoint()
    for other in (Checkpoint(ORIGIN, 4, b"r" * 32), Checkpoint(ORIGIN, 6, b"r" * 32), Checkpoint(ORIGIN, 5, bytes(32))):
        with pytest.raises(SignatureError):
            SignedCheckpoint(other, signed.signatures).verify([log_key()])


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "\n\n\n", f"{ORIGIN}\n5\n{ROOT}", f"{ORIGIN}\n5\n", f"{ORIGIN}\n5\n\n", f"\n5\n{ROOT}\n"),
        *(f"{ORIGIN}\n5\n{ROOT}\nextension\n", f"{ORIGIN}\n5\n{ROOT}\n\n", f"{ORIGIN}\n5\n{ROOT} \n"),
        *(f"{ORIGIN}\n05\n{ROOT}\n", f"{ORIGIN}\n+5\n{ROOT}\n", f"{ORIGIN}\n-5\n{ROOT}\n", f"{ORIGIN}\n 5\n{ROOT}\n"),
        *(f"{ORIGIN}\n\n{ROOT}\n", f"{ORIGIN}\n5.0\n{ROOT}\n", f"{ORIGIN}\n0x5\n{ROOT}\n", f"{ORIGIN}\n1_0\n{ROOT}\n"),
        *(f"{ORIGIN}\n\u0665\n{ROOT}\n", f"{ORIGIN}\n9007199254740992\n{ROOT}\n", f"{ORIGIN}\n0\n{ROOT}\n"),
        *(f"{ORIGIN}\n5\n{ROOT[:-1]}\n", f"{ORIGIN}\n5\n{ROOT[:-2]}J=\n", f"{ORIGIN}\n5\n{'A' * 44}\n"),
        *(f"{ORIGIN}\n5\n{ROOT.replace('/', '_')}\n", f"a b\n5\n{ROOT}\n", f"a+b\n5\n{ROOT}\n"),
        *(f"{ORIGIN}\r\n5\n{ROOT}\n", f"{ORIGIN}\n5\r\n{ROOT}\n"),
    ],
)
def test_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint.parse(text)


def test_a_checkpoint_is_a_note_first() -> None:
    for raw in (b"", CHECKPOINT_TEXT.encode(), CHECKPOINT[:-1]):
        with pytest.raises(NoteError):
            SignedCheckpoint.parse(raw)


def test_the_empty_tree_has_one_root() -> None:
    text = Checkpoint(ORIGIN, 0, EMPTY_ROOT).to_text()
    assert text == f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert Checkpoint.parse(text).size == 0
    for size, root in ((0, bytes(32)), (-1, EMPTY_ROOT), (2**53, bytes(32)), (1, bytes(31)), (1, b"")):
        with pytest.raises(CheckpointError):
            Checkpoint(ORIGIN, size, root)


def test_the_largest_tree_has_2_to_the_53_less_one_leaves() -> None:
    text = Checkpoint(ORIGIN, 2**53 - 1, bytes(32)).to_text()
    assert Checkpoint.parse(text).size == 9_007_199_254_740_991


def test_a_log_signs_only_what_it_can_sign_under_its_name() -> None:
    with pytest.raises(CheckpointError):
        sign_checkpoint(Checkpoint("two words", 1, bytes(32)), seed(ORIGIN))
