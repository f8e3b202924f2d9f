"""Three nodes on loopback: each a Patroni with its PostgreSQL, which agree among themselves who takes writes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.postgres.binaries import other_user, own
from tests.support.postgres.cluster import SUPERUSER, end_processes, processes_of

NAMES = ("one", "two", "three")
HOST = "127.0.0.1"
READY_SECONDS = 120
SETTINGS: dict[str, Any] = {
    "ttl": 20,
    "loop_wait": 2,
    "retry_timeout": 5,
    "synchronous_mode": True,
    "synchronous_mode_strict": True,
    "postgresql": {
        "use_pg_rewind": True,
        "remove_data_directory_on_rewind_failure": True,
        "parameters": {"max_connections": 100, "shared_buffers": "32MB", "log_parameter_max_length": 0},
    },
}
"""What the nodes agree on: a commit is answered once a second node has it, and not at all without one."""


class Node:
    """One node: its folder, its three ports, and its processes while it runs."""

    def __init__(self, folder: Path, name: str) -> None:
        """Nothing runs yet."""
        self.name, self.folder = name, own(folder / name)
        self.port, self.rest_port, self.raft_port = free_ports(3)
        self._patroni: subprocess.Popen[bytes] | None = None

    def write_settings(self, binaries: Path, others: list["Node"]) -> None:
        """The file that Patroni reads; JSON is YAML."""
        trust = [f"host {what} all {HOST}/32 trust" for what in ("all", "replication")]
        settings = {
            "scope": "vault",
            "name": self.name,
            "restapi": {"listen": f"{HOST}:{self.rest_port}", "connect_address": f"{HOST}:{self.rest_port}"},
            "raft": {
                "data_dir": str(own(self.folder / "raft")),
                "self_addr": f"{HOST}:{self.raft_port}",
                "partner_addrs": [f"{HOST}:{node.raft_port}" for node in others],
            },
            "bootstrap": {"dcs": SETTINGS, "initdb": [{"encoding": "UTF8"}]},
            "postgresql": {
                "listen": f"{HOST}:{self.port}",
                "connect_address": f"{HOST}:{self.port}",
                "bin_dir": str(binaries),
                "data_dir": str(self.data),
                "pgpass": str(self.folder / "pgpass"),
                "pg_hba": trust,
                "parameters": {"unix_socket_directories": str(self.folder)},
                "authentication": {
                    "superuser": {"username": SUPERUSER},
                    "replication": {"username": "replicator"},
                    "rewind": {"username": SUPERUSER},
                },
            },
        }
        (self.folder / "patroni.yml").write_text(json.dumps(settings, indent=1), encoding="utf-8")

    @property
    def data(self) -> Path:
        """Where PostgreSQL keeps its files."""
        return self.folder / "data"

    def start(self, patroni: Path) -> None:
        """Run; it finds its place among the others by itself."""
        with (self.folder / "patroni.log").open("ab") as log:
            self._patroni = subprocess.Popen(
                [str(patroni), str(self.folder / "patroni.yml")],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **other_user(),
            )

    def kill(self) -> None:
        """End everything on it at once, as when its machine is lost."""
        if self._patroni is not None:
            self._patroni.kill()
            self._patroni.wait()
            self._patroni = None
        end_processes(self.data)

    def freeze(self) -> None:
        """Let everything on it stand still: it holds its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it stood, as if no time had passed."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._patroni is not None
        for process in (self._patroni.pid, *processes_of(self.data)):
            os.kill(process, number)

    def ask(self, path: str) -> Any:
        """What its Patroni answers; None where it does not."""
        try:
            return httpx.get(f"http://{HOST}:{self.rest_port}{path}", timeout=2).json()
        except (httpx.TransportError, json.JSONDecodeError):
            return None


class Nodes:
    """All three."""

    def __init__(self, folder: Path, binaries: Path, patroni: Path) -> None:
        """Nothing runs yet."""
        self._patroni = patroni
        self.nodes = [Node(folder, name) for name in NAMES]
        for node in self.nodes:
            node.write_settings(binaries, [other for other in self.nodes if other is not node])

    def start(self) -> None:
        """Run all, and return when one takes writes and another one has each of them."""
        for node in self.nodes:
            node.start(self._patroni)
        self.wait("the nodes did not come up", self.is_whole)

    def start_again(self, node: Node) -> None:
        """Bring a node back, and return when it follows."""
        node.start(self._patroni)
        self.wait(f"node {node.name} did not come back", self.is_whole)

    def members(self) -> dict[str, dict[str, Any]]:
        """Role, state and timeline of each node, as one that answers sees them."""
        for node in self.nodes:
            found = node.ask("/cluster")
            if found:
                return {member["name"]: member for member in found["members"]}
        return {}

    def is_whole(self) -> bool:
        """Whether one takes writes, one has all of them, and the third follows."""
        found = sorted((one["role"], one["state"], one.get("timeline")) for one in self.members().values())
        timeline = found[0][2] if found else None
        return found == [
            ("leader", "running", timeline),
            ("replica", "streaming", timeline),
            ("sync_standby", "streaming", timeline),
        ]

    def primary(self) -> Node:
        """The node that takes writes. Raises: RuntimeError where none does."""
        members = self.members()
        for node in self.nodes:
            if members.get(node.name, {}).get("role") == "leader":
                return node
        raise RuntimeError("no node takes writes")

    def wait(self, otherwise: str, reached: Callable[[], bool]) -> None:
        """Return when it is reached. Raises: RuntimeError where it is not."""
        ends = time.monotonic() + READY_SECONDS
        while not reached():
            if time.monotonic() > ends:
                logs = (f"{node.name}: {(node.folder / 'patroni.log').read_text()[-1_000:]}" for node in self.nodes)
                raise RuntimeError("\n".join([f"{otherwise}: {self.members()}", *logs]))
            time.sleep(0.2)

    @property
    def url(self) -> str:
        """The URL that names all of them; whoever takes it finds the one that takes writes."""
        hosts = ",".join(f"{HOST}:{node.port}" for node in self.nodes)
        return f"postgresql://{SUPERUSER}@{hosts}/{SUPERUSER}"

    def kill(self) -> None:
        """End all."""
        for node in self.nodes:
            node.kill()


@contextmanager
def running_nodes(folder: Path, binaries: Path, patroni: Path) -> Iterator[Nodes]:
    """The nodes for as long as the block lasts."""
    made = Nodes(folder, binaries, patroni)
    try:
        made.start()
        yield made
    finally:
        made.kill()
        for node in made.nodes:
            shutil.rmtree(node.folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports of loopback at which nobody listens."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
