"""A world whose statements can be sent: their blobs, seals and slots exist and have the right shape.

Nothing in them can be opened, and nothing needs to: the server opens nothing. All bytes are the same in every run.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from tests.policy.people import account, digest, seed, x25519_of
from tests.policy.worlds import SALT, World
from vault import ed25519
from vault.encoding import write_base64
from vault.policy.facts import Effect
from vault.protocol.envelope import Statement, sign
from vault.protocol.keyring_layout import keyring_start
from vault.protocol.limits import SEAL_BYTES, SLOT_BYTES
from vault.protocol.slot import SlotHeader
from vault.protocol.statements import BlobRef, Body, Contract, Escalation, Item, Keyring, SlotRef
from vault.protocol.vocabulary import BLOB_KIND_CODES, BlobKind


def fixed_bytes(size: int, *words: object) -> bytes:
    """`size` bytes that look random, the same for the same words."""
    return hashlib.shake_256(" ".join(map(str, words)).encode()).digest(size)


def make_blob(kind: BlobKind, *words: object, bucket: int = 4_096) -> bytes:
    head = b"CVB1" + bytes([1, BLOB_KIND_CODES[kind], 0, 0])
    return head + fixed_bytes(56 + bucket + 16, "blob", *words)


def make_seal(*words: object) -> bytes:
    raw = fixed_bytes(SEAL_BYTES, "seal", *words)
    return raw[:1088] + x25519_of(ed25519.public_key(digest("encapsulation", *words))) + raw[1120:]


def make_keyring(name: str, sequence: int) -> bytes:
    return keyring_start(sequence) + fixed_bytes(56 + 4_096 + 16, "keyring", name, sequence)


def make_slot(name: str, kind: int) -> bytes:
    header = SlotHeader.new(kind, account(name), fixed_bytes(16, "slot salt", name, kind)).to_bytes()
    return header + fixed_bytes(SLOT_BYTES - len(header), "slot", name, kind)


def blob_ref(blob: bytes) -> BlobRef:
    return BlobRef(sha256=hashlib.sha256(blob).digest(), size=len(blob))


class ServedWorld(World):
    """A world that keeps the parts of every statement it writes."""

    def __init__(self, names: Iterable[str]) -> None:
        self.parts: dict[bytes, dict[str, Any]] = {}
        self.statements: dict[bytes, Statement] = {}
        super().__init__((*names, "deployment"))

    def add(self, statement: Statement, name: str | None = None) -> tuple[Effect, ...]:
        """As a world does; the statement is kept."""
        self.statements[statement.id] = statement
        return super().add(statement, name)

    def first_keys(self, name: str) -> dict[str, Any]:
        """The submission with which `name` begins."""
        return self.submission(self.statements[self.keys[name].generations[0].statement])

    def submission(self, statement: Statement, **changes: Any) -> dict[str, Any]:
        """What is sent: the statement and its parts, with members changed; one that is changed to None is left out."""
        members = {"statement": statement.envelope.to_json(), **self.parts.get(statement.id, {}), **changes}
        return {name: value for name, value in members.items() if value is not None}

    def write_keyring(self, name: str, generation: int | None = None, **changes: Any) -> Statement:
        """With a slot of passphrase and kit and one of a recovery code."""
        current = self.keyrings[name].find_current()
        sequence = 1 if current is None else current.body.sequence + 1
        keyring, slots = make_keyring(name, sequence), [make_slot(name, kind) for kind in (2, 3)]
        refs = tuple(
            SlotRef(kind=kind, sha256=hashlib.sha256(slot).digest(), fetch=ed25519.public_key(fetch_seed(name, kind)))
            for kind, slot in zip((2, 3), slots, strict=True)
        )
        statement = super().write_keyring(name, generation, **{"blob": blob_ref(keyring), "slots": refs, **changes})
        parts: dict[str, Any] = {"blob": write_base64(keyring), "slots": [write_base64(slot) for slot in slots]}
        if sequence == 1:
            parts["salt"] = write_base64(self.keyrings[name].salt)
        self.parts[statement.id] = parts
        return statement

    def _sign(self, by: str, body: Body, changes: dict[str, Any]) -> Statement:
        body = body.model_copy(update=changes)
        parts: dict[str, Any] = {}
        added: dict[str, Any] = {}
        blob = _make_blob_of(body, self.count)
        if blob is not None:
            parts["blob"] = write_base64(blob)
            added["text" if isinstance(body, Contract) else "blob"] = blob_ref(blob)
        if hasattr(body, "seals"):
            seals = [make_seal(self.count, ref.account.hex()) for ref in body.seals]
            parts["seals"] = [write_base64(seal) for seal in seals]
            added["seals"] = tuple(
                ref.model_copy(update={"sha256": hashlib.sha256(seal).digest()})
                for ref, seal in zip(body.seals, seals, strict=True)
            )
        if isinstance(body, Contract) and not self.engagement.contracts:
            parts["salt"] = write_base64(SALT)
        # What a test changes is what is signed, also where no part fits it.
        kept = {name: value for name, value in added.items() if name not in changes or name == "seals"}
        statement = sign(body.model_copy(update=kept), [seed(by, self._seed_generation(by))])
        self.parts[statement.id] = parts
        return statement


def fetch_seed(name: str, kind: int) -> bytes:
    return digest("fetch", name, kind)


def _make_blob_of(body: Body, count: int) -> bytes | None:
    match body:
        case Contract():
            return make_blob(BlobKind.CONTRACT_TEXT, count)
        case Item():
            return make_blob(BlobKind(body.kind), count)
        case Escalation():
            return make_blob(BlobKind.ESCALATION, count, bucket=8_192)
        case Keyring():
            return None
        case _:
            return make_blob(BlobKind.DISCLOSURE, count) if hasattr(body, "blob") else None
