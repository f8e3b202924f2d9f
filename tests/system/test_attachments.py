"""Files attached to items: whatever stops half way goes on, whatever was changed on the way is refused."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.system.transports import Lies, LosesAnswers
from tests.system.worlds import Three, World, three_people
from vault.client.acts import downloading, items, uploading
from vault.client.acts.uploading import Progress
from vault.client.errors import (
    BlobHashError,
    HeaderError,
    SignedBadlyError,
    Unreachable,
    UsageError,
    VerificationError,
    WithheldError,
)
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.protocol.limits import UPLOAD_SECONDS
from vault.protocol.problems import Refused
from vault.server.resources.attachments.actions import sweep
from vault.server.sequencer.attachments import discard_attachments

SIZE = 300_000


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "PART_BYTES", 65_536)
    monkeypatch.setattr(downloading, "RANGE_BYTES", 50_000)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "Whiteboard of Marek.png"
    path.write_bytes(b"".join(hashlib.sha256(bytes([index % 251])).digest() for index in range(SIZE // 32)))
    return path


def sealed_files(three: Three, name: str = "lena") -> list[Path]:
    folder = three.world.folder / name / "attachments"
    return list(folder.iterdir()) if folder.exists() else []


async def test_a_file_goes_to_all_readers_of_its_item_and_comes_back_the_same(
    three: Three, photo: Path, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    note = await three.at_lenas.notes.add("What we drew.", title="Session", attachments=[photo], report=seen.append)
    assert [(each.name, each.size) for each in note.attachments] == [(photo.name, photo.stat().st_size)]
    assert {each.what for each in seen} == {"sealing", "sending"}
    assert all(each.done <= each.total for each in seen)
    at_mareks = await three.at_mareks.notes.get(note.id)
    await at_mareks.save_attachment(photo.name, tmp_path / "copy.png")
    assert (tmp_path / "copy.png").read_bytes() == photo.read_bytes()
    assert sealed_files(three) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_nothing_of_a_file_but_sealed_bytes_reaches_the_server(
    world: World, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lies: list[LosesAnswers] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        lies.append(LosesAnswers(inner))
        return lies[-1]

    world.wrap = wrap
    three = await three_people(world)
    await three.at_lenas.notes.add("x", attachments=[photo])
    content = photo.read_bytes()
    sent = [body for transport in lies for _, _, body in transport.sent]
    assert any(len(body) > 50_000 for body in sent)
    for body in sent:
        assert photo.name.encode() not in body
        assert content[1_000:1_040] not in body
    folder = Path(world.deployment.context.settings.blobs.removeprefix("file:"))
    stored = [path for path in folder.rglob("*") if path.is_file()]
    assert b"".join(path.read_bytes()[:4] for path in stored).count(b"CVA1") == 1
    for path in stored:
        assert set(path.name) <= set("0123456789abcdef")
        assert len(path.name) == 32
        assert path.stat().st_mode & 0o077 == 0


async def test_an_item_keeps_its_files_when_it_is_edited_and_gets_more(
    three: Three, photo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "plan.txt"
    other.write_text("One step a week.")
    goal = await three.at_lenas.goals.add("Speak up")
    goal = await goal.attach(photo)
    goal = await (await three.at_mareks.goals.get(goal.id)).edit("Speak up in every meeting")
    goal = await goal.attach(other)
    assert [(each.name, each.media_type) for each in goal.attachments] == [
        (photo.name, "application/octet-stream"),
        ("plan.txt", "text/plain"),
    ]
    assert goal.body == "Speak up in every meeting"
    again = await three.at_lenas.goals.get(goal.id)
    for named, source in ((photo.name, photo), (again.attachments[1].id, other)):
        await again.save_attachment(named, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == source.read_bytes()
        (tmp_path / "out").unlink()
    with pytest.raises(UsageError, match=r"plan\.txt"):
        await again.save_attachment(None, tmp_path / "out")


async def test_a_summary_that_is_the_coachees_alone_stays_so_with_a_file(three: Three, photo: Path) -> None:
    summary = await three.at_mareks.summaries.add("Mine", with_coach=False)
    summary = await summary.attach(photo)
    assert [reader.account for reader in summary.readers] == [three.marek.account]
    with pytest.raises(Refused):
        await three.at_lenas.summaries.get(summary.id)


async def test_files_of_no_bytes_and_of_just_a_chunk_come_back(three: Three, tmp_path: Path) -> None:
    paths = []
    for size in (0, 1, 65_535, 65_536):
        path = tmp_path / f"{size}.bin"
        path.write_bytes(b"\x80" * size)
        paths.append(path)
    note = await three.at_lenas.notes.add("", attachments=paths)
    for path in paths:
        await note.save_attachment(path.name, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == path.read_bytes()
        (tmp_path / "out").unlink()


class CutsOff(httpx.AsyncBaseTransport):
    """Carries so many requests of one method, and after them nothing."""

    def __init__(self, inner: httpx.AsyncBaseTransport, method: str, left: int) -> None:
        self.inner, self.method, self.left = inner, method, left
        self.carried = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.left <= 0 and (request.method == self.method or self.carried):
            raise httpx.ConnectError("no route", request=request)
        if request.method == self.method and "/attachments/" in request.url.path:
            self.left -= 1
            self.carried += 1
        return await self.inner.handle_async_request(request)


async def come_back(
    three: Three, name: str, wrap: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
) -> AsyncEngagement:
    """The program of that person is closed and opened again, over another network."""
    await three.world.close(getattr(three, name))
    three.world.wrap = wrap
    vault = await three.world.unlock(name)
    setattr(three, name, vault)
    return await vault.engagements.get(three.at_lenas.id)


async def test_what_was_cut_off_while_parts_were_sent_goes_on_after_a_restart(three: Three, photo: Path) -> None:
    engagement = await come_back(three, "lena", lambda inner: CutsOff(inner, "PUT", 2))
    with pytest.raises(Unreachable):
        await engagement.notes.add("x", attachments=[photo])
    (sealed,) = sealed_files(three)
    before = sealed.read_bytes()
    carrying: list[CutsOff] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        carrying.append(CutsOff(inner, "PUT", 1_000))
        return carrying[-1]

    engagement = await come_back(three, "lena", wrap)
    assert sealed.read_bytes() == before  # the same sealed bytes: nothing is sealed twice under one key
    note = await engagement.notes.add("x", attachments=[photo])
    assert sum(each.carried for each in carrying) == -(-len(before) // uploading.PART_BYTES) - 2
    assert [each.id for each in await engagement.notes.list()] == [note.id]
    assert sealed_files(three) == []


@pytest.mark.parametrize("lost", ["request", "answer"])
async def test_a_version_whose_answer_did_not_come_is_not_written_twice(three: Three, photo: Path, lost: str) -> None:
    class Loses(LosesAnswers):
        """Loses the statement on its way, or its answer."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if lost == "request" and self.loses(request):
                raise httpx.ConnectError("no route", request=request)
            return await super().handle_async_request(request)

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        losing = Loses(inner)
        losing.loses = lambda request: request.url.path.endswith("/items") and request.method == "POST"
        return losing

    engagement = await come_back(three, "lena", wrap)
    with pytest.raises(Unreachable):
        await engagement.notes.add("x", attachments=[photo])
    engagement = await come_back(three, "lena", lambda inner: inner)
    note = await engagement.notes.add("x", attachments=[photo])
    assert [each.name for each in note.attachments] == [photo.name]
    assert [each.id for each in await engagement.notes.list()] == [note.id]
    assert sealed_files(three) == []
    another = await engagement.notes.add("x", attachments=[photo])  # meant this time
    assert another.id != note.id


