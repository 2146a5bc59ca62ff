from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime

import httpx
import msgspec
import orjson
import pytest
from google.api_core.exceptions import ServiceUnavailable
from pydantic import BaseModel, Field

from libs.csms.errors import NotFound
from libs.csms.logs import JsonFormatter, describe, station_id
from libs.ocpp_messages.message import Kind

CANARY = "-".join(["canary", "value"])
"""In no line of the source, which tracebacks show."""


class Pin(BaseModel):
    pin: str = Field(max_length=4)


def failed(error: Exception) -> logging.LogRecord:
    failure = (type(error), error, error.__traceback__)
    return logging.LogRecord("services.x", logging.ERROR, "f", 1, "it failed", (), failure)


def test_a_line_is_json_with_the_station_that_the_work_is_for() -> None:
    token = station_id.set("CS1")
    try:
        raise ValueError("bad")
    except ValueError as error:
        failure = (type(error), error, error.__traceback__)
    record = logging.LogRecord("services.x", logging.WARNING, "f", 1, "%s is late", ("it",), failure)
    record.connectionId = "c1"

    line = orjson.loads(JsonFormatter("device").format(record))

    station_id.reset(token)
    assert {key: line[key] for key in ("severity", "service", "stationId", "message", "connectionId")} == {
        "severity": "WARNING",
        "service": "device",
        "stationId": "CS1",
        "message": "it is late",
        "connectionId": "c1",
    }
    assert line["exception"].startswith("Traceback (most recent call last):\n  File ")
    assert "ValueError (its text is hidden" in line["exception"]


class NoSuchToken(NotFound):
    """As a service defines it."""

    __module__ = "services.user.errors"


def fail_with(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "fails",
    [
        lambda: {}[CANARY],
        lambda: int(CANARY),
        lambda: datetime.fromisoformat(CANARY),
        lambda: "x".encode(CANARY),
        lambda: getattr("", CANARY),
        lambda: Pin.model_validate({"pin": CANARY}),
        lambda: msgspec.convert(CANARY, Kind),
        lambda: fail_with(ExceptionGroup("two", [ValueError(CANARY), KeyError(CANARY)])),
    ],
)
@pytest.mark.parametrize("chained", [NotFound("no such token"), None])
def test_the_value_that_was_wrong_is_in_no_log(
    fails: Callable[[], object], chained: Exception | None
) -> None:
    try:
        try:
            fails()
        except Exception as error:
            if chained:
                raise chained from error
            raise
    except Exception as error:
        line = JsonFormatter("device").format(failed(error))

    assert CANARY not in line
    assert "test_the_value_that_was_wrong" in line
    assert ("no such token" in line) == (chained is not None)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotFound("no station CS1"), "NotFound: no station CS1"),
        (NoSuchToken("no such token"), "NoSuchToken: no such token"),
        (ConnectionRefusedError(111, "refused"), "ConnectionRefusedError: [Errno 111] refused"),
        (TimeoutError(), "TimeoutError"),
        (httpx.ConnectError("all attempts failed"), "ConnectError: all attempts failed"),
        (ServiceUnavailable("try again"), "ServiceUnavailable: 503 try again"),
        (sqlite3.OperationalError("disk I/O error"), "OperationalError: disk I/O error"),
    ],
)
def test_errors_that_carry_no_values_are_quoted(error: Exception, text: str) -> None:
    assert describe(error) == text


def test_errors_that_led_to_each_other_are_logged_once() -> None:
    first, second = NotFound("no station CS1"), ConnectionResetError("the store is away")
    first.__cause__, second.__cause__ = second, first

    exception = orjson.loads(JsonFormatter("device").format(failed(first)))["exception"]

    assert exception.count("no station CS1") == exception.count("the store is away") == 1


def test_what_led_to_an_error_comes_before_it() -> None:
    try:
        try:
            fail_with(ConnectionResetError("the store is away"))
        except ConnectionResetError as error:
            raise NotFound("no station CS1") from error
    except NotFound as error:
        exception = orjson.loads(JsonFormatter("device").format(failed(error)))["exception"]

    first, second = exception.split("The above exception was the direct cause of the following exception:")
    assert first.rstrip().endswith("ConnectionResetError: the store is away")
    assert "in fail_with" in first
    assert second.endswith("NotFound: no station CS1")
