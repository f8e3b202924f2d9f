"""What another party signed and does not open is theirs: it stops no list and no export, and blames no server."""

import hashlib
import json
import os
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel, ValidationError

from tests.system.commanding import PROGRAMS, People
from tests.system.worlds import passphrase
from vault.client import Vault, terms
from vault.client.acts import uploading
from vault.client.cli.application import run
from vault.client.crypto.content import Header, ItemAttachment, ItemHeader
from vault.client.outbox import sealing_to
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.synchronous.items import Preview
from vault.encoding import MAXIMUM_INTEGER
from vault.errors import VaultError
from vault.protocol import slot
from vault.protocol.statements import (
    MODELS,
    Assent,
    AttachmentRef,
    BlobRef,
    Contract,
    Disclosure,
    Item,
    Opening,
    Reseal,
)
from vault.protocol.terms import RequestBudget

FIVE = ("Marek", "Ana", "Sven")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """Lena coaches Marek; Ana pays and Sven supervises; one honest note is there."""
    with agreed_people(tmp_path_factory.mktemp("people")) as made:
        yield made


@pytest.fixture(scope="module")
def hostile_people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The same ones elsewhere, among whom whatever can be signed is signed."""
    with agreed_people(tmp_path_factory.mktemp("hostile")) as made:
        yield made


@contextmanager
def agreed_people(folder: Path) -> Iterator[People]:
    """Five people around a server of their own."""
    (folder / "secret").write_text(f"{passphrase()}\n", encoding="utf-8")
    data = folder / "data"
    data.mkdir()
    command = [str(PROGRAMS / "coach-vault-server"), "try", "--json", "--people", "5"]
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"TMPDIR": str(data)},
        ) as server,
    ):
        patch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)
        try:
            assert server.stdout is not None
            told = json.loads(server.stdout.readline())
            made = People(told["url"], folder, told["enrolments"])
            _agree(made)
            yield made
        finally:
            server.terminate()


def _agree(people: People) -> None:
    join: dict[str, Any] = {"passphrase": passphrase}
    with Vault.join(people.url, people.folder / "lena", enrolment=people.tokens.pop(), **join) as lena:
        codes = {name: lena.invite(name) for name in FIVE}
        for name, code in codes.items():
            home = people.folder / name.lower()
            Vault.join(people.url, home, enrolment=people.tokens.pop(), invitation=code, inviter="Lena", **join).close()
        agreed = terms.three_way(
            coachee="Marek",
            sponsor="Ana",
            supervisor="Sven",
            contact=(None, "ombuds", "independent"),
            share_kinds={"progress"},
        )
        people.engagement = lena.propose(agreed).id
    for name in FIVE:
        with unlocked(people, name.lower()) as vault:
            vault.engagements[people.engagement].assent()
    with unlocked(people, "lena") as lena:
        lena.engagements[people.engagement].notes.add("honest words", title="Honest")


@contextmanager
def unlocked(people: People, name: str) -> Iterator[Vault]:
    with Vault.unlock(people.folder / name, passphrase=passphrase) as vault:
        yield vault


@contextmanager
def spoiled(owner: Any, name: str, spoil: Callable[..., Any]) -> Iterator[None]:
    """Somebody's own client, changed: what `name` makes is handed to `spoil` before it is signed."""
    made = getattr(owner, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, lambda *given, **named: spoil(made(*given, **named)))
        yield


def flipped(sealed: bytes) -> bytes:
    """Bytes that are sealed like any other, and do not open."""
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def flipped_stream(pieces: Iterator[bytes]) -> Iterator[bytes]:
    *before, last = pieces
    yield from before
    yield flipped(last)


