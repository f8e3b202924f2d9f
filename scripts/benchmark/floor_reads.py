"""The floor of reading: the same rows by their keys, the same JSON; nobody is asked who they are."""

from base64 import b64encode
from typing import Any

import orjson
from fastapi import FastAPI, Response
from sqlalchemy import LargeBinary, Row, Select, bindparam, event, select

from vault.server.storage.engine import Storage
from vault.server.storage.tables import blobs, items, leaves, seals, statements

s, of = statements.c, bindparam("of", type_=LargeBinary)
OWN = (seals.c.engagement == s.subject) & (seals.c.statement == s.statement) & (seals.c.account == s.signer)
LEAF = (leaves.c.kind == s.kind) & (leaves.c.subject == s.subject) & (leaves.c.seq == s.seq)
FOUND = select(statements, seals.c.seal, leaves.c.receipt).outerjoin(seals, OWN).join(leaves, LEAF)
PAGE = FOUND.where(s.kind == 3, s.subject == of, s.seq > bindparam("after")).order_by(s.seq).limit(50)
IS_ITEM = (items.c.engagement == s.subject) & (items.c.seq == s.seq) & (items.c.item == bindparam("item"))
ITEM = FOUND.join(items, IS_ITEM).where(s.kind == 3, s.subject == of)
BLOB = select(blobs.c.blob).where(blobs.c.engagement == of, blobs.c.sha256 == bindparam("sha256"))


def prepare(connection: Any, _record: object) -> None:
    """Psycopg prepares what the floor asks, as the service prepares what it asks; SQLite does by itself."""
    connection.prepare_threshold = 1


def base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def entry(row: Row[Any]) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "head": row.head.hex(),
        "time": row.time,
        "statement": row.statement.hex(),
        "envelope": {
            "payload": base64(row.payload),
            "payloadType": "application/vnd.coach-vault.item.v1+json",
            "signatures": [{"keyid": "", "sig": base64(row.signature)}],
        },
        "seal": row.seal and base64(row.seal),
        "leaf": None,
        "receipt": row.receipt.decode(),
    }


def add_reads(app: FastAPI, storage: Storage) -> None:
    event.listen(storage.engine, "connect", prepare)

    async def find(query: Select[Any], **values: Any) -> list[Row[Any]]:
        return await storage.read(lambda connection: list(connection.execute(query, values)))

    @app.get("/v1/engagements/{engagement}/journal")
    async def page(engagement: str, after: int = 0) -> Response:
        rows = await find(PAGE, of=bytes.fromhex(engagement), after=after)
        return Response(orjson.dumps({"data": [entry(row) for row in rows], "next": str(rows[-1].seq)}))

    @app.get("/v1/engagements/{engagement}/items/{item}")
    async def item(engagement: str, item: str) -> Response:
        rows = await find(ITEM, of=bytes.fromhex(engagement), item=bytes.fromhex(item))
        return Response(orjson.dumps({"versions": [entry(row) for row in rows]}))

    @app.get("/v1/engagements/{engagement}/blobs/{sha256}")
    async def blob(engagement: str, sha256: str) -> Response:
        [row] = await find(BLOB, of=bytes.fromhex(engagement), sha256=bytes.fromhex(sha256))
        return Response(row.blob)
