"""Proofs that travel: the example of C2SP tlog-proof, exact bytes, and everything that is not quite one."""

import pytest

from tests.tlog.examples import PROOF_EXTRA, PROOF_HEAD
from tests.tlog.signers import cosignature, log_key, signed_checkpoint
from tests.tlog.trees import leaves, naive_inclusion, naive_root
from vault.encoding import write_base64
from vault.errors import SignatureError
from vault.tlog.errors import CheckpointError, InclusionError, NoteError, TlogError, TlogProofError
from vault.tlog.proof import TlogProof

LEAVES = leaves(7)
SIGNED = signed_checkpoint(naive_root(LEAVES), 7)
PROOF = TlogProof(4, tuple(naive_inclusion(4, LEAVES)), SIGNED)
RAW = PROOF.to_bytes()


def test_the_example_is_read_and_printed_as_it_stands_but_for_its_extra_line() -> None:
    line = cosignature(SIGNED, "witness1.example").to_text()
    raw = f"{PROOF_HEAD}{line}\n".encode()
    with pytest.raises(TlogProofError):
        TlogProof.parse(raw)
    without = raw.replace(PROOF_EXTRA.encode(), b"")
    proof = TlogProof.parse(without)
    assert (proof.index, len(proof.hashes), proof.signed.checkpoint.size) == (73_894, 5, 109_482)
    assert proof.to_bytes() == without


def test_a_proof_is_these_bytes() -> None:
    hashes = "".join(f"{write_base64(one)}\n" for one in naive_inclusion(4, LEAVES))
    assert f"c2sp.org/tlog-proof@v1\nindex 4\n{hashes}\n".encode() + SIGNED.to_bytes() == RAW
    assert TlogProof.parse(RAW) == PROOF
    assert PROOF.verify(LEAVES[4], [log_key()]) == SIGNED.checkpoint


def test_the_only_leaf_needs_no_hashes() -> None:
    signed = signed_checkpoint(LEAVES[0], 1)
    proof = TlogProof(0, (), signed)
    assert proof.to_bytes() == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + signed.to_bytes()
    assert TlogProof.parse(proof.to_bytes()).verify(LEAVES[0], [log_key()]).size == 1


def test_cosignatures_travel_with_the_proof() -> None:
    signed = SIGNED.with_signatures(cosignature(SIGNED, "w1"), cosignature(SIGNED, "w2"))
    proof = TlogProof(PROOF.index, PROOF.hashes, signed)
    assert TlogProof.parse(proof.to_bytes()) == proof
    assert proof.verify(LEAVES[4], [log_key()]) == SIGNED.checkpoint


def test_every_changed_byte_of_a_proof_is_noticed() -> None:
    for place in range(len(RAW)):
        changed = RAW[:place] + bytes([RAW[place] ^ 1]) + RAW[place + 1 :]
        with pytest.raises((TlogError, SignatureError)):
            TlogProof.parse(changed).verify(LEAVES[4], [log_key()])


def test_every_line_that_is_missing_or_there_twice_is_noticed() -> None:
    lines = RAW.split(b"\n")[:-1]
    for place in range(len(lines)):
        without = b"\n".join([*lines[:place], *lines[place + 1 :], b""])
        with pytest.raises((TlogError, SignatureError)):
            TlogProof.parse(without).verify(LEAVES[4], [log_key()])
    for place in range(len(lines) - 1):  # a log's signature that is there twice verifies twice
        twice = b"\n".join([*lines[:place], lines[place], *lines[place:], b""])
        with pytest.raises((TlogError, SignatureError)):
            TlogProof.parse(twice).verify(LEAVES[4], [log_key()])


def test_a_proof_of_another_leaf_place_size_or_root_is_refused() -> None:
    keys = [log_key()]
    for leaf in (*LEAVES[:4], *LEAVES[5:], bytes(32)):
        with pytest.raises(InclusionError):
            PROOF.verify(leaf, keys)
    for index in (3, 5, 0, 6):
        with pytest.raises(InclusionError):
            TlogProof(index, PROOF.hashes, SIGNED).verify(LEAVES[4], keys)
    for size in (6, 8):
        forged = signed_checkpoint(naive_root(LEAVES), size)
        resized = TlogProof(4, PROOF.hashes, type(SIGNED)(forged.checkpoint, SIGNED.signatures))
        with pytest.raises(SignatureError):
            resized.verify(LEAVES[4], keys)
    other_root = TlogProof(4, PROOF.hashes, signed_checkpoint(bytes(32), 7))
    with pytest.raises(InclusionError):
        other_root.verify(LEAVES[4], keys)
    with pytest.raises(SignatureError):
        PROOF.verify(LEAVES[4], [log_key("other.example")])


HEAD = b"c2sp.org/tlog-proof@v1\n"
NOTE = SIGNED.to_bytes()
HASH = write_base64(bytes(32)).encode() + b"\n"


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\n", HEAD, HEAD + b"\n" + NOTE, HEAD + b"index 4\n" + NOTE, b"index 4\n\n" + NOTE, NOTE),
        *(b"c2sp.org/tlog-proof@v2\nindex 4\n\n" + NOTE, HEAD + b"index 04\n\n" + NOTE, HEAD + b"index  4\n\n" + NOTE),
        *(HEAD + b"index 4 \n\n" + NOTE, HEAD + b"index -4\n\n" + NOTE, HEAD + b"index \n\n" + NOTE),
        *(HEAD + b"Index 4\n\n" + NOTE, HEAD + b"index\t4\n\n" + NOTE, HEAD + b"index 7\n\n" + NOTE),
        *(HEAD + b"index 9007199254740992\n\n" + NOTE, HEAD + b"extra AAAA\nindex 4\n\n" + NOTE),
        *(HEAD + b"extra \nindex 4\n\n" + NOTE, HEAD + b"index 4\nextra AAAA\n\n" + NOTE),
        *(HEAD + b"index 4\n" + HASH[1:] + b"\n" + NOTE, HEAD + b"index 4\n" + b"AAAA\n\n" + NOTE),
        *(HEAD + b"index 4\n" + HASH.replace(b"\n", b"\r\n") + b"\n" + NOTE, HEAD + b"index 4\n\xff\n\n" + NOTE),
        *(HEAD.replace(b"\n", b"\r\n") + b"index 4\n\n" + NOTE, b" " + RAW, b"\xef\xbb\xbf" + RAW),
        HEAD + b"index 4\n" + HASH * 64 + b"\n" + NOTE,
    ],
)
def test_text_that_is_no_proof_is_refused(raw: bytes) -> None:
    with pytest.raises(TlogProofError):
        TlogProof.parse(raw)


def test_as_many_hashes_as_any_tree_needs_are_read() -> None:
    assert len(TlogProof.parse(HEAD + b"index 4\n" + HASH * 63 + b"\n" + NOTE).hashes) == 63


def test_the_checkpoint_of_a_proof_is_as_strict_as_any() -> None:
    extended = NOTE.replace(b"=\n\n", b"=\nextension\n\n", 1)
    with pytest.raises(CheckpointError):
        TlogProof.parse(HEAD + b"index 4\n\n" + extended)
    for note in (b"", b"\n" + NOTE[:-1], NOTE + b"\n", NOTE.partition(b"\n\n")[0] + b"\n"):
        with pytest.raises(NoteError):
            TlogProof.parse(HEAD + b"index 4\n\n" + note)
