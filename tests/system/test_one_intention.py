"""One intention is one statement, however often a person presses and however often an answer gets lost."""

from pathlib import Path

import httpx
import pytest

from tests.server.deployments import Deployment
from tests.system.transports import LosesAnswers
from tests.system.worlds import Three, World, leaving, three_people
from vault.client import Unreachable
from vault.client.sdk.asynchronous.items import AsyncPreview

Losing = tuple[Three, LosesAnswers]


@pytest.fixture
async def losing(deployment: Deployment, tmp_path: Path) -> Losing:
    made: list[LosesAnswers] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(LosesAnswers(inner))
        return made[-1]

    three = await three_people(World(deployment, tmp_path / "people", wrap))
    return three, made[1]


async def previewed(three: Three) -> AsyncPreview:
    summary = await three.at_mareks.summaries.add("I am on my way.", title="Half time")
    return await summary.preview(share_kind="progress", purpose="own_words")


async def test_a_preview_that_is_disclosed_twice_is_one_disclosure(three: Three) -> None:
    preview = await previewed(three)
    first = await preview.disclose()
    second = await preview.disclose()
    assert first.id == second.id
    await second.withdraw()
    assert await three.ana.inbox() == []


async def test_a_preview_whose_answer_was_lost_twice_is_one_disclosure(losing: Losing) -> None:
    three, transport = losing
    async with leaving(three.world):
        preview = await previewed(three)
        transport.loses = lambda request: request.method == "POST" and request.url.path.endswith("/disclosures")
        for _ in range(2):
            with pytest.raises(Unreachable) as error:
                await preview.disclose()
        transport.loses = lambda _request: False
        handle = await preview.disclose()
        assert handle.id == error.value.kept
        assert len(await three.at_mareks.disclosures()) == 1
        assert len(await three.ana.inbox()) == 1


async def test_another_preview_is_another_disclosure(three: Three) -> None:
    summary = await three.at_mareks.summaries.add("I am on my way.", title="Half time")
    ids = set()
    for _ in range(2):
        preview = await summary.preview(share_kind="progress", purpose="own_words")
        ids.add((await preview.disclose()).id)
    assert len(ids) == 2
