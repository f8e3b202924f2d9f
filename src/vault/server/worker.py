"""What each worker runs: the deployment whose data folder the environment names."""

from fastapi import FastAPI

from vault.server.app import build_app
from vault.server.ending import bound_end
from vault.server.opening import open_folder
from vault.server.settings import folder_of_workers


def create_app() -> FastAPI:
    """The application of one worker, made where its signals are already looked after."""
    bound_end()
    return build_app(open_folder(folder_of_workers()))
