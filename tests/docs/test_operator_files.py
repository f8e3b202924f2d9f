"""The files that an operator starts from: read by the programs they are for, and held against the code's numbers."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from shutil import which
from typing import Annotated, Literal

import httpx
import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.architecture.trees import ROOT, TOOLS
from tests.server.serving import WAIT_SECONDS, started, wait_until_ready
from vault.protocol.limits import BODY_MAXIMUM_BYTES, HEAD_MAXIMUM_BYTES, PART_MAXIMUM_BYTES
from vault.protocol.problems import PROBLEMS, Code
from vault.server.commands.folder import make_folder
from vault.server.settings import Settings
from vault.server.shutdown import SHUTDOWN_SECONDS

FOLDER = ROOT / "docs/operations"
PAGE = (FOLDER / "index.md").read_text(encoding="utf-8")
CADDYFILE = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
UNITS = sorted([*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")])
INSTALLED = "/opt/coach-vault/bin/coach-vault-server"


def needs(program: str) -> pytest.MarkDecorator:
    """A machine without the program says so; in CI the test runs and fails."""
    is_lacking = which(program) is None and "CI" not in os.environ
    return pytest.mark.skipif(is_lacking, reason=f"{program} is not on this machine")


KIB, MIB = 1024, 1024**2


def spell(size_bytes: int) -> str:
    return f"{size_bytes // MIB}MiB" if size_bytes % MIB == 0 else f"{size_bytes // KIB}KiB"


def test_the_numbers_of_the_page_and_of_the_proxy_are_the_codes() -> None:
    bounds = re.search(r"bodies of (\d+) KiB, and of (\d+) MiB for `PUT` of parts", " ".join(PAGE.split()))
    assert bounds is not None
    assert (int(bounds[1]) * KIB, int(bounds[2]) * MIB) == (BODY_MAXIMUM_BYTES, PART_MAXIMUM_BYTES)
    assert re.findall(r"max_size (\w+)", CADDYFILE) == [spell(PART_MAXIMUM_BYTES)]
    assert re.findall(r"max_header_size (\w+)", CADDYFILE) == [spell(HEAD_MAXIMUM_BYTES)]


def test_what_is_too_large_is_told_of_parts_too() -> None:
    told = PROBLEMS[Code.TOO_LARGE].what_to_do
    assert f"part of an attachment at most {PART_MAXIMUM_BYTES // MIB} MiB" in told


def test_the_page_names_every_file_beside_it() -> None:
    assert [path.name for path in FOLDER.iterdir() if f"({path.name}" not in PAGE and path.name != "index.md"] == []


# systemd


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """The units, with the program where it is here."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(INSTALLED, str(TOOLS / "coach-vault-server"))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return [str(tmp_path / unit.name) for unit in UNITS]


