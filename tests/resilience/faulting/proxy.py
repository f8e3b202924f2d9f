"""A way to PostgreSQL that can be made slow, cut, or turned into a hole that takes everything and gives nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK_BYTES = 65_536


class Proxy:
    """A port on loopback in front of the socket of a server."""

    def __init__(self, socket: str) -> None:
        """Nothing listens yet."""
        self._socket = socket
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        self.port = 0
        self.delay_seconds = 0.0

    async def start(self) -> None:
        """Let connections through, at the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """End all connections; whoever connects anew is let through."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def vanish(self) -> None:
        """End all connections and refuse new ones, until `start`."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def swallow(self, wanted: bool) -> None:
        """Take everything and let nothing through, in either direction; what was taken comes out afterwards."""
        if wanted:
            self._open.clear()
        else:
            self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            behind_reader, behind = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, behind}
        try:
            with suppress(asyncio.CancelledError):  # the end of the program ends what still stands here
                await asyncio.gather(self._pass_on(reader, behind), self._pass_on(behind_reader, writer))
        finally:
            self._writers -= {writer, behind}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                await self._open.wait()
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def proxied(socket: str) -> AsyncIterator[Proxy]:
    """A proxy for as long as the block lasts."""
    proxy = Proxy(socket)
    await proxy.start()
    try:
        yield proxy
    finally:
        proxy.swallow(False)
        await proxy.vanish()
