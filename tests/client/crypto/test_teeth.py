"""Each guard bites: with the guard in place an attack is refused, with it patched out the same attack succeeds.

There is no switch in the package; a guard is a function of its own, and only a test can take it away.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nacl.bindings as sodium
import pytest
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from tests.vectors.attachment_vectors import CONTEXT as ATTACHMENT
from tests.vectors.attachment_vectors import KEY as ATTACHMENT_KEY
from tests.vectors.attachment_vectors import SALT as ATTACHMENT_SALT
from tests.vectors.chance import chance
from tests.vectors.people import COACH, COACHEE, SPONSOR, person
from tests.vectors.reading import raw, read_vectors
from tests.vectors.recovery import PASSPHRASE, make_keyrings
from tests.vectors.refused_content import collide, seal_padded
from tests.vectors.telling import tell
from vault.client import errors
from vault.client.crypto import attachments, content, opening, passphrase, sealing, slots, state
from vault.client.crypto.hkdf import derive
from vault.client.crypto.identity import xwing_private_keys
from vault.client.device import invitation, keyring
from vault.errors import InvalidKeyError, VaultError
from vault.protocol.blob import BlobContext
from vault.protocol.statements import AttachmentRef, BlobRef, Introduction, SealRef

# Its bytes stand in what every chunk authenticates, so that taking it away lets one attack in: a stream with two keys.
WITHOUT_TEETH = ("require_attachment_commitment",)

GOAL = tell().blobs["goal"]
Patch = pytest.MonkeyPatch


def assert_bites(
    patch: Patch, guards: list[tuple[Any, str]], attack: Callable[[], Any], error: type[VaultError]
) -> Any:
    """The attack is refused with `error`; what it gives once the guards are gone."""
    with pytest.raises(error) as caught:
        attack()
    assert caught.type is error
    for module, name in guards:
        patch.setattr(module, name, lambda *_args, **_more: None)
    return attack()


def forged_blob() -> bytes:
    """Another text of somebody who knows the content key, as every reader does."""
    return content.seal_content(GOAL.context, GOAL.content_key, chance("forged", 24), GOAL.header, b"forged")


def test_the_hash_of_a_blob(monkeypatch: Patch) -> None:
    ref = BlobRef(sha256=hashlib.sha256(GOAL.blob).digest(), size=len(GOAL.blob))

    def read() -> bytes:
        content.require_blob_hash(ref, forged_blob())
        return content.open_content(GOAL.context, GOAL.content_key, forged_blob()).body

    assert assert_bites(monkeypatch, [(content, "require_blob_hash")], read, errors.BlobHashError) == b"forged"


def test_the_commitment_of_a_slot(monkeypatch: Patch) -> None:
    """Two recovery codes, one slot: without the commitment each opens to a keyring key of its own."""
    header = make_keyrings()[1].slots[2].header
    head, codes = header.to_bytes(), (chance("code one", 32), chance("code two", 32))
    keyring = chance("the hash of a keyring", 32)
    keys = [derive(code, header.salt, b"CV1 slot key" + b"\0" + head + keyring, 88) for code in codes]
    slot = head + keys[0][56:88] + collide(head, chance("wrapped", 48)[:32], keys[0], keys[1])

    def open_with_second() -> bytes:
        return slots.open_slot(slot, codes[1], keyring)

    first = slots.open_slot(slot, codes[0], keyring)
    guards = [(slots, "require_commitment")]
    second = assert_bites(monkeypatch, guards, open_with_second, errors.SlotCommitmentError)
    assert len(first) == len(second) == 32
    assert first != second


def test_the_commitment_of_a_blob(monkeypatch: Patch) -> None:
    """The same for content: the cipher takes the second key, and only the padding of what comes out is left."""
    vector = next(one for one in read_vectors("blobs")["refused"] if "second key" in one["name"])
    key, blob = bytes.fromhex(vector["content_key"]), raw(vector["blob"])
    monkeypatch.setattr(content, "unpad", lambda padded: padded)
    monkeypatch.setattr(content, "_split", lambda _kind, plaintext: content.Content(GOAL.header, plaintext))
    monkeypatch.setattr(content, "require_bucket", lambda *_: None)
    guards = [(content, "require_commitment")]
    opened = assert_bites(
        monkeypatch, guards, lambda: content.open_content(GOAL.context, key, blob), errors.CommitmentError
    )
    assert len(opened.body) == 4_096


def test_the_padding_of_a_blob(monkeypatch: Patch) -> None:
    vector = next(one for one in read_vectors("blobs")["refused"] if one["name"] == "padding longer than it must be")
    guards = [(content, "require_bucket")]
    opened = assert_bites(
        monkeypatch,
        guards,
        lambda: content.open_content(GOAL.context, GOAL.content_key, raw(vector["blob"])),
        errors.PaddingError,
    )
    assert opened.body == GOAL.body


def test_the_header_of_a_blob(monkeypatch: Patch) -> None:
    """An author who seals one item's header under another item's context."""
    other = replace(GOAL.context, item=chance("other", 16))
    header = GOAL.header.to_bytes()
    padded = (len(header).to_bytes(4, "big") + header + b"moved" + b"\x80").ljust(4_096, b"\0")
    blob = seal_padded(other, GOAL.content_key, GOAL.salt, padded)
    guards = [(content, "require_header_of")]
    opened = assert_bites(
        monkeypatch, guards, lambda: content.open_content(other, GOAL.content_key, blob), errors.HeaderError
    )
    assert opened.body == b"moved"


def test_the_hash_of_a_seal(monkeypatch: Patch) -> None:
    """The same content key, sealed again by somebody else under the sender's name."""
    one = next(seal for seal in tell().seals if seal.statement == "note" and seal.recipient == COACHEE)
    keys = person(COACHEE).keys
    again = sealing.seal_content_key(chance("another key", 32), one.context, keys.seal_public)
    ref = SealRef(account=one.context.recipient, key=keys.seal_key, sha256=hashlib.sha256(one.seal).digest())

    def read() -> bytes:
        opening.require_seal_hash(ref, again)
        return opening.open_content_key(again, one.context, keys)

    opened = assert_bites(monkeypatch, [(opening, "require_seal_hash")], read, errors.SealHashError)
    assert opened == chance("another key", 32)


