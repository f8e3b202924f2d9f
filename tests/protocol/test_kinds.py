"""The rows of the types of statements against their models: what a row says is there, and what is there is said."""

from typing import Any, get_args

import pytest

from tests.protocol.samples import SAMPLES
from vault.protocol.envelope import PAYLOAD_TYPES
from vault.protocol.ids import StatementId
from vault.protocol.journal import JournalId
from vault.protocol.kinds import JOURNALED, KINDS, Kind, Part
from vault.protocol.naming import (
    find_blob,
    find_engagement,
    find_journal,
    find_resealed,
    find_salt_sha256,
    find_seals,
    find_slots,
    list_named,
)
from vault.protocol.statements import MODELS, BlobRef, Body, SealRef, SlotRef
from vault.protocol.vocabulary import BlobKind, JournalKind, StatementType

TYPES = list(StatementType)


def body_of(word: StatementType) -> Body:
    return MODELS[word].model_validate(SAMPLES[word])


def members_of(word: StatementType) -> set[str]:
    return set(MODELS[word].model_fields)


def is_made_of(annotation: Any, model: Any) -> bool:
    return annotation is model or any(is_made_of(each, model) for each in get_args(annotation))


@pytest.mark.parametrize("word", TYPES)
def test_every_type_has_its_row_and_its_model(word: StatementType) -> None:
    assert MODELS[word].TYPE is word
    assert MODELS[word].row is KINDS[word]
    assert PAYLOAD_TYPES[f"application/vnd.coach-vault.{word}.v1+json"] is word


def test_rows_models_and_words_stand_in_one_order_and_there_are_no_others() -> None:
    assert list(KINDS) == list(MODELS) == TYPES
    assert [word for word in TYPES if word in JOURNALED] == list(JOURNALED)


def test_a_model_without_a_row_cannot_be_written_down() -> None:
    with pytest.raises(KeyError, match="unheard"):
        type("Unheard", (Body,), {"TYPE": "unheard", "__module__": __name__})


@pytest.mark.parametrize("word", TYPES)
def test_what_a_row_names_are_members_of_the_model(word: StatementType) -> None:
    row = KINDS[word]
    named = {*row.parts.values(), *row.bound, *row.names} | ({row.reseals} - {None})
    assert named <= members_of(word)
    assert row.journal is None or row.subject in members_of(word)


@pytest.mark.parametrize("word", TYPES)
def test_every_part_that_a_model_refers_to_is_in_its_row(word: StatementType) -> None:
    fields, parts = MODELS[word].model_fields, KINDS[word].parts
    for part, model in ((Part.BLOB, BlobRef), (Part.SEALS, SealRef), (Part.SLOTS, SlotRef)):
        members = [name for name, each in fields.items() if is_made_of(each.annotation, model)]
        assert members == [parts[each] for each in parts if each is part]
    assert ("salt_sha256" in fields) == (Part.SALT in parts)


@pytest.mark.parametrize("word", TYPES)
def test_every_member_that_holds_the_id_of_a_statement_is_in_its_row(word: StatementType) -> None:
    fields = MODELS[word].model_fields
    ids = {name for name, each in fields.items() if is_made_of(each.annotation, StatementId)}
    assert ids == set(KINDS[word].names)


@pytest.mark.parametrize("word", TYPES)
def test_seals_have_a_purpose_and_sealed_content_has_a_kind_and_a_contract_to_be_bound_to(word: StatementType) -> None:
    row = KINDS[word]
    assert (row.purpose is not None) == (Part.SEALS in row.parts)
    assert row.carries_content == (row.content is not None or word is StatementType.ITEM)  # whose `kind` says it
    assert not row.bound or row.carries_content
    assert (row.reseals is not None) == (row.purpose is not None and not row.carries_content)
    if row.carries_content and row.content is not BlobKind.CONTRACT_TEXT:
        assert "contract" in row.bound


@pytest.mark.parametrize("word", TYPES)
def test_parts_are_found_where_the_payload_lists_them(word: StatementType) -> None:
    body, sample = body_of(word), SAMPLES[word]
    blob = sample.get("blob") or sample.get("text")
    found = find_blob(body)
    assert (None if found is None else found.model_dump(mode="json")) == blob
    for refs, name in ((find_seals(body), "seals"), (find_slots(body), "slots")):
        assert (None if refs is None else [each.model_dump(mode="json") for each in refs]) == sample.get(name)
    salt = find_salt_sha256(body)
    assert (None if salt is None else salt.hex()) == sample.get("salt_sha256")


@pytest.mark.parametrize("word", TYPES)
def test_a_statement_belongs_to_the_journal_that_its_members_name(word: StatementType) -> None:
    body, row = body_of(word), KINDS[word]
    journal = find_journal(body)
    engagement = SAMPLES[word].get("engagement")
    assert (find_engagement(body) or b"").hex() == (engagement or "")
    if row.journal is None:
        assert journal is None
    elif row.journal in (JournalKind.KEYS, JournalKind.KEYRING):
        assert journal == JournalId(row.journal, body.by)
    else:
        assert journal == JournalId(row.journal, bytes.fromhex(str(engagement)))


@pytest.mark.parametrize("word", TYPES)
def test_named_statements_are_found_with_the_members_that_name_them(word: StatementType) -> None:
    body, sample = body_of(word), SAMPLES[word]
    expected = {name: sample[name] for name in KINDS[word].names if sample[name] is not None}
    assert {name: named.hex() for name, named in list_named(body).items()} == expected
    resealed = find_resealed(body)
    assert (None if resealed is None else resealed.hex()) == sample.get("statement")


def test_a_row_says_nothing_of_a_type_that_needs_nothing() -> None:
    row = Kind(journal=JournalKind.ENGAGEMENT)
    assert not row.carries_content
    assert (row.parts, row.bound, row.names, row.whole_days) == ({}, (), (), False)
