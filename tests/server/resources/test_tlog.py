"""The transparency log as anybody reads it: every write has a receipt, and the files served make the same tree."""

import asyncio

import httpx
import pytest

from tests.server.deployments import AUDIENCE, NOW, Deployment
from tests.server.world import World, first_keys_draft
from vault.encoding import read_base64
from vault.protocol.journal import JournalId, Position
from vault.protocol.leaf import ENTRY_BYTES, ServedLeaf, leaf_entry, leaf_tag
from vault.protocol.vocabulary import JournalKind
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.frontier import EMPTY
from vault.tlog.hashing import EMPTY_ROOT, leaf_hash
from vault.tlog.proof import TlogProof
from vault.tlog.signed_note import VerifierKey
from vault.tlog.tiles import Bundle, Tile, all_bundles, all_tiles

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
async def key(http: httpx.AsyncClient) -> VerifierKey:
    return VerifierKey.parse((await http.get("/v1/deployment")).json()["log_key"])


async def read_checkpoint(http: httpx.AsyncClient, key: VerifierKey) -> Checkpoint:
    return SignedCheckpoint.parse((await http.get("/log/checkpoint")).content).verify([key])


async def read_entries(http: httpx.AsyncClient, size: int) -> list[bytes]:
    return [
        entry
        for bundle in all_bundles(0, size)
        for entry in bundle.entries((await http.get(f"/log/{bundle.path}")).content)
    ]


async def test_the_log_begins_empty_and_signed(http: httpx.AsyncClient, key: VerifierKey) -> None:
    assert key.name == AUDIENCE
    assert await read_checkpoint(http, key) == Checkpoint(AUDIENCE, 0, EMPTY_ROOT)


async def test_every_write_is_answered_with_a_receipt_of_its_own_leaf(three: World, key: VerifierKey) -> None:
    body = three.keyring("coachee")
    written = (await three.send(body)).json()
    place = written["journal"]
    position = Position(place["seq"], written["time"], bytes.fromhex(place["head"]))
    journal = JournalId(JournalKind.KEYRING, bytes.fromhex(place["subject"]))
    proof = TlogProof.parse(written["receipt"].encode())
    entry = leaf_entry(journal, read_base64(body.parts["salt"]), position, bytes.fromhex(written["statement"]))
    checkpoint = proof.verify(leaf_hash(entry), [key])
    assert checkpoint == await read_checkpoint(three.http, key)
    assert proof.index == checkpoint.size - 1


async def test_who_may_not_read_the_journal_verifies_the_leaf_without_learning_its_place(
    three: World, key: VerifierKey
) -> None:
    disclosure = await three.write(three.disclosure())
    row = (await three.get("sponsor", "/disclosures")).json()["data"][0]
    opened = (await three.send(three.opening(disclosure))).json()
    for served in (row, opened):
        parts = {name: bytes.fromhex(text) for name, text in served["leaf"].items()}
        leaf = ServedLeaf(parts["tag"], parts["blind"], served["time"], parts["half"])
        proof = TlogProof.parse(served["receipt"].encode())
        proof.verify(leaf_hash(leaf.entry(bytes.fromhex(served["statement"]))), [key])
    assert (await three.get("coachee", "/disclosures")).json()["data"][0]["leaf"] is None


async def test_the_same_statement_again_gets_the_same_receipt(three: World) -> None:
    draft = three.item()
    first = await three.send(draft)
    await three.write(three.item("coachee"))
    again = await three.send(draft)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content


async def test_a_statement_that_is_sent_twice_at_once_is_one_leaf(three: World, key: VerifierKey) -> None:
    before = (await read_checkpoint(three.http, key)).size
    draft = three.item()
    answers = await asyncio.gather(*(three.send(draft) for _ in range(6)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (await read_checkpoint(three.http, key)).size == before + 1


async def test_a_refused_write_leaves_no_leaf(three: World, key: VerifierKey) -> None:
    before = await read_checkpoint(three.http, key)
    assert await three.code(three.item("coach").changed(at=NOW + 10_000)) == "clock-skew"
    assert await read_checkpoint(three.http, key) == before


async def test_bundles_and_tiles_are_the_tree_of_the_checkpoint(
    three: World, deployment: Deployment, key: VerifierKey
) -> None:
    """Past 256 leaves, so that there is a full tile and one above it."""
    drafts = [first_keys_draft(f"person {count}", NOW) for count in range(270)]
    for start in range(0, len(drafts), 90):
        sent = (
            three.http.post(
                "/v1/accounts", json=draft.json(), headers={"authorization": f"Bearer {deployment.enrolment()}"}
            )
            for draft in drafts[start : start + 90]
        )
        assert {answer.status_code for answer in await asyncio.gather(*sent)} == {201}
    checkpoint = await read_checkpoint(three.http, key)
    assert checkpoint.size > 270
    entries = await read_entries(three.http, checkpoint.size)
    assert {len(entry) for entry in entries} == {ENTRY_BYTES}
    appended = EMPTY.append([leaf_hash(entry) for entry in entries])
    assert appended.frontier.root == checkpoint.root
    hashes = {(one.level, one.number): one.hash for one in appended.tile_hashes}
    tiles = list(all_tiles(checkpoint.size))
    assert {tile.level for tile in tiles} == {0, 1}
    for tile in tiles:
        served = await three.http.get(f"/log/{tile.path}")
        assert served.headers["cache-control"] == FOR_EVER
        start = tile.index * 256
        expected = tuple(hashes[tile.level, number] for number in range(start, start + tile.width))
        assert tile.hashes(served.content) == expected
    tag = leaf_tag(JournalId(JournalKind.KEYS, drafts[3].body.by), bytes(32), 1)
    assert [entry[:32] for entry in entries].count(tag) == 1


async def test_a_tile_that_the_log_has_not_is_not_there(three: World, key: VerifierKey) -> None:
    size = (await read_checkpoint(three.http, key)).size
    assert (await three.http.get(f"/log/{Tile(0, 0, size).path}")).status_code == 200
    wrong = (
        Tile(0, 0, size + 1).path,
        Tile(0, 0).path,
        Tile(0, 1, 1).path,
        Tile(1, 0, 1).path,
        Bundle(0, size + 1).path,
        Bundle(9).path,
        "tile/0/x000/000",
        "tile/00/000.p/1",
        "tile/64/000",
        "tile/0/000.p/0",
        "tile/entries/x",
    )
    for path in wrong:
        answer = await three.http.get(f"/log/{path}")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


async def test_the_checkpoint_is_asked_for_again_before_it_is_used(three: World) -> None:
    got = await three.http.get("/log/checkpoint")
    assert got.headers["cache-control"] == "public, no-cache"
    again = await three.http.get("/log/checkpoint", headers={"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await three.write(three.item())
    newer = await three.http.get("/log/checkpoint", headers={"if-none-match": got.headers["etag"]})
    assert newer.status_code == 200
