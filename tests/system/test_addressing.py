"""At the command line people are named by their names, and ids by their first digits, beside names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.commanding import People, serving
from vault.client.errors import Unreachable
from vault.client.network.transport import Driver

MAREKS = ("--share-kind", "progress", "--contact", ":ombuds:independent")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """Lena coaches Marek, for whom Ana pays, and Otto, for whom nobody does; she knows Rita and Nils."""
    with serving(tmp_path, 9) as made:
        for name in ("marek", "ana", "otto", "rita", "nils"):
            made.join(name)
        made.run("lena", "contract", "new", "three-way", "--coachee", "Marek", "--sponsor", "Ana", *MAREKS, "--yes")
        made.engagement = made.ask("lena", "contract", "new", "two-way", "--coachee", "Otto", "--yes")["engagement"]
        for name in ("marek", "ana", "otto"):
            made.run(name, "contract", "assent", "--yes")
        yield made


def test_which_engagement_is_said_with_a_name_and_the_choice_shows_names(people: People) -> None:
    file = people.text("note.txt", "She wants to lead.")
    people.run("lena", "note", "add", file, code=2)
    assert "with Marek (coachee), Ana (sponsor)" in people.heard
    assert "with Otto (coachee)" in people.heard
    added = people.run("lena", "note", "add", file, "--with", "Marek")
    assert added.startswith("1 note sealed for you and Marek")
    private = people.run("lena", "note", "add", file, "--with", "Marek", "--private", "--again")
    assert private == "1 note sealed for you alone\n"
    assert people.ask("otto", "note", "list")["data"] == []
    [shared] = people.ask("marek", "note", "list")["data"]
    assert people.ask("lena", "note", "list", "--engagement", people.engagement[:6])["data"] == []
    assert len(people.ask("lena", "note", "list", "--with", "Ana")["data"]) == 2
    assert shared["title"] == "note.txt"


def test_the_first_digits_of_an_id_are_enough_where_they_are_one_id(people: People) -> None:
    for number in range(3):
        people.run("lena", "goal", "add", people.text(f"goal {number}.txt", str(number)), "--with", "Otto")
    shown = people.run("otto", "goal", "list")
    rows = people.ask("otto", "goal", "list")["data"]
    for row in rows:
        assert f"{row['item'][:8]}  " in shown
        assert row["item"] not in shown
        assert row["title"] in people.run("otto", "goal", "show", row["item"][:8])
    people.run("otto", "goal", "show", rows[0]["item"][:3], code=2)
    assert "at least the first four" in people.heard
    people.run("otto", "goal", "show", "g" * 8, code=2)
    assert people.ask("otto", "goal", "show", "00000000", code=1)["code"] == "not-found"
    told = people.ask("otto", "readers", rows[0]["item"][:8])
    assert {each["name"] for each in told["data"]} == {"you", "Lena"}


def test_a_name_that_is_in_no_engagement_or_in_two_is_said(people: People) -> None:
    people.run("lena", "note", "list", "--with", "Merek", code=2)
    assert "`coach-vault engagements` lists them" in people.heard
    one, other = (
        people.ask("lena", "contract", "new", "two-way", "--coachee", "Rita", "--yes")["engagement"] for _ in range(2)
    )
    people.run("lena", "note", "list", "--with", "Rita", code=2)
    assert f"{one[:8]}  proposed  with Rita (coachee)" in people.heard
    people.run("lena", "close", "--reason", "ended", "--engagement", one, "--yes")
    assert people.ask("lena", "contract", "show", "--with", "Rita")["engagement"] == other  # the one that is open
    people.run("lena", "close", "--reason", "ended", "--engagement", other, "--yes")


def test_whoever_says_no_hears_that_nothing_was_signed(people: People) -> None:
    before = len(people.ask("lena", "engagements")["data"])
    people.answer("lena", "n\n", "contract", "new", "two-way", "--coachee", "Otto", code=1)
    assert people.heard.endswith("Nothing was signed or sent.\n")
    assert "outbox" not in people.heard
    assert len(people.ask("lena", "engagements")["data"]) == before


def test_a_new_contract_is_shown_and_asked_about_before_it_is_signed(people: People) -> None:
    before = len(people.ask("ana", "engagements")["data"])
    new = ("contract", "new", "three-way", "--coachee", "Otto", "--sponsor", "Ana", *MAREKS)
    people.run("lena", *new, code=2)
    assert "add --yes" in people.heard
    shown = people.answer("lena", "n\n", *new, code=1)
    assert "sponsor: Ana" in shown
    assert "about progress" in shown
    assert len(people.ask("ana", "engagements")["data"]) == before
    supersede = ("contract", "supersede", "--with", "Marek", "--retention-days", "30")
    shown = people.answer("lena", "n\n", *supersede, code=1)
    assert "may be erased 30 days after the end" in shown
    assert people.ask("lena", "contract", "show", "--with", "Marek")["retention_days"] == 365


def test_a_proposal_that_nobody_else_has_assented_to_can_be_taken_back(people: People) -> None:
    slip = people.ask("lena", "contract", "new", "two-way", "--coachee", "Rita", "--yes")["engagement"]
    assert people.ask("lena", "contract", "retract", "--engagement", slip, "--yes")["state"] == "dead"
    assert people.ask("rita", "contract", "show", "--engagement", slip)["state"] == "dead"
    people.run("lena", "contract", "retract", "--with", "Otto", "--yes", code=2)
    assert "assented to" in people.heard


def test_a_counter_proposal_keeps_what_is_not_given_and_names_by_role(people: People) -> None:
    before = people.ask("marek", "contract", "show")
    made = people.ask("marek", "contract", "supersede", "--share-kind", "goals", "--yes")
    assert made["share_kinds"] == ["goals"]
    for kept in ("accounts", "retention_days", "ends", "parties"):
        assert made[kept] == before[kept], kept
    again = people.ask(
        "marek", "contract", "supersede", "three-way", "--sponsor", "sponsor", "--coach", "coach", "--yes"
    )
    assert (again["accounts"], again["share_kinds"]) == (before["accounts"], before["share_kinds"])
    dropped = people.ask("marek", "contract", "supersede", "two-way", "--yes")
    assert set(dropped["parties"]) == {"coach", "coachee"}


def test_whoever_assents_is_asked_how_to_call_those_whom_nobody_introduced(people: People) -> None:
    people.run("lena", "contract", "new", "three-way", "--coachee", "Nils", "--sponsor", "Ana", *MAREKS, "--yes")
    shown = people.answer("nils", "y\nAnna\n", "contract", "assent")
    assert "sponsor: the sponsor" in shown
    told = people.ask("nils", "contract", "show")
    assert told["parties"]["sponsor"] == "Anna"
    people.run("ana", "people", "name", "coachee", "Nils", "--engagement", told["engagement"][:8])
    assert people.ask("ana", "contract", "show", "--with", "Nils")["parties"]["coachee"] == "Nils"


def test_a_slip_in_a_name_lists_who_has_joined_meanwhile_and_who_is_invited(people: People) -> None:
    people.join("pia", "paul")
    people.run("paul", "invite", "Somebody slow")
    people.run("paul", "contract", "new", "two-way", "--coachee", "Pai", "--yes", code=2)
    assert "'Pia'" in people.heard
    assert "'Somebody slow'" in people.heard


def test_a_note_is_sealed_for_the_supervisor_who_then_reads_and_exports_it(people: People) -> None:
    for name in ("wanda", "suse"):
        people.join(name)
    people.run("lena", "contract", "new", "two-way", "--coachee", "Wanda", "--supervisor", "Suse", "--yes")
    assert people.run("wanda", "contract", "assent", "--yes").endswith("assented; the contract is active\n")
    note = people.ask("wanda", "goal", "add", people.text("calm.txt", "Stay calm."))["item"]
    assert people.ask("suse", "goal", "show", note, code=1)["code"] == "not-found"
    assert "for you and Lena, the supervisor" in people.run("wanda", "reseal", note[:8], "--for", "supervisor")
    people.run("wanda", "reseal", note[:8], "--for", "Lena", code=2)
    assert "Stay calm." in people.run("suse", "goal", "show", note[:8])
    people.run("suse", "export", str(people.folder / "suses"))
    assert [path.read_text() for path in (people.folder / "suses").rglob("*calm*")] == ["Stay calm."]


def test_people_are_listed_while_nobody_answers_and_an_inviter_keeps_the_name_that_was_chosen(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = people.ask("ana", "invite", "Otto once more")["invitation"]
    people.run("otto", "join", code, "--name", "Anna", "--json")
    again = people.ask("ana", "invite", "Otto again")["invitation"]
    assert people.ask("otto", "join", again, "--name", "Somebody else")["name"] == "Anna"
    third = people.ask("otto", "invite", "Ana")["invitation"]
    people.run("ana", "join", third, code=2)
    assert "--name" in people.heard
    assert "Otto can know your account" in people.answer("ana", "Otto\n", "join", third)
    with monkeypatch.context() as patch:
        patch.setattr(Driver, "_send", lambda _self, _call: Unreachable("the deployment does not answer"))
        listed = people.ask("otto", "people", "list")
    assert {"Anna", "Lena"} <= {each["name"] for each in listed["data"]}


def test_a_refusal_speaks_to_people(people: People) -> None:
    people.run("lena", "contract", "new", "two-way", "--coachee", "Nils", "--yes")
    mine = people.ask("lena", "contract", "show", "--with", "Nils")["engagement"]
    people.run("lena", "goal", "add", people.text("early.txt", "early"), "--with", mine[:8], code=1)
    assert "until all of them have" in people.heard
    people.run("lena", "close", "--reason", "ended", "--with", mine[:8], "--yes")
    people.run("lena", "contract", "supersede", "--with", mine[:8], "--yes", code=1)
    assert "private notes" in people.heard
    people.run("ana", "journal", "--with", people.ask("marek", "contract", "show")["engagement"], code=1)
    assert "for another role of the contract" in people.heard
