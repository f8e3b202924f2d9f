"""The closed lists, written down a second time: a word that comes or goes changes the protocol and this page."""

from enum import StrEnum

import pytest

from vault.protocol import vocabulary as words

LISTS: dict[type[StrEnum], str] = {
    words.StatementType: "keys keyring introduction login fetch contract assent item reseal disclosure withdrawal "
    "request opening escalation closure erasure",
    words.ItemKind: "note goal action assessment draft private summary",
    words.BlobKind: "note goal action assessment draft private summary disclosure contract_text escalation",
    words.SealPurpose: "item disclosure contract escalation",
    words.JournalKind: "keys keyring engagement escalations deployment",
    words.Role: "coach coachee sponsor supervisor",
    words.ContactKind: "employer safeguarding ombuds medical regulator authority",
    words.Affiliation: "sponsor independent",
    words.Origin: "self_requested invited mandated",
    words.ShareKind: "themes goals progress attendance completion",
    words.Purpose: "development_plan programme_report closing_conversation own_words",
    words.Clause: "no_evaluation_use non_retaliation coach_does_not_report coach_is_not_investigator "
    "coachee_decides_disclosure private_notes_exist",
    words.KeysReason: "create rotate recover retire",
    words.ClosureReason: "completed ended moved",
    words.ErasureReason: "asked retention",
    words.EscalationReason: "harm_to_self harm_to_others child_protection legal_duty",
    words.DelayReason: "safety authority_asked",
    words.Locale: "de en es fr it nl pl pt",
}


@pytest.mark.parametrize("enumeration", LISTS, ids=lambda enumeration: str(enumeration.__name__))
def test_a_list_has_exactly_its_words(enumeration: type[StrEnum]) -> None:
    assert [word.value for word in enumeration] == LISTS[enumeration].split()


def test_no_list_is_forgotten_here() -> None:
    defined = {value for value in vars(words).values() if isinstance(value, type) and issubclass(value, StrEnum)}
    assert defined - {StrEnum} == LISTS.keys()


def test_there_is_no_purpose_for_performance_discipline_or_succession() -> None:
    everything = " ".join(LISTS.values())
    for word in ("performance", "disciplin", "succession", "evaluation_report", "ranking"):
        assert word not in everything


def test_numbers_of_words_are_these() -> None:
    assert {kind.value: code for kind, code in words.BLOB_KIND_CODES.items()} == {
        "note": 1,
        "goal": 2,
        "action": 3,
        "assessment": 4,
        "draft": 5,
        "private": 6,
        "summary": 16,
        "disclosure": 32,
        "contract_text": 33,
        "escalation": 34,
    }
    assert list(words.SEAL_PURPOSE_CODES.values()) == [1, 2, 3, 4]
    assert list(words.JOURNAL_KIND_CODES.values()) == [1, 2, 3, 4, 5]
    assert (words.KEY_ALGORITHM_ED25519, words.KEY_ALGORITHM_XWING) == (1, 2)
    assert words.SLOT_KINDS == (1, 2, 3)
    assert (words.KDF_NONE, words.KDF_ARGON2ID) == (0, 1)


def test_the_session_class_is_everything_but_the_summary() -> None:
    assert set(words.ItemKind) - words.SESSION_KINDS == {words.ItemKind.SUMMARY}
    assert {words.BlobKind(kind.value) for kind in words.ItemKind} == words.ITEM_BLOB_KINDS
