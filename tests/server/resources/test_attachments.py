"""Attachments over HTTP: uploaded in parts, named by an item, read in ranges by who holds a seal of it."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.server.joining import bearer
from tests.server.later import destroy, erasure
from tests.server.storage.s3 import NEEDS_S3, open_s3
from tests.server.world import Draft, World
from tests.support.noise import noise
from tests.support.people import short
from vault.encoding import write_base64
from vault.protocol.limits import PART_MAXIMUM_BYTES, PARTS_MAXIMUM, UPLOAD_SECONDS
from vault.protocol.statements import AttachmentRef
from vault.protocol.vocabulary import ItemKind
from vault.server.resources.attachments.actions import Swept, sweep
from vault.server.resources.attachments.content import LostContentError, require_content
from vault.server.storage.blob_store import key_of
from vault.server.storage.tables import attachment_parts

ID = short("attachment")
PARTS = tuple(noise(size, "part", size) for size in (70_000, 100_000, 1))
WHOLE = b"".join(PARTS)


def digest_of(raw: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{write_base64(hashlib.sha256(raw).digest())}:"}


def ref_of(raw: bytes = WHOLE, attachment: bytes = ID) -> AttachmentRef:
    return AttachmentRef(id=attachment, size=len(raw), sha256=hashlib.sha256(raw).digest())


async def put(
    world: World,
    number: int | str,
    raw: bytes,
    by: str = "coach",
    attachment: bytes = ID,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return await world.http.put(
        f"{world.at('attachments')}/{attachment.hex()}/parts/{number}",
        content=raw,
        headers={**bearer(world.tokens[by]), **digest_of(raw), **(headers or {})},
    )


async def upload(world: World, by: str = "coach", attachment: bytes = ID, parts: tuple[bytes, ...] = PARTS) -> None:
    for number, raw in enumerate(parts, 1):
        answer = await put(world, number, raw, by, attachment)
        assert (answer.status_code, answer.content) == (204, b"")


def naming(world: World, *refs: AttachmentRef, by: str = "coach", **changes: Any) -> Draft:
    return world.item(by, attachments=tuple(sorted(refs, key=lambda ref: ref.id)), **changes)


async def fetch(world: World, by: str, attachment: bytes = ID, **headers: str) -> httpx.Response:
    return await world.get(by, f"/attachments/{attachment.hex()}", **headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["code"])


def stored_files(world: World) -> list[Path]:
    folder = Path(world.deployment.context.settings.blobs.removeprefix("file:"))
    return [path for path in folder.rglob("*") if path.is_file()]


def count_files(world: World) -> int:
    return len(stored_files(world))


async def test_what_an_item_names_is_served_whole_to_its_readers_and_to_nobody_else(three: World) -> None:
    await upload(three)
    assert code_of(await fetch(three, "coach")) == (404, "not-found")  # before its statement nobody has it
    await three.write(naming(three, ref_of()))
    for name in ("coach", "coachee"):
        answer = await fetch(three, name)
        assert (answer.status_code, answer.content) == (200, WHOLE)
        assert answer.headers["etag"] == f'"{hashlib.sha256(WHOLE).hexdigest()}"'
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["cache-control"] == "no-store"
    nowhere = await fetch(three, "coach", short("nowhere"))
    for name in ("sponsor", "contact", "stranger"):
        assert (await fetch(three, name)).content == nowhere.content


async def test_a_private_item_keeps_its_attachments_from_the_other_party(three: World) -> None:
    await upload(three)
    await three.write(naming(three, ref_of(), kind=ItemKind.PRIVATE))
    assert (await fetch(three, "coach")).content == WHOLE
    assert code_of(await fetch(three, "coachee")) == (404, "not-found")
    assert await three.code(naming(three, ref_of(), by="coachee")) == "part-missing"


async def test_who_holds_a_seal_of_another_version_is_not_served_what_that_one_does_not_name(three: World) -> None:
    first = naming(three, kind=ItemKind.GOAL)
    await three.write(first)
    await upload(three)
    second = naming(three, ref_of(), kind=ItemKind.GOAL, item=first.body.item, version=2, previous=first.statement.id)
    await three.write(second)
    assert (await fetch(three, "coachee")).content == WHOLE
    # The other party writes the third version and names it again without an upload of its own.
    third = naming(
        three, ref_of(), by="coachee", kind=ItemKind.GOAL, item=first.body.item, version=3,
        previous=second.statement.id,
    )  # fmt: skip
    await three.write(third)
    assert (await fetch(three, "coach")).content == WHOLE


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=69999-70000", 69_999, 70_001),
        ("bytes=70000-", 70_000, 170_001),
        ("bytes=-1", 170_000, 170_001),
        ("bytes=-999999", 0, 170_001),
        ("bytes=169999-999999999999", 169_999, 170_001),
    ],
)
async def test_a_range_is_served_across_parts(three: World, asked: str, start: int, end: int) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    answer = await fetch(three, "coachee", range=asked)
    assert (answer.status_code, answer.content) == (206, WHOLE[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(WHOLE)}"
    assert answer.headers["content-length"] == str(end - start)


async def test_ranges_that_are_none_are_ignored_and_those_beyond_the_end_refused(three: World) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    many = "bytes=" + ",".join("0-" for _ in range(1_000))
    for asked in (many, "bytes=5-4", "bytes=-", "bytes=x-", "lines=0-1", "bytes=" + "9" * 40 + "-", "bytes=0-1,3-4"):
        answer = await fetch(three, "coach", range=asked)
        assert (answer.status_code, answer.content) == (200, WHOLE), asked[:20]
    for asked in ("bytes=170001-", "bytes=999999-1000000", "bytes=-0"):
        answer = await fetch(three, "coach", range=asked)
        assert code_of(answer) == (416, "range-refused")
        assert answer.headers["content-range"] == "bytes */170001"


async def test_a_reader_who_has_it_is_told_so_and_a_range_of_another_content_is_not_served(three: World) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    etag = (await fetch(three, "coach")).headers["etag"]
    answer = await fetch(three, "coach", if_none_match=etag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert (await fetch(three, "coach", range="bytes=0-9", if_range=etag)).status_code == 206
    assert (await fetch(three, "coach", range="bytes=0-9", if_range='"other"')).content == WHOLE


async def test_a_part_is_put_once_and_the_same_bytes_again_change_nothing(three: World) -> None:
    await upload(three)
    before = three.deployment.digest()
    await upload(three)
    assert three.deployment.digest() == before
    assert code_of(await put(three, 2, b"other bytes")) == (409, "part-taken")
    assert code_of(await put(three, 2, PARTS[1], "coachee")) == (409, "part-taken")
    assert three.deployment.digest() == before
    assert count_files(three) == len(PARTS)


async def test_an_upload_says_to_its_uploader_alone_where_to_go_on(three: World) -> None:
    path = f"/attachments/{ID.hex()}/parts"
    nowhere = await three.get("coach", path)
    assert code_of(nowhere) == (404, "not-found")
    await put(three, 3, PARTS[2])
    await put(three, 1, PARTS[0])
    assert (await three.get("coach", path)).json() == {
        "data": [
            {"n": number, "size": len(PARTS[number - 1]), "sha256": hashlib.sha256(PARTS[number - 1]).hexdigest()}
            for number in (1, 3)
        ]
    }
    for name in ("coachee", "sponsor", "stranger"):
        assert (await three.get(name, path)).content == nowhere.content


async def test_an_upload_is_for_coach_and_coachee_of_that_engagement_alone(three: World) -> None:
    before = three.deployment.digest()
    for name in ("sponsor", "contact", "stranger"):
        assert code_of(await put(three, 1, PARTS[0], name)) == (404, "not-found")
    assert three.deployment.digest() == before
    assert count_files(three) == 0


async def test_a_body_that_is_not_what_its_headers_say_is_not_kept(three: World) -> None:
    before = three.deployment.digest(leave_out=("attachments", "discarded_parts"))
    raw = PARTS[0]
    for headers, code in (
        (digest_of(b"other"), (422, "part-mismatch")),
        ({"Content-Digest": "sha-256=:x:"}, (422, "schema")),
        ({"Content-Digest": f"md5=:{write_base64(bytes(16))}:"}, (422, "schema")),
        ({"Content-Digest": digest_of(raw)["Content-Digest"] + ", sha-512=:x:"}, (422, "schema")),
        ({"Content-Digest": f"sha-256=:{'B' * 43}=:"}, (422, "schema")),
        ({"Content-Length": "0"}, (422, "schema")),
        ({"Content-Length": str(len(raw) - 1)}, (422, "part-mismatch")),
        ({"Content-Length": str(len(raw) + 1)}, (422, "part-mismatch")),
        ({"Content-Length": str(PART_MAXIMUM_BYTES + 1)}, (413, "too-large")),
        ({"Content-Length": "+5"}, (413, "too-large")),
    ):
        answer = await put(three, 1, raw, headers=headers)
        assert code_of(answer) == code, headers
    assert three.deployment.digest(leave_out=("attachments", "discarded_parts")) == before
    assert count_files(three) == 0
    await upload(three)  # the number is still free


async def test_a_part_without_its_length_is_refused(three: World) -> None:
    async def once() -> Any:
        yield PARTS[0]

    answer = await three.http.put(
        f"{three.at('attachments')}/{ID.hex()}/parts/1",
        content=once(),
        headers={**bearer(three.tokens["coach"]), **digest_of(PARTS[0])},
    )
    assert code_of(answer) == (422, "schema")
    assert answer.json()["errors"][0]["pointer"] == "/headers/content-length"


@pytest.mark.parametrize("number", ["0", "01", "-1", "x", str(PARTS_MAXIMUM + 1), "9" * 30])
async def test_there_are_only_so_many_numbers_of_parts(three: World, number: str) -> None:
    assert code_of(await put(three, number, PARTS[0])) == (404, "not-found")


async def test_an_item_names_nothing_that_is_not_here_whole(three: World) -> None:
    assert await three.code(naming(three, ref_of())) == "part-missing"
    await put(three, 1, PARTS[0])
    await put(three, 3, PARTS[2])
    assert await three.code(naming(three, ref_of())) == "part-missing"
    assert await three.code(naming(three, ref_of(PARTS[0] + PARTS[2]))) == "part-missing"  # a gap
    assert await three.code(naming(three, ref_of(PARTS[0]))) == "part-mismatch"
    await put(three, 2, PARTS[1])
    await three.write(naming(three, ref_of()))


async def test_parts_that_were_swapped_or_cut_off_are_not_what_was_signed(three: World) -> None:
    swapped = (PARTS[1], PARTS[0], PARTS[2])
    await upload(three, parts=swapped)
    draft = naming(three, ref_of())
    assert code_of(await three.send(draft)) == (422, "part-mismatch")
    assert code_of(await put(three, 4, b"more")) == (409, "part-taken")  # what was hashed is closed
    assert await three.code(naming(three, ref_of(b"".join(swapped) + b"more"))) == "part-mismatch"
    await three.write(naming(three, ref_of(b"".join(swapped))))


async def test_nobody_names_an_upload_of_somebody_else_or_the_attachment_of_another_item(three: World) -> None:
    await upload(three)
    assert await three.code(naming(three, ref_of(), by="coachee")) == "part-missing"
    first = naming(three, ref_of())
    await three.write(first)
    assert await three.code(naming(three, ref_of())) == "part-missing"
    changed = {"item": first.body.item, "version": 2, "previous": first.statement.id}
    assert await three.code(naming(three, ref_of(PARTS[0]), **changed)) == "part-mismatch"
    await three.write(naming(three, ref_of(), **changed))


async def test_an_attachment_of_another_engagement_is_missing_here(three: World) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    first = three.engagement
    three.engagement = short("another engagement")
    await three.agree()
    assert await three.code(naming(three, ref_of())) == "part-missing"
    assert code_of(await fetch(three, "coach")) == (404, "not-found")
    await upload(three, parts=(b"the same id, elsewhere",))
    three.engagement = first
    assert (await fetch(three, "coach")).content == WHOLE


async def test_the_same_statement_again_gets_its_first_answer(three: World) -> None:
    await upload(three)
    draft = naming(three, ref_of())
    first = await three.send(draft)
    again = await three.send(draft)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


async def test_what_nobody_names_goes_after_a_day_and_what_is_named_stays(three: World) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    lost = short("lost")
    await upload(three, attachment=lost)
    three.deployment.clock.move(UPLOAD_SECONDS - 1)
    await three.log_in("coach")
    await put(three, 4, b"a late part", attachment=lost)  # the day begins anew
    three.deployment.clock.move(UPLOAD_SECONDS - 1)
    swept = await sweep(three.deployment.context)
    assert (swept.uploads, swept.parts) == (0, 0)
    three.deployment.clock.move(1)
    swept = await sweep(three.deployment.context)
    assert (swept.uploads, swept.parts) == (1, len(PARTS) + 1)
    assert count_files(three) == len(PARTS)
    await three.log_in("coach")
    assert (await fetch(three, "coach")).content == WHOLE
    assert code_of(await three.get("coach", f"/attachments/{lost.hex()}/parts")) == (404, "not-found")
    assert await three.code(naming(three, ref_of(attachment=lost))) == "part-missing"
    await upload(three, attachment=lost)  # and its id is free again


async def test_a_person_has_only_so_much_here_that_no_item_names(three: World) -> None:
    deployment = three.deployment
    settings = deployment.context.settings.model_copy(update={"upload_bytes": len(WHOLE)})
    deployment.app.state.context = replace(deployment.context, settings=settings)
    await upload(three)
    other = short("other")
    answer = await put(three, 1, b"x", attachment=other)
    assert code_of(answer) == (429, "quota-spent")
    assert int(answer.headers["retry-after"]) > 0
    await upload(three, "coachee", other)  # nobody spends another's
    await three.write(naming(three, ref_of()))
    await put(three, 1, b"x", attachment=short("third"))


async def test_the_deployment_says_how_much_it_takes(three: World) -> None:
    limits = (await three.http.get("/v1/deployment")).json()["limits"]
    assert limits["part_bytes"] == PART_MAXIMUM_BYTES
    assert limits["upload_bytes"] == three.deployment.context.settings.upload_bytes


async def test_an_erased_item_takes_its_attachments_along(three: World) -> None:
    kept, gone = short("kept"), ID
    await upload(three, attachment=kept)
    await upload(three, attachment=gone)
    await three.write(naming(three, ref_of(attachment=kept)))
    item = naming(three, ref_of(attachment=gone))
    statement = await three.write(item)
    await destroy(three, erasure(three, item.body.item))
    assert code_of(await fetch(three, "coach", gone)) == (404, "not-found")
    assert count_files(three) == 2 * len(PARTS)
    swept = await sweep(three.deployment.context)
    assert (swept.uploads, swept.parts) == (0, len(PARTS))
    assert count_files(three) == len(PARTS)
    assert (await fetch(three, "coach", kept)).content == WHOLE
    assert statement


@pytest.fixture(params=["folder", pytest.param("s3", marks=NEEDS_S3)])
def on_both(request: pytest.FixtureRequest, three: World) -> World:
    """The same people on either store."""
    if request.param == "s3":
        deployment = three.deployment
        store = open_s3(request.getfixturevalue("s3"), hashlib.sha256(request.node.nodeid.encode()).hexdigest())
        deployment.context = deployment.app.state.context = replace(deployment.context, blobs=store)
    return three


async def test_on_either_store_an_upload_goes_on_is_served_in_ranges_and_goes_when_nobody_names_it(
    on_both: World,
) -> None:
    world, lost = on_both, short("lost")
    parts = world.deployment.context
    await put(world, 3, PARTS[2])
    there = (await world.get("coach", f"/attachments/{ID.hex()}/parts")).json()["data"]
    assert [each["n"] for each in there] == [3]
    assert code_of(await put(world, 2, PARTS[1], headers=digest_of(b"other"))) == (422, "part-mismatch")
    await upload(world)
    await upload(world, attachment=lost)
    await world.write(naming(world, ref_of()))
    assert (await fetch(world, "coachee")).content == WHOLE
    assert (await fetch(world, "coachee", range="bytes=69990-170000")).content == WHOLE[69_990:]
    with parts.storage.reading() as connection:
        rows = connection.execute(select(attachment_parts)).all()
    keys = {row.place: key_of(row.engagement, row.place) for row in rows}
    sizes = {row.place: row.size for row in rows}
    assert {place: await parts.blobs.find_size(key) for place, key in keys.items()} == sizes
    world.deployment.clock.move(UPLOAD_SECONDS)
    assert await sweep(parts) == Swept(uploads=1, parts=4)
    await world.log_in("coachee")
    assert (await fetch(world, "coachee")).content == WHOLE
    gone = {row.place for row in rows if row.attachment == lost}
    assert {place for place, key in keys.items() if await parts.blobs.find_size(key) is None} == gone
    await require_content(parts.storage, parts.blobs)


async def test_a_supervisor_is_served_what_was_sealed_for_supervision(world: World) -> None:
    await world.add("coach", "coachee", "supervisor")
    await world.agree(("coach", "coachee", "supervisor"), contact=None, contacts=())
    await upload(world)
    note = naming(world, ref_of())
    await world.write(note)
    assert code_of(await fetch(world, "supervisor")) == (404, "not-found")
    await world.write(world.reseal("coachee", note, ["supervisor"]))
    assert (await fetch(world, "supervisor")).content == WHOLE


async def test_lost_content_is_found(three: World) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    await require_content(three.deployment.context.storage, three.deployment.context.blobs)
    stored_files(three)[0].unlink()
    with pytest.raises(LostContentError, match="1 parts"):
        await require_content(three.deployment.context.storage, three.deployment.context.blobs)
