"""How far a long command has come, on standard error, where a person looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from vault.reconcile.everything import Progress as Told


@contextmanager
def told(is_wanted: bool = True) -> Iterator[Told]:
    """What is told the progress: a bar for each thing that is done; nothing is drawn where nobody looks or wants it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=not (is_wanted and console.is_terminal)) as bars:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what)
            bars.update(tasks[what], completed=done, total=total)

        yield tell