def exported(people: People, name: str, folder: Path, code: int) -> dict[str, Any]:
    """The manifest of an export that ended so; every file in it is there."""
    people.run(name, "export", str(folder), code=code)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for row in manifest["files"]:
        content = (folder / row["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
    assert any(row["path"].endswith("journal.jsonl") for row in manifest["files"]) or name in ("ana", "sven")
    assert isinstance(manifest, dict)
    return manifest


def test_an_item_that_does_not_open_is_its_signers(people: People, tmp_path: Path) -> None:
    with spoiled(sealing_to, "seal_content", flipped), unlocked(people, "lena") as lena:
        goal = lena.engagements[people.engagement].goals
        with pytest.raises(Exception, match="open"):
            goal.add("never seen", title="Bad")
    here = ("--engagement", people.engagement)
    [bad] = people.ask("marek", "goal", "list", *here)["data"]
    assert people.ask("marek", "goal", "show", bad["item"], *here, code=1)["code"] == "does-not-open"
    people.run("marek", "goal", "show", bad["item"], *here, code=1)
    assert "Lena" in people.heard
    assert "server" not in people.heard
    failures = exported(people, "marek", tmp_path / "export", 1)["failures"]
    [failure] = [each for each in failures if each["what"].startswith("goal")]
    assert (failure["name"], failure["code"]) == ("Lena", "does-not-open")
    assert failure["signer"] == people.ask("marek", "people", "list")["data"][0]["account"]


def test_an_attachment_that_does_not_open_is_its_signers_and_the_rest_is_exported(
    people: People, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.bin", tmp_path / "bad.bin"
    good.write_bytes(os.urandom(70_000))
    bad.write_bytes(os.urandom(70_000))
    with unlocked(people, "lena") as lena:
        notes = lena.engagements[people.engagement].notes
        with spoiled(uploading, "seal_attachment", flipped_stream):
            item = notes.add("with files", title="Files", attachments=[bad]).id
        notes.get(item).attach(good)
    asked = ("get-attachment", item, "bad.bin", "--output", str(tmp_path / "out"))
    people.run("marek", *asked, code=1)
    assert "Lena" in people.heard
    assert not (tmp_path / "out").exists()
    manifest = exported(people, "marek", tmp_path / "export", 1)
    assert "bad.bin" in {failure["what"] for failure in manifest["failures"]}
    assert any((tmp_path / "export" / row["path"]).read_bytes() == good.read_bytes() for row in manifest["files"])


def test_words_that_do_not_open_keep_nobody_from_reading_the_terms(people: People, tmp_path: Path) -> None:
    with spoiled(sealing_to, "seal_content", flipped), unlocked(people, "lena") as lena:
        before = lena.engagements[people.engagement]
        agreed = terms.three_way(
            coachee="Marek", sponsor="Ana", contact=(None, "ombuds", "independent"), words="never seen"
        )
        proposed = before.supersede(agreed).id
    for name in ("marek", "ana"):
        shown = people.run(name, "contract", "show", "--contract", proposed)
        assert "Promises" in shown
        assert "does not open" in shown
        failures = exported(people, name, tmp_path / name, 1)["failures"]
        assert proposed in {failure["statement"] for failure in failures}


def test_a_disclosure_that_does_not_open_is_the_coachees(people: People, tmp_path: Path) -> None:
    with unlocked(people, "marek") as marek:
        summary = marek.engagements[people.engagement].summaries.add("given", title="Summary")
        with spoiled(sealing_to, "seal_content", flipped):
            preview = summary.preview(recipient="sponsor", share_kind="progress", purpose="own_words", expires=None)
            made = preview.disclose()
    assert people.ask("ana", "open", made.id, code=1)["code"] == "does-not-open"
    failures = exported(people, "marek", tmp_path / "export", 1)["failures"]
    assert made.id in {failure["statement"] for failure in failures}


def test_a_reseal_under_a_wrong_key_hides_one_note_of_a_supervisor(people: People) -> None:
    with unlocked(people, "lena") as lena:
        notes = lena.engagements[people.engagement].notes
        ids = [notes.add(f"for supervision {number}", title=f"S{number}").id for number in (1, 2)]
    with unlocked(people, "marek") as marek:
        notes = marek.engagements[people.engagement].notes
        with pytest.MonkeyPatch.context() as patch:
            seal = sealing_to.seal_key_to

            def with_another_key(*given: Any) -> Any:
                session, purpose, context, sha256, _key, readers = given
                return seal(session, purpose, context, sha256, os.urandom(32), readers)

            patch.setattr("vault.client.acts.items.seal_key_to", with_another_key)
            notes.get(ids[0]).seal_for_supervisor()
        notes.get(ids[1]).seal_for_supervisor()
    listed = {each["item"]: each["title"] for each in people.ask("sven", "note", "list")["data"]}
    assert [listed.get(each) for each in ids] == ["(does not open)", "S2"]


def test_what_a_server_has_lost_is_listed_and_the_rest_is_exported_again_and_again(
    people: People, tmp_path: Path
) -> None:
    files = [tmp_path / "one.bin", tmp_path / "two.bin"]
    for file in files:
        file.write_bytes(os.urandom(200_000))
    with unlocked(people, "lena") as lena:
        lena.engagements[people.engagement].notes.add("lost", title="Lost", attachments=files)
    store = people.folder / "data"
    parts = sorted(
        (path for path in store.rglob("attachments/**/*") if path.is_file()), key=lambda path: path.stat().st_mtime
    )
    aside = tmp_path / "aside"
    shutil.move(parts[-1], aside)
    folder = tmp_path / "export"
    lost = exported(people, "marek", folder, 1)
    names = {failure["what"] for failure in lost["failures"]} & {"one.bin", "two.bin"}
    assert len(names) == 1
    shutil.move(aside, parts[-1])
    others = [each for each in lost["failures"] if each["what"] not in names]
    whole = exported(people, "marek", folder, 1 if others else 0)
    assert not {failure["what"] for failure in whole["failures"]} & {"one.bin", "two.bin"}
    assert len(whole["files"]) == len(lost["files"]) + 1
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    people.run("marek", "export", str(tmp_path / "other"), code=2)


HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e\u2066\u200b\x7f[/b][link=x]y[/link]\n\r\U000e0041"
EXTREME: dict[type, tuple[Any, ...]] = {
    int: (0, 1, MAXIMUM_INTEGER, MAXIMUM_INTEGER // 86_400 * 86_400),
    str: (HOSTILE, "", "x" * 10_000),
}
NOTE, WORDS, GIVEN, OPENED, RESEALED = "note", "contract", "disclosure", "opening", "reseal"
SIGNED_IN: dict[type[BaseModel], str] = {
    Item: NOTE, AttachmentRef: NOTE, ItemHeader: NOTE, ItemAttachment: NOTE,
    Contract: WORDS, RequestBudget: WORDS, BlobRef: WORDS, Assent: WORDS,
    Disclosure: GIVEN, Header: GIVEN, Opening: OPENED, Reseal: RESEALED,
}  # fmt: skip
"""In which act below each model is made, signed or sealed."""
SHOWN_TO_NOBODY = {"Keys", "Keyring", "Introduction", "Login", "Fetch"}
"""No member of them is shown to another person, beyond keys as digits."""
NOT_WRITTEN_YET = {"Request", "Escalation", "Erasure", "Withdrawal", "Closure"}
"""What no act makes yet, and what ends things for all later cases; they have no member but `at` and closed words."""


def list_cases() -> Iterator[Any]:
    """Every integer and every text of every model, at each extreme."""
    for model in SIGNED_IN:
        for name, hint in get_type_hints(model).items():
            for kind, values in EXTREME.items():
                if name in model.model_fields and kind in (hint, *get_args(hint)):
                    is_list = get_origin(hint) is tuple
                    for value in values:
                        told = (value,) if is_list else value
                        yield pytest.param(model, name, told, id=f"{model.__name__}.{name}={str(told)[:12]!a}")


def test_every_model_that_people_sign_has_its_place_here() -> None:
    named = {model.__name__ for model in SIGNED_IN} | SHOWN_TO_NOBODY | NOT_WRITTEN_YET
    assert {model.__name__ for model in MODELS.values()} <= named


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("model", "member", "value"), list_cases())
def test_no_value_of_one_party_breaks_the_other_or_acts_on_its_terminal(
    hostile_people: People, tmp_path: Path, model: type[BaseModel], member: str, value: Any
) -> None:
    people = hostile_people
    made = model.__init__

    def with_value(self: BaseModel, **members: Any) -> None:
        made(self, **{**members, member: value})

    with pytest.MonkeyPatch.context() as patch, suppress(VaultError, ValidationError, ValueError):
        act(people, tmp_path, SIGNED_IN[model], lambda: patch.setattr(model, "__init__", with_value))
    there: list[tuple[str, ...]] = [("journal",), ("note", "list"), ("contract", "show"), ("disclosures",)]
    listed: list[tuple[str, ...]] = [("engagements",), *((*each, "--engagement", people.engagement) for each in there)]
    for name in ("marek", "ana", "sven"):
        for number, line in enumerate([*listed, ("inbox",), ("export", str(tmp_path / name))]):
            for form in ((), ("--json",)) if number < len(listed) + 1 else (("--json",),):
                look(people, name, *form, *line)
    for one in json.loads(look(people, "marek", "--json", "note", "list", "--engagement", people.engagement))["data"][
        -2:
    ]:
        look(people, "marek", "note", "show", one["item"], "--engagement", people.engagement)
        out = tmp_path / one["item"]
        look(people, "marek", "get-attachment", one["item"], "--output", str(out), "--engagement", people.engagement)
    for each in json.loads(look(people, "ana", "--json", "inbox"))["data"][-1:]:
        look(people, "ana", "open", each["disclosure"])


def act(people: People, folder: Path, word: str, spoil: Callable[[], None]) -> None:
    """One act of one party, whose client is spoiled just before it signs."""
    if word in (NOTE, WORDS):
        (folder / "file").write_bytes(b"attached")
        with unlocked(people, "lena") as lena:
            spoil()
            if word == WORDS:
                lena.propose(terms.two_way(coachee="Marek", words="our words"))
            else:
                notes = lena.engagements[people.engagement].notes
                notes.add(f"said {HOSTILE}", title="Said", attachments=[folder / "file"])
        return
    if word == OPENED:
        with unlocked(people, "marek") as marek:
            given(marek.engagements[people.engagement]).disclose()
        with unlocked(people, "ana") as ana:
            received = ana.inbox()
            spoil()
            received[-1].open()
        return
    with unlocked(people, "marek") as marek:
        at = marek.engagements[people.engagement]
        if word == RESEALED:
            note = at.notes.list()[0]
            spoil()
            note.seal_for_supervisor()
        else:
            preview = given(at)
            spoil()
            preview.disclose()


def given(at: Engagement) -> Preview:
    """What the coachee is about to disclose."""
    summary = at.summaries.add(f"given {HOSTILE}", title="Given")
    return summary.preview(recipient="sponsor", share_kind="progress", purpose="own_words", expires=None)


def look(people: People, name: str, *words: str) -> str:
    """Run a command: it says what it has to say, or an error about one thing, and nothing acts on the terminal.

    A server that asks to wait is waited for.
    """
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([*people.options(name), *words])
    told = out.getvalue() + err.getvalue()
    if "too-many" in told:
        time.sleep(10)
        return look(people, name, *words)
    assert code in (0, 1, 2), told
    assert "report it" not in told, told
    for symbol in told.replace("\n", ""):
        assert unicodedata.category(symbol)[0] != "C", (words, symbol)
    return out.getvalue()