def test_the_key_that_a_seal_is_made_for(monkeypatch: Patch) -> None:
    """A server that gives the sponsor's key for the coachee's."""
    one = next(seal for seal in tell().seals if seal.statement == "note" and seal.recipient == COACHEE)
    sponsor = person(SPONSOR).keys
    guards = [(sealing, "require_named_key")]
    seal = assert_bites(
        monkeypatch,
        guards,
        lambda: sealing.seal_content_key(one.content_key, one.context, sponsor.seal_public),
        InvalidKeyError,
    )
    private = MLKEM768X25519PrivateKey(*xwing_private_keys(sponsor.seal_seed))
    assert sealing.SUITE.decrypt(seal, private, one.context.info) == one.content_key


@pytest.mark.parametrize("name", ["1 pass over 8 MiB", "2 passes", "2 lanes"])
def test_the_floors_of_a_slot(monkeypatch: Patch, name: str) -> None:
    """A server that asks for a cheap derivation gets nothing to guess at; without the guard it gets a stretched key."""
    vector = next(one for one in read_vectors("slots")["refused_headers"] if one["name"] == name)
    header, account = bytes.fromhex(vector["header"]), bytes.fromhex(vector["account"])
    calls = []

    def argon2(*_args: object) -> bytes:
        calls.append(1)
        return bytes(32)

    monkeypatch.setattr(sodium, "crypto_pwhash_alg", argon2)

    def derive_from() -> bytes:
        return slots.passphrase_ikm(slots.read_slot_header(header, account, vector["kind"]), PASSPHRASE)

    with pytest.raises(errors.KdfFloorError):
        derive_from()
    assert calls == []
    guards = [(slots, "require_kdf_bounds"), (passphrase, "require_kdf_bounds")]
    assert len(assert_bites(monkeypatch, guards, derive_from, errors.KdfFloorError)) == 32
    assert calls == [1]


def test_the_account_of_a_slot(monkeypatch: Patch) -> None:
    raw_header = make_keyrings()[1].slots[0].header.to_bytes()
    other = person(SPONSOR).account
    guards = [(slots, "require_slot_of")]
    header = assert_bites(
        monkeypatch, guards, lambda: slots.read_slot_header(raw_header, other, 1), errors.SlotAccountError
    )
    assert header.account == person(COACH).account


def test_the_account_of_a_keyring(monkeypatch: Patch) -> None:
    vector = next(one for one in read_vectors("keyrings")["refused"] if one["name"] == "content of another account")
    account, key = bytes.fromhex(vector["account"]), bytes.fromhex(vector["keyring_key"])
    opened = assert_bites(
        monkeypatch,
        [(keyring, "require_keyring_of")],
        lambda: keyring.open_keyring(raw(vector["keyring"]), account, 2, key),
        errors.KeyringContentError,
    )
    assert opened.account == person(COACH).account


