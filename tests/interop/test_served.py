"""A second implementation verifies what a real server has answered, as a reader of the journal and as a sponsor."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.attacks.stage import Evil, cheap
from tests.interop.test_node import HERE, NODE, needs_node
from tests.server.deployments import deployed
from tests.system.worlds import World, leaving, three_people
from vault.client.device.session import Session
from vault.protocol.journal import JournalId
from vault.protocol.vocabulary import JournalKind
from vault.tlog.proof import TlogProof


def verify(log_key: str, served: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    told = json.dumps({"log_key": log_key, "served": served})
    command = [NODE or "node", str(HERE / "served.mjs")]
    return subprocess.run(command, input=told, capture_output=True, text=True, check=False, timeout=60)


def of_a_reader(session: Session) -> list[dict[str, Any]]:
    """All entries that this device has taken over, with what it takes to compute their leaves."""
    return [
        {"statement": entry.statement.hex(), "time": entry.time, "receipt": entry.receipt, "leaf": None}
        | {"journal": _place(session, journal) | {"seq": entry.seq, "head": entry.head.hex()}}
        for journal, entries in session.verified.taken.items()
        for entry in entries
    ]


def _place(session: Session, journal: JournalId) -> dict[str, str]:
    salt = session.find_salt(journal)
    assert salt is not None
    return {"kind": journal.kind.value, "subject": journal.subject.hex(), "salt": salt.hex()}


def of_a_sponsor(evil: Evil) -> list[dict[str, Any]]:
    """Every statement that was served with a leaf beside it."""
    answers = [json.loads(body) for _, _, status, body in evil.tape if status < 300 and body[:1] == b"{"]
    rows = [row for answer in answers for row in (*answer.get("contracts", ()), answer)]
    return [row for row in rows if row.get("leaf") is not None]


@needs_node
async def test_the_second_implementation_verifies_the_receipts_of_a_real_server(tmp_path: Path) -> None:
    made: list[Evil] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> Evil:
        made.append(Evil(inner))
        return made[-1]

    with cheap(), deployed(tmp_path) as deployment:
        async with leaving(World(deployment, tmp_path / "people", wrap)) as world:
            three = await three_people(world)
            await three.at_lenas.notes.add("Session 1")
            lena = three.lena._session
            served = of_a_reader(lena) + of_a_sponsor(made[2])
            assert lena.verified.tlog.key is not None
            key = lena.verified.tlog.key.to_text()
    kinds = {one["journal"]["kind"] for one in served if not one["leaf"]}
    assert kinds == {JournalKind.KEYS, JournalKind.ENGAGEMENT}
    assert sum(one["leaf"] is not None for one in served) >= 2
    ran = verify(key, served)
    assert ran.returncode == 0, ran.stderr
    proofs = [TlogProof.parse(one["receipt"].encode()) for one in served]
    assert json.loads(ran.stdout) == [[proof.index, proof.signed.checkpoint.size] for proof in proofs]
    served[-1]["time"] += 1
    assert verify(key, served).returncode != 0
