"""What is counted of the service for whoever watches it: routes, statuses, codes and times, and nothing of a person.

A label is a word of a closed list. Counts are kept in the memory of a worker, or, where there are several, in files
that the process above them adds up (`commands/metrics_port.py`). They cost little, and are kept whether anybody asks or
not.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()

REGISTRY = CollectorRegistry()
"""What this process counts."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "other"
_NO_ROUTE = "none"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

_requests = Counter(
    "coach_vault_requests_total", "Answered requests.", ("method", "route", "status"), registry=REGISTRY
)
_request_seconds = Histogram(
    "coach_vault_request_seconds", "From the head of a request to the end of its answer.", ("route",),
    buckets=_SECONDS, registry=REGISTRY,
)  # fmt: skip
_refusals = Counter("coach_vault_refusals_total", "Refusals by their code.", ("code",), registry=REGISTRY)
_queue_writes = Gauge(
    "coach_vault_queue_writes", "Writes that wait for their batch.", registry=REGISTRY, multiprocess_mode="livesum"
)
_batch_writes = Histogram(
    "coach_vault_batch_writes", "Writes of one transaction.", buckets=(1, 2, 4, 8, 16, 32, 64), registry=REGISTRY
)
_commit_seconds = Histogram(
    "coach_vault_commit_seconds", "Commits, flush included.", buckets=_SECONDS, registry=REGISTRY
)


def count_request(method: str, route: str | None, status: int, seconds: float) -> None:
    """One answered request; `route` is its template, None where no route took it."""
    template = route or _NO_ROUTE
    _requests.labels(method if method in _METHODS else _OTHER, template, str(status)).inc()
    _request_seconds.labels(template).observe(seconds)


def count_refusal(code: str) -> None:
    """One refusal that somebody was answered."""
    _refusals.labels(code).inc()


def count_queued() -> None:
    """One write waits."""
    _queue_writes.inc()


def count_batch(writes: int) -> None:
    """That many have left the queue for one transaction."""
    if writes:
        _queue_writes.dec(writes)
        _batch_writes.observe(writes)


def count_commit(seconds: float) -> None:
    """One commit that went through."""
    _commit_seconds.observe(seconds)
