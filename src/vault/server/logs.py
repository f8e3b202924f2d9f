"""Structured logs by allow-list: one JSON line an event, with these keys and no others.

No body, id, query, header, path or message of an exception ever reaches a log; a route is named by its template and a
fault by the places in the sources that it passed through.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import PurePath
from typing import Any

import structlog

LOGGED_KEYS = frozenset(
    {
        *("event", "level", "timestamp", "version", "settings"),
        *("method", "route", "status", "milliseconds", "request_id", "error", "places"),
    }
)
_PLACES_KEPT = 12

_log = structlog.get_logger()


def start_logs(level: str = "info") -> None:
    """Write events of that level and above to standard error from here on, those of the web server among them."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )

    web_server = logging.getLogger("uvicorn")
    web_server.handlers = [_AsEvents()]
    web_server.propagate = False


class _AsEvents(logging.Handler):
    """Lines of the web server in the same form: its constant words and the class of an error, no values."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one of them."""
        error = record.msg if isinstance(record.msg, BaseException) else (record.exc_info or (None, None))[1]
        words = record.msg.strip() if isinstance(record.msg, str) else "an error"
        _log.log(record.levelno, f"web server: {words}", error=None if error is None else type(error).__name__)


def keep_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event without any key that is not in `LOGGED_KEYS`."""
    return {key: value for key, value in event.items() if key in LOGGED_KEYS}


def log_serving(version: str, settings: Mapping[str, Any]) -> None:
    """A server begins; `settings` hold no secret."""
    _log.info("serving", version=version, settings=settings)


def log_stopped() -> None:
    """A worker has answered all who waited, and ends."""
    _log.info("stopped")


def log_request(*, request_id: str, method: str, route: str | None, status: int, milliseconds: float) -> None:
    """One answered request; `route` is the template, None where no route took it."""
    _log.info("request", request_id=request_id, method=method, route=route, status=status, milliseconds=milliseconds)


def log_fault(request_id: str, error: str, places: list[str]) -> None:
    """An error that no route expected: the name of its class and the sources that it passed through."""
    _log.error(
        "fault", request_id=request_id, error=error, places=[PurePath(place).name for place in places[-_PLACES_KEPT:]]
    )


def log_not_durable(finding: str) -> None:
    """The database does not keep what it acknowledges; `finding` names a setting and its value."""
    _log.critical("the database would lose acknowledged statements and is not used", error=finding)
