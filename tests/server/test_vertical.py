"""The whole way of a summary, over HTTP alone."""

import hashlib

from tests.server.world import World
from vault.encoding import read_base64
from vault.protocol.vocabulary import ItemKind


async def test_a_summary_is_disclosed_opened_read_and_withdrawn(three: World) -> None:
    await three.write(three.keyring("coachee"))
    await three.write(three.item("coach"))
    await three.write(three.item("coachee", ItemKind.SUMMARY, to=["coachee"]))
    disclosure = three.disclosure()
    statement = await three.write(disclosure)
    listed = (await three.get("sponsor", "/disclosures")).json()
    assert [each["statement"] for each in listed["data"]] == [statement.hex()]
    content = f"/disclosures/{statement.hex()}/content"
    assert (await three.get("sponsor", content)).json()["code"] == "opening-required"
    opened = await three.send(three.opening(statement))
    answer = opened.json()
    assert answer.keys() == {"statement", "journal", "time", "receipt", "leaf"}
    assert (answer["journal"], answer["time"]) == (None, three.deployment.clock())
    got = (await three.get("sponsor", content)).json()
    assert hashlib.sha256(read_base64(got["blob"])).digest() == disclosure.body.blob.sha256
    withdrawn = await three.send(three.withdrawal(statement))
    assert withdrawn.json()["openings"] == 1
    assert (await three.get("sponsor", content)).json()["code"] == "disclosure-ended"
    assert (await three.get("sponsor", "/disclosures")).json() == {"data": [], "next": None}
    assert await three.code(three.opening(statement)) == "disclosure-ended"
