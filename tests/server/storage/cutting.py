"""A way to a PostgreSQL server that is cut at a commit: before the server has heard of it, or before it is answered."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
_CHUNK_BYTES = 65_536


class Cutter:
    """A socket in `folder` in front of another."""

    def __init__(self, folder: Path, behind: Path) -> None:
        """Nothing is cut before a moment is set."""
        self.folder = folder
        self.moment = ""
        """`before` or `after`: where the next commit is cut, once."""
        self.cuts = 0
        self._behind = str(behind)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._behind)
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        """What the client says, and in a thread of its own what the server says."""
        committing = threading.Event()
        back = threading.Thread(target=self._pass_back, args=(client, server, committing), daemon=True)
        back.start()
        with suppress(OSError):
            while said := client.recv(_CHUNK_BYTES):
                moment = self.moment if said.endswith(_COMMIT) else ""
                if moment:
                    self.moment = ""
                    self.cuts += 1
                if moment == "before":
                    break
                if moment == "after":
                    committing.set()
                server.sendall(said)
        _end(client, server)
        back.join()
        client.close()
        server.close()

    def _pass_back(self, client: socket.socket, server: socket.socket, committing: threading.Event) -> None:
        with suppress(OSError):
            while (said := server.recv(_CHUNK_BYTES)) and not committing.is_set():
                client.sendall(said)
        _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(folder: Path, behind: Path) -> Iterator[Cutter]:
    """A cutter for as long as the block lasts."""
    cutter = Cutter(folder, behind)
    try:
        yield cutter
    finally:
        cutter.close()
