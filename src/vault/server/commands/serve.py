"""Serve a deployment, or try one out in a folder that goes away."""

import shutil
import signal
import socket
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

import typer
import uvicorn

from vault.errors import VaultError
from vault.protocol.deployment import is_loopback
from vault.protocol.limits import ENROLMENT_SECONDS
from vault.server.app import build_app
from vault.server.clock import random_bytes, unix_seconds
from vault.server.commands.folder import DATABASE, make_folder
from vault.server.commands.metrics_port import told_to_prometheus
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.http.connection import Connection
from vault.server.logs import log_serving, start_logs
from vault.server.opening import open_folder
from vault.server.resources.apps.actions import create_app
from vault.server.resources.enrolments.actions import create_enrolment
from vault.server.settings import Settings, name_folder_for_workers
from vault.server.shutdown import Workers
from vault.server.storage.schema import require_head

LOOPBACK = "127.0.0.1"
PORT = 8001
TRIAL_APP = "trial"
GRACE_SECONDS = 10
WORKER = "vault.server.worker:create_app"


class ServeError(VaultError):
    """An address that cannot be served."""


def serve(
    data: DataFolder = Path(),
    host: Annotated[str | None, typer.Option(help="The address to listen on; the setting, or loopback.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="The port; the setting, or 8001.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes; the setting, or 1.")] = None,
) -> None:
    """Serve the deployment of a data folder until it is stopped."""
    context = open_folder(data)
    settings = context.settings
    address, listens_on = host or settings.host, port or settings.port or _port_of(settings.url)
    _require_private(settings, address)
    require_head(context.storage)
    processes = workers or settings.workers
    _require_free(address, listens_on)
    start_logs(settings.log_level)
    told = settings.told() | {"workers": processes, "listens_on": f"{address}:{listens_on}"}
    context.storage.close()
    name_folder_for_workers(data)
    config = uvicorn.Config(
        WORKER,
        factory=True,
        workers=processes,
        host=address,
        port=listens_on,
        **_options(settings),
    )
    with told_to_prometheus(settings, data, processes) as forget:
        log_serving(version("coach-vault"), told)
        if processes == 1:
            uvicorn.Server(config).run()
        else:
            with closing(config.bind_socket()) as listener:
                Workers(config, [listener], forget).run()


def try_out(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port; another one where it is taken.")] = PORT,
    people: Annotated[int, typer.Option(min=1, max=100, help="How many enrolment tokens.")] = 6,
    as_json: AsJson = False,
) -> None:
    """Bring up a deployment in a temporary folder, print how to use it, and delete it at the end."""
    signal.signal(signal.SIGTERM, _stop)
    folder = Path(mkdtemp(prefix="coach-vault-try-"))
    listener = _listen(port)
    try:
        url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        make_folder(folder, url, None, DATABASE)
        context = open_folder(folder)
        now = unix_seconds()
        key = create_app(context.storage, TRIAL_APP, random_bytes, now)
        tokens = [
            create_enrolment(context.storage, TRIAL_APP, ENROLMENT_SECONDS, random_bytes, now).token
            for _ in range(people)
        ]
        lines = [f"export VAULT={url}", f"export APP={key}"]
        lines += [f"export ENROLMENT_{number}={token}" for number, token in enumerate(tokens, 1)]
        say("\n".join(lines), {"url": url, "app": key, "enrolments": tokens}, as_json)
        advise(f"Serving {url} from {folder}, which is deleted at the end. Stop with Ctrl-C.")
        server = uvicorn.Server(uvicorn.Config(build_app(context), **_options(context.settings)))
        server.run(sockets=[listener])
        context.storage.close()
    except KeyboardInterrupt:
        advise("stopped")
    finally:
        listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def _options(settings: Settings) -> dict[str, Any]:
    """What holds for every way of serving: bounded connections, no access log, forwarding headers of a proxy alone."""
    return {
        "access_log": False,
        "server_header": False,
        "lifespan": "on",
        "http": Connection,
        "ws": "none",
        "log_config": None,
        "proxy_headers": settings.behind_tls_proxy,
        "forwarded_allow_ips": settings.proxy_addresses,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }


def _require_private(settings: Settings, host: str) -> None:
    """This server speaks plain http: beyond loopback a proxy must end TLS in front of it."""
    listens = f"http://[{host}]" if ":" in host else f"http://{host}"
    if not is_loopback(listens) and not settings.behind_tls_proxy:
        raise ServeError(
            "this server speaks http; listen on loopback, or set behind_tls_proxy = true when a proxy ends TLS in front"
        )


def _require_free(host: str, port: int) -> None:
    """Said in a sentence and before anything starts, where the address is taken or not of this machine."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ServeError(
            f"nothing can listen on {host}:{port} ({error.strerror}); stop what does, or choose another with --port"
        ) from None


def _port_of(url: str) -> int:
    port = urlsplit(url).port
    return port if port is not None and url.startswith("http://") else PORT


def _listen(port: int) -> socket.socket:
    """A socket on loopback at that port, or at any free one where it is taken."""
    for candidate in (port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, candidate))
            listener.listen()
        except OSError:
            listener.close()
        else:
            return listener
    raise ServeError("no port of loopback can be listened on")


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
