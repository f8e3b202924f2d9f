"""The port at which Prometheus asks: of its own, so that no proxy passes it on, and only where the settings name one.

The process that was started serves it. With one worker it is that worker; with several it adds up what they have left
in files of a temporary folder. What is stored is read from the database at each question.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from vault.errors import VaultError
from vault.protocol.problems import Refused
from vault.server.last_backup import find_last_backup
from vault.server.metrics import REGISTRY
from vault.server.settings import Settings, share_counts_of_workers
from vault.server.storage.engine import Storage
from vault.server.storage.figures import read_figures


class MetricsPortError(VaultError):
    """A port that cannot be listened on."""


class Stored(Collector):
    """What the database and the data folder tell."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        """Nothing is asked yet."""
        self._storage = storage
        self._folder = folder

    def describe(self) -> Iterator[Metric]:
        """Nothing: whoever registers this need not reach the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment; where the database is away, that."""
        try:
            figures = read_figures(self._storage)
        except Refused:
            figures = None
        is_up = figures is not None
        yield GaugeMetricFamily("coach_vault_database_up", "Whether the database answers.", int(is_up))
        if figures is not None:
            yield GaugeMetricFamily("coach_vault_log_entries", "Entries of the log.", figures.log_entries)
            yield GaugeMetricFamily(
                "coach_vault_uploads_unnamed", "Uploads that no item names yet.", figures.uploads_unnamed
            )
            yield GaugeMetricFamily("coach_vault_database_bytes", "Size of the database.", figures.database_bytes)
        made = find_last_backup(self._folder)
        if made is not None:
            yield GaugeMetricFamily(
                "coach_vault_last_backup_timestamp_seconds", "Of which moment the newest backup is.", made
            )


@contextmanager
def told_to_prometheus(settings: Settings, folder: Path, workers: int) -> Iterator[Callable[[int], None]]:
    """Answer at the port of the settings until the block ends; nowhere, where they name none.

    Inside is what forgets a worker that has ended, by its process id. Raises: MetricsPortError.
    """
    if settings.metrics_port is None:
        yield lambda _: None
        return
    with TemporaryDirectory(prefix="coach-vault-metrics-") as shared, closing(Storage(settings.database)) as storage:
        storage.answer_in_time()
        registry = REGISTRY
        if workers > 1:
            share_counts_of_workers(Path(shared))
            registry = CollectorRegistry()
            MultiProcessCollector(registry, shared)
        stored = Stored(storage, folder)
        registry.register(stored)
        try:
            server, thread = start_http_server(settings.metrics_port, settings.metrics_host, registry)
        except OSError as error:
            raise MetricsPortError(
                f"nothing can listen on metrics_host and metrics_port ({error.strerror}); choose another metrics_port"
            ) from None
        try:
            yield lambda process: mark_process_dead(process, shared)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            registry.unregister(stored)
