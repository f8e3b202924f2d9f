"""The vectors are what the code makes, byte for byte, and what was frozen still opens."""

import json
from typing import Any

import pytest

from tests.vectors import build
from tests.vectors.people import DEPLOYMENT, NAMES, person
from tests.vectors.reading import raw, read_vectors
from tests.vectors.telling import tell
from vault.client.crypto.attachments import AttachmentContext, open_attachment
from vault.client.crypto.content import open_content, require_blob_hash
from vault.client.crypto.identity import SecretKeys
from vault.client.crypto.opening import open_content_key, require_seal_hash
from vault.client.crypto.slots import open_slot, passphrase_ikm, read_slot_header
from vault.client.crypto.state import open_state
from vault.client.device.codes import Prefix, read_code
from vault.client.device.keyring import open_keyring
from vault.policy.facts import KeysFact
from vault.policy.replay import (
    ReplayedEngagement,
    ReplayedEscalations,
    ReplayedJournal,
    ReplayedKeyring,
    ReplayedKeys,
    append,
)
from vault.protocol.blob import blob_context
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.ids import EngagementId
from vault.protocol.seal import seal_context
from vault.protocol.statements import AttachmentRef, Contract, Disclosure, Escalation, Item
from vault.protocol.vocabulary import ItemKind


@pytest.mark.parametrize("name", build.BUILDERS)
def test_each_file_is_rebuilt_byte_for_byte(name: str) -> None:
    assert build.path(name).read_text(encoding="ascii") == build.build(name)


def test_no_frozen_seal_is_left_over() -> None:
    kept = json.loads((build.FOLDER / "frozen_seals.json").read_text(encoding="ascii"))
    assert kept == tell().frozen.used


def test_names_are_unique_in_each_list() -> None:
    for name in build.BUILDERS:
        for key, vectors in read_vectors(name).items():
            names = [one["name"] for one in vectors if isinstance(one, dict) and "name" in one]
            assert len(set(names)) == len(names), (name, key)


def statements() -> dict[str, Statement]:
    return {
        one["name"]: Statement.of(Envelope.parse(json.dumps(one["envelope"]).encode()))
        for one in read_vectors("statements")["statements"]
    }


@pytest.mark.parametrize("vector", read_vectors("statements")["statements"], ids=lambda one: str(one["name"]))
def test_a_statement_verifies_and_has_its_id(vector: dict[str, Any]) -> None:
    envelope = Envelope.parse(json.dumps(vector["envelope"]).encode())
    envelope.verify(*[raw(public) for public in vector["publics"]])
    assert envelope.id.hex() == vector["id"]
    assert envelope.payload == envelope.body().payload()


@pytest.mark.parametrize(
    "vector", read_vectors("seals")["seals"], ids=lambda one: f"{one['statement']} {one['recipient']}"
)
def test_a_frozen_seal_opens_and_its_blob_with_it(vector: dict[str, Any]) -> None:
    known = statements()
    body: Any
    body, source = known[vector["statement"]].body, known[vector["blob_of"]].body
    blobs = {one["statement"]: one for one in read_vectors("blobs")["blobs"]}
    blob = raw(blobs[vector["blob_of"]]["blob"])
    recipient = person(vector["recipient"])
    ref = next(seal for seal in body.seals if seal.account == recipient.account)
    require_seal_hash(ref, raw(vector["seal"]))
    assert isinstance(source, Item | Disclosure | Escalation | Contract)
    context = blob_context(source)
    blob_ref = source.text if isinstance(source, Contract) else source.blob
    require_blob_hash(blob_ref, blob)
    key = open_content_key(raw(vector["seal"]), seal_context(body, ref, context, blob_ref.sha256), recipient.keys)
    content = open_content(context, key, blob)
    assert content.body == raw(blobs[vector["blob_of"]]["body"])
    assert content.header.to_bytes().decode() == blobs[vector["blob_of"]]["header"]


