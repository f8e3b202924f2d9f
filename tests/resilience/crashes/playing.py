"""Play an act on a copy of the stage, whole or until it is stopped, as the command does it or as an application."""

from pathlib import Path

from tests.resilience.crashes.acts import Act, Arrival
from tests.resilience.crashes.stage import Server, Stage, cheap_stretching
from tests.resilience.crashes.stops import Event, Watch, Way, keep_left
from vault.errors import VaultError

LEFT_NAME = "left"
"""A file beside the server's: the submissions that left a device, whether or not they arrived."""


def play(
    server: Server, folder: Path, act: Act | Arrival, number: int | None, way: Way, *, whole: bool = True
) -> list[Event]:
    """The events of the act; stopped at the one with that number. Without `whole`, what comes before the act alone."""
    watch = Watch(folder / "people", number, way)
    with cheap_stretching(watch), server.staged(folder, playing_seed(act), watch) as stage:
        stage.transport.left = folder / LEFT_NAME
        try:
            if isinstance(act, Arrival):
                if whole:
                    _arrive(stage, act, way, watch)
            else:
                _act(stage, act, way, watch, whole=whole)
        except (KeyboardInterrupt, VaultError):
            if number is None:
                raise
        watch.end()
    return watch.events


def playing_seed(act: Act | Arrival) -> str:
    """The seed of what an act draws by lot."""
    return f"playing {act.name}"


def _arrive(stage: Stage, act: Arrival, way: Way, watch: Watch) -> None:
    watch.begin()
    if way.is_of_an_application:
        with act.at_once(stage):
            pass
    else:
        with stage.held(act.begin(stage)) as vault:
            act.finish(stage, vault)


def _act(stage: Stage, act: Act, way: Way, watch: Watch, *, whole: bool) -> None:
    act.before(stage)
    opened = stage.unlock(act.who) if way.is_of_an_application else stage.held(stage.open_session(act.who))
    with opened as vault:
        prepared = act.prepare(stage, vault)
        if not whole:
            return
        for waiting in vault._session.outbox.waiting:
            keep_left(stage.folder / LEFT_NAME, waiting.body)
        watch.begin()
        act.do(prepared)
