"""The whole journey of three people around one sealed summary."""

from datetime import timedelta

import pytest

from tests.support.databases import on_each_engine
from tests.system.worlds import Three
from vault.client import Refused, UsageError


@on_each_engine
async def test_three_people_and_one_sealed_summary(three: Three) -> None:
    assert three.at_lenas.active
    await three.at_lenas.notes.add("Session 1: she wants to speak up in meetings.", title="Session 1")
    draft = await three.at_lenas.drafts.add("Proposed: we work on speaking up.", title="Half time")
    [note] = await three.at_mareks.notes.list()
    assert note.title == "Session 1"
    assert [reader.name for reader in note.readers] == ["Lena", "you"]
    [seen] = await three.at_mareks.drafts.list()
    assert seen.body == draft.body
    summary = await three.at_mareks.summaries.add("I work on speaking up.", title="Half time")
    preview = await summary.preview(share_kind="progress", purpose="own_words", expires=timedelta(days=30))
    assert preview.body == "I work on speaking up."
    disclosure = await preview.disclose()
    [received] = await three.ana.inbox()
    opened = await received.open()
    assert opened.body == "I work on speaking up."
    assert [receipt.name for receipt in await disclosure.openings()] == ["the sponsor"]
    receipt = await disclosure.withdraw()
    assert receipt.limits == "No longer served. Opened once. Copies cannot be recalled."
    assert await three.ana.inbox() == []
    with pytest.raises(Refused) as refused:
        await three.ana.open(disclosure.id)
    assert refused.value.code == "disclosure-ended"


async def test_what_a_header_cannot_hold_is_said_before_anything_is_sealed(three: Three) -> None:
    for tags in (["one", "one"], [str(number) for number in range(17)], ["\ud800"]):
        with pytest.raises(UsageError):
            await three.at_lenas.notes.add("Session 1", tags=tags)
    with pytest.raises(UsageError) as error:
        await three.at_lenas.notes.add("x" * 300_000)
    assert "262,144" in str(error.value)
    assert three.lena.outbox == []
