"""`coach-vault-server serve`, with a clock that is as far from this machine's as a file in the data folder says."""

import sys
import time
from pathlib import Path

CLOCK_FILE = "clock"
# Nothing of the service is imported above: whatever is imported has taken the clock over already.


def turn_clock(folder: Path) -> None:
    """From here on, whoever imports the server's clock is given the other one."""
    import vault.server.clock

    vault.server.clock.unix_seconds = lambda: int(time.time()) + int((folder / CLOCK_FILE).read_text())


def create_app() -> object:
    """The application of one worker."""
    from vault.server.settings import folder_of_workers

    turn_clock(folder_of_workers())
    from vault.server import worker

    return worker.create_app()


def main(folder: str, *arguments: str) -> None:
    turn_clock(Path(folder))
    import vault.server.commands.serve as serve
    from vault.server.__main__ import main as run

    serve.WORKER = "tests.resilience.faulting.clocked:create_app"
    sys.argv = ["coach-vault-server", "serve", "--data", folder, *arguments]
    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
