"""The ASGI application of a worker process, for the data folder that the environment names."""

import gc

from fastapi import FastAPI

from vault.server.app import build_app
from vault.server.opening import open_folder
from vault.server.settings import folder_of_workers
from vault.server.shutdown import bound_shutdown

_OBJECTS_BEFORE_COLLECTION = 20_000


def create_app() -> FastAPI:
    """The application of one worker, made where its signals are already looked after."""
    bound_shutdown()
    app = build_app(open_folder(folder_of_workers()))
    _settle()
    return app


def _settle() -> None:
    """What is there now stays as long as the process: the collector of cycles need not look through it again and again.

    It is most of what there is, and by default a few requests are enough to begin a collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
