from __future__ import annotations

import logging

import orjson

from libs.csms.logs import JsonFormatter, station_id


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
    assert "ValueError: bad" in line["exception"]
