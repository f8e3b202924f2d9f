"""Vectors of slots, keyrings and state files."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from tests.vectors.chance import chance
from tests.vectors.people import COACH, SPONSOR, person
from tests.vectors.recovery import RECOVERY, MadeSlot, make_keyrings
from tests.vectors.refused_content import flip
from tests.vectors.spelling import Vector
from vault.client.crypto.committing import CommittedKey
from vault.client.crypto.state import seal_state
from vault.client.device.keyring import seal_keyring
from vault.encoding import write_base64
from vault.protocol.slot import SlotHeader, fake_slot_header
from vault.protocol.vocabulary import SLOT_KINDS, SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE


def build_slots() -> Vector:
    """Slots of all kinds, fake headers, headers to refuse before anything is derived, slots that do not open."""
    keyrings = make_keyrings()
    return {
        "slots": [
            {
                "sequence": keyring.sequence,
                "kind": slot.header.kind,
                "account": slot.header.account.hex(),
                "salt": slot.header.salt.hex(),
                "passes": slot.header.passes,
                "memory_kib": slot.header.memory_kib,
                "passphrase": slot.passphrase,
                "kit": None if slot.kit is None else slot.kit.hex(),
                "recovery": RECOVERY.hex() if slot.header.kind == SLOT_RECOVERY_CODE else None,
                "header": slot.header.to_bytes().hex(),
                "ikm": slot.ikm.hex(),
                "keyring_key": keyring.key.hex(),
                "keyring_sha256": hashlib.sha256(keyring.raw).hexdigest(),
                "fetch_seed": slot.new.fetch_seed.hex(),
                "fetch_public": write_base64(slot.new.fetch_public),
                "slot": write_base64(slot.new.raw),
            }
            for keyring in keyrings
            for slot in keyring.slots
        ],
        "fakes": [
            {
                "server_secret": chance("server secret", 32).hex(),
                "account": chance("nobody", 32).hex(),
                "kind": kind,
                "header": fake_slot_header(chance("server secret", 32), chance("nobody", 32), kind).hex(),
            }
            for kind in SLOT_KINDS
        ],
        "refused_headers": [
            {
                "name": name,
                "account": person(COACH).account.hex(),
                "kind": kind,
                "header": raw.hex(),
                "error": error,
            }
            for name, kind, raw, error in _headers(keyrings[1].slots)
        ],
        "refused": [
            {
                "name": name,
                "ikm": ikm.hex(),
                "keyring_sha256": digest.hex(),
                "slot": write_base64(raw),
                "error": error,
            }
            for digest in (hashlib.sha256(keyrings[1].raw).digest(),)
            for name, ikm, raw, error in _slots(keyrings[1].slots)
        ]
        + [
            {
                "name": "the hash of another keyring",
                "ikm": keyrings[1].slots[2].ikm.hex(),
                "keyring_sha256": hashlib.sha256(keyrings[0].raw).hexdigest(),
                "slot": write_base64(keyrings[1].slots[2].new.raw),
                "error": "SlotCommitmentError",
            }
        ],
    }


def _headers(slots: tuple[MadeSlot, ...]) -> Iterator[tuple[str, int, bytes, str]]:
    one, code = slots[0].header, slots[2].header
    wrong: dict[str, SlotHeader] = {
        "2 passes": replace(one, passes=2),
        "1 pass over 8 MiB": replace(one, passes=1, memory_kib=8_192),
        "11 passes": replace(one, passes=11),
        "65,535 KiB": replace(one, memory_kib=65_535),
        "1,048,577 KiB": replace(one, memory_kib=1_048_577),
        "2^32 - 1 KiB": replace(one, memory_kib=2**32 - 1),
        "no passes and no memory": replace(one, passes=0, memory_kib=0),
        "2 lanes": replace(one, lanes=2),
        "no lanes": replace(one, lanes=0),
        "kdf 0 for a passphrase": replace(one, kdf=0),
        "kdf 2": replace(one, kdf=2),
        "recovery code with passes": replace(code, passes=3),
        "recovery code with kdf 1": replace(code, kdf=1),
    }
    for name, header in wrong.items():
        yield name, header.kind, header.to_bytes(), "KdfFloorError"
    yield "another account", one.kind, replace(one, account=person(SPONSOR).account).to_bytes(), "SlotAccountError"
    yield "another kind", SLOT_PASSPHRASE_KIT, one.to_bytes(), "SlotAccountError"
    raw = one.to_bytes()
    yield "another magic", one.kind, b"CVK2" + raw[4:], "SlotError"
    for suite in (0, 2, 255):
        yield f"suite {suite}", one.kind, raw[:4] + bytes([suite]) + raw[5:], "SlotError"
    yield "63 bytes", one.kind, raw[:63], "SlotError"


def _slots(slots: tuple[MadeSlot, ...]) -> Iterator[tuple[str, bytes, bytes, str]]:
    one, kit, code = slots
    yield "another recovery code", chance("another code", 32), code.new.raw, "SlotCommitmentError"
    yield "another kit", kit.ikm[:32] + chance("another kit", 32), kit.new.raw, "SlotCommitmentError"
    yield "no kit", kit.ikm[:32], kit.new.raw, "SlotCommitmentError"
    yield "the key of another slot", kit.ikm, one.new.raw, "SlotCommitmentError"
    for name, place in {"kind": 5, "salt": 20, "account": 40, "commitment": 70}.items():
        yield f"one bit of the {name}", one.ikm, flip(one.new.raw, place), "SlotCommitmentError"
    for name, place in {"wrapped key": 100, "tag": 143}.items():
        yield f"one bit of the {name}", one.ikm, flip(one.new.raw, place), "AeadError"
    yield "143 bytes", one.ikm, one.new.raw[:-1], "SlotError"
    yield "another magic", one.ikm, b"CVK2" + one.new.raw[4:], "SlotError"
    yield "suite 2", one.ikm, one.new.raw[:4] + b"\2" + one.new.raw[5:], "SlotError"


def build_keyrings() -> Vector:
    """Keyrings with their content, state files, and what does not open."""
    account = person(COACH).account
    first, second = make_keyrings()
    state = seal_state(second.key, account, b'{"waiting":[]}', chance("state", 24))
    return {
        "account": account.hex(),
        "keyrings": [
            {
                "sequence": one.sequence,
                "keyring_key": one.key.hex(),
                "salt": one.salt.hex(),
                "content": one.content.to_bytes().decode("utf-8"),
                "keyring": write_base64(one.raw),
            }
            for one in (first, second)
        ],
        "states": [
            {
                "keyring_key": second.key.hex(),
                "salt": chance("state", 24).hex(),
                "content": '{"waiting":[]}',
                "state": write_base64(state),
            }
        ],
        "refused": [
            {
                "name": name,
                "account": of.hex(),
                "sequence": sequence,
                "keyring_key": key.hex(),
                "keyring": write_base64(raw),
                "error": error,
            }
            for name, of, sequence, key, raw, error in _keyrings(account)
        ],
        "refused_states": [
            {
                "name": name,
                "account": of.hex(),
                "keyring_key": second.key.hex(),
                "state": write_base64(raw),
                "error": error,
            }
            for name, of, raw, error in (
                ("another account", person(SPONSOR).account, state, "CommitmentError"),
                ("one bit of the ciphertext", account, flip(state, 100), "AeadError"),
                ("suite 2", account, state[:4] + b"\2" + state[5:], "ContentShapeError"),
                ("a keyring", account, second.raw, "ContentShapeError"),
            )
        ],
    }


def _keyrings(account: bytes) -> Iterator[tuple[str, bytes, int, bytes, bytes, str]]:
    first, second = make_keyrings()
    yield "the keyring before", account, 2, second.key, first.raw, "ContentShapeError"
    moved = first.raw[:15] + b"\2" + first.raw[16:]
    yield "the keyring before, renumbered", account, 2, first.key, moved, "CommitmentError"
    yield "another key", account, 2, first.key, second.raw, "CommitmentError"
    yield "another account", person(SPONSOR).account, 2, second.key, second.raw, "CommitmentError"
    yield "suite 0", account, 2, second.key, second.raw[:4] + b"\0" + second.raw[5:], "ContentShapeError"
    yield "a zero byte that is not", account, 2, second.key, flip(second.raw, 6), "ContentShapeError"
    yield "one bit of the salt", account, 2, second.key, flip(second.raw, 20), "CommitmentError"
    yield "one bit of the ciphertext", account, 2, second.key, flip(second.raw, 500), "AeadError"
    yield "cut by a byte", account, 2, second.key, second.raw[:-1], "ContentShapeError"
    stolen = seal_keyring(second.content, person(SPONSOR).account, 2, second.key, second.salt)
    yield "content of another account", person(SPONSOR).account, 2, second.key, stolen, "KeyringContentError"
    text = second.content.to_bytes()
    contents = {
        "unknown member": text[:-1] + b',"recovery_public_key":""}',
        "member twice": text[:-1] + b',"kit":null}',
        "no generations": text[: text.index(b'"generations":[') + 15] + text[text.index(b'],"salt"') :],
        "generation 2 alone": text.replace(b'"generation":1', b'"generation":2', 1),
        "seed of 31 bytes": text.replace(
            write_base64(person(COACH).keys.sign_seed).encode(), write_base64(bytes(31)).encode(), 1
        ),
        "people without a list": text.replace(b'"people":[', b'"people":[[', 1).replace(b'],"invit', b']],"invit', 1),
    }
    for name, content in contents.items():
        padded = (content + b"\x80").ljust(4_096, b"\0")
        yield name, account, 2, second.key, _seal_padded(account, second.key, name, padded), "KeyringContentError"
    over = (text + b"\x80").ljust(8_192, b"\0")
    raw = _seal_padded(account, second.key, "over", over)
    yield "padding longer than it must be", account, 2, second.key, raw, "PaddingError"


def _seal_padded(account: bytes, key: bytes, name: str, padded: bytes) -> bytes:
    salt = chance(f"keyring with {name}", 24)
    committed = CommittedKey.derive(key, salt, b"CV1 keyring key" + b"\0" + account + (2).to_bytes(8, "big"))
    head = b"CVR1\1\0\0\0" + (2).to_bytes(8, "big") + salt + committed.commitment
    return head + committed.seal(padded, head)
