"""What every attack is given: the finished story, copied, with its server running again."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.attacks.stage import Stage, Story, cheap, play, reopened


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    with cheap():
        return asyncio.run(play(tmp_path_factory.mktemp("story")))


@pytest.fixture(autouse=True)
def _cheap() -> Iterator[None]:
    with cheap():
        yield


@pytest.fixture
async def stage(story: Story, tmp_path: Path) -> AsyncIterator[Stage]:
    shutil.copytree(story.folder / "server", tmp_path / "server")
    with reopened(tmp_path / "server" / "vault.sqlite3") as deployment:
        made = Stage(story, deployment, tmp_path)
        yield made
        await made.close()
