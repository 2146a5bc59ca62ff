"""Block N of OCPP 2.0.1, logs: a station uploads them where the operator wants (N01)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from .reporting import AT, course, jobs, progress

Json = dict[str, Any]
STATUS = "LogStatusNotification"
ACCEPTED = {"status": "Accepted", "filename": "log-1.zip"}


def log(type_: str = "DiagnosticsLog", request_id: int = 1) -> Json:
    where = {"remoteLocation": "https://logs.example/here", "oldestTimestamp": AT}
    return {"logType": type_, "requestId": request_id, "log": where, "retries": 1, "retryInterval": 10}


@pytest.mark.parametrize("type_", ["DiagnosticsLog", "SecurityLog"], ids=["TC_N_25", "TC_N_35"])
@case("TC_N_25_CSMS", "TC_N_35_CSMS")
async def test_a_log_is_uploaded(station: Station, operator: Operator, type_: str) -> None:
    command = await operator.tell("GetLog", log(type_), ACCEPTED)
    assert command["response"]["filename"] == "log-1.zip"
    await progress(station, STATUS, 1, "Uploading")
    assert course((await jobs(operator, "log"))[1]) == ("running", ["Uploading"])
    await progress(station, STATUS, 1, "Uploaded")
    assert course((await jobs(operator, "log"))[1]) == ("succeeded", ["Uploading", "Uploaded"])


@case("TC_N_34_CSMS")
async def test_a_log_that_a_station_refuses(operator: Operator) -> None:
    await operator.tell("GetLog", log(), {"status": "Rejected"})
    [command] = await operator.listed("commands?action=GetLog")
    assert command["response"] == {"status": "Rejected"}
    assert [one for one in (await jobs(operator, "log")).values() if one["outcome"] == "running"] == []


@case("TC_N_36_CSMS")
async def test_a_second_request_cancels_the_first(station: Station, operator: Operator) -> None:
    await operator.tell("GetLog", log(request_id=1), ACCEPTED)
    await progress(station, STATUS, 1, "Uploading")
    await operator.tell("GetLog", log(request_id=2), {"status": "AcceptedCanceled", "filename": "log-2.zip"})
    await progress(station, STATUS, 1, "AcceptedCanceled")
    await progress(station, STATUS, 2, "Uploading", "Uploaded")
    known = await jobs(operator, "log")
    assert course(known[1]) == ("cancelled", ["Uploading", "AcceptedCanceled"])
    assert course(known[2]) == ("succeeded", ["Uploading", "Uploaded"])
