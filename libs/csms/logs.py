"""Structured logs: one JSON object a line on stdout, with the station that the work is for.

It alone knows which exceptions may be quoted: the text of many carries the value that was wrong, and that may
be a token or a PIN.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

from .clock import rfc3339

station_id: ContextVar[str] = ContextVar("station_id", default="")
"""The station whose message this task handles."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

_QUOTABLE_TYPES = (OSError, RuntimeError, sqlite3.Error, BaseExceptionGroup)
_QUOTABLE_MODULES = ("libs.", "services.", "google.api_core.", "httpx")
"""Where exceptions are defined whose texts say what happened, and no value of a field."""


def describe(error: BaseException) -> str:
    """The type of an exception, with its text only where that cannot carry the value of a field."""
    name, text = type(error).__name__, str(error)
    if not text:
        return name
    is_quotable = isinstance(error, _QUOTABLE_TYPES) or type(error).__module__.startswith(_QUOTABLE_MODULES)
    return f"{name}: {text}" if is_quotable else f"{name} (its text is hidden, for it may hold a secret)"


def _traceback(error: BaseException, seen: set[int]) -> Iterator[str]:
    """As Python prints it: an exception after those that led to it, a group before those in it."""
    if id(error) in seen:
        return
    seen.add(id(error))
    if error.__cause__ is not None:
        yield from _traceback(error.__cause__, seen)
        yield "\nThe above exception was the direct cause of the following exception:\n\n"
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _traceback(error.__context__, seen)
        yield "\nDuring handling of the above exception, another exception occurred:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{describe(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _traceback(member, seen)


class JsonFormatter(logging.Formatter):
    """The field names are those that Google Cloud Logging reads. ``extra`` fields stand beside them."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "severity": record.levelname,
            "service": self._service,
            "stationId": station_id.get(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[1]:
            entry["exception"] = "".join(_traceback(record.exc_info[1], set())).rstrip()
        return orjson.dumps(entry, default=str).decode()


def configure(service: str, level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "websockets", "uvicorn", "google", "grpc"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