def test_the_padding_of_a_keyring(monkeypatch: Patch) -> None:
    vector = next(one for one in read_vectors("keyrings")["refused"] if one["name"] == "padding longer than it must be")
    account, key = bytes.fromhex(vector["account"]), bytes.fromhex(vector["keyring_key"])
    opened = assert_bites(
        monkeypatch,
        [(keyring, "require_bucket")],
        lambda: keyring.open_keyring(raw(vector["keyring"]), account, 2, key),
        errors.PaddingError,
    )
    assert opened.account == account


def test_the_padding_of_a_state_file(monkeypatch: Patch) -> None:
    key, account = chance("key", 32), person(COACH).account
    with monkeypatch.context() as dishonest:
        dishonest.setattr(state, "bucket_bytes", lambda _length: 8_192)
        sealed = state.seal_state(key, account, b"x", chance("salt", 24))
    guards = [(state, "require_bucket")]
    assert (
        assert_bites(monkeypatch, guards, lambda: state.open_state(key, account, sealed), errors.PaddingError) == b"x"
    )


def test_the_secret_of_an_invitation(monkeypatch: Patch) -> None:
    body = next(one.statement.body for one in tell().unjournaled if one.name == "introduction")
    assert isinstance(body, Introduction)
    invitation.require_introduction_of(chance("invitation", 16), body)
    assert_bites(
        monkeypatch,
        [(invitation, "require_introduction_of")],
        lambda: invitation.require_introduction_of(chance("another", 16), body),
        errors.IntroductionError,
    )


def seal_stream(text: bytes) -> bytes:
    return b"".join(attachments.seal_attachment(ATTACHMENT, ATTACHMENT_KEY, ATTACHMENT_SALT, [text], len(text)))


def open_stream(stored: bytes, size: int, sha256: bytes | None = None) -> bytes:
    digest = sha256 or hashlib.sha256(stored).digest()
    ref = AttachmentRef(id=ATTACHMENT.attachment, sha256=digest, size=len(stored))
    return b"".join(attachments.open_attachment(ATTACHMENT, ATTACHMENT_KEY, ref, size, [stored]))


def test_the_final_tag_of_an_attachment(monkeypatch: Patch) -> None:
    """A stream that was broken off between two chunks, hashed as it is."""
    with monkeypatch.context() as broken_off:
        broken_off.setattr(attachments, "_FINAL", attachments._MESSAGE)
        stored = seal_stream(b"half of it")
    guards = [(attachments, "require_final_at_the_end")]
    opened = assert_bites(monkeypatch, guards, lambda: open_stream(stored, 10), errors.TruncationError)
    assert opened == b"half of it"


def test_the_padding_of_an_attachment(monkeypatch: Patch) -> None:
    stored = seal_stream(b"whole text")
    guards = [(attachments, "require_padding_rule")]
    assert assert_bites(monkeypatch, guards, lambda: open_stream(stored, 5), errors.PaddingError) == b"whole"


def test_the_bucket_of_an_attachment(monkeypatch: Patch) -> None:
    with monkeypatch.context() as dishonest:
        dishonest.setattr(attachments, "bucket_bytes", lambda _length: 8_192)
        stored = seal_stream(b"text")
    guards = [(attachments, "require_bucket")]
    assert assert_bites(monkeypatch, guards, lambda: open_stream(stored, 4), errors.PaddingError) == b"text"


def test_the_hash_of_an_attachment(monkeypatch: Patch) -> None:
    stored = seal_stream(b"forged by a reader, who has the key")
    guards = [(attachments, "require_attachment_hash")]
    opened = assert_bites(
        monkeypatch, guards, lambda: open_stream(stored, 35, chance("signed", 32)), errors.BlobHashError
    )
    assert opened.startswith(b"forged")


def test_every_guard_has_its_check() -> None:
    modules = (attachments, content, opening, sealing, slots, passphrase, invitation, keyring)
    guards = {
        name
        for module in modules
        for name, value in vars(module).items()
        if name.startswith("require_") and getattr(value, "__module__", "").startswith("vault.client")
    }
    assert len(guards) > 12
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in guards if f'"{name}")' not in text and name not in WITHOUT_TEETH] == []


def test_the_commitment_of_an_attachment_is_compared_first() -> None:
    stored = bytearray(seal_stream(b"text"))
    stored[40] ^= 1
    with pytest.raises(errors.CommitmentError):
        open_stream(bytes(stored), 4)


def test_contexts_differ_where_blobs_differ() -> None:
    contexts: list[BlobContext] = [one.context for one in tell().blobs.values()]
    assert len({one.digest for one in contexts}) == len(contexts)
