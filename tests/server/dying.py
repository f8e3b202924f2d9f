"""A worker in a process of its own, whose clock is told, and which dies or is stopped at one of its commits.

    python -m tests.server.dying DATABASE BLOBS SIGNAL before|after COMMIT

It prints its address. The signal comes right before that commit of its writer, or right after it: then everything is
durable, and nobody has been answered.
"""

import os
import signal
import sys
from threading import current_thread

import uvicorn
from sqlalchemy import event

from tests.server.deployments import NOW, SECRETS, URL
from vault.server.app import build_app
from vault.server.clock import random_bytes
from vault.server.commands.serve import _listen, _options
from vault.server.context import AppContext
from vault.server.limits import Limits
from vault.server.opening import open_blobs
from vault.server.settings import LimitSettings, Settings
from vault.server.storage.engine import Storage
from vault.server.tlog_key import TlogKey


def main(database: str, blobs: str, name: str, moment: str, commit: str) -> None:
    settings = Settings(url=URL, database=database, blobs=blobs)
    storage = Storage(database)
    left = int(commit)

    def count(*_: object) -> None:
        nonlocal left
        if current_thread().name.startswith("writer"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.Signals[name])

    if moment == "before":
        event.listen(storage.engine, "commit", count)
    else:
        event.listen(storage.engine, "checkin", count)
    context = AppContext(
        settings=settings,
        storage=storage,
        clock=lambda: NOW,
        random=random_bytes,
        secret=SECRETS.server_secret,
        deployment=SECRETS.deployment(),
        tlog=TlogKey(settings.audience, SECRETS.log_sign_seed),
        blobs=open_blobs(settings),
        limits=Limits(LimitSettings().rates(), lambda: NOW),
    )
    with _listen(0) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(build_app(context), **_options(settings))).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