def test_policy_accepts_the_whole_story() -> None:
    known = statements()
    keys: dict[str, ReplayedKeys] = {name: ReplayedKeys(person(name).account) for name in NAMES}
    by_statement: dict[bytes, KeysFact] = {}
    states: dict[tuple[str, str], ReplayedJournal] = {}
    engagement: ReplayedEngagement | None = None
    for journal in read_vectors("journals")["journals"]:
        subject, salt = bytes.fromhex(journal["subject"]), bytes.fromhex(journal["salt"])
        state: ReplayedJournal
        match journal["kind"]:
            case "keys":
                state = next(one for one in keys.values() if one.journal.subject == subject)
            case "keyring":
                owner = next(one for one in keys.values() if one.journal.subject == subject)
                state = ReplayedKeyring(owner, salt)
            case "engagement":
                deployment = keys[DEPLOYMENT].find_current()
                assert deployment is not None
                state = engagement = ReplayedEngagement(EngagementId(subject), salt, deployment, by_statement.get)
            case _:
                assert engagement is not None
                state = ReplayedEscalations(engagement)
        for entry in journal["entries"]:
            append(state, known[entry["name"]], entry["time"])
            assert state.position.head.hex() == entry["head"]
        if isinstance(state, ReplayedKeys):
            by_statement |= {generation.statement: generation for generation in state.generations}
        states[journal["kind"], journal["subject"]] = state
    assert len(states) == len(NAMES) + 3


@pytest.mark.parametrize("vector", read_vectors("slots")["slots"], ids=lambda one: f"{one['sequence']} {one['kind']}")
def test_a_slot_opens_with_what_it_was_made_from(vector: dict[str, Any]) -> None:
    slot, account = raw(vector["slot"]), bytes.fromhex(vector["account"])
    header = read_slot_header(slot, account, vector["kind"])
    if vector["recovery"] is None:
        kit = None if vector["kit"] is None else bytes.fromhex(vector["kit"])
        ikm = passphrase_ikm(header, vector["passphrase"], kit)
    else:
        ikm = bytes.fromhex(vector["recovery"])
    assert open_slot(slot, ikm, bytes.fromhex(vector["keyring_sha256"])).hex() == vector["keyring_key"]


def test_keyrings_and_state_files_open() -> None:
    vectors = read_vectors("keyrings")
    account = bytes.fromhex(vectors["account"])
    for one in vectors["keyrings"]:
        key = bytes.fromhex(one["keyring_key"])
        content = open_keyring(raw(one["keyring"]), account, one["sequence"], key)
        assert content.to_bytes().decode() == one["content"]
    for one in vectors["states"]:
        key = bytes.fromhex(one["keyring_key"])
        assert open_state(key, account, raw(one["state"])).decode() == one["content"]


@pytest.mark.parametrize("vector", read_vectors("attachments")["attachments"], ids=lambda one: str(one["name"]))
def test_an_attachment_opens(vector: dict[str, Any]) -> None:
    opened = b"".join(open_vector(vector, raw(vector["stored"])))
    assert opened == bytes(index % 251 for index in range(vector["size_of_content"]))


def open_vector(vector: dict[str, Any], stored: bytes) -> list[bytes]:
    vectors = read_vectors("attachments")
    context = AttachmentContext(
        ItemKind(vectors["context"]["kind"]),
        *(bytes.fromhex(vectors["context"][name]) for name in ("engagement", "item", "attachment")),
    )
    ref = AttachmentRef(id=context.attachment, sha256=vector["sha256"], size=vector["size"])
    key = bytes.fromhex(vectors["content_key"])
    pieces = [stored[start : start + 1_000] for start in range(0, len(stored), 1_000)]
    return list(open_attachment(context, key, ref, vector["size_of_content"], pieces))


@pytest.mark.parametrize("vector", read_vectors("codes")["codes"], ids=lambda one: str(one["name"]))
def test_a_code_is_read_however_it_was_typed(vector: dict[str, Any]) -> None:
    for text in [vector["text"], *vector["typed"]]:
        code = read_code(text, Prefix(vector["prefix"]))
        assert (code.account.hex(), code.secret.hex()) == (vector["account"], vector["secret"])


def test_public_keys_follow_from_seeds() -> None:
    for one in read_vectors("people")["people"]:
        for generation in one["generations"]:
            keys = SecretKeys(bytes.fromhex(generation["sign_seed"]), bytes.fromhex(generation["seal_seed"]))
            assert (keys.sign_public, keys.seal_public) == (
                raw(generation["sign_public"]),
                raw(generation["seal_public"]),
            )
