"""The command of people against a real server process, from the invitation to the withdrawal."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.system.commanding import PROGRAMS, People, serving
from vault.client.errors import Unreachable
from vault.client.network.transport import Driver

FILES = 133
KILLED_AFTER_NOTES = 40
ROLES = {"coach": "lena", "coachee": "marek", "sponsor": "ana"}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """Lena, Marek and Ana, introduced by invitations, under an active three-way contract."""
    with serving(tmp_path_factory.mktemp("people")) as made:
        _agree(made)
        yield made


def _agree(people: People) -> None:
    lena = people.ask("lena", "identity", "new", "--enrolment", people.tokens.pop())
    people.accounts["lena"] = lena["account"]
    for name in ("Marek", "Ana"):
        code = people.ask("lena", "invite", name)["invitation"]
        joined = people.ask(name.lower(), "join", code, "--name", "Lena", "--enrolment", people.tokens.pop())
        people.accounts[name.lower()] = joined["account"]
    parties = ["--coachee", "Marek", "--sponsor", "Ana", "--contact", ":ombuds:independent", "--share-kind", "progress"]
    words = people.text("words.txt", "We meet every other week.")
    proposed = people.ask("lena", "contract", "new", "three-way", *parties, "--words", words, "--yes")
    people.engagement = proposed["engagement"]
    assert proposed["state"] == "proposed"
    for name in ("marek", "ana"):
        shown = people.run(name, "contract", "show")
        assert "the coach and the coachee. Nobody else holds a key." in shown
        assert "We meet every other week." in shown
        people.run(name, "contract", "assent", code=2)  # nobody can be asked here
        assert people.ask(name, "contract", "assent", "--yes")["contract"] == proposed["contract"]
    assert people.ask("lena", "contract", "show")["state"] == "active"


def test_both_sides_see_the_same_safety_number_whole_and_can_confirm_it(people: People) -> None:
    lenas = people.ask("lena", "people", "verify", "Marek")
    mareks = people.ask("marek", "people", "verify", "Lena")
    assert lenas["digits"] == mareks["digits"]
    shown = people.run("lena", "people", "verify", "Marek")
    assert lenas["digits"] in "".join(shown.split())
    assert all(word in shown for word in lenas["words"])
    assert "█" in shown
    assert people.ask("lena", "people", "confirm", "Marek")["state"] == "verified"
    listed = people.ask("lena", "people", "list")["data"]
    assert {"name": "Marek", "account": people.accounts["marek"], "state": "verified"} in listed


def test_a_nickname_is_given_changed_and_never_given_twice(people: People) -> None:
    people.run("marek", "people", "name", people.accounts["ana"], "The boss")
    assert people.ask("marek", "people", "rename", "The boss", "Ana")["name"] == "Ana"
    people.run("marek", "people", "rename", "Ana", "Lena", code=2)
    people.run("marek", "people", "verify", "Nobody", code=2)
    assert people.heard.startswith("error: nobody is called 'Nobody' here; you know '")
    assert "'Ana'" in people.heard
    people.run("marek", "people", "name", "not an account", "X", code=2)
    for word in ("you", "sponsor", "the sponsor"):
        people.run("marek", "people", "rename", "Ana", word, code=2)


def test_a_second_invitation_under_a_name_says_that_the_first_is_void(people: People) -> None:
    people.run("lena", "invite", "Somebody slow")
    assert "worth nothing" not in people.heard
    people.run("lena", "invite", "Somebody slow")
    assert "worth nothing" in people.heard


def test_a_contract_tells_the_accounts_of_its_parties_so_that_they_can_be_named(people: People) -> None:
    accounts = people.ask("ana", "contract", "show")["accounts"]
    assert accounts == {role: people.accounts[name] for role, name in ROLES.items()}


def test_a_summary_goes_from_draft_to_sponsor_and_back(people: People) -> None:
    draft = people.ask("lena", "draft", "add", people.text("draft.txt", "Three goals, two reached.\n"))["item"]
    assert "Three goals, two reached." in people.run("marek", "draft", "show", draft)
    summary = people.ask("marek", "summary", "new", "--from-draft", draft, "--title", "Half time")["item"]
    choice = ["--for", "sponsor", "--share-kind", "progress", "--purpose", "own_words", "--until", "2099-01-31"]

    shown = people.run("marek", "preview", summary, *choice)
    for words in ("Half time", "Three goals, two reached.", "until 2099-01-31 00:00 UTC", "withdraw it"):
        assert words in shown
    assert "about progress, in the coachee's own words, until" in shown
    assert "own_words" not in shown
    assert people.ask("marek", "preview", summary, *choice)["purpose"] == "own_words"
    people.run("marek", "disclose", summary, *choice, code=2)
    assert people.ask("ana", "inbox")["data"] == []
    given = people.ask("marek", "disclose", summary, *choice, "--yes")
    [waiting] = people.ask("ana", "inbox")["data"]
    assert "about progress, in the coachee's own words" in people.run("ana", "inbox")
    assert (waiting["disclosure"], waiting["from"]) == (given["disclosure"], "the coachee")

    opened = people.folder / "opened.txt"
    people.run("ana", "open", given["disclosure"], "--output", str(opened))
    assert opened.read_text(encoding="utf-8") == "Three goals, two reached.\n"
    people.run("ana", "open", given["disclosure"], "--output", str(opened), code=2)  # nothing is overwritten, or signed
    readers = people.ask("marek", "readers", summary)["data"]
    assert given["disclosure"] in {each["by"] for each in readers}
    [told] = [each for each in people.ask("marek", "disclosures")["data"] if each["disclosure"] == given["disclosure"]]
    assert (told["state"], len(told["openings"])) == ("live", 1)

    assert "Copies cannot be recalled" in people.run("marek", "withdraw", given["disclosure"])
    assert people.ask("marek", "withdraw", given["disclosure"], code=1)["code"] == "already-withdrawn"
    problem = people.ask("ana", "open", given["disclosure"], code=1)
    assert (problem["code"], problem["status"]) == ("disclosure-ended", 410)
    assert problem["type"] == "/problems/disclosure-ended"
    assert people.heard == ""
    lines = people.run("lena", "journal").splitlines()
    assert [line for line in lines if "withdrawal" in line and given["disclosure"] in line]
    assert [line for line in lines if "share kind progress  purpose own words" in line]


def test_who_may_not_is_refused_with_a_code_and_exit_1(people: People) -> None:
    summary = people.ask("marek", "summary", "new", people.text("own.txt", "Mine."))["item"]
    choice = ["--for", "sponsor", "--share-kind", "progress", "--purpose", "own_words", "--yes"]
    assert people.ask("lena", "disclose", summary, *choice, code=1)["code"] == "role-refused"
    choice[3] = "themes"
    assert people.ask("marek", "disclose", summary, *choice, code=1)["code"] == "share-kind-refused"
    assert people.ask("ana", "note", "list")["data"] == []
    for words in (("journal",), ("close", "--reason", "ended", "--yes")):
        assert people.ask("ana", *words, code=1)["code"] in ("role-refused", "not-found")
    assert people.ask("marek", "note", "show", "00" * 16, code=1)["code"] == "not-found"
    assert people.ask("marek", "note", "show", "x", code=2)["code"] == "usage"
    assert people.ask("marek", "journal", "--engagement", "00" * 16, code=1)["code"] == "not-found"


def test_strange_files_become_notes_or_a_sentence_and_the_rest_goes_on(people: People) -> None:
    folder = people.folder / "strange"
    (folder / "deep").mkdir(parents=True)
    contents = {
        "strange empty": b"",
        "strange bom.txt": b"\xef\xbb\xbfbom",
        "strange crlf.txt": b"a\r\nb\r\n",
        "strange binary": bytes(range(256)),
        "strange $(name) 'ä\\n\n": b"odd",
        "deep/strange deep.txt": b"deep",
        ".hidden": b"hidden",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "strange large").write_bytes(bytes(300 * 1024))
    (folder / "strange broken link").symlink_to(folder / "nowhere")

    done = people.ask("lena", "note", "add", str(folder), code=1)
    assert len(done["added"]) == 6
    assert [Path(each["path"]).name for each in done["failed"]] == ["strange large"]
    assert [Path(each).name for each in done["left_out"]] == ["strange broken link"]
    again = people.ask("lena", "note", "add", str(folder), code=1)
    assert (len(again["added"]), len(again["skipped"])) == (0, 6)
    expected = sorted(Path(name).name for name in contents if name != ".hidden")
    assert people.titles("marek", "strange") == expected
    [binary] = [each for each in people.ask("marek", "note", "list")["data"] if each["title"] == "strange binary"]
    assert binary["media_type"] == "application/octet-stream"
    out = people.folder / "binary"
    people.run("marek", "note", "show", binary["item"], "--output", str(out))
    assert out.read_bytes() == bytes(range(256))


def test_a_second_copy_is_made_when_it_is_asked_for_and_a_private_note_is_its_authors(people: People) -> None:
    file = people.text("copy.txt", "twice")
    for option in ([], [], ["--again"]):
        people.run("lena", "note", "add", file, *option)
    assert people.titles("marek", "copy") == ["copy.txt"] * 2
    people.run("lena", "note", "add", "--private", people.text("private.txt", "mine alone"))
    assert people.titles("lena", "private") == ["private.txt"]
    assert people.titles("marek", "private") == []


def test_a_changed_file_is_a_new_note_and_an_edit_is_a_new_version(people: People) -> None:
    file = people.text("edit.txt", "first")
    people.run("lena", "note", "add", file)
    [item] = [each["item"] for each in people.ask("lena", "note", "list")["data"] if each["title"] == "edit.txt"]
    people.text("edit.txt", "second")
    assert people.ask("lena", "note", "edit", item, file)["version"] == 2
    assert people.ask("marek", "note", "show", item)["body"] == "second"
    people.run("lena", "note", "add", file)
    assert len(people.titles("lena", "edit")) == 2


def test_what_other_people_wrote_cannot_act_on_the_terminal(people: People) -> None:
    item = people.ask("lena", "goal", "add", people.text("evil\x1b[2J.txt", "\x1b]0;owned\x07 \u202etxt"))["item"]
    shown = people.run("marek", "goal", "show", item) + people.run("marek", "goal", "list")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b]0;owned\\x07 \\u202etxt" in shown


def test_an_export_holds_what_is_mine_with_hashes_that_fit_and_overwrites_nothing(people: People) -> None:
    people.run("lena", "note", "add", people.text("export ..me.txt", "exported"))
    folder = people.folder / "export"
    told = people.ask("lena", "export", str(folder))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["files"]) == told["files"]
    for row in manifest["files"]:
        content = (folder / row["path"]).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (row["size"], row["sha256"])
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert on_disk == {row["path"] for row in manifest["files"]} | {"manifest.json"}
    root = folder / "engagements" / people.engagement
    items = [json.loads(line) for line in (root / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    [mine] = [each for each in items if each["title"] == "export ..me.txt"]
    assert (root / mine["path"]).read_bytes() == b"exported"
    journal = [json.loads(line) for line in (root / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["seq"] for line in journal] == list(range(1, len(journal) + 1))
    assert "Nobody else holds a key" in (root / "contracts" / "01.txt").read_text(encoding="utf-8")
    people.run("lena", "export", str(folder))  # it is brought up to date
    people.run("marek", "export", str(folder), code=2)  # and is nobody else's
    entry = people.text("entry.json", json.dumps(journal[0]))
    assert people.ask("marek", "statement", "verify", entry, "--account", people.accounts["lena"])["verified"] is True
    people.run("marek", "statement", "verify", entry, "--account", people.accounts["ana"], code=3)


def test_a_receipt_is_verified_by_whoever_has_the_log_key(people: People) -> None:
    seen = people.ask("lena", "checkpoint")
    assert seen["origin"] == people.ask("lena", "identity", "show")["audience"]
    assert seen["note"].startswith(f"{seen['origin']}\n{seen['size']}\n")
    assert people.ask("ana", "checkpoint")["key"] == seen["key"] == people.ask("lena", "identity", "show")["log_key"]
    folder = people.folder / "receipts"
    people.ask("lena", "export", str(folder))
    path = folder / "engagements" / people.engagement / "journal.jsonl"
    row = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    entry = people.text("entry.json", json.dumps(row | {"receipt": None}))
    receipt = people.text("receipt.txt", row["receipt"])
    verify = ("statement", "verify", entry, "--account", people.accounts["lena"], "--receipt", receipt)
    verified = people.ask("marek", *verify, "--log-key", seen["key"])
    [line] = [line for line in people.ask("lena", "journal")["data"] if line["seq"] == row["seq"]]
    assert (verified["verified"], verified["leaf"]) == (True, line["leaf"])
    people.run("marek", *verify, code=2)
    other = people.text("receipt.txt", people.ask("lena", "journal")["data"][1]["receipt"])
    people.run("marek", *verify[:-1], other, "--log-key", seen["key"], code=3)
    people.run("marek", *verify[:-1], entry, "--log-key", seen["key"], code=2)
    assert "expected a receipt" in people.heard
    people.run("marek", *verify[:-1], people.text("junk.txt", "hi"), "--log-key", seen["key"], code=2)
    assert "that is not a receipt" in people.heard
    by_a_shell = people.text("receipt.txt", row["receipt"] + "\n")
    assert people.ask("marek", *verify[:-1], by_a_shell, "--log-key", seen["key"])["verified"] is True

    submission = people.text("submission.json", json.dumps({"statement": row["envelope"]}))
    place = {"kind": "engagement", "subject": people.engagement, "seq": row["seq"], "head": row["head"]}
    members = {"statement": row["statement"], "journal": place, "time": row["time"], "receipt": row["receipt"]}
    answer = people.text("answer.json", json.dumps(members | {"leaf": None}))
    kept = ("statement", "verify", submission, "--account", people.accounts["lena"], "--log-key", seen["key"])
    assert people.ask("marek", *kept, "--receipt", answer)["verified"] is True
    people.run("marek", *kept, code=2)
    people.run("marek", *verify, "--log-key", "a key", code=2)


def test_files_are_attached_fetched_and_exported_whatever_stops_half_way(people: People) -> None:
    photo = people.folder / "photo.bin"
    photo.write_bytes(os.urandom(1_000_000) * 24)
    command = [str(PROGRAMS / "coach-vault"), *people.options("lena"), "attach", str(photo), "--title", "With a photo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        sealed = people.folder / "lena" / "attachments"
        while running.poll() is None and not (sealed.exists() and any(sealed.iterdir())):
            pass
        running.kill()
    told = people.ask("lena", "attach", str(photo), "--title", "With a photo")
    assert people.titles("marek", "With a") == ["With a photo"]
    [attached] = told["attachments"]
    assert (attached["name"], attached["size"]) == ("photo.bin", 24_000_000)
    assert f"attached photo.bin, 24000000 bytes, {attached['id']}" in people.run("marek", "note", "show", told["item"])

    plan = people.text("plan.txt", "One step a week.")
    assert people.ask("lena", "attach", plan, "--to", told["item"])["version"] == 2
    people.run("marek", "get-attachment", told["item"], "--output", str(people.folder / "out"), code=2)  # which one?
    people.run("marek", "get-attachment", told["item"], "plan.txt", code=2)
    assert "--output" in people.heard
    for named, content in (("plan.txt", b"One step a week."), (attached["id"], photo.read_bytes())):
        out = people.folder / f"out {named}"
        people.run("marek", "get-attachment", told["item"], named, "--output", str(out))
        assert out.read_bytes() == content
        people.run("marek", "get-attachment", told["item"], named, "--output", str(out), code=2)
    assert people.ask("marek", "get-attachment", "00" * 16, "--output", "x", code=1)["code"] == "not-found"
    people.run("lena", "attach", str(people.folder), code=2)
    people.run("lena", "attach", plan, "--to", told["item"], "--title", "x", code=2)

    folder = people.folder / "with attachments"
    people.run("marek", "export", str(folder))
    files = [path for path in folder.rglob("attachments/*") if path.is_file()]
    assert sorted(path.stat().st_size for path in files) == [16, 24_000_000]


def test_several_engagements_must_be_told_apart(people: People) -> None:
    people.run("pia", "identity", "new", "--enrolment", people.tokens.pop())
    people.run("pia", "note", "list", code=2)  # none yet
    code = people.ask("pia", "invite", "Otto")["invitation"]
    people.run("otto", "join", code, "--name", "Pia", "--enrolment", people.tokens.pop(), "--quiet")
    assert people.heard == ""
    one, other = (
        people.ask("otto", "contract", "new", "two-way", "--coach", "Pia", "--yes")["engagement"] for _ in range(2)
    )
    problem = people.ask("pia", "contract", "show", code=2)
    assert one[:8] in problem["detail"]
    assert other[:8] in problem["detail"]
    assert people.ask("pia", "contract", "assent", "--engagement", other, "--yes")["state"] == "active"
    states = {each["engagement"]: each["state"] for each in people.ask("pia", "engagements")["data"]}
    assert states == {one: "proposed", other: "active"}
    with pytest.MonkeyPatch.context() as patch:  # all may have assented by now: nobody knows who cannot ask
        patch.setattr(Driver, "_send", lambda _self, _call: Unreachable("the deployment does not answer"))
        people.run("pia", "note", "add", people.text("early.txt", "early"), "--engagement", one, code=4)

    # the same two people, further: new terms, new keys, new passphrase, new devices, and the end
    superseding = people.ask(
        "pia", "contract", "supersede", "two-way", "--coachee", "Otto", "--engagement", other, "--yes"
    )
    assert (
        people.ask("otto", "contract", "assent", "--engagement", other, "--yes")["contract"] == superseding["contract"]
    )
    assert people.ask("pia", "identity", "rotate")["generation"] == 2
    people.run("pia", "note", "add", people.text("rotated.txt", "new keys"), "--engagement", other)
    assert [each["title"] for each in people.ask("otto", "note", "list", "--engagement", other)["data"]] == [
        "rotated.txt"
    ]
    people.run("otto", "close", "--reason", "completed", "--engagement", other, "--yes")
    for name in ("pia", "otto"):
        states = {each["engagement"]: each["state"] for each in people.ask(name, "engagements")["data"]}
        assert states[other] == "closed"
    file = people.text("late.txt", "too late")
    problem = people.ask("pia", "note", "add", file, "--engagement", other, code=1)
    assert (problem["code"], problem["added"]) == ("engagement-closed", [])


def test_an_identity_comes_back_by_kit_or_by_recovery_code_and_changes_its_passphrase(people: People) -> None:
    made = people.ask("rosa", "identity", "new", "--enrolment", people.tokens.pop())
    people.run("rosa", "invite", "Somebody")
    kit, code = people.text("kit", made["kit"].replace("-", "-\n")), people.text("code", made["recovery_code"] + "\n")
    other = people.text("other secret", "another passphrase\n")

    people.run("rosa", "identity", "passphrase", "--new-passphrase-file", other)
    people.run("rosa", "identity", "show", code=5)
    problem = people.ask("by kit", "identity", "recover", "--kit", kit, code=1)  # the old passphrase
    assert problem["code"] == "login-refused"
    assert "passphrase" in problem["hint"]
    assert not (people.folder / "by kit" / "vault.json").exists()
    back = people.ask("by kit", "--passphrase-file", other, "identity", "recover", "--kit", kit)
    assert back["account"] == made["account"]
    assert people.ask("by kit", "--passphrase-file", other, "people", "list")["invited"] == ["Somebody"]

    assert people.ask("by code", "identity", "recover", "--recovery-code", code)["account"] == made["account"]
    assert people.ask("by code", "people", "list")["invited"] == ["Somebody"]
    people.run("wrong", "identity", "recover", "--recovery-code", kit, code=2)

    # The recovery gave the first passphrase back; the device that still has the other one is told what to do.
    people.run("rosa", "--passphrase-file", other, "invite", "Another", code=2)
    assert "changed on another device" in people.heard


def test_keys_that_something_else_has_sent_wait_no_more(people: People) -> None:
    people.run("nora", "identity", "new", "--offline")
    problem = people.ask("nora", "outbox", "send", code=1)
    assert "outbox send --enrolment" in problem["hint"]
    assert people.ask("nora", "outbox", "send", "--enrolment", "cve_never_issued", code=1)["code"] == "enrolment-ended"
    token = people.tokens.pop()
    answer = httpx.post(
        f"{people.url}/v1/accounts",
        content=people.run("nora", "statement", "sign", "keys"),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 201
    assert people.ask("nora", "outbox", "send") == {"sent": 2, "data": []}
    assert people.ask("nora", "people", "list") == {"data": [], "invited": []}


def test_a_run_that_was_killed_goes_on_where_it_stopped_and_doubles_nothing(people: People) -> None:
    folder = people.folder / "killed"
    folder.mkdir()
    names = [f"killed {number:03}.txt" for number in range(FILES)]
    for name in names:
        (folder / name).write_text(f"What was said in {name}.\n", encoding="utf-8")
    command = [str(PROGRAMS / "coach-vault"), *people.options("lena"), "--quiet", "note", "add", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        # two replacements of the file a note: when it is signed, and when it is answered
        wait_for_replacements(people.folder / "lena" / "vault.json", 2 * KILLED_AFTER_NOTES, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL

    done = people.ask("lena", "note", "add", str(folder))
    assert len(done["added"]) + len(done["skipped"]) == FILES
    assert 0 < len(done["skipped"]) < FILES
    assert people.titles("marek", "killed") == names
    assert len(people.ask("lena", "note", "add", str(folder))["skipped"]) == FILES


def wait_for_replacements(path: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Return once the file at `path` was replaced so often; the process must not have ended before."""
    seen: set[tuple[int, int]] = set()
    while len(seen) <= count:
        assert process.poll() is None
        found = os.stat(path)
        seen.add((found.st_ino, found.st_mtime_ns))


def test_while_nobody_answers_notes_are_signed_and_wait_and_then_arrive(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = people.folder / "away"
    folder.mkdir()
    for name in ("away 1.txt", "away 2.txt", "away 3.txt"):
        (folder / name).write_text(name)
    people.run("lena", "journal")
    with monkeypatch.context() as patch:
        patch.setattr(Driver, "_send", lambda _self, _call: Unreachable("the deployment does not answer"))
        problem = people.ask("lena", "note", "add", str(folder), code=4)
        assert (problem["code"], len(problem["added"]), problem["waiting"]) == ("unreachable", 3, 3)
        assert len(people.ask("lena", "note", "add", str(folder), code=4)["skipped"]) == 3
        people.run("lena", "note", "list", code=4)
        assert [each["type"] for each in people.ask("lena", "outbox", "list")["data"]] == ["item"] * 3
    assert people.titles("marek", "away") == []
    assert people.ask("lena", "outbox", "send")["sent"] == 3
    assert people.titles("marek", "away") == ["away 1.txt", "away 2.txt", "away 3.txt"]
