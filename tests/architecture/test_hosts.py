"""Nothing that is committed names a machine: no absolute path of somebody's disk, no package index in a lock."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT

# Folders of people and of build machines. /tmp, /etc, /var, /data and /usr are every machine's.
MACHINE_PATH = re.compile(
    rb"(?<![\w./$}-])/(?:home|Users|root|work|mnt|builds|workspace|opt/(?!coach-vault))/?[\w.-]+/[\w.-]+"
)
HOST = re.compile(r"https?://|file:|--(?:extra-)?index-url|--find-links|--trusted-host")
HASHED = re.compile(r"^[a-z0-9._-]+(?:\[[a-z0-9,._-]+\])?==\S+(?: ; .*)? \\$")


def committed() -> list[Path]:
    """What git keeps, or would keep at the next commit."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_committed_file_names_a_path_of_one_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): match.group().decode()
        for path in committed()
        if (match := MACHINE_PATH.search(path.read_bytes())) and path != Path(__file__)
    }
    assert found == {}


@pytest.mark.parametrize(
    "text", [b'"/home/mia/vault/x"', b" /root/.cache/pip", b"=/builds/group/src", b"(/Users/mia/src)"]
)
def test_a_path_of_one_machine_is_found(text: bytes) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize(
    "text", [b"https://vault.example/home/x/y", b"/v1/engagements/work/x", b"/opt/coach-vault/bin/x"]
)
def test_a_path_of_an_address_is_not_taken_for_one(text: bytes) -> None:
    assert not MACHINE_PATH.search(text)


LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def test_there_are_five_locks() -> None:
    assert [path.stem for path in LOCKS] == ["base", "build", "dev", "patroni", "server"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.stem))
def test_a_lock_names_no_host_and_hashes_every_line(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not HOST.search(text)
    lines = [line for line in text.splitlines() if not line.startswith("    --hash=sha256:")]
    assert [line for line in lines if not HASHED.match(line)] == []


@pytest.mark.parametrize(
    "line", ["x @ https://index.example/x.whl \\", "--extra-index-url https://index.example", "x @ file:///x \\"]
)
def test_a_host_in_a_lock_is_found(line: str) -> None:
    assert HOST.search(line)
    assert not HASHED.match(line)


def test_npm_locks_name_no_host() -> None:
    for lock in (path for path in committed() if path.name == "package-lock.json"):
        assert '"resolved": "http' not in lock.read_text(encoding="utf-8")
        # npm reads the settings that stand beside the package, and no others.
        assert "omit-lockfile-registry-resolved=true" in (lock.parent / ".npmrc").read_text(encoding="utf-8")


def read_lock(name: str) -> dict[str, str]:
    """Distribution -> version of requirements/<name>.txt."""
    lines = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split()[0] for line in lines if not line.startswith(" ")]
    return {pin.partition("==")[0].partition("[")[0]: pin.partition("==")[2] for pin in pins}


def test_the_locks_agree_with_one_another() -> None:
    everything = read_lock("dev")
    for name in ("base", "build", "server"):
        assert read_lock(name).items() <= everything.items(), f"run scripts/lock: {name} differs from dev"


PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
NAME = re.compile(r"[a-z0-9-]+")


def names_of(requirements: list[str]) -> set[str]:
    """The distributions that `requirements` name, this one left out."""
    return {match.group() for line in requirements if (match := NAME.match(line))} - {"coach-vault"}


def test_every_requirement_has_a_lower_bound() -> None:
    requirements = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    assert [line for line in requirements if ">=" not in line and not line.startswith("coach-vault[")] == []


def test_every_requirement_is_locked() -> None:
    assert names_of(PROJECT["dependencies"]) <= read_lock("base").keys()
    assert names_of(EXTRAS["server"] + EXTRAS["postgres"]) <= read_lock("server").keys()
    assert names_of(EXTRAS["dev"]) <= read_lock("dev").keys()
    assert names_of(PYPROJECT["build-system"]["requires"]) <= read_lock("build").keys()


def test_the_base_installation_pulls_in_no_web_server_and_no_database() -> None:
    only_a_servers = names_of(EXTRAS["server"] + EXTRAS["postgres"] + EXTRAS["s3"]) | {
        "starlette",
        "gunicorn",
        "hypercorn",
    }
    assert only_a_servers & read_lock("base").keys() == set()


def test_the_servers_lock_holds_no_library_that_opens_a_seal() -> None:
    assert "cryptography" in read_lock("base")
    assert "cryptography" not in read_lock("server")
