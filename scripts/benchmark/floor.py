"""The floor, `python -m scripts.benchmark.floor DATABASE PORT`: same framework, bytes and rows; nothing is checked."""

import asyncio
import sys
from base64 import b64decode
from collections import Counter
from hashlib import sha256
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from sqlalchemy import Table, bindparam, insert, update

from scripts.benchmark.floor_reads import add_reads
from vault.server.storage.engine import Storage
from vault.server.storage.tables import blobs, holdings, items, journals, leaves, seals, statements, tlog

app, storage, queue, counts = FastAPI(), Storage(sys.argv[1]), list[Any](), Counter[Any]()
FIRST, LEAVES = 3, 10**9  # each engagement has three entries; leaves are counted from where nobody else counts
TABLES, PROOF = (statements, items, holdings, blobs, seals, leaves), b"c2sp.org/tlog-proof@v1".ljust(900)
MOVE = update(journals).where(journals.c.subject == bindparam("of")).values(seq=bindparam("to"), head=bindparam("at"))


def row(table: Table, *values: Any) -> dict[str, Any]:
    return dict(zip(table.c.keys(), values, strict=True))


def write(batch: list[Any]) -> None:
    with storage.writing() as connection:
        for query, rows in zip((MOVE, *map(insert, TABLES)), zip(*batch, strict=True), strict=True):
            connection.execute(query, [each for some in rows for each in some])
        connection.execute(update(tlog).values(checkpoint=PROOF[:200]))


async def write_all() -> None:
    while batch := queue[:64]:
        del queue[:64]
        await asyncio.to_thread(write, [rows for rows, _ in batch])
        for _, answer in batch:
            answer.set_result(None)
    counts["writing"] = 0


@app.post("/v1/engagements/{engagement}/items")
async def post(request: Request) -> Response:
    sent = orjson.loads(await request.body())
    payload, signature = b64decode(sent["statement"]["payload"]), b64decode(sent["statement"]["signatures"][0]["sig"])
    body, digest = orjson.loads(payload), sha256(payload).digest()
    of, item, by, uid = (bytes.fromhex(body[name]) for name in ("engagement", "item", "by", "id"))
    readers = [(bytes.fromhex(seal["account"]), bytes.fromhex(seal["key"])) for seal in body["seals"]]
    sealed = zip(readers, map(b64decode, sent["seals"]), strict=True)
    counts[of] = seq = (counts[of] or FIRST) + 1
    counts["leaf"] = leaf = (counts["leaf"] or LEAVES) + 1
    rows = (
        [{"of": of, "to": seq, "at": digest}],
        [row(statements, 3, of, seq, digest, "item", by, uid, body["at"], digest, digest, 0, payload, signature, None)],
        [row(items, of, item, 1, seq, digest, "note", by, 0)],
        [row(holdings, of, account, item, 1, seq, "note") for account, _ in readers],
        [row(blobs, of, digest, bytes.fromhex(body["blob"]["sha256"]), b64decode(sent["blob"]))],
        [row(seals, of, digest, account, 1, digest, key, seal) for (account, key), seal in sealed],
        [row(leaves, leaf, 3, of, seq, digest + digest, PROOF)],
    )
    queue.append((rows, answer := asyncio.get_running_loop().create_future()))
    if not counts["writing"]:
        counts["writing"], app.state.task = 1, asyncio.create_task(write_all())
    await answer
    place = {"kind": "engagement", "subject": of.hex(), "seq": seq, "head": digest.hex()}
    answered = {"statement": digest.hex(), "journal": place, "time": body["at"], "receipt": PROOF.decode()}
    return Response(orjson.dumps(answered), 201)


add_reads(app, storage)
uvicorn.run(app, port=int(sys.argv[2]), access_log=False, server_header=False, ws="none", log_level="warning")
