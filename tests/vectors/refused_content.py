"""Blobs and seals that do not open, each with the one guard that holds."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import nacl.bindings as sodium

from tests.vectors.chance import chance
from tests.vectors.people import COACH, COACHEE, SPONSOR, person
from tests.vectors.spelling import Vector, spell_blob_context, spell_seal_context
from tests.vectors.story import MadeSeal, SealedBlob, Story
from vault.client.crypto.committing import CommittedKey
from vault.client.crypto.hkdf import derive
from vault.encoding import write_base64
from vault.protocol.blob import BlobContext
from vault.protocol.vocabulary import BLOB_KIND_CODES, BlobKind, SealPurpose


def flip(raw: bytes, place: int) -> bytes:
    """`raw` with the lowest bit of one byte changed."""
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


def seal_padded(context: BlobContext, content_key: bytes, salt: bytes, padded: bytes) -> bytes:
    """What a dishonest author makes: any padded plaintext, sealed by the rules."""
    key = CommittedKey.derive(content_key, salt, b"CV1 blob key" + b"\0" + context.digest)
    head = b"CVB1" + bytes([1, BLOB_KIND_CODES[context.kind], 0, 0]) + salt + key.commitment
    return head + key.seal(padded, head)


def build_refused_blobs(story: Story) -> Vector:
    """Blobs to open under the context and content key beside them."""
    goal = story.blobs["goal"]
    cases = [
        *_mauled(goal),
        *_elsewhere(goal),
        *_badly_padded(goal),
        *_badly_headed(story),
        *_of_two_keys(goal),
    ]
    return {
        "refused": [
            {
                "name": name,
                "context": spell_blob_context(context),
                "content_key": key.hex(),
                "blob": write_base64(blob),
                "error": error,
            }
            for name, context, key, blob, error in cases
        ],
        "refused_by_hash": [
            {
                "name": name,
                "sha256": hashlib.sha256(goal.blob).hexdigest(),
                "size": len(goal.blob) + longer,
                "blob": write_base64(blob),
                "error": "BlobHashError",
            }
            for name, blob, longer in (
                ("one bit changed", flip(goal.blob, 2_000), 0),
                ("the size differs", goal.blob, 1),
                ("cut", goal.blob[:-1], 0),
            )
        ],
    }


Case = tuple[str, BlobContext, bytes, bytes, str]


def _mauled(one: SealedBlob) -> Iterator[Case]:
    places = {
        "magic": (0, "ContentShapeError"),
        "suite": (4, "ContentShapeError"),
        "kind": (5, "ContentShapeError"),
        "first zero byte": (6, "ContentShapeError"),
        "second zero byte": (7, "ContentShapeError"),
        "salt": (8, "CommitmentError"),
        "commitment": (40, "CommitmentError"),
        "first byte of the ciphertext": (64, "AeadError"),
        "middle of the ciphertext": (2_000, "AeadError"),
        "tag": (len(one.blob) - 1, "AeadError"),
    }
    for name, (place, error) in places.items():
        yield f"one bit of the {name}", one.context, one.content_key, flip(one.blob, place), error
    for suite in (0, 2, 255):
        blob = one.blob[:4] + bytes([suite]) + one.blob[5:]
        yield f"suite {suite}", one.context, one.content_key, blob, "ContentShapeError"
    yield "cut by a byte", one.context, one.content_key, one.blob[:-1], "ContentShapeError"
    yield "a byte more", one.context, one.content_key, one.blob + b"\0", "ContentShapeError"
    yield "head alone", one.context, one.content_key, one.blob[:64], "ContentShapeError"
    yield "empty", one.context, one.content_key, b"", "ContentShapeError"
    yield "another content key", one.context, chance("another key", 32), one.blob, "CommitmentError"


def _elsewhere(one: SealedBlob) -> Iterator[Case]:
    context = one.context
    others: dict[str, BlobContext] = {
        "engagement": replace(context, engagement=chance("other engagement", 16)),
        "contract": replace(context, contract=chance("other contract", 32)),
        "item": replace(context, item=chance("other item", 16)),
        "version": replace(context, version=2),
        "author": replace(context, author=person(COACH).account),
        "previous": replace(context, previous=chance("other previous", 32)),
    }
    for name, other in others.items():
        yield f"another {name}", other, one.content_key, one.blob, "CommitmentError"
    yield "another kind", replace(context, kind=BlobKind.NOTE), one.content_key, one.blob, "ContentShapeError"
    moved = one.blob[:5] + bytes([1]) + one.blob[6:]
    yield "another kind, written over", replace(context, kind=BlobKind.NOTE), one.content_key, moved, "CommitmentError"


def _plaintext(one: SealedBlob) -> bytes:
    header = one.header.to_bytes()
    return len(header).to_bytes(4, "big") + header + one.body


def _badly_padded(one: SealedBlob) -> Iterator[Case]:
    plain = _plaintext(one)
    cases = {
        "padding longer than it must be": (plain + b"\x80").ljust(8_192, b"\0"),
        "padding without 0x80": plain.ljust(4_096, b"\0"),
        "padding that begins with 0x81": (plain + b"\x81").ljust(4_096, b"\0"),
        "padding with a one in it": (plain + b"\x80").ljust(4_095, b"\0") + b"\1",
        "zeros alone": bytes(4_096),
    }
    for name, padded in cases.items():
        blob = seal_padded(one.context, one.content_key, chance(name, 24), padded)
        yield name, one.context, one.content_key, blob, "PaddingError"
    length = 12_288
    blob = seal_padded(one.context, one.content_key, one.salt, (plain + b"\x80").ljust(length, b"\0"))
    yield "a length that is no bucket", one.context, one.content_key, blob, "ContentShapeError"


def _badly_headed(story: Story) -> Iterator[Case]:
    goal, disclosure = story.blobs["goal"], story.blobs["disclosure"]
    good: dict[str, Any] = json.loads(goal.header.to_bytes())
    plain: dict[str, Any] = json.loads(disclosure.header.to_bytes())

    def put(**values: Any) -> bytes:
        return json.dumps({**good, **values}).encode()

    text = goal.header.to_bytes()
    attachment = {"id": "00" * 16, "key": write_base64(bytes(32)), "name": "", "media_type": "", "size": 0}
    goals = {
        "header of another engagement": put(engagement="00" * 16),
        "header of another item": put(item="00" * 16),
        "header of another version": put(version=2),
        "header of another kind": put(kind="note"),
        "header with an unknown member": put(author="x"),
        "header without tags": json.dumps({name: good[name] for name in good if name != "tags"}).encode(),
        "header with null": put(title=None),
        "header with a boolean": put(created=True),
        "header with a float": put(created=1.5),
        "header with 2^53": put(created=2**53),
        "header with a number for a title": put(title=1),
        "header with 17 tags": put(tags=[str(number) for number in range(17)]),
        "header with a tag twice": put(tags=["x", "x"]),
        "header with a source twice": put(sources=["00" * 16, "00" * 16]),
        "header with a source in capitals": put(sources=["AA" * 16]),
        "header with an attachment twice": put(attachments=[attachment, attachment]),
        "header with an attachment's key cut": put(attachments=[{**attachment, "key": write_base64(bytes(31))}]),
        "header with a member twice": text[:-1] + b',"title":"x"}',
        "header with a member twice after unescaping": text[:-1] + b',"titl\\u0065":"x"}',
        "header with a lone surrogate": text.replace(b'"title":"', b'"title":"\\ud800', 1),
        "header with a byte order mark": b"\xef\xbb\xbf" + text,
        "header that is not UTF-8": text.replace(b'"title":"', b'"title":"\xff', 1),
        "header that is a list": b"[" + text + b"]",
        "header that is empty": b"",
        "header nested deeper than 8": text[:-1] + b',"x":' + b"[" * 9 + b"]" * 9 + b"}",
    }
    for name, header in goals.items():
        yield name, goal.context, goal.content_key, _headed(goal, name, header), "HeaderError"
    disclosures = {
        "disclosure made at an hour": json.dumps({**plain, "created": plain["created"] + 1}).encode(),
        "disclosure with tags": json.dumps({**plain, "tags": [], "sources": [], "attachments": []}).encode(),
    }
    for name, header in disclosures.items():
        yield name, disclosure.context, disclosure.content_key, _headed(disclosure, name, header), "HeaderError"
    padded = ((4_000).to_bytes(4, "big") + text + b"\x80").ljust(4_096, b"\0")
    blob = seal_padded(goal.context, goal.content_key, chance("long header", 24), padded)
    yield "header longer than the content", goal.context, goal.content_key, blob, "HeaderError"
    blob = seal_padded(goal.context, goal.content_key, chance("no header", 24), b"\0\0\x80".ljust(4_096, b"\0"))
    yield "content of two bytes", goal.context, goal.content_key, blob, "HeaderError"
    escalation = story.blobs["escalation"]
    padded = (_plaintext(escalation) + b"\x80").ljust(4_096, b"\0")
    blob = seal_padded(escalation.context, escalation.content_key, chance("short escalation", 24), padded)
    yield "escalation of 4,096 bytes", escalation.context, escalation.content_key, blob, "ContentShapeError"


def _headed(one: SealedBlob, name: str, header: bytes) -> bytes:
    plaintext = len(header).to_bytes(4, "big") + header + one.body
    return seal_padded(one.context, one.content_key, chance(name, 24), (plaintext + b"\x80").ljust(4_096, b"\0"))


def _of_two_keys(one: SealedBlob) -> Iterator[Case]:
    """A blob whose ciphertext also decrypts under a second key: without the commitment, both would be accepted.

    Poly1305 is linear in each 16-byte block, so one block is chosen such that the same tag is right under both keys.
    """
    second = chance("second key", 32)
    first_okm, second_okm = (_okm(one, key) for key in (one.content_key, second))
    head = one.blob[:64]
    blob = head + collide(head, one.blob[64:-16], first_okm, second_okm)
    for okm in (first_okm, second_okm):  # the control: the cipher alone takes it under both
        sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(blob[64:], head, okm[32:56], okm[0:32])
    yield "the second key of a ciphertext with two", one.context, second, blob, "CommitmentError"


def _okm(one: SealedBlob, key: bytes) -> bytes:
    return derive(key, one.salt, b"CV1 blob key" + b"\0" + one.context.digest, 88)


def collide(aad: bytes, ciphertext: bytes, first: bytes, second: bytes) -> bytes:
    """A ciphertext with its tag, close to `ciphertext`, that opens under both okm (32 of key, 24 of nonce)."""
    p = 2**130 - 5
    pads = [_poly_key(okm[0:32], okm[32:56]) for okm in (first, second)]
    keys = [(int.from_bytes(pad[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF) for pad in pads]
    adds = [int.from_bytes(pad[16:], "little") for pad in pads]
    lengths = len(aad).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little")
    free = len(aad) // 16 + len(ciphertext) // 16 - 1  # the last block of the ciphertext
    for attempt in range(1_000):
        body = ciphertext[:-32] + chance(f"collision {attempt}", 16) + bytes(16)
        blocks = [(aad + body + lengths)[start : start + 16] for start in range(0, len(aad + body + lengths), 16)]
        numbers = [int.from_bytes(block, "little") + (1 << 128) for block in blocks]
        power = len(numbers) - free
        sums = [_horner(numbers, key, p) for key in keys]
        # tag = (sum + x * key^power) mod p + add mod 2^128, the same for both keys
        for carry in range(-4, 5):
            wanted = (adds[1] - adds[0] + carry * 2**128) % p
            factor = (pow(keys[0], power, p) - pow(keys[1], power, p)) % p
            x = (wanted - (sums[0] - sums[1])) * pow(factor, -1, p) % p
            if x >= 1 << 128:
                continue
            tags = [
                ((total + x * pow(key, power, p)) % p + add) % 2**128
                for total, key, add in zip(sums, keys, adds, strict=True)
            ]
            if tags[0] == tags[1]:
                return body[:-16] + x.to_bytes(16, "little") + tags[0].to_bytes(16, "little")
    raise AssertionError("expected a collision within 1,000 attempts")


def _horner(numbers: list[int], key: int, p: int) -> int:
    total = 0
    for number in numbers:
        total = (total + number) * key % p
    return total


def _poly_key(key: bytes, nonce: bytes) -> bytes:
    """The one-time key of Poly1305: the first 32 bytes of the stream that the cipher leaves out of the ciphertext."""
    subkey = _hchacha20(key, nonce[:16])
    return _chacha20_block(subkey, 0, bytes(4) + nonce[16:])[:32]


def _quarter(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for first, second, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[first] = (state[first] + state[second]) & 0xFFFFFFFF
        mixed = state[third] ^ state[first]
        state[third] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF


def _rounds(state: list[int]) -> list[int]:
    working = list(state)
    for _ in range(10):
        for column in range(4):
            _quarter(working, column, column + 4, column + 8, column + 12)
        for row in range(4):
            _quarter(working, row, (row + 1) % 4 + 4, (row + 2) % 4 + 8, (row + 3) % 4 + 12)
    return working


def _words(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[start : start + 4], "little") for start in range(0, len(raw), 4)]


def _bytes(words: list[int]) -> bytes:
    return b"".join((word & 0xFFFFFFFF).to_bytes(4, "little") for word in words)


def _hchacha20(key: bytes, nonce: bytes) -> bytes:
    working = _rounds(_words(b"expand 32-byte k" + key + nonce))
    return _bytes(working[:4] + working[12:])


def _chacha20_block(key: bytes, counter: int, nonce: bytes) -> bytes:
    state = _words(b"expand 32-byte k" + key + counter.to_bytes(4, "little") + nonce)
    return _bytes([left + right for left, right in zip(state, _rounds(state), strict=True)])


def build_refused_seals(story: Story) -> Vector:
    """Seals to open under the context beside them with the seed beside them."""
    one = next(seal for seal in story.seals if seal.statement == "note" and seal.recipient == COACHEE)
    cases = list(_seal_cases(story, one))
    return {
        "refused": [
            {
                "name": name,
                "context": spell_seal_context(context),
                "seal_seed": person(recipient).keys.seal_seed.hex(),
                "seal": write_base64(seal),
                "error": "SealContextError",
            }
            for name, context, recipient, seal in cases
        ],
        "refused_by_hash": [
            {
                "name": "one bit changed",
                "sha256": hashlib.sha256(one.seal).hexdigest(),
                "seal": write_base64(flip(one.seal, 5)),
                "error": "SealHashError",
            }
        ],
    }


def _seal_cases(story: Story, one: MadeSeal) -> Iterator[tuple[str, Any, str, bytes]]:
    context, blob = one.context, one.context.blob
    others = {
        "purpose": replace(context, purpose=SealPurpose.DISCLOSURE),
        "engagement": replace(context, blob=replace(blob, engagement=chance("other engagement", 16))),
        "contract": replace(context, blob=replace(blob, contract=chance("other contract", 32))),
        "item": replace(context, blob=replace(blob, item=chance("other item", 16))),
        "version": replace(context, blob=replace(blob, version=2)),
        "sender": replace(context, sender=person(SPONSOR).account),
        "recipient": replace(context, recipient=person(SPONSOR).account),
        "blob": replace(context, blob_sha256=chance("other blob", 32)),
    }
    for name, other in others.items():
        yield f"another {name}", other, COACHEE, one.seal
    yield "a key that the recipient does not hold", context, SPONSOR, one.seal
    swapped = replace(context, recipient_key=person(SPONSOR).keys.seal_key)
    yield "a key that the recipient does not hold, named", swapped, SPONSOR, one.seal
    for name, place in {"ML-KEM half": 5, "X25519 half": 1_090, "ciphertext": 1_121, "tag": 1_167}.items():
        yield f"one bit of the {name}", context, COACHEE, flip(one.seal, place)
    yield "cut by a byte", context, COACHEE, one.seal[:-1]
    yield "a byte more", context, COACHEE, one.seal + b"\0"
    yield "X25519 half of order 1", context, COACHEE, one.seal[:1088] + bytes(32) + one.seal[1120:]
    second = next(seal for seal in story.seals if seal.statement == "note, version 2" and seal.recipient == COACHEE)
    yield "the seal of the next version", context, COACHEE, second.seal
