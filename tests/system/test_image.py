"""The image, built without an engine by the Dockerfile's own steps, then started as the operator's page says."""

import json
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.trees import ROOT, TOOLS

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/operations/index.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("\n## Image\n") :].split("\n## ", 2)[1]
SHOWN = re.compile(r"^    docker run (.+)$", re.MULTILINE)
IMAGE = "coach-vault-server"
ACCOUNT = (
    "useradd --system --no-create-home --home-dir /data --uid 10001 vault "
    "&& install --directory --mode 700 --owner vault /data"
)
TAKES_AN_ENGINE = [
    "ARG PYTHON=3.13-slim-bookworm",
    "FROM python:${PYTHON} AS build",
    "FROM python:${PYTHON}",
    f"RUN {ACCOUNT}",
    "USER vault",
    "VOLUME /data",
    "EXPOSE 8001",
]


def list_instructions() -> list[str]:
    """The words that begin the Dockerfile's instructions, read in another way than the script reads them."""
    is_continued, words = False, []
    for line in DOCKERFILE.splitlines():
        if not is_continued and (word := re.match(r"[A-Z]+(?= )", line)):
            words.append(word[0])
        is_continued = line.endswith("\\")
    return words


@dataclass(frozen=True)
class Image:
    """The tree, and how it is started."""

    started: dict[str, Any]
    port: int

    def run(self, *arguments: str, folder: Path) -> "subprocess.Popen[str]":
        """What an engine starts for `docker run IMAGE ARGUMENTS` with `folder` as its volume."""
        command = [*self.started["entrypoint"], *(arguments or self.started["cmd"])]
        return self.start(command, folder)

    def start(self, command: list[str], folder: Path) -> "subprocess.Popen[str]":
        path = self.started["environment"]["PATH"].replace("$PATH", "/usr/bin:/bin")
        environment = {**self.started["environment"], "PATH": path, "COACH_VAULT_PORT": str(self.port)}
        return subprocess.Popen(
            ["env", *command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @contextmanager
    def serving(self, folder: Path) -> Iterator[None]:
        """The default command, until the block ends."""
        with self.run(folder=folder) as server:
            try:
                yield
            finally:
                server.terminate()
                server.communicate(timeout=60)


def test_the_script_knows_every_instruction_and_leaves_out_what_takes_an_engine() -> None:
    done = subprocess.run([str(TOOLS / "python"), "scripts/image-tree", "--steps"], cwd=ROOT, capture_output=True)
    told = json.loads(done.stdout)
    assert told["not_run"] == TAKES_AN_ENGINE
    named = [step.split()[0] for step in (*told["ran"], *told["not_run"])]
    starting = [word for word in list_instructions() if word in ("ENV", "ENTRYPOINT", "CMD", "HEALTHCHECK")]
    assert sorted([*named, *starting]) == sorted(list_instructions())
    assert told["environment"]["COACH_VAULT_HOST"] == "0.0.0.0"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Built once; an index of packages must be reachable."""
    prefix = tmp_path_factory.mktemp("image")
    done = subprocess.run(
        [str(TOOLS / "python"), "scripts/image-tree", str(prefix)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
    return Image(json.loads((prefix / "image.json").read_text()), port)


@pytest.mark.slow
def test_the_page_leads_from_nothing_to_a_first_token(image: Image, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    lines = [shlex.split(line) for line in SHOWN.findall(SECTION)]
    shown = [line[line.index(IMAGE) + 1 :] for line in lines]
    assert [words[0] for words in shown if words] == ["init", "apps", "enrolments"]
    assert shown.count([]) == 1, "expected the default command once"
    printed = []
    for words in (words for words in shown if words):
        with image.run(*words, folder=tmp_path) as command:
            out, complaint = command.communicate(timeout=60)
        assert command.returncode == 0, complaint
        printed.append(out)
    token = printed[-1].strip()
    assert re.fullmatch(r"cve_[\w-]{43}", token)
    with image.serving(tmp_path):
        assert wait_for_health(image, tmp_path) == 0
        for host in ("127.0.0.1", "127.0.0.2"):  # the second is reached where all interfaces are listened on
            assert ask(f"http://{host}:{image.port}/v1/accounts", token) == {"status": 415, "code": "media-type"}
    assert image.start(image.started["healthcheck"], tmp_path).wait(60) != 0


def wait_for_health(image: Image, folder: Path) -> int:
    for _ in range(40):
        if (code := image.start(image.started["healthcheck"], folder).wait(60)) == 0:
            break
    return code


ASK = """
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen
try:
    urlopen(Request(sys.argv[1], b"", {"Authorization": f"Bearer {sys.argv[2]}", "Content-Type": "text/plain"}))
except HTTPError as refused:
    print(refused.read().decode())
"""


def ask(url: str, token: str) -> dict[str, Any]:
    """What a token is answered that was taken, where nothing came with it that could be read.

    Asked by a process of its own: tests may reach 127.0.0.1 alone.
    """
    answer = json.loads(subprocess.check_output([str(TOOLS / "python"), "-c", ASK, url, token]))
    return {"status": answer["status"], "code": answer["code"]}