@needs("systemd-analyze")
def test_systemd_takes_every_unit_without_a_complaint(units: list[str]) -> None:
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs("systemd-analyze")
def test_a_unit_with_a_mistake_is_complained_about(units: list[str]) -> None:
    mistaken = Path(units[0])
    mistaken.write_text(mistaken.read_text(encoding="utf-8").replace("UMask=", "Umask="), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert "Umask" in done.stdout + done.stderr


def test_the_service_is_given_longer_than_the_server_takes_to_end() -> None:
    seconds = re.search(r"^TimeoutStopSec=(\d+)$", (FOLDER / "coach-vault.service").read_text(), re.MULTILINE)
    assert seconds is not None
    assert int(seconds[1]) > SHUTDOWN_SECONDS


# Caddy


@needs("caddy")
def test_caddy_takes_its_file() -> None:
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(FOLDER / "Caddyfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def proxied(folder: Path, inner: int, outer: int) -> Iterator[str]:
    """A server behind Caddy as its file sets it up, without TLS; the URL of the proxy."""
    make_folder(folder / "data", f"http://127.0.0.1:{inner}", None, "sqlite:///vault.sqlite3")
    url = f"http://127.0.0.1:{outer}"
    environment = {"SITE": url, "VAULT": f"127.0.0.1:{inner}", "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    settled = folder / "Caddyfile"
    settled.write_text(CADDYFILE.replace("{\n", "{\n\tadmin off\n", 1), encoding="utf-8")
    with started("serve", "--data", folder / "data", "--port", inner):
        wait_until_ready(f"http://127.0.0.1:{inner}")
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(settled)]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as caddy:
            try:
                wait_until_ready(url)
                yield url
            finally:
                caddy.send_signal(signal.SIGTERM)
                caddy.wait(WAIT_SECONDS)


@needs("caddy")
@pytest.mark.slow
def test_the_proxy_lets_a_whole_part_through_and_no_larger_body(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    part = f"/v1/engagements/{'00' * 16}/attachments/{'00' * 16}/parts/1"
    with proxied(tmp_path, unused_tcp_port_factory(), unused_tcp_port_factory()) as url:
        assert httpx.put(url + part, content=bytes(PART_MAXIMUM_BYTES)).json()["code"] == "credential-missing"
        answer = httpx.post(f"{url}/v1/enrolments", content=bytes(BODY_MAXIMUM_BYTES))
        assert answer.json()["code"] == "credential-missing"
        for refused in (
            httpx.put(url + part, content=bytes(PART_MAXIMUM_BYTES + 1)),
            httpx.post(f"{url}/v1/enrolments", content=bytes(BODY_MAXIMUM_BYTES + 1)),
        ):
            assert (refused.status_code, refused.json()["code"]) == (413, "too-large")


# Compose: what of its specification is used here, each in one of its forms. No engine was asked.

Mount = Annotated[str, Field(pattern=r"^(\./[\w.]+|[a-z]+):/[\w/]+(\.\w+)?(:ro)?$|^\./[\w.]+:/[\w/]+:ro$")]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Condition(Closed):
    condition: Literal["service_healthy"]


class Service(Closed):
    image: Annotated[str, Field(pattern=r"^[a-z-]+(:[\w.]+)?$")]
    build: str | None = None
    restart: Literal["unless-stopped"]
    stop_grace_period: Annotated[str, Field(pattern=r"^\d+s$")] | None = None
    read_only: bool = False
    cap_drop: list[Literal["ALL"]] = []
    security_opt: list[Literal["no-new-privileges:true"]] = []
    tmpfs: list[str] = []
    depends_on: dict[str, Condition] = {}
    environment: dict[str, str] = {}
    ports: list[Annotated[str, Field(pattern=r"^([\d.]+:)?\d+:\d+$")]] = []
    volumes: list[Mount] = []
    networks: list[str] = []


class Subnet(Closed):
    subnet: str


class Addresses(Closed):
    config: list[Subnet]


class Network(Closed):
    ipam: Addresses


class Compose(Closed):
    name: str
    services: dict[str, Service]
    volumes: dict[str, dict[str, str]]
    networks: dict[str, Network]


def test_the_compose_file_has_the_form_of_its_specification_and_names_what_is_there() -> None:
    compose = Compose.model_validate(yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8")))
    for service in compose.services.values():
        assert service.depends_on.keys() <= compose.services.keys()
        assert set(service.networks) <= compose.networks.keys()
        for source in (mount.split(":")[0] for mount in service.volumes):
            assert source in compose.volumes or (FOLDER / source).is_file()
        assert service.build is None or (FOLDER / service.build / "Dockerfile").is_file()


def test_the_compose_file_sets_what_the_server_reads_and_publishes_the_proxy_alone() -> None:
    compose = Compose.model_validate(yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8")))
    vault, proxy = compose.services["vault"], compose.services["proxy"]
    settings = {name.removeprefix("COACH_VAULT_").lower() for name in vault.environment}
    assert settings <= Settings.model_fields.keys()
    (subnet,) = compose.networks["inside"].ipam.config
    assert ip_network(vault.environment["COACH_VAULT_PROXY_ADDRESSES"]) == ip_network(subnet.subnet)
    assert (vault.ports, proxy.ports) == ([], ["80:80", "443:443"])
    assert set(re.findall(r"\{\$(\w+)", CADDYFILE)) == proxy.environment.keys()
    assert vault.stop_grace_period is not None
    assert int(vault.stop_grace_period[:-1]) > SHUTDOWN_SECONDS
