"""What somebody sees who consents, and later: who the sponsor is, what was disclosed, to whom and until when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.commanding import People, serving
from tests.system.worlds import Three
from vault.client import UsageError

MAREKS = ("--share-kind", "progress", "--contact", ":ombuds:independent")
TEXT = "Marek wants to LEAD,\nand fears it."
CHOICE = ("--for", "sponsor", "--share-kind", "progress", "--purpose", "own_words", "--until", "2099-01-31")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """Lena coaches Marek and Otto; Ana pays for both, and neither has met her."""
    with serving(tmp_path) as made:
        for name in ("marek", "ana", "otto"):
            made.join(name)
        for name in ("Marek", "Otto"):
            made.run("lena", "contract", "new", "three-way", "--coachee", name, "--sponsor", "Ana", *MAREKS, "--yes")
            made.run(name.lower(), "contract", "assent", "--yes")
            made.run("ana", "contract", "assent", "--with", _sponsored(made), "--yes")
        yield made


def _sponsored(people: People) -> str:
    rows = people.ask("ana", "engagements")["data"]
    return next(str(each["engagement"]) for each in rows if each["state"] == "proposed")


def _summary(people: People, name: str, title: str) -> str:
    file = people.text(f"{title}.txt", f"I work on it: {title}.")
    return str(people.ask(name, "summary", "new", file, "--title", title)["item"])


def test_whoever_consents_sees_who_the_sponsor_is_and_says_yes_to_changed_keys(people: People) -> None:
    summary = _summary(people, "otto", "Half time")
    shown = people.run("otto", "preview", summary[:8], *CHOICE)
    assert "not introduced" in shown
    number = people.ask("otto", "preview", summary, *CHOICE)["who"]["safety_number"]
    assert number in "".join(shown.split())
    assert "not introduced" in people.run("otto", "contract", "show")

    people.run("otto", "people", "name", "sponsor", "Ana")
    assert "Ana, sponsor" in people.run("otto", "contract", "show")
    assert people.ask("otto", "people", "verify", "Ana")["digits"] == number
    people.run("otto", "people", "confirm", "Ana")
    assert "verified, you have compared" in people.run("otto", "preview", summary, *CHOICE)

    people.run("ana", "identity", "rotate")
    assert "CHANGED" in people.run("otto", "preview", summary, *CHOICE)
    people.run("otto", "disclose", summary, *CHOICE, "--yes", code=2)
    assert "--although-changed" in people.heard
    people.answer("otto", "y\nn\n", "disclose", summary, *CHOICE, code=1)
    assert people.heard.endswith("Nothing was signed or sent.\n")
    assert people.ask("otto", "disclosures")["data"] == []
    people.run("otto", "disclose", summary, *CHOICE, "--yes", "--although-changed")
    assert len(people.ask("otto", "disclosures")["data"]) == 1


async def test_a_preview_of_the_sdk_says_who_the_recipient_is(three: Three) -> None:
    [who] = [one for one in await three.at_mareks.people() if one.role == "sponsor"]
    assert (who.name, who.state, who.account) == ("the sponsor", "not introduced", three.ana.account)
    three.marek.people.add("Ana", three.ana.account)
    ana = await three.marek.people.get("Ana")
    summary = await three.at_mareks.summaries.add("I practise saying no.", title="Half-way")
    preview = await summary.preview(share_kind="progress", purpose="own_words")
    assert (preview.recipient, preview.who.state) == ("Ana", "unverified")
    assert preview.who.safety_number == ana.safety_number
    await ana.confirm()
    await three.ana.rotate()
    preview = await summary.preview(share_kind="progress", purpose="own_words")
    assert preview.who.state == "changed"
    with pytest.raises(UsageError):
        await preview.disclose()
    await preview.disclose(although_changed=True)


def test_a_disclosure_is_listed_with_what_it_is_and_read_again(people: People) -> None:
    summary = _summary(people, "marek", "What I have reached")
    given = people.ask("marek", "disclose", summary, *CHOICE, "--yes")["disclosure"]
    people.run("marek", "disclose", _summary(people, "marek", "Another"), *CHOICE, "--yes")
    assert "takes it back" not in people.heard
    assert "cannot be recalled" in people.heard
    [line] = [each for each in people.run("marek", "disclosures").splitlines() if given[:8] in each]
    for told in ("until 2099-01-31", " unopened ", "the sponsor: ", "What I have reached"):
        assert told in line
    [told] = [each for each in people.ask("marek", "disclosures")["data"] if each["disclosure"] == given]
    assert (told["title"], told["state"], told["share_kind"]) == ("What I have reached", "live", "progress")
    assert "I work on it: What I have reached." in people.run("marek", "disclosures", given[:8])
    assert people.ask("ana", "inbox")["data"][0]["opened"] is None

    [waiting] = [each for each in people.run("ana", "inbox").splitlines() if given[:8] in each]
    for told in ("the coachee ", "until 2099-01-31", " unopened ", "progress"):
        assert told in waiting
    people.run("ana", "open", given[:8])
    [waiting] = [each for each in people.run("ana", "inbox").splitlines() if given[:8] in each]
    assert " opened " in waiting
    [line] = [each for each in people.run("marek", "disclosures").splitlines() if given[:8] in each]
    assert " opened " in line
    [listed] = [each for each in people.run("lena", "disclosures", "--with", "Marek").splitlines() if given[:8] in each]
    assert "about progress" in listed  # the coach cannot read its title

    people.run("marek", "withdraw", given[:8])
    [line] = [each for each in people.run("marek", "disclosures").splitlines() if given[:8] in each]
    assert "withdrawn" in line
    assert "What I have reached" in line


def test_words_are_found_in_what_this_device_can_open_and_nowhere_else(people: People) -> None:
    people.run(
        "lena", "note", "add", people.text("fears.txt", "Marek wants to LEAD,\nand fears it."), "--with", "Marek"
    )
    people.run("lena", "goal", "add", people.text("lead.txt", "Lead a meeting."), "--with", "Otto")
    found = people.ask("lena", "search", "lead")["data"]
    assert {(each["kind"], each["title"]) for each in found} == {("note", "fears.txt"), ("goal", "lead.txt")}
    shown = people.run("lena", "search", "lead", "fears")
    assert "Marek wants to LEAD, and fears it." in shown
    assert "with Marek" in shown
    assert "lead.txt" not in shown
    assert people.ask("lena", "search", "lead", "--with", "Otto")["data"][0]["title"] == "lead.txt"
    assert people.ask("otto", "search", "fears")["data"] == []
    for path in (people.folder / "lena").rglob("*"):
        assert not path.is_file() or b"fears" not in path.read_bytes()