async def test_a_file_that_changed_between_two_runs_is_sealed_anew(three: Three, photo: Path, tmp_path: Path) -> None:
    engagement = await come_back(three, "lena", lambda inner: CutsOff(inner, "PUT", 2))
    with pytest.raises(Unreachable):
        await engagement.notes.add("x", attachments=[photo])
    (old,) = sealed_files(three)
    photo.write_bytes(photo.read_bytes()[:-1] + b"!")
    engagement = await come_back(three, "lena", lambda inner: inner)
    note = await engagement.notes.add("x", attachments=[photo])
    assert note.attachments[0].id != old.name
    await note.save_attachment(None, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == photo.read_bytes()
    three.world.deployment.clock.move(UPLOAD_SECONDS)
    await engagement.notes.add("y", attachments=[photo])
    assert sealed_files(three) == []  # what was given up goes with the day


async def test_a_file_that_changes_while_it_is_sealed_is_noticed(
    three: Three, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at = uploading._look_at

    def look_and_change(path: Path) -> uploading.LocalFile:
        found = look_at(path)
        path.write_bytes(b"?" * found.size)
        return found

    monkeypatch.setattr(uploading, "_look_at", look_and_change)
    with pytest.raises(UsageError, match="changed"):
        await three.at_lenas.notes.add("x", attachments=[photo])
    assert sealed_files(three) == []


async def test_parts_that_the_server_gave_up_meanwhile_are_sent_again(three: Three, photo: Path) -> None:
    engagement = await come_back(three, "lena", lambda inner: CutsOff(inner, "PUT", 4))
    with pytest.raises(Unreachable):
        await engagement.notes.add("x", attachments=[photo])
    clock = three.world.deployment.clock
    clock.move(UPLOAD_SECONDS)
    assert (await sweep(three.world.deployment.context)).uploads == 1
    clock.move(-1)
    engagement = await come_back(three, "lena", lambda inner: inner)
    note = await engagement.notes.add("x", attachments=[photo])
    assert [each.name for each in note.attachments] == [photo.name]


async def test_a_sealed_copy_that_was_damaged_is_made_anew(three: Three, photo: Path) -> None:
    engagement = await come_back(three, "lena", lambda inner: CutsOff(inner, "PUT", 1))
    with pytest.raises(Unreachable):
        await engagement.notes.add("x", attachments=[photo])
    (sealed,) = sealed_files(three)
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"\0")
    engagement = await come_back(three, "lena", lambda inner: inner)
    with pytest.raises(UsageError, match="damaged"):
        await engagement.notes.add("x", attachments=[photo])
    await engagement.notes.add("x", attachments=[photo])


async def test_a_server_that_says_it_has_what_it_has_not_costs_a_run_and_nothing_else(
    three: Three, photo: Path
) -> None:
    claims: list[Lies] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        claims.append(Lies(inner))
        return claims[-1]

    engagement = await come_back(three, "lena", lambda inner: CutsOff(inner, "PUT", 1))
    with pytest.raises(Unreachable):
        await engagement.notes.add("x", attachments=[photo])
    (sealed,) = sealed_files(three)
    content = sealed.read_bytes()
    parts = [content[start : start + 65_536] for start in range(0, len(content), 65_536)]
    data = [
        {"n": number, "size": len(part), "sha256": hashlib.sha256(part).hexdigest()}
        for number, part in enumerate(parts, 1)
    ]
    engagement = await come_back(three, "lena", wrap)
    claims[-1].change = lambda path, body: json.dumps({"data": data}).encode() if path.endswith("/parts") else body
    with pytest.raises(Refused, match="part-missing"):
        await engagement.notes.add("x", attachments=[photo])
    engagement = await come_back(three, "lena", lambda inner: inner)
    await engagement.notes.add("x", attachments=[photo])
    assert len(await engagement.notes.list()) == 1


async def test_a_fetch_that_was_cut_off_goes_on_where_it_stopped(three: Three, photo: Path, tmp_path: Path) -> None:
    note = await three.at_lenas.notes.add("x", attachments=[photo])
    carrying: list[CutsOff] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        carrying.append(CutsOff(inner, "GET", 1_000))
        return carrying[-1]

    out = tmp_path / "out.png"
    engagement = await come_back(three, "marek", wrap)
    theirs = await engagement.notes.get(note.id)
    carrying[-1].left = 2
    with pytest.raises(Unreachable):
        await theirs.save_attachment(None, out)
    assert not out.exists()
    engagement = await come_back(three, "marek", wrap)
    await (await engagement.notes.get(note.id)).save_attachment(None, out)
    assert out.read_bytes() == photo.read_bytes()
    assert sum(each.carried for each in carrying) == -(-len(photo.read_bytes()) // downloading.RANGE_BYTES) + 1
    with pytest.raises(UsageError, match="nothing is overwritten"):
        await theirs.save_attachment(None, out)


def flipped(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def on_attachments(change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
    return lambda path, body: change(body) if "/attachments/" in path else body


CHANGES: list[tuple[Callable[[bytes], bytes], type[VerificationError]]] = [
    (flipped, BlobHashError),
    (lambda body: body[:-1], VerificationError),
    (lambda body: body + b"x", VerificationError),
    (lambda body: body * 1_000, VerificationError),
    (lambda body: body[::-1], BlobHashError),
    (lambda body: b"", VerificationError),
]


async def test_no_file_comes_of_bytes_that_were_changed_on_the_way(three: Three, photo: Path, tmp_path: Path) -> None:
    note = await three.at_lenas.notes.add("x", attachments=[photo])
    lying: list[Lies] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        lying.append(Lies(inner))
        return lying[-1]

    folder = tmp_path / "out"
    folder.mkdir()
    engagement = await come_back(three, "marek", wrap)
    theirs = await engagement.notes.get(note.id)
    for change, error in CHANGES:
        lying[-1].change = on_attachments(change)
        with pytest.raises(error):
            await theirs.save_attachment(None, folder / "photo.png")
        assert not (folder / "photo.png").exists()
    lying[-1].change = lambda _path, body: body
    await theirs.save_attachment(None, folder / "photo.png")
    assert [path.name for path in folder.iterdir()] == ["photo.png"]
    assert (folder / "photo.png").read_bytes() == photo.read_bytes()


async def test_bytes_that_the_server_does_not_have_any_more_are_said_to_be_withheld(
    three: Three, photo: Path, tmp_path: Path
) -> None:
    note = await three.at_lenas.notes.add("x", attachments=[photo])
    with three.world.deployment.context.storage.writing() as connection:
        discard_attachments(connection, bytes.fromhex(three.at_lenas.id), bytes.fromhex(note.id))
    three.world.deployment.is_honest = False
    with pytest.raises(WithheldError):
        await note.save_attachment(None, tmp_path / "out")


async def test_a_header_that_names_other_attachments_than_the_statement_does_not_open(
    three: Three, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header_of = items._header
    monkeypatch.setattr(
        items, "_header", lambda context, text, now: header_of(context, replace(text, attachments=()), now)
    )
    with pytest.raises(SignedBadlyError) as error:  # the writer itself is the first who does not take it
        await three.at_lenas.notes.add("x", attachments=[photo])
    assert isinstance(error.value.__cause__, HeaderError)
    monkeypatch.undo()
    (seen,) = await three.at_mareks.notes.list()
    assert not seen.opens
    assert seen.attachments == ()


async def test_what_is_no_file_cannot_be_attached(three: Three, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(UsageError):
            await three.at_lenas.notes.add("x", attachments=[path])
    assert await three.at_lenas.notes.list() == []


async def test_a_quota_that_is_spent_is_told_and_not_waited_for(three: Three, photo: Path) -> None:
    deployment = three.world.deployment
    settings = deployment.context.settings.model_copy(update={"upload_bytes": 100_000})
    deployment.app.state.context = replace(deployment.context, settings=settings)
    with pytest.raises(Refused, match="quota-spent"):
        await three.at_lenas.notes.add("x", attachments=[photo])
    deployment.app.state.context = deployment.context
    await three.at_lenas.notes.add("x", attachments=[photo])
